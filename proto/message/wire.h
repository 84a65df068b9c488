/*
 * Protobuf's wire format (protobuf.dev, Encoding): what the walk and the merge read. Every reader
 * stays within its cursor and answers false where the bytes are malformed.
 */
#ifndef DATASTREAM_PROTO_MESSAGE_WIRE_H
#define DATASTREAM_PROTO_MESSAGE_WIRE_H

#include "base/slice.h"
#include "proto/contract/contract.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_LENGTH = 2,
    WIRE_GROUP_START = 3,
    WIRE_GROUP_END = 4,
    WIRE_FIXED32 = 5,
};

struct wire_cursor {
    const uint8_t *at;
    const uint8_t *end;
};

/* The wire type of one value of the type. */
enum wire_type wire_type_of(ProtobufCType type);

/* A varint of at most 5 bytes and 32 bits. */
bool wire__read_long_u32(struct wire_cursor *cursor, uint32_t *ret_value);

static inline bool wire_read_u32(struct wire_cursor *cursor, uint32_t *ret_value)
{
    if (cursor->at == cursor->end || *cursor->at >= 0x80)
        return wire__read_long_u32(cursor, ret_value);
    *ret_value = *cursor->at++;
    return true;
}

/* A tag of at most 32 bits in at most 5 bytes; the field number is not 0. */
static inline bool wire_read_tag(struct wire_cursor *cursor, uint32_t *ret_number,
                                 enum wire_type *ret_type)
{
    uint32_t tag;

    if (!wire_read_u32(cursor, &tag) || tag >> 3 == 0)
        return false;
    *ret_number = tag >> 3;
    *ret_type = (enum wire_type)(tag & 7);
    return true;
}

/* A length of at most 5 bytes that the bytes after it can fill. */
static inline bool wire_read_length(struct wire_cursor *cursor, size_t *ret_len)
{
    uint32_t len;

    if (!wire_read_u32(cursor, &len) || len > (size_t)(cursor->end - cursor->at))
        return false;
    *ret_len = len;
    return true;
}

/* Over a varint of at most 10 bytes. */
bool wire__skip_varint(struct wire_cursor *cursor);

/* Over a varint or a fixed value; false for every other wire type. */
bool wire_skip_scalar(struct wire_cursor *cursor, enum wire_type type);

#endif
