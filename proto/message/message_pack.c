/*
 * Packing from the last byte to the first: the length of what is within another is known when it
 * is written before it. Fields are visited in the descending order of their numbers, elements from
 * the last one, so that the bytes read as protobuf-c's.
 */
#include "proto/message/message_pack.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "proto/message/message_fields.h"
#include "proto/message/wire.h"

/*
 * Room at first: most records and rows of the audit log fit. A message that is larger is asked for
 * its size, so that a large one takes no more memory than that.
 */
#define ROOM_FIRST 512

/* The bytes so far are those from `at` to `end`; they are added before `at`. */
struct packer {
    struct arena *arena;
    const ProtobufCMessage *message; /* the outermost */
    size_t before;                   /* bytes that are to fit before all others */
    size_t most;
    size_t too_large; /* bytes of a message that has more than `most`; else 0 */
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
};

static inline size_t used_by(const struct packer *packer)
{
    return (size_t)(packer->end - packer->at);
}

/* Moves what was packed to room for `size` bytes of the message. False when the arena failed. */
static bool move(struct packer *packer, size_t size)
{
    size_t used = used_by(packer);
    uint8_t *room = arena_alloc(packer->arena, packer->before + size);

    if (room == NULL)
        return false;
    assert(size >= used);
    packer->start = room;
    packer->end = room + packer->before + size;
    if (used > 0)
        memcpy(packer->end - used, packer->at, used);
    packer->at = packer->end - used;
    return true;
}

/* Makes room for the whole message. False when the arena failed, or the message is too large. */
static bool grow(struct packer *packer)
{
    size_t size;

    if (arena_failed(packer->arena) || packer->too_large != 0)
        return false;
    size = protobuf_c_message_get_packed_size(packer->message);
    assert(size > ROOM_FIRST);
    if (size > packer->most) {
        packer->too_large = size;
        return false;
    }
    return move(packer, size);
}

/*
 * Where `len` more bytes go; NULL when there is no room, and nobody looks at what was packed then.
 */
static inline uint8_t *take_room(struct packer *packer, size_t len)
{
    if ((size_t)(packer->at - packer->start) < len && !grow(packer))
        return NULL;
    assert((size_t)(packer->at - packer->start) >= len);
    packer->at -= len;
    return packer->at;
}

static inline void put_bytes(struct packer *packer, const void *bytes, size_t len)
{
    uint8_t *at = len == 0 ? NULL : take_room(packer, len);

    if (at != NULL)
        memcpy(at, bytes, len);
}

/* Of more than one byte. */
static void put_long_varint(struct packer *packer, uint64_t value)
{
    size_t len = (size_t)(63 - __builtin_clzll(value)) / 7 + 1;
    uint8_t *at = take_room(packer, len);

    if (at == NULL)
        return;
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at = (uint8_t)value;
}

/* Seven bits a byte, the lowest first. Most have one: tags, lengths, choices. */
static inline void put_varint(struct packer *packer, uint64_t value)
{
    if (value >= 0x80)
        put_long_varint(packer, value);
    else if (packer->at > packer->start)
        *--packer->at = (uint8_t)value;
    else if (take_room(packer, 1) != NULL)
        *packer->at = (uint8_t)value;
}

/* The wire format is little-endian, as all machines that this is built for. */
static inline void put_fixed(struct packer *packer, const void *value, size_t len)
{
    _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are copied as they are");
    put_bytes(packer, value, len);
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static void put_message(struct packer *packer, const ProtobufCMessage *message);

/* How many bytes were put since there were `before`. */
static size_t put_since(const struct packer *packer, size_t before)
{
    return used_by(packer) - before;
}

/* One value without its tag; of what has a length with this. */
static void put_value(struct packer *packer, ProtobufCType type, const void *value)
{
    size_t before = used_by(packer);
    struct slice bytes;

    switch (type) {
    case PROTOBUF_C_TYPE_INT32: /* one below zero has ten bytes */
    case PROTOBUF_C_TYPE_ENUM:
        put_varint(packer, (uint64_t)(int64_t) * (const int32_t *)value);
        return;
    case PROTOBUF_C_TYPE_SINT32:
        put_varint(packer, (uint32_t)zigzag(*(const int32_t *)value));
        return;
    case PROTOBUF_C_TYPE_UINT32:
        put_varint(packer, *(const uint32_t *)value);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        put_varint(packer, *(const uint64_t *)value);
        return;
    case PROTOBUF_C_TYPE_SINT64:
        put_varint(packer, zigzag(*(const int64_t *)value));
        return;
    case PROTOBUF_C_TYPE_BOOL:
        put_varint(packer, *(const protobuf_c_boolean *)value != 0);
        return;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        put_fixed(packer, value, 4);
        return;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        put_fixed(packer, value, 8);
        return;
    case PROTOBUF_C_TYPE_STRING:
        bytes = slice_from_cstr(*(const char *const *)value);
        put_bytes(packer, bytes.data, bytes.len);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(packer, ((const ProtobufCBinaryData *)value)->data,
                  ((const ProtobufCBinaryData *)value)->len);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (*(const ProtobufCMessage *const *)value != NULL)
            put_message(packer, *(const ProtobufCMessage *const *)value);
        break;
    }
    put_varint(packer, put_since(packer, before));
}

static void put_tag(struct packer *packer, uint32_t number, enum wire_type type)
{
    put_varint(packer, (uint64_t)number << 3 | type);
}

static void put_repeated(struct packer *packer, const ProtobufCFieldDescriptor *field,
                         const ProtobufCMessage *message)
{
    const char *array = *(char *const *)((const char *)message + field->offset);
    size_t size = field__value_size(field->type);
    size_t before = used_by(packer);
    size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
    bool packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;

    for (size_t i = count; i > 0; i--) {
        put_value(packer, field->type, array + (i - 1) * size);
        if (!packed)
            put_tag(packer, field->id, wire_type_of(field->type));
    }
    if (packed && count > 0) {
        put_varint(packer, put_since(packer, before));
        put_tag(packer, field->id, WIRE_LENGTH);
    }
}

/* A value without presence is left out where it is its type's zero. */
static bool is_zero(ProtobufCType type, const void *value)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)value == 0;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return *(const uint32_t *)value == 0;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return *(const uint64_t *)value == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)value == 0; /* also the negative zero, as protobuf-c has it */
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)value == 0;
    case PROTOBUF_C_TYPE_STRING:
        return *(const char *const *)value == NULL || **(const char *const *)value == '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len == 0;
    default:
        return *(const void *const *)value == NULL;
    }
}

/* Whether a singular field with presence, or of a oneof, goes into the bytes. */
static bool has_value(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    const void *value = (const char *)message + field->offset;
    const void *quantifier = (const char *)message + field->quantifier_offset;
    bool is_pointer = field->type == PROTOBUF_C_TYPE_STRING ||
                      field->type == PROTOBUF_C_TYPE_MESSAGE;

    if (field->label == PROTOBUF_C_LABEL_REQUIRED)
        return true;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        if (*(const uint32_t *)quantifier != field->id)
            return false;
    } else if (!is_pointer) {
        return *(const protobuf_c_boolean *)quantifier != 0;
    }
    return !is_pointer || (*(const void *const *)value != NULL &&
                           *(const void *const *)value != field->default_value);
}

static void put_unknown(struct packer *packer, const ProtobufCMessage *message)
{
    for (size_t i = message->n_unknown_fields; i > 0; i--) {
        const ProtobufCMessageUnknownField *field = &message->unknown_fields[i - 1];

        put_bytes(packer, field->data, field->len);
        put_tag(packer, field->tag, (enum wire_type)field->wire_type);
    }
}

static void put_message(struct packer *packer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;

    assert(descriptor != NULL && descriptor->magic == PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC);
    put_unknown(packer, message);
    for (size_t i = descriptor->n_fields; i > 0; i--) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i - 1];

        const void *value = (const char *)message + field->offset;

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            put_repeated(packer, field, message);
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_NONE &&
                    (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0
                ? is_zero(field->type, value)
                : !has_value(field, message))
            continue;
        put_value(packer, field->type, value);
        put_tag(packer, field->id, wire_type_of(field->type));
    }
}

char *message_pack_after(struct arena *arena, size_t before, const ProtobufCMessage *message,
                         size_t most, size_t *ret_len)
{
    uint8_t *room = arena_alloc(arena, ROOM_FIRST);
    struct packer packer = {.arena = arena, .message = message, .before = before, .most = most};
    size_t len;

    if (room == NULL)
        return NULL;
    packer.start = room;
    packer.end = room + ROOM_FIRST;
    packer.at = packer.end;
    put_message(&packer, message);
    if (arena_failed(arena))
        return NULL;
    len = packer.too_large != 0 ? packer.too_large : used_by(&packer);
    /* What comes before many answers fits there too; else both get room of their own. */
    if (len <= most && (size_t)(packer.at - packer.start) < before && !move(&packer, len))
        return NULL;
    *ret_len = len;
    if (len > most)
        return NULL;
    return (char *)packer.at - before;
}

struct slice message_pack(struct arena *arena, const ProtobufCMessage *message)
{
    size_t len = 0;
    char *bytes = message_pack_after(arena, 0, message, SIZE_MAX, &len);

    return bytes == NULL ? SLICE_EMPTY : slice_make(bytes, len);
}
