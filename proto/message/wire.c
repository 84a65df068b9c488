/* Readers of the wire format. */
#include "proto/message/wire.h"

enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    default:
        return WIRE_VARINT;
    }
}

bool wire__read_long_u32(struct wire_cursor *cursor, uint32_t *ret_value)
{
    const uint8_t *at = cursor->at;
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 35 && at < cursor->end; shift += 7) {
        uint8_t byte = *at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte >= 0x80)
            continue;
        if (value > UINT32_MAX)
            return false;
        *ret_value = (uint32_t)value;
        cursor->at = at;
        return true;
    }
    return false;
}

bool wire__skip_varint(struct wire_cursor *cursor)
{
    const uint8_t *at = cursor->at;
    const uint8_t *end = cursor->end - at > 10 ? at + 10 : cursor->end;

    while (at < end) {
        if (*at++ < 0x80) {
            cursor->at = at;
            return true;
        }
    }
    return false;
}

bool wire_skip_scalar(struct wire_cursor *cursor, enum wire_type type)
{
    size_t size = type == WIRE_FIXED64 ? 8 : 4;

    if (type == WIRE_VARINT)
        return wire__skip_varint(cursor);
    if ((type != WIRE_FIXED64 && type != WIRE_FIXED32) || (size_t)(cursor->end - cursor->at) < size)
        return false;
    cursor->at += size;
    return true;
}
