/*
 * Maps in memory are lists of entries, and bytes may name a key twice: the last entry is the one
 * that counts (protobuf.dev, encoding of maps). protobuf-c keeps all; after unpacking the others
 * are taken out, so that no reader has to know.
 */
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "proto/message/message_maps.h"

/* Up to this many entries are compared each with each, without memory; more are sorted. */
#define COMPARED_MOST 16

struct slice map_entry_key(const ProtobufCMessage *entry, const struct field *key)
{
    const void *address = field_address(entry, key, 0);

    switch (key->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        return slice_from_cstr(*(char *const *)address);
    case PROTOBUF_C_TYPE_BOOL:
        return slice_make(address, sizeof(protobuf_c_boolean));
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return slice_make(address, 8);
    default:
        return slice_make(address, 4);
    }
}

struct keyed {
    struct slice key;
    size_t index;
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *left = a;
    const struct keyed *right = b;
    int order = slice_compare(left->key, right->key);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static struct slice key_at(const ProtobufCMessage *message, const struct field *field,
                           const struct field *key, size_t i)
{
    return map_entry_key(*(ProtobufCMessage **)field_address(message, field, i), key);
}

/* For few entries: whether any key comes twice. */
static bool is_repeated(const ProtobufCMessage *message, const struct field *field,
                        const struct field *key, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (slice_equal(key_at(message, field, key, i), key_at(message, field, key, j)))
                return true;
    return false;
}

static void keep_last(struct arena *arena, ProtobufCMessage *message, const struct field *field)
{
    const struct field *key = message_field_by_number(field->message, 1);
    size_t count = field_count(message, field);
    ProtobufCMessage **entries = field_address(message, field, 0);
    struct keyed *sorted;
    size_t kept = 0;

    if (count < 2 || (count <= COMPARED_MOST && !is_repeated(message, field, key, count)))
        return;
    sorted = arena_array(arena, count, sizeof(*sorted));
    if (sorted == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct keyed){key_at(message, field, key, i), i};
    qsort(sorted, count, sizeof(*sorted), compare_keyed);
    for (size_t i = 0; i + 1 < count; i++)
        if (slice_equal(sorted[i].key, sorted[i + 1].key))
            entries[sorted[i].index] = NULL;
    for (size_t i = 0; i < count; i++)
        if (entries[i] != NULL)
            entries[kept++] = entries[i];
    field_set_messages(message, field, entries, kept);
}

static void sort_entries(struct arena *arena, ProtobufCMessage *message, const struct field *field)
{
    const struct field *key = message_field_by_number(field->message, 1);
    size_t count = field_count(message, field);
    ProtobufCMessage **entries = field_address(message, field, 0);
    ProtobufCMessage **ordered;
    struct keyed *sorted;

    if (count < 2)
        return;
    sorted = arena_array(arena, count, sizeof(*sorted));
    ordered = arena_array(arena, count, sizeof(ProtobufCMessage *));
    if (sorted == NULL || ordered == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct keyed){key_at(message, field, key, i), i};
    qsort(sorted, count, sizeof(*sorted), compare_keyed);
    for (size_t i = 0; i < count; i++)
        ordered[i] = entries[sorted[i].index];
    field_set_messages(message, field, ordered, count);
}

/* Calls `visit` for each map of the message and of the messages in it. */
static void
visit_maps(struct arena *arena, const struct message_type *type, ProtobufCMessage *message,
           void (*visit)(struct arena *arena, ProtobufCMessage *message, const struct field *field))
{
    for (size_t i = 0; i < type->with_maps_count; i++) {
        const struct field *field = type->with_maps[i];
        size_t count;

        if (field->map)
            visit(arena, message, field);
        if (!field->message->holds_maps)
            continue;
        if (!field->repeated && !field_is_set(message, field))
            continue;
        count = field->repeated ? field_count(message, field) : 1;
        for (size_t j = 0; j < count; j++) {
            ProtobufCMessage *inner = *(ProtobufCMessage **)field_address(message, field, j);

            if (inner != NULL)
                visit_maps(arena, field->message, inner, visit);
        }
    }
}

void message__keep_last_entries(struct arena *arena, const struct message_type *type,
                                ProtobufCMessage *message)
{
    visit_maps(arena, type, message, keep_last);
}

void message_sort_maps(struct arena *arena, const struct message_type *type,
                       ProtobufCMessage *message)
{
    if (type->holds_maps)
        visit_maps(arena, type, message, sort_entries);
}
