/* Copies of messages. */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_COPY_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_COPY_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/*
 * A deep copy into the arena, texts and unknown fields included, which shares nothing with the
 * original; NULL when the arena failed.
 */
ProtobufCMessage *message_copy(struct arena *arena, const ProtobufCMessage *message);

/*
 * Replaces what one field points to, which another message shares (field_copy), by a deep copy.
 * When the arena fails the field is spoiled: nobody may read the message then.
 */
void message_own_field(struct arena *arena, ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *pb);

#endif
