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

/*
 * The same after `before` bytes that the caller writes: where those begin. NULL where the arena
 * failed, or the message has more than `most` bytes; no room is taken for them then. *ret_len is
 * how many bytes the message has, too many included; untouched where the arena failed.
 */
char *message_pack_after(struct arena *arena, size_t before, const ProtobufCMessage *message,
                         size_t most, size_t *ret_len);

#endif
