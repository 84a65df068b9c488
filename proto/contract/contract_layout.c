/*
 * Descriptors as protoc-c would write them, for messages that it did not compile: members in the
 * order of declaration, each after its has_ or n_, then for each oneof its case and a union.
 * `optional`, which protoc-c 1.4.1 refuses in proto3, is laid out as it lays out proto2's: a has_
 * member, or a NULL pointer for strings and messages.
 */
#include "proto/contract/contract_layout.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

#include "proto/contract/contract_build.h"
#include "proto/contract/contract_internal.h"

/* By the numbers of FieldDescriptorProto.Type; groups have none. */
static const struct {
    bool known;
    bool packable;
    ProtobufCType type;
    unsigned size;
    unsigned align;
} types[] = {
    [1] = {true, true, PROTOBUF_C_TYPE_DOUBLE, sizeof(double), alignof(double)},
    [2] = {true, true, PROTOBUF_C_TYPE_FLOAT, sizeof(float), alignof(float)},
    [3] = {true, true, PROTOBUF_C_TYPE_INT64, sizeof(int64_t), alignof(int64_t)},
    [4] = {true, true, PROTOBUF_C_TYPE_UINT64, sizeof(int64_t), alignof(int64_t)},
    [5] = {true, true, PROTOBUF_C_TYPE_INT32, sizeof(int32_t), alignof(int32_t)},
    [6] = {true, true, PROTOBUF_C_TYPE_FIXED64, sizeof(int64_t), alignof(int64_t)},
    [7] = {true, true, PROTOBUF_C_TYPE_FIXED32, sizeof(int32_t), alignof(int32_t)},
    [8] = {true, true, PROTOBUF_C_TYPE_BOOL, sizeof(protobuf_c_boolean),
           alignof(protobuf_c_boolean)},
    [9] = {true, false, PROTOBUF_C_TYPE_STRING, sizeof(char *), alignof(char *)},
    [11] = {true, false, PROTOBUF_C_TYPE_MESSAGE, sizeof(void *), alignof(void *)},
    [12] = {true, false, PROTOBUF_C_TYPE_BYTES, sizeof(ProtobufCBinaryData),
            alignof(ProtobufCBinaryData)},
    [13] = {true, true, PROTOBUF_C_TYPE_UINT32, sizeof(int32_t), alignof(int32_t)},
    [14] = {true, true, PROTOBUF_C_TYPE_ENUM, sizeof(int32_t), alignof(int32_t)},
    [15] = {true, true, PROTOBUF_C_TYPE_SFIXED32, sizeof(int32_t), alignof(int32_t)},
    [16] = {true, true, PROTOBUF_C_TYPE_SFIXED64, sizeof(int64_t), alignof(int64_t)},
    [17] = {true, true, PROTOBUF_C_TYPE_SINT32, sizeof(int32_t), alignof(int32_t)},
    [18] = {true, true, PROTOBUF_C_TYPE_SINT64, sizeof(int64_t), alignof(int64_t)},
};

static bool type_is_known(const Google__Protobuf__FieldDescriptorProto *proto)
{
    size_t type = (size_t)proto->type;

    return type < sizeof(types) / sizeof(types[0]) && types[type].known;
}

/* The next offset of that alignment, and room for the size after it. */
static unsigned place(size_t *size, size_t bytes, size_t align)
{
    size_t offset = (*size + align - 1) / align * align;

    *size = offset + bytes;
    return (unsigned)offset;
}

/* A member of a real oneof lives in a union. */
static bool in_union(const Google__Protobuf__FieldDescriptorProto *proto)
{
    return proto->has_oneof_index && !proto->proto3_optional;
}

static bool is_repeated(const Google__Protobuf__FieldDescriptorProto *proto)
{
    return proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}

static bool is_packed(const struct build_message *message,
                      const Google__Protobuf__FieldDescriptorProto *proto)
{
    if (!is_repeated(proto) || !types[proto->type].packable)
        return false;
    if (proto->options != NULL && proto->options->has_packed)
        return proto->options->packed;
    return message->file->proto3;
}

static ProtobufCLabel label_of(const struct build_message *message,
                               const Google__Protobuf__FieldDescriptorProto *proto)
{
    if (is_repeated(proto))
        return PROTOBUF_C_LABEL_REPEATED;
    if (proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED)
        return PROTOBUF_C_LABEL_REQUIRED;
    if (message->file->proto3 && !proto->proto3_optional)
        return PROTOBUF_C_LABEL_NONE;
    return PROTOBUF_C_LABEL_OPTIONAL;
}

/* All of the field's descriptor but its place. */
static struct status describe(const struct build *build, const struct build_message *message,
                              const Google__Protobuf__FieldDescriptorProto *proto,
                              ProtobufCFieldDescriptor *pb)
{
    if (!type_is_known(proto))
        return contract__error(build, "%.*s.%s is a group: use a message.",
                               SLICE_ARG(message->type.full_name), proto->name);
    pb->name = proto->name;
    pb->id = (uint32_t)proto->number;
    pb->label = label_of(message, proto);
    pb->type = types[proto->type].type;
    if (pb->type == PROTOBUF_C_TYPE_MESSAGE) {
        const struct build_message *type = contract__find_message(build, proto->type_name);

        pb->descriptor = type == NULL ? NULL : type->type.pb;
    } else if (pb->type == PROTOBUF_C_TYPE_ENUM) {
        const struct build_enum *type = contract__find_enum(build, proto->type_name);

        pb->descriptor = type == NULL ? NULL : type->made;
    }
    if ((pb->type == PROTOBUF_C_TYPE_MESSAGE || pb->type == PROTOBUF_C_TYPE_ENUM) &&
        pb->descriptor == NULL)
        return contract__error(build, "%.*s.%s has a type that the set does not define: %s.",
                               SLICE_ARG(message->type.full_name), proto->name,
                               proto->type_name == NULL ? "none" : proto->type_name);
    /* Not in a union: protobuf-c's generic init would write the default into it. */
    if (pb->type == PROTOBUF_C_TYPE_STRING && message->file->proto3 && !proto->has_oneof_index)
        pb->default_value = &protobuf_c_empty_string;
    if (is_packed(message, proto))
        pb->flags |= PROTOBUF_C_FIELD_FLAG_PACKED;
    if (proto->options != NULL && proto->options->deprecated)
        pb->flags |= PROTOBUF_C_FIELD_FLAG_DEPRECATED;
    if (in_union(proto))
        pb->flags |= PROTOBUF_C_FIELD_FLAG_ONEOF;
    return status_ok();
}

static void place_member(const Google__Protobuf__FieldDescriptorProto *proto,
                         ProtobufCFieldDescriptor *pb, size_t *size)
{
    if (is_repeated(proto)) {
        pb->quantifier_offset = place(size, sizeof(size_t), alignof(size_t));
        pb->offset = place(size, sizeof(void *), alignof(void *));
        return;
    }
    if (pb->label == PROTOBUF_C_LABEL_OPTIONAL && pb->type != PROTOBUF_C_TYPE_STRING &&
        pb->type != PROTOBUF_C_TYPE_MESSAGE)
        pb->quantifier_offset = place(size, sizeof(protobuf_c_boolean),
                                      alignof(protobuf_c_boolean));
    assert(types[proto->type].align > 0);
    pb->offset = place(size, types[proto->type].size, types[proto->type].align);
}

/* `pbs` are the descriptors in the order of declaration. */
static void place_union(const Google__Protobuf__DescriptorProto *proto,
                        ProtobufCFieldDescriptor **pbs, size_t oneof, size_t *size)
{
    unsigned case_offset = place(size, sizeof(uint32_t), alignof(uint32_t));
    size_t bytes = 0;
    size_t align = 1;
    unsigned offset;

    for (size_t i = 0; i < proto->n_field; i++) {
        unsigned type = (unsigned)proto->field[i]->type;

        if (!in_union(proto->field[i]) || (size_t)proto->field[i]->oneof_index != oneof)
            continue;
        assert(type_is_known(proto->field[i])); /* described before it is placed */
        if (types[type].size > bytes)
            bytes = types[type].size;
        if (types[type].align > align)
            align = types[type].align;
    }
    offset = place(size, (bytes + align - 1) / align * align, align);
    for (size_t i = 0; i < proto->n_field; i++) {
        if (!in_union(proto->field[i]) || (size_t)proto->field[i]->oneof_index != oneof)
            continue;
        pbs[i]->quantifier_offset = case_offset;
        pbs[i]->offset = offset;
    }
}

/* Places all members; the size of the structure. */
static size_t place_all(const Google__Protobuf__DescriptorProto *proto,
                        ProtobufCFieldDescriptor **pbs)
{
    size_t size = sizeof(ProtobufCMessage);

    for (size_t i = 0; i < proto->n_field; i++)
        if (!in_union(proto->field[i]))
            place_member(proto->field[i], pbs[i], &size);
    for (size_t i = 0; i < proto->n_oneof_decl; i++) {
        bool real = false;

        for (size_t j = 0; j < proto->n_field; j++)
            real = real || (in_union(proto->field[j]) && (size_t)proto->field[j]->oneof_index == i);
        if (real)
            place_union(proto, pbs, i, &size);
    }
    assert(size >= sizeof(ProtobufCMessage));
    place(&size, 0, alignof(ProtobufCMessage));
    return size;
}

struct by_number {
    int32_t number;
    unsigned index; /* in the order of declaration */
    const char *name;
};

static int number_compare(const void *a, const void *b)
{
    const struct by_number *left = a;
    const struct by_number *right = b;

    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static int by_name_compare(const void *a, const void *b)
{
    return strcmp(((const struct by_number *)a)->name, ((const struct by_number *)b)->name);
}

/*
 * Runs of consecutive numbers, and one more that says where the last ends: what protobuf-c
 * searches. `sorted` has no number twice.
 */
static ProtobufCIntRange *make_ranges(struct arena *arena, const struct by_number *sorted,
                                      size_t count, unsigned *ret_count)
{
    ProtobufCIntRange *ranges = arena_array(arena, count + 1, sizeof(*ranges));
    unsigned made = 0;

    if (ranges == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        assert(i == 0 || sorted[i - 1].number < sorted[i].number);
        if (i == 0 || (int64_t)sorted[i].number != (int64_t)sorted[i - 1].number + 1)
            ranges[made++] = (ProtobufCIntRange){sorted[i].number, (unsigned)i};
    }
    assert(made <= count);
    ranges[made] = (ProtobufCIntRange){0, (unsigned)count};
    *ret_count = made;
    return ranges;
}

/* Indices of the fields, which are sorted by number, in the order of their names. */
static unsigned *make_name_index(struct arena *arena, const ProtobufCMessageDescriptor *made)
{
    struct by_number *names = arena_array(arena, made->n_fields, sizeof(*names));
    unsigned *index = arena_array(arena, made->n_fields, sizeof(*index));

    if (arena_failed(arena))
        return NULL;
    for (unsigned i = 0; i < made->n_fields; i++)
        names[i] = (struct by_number){0, i, made->fields[i].name};
    if (made->n_fields > 0)
        qsort(names, made->n_fields, sizeof(*names), by_name_compare);
    for (unsigned i = 0; i < made->n_fields; i++)
        index[i] = names[i].index;
    return index;
}

static void name_descriptor(const struct build_message *message, ProtobufCMessageDescriptor *made)
{
    made->magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC;
    made->name = message->type.full_name.data;
    made->short_name = message->proto->name;
    made->c_name = message->proto->name;
    made->package_name = message->file->package.len > 0 ? message->file->package.data : "";
}

struct status contract__make_descriptor(const struct build *build, struct build_message *message)
{
    ProtobufCMessageDescriptor *made = message->made;
    const Google__Protobuf__DescriptorProto *proto = message->proto;
    size_t count = proto->n_field;
    struct by_number *order;
    ProtobufCFieldDescriptor *pbs;
    ProtobufCFieldDescriptor **declared;

    if (made == NULL)
        return status_ok();
    order = arena_array(build->arena, count, sizeof(*order));
    pbs = arena_array(build->arena, count, sizeof(*pbs));
    declared = arena_array(build->arena, count, sizeof(*declared));
    if (arena_failed(build->arena))
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++)
        order[i] = (struct by_number){proto->field[i]->number, (unsigned)i, NULL};
    if (count > 0)
        qsort(order, count, sizeof(*order), number_compare);
    for (size_t i = 0; i < count; i++) {
        struct status status;

        if (i > 0 && order[i].number == order[i - 1].number)
            return contract__error(build, "%.*s has two fields of number %d.",
                                   SLICE_ARG(message->type.full_name), (int)order[i].number);
        status = describe(build, message, proto->field[order[i].index], &pbs[i]);
        if (!status_is_ok(status))
            return status;
        declared[order[i].index] = &pbs[i];
    }
    name_descriptor(message, made);
    assert(count <= UINT32_MAX && made->fields == NULL); /* it is made once */
    made->sizeof_message = place_all(proto, declared);
    made->n_fields = (unsigned)count;
    made->fields = pbs;
    made->fields_sorted_by_name = make_name_index(build->arena, made);
    made->field_ranges = make_ranges(build->arena, order, count, &made->n_field_ranges);
    return arena_failed(build->arena) ? status_out_of_memory() : status_ok();
}

/* Aliases aside, values by number; the first declared of each number stands for it. */
static size_t distinct_values(struct by_number *sorted, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || sorted[kept - 1].number != sorted[i].number)
            sorted[kept++] = sorted[i];
    return kept;
}

static unsigned index_of_number(const ProtobufCEnumValue *values, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (values[i].value == number)
            return (unsigned)i;
    return 0;
}

struct status contract__make_enum_descriptor(const struct build *build, struct build_enum *type)
{
    const Google__Protobuf__EnumDescriptorProto *proto = type->proto;
    size_t count = proto->n_value;
    struct by_number *order = arena_array(build->arena, count, sizeof(*order));
    ProtobufCEnumValue *values = arena_array(build->arena, count, sizeof(*values));
    ProtobufCEnumValueIndex *names = arena_array(build->arena, count, sizeof(*names));
    ProtobufCEnumDescriptor *made = arena_zalloc(build->arena, sizeof(*made));
    size_t distinct;

    if (arena_failed(build->arena))
        return status_out_of_memory();
    if (count == 0)
        return contract__error(build, "%.*s has no values.", SLICE_ARG(type->type.full_name));
    for (size_t i = 0; i < count; i++)
        order[i] = (struct by_number){proto->value[i]->number, (unsigned)i, proto->value[i]->name};
    qsort(order, count, sizeof(*order), number_compare);
    distinct = distinct_values(order, count);
    for (size_t i = 0; i < distinct; i++)
        values[i] = (ProtobufCEnumValue){order[i].name, order[i].name, order[i].number};
    made->value_ranges = make_ranges(build->arena, order, distinct, &made->n_value_ranges);
    if (made->value_ranges == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++)
        order[i] = (struct by_number){proto->value[i]->number, (unsigned)i, proto->value[i]->name};
    qsort(order, count, sizeof(*order), by_name_compare);
    for (size_t i = 0; i < count; i++)
        names[i] = (ProtobufCEnumValueIndex){order[i].name,
                                             index_of_number(values, distinct, order[i].number)};
    made->magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC;
    made->name = type->type.full_name.data;
    made->short_name = proto->name;
    made->c_name = proto->name;
    made->package_name = type->file->package.len > 0 ? type->file->package.data : "";
    made->n_values = (unsigned)distinct;
    made->values = values;
    made->n_value_names = (unsigned)count;
    made->values_by_name = names;
    type->made = made;
    return status_ok();
}
