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

/* A tag of at most 32 bits in at most 5 bytes; the field number is not 0. */
bool wire_read_tag(struct wire_cursor *cursor, uint32_t *ret_number, enum wire_type *ret_type);

/* A length of at most 5 bytes that the bytes behind it can fill. */
bool wire_read_length(struct wire_cursor *cursor, size_t *ret_len);

/* Over a varint of at most 10 bytes. */
bool wire_skip_varint(struct wire_cursor *cursor);

/* Over a varint or a fixed value; false for every other wire type. */
bool wire_skip_scalar(struct wire_cursor *cursor, enum wire_type type);

/*
 * Joins singular messages that come in parts, at any depth, so that each comes once. `bytes` have
 * been walked; what is joined is in the arena. False when the arena failed.
 */
bool wire_merge_parts(struct arena *arena, const struct message_type *type, struct slice bytes,
                      struct slice *ret_bytes);

#endif
