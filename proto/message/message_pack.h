/*
 * Messages to bytes, in one pass: protobuf-c's own packing goes through a message twice and more
 * often, for the size of each message that is within another.
 */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_PACK_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_PACK_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/*
 * Packs into the arena, the same bytes that protobuf_c_message_pack writes; empty when it failed
 * (or the message is empty: arena_failed tells).
 */
struct slice message_pack(struct arena *arena, const ProtobufCMessage *message);

#endif
