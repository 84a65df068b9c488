/* Deep equality of fields; maps are equal whatever the order of their entries. */
#include "proto/message/message_equal.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/message/message.h"

static bool values_equal(struct arena *arena, const struct field *field, const void *a,
                         const void *b);

bool message_unknown_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    assert(a->descriptor == b->descriptor);
    if (a->n_unknown_fields != b->n_unknown_fields)
        return false;
    for (unsigned i = 0; i < a->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *left = &a->unknown_fields[i];
        const ProtobufCMessageUnknownField *right = &b->unknown_fields[i];

        if (left->tag != right->tag || left->wire_type != right->wire_type ||
            !slice_equal(slice_make(left->data, left->len), slice_make(right->data, right->len)))
            return false;
    }
    return true;
}

static bool messages_equal(struct arena *arena, const struct message_type *type,
                           const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL)
        return false;
    for (size_t i = 0; i < type->field_count; i++)
        if (!field_equal(arena, a, b, &type->fields[i]))
            return false;
    return message_unknown_equal(a, b);
}

static bool values_equal(struct arena *arena, const struct field *field, const void *a,
                         const void *b)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return messages_equal(arena, field->message, *(ProtobufCMessage *const *)a,
                              *(ProtobufCMessage *const *)b);
    case PROTOBUF_C_TYPE_STRING:
        return slice_equal(slice_from_cstr(*(char *const *)a), slice_from_cstr(*(char *const *)b));
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *left = a;
        const ProtobufCBinaryData *right = b;

        return slice_equal(slice_make(left->data, left->len), slice_make(right->data, right->len));
    }
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return memcmp(a, b, 8) == 0;
    default:
        return memcmp(a, b, 4) == 0;
    }
}

static int compare_packed(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* The entries, packed and sorted; NULL when the arena failed. */
static struct slice *sorted_entries(struct arena *arena, const ProtobufCMessage *message,
                                    const struct field *field)
{
    size_t count = field_count(message, field);
    struct slice *entries = arena_array(arena, count, sizeof(*entries));

    assert(field->map);
    if (entries == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        entries[i] = message_pack(arena, *(ProtobufCMessage **)field_address(message, field, i));
    if (arena_failed(arena))
        return NULL;
    qsort(entries, count, sizeof(*entries), compare_packed);
    return entries;
}

static bool maps_equal(struct arena *arena, const ProtobufCMessage *a, const ProtobufCMessage *b,
                       const struct field *field)
{
    struct slice *left = sorted_entries(arena, a, field);
    struct slice *right = sorted_entries(arena, b, field);

    assert(field_count(a, field) == field_count(b, field));
    if (left == NULL || right == NULL)
        return false;
    for (size_t i = 0; i < field_count(a, field); i++)
        if (!slice_equal(left[i], right[i]))
            return false;
    return true;
}

bool field_equal(struct arena *arena, const ProtobufCMessage *a, const ProtobufCMessage *b,
                 const struct field *field)
{
    size_t count;

    if (!field->repeated) {
        bool set = field_is_set(a, field);

        if (set != field_is_set(b, field))
            return false;
        return !set ||
               values_equal(arena, field, field_address(a, field, 0), field_address(b, field, 0));
    }
    count = field_count(a, field);
    if (count != field_count(b, field))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!values_equal(arena, field, field_address(a, field, i), field_address(b, field, i)))
            return field->map && maps_equal(arena, a, b, field);
    return true;
}
