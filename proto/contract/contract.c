/* Loads the contract stage by stage, and answers lookups in it. */
#include "proto/contract/contract.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/contract/arena_allocator.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_checks.h"
#include "proto/contract/contract_comments.h"
#include "proto/contract/contract_fields.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/contract_kinds.h"
#include "proto/contract/contract_options.h"
#include "proto/contract/contract_services.h"
#include "proto/contract/contract_source.h"
#include "proto/contract/contract_traits.h"
#include "proto/contract/contract_types.h"

/* By eight bytes at a time: every request of gRPC is looked up. */
static uint64_t hash_path(struct slice path)
{
    const uint64_t odd = 0x9e3779b97f4a7c15U;
    uint64_t hash = path.len;
    uint64_t word;
    size_t at = 0;

    for (; path.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, path.data + at, sizeof(word));
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    for (; at < path.len; at++)
        hash = (hash ^ (unsigned char)path.data[at]) * odd;
    return hash ^ hash >> 32;
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
    assert(contract->method_count < slots); /* a search ends at an empty slot */
    return status_ok();
}

static struct status read_files(struct build *build)
{
    for (size_t i = 0; i < build->file_count; i++) {
        struct build_file *file = &build->files[i];

        file->package = slice_from_cstr(file->proto->package);
        file->proto3 = slice_equal(slice_from_cstr(file->proto->syntax), SLICE("proto3"));
        contract__read_comments(build->scratch, file);
    }
    return arena_failed(build->scratch) ? status_out_of_memory() : status_ok();
}

static struct status (*const stages[])(struct build *build) = {
    read_files,
    contract__build_types,
    contract__build_kinds,
    contract__build_permissions,
    contract__build_fields,
    contract__build_traits,
    contract__build_services,
};

static struct status build_contract(struct build *build, struct slice descriptor_set,
                                    struct contract_private *private)
{
    bool is_set = contract__read_set(build, descriptor_set);
    struct status status = status_ok();

    if (arena_failed(build->arena) || arena_failed(build->scratch))
        return status_out_of_memory();
    if (!is_set)
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The contract is not a FileDescriptorSet."));
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && status_is_ok(status); i++)
        status = stages[i](build);
    if (status_is_ok(status))
        status = index_methods(build, private);
    if (status_is_ok(status))
        status = contract__check(build);
    return arena_failed(build->arena) ? status_out_of_memory() : status;
}

struct status contract__load(struct slice descriptor_set, struct arena *arena, bool use_compiled,
                             const struct contract **ret_contract)
{
    struct contract_private *private = arena_zalloc(arena, sizeof(*private));
    struct arena scratch;
    struct build build = {.arena = arena, .scratch = &scratch, .use_compiled = use_compiled};
    struct status status;

    if (private == NULL)
        return status_out_of_memory();
    build.contract = &private->contract;
    arena_init_like(&scratch, arena);
    status = build_contract(&build, descriptor_set, private);
    arena_done(&scratch);
    if (status_is_ok(status))
        *ret_contract = &private->contract;
    return status;
}

struct status contract_load(struct slice descriptor_set, struct arena *arena,
                            const struct contract **ret_contract)
{
    return contract__load(descriptor_set, arena, true, ret_contract);
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
