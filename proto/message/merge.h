/*
 * Messages in parts. The format lets a singular message come several times and means their
 * concatenation; a later member of a oneof undoes the earlier. Whoever sends that is rare, so this
 * copies without thrift: each body once a level. /
 */
#ifndef DATASTREAM_PROTO_MESSAGE_MERGE_H
#define DATASTREAM_PROTO_MESSAGE_MERGE_H

#include "proto/message/wire.h"

/*
 * Joins singular messages that come in parts, at any depth, so that each comes once. `bytes` have
 * been walked; what is joined is in the arena. False when the arena failed.
 */
bool wire__merge_parts(struct arena *arena, const struct message_type *type, struct slice bytes,
                       struct slice *ret_bytes);

#endif
