/* From a descriptor set to its index. The set is unpacked for its names alone. */
#include "rpc/grpc/reflection_index.h"

#include <assert.h>
#include <stdlib.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "proto/message/message.h"
#include "proto/message/wire.h"

/* Field number of FileDescriptorSet.file. */
#define SET_FILE 1

struct builder {
    struct arena *arena;
    struct reflection_index *index;
    Google__Protobuf__FileDescriptorSet *set;
    size_t symbol_capacity;
    size_t extension_capacity;
    unsigned file; /* whose symbols are being added */
};

/* -- files ------------------------------------------------------------------------------------ */

/* The bytes of each file, in the order of the set. */
static bool slice_files(struct slice set, struct reflection_index *index)
{
    struct wire_cursor cursor = {(const uint8_t *)set.data, (const uint8_t *)set.data + set.len};
    size_t file = 0;

    while (cursor.at < cursor.end) {
        enum wire_type type;
        uint32_t number;
        size_t len;

        if (!wire_read_tag(&cursor, &number, &type) || number != SET_FILE || type != WIRE_LENGTH ||
            !wire_read_length(&cursor, &len) || file == index->file_count)
            return false;
        index->files[file++].bytes = slice_make(cursor.at, len);
        cursor.at += len;
    }
    return file == index->file_count;
}

static struct status find_import(const struct builder *builder, const char *name,
                                 unsigned *ret_file)
{
    struct slice wanted = slice_from_cstr(name);

    for (size_t i = 0; i < builder->index->file_count; i++)
        if (slice_equal(builder->index->files[i].name, wanted)) {
            *ret_file = (unsigned)i;
            return status_ok();
        }
    return status_make(builder->arena, STATUS_FAILED_PRECONDITION,
                       "The descriptor set lacks %s, which another file imports.", name);
}

/* Breadth first: the list that grows is the list of those still to be looked at. */
static struct status gather_imports(struct builder *builder, size_t file)
{
    struct reflection_index *index = builder->index;
    unsigned *imports = arena_array(builder->arena, index->file_count, sizeof(*imports));
    bool *seen = arena_array(builder->arena, index->file_count, sizeof(*seen));
    size_t count = 0;

    if (imports == NULL || seen == NULL)
        return status_out_of_memory();
    imports[count++] = (unsigned)file;
    seen[file] = true;
    for (size_t i = 0; i < count; i++) {
        const Google__Protobuf__FileDescriptorProto *proto = builder->set->file[imports[i]];

        for (size_t k = 0; k < proto->n_dependency; k++) {
            unsigned found = 0;
            struct status status = find_import(builder, proto->dependency[k], &found);

            if (!status_is_ok(status))
                return status;
            if (seen[found])
                continue;
            assert(count < index->file_count); /* each file once */
            imports[count++] = found;
            seen[found] = true;
        }
    }
    index->files[file].imports = imports;
    index->files[file].import_count = count;
    return status_ok();
}

/* -- symbols ---------------------------------------------------------------------------------- */

/* The array with room for one more; NULL when the arena failed. */
static void *grow(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size)
{
    void *grown;

    if (count < *capacity)
        return array;
    grown = arena_array(arena, *capacity == 0 ? 64 : *capacity * 2, size);
    if (grown == NULL)
        return NULL;
    if (count > 0)
        memcpy(grown, array, count * size);
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    return grown;
}

/* Adds "scope.name"; NULL when the arena failed. */
static struct reflection_symbol *add_symbol(struct builder *builder, struct slice scope,
                                            const char *name)
{
    struct reflection_index *index = builder->index;
    struct reflection_symbol *symbols = grow(builder->arena, index->symbols, index->symbol_count,
                                             &builder->symbol_capacity, sizeof(*symbols));
    struct reflection_symbol *added;

    if (symbols == NULL)
        return NULL;
    index->symbols = symbols;
    added = &symbols[index->symbol_count];
    added->name = scope.len == 0 ? arena_copy(builder->arena, slice_from_cstr(name))
                                 : arena_printf(builder->arena, "%.*s.%s", SLICE_ARG(scope), name);
    if (arena_failed(builder->arena))
        return NULL;
    added->file = builder->file;
    index->symbol_count++;
    return added;
}

/* Types in descriptors begin with a dot. */
static struct slice without_dot(struct slice name)
{
    return slice_starts_with(name, SLICE(".")) ? slice_from(name, 1) : name;
}

static void add_extension(struct builder *builder, struct slice scope,
                          const Google__Protobuf__FieldDescriptorProto *proto)
{
    struct reflection_index *index = builder->index;
    struct reflection_extension *extensions = grow(
        builder->arena, index->extensions, index->extension_count, &builder->extension_capacity,
        sizeof(*extensions));

    add_symbol(builder, scope, proto->name);
    if (extensions == NULL)
        return;
    index->extensions = extensions;
    extensions[index->extension_count++] = (struct reflection_extension){
        .type = without_dot(slice_from_cstr(proto->extendee)),
        .number = proto->number,
        .file = builder->file,
    };
}

/* Values of an enum are named in the scope that the enum is in, as C++ has them. */
static void add_enum(struct builder *builder, struct slice scope,
                     const Google__Protobuf__EnumDescriptorProto *proto)
{
    add_symbol(builder, scope, proto->name);
    for (size_t i = 0; i < proto->n_value; i++)
        add_symbol(builder, scope, proto->value[i]->name);
}

static void add_message(struct builder *builder, struct slice scope,
                        const Google__Protobuf__DescriptorProto *proto)
{
    struct reflection_symbol *added = add_symbol(builder, scope, proto->name);
    struct slice name;

    if (added == NULL)
        return;
    added->is_message = true;
    name = added->name;
    for (size_t i = 0; i < proto->n_field; i++)
        add_symbol(builder, name, proto->field[i]->name);
    for (size_t i = 0; i < proto->n_oneof_decl; i++)
        add_symbol(builder, name, proto->oneof_decl[i]->name);
    for (size_t i = 0; i < proto->n_extension; i++)
        add_extension(builder, name, proto->extension[i]);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(builder, name, proto->enum_type[i]);
    for (size_t i = 0; i < proto->n_nested_type; i++)
        add_message(builder, name, proto->nested_type[i]);
}

static void add_service(struct builder *builder, struct slice scope,
                        const Google__Protobuf__ServiceDescriptorProto *proto)
{
    struct reflection_symbol *added = add_symbol(builder, scope, proto->name);
    struct slice name;

    if (added == NULL)
        return;
    added->is_service = true;
    name = added->name;
    for (size_t i = 0; i < proto->n_method; i++)
        add_symbol(builder, name, proto->method[i]->name);
}

static void add_file(struct builder *builder, const Google__Protobuf__FileDescriptorProto *proto)
{
    struct slice package = slice_from_cstr(proto->package);

    for (size_t i = 0; i < proto->n_message_type; i++)
        add_message(builder, package, proto->message_type[i]);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(builder, package, proto->enum_type[i]);
    for (size_t i = 0; i < proto->n_extension; i++)
        add_extension(builder, package, proto->extension[i]);
    for (size_t i = 0; i < proto->n_service; i++)
        add_service(builder, package, proto->service[i]);
}

/* -- lookups ---------------------------------------------------------------------------------- */

static int symbol_order(const void *a, const void *b)
{
    return slice_compare(((const struct reflection_symbol *)a)->name,
                         ((const struct reflection_symbol *)b)->name);
}

static int extension_order(const void *a, const void *b)
{
    const struct reflection_extension *left = a, *right = b;
    int order = slice_compare(left->type, right->type);

    return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

const struct reflection_file *reflection_index__file(const struct reflection_index *index,
                                                     struct slice name)
{
    for (size_t i = 0; i < index->file_count; i++)
        if (!index->files[i].hidden && slice_equal(index->files[i].name, name))
            return &index->files[i];
    return NULL;
}

const struct reflection_symbol *reflection_index__symbol(const struct reflection_index *index,
                                                         struct slice full_name)
{
    const struct reflection_symbol wanted = {.name = full_name};

    return index->symbol_count == 0 ? NULL
                                    : bsearch(&wanted, index->symbols, index->symbol_count,
                                              sizeof(wanted), symbol_order);
}

const struct reflection_extension *reflection_index__extension(const struct reflection_index *index,
                                                               struct slice type, int32_t number)
{
    const struct reflection_extension wanted = {.type = type, .number = number};

    return index->extension_count == 0 ? NULL
                                       : bsearch(&wanted, index->extensions, index->extension_count,
                                                 sizeof(wanted), extension_order);
}

const struct reflection_extension *
reflection_index__extensions(const struct reflection_index *index, struct slice type,
                             size_t *ret_count)
{
    const struct reflection_extension *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < index->extension_count; i++) {
        if (!slice_equal(index->extensions[i].type, type))
            continue;
        first = first == NULL ? &index->extensions[i] : first;
        count++;
    }
    *ret_count = count;
    return first;
}

/* -- the index -------------------------------------------------------------------------------- */

static struct status build(struct builder *builder, struct slice descriptor_set)
{
    struct reflection_index *index = builder->index;
    size_t count = builder->set->n_file;

    index->files = arena_array(builder->arena, count + 1, sizeof(*index->files));
    if (index->files == NULL)
        return status_out_of_memory();
    index->file_count = count;
    if (!slice_files(descriptor_set, index))
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The set for reflection is not a FileDescriptorSet."));
    for (size_t i = 0; i < count; i++) {
        index->files[i].name = slice_from_cstr(builder->set->file[i]->name);
        index->files[i].hidden = slice_starts_with(slice_from_cstr(builder->set->file[i]->package),
                                                   SLICE("datastream.storage."));
    }
    for (size_t i = 0; i < count; i++) {
        struct status status = gather_imports(builder, i);

        if (!status_is_ok(status))
            return status;
        builder->file = (unsigned)i;
        if (!index->files[i].hidden)
            add_file(builder, builder->set->file[i]);
    }
    if (arena_failed(builder->arena))
        return status_out_of_memory();
    if (index->symbol_count > 0)
        qsort(index->symbols, index->symbol_count, sizeof(index->symbols[0]), symbol_order);
    if (index->extension_count > 0)
        qsort(index->extensions, index->extension_count, sizeof(index->extensions[0]),
              extension_order);
    return status_ok();
}

struct status reflection_index__new(struct slice descriptor_set, struct arena *arena,
                                    const struct reflection_index **ret_index)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    struct builder builder = {
        .arena = arena,
        .index = arena_zalloc(arena, sizeof(*builder.index)),
        .set = google__protobuf__file_descriptor_set__unpack(&allocator, descriptor_set.len,
                                                             (const uint8_t *)descriptor_set.data),
    };
    struct status status;

    if (arena_failed(arena))
        return status_out_of_memory();
    if (builder.set == NULL)
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The set for reflection is not a FileDescriptorSet."));
    status = build(&builder, descriptor_set);
    if (status_is_ok(status))
        *ret_index = builder.index;
    return status;
}
