/* Loads the contract stage by stage, and answers lookups in it. */
#include "proto/contract/contract.h"

#include <stdlib.h>

#include "proto/contract/arena_allocator.h"
#include "proto/contract/contract_checks.h"
#include "proto/contract/contract_private.h"

static uint32_t hash_path(struct slice path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < path.len; i++)
        hash = (hash ^ (unsigned char)path.data[i]) * 16777619u;
    return hash;
}

/* At most half full, so that a search soon meets an empty slot. */
static struct status index_methods(const struct build *build, struct contract_private *private)
{
    const struct contract *contract = &private->contract;
    size_t slots = 16;

    while (slots < contract->method_count * 2)
        slots *= 2;
    private->method_table = arena_array(build->arena, slots, sizeof(struct method *));
    if (private->method_table == NULL)
        return status_out_of_memory();
    private->method_mask = slots - 1;
    for (size_t i = 0; i < contract->method_count; i++) {
        const struct method *method = contract->methods[i];
        size_t slot = hash_path(method->path) & private->method_mask;

        for (; private->method_table[slot] != NULL; slot = (slot + 1) & private->method_mask)
            if (slice_equal(private->method_table[slot]->path, method->path))
                return contract__error(build, "%.*s is declared twice.",
                                       SLICE_ARG(method->full_name));
        private->method_table[slot] = method;
    }
    return status_ok();
}

static struct status read_files(struct build *build)
{
    build->files = arena_array(build->arena, build->set->n_file, sizeof(*build->files));
    if (build->files == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < build->set->n_file; i++) {
        struct build_file *file = &build->files[i];

        file->proto = build->set->file[i];
        file->package = slice_from_cstr(file->proto->package);
        file->proto3 = slice_equal(slice_from_cstr(file->proto->syntax), SLICE("proto3"));
        contract__read_comments(build->arena, file);
    }
    return arena_failed(build->arena) ? status_out_of_memory() : status_ok();
}

static struct status (*const stages[])(struct build *build) = {
    read_files,
    contract__build_types,
    contract__build_kinds,
    contract__build_permissions,
    contract__build_fields,
    contract__build_services,
};

struct status contract__load(struct slice descriptor_set, struct arena *arena, bool use_compiled,
                             const struct contract **ret_contract)
{
    struct contract_private *private = arena_zalloc(arena, sizeof(*private));
    struct build build = {.arena = arena, .use_compiled = use_compiled};
    struct status status = status_ok();

    if (private == NULL)
        return status_out_of_memory();
    build.contract = &private->contract;
    build.set = contract__unpack(arena, &google__protobuf__file_descriptor_set__descriptor,
                                 descriptor_set);
    if (arena_failed(arena))
        return status_out_of_memory();
    if (build.set == NULL)
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The contract is not a FileDescriptorSet."));
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && status_is_ok(status); i++)
        status = stages[i](&build);
    if (status_is_ok(status))
        status = index_methods(&build, private);
    if (status_is_ok(status))
        status = contract__check(&build);
    if (arena_failed(arena))
        return status_out_of_memory();
    if (status_is_ok(status))
        *ret_contract = &private->contract;
    return status;
}

struct status contract_load(struct slice descriptor_set, struct arena *arena,
                            const struct contract **ret_contract)
{
    return contract__load(descriptor_set, arena, true, ret_contract);
}

static int message_search(const void *name, const void *message)
{
    return slice_compare(*(const struct slice *)name,
                         (*(struct message_type *const *)message)->full_name);
}

const struct message_type *contract_message(const struct contract *contract, struct slice full_name)
{
    struct message_type *const *found = bsearch(&full_name, contract->messages,
                                                contract->message_count,
                                                sizeof(*contract->messages), message_search);

    return found == NULL ? NULL : *found;
}

const struct method *contract_method(const struct contract *contract, struct slice path)
{
    const struct contract_private *private = (const void *)contract;

    for (size_t slot = hash_path(path) & private->method_mask; private->method_table[slot] != NULL;
         slot = (slot + 1) & private->method_mask)
        if (slice_equal(private->method_table[slot]->path, path))
            return private->method_table[slot];
    return NULL;
}

const struct kind *contract_kind(const struct contract *contract, struct slice collection)
{
    for (size_t i = 0; i < contract->kind_count; i++)
        if (slice_equal(contract->kinds[i]->collection, collection))
            return contract->kinds[i];
    return NULL;
}

const struct kind *contract_kind_by_number(const struct contract *contract, uint32_t number)
{
    for (size_t i = 0; i < contract->kind_count; i++)
        if (contract->kinds[i]->number == number)
            return contract->kinds[i];
    return NULL;
}

static int permission_search(const void *name, const void *permission)
{
    return slice_compare(*(const struct slice *)name,
                         ((const struct permission *)permission)->name);
}

const struct permission *contract_permission(const struct contract *contract, struct slice name)
{
    return bsearch(&name, contract->permissions, contract->permission_count,
                   sizeof(*contract->permissions), permission_search);
}

static int field_search(const void *number, const void *field)
{
    uint32_t wanted = *(const uint32_t *)number;
    uint32_t found = ((const struct field *)field)->number;

    return (wanted > found) - (wanted < found);
}

const struct field *message_field_by_number(const struct message_type *type, uint32_t number)
{
    /* Most messages number their fields from 1 on without gaps. */
    if (number - 1 < type->field_count && type->fields[number - 1].number == number)
        return &type->fields[number - 1];
    return bsearch(&number, type->fields, type->field_count, sizeof(*type->fields), field_search);
}

static int name_search(const void *name, const void *entry)
{
    struct slice wanted = *(const struct slice *)name;
    struct slice found = ((const struct field_name *)entry)->name;

    if (wanted.len != found.len)
        return wanted.len < found.len ? -1 : 1;
    return slice_compare(wanted, found);
}

const struct field *message_field_by_name(const struct message_type *type, struct slice name)
{
    const struct field_name *found = bsearch(&name, type->by_name, type->by_name_count,
                                             sizeof(*type->by_name), name_search);

    return found == NULL ? NULL : found->field;
}

const struct field *message_field_by_proto_name(const struct message_type *type, struct slice name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (slice_equal(type->fields[i].name, name))
            return &type->fields[i];
    return NULL;
}

const struct enum_value *enum_value_by_name(const struct enum_type *type, struct slice name)
{
    for (size_t i = 0; i < type->value_count; i++)
        if (slice_equal(type->values[i].name, name))
            return &type->values[i];
    return NULL;
}

const struct enum_value *enum_value_by_number(const struct enum_type *type, int32_t number)
{
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number == number)
            return &type->values[i];
    return NULL;
}
