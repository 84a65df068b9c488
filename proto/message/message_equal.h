/* Deep equality of fields; maps are equal whatever the order of their entries. */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_EQUAL_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_EQUAL_H

#include "proto/message/message_fields.h"

/* Whether two messages of the same type hold the same value in the field (deeply). */
bool field_equal(struct arena *arena, const ProtobufCMessage *a, const ProtobufCMessage *b,
                 const struct field *field);

/* Whether two messages of the same type hold the same fields that the type lacks. */
bool message_unknown_equal(const ProtobufCMessage *a, const ProtobufCMessage *b);

#endif
