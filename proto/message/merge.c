/*
 * Messages in parts. The format lets a singular message come several times and means their
 * concatenation; a later member of a oneof undoes the earlier. Whoever sends that is rare, so this
 * copies without thrift: each body once a level.
 */
#include "proto/message/merge.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "proto/message/wire.h"

struct part {
    struct slice bytes;
    struct part *next;
};

/* The parts of one field's message. */
struct parts {
    struct part *first;
    struct part *last;
};

/*
 * The body being written. It is never longer than its parts: a joined message has one tag and one
 * length instead of two, and the length of a sum takes no more bytes than the lengths.
 */
struct body {
    uint8_t *bytes;
    size_t len;
};

static bool merge_body(struct arena *arena, const struct message_type *type,
                       const struct part *parts, struct slice *ret_bytes);

static void put_bytes(struct body *body, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(body->bytes + body->len, bytes, len);
    body->len += len;
}

static void put_u32(struct body *body, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        body->bytes[body->len++] = (uint8_t)(value | 0x80);
    body->bytes[body->len++] = (uint8_t)value;
}

static bool put_message(struct arena *arena, struct body *body, const struct field *field,
                        const struct part *parts)
{
    struct slice merged;

    if (!merge_body(arena, field->message, parts, &merged))
        return false;
    put_u32(body, field->number << 3 | WIRE_LENGTH);
    put_u32(body, (uint32_t)merged.len);
    put_bytes(body, merged.data, merged.len);
    return true;
}

/* A member of a oneof came: those that came before are gone. */
static void undo_others(const struct message_type *type, const struct field *field,
                        struct parts *collected)
{
    const struct oneof *oneof = &type->oneofs[field->oneof];

    assert(field->oneof_member && field->oneof < type->oneof_count);
    for (size_t i = 0; i < oneof->field_count; i++)
        if (oneof->fields[i] != field)
            collected[oneof->fields[i]->index] = (struct parts){NULL, NULL};
}

static bool collect(struct arena *arena, struct parts *parts, struct slice bytes)
{
    struct part *part = arena_alloc(arena, sizeof(*part));

    if (part == NULL)
        return false;
    *part = (struct part){bytes, NULL};
    if (parts->last == NULL)
        parts->first = part;
    else
        parts->last->next = part;
    parts->last = part;
    return true;
}

/* One field: written at once, unless it is a singular message, which may go on later. */
static bool merge_field(struct arena *arena, const struct message_type *type,
                        struct wire_cursor *cursor, struct parts *collected, struct body *body)
{
    const uint8_t *start = cursor->at;
    const struct field *field;
    enum wire_type wire;
    uint32_t number;
    size_t len = 0;
    bool whole;

    whole = wire_read_tag(cursor, &number, &wire) &&
            (wire == WIRE_LENGTH ? wire_read_length(cursor, &len) : wire_skip_scalar(cursor, wire));
    if (!whole) {
        assert(!"the bytes have been walked");
        cursor->at = cursor->end;
        return true;
    }
    field = message_field_by_number(type, number);
    if (field != NULL && field->oneof_member)
        undo_others(type, field, collected);
    cursor->at += len;
    if (field != NULL && field->message != NULL) {
        struct slice bytes = slice_make(cursor->at - len, len);
        struct part part = {bytes, NULL};

        return field->repeated ? put_message(arena, body, field, &part)
                               : collect(arena, &collected[field->index], bytes);
    }
    put_bytes(body, start, (size_t)(cursor->at - start));
    return true;
}

static bool merge_body(struct arena *arena, const struct message_type *type,
                       const struct part *parts, struct slice *ret_bytes)
{
    struct parts *collected = arena_array(arena, type->field_count, sizeof(*collected));
    struct body body = {NULL, 0};
    size_t size = 0;

    for (const struct part *part = parts; part != NULL; part = part->next)
        size += part->bytes.len;
    body.bytes = arena_alloc(arena, size);
    if (arena_failed(arena))
        return false;
    for (const struct part *part = parts; part != NULL; part = part->next) {
        struct wire_cursor cursor = {(const uint8_t *)part->bytes.data,
                                     (const uint8_t *)part->bytes.data + part->bytes.len};

        while (cursor.at < cursor.end)
            if (!merge_field(arena, type, &cursor, collected, &body))
                return false;
    }
    for (size_t i = 0; i < type->field_count; i++)
        if (collected[i].first != NULL &&
            !put_message(arena, &body, &type->fields[i], collected[i].first))
            return false;
    assert(body.len <= size);
    *ret_bytes = slice_make(body.bytes, body.len);
    return true;
}

bool wire__merge_parts(struct arena *arena, const struct message_type *type, struct slice bytes,
                       struct slice *ret_bytes)
{
    struct part part = {bytes, NULL};

    return merge_body(arena, type, &part, ret_bytes);
}
