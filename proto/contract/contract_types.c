/*
 * Messages and enums of the set: found at any depth of nesting, sorted by name, given descriptors,
 * and described field by field.
 */
#include "proto/contract/contract_types.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_comments.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/contract_layout.h"

/* Tags of descriptor.proto that paths are made of. */
enum {
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    MESSAGE_ONEOF = 8,
    ENUM_VALUE = 2,
};

static void count_nested(struct build *build, const Google__Protobuf__DescriptorProto *message)
{
    build->message_count++;
    build->enum_count += message->n_enum_type;
    for (size_t i = 0; i < message->n_nested_type; i++)
        count_nested(build, message->nested_type[i]);
}

static struct slice full_name(struct arena *arena, struct slice scope, const char *name)
{
    if (scope.len == 0)
        return slice_from_cstr(name);
    return arena_printf(arena, "%.*s.%s", SLICE_ARG(scope), name);
}

static void add_enum(struct build *build, const struct build_file *file, struct slice scope,
                     const Google__Protobuf__EnumDescriptorProto *proto, struct location_path path)
{
    struct build_enum *added = &build->enums[build->enum_count++];

    added->proto = proto;
    added->file = file;
    added->path = path;
    added->type.full_name = full_name(build->arena, scope, proto->name);
}

static void add_message(struct build *build, const struct build_file *file, struct slice scope,
                        const Google__Protobuf__DescriptorProto *proto, struct location_path path)
{
    struct build_message *added = &build->messages[build->message_count++];

    added->proto = proto;
    added->file = file;
    added->path = path;
    added->type.full_name = full_name(build->arena, scope, proto->name);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(build, file, added->type.full_name, proto->enum_type[i],
                 contract__path(build->arena, path, MESSAGE_ENUM, i));
    for (size_t i = 0; i < proto->n_nested_type; i++)
        add_message(build, file, added->type.full_name, proto->nested_type[i],
                    contract__path(build->arena, path, MESSAGE_NESTED, i));
}

static int message_compare(const void *a, const void *b)
{
    return slice_compare(((const struct build_message *)a)->type.full_name,
                         ((const struct build_message *)b)->type.full_name);
}

static int enum_compare(const void *a, const void *b)
{
    return slice_compare(((const struct build_enum *)a)->type.full_name,
                         ((const struct build_enum *)b)->type.full_name);
}

/* Names of all messages and enums, sorted; and room for their descriptors. */
static bool collect(struct build *build)
{
    const struct location_path root = {NULL, 0};
    size_t messages, enums;

    for (size_t i = 0; i < build->file_count; i++) {
        const Google__Protobuf__FileDescriptorProto *file = build->files[i].proto;

        build->enum_count += file->n_enum_type;
        for (size_t j = 0; j < file->n_message_type; j++)
            count_nested(build, file->message_type[j]);
    }
    build->messages = arena_array(build->arena, build->message_count, sizeof(*build->messages));
    build->enums = arena_array(build->arena, build->enum_count, sizeof(*build->enums));
    if (arena_failed(build->arena))
        return false;
    messages = build->message_count;
    enums = build->enum_count;
    build->message_count = 0;
    build->enum_count = 0;
    for (size_t i = 0; i < build->file_count; i++) {
        const struct build_file *file = &build->files[i];

        for (size_t j = 0; j < file->proto->n_enum_type; j++)
            add_enum(build, file, file->package, file->proto->enum_type[j],
                     contract__path(build->arena, root, FILE_ENUM, j));
        for (size_t j = 0; j < file->proto->n_message_type; j++)
            add_message(build, file, file->package, file->proto->message_type[j],
                        contract__path(build->arena, root, FILE_MESSAGE, j));
    }
    if (arena_failed(build->arena))
        return false;
    assert(build->message_count == messages && build->enum_count == enums);
    qsort(build->messages, build->message_count, sizeof(*build->messages), message_compare);
    qsort(build->enums, build->enum_count, sizeof(*build->enums), enum_compare);
    return true;
}

static const struct {
    struct slice name;
    enum well_known well_known;
} well_knowns[] = {
    {SLICE_INIT("google.protobuf.Any"), WELL_KNOWN_ANY},
    {SLICE_INIT("google.protobuf.Timestamp"), WELL_KNOWN_TIMESTAMP},
    {SLICE_INIT("google.protobuf.Duration"), WELL_KNOWN_DURATION},
    {SLICE_INIT("google.protobuf.FieldMask"), WELL_KNOWN_FIELD_MASK},
    {SLICE_INIT("google.protobuf.Struct"), WELL_KNOWN_STRUCT},
    {SLICE_INIT("google.protobuf.Value"), WELL_KNOWN_VALUE},
    {SLICE_INIT("google.protobuf.ListValue"), WELL_KNOWN_LIST_VALUE},
    {SLICE_INIT("google.protobuf.Empty"), WELL_KNOWN_EMPTY},
    {SLICE_INIT("google.protobuf.DoubleValue"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.FloatValue"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.Int64Value"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.UInt64Value"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.Int32Value"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.UInt32Value"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.BoolValue"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.StringValue"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.protobuf.BytesValue"), WELL_KNOWN_WRAPPER},
    {SLICE_INIT("google.api.HttpBody"), WELL_KNOWN_HTTP_BODY},
};

static enum well_known well_known_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(well_knowns) / sizeof(well_knowns[0]); i++)
        if (slice_equal(well_knowns[i].name, name))
            return well_knowns[i].well_known;
    return WELL_KNOWN_NONE;
}

/* protoc-c's descriptor, or one to be made. */
static bool give_descriptor(const struct build *build, struct build_message *message)
{
    for (size_t i = 0; build->use_compiled && contract__compiled[i] != NULL; i++) {
        if (slice_equal(slice_from_cstr(contract__compiled[i]->name), message->type.full_name)) {
            message->type.pb = contract__compiled[i];
            return true;
        }
    }
    message->made = arena_zalloc(build->arena, sizeof(*message->made));
    message->type.pb = message->made;
    return message->made != NULL;
}

static struct status build_enum(const struct build *build, struct build_enum *type)
{
    const Google__Protobuf__EnumDescriptorProto *proto = type->proto;

    type->type.is_null_value = slice_equal(type->type.full_name,
                                           SLICE("google.protobuf.NullValue"));
    type->type.comment = contract__comment(build->arena, type->file, type->path, 0, 0);
    type->type.values = arena_array(build->arena, proto->n_value, sizeof(*type->type.values));
    if (type->type.values == NULL)
        return status_out_of_memory();
    type->type.value_count = proto->n_value;
    for (size_t i = 0; i < proto->n_value; i++)
        type->type.values[i] = (struct enum_value){
            slice_from_cstr(proto->value[i]->name), proto->value[i]->number,
            contract__comment(build->arena, type->file, type->path, ENUM_VALUE, i)};
    return contract__make_enum_descriptor(build, type);
}

/* "page_size" to "pageSize", for sets whose compiler left json_name out. */
static struct slice json_name_of(struct arena *arena, const char *name)
{
    char *json = arena_cstr(arena, slice_from_cstr(name));
    size_t at = 0;
    bool upper = false;

    if (json == NULL)
        return SLICE_EMPTY;
    for (const char *c = name; *c != '\0'; c++) {
        if (upper && *c >= 'a' && *c <= 'z')
            json[at++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[*c - 'a'];
        else if (*c != '_')
            json[at++] = *c;
        upper = *c == '_';
    }
    assert(at <= strlen(name));
    json[at] = '\0';
    return slice_make(json, at);
}

static bool is_plain(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_letter_or_digit(name.data[i]) && name.data[i] != '_')
            return false;
    return name.len > 0;
}

/* Presence as the language defines it; the descriptor's label says it only in part. */
static bool presence_of(const struct build_message *message, const struct field *field)
{
    return !field->repeated && (field->message != NULL || field->oneof_member ||
                                field->optional_keyword || !message->file->proto3);
}

/* The message or enum of a field that has one; false where it is not in the set. */
static bool find_type(const struct build *build, const char *name, struct field *field)
{
    if (field->pb->type == PROTOBUF_C_TYPE_MESSAGE) {
        const struct build_message *type = contract__find_message(build, name);

        if (type == NULL)
            return false;
        field->message = &type->type;
        field->map = field->repeated && type->type.map_entry;
    } else if (field->pb->type == PROTOBUF_C_TYPE_ENUM) {
        const struct build_enum *type = contract__find_enum(build, name);

        if (type == NULL)
            return false;
        field->enumeration = &type->type;
    }
    return true;
}

static struct status build_field(const struct build *build, struct build_message *message,
                                 size_t declared, struct field *field)
{
    const Google__Protobuf__FieldDescriptorProto *proto = message->proto->field[declared];

    field->parent = &message->type;
    field->name = slice_from_cstr(proto->name);
    field->json_name = proto->json_name != NULL ? slice_from_cstr(proto->json_name)
                                                : json_name_of(build->arena, proto->name);
    field->json_name_is_plain = is_plain(field->json_name);
    field->number = (uint32_t)proto->number;
    field->repeated = field->pb->label == PROTOBUF_C_LABEL_REPEATED;
    field->optional_keyword = proto->proto3_optional;
    field->oneof_member = proto->has_oneof_index && !proto->proto3_optional;
    field->oneof = field->oneof_member ? (unsigned)proto->oneof_index : 0;
    if (!find_type(build, proto->type_name, field) ||
        (field->oneof_member && field->oneof >= message->proto->n_oneof_decl))
        return contract__error(build, "%.*s.%s refers to what the set does not define.",
                               SLICE_ARG(message->type.full_name), proto->name);
    field->has_presence = presence_of(message, field);
    field->comment = contract__comment(build->arena, message->file, message->path, MESSAGE_FIELD,
                                       declared);
    message->type.declared[declared] = field;
    return status_ok();
}

/* Real oneofs come first in a descriptor; the rest stand for `optional`. */
static struct status build_oneofs(const struct build *build, struct build_message *message)
{
    struct message_type *type = &message->type;
    struct arena *arena = build->arena;

    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].oneof_member && type->fields[i].oneof >= type->oneof_count)
            type->oneof_count = type->fields[i].oneof + 1;
    assert(type->oneof_count <= message->proto->n_oneof_decl);
    type->oneofs = arena_array(arena, type->oneof_count, sizeof(*type->oneofs));
    if (type->oneofs == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < type->oneof_count; i++) {
        struct oneof *oneof = &type->oneofs[i];

        oneof->name = slice_from_cstr(message->proto->oneof_decl[i]->name);
        oneof->comment = contract__comment(arena, message->file, message->path, MESSAGE_ONEOF, i);
        oneof->fields = arena_array(arena, type->field_count, sizeof(struct field *));
        if (oneof->fields == NULL)
            return status_out_of_memory();
        for (size_t j = 0; j < type->field_count; j++) {
            const struct field *field = type->declared[j];

            if (!field->oneof_member || field->oneof != i)
                continue;
            oneof->fields[oneof->field_count++] = field;
            oneof->case_offset = field->pb->quantifier_offset;
        }
    }
    return status_ok();
}

static int name_compare(const void *a, const void *b)
{
    struct slice left = ((const struct field_name *)a)->name;
    struct slice right = ((const struct field_name *)b)->name;

    if (left.len != right.len)
        return left.len < right.len ? -1 : 1;
    return slice_compare(left, right);
}

static struct status build_names(const struct build *build, struct message_type *type)
{
    type->by_name = arena_array(build->arena, type->field_count * 2, sizeof(*type->by_name));
    if (type->by_name == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];

        type->by_name[type->by_name_count++] = (struct field_name){field->name, field};
        if (!slice_equal(field->name, field->json_name))
            type->by_name[type->by_name_count++] = (struct field_name){field->json_name, field};
    }
    if (type->by_name_count > 0)
        qsort(type->by_name, type->by_name_count, sizeof(*type->by_name), name_compare);
    return status_ok();
}

static struct status build_message(const struct build *build, struct build_message *message)
{
    struct message_type *type = &message->type;
    const Google__Protobuf__DescriptorProto *proto = message->proto;

    type->comment = contract__comment(build->arena, message->file, message->path, 0, 0);
    type->field_count = proto->n_field;
    type->fields = arena_array(build->arena, proto->n_field, sizeof(*type->fields));
    type->declared = arena_array(build->arena, proto->n_field, sizeof(struct field *));
    if (arena_failed(build->arena))
        return status_out_of_memory();
    if (type->pb->n_fields != proto->n_field)
        return contract__error(build, "%.*s is not the message that was compiled.",
                               SLICE_ARG(type->full_name));
    for (size_t i = 0; i < proto->n_field; i++) {
        const ProtobufCFieldDescriptor *pb = protobuf_c_message_descriptor_get_field(
            type->pb, (unsigned)proto->field[i]->number);
        struct field *field;
        struct status status;

        if (pb == NULL)
            return contract__error(build, "%.*s.%s is not in the message that was compiled.",
                                   SLICE_ARG(type->full_name), proto->field[i]->name);
        assert((size_t)(pb - type->pb->fields) < type->field_count);
        field = &type->fields[pb - type->pb->fields];
        field->pb = pb;
        field->index = (unsigned)(pb - type->pb->fields);
        status = build_field(build, message, i, field);
        if (!status_is_ok(status))
            return status;
    }
    return status_ok();
}

/* A message holds maps when a field is one or its message does; again until nothing changes. */
static void mark_maps(struct build *build)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < build->message_count; i++) {
            struct message_type *type = &build->messages[i].type;
            bool holds = type->holds_maps;

            for (size_t j = 0; j < type->field_count && !holds; j++)
                holds = type->fields[j].map ||
                        (type->fields[j].message != NULL && type->fields[j].message->holds_maps);
            changed |= holds != type->holds_maps;
            type->holds_maps = holds;
        }
    }
}

static bool is_with_maps(const struct field *field)
{
    return field->map || (field->message != NULL && field->message->holds_maps);
}

/* Walks go straight to these fields. */
static void list_maps(struct build *build)
{
    for (size_t i = 0; i < build->message_count; i++) {
        struct message_type *type = &build->messages[i].type;

        if (!type->holds_maps)
            continue;
        type->with_maps = arena_array(build->arena, type->field_count, sizeof(*type->with_maps));
        for (size_t j = 0; type->with_maps != NULL && j < type->field_count; j++)
            if (is_with_maps(&type->fields[j]))
                type->with_maps[type->with_maps_count++] = &type->fields[j];
    }
}

static bool is_plain_text(const struct field *field)
{
    return field->pb->type == PROTOBUF_C_TYPE_STRING && !field->repeated && !field->has_presence;
}

/* Whether it is a list of messages that hold plain texts alone. */
static bool is_list_of_texts(const struct field *field)
{
    return field->repeated && !field->map && field->message != NULL &&
           field->message->text_levels == 1;
}

/* The messages of one level, after those of the level below. */
static void mark_texts(struct build *build, unsigned level)
{
    for (size_t i = 0; i < build->message_count; i++) {
        struct message_type *type = &build->messages[i].type;
        bool fits = type->text_levels == 0 && type->field_count > 0;

        for (size_t j = 0; j < type->field_count && fits; j++)
            fits = is_plain_text(&type->fields[j]) ||
                   (level > 1 && is_list_of_texts(&type->fields[j]));
        if (fits)
            type->text_levels = level;
    }
}

/* What walks and plans rely on: a map's entry is a key and a value, however it was written. */
static struct status check_map_entry(const struct build *build, const struct message_type *type)
{
    if (!type->map_entry ||
        (type->field_count == 2 && type->fields[0].number == 1 && type->fields[1].number == 2 &&
         !type->fields[0].repeated && !type->fields[1].repeated && type->fields[0].message == NULL))
        return status_ok();
    return contract__error(build,
                           "%.*s is the entry of a map, but has other fields than one key of the "
                           "number 1 and one value of the number 2.",
                           SLICE_ARG(type->full_name));
}

static struct status describe_messages(struct build *build)
{
    struct status status;

    for (size_t i = 0; i < build->message_count; i++) {
        struct build_message *message = &build->messages[i];

        message->type.well_known = well_known_of(message->type.full_name);
        message->type.map_entry = message->proto->options != NULL &&
                                  message->proto->options->map_entry;
        if (!give_descriptor(build, message))
            return status_out_of_memory();
    }
    for (size_t i = 0; i < build->message_count; i++) {
        status = contract__make_descriptor(build, &build->messages[i]);
        if (!status_is_ok(status))
            return status;
    }
    for (size_t i = 0; i < build->message_count; i++) {
        status = build_message(build, &build->messages[i]);
        if (status_is_ok(status))
            status = build_oneofs(build, &build->messages[i]);
        if (status_is_ok(status))
            status = build_names(build, &build->messages[i].type);
        if (status_is_ok(status))
            status = check_map_entry(build, &build->messages[i].type);
        if (!status_is_ok(status))
            return status;
    }
    mark_maps(build);
    list_maps(build);
    mark_texts(build, 1);
    mark_texts(build, 2);
    return status_ok();
}

struct status contract__build_types(struct build *build)
{
    struct contract *contract = build->contract;
    struct status status;

    if (!collect(build))
        return status_out_of_memory();
    contract->message_count = build->message_count;
    contract->messages = arena_array(build->arena, build->message_count, sizeof(void *));
    contract->enum_count = build->enum_count;
    contract->enums = arena_array(build->arena, build->enum_count, sizeof(void *));
    if (arena_failed(build->arena))
        return status_out_of_memory();
    for (size_t i = 0; i < build->message_count; i++)
        contract->messages[i] = &build->messages[i].type;
    for (size_t i = 0; i < build->enum_count; i++) {
        contract->enums[i] = &build->enums[i].type;
        status = build_enum(build, &build->enums[i]);
        if (!status_is_ok(status))
            return status;
    }
    return describe_messages(build);
}
