/*
 * The walk over outside protobuf bytes. protobuf-c has no depth bound, checks no UTF-8, cuts
 * strings at NUL, fails on groups and on wire types that it did not expect, refuses packed bools
 * past 1, and merges a message that comes in parts wrongly (with a oneof it reads out of bounds);
 * none of that gets past here.
 */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_WALK_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_WALK_H

#include "proto/message/message.h"

/*
 * Walks outside bytes by descriptor before protobuf-c sees them: depth, UTF-8 and NUL of every
 * string (map keys and values included). Unless kept, unknown fields, unknown groups and known
 * fields with another wire type are left out of *ret_bytes, which is the input itself when nothing
 * was dropped, else a copy in the arena. Groups are always left out (protobuf-c fails on them); a
 * known field with another wire type too. A packed repeated scalar is taken in both encodings.
 * Messages in parts are joined (protobuf-c merges them wrongly, with a oneof out of bounds), and
 * packed bools become 0 and 1 (protobuf-c refuses others). On a failure *ret_field is the field
 * that caused it, or NULL where there is none.
 */
enum walk_result message_walk(struct arena *arena, const struct message_type *type,
                              struct slice bytes, struct walk_options options,
                              struct slice *ret_bytes, const struct field **ret_field);

#endif
