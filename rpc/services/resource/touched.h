/*
 * Which fields of an object an update names. Rules of all other fields are not judged again, so
 * that a stricter contract does not make an old object impossible to change. What an update creates
 * (a message, the elements of a list, the member of a oneof) is named as a whole. Pure.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_TOUCHED_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_TOUCHED_H

#include "proto/message/message.h"

/* Zero-initialize: nothing is touched. Plain; lives in the arena of the call. */
struct touched {
    bool whole; /* the object is judged as if it were created */
    struct touch *first;
};

/* Notes that the field of the message, with all that is in it, was written. */
void touched__add(struct touched *touched, struct arena *arena, const ProtobufCMessage *message,
                  const struct field *field);

/*
 * Whether the field of that very message was written, or another member of its oneof; for NULL
 * always. A message
 * within a field that was written holds no marks of its own: who walks passes that on.
 */
bool touched_has(const struct touched *touched, const ProtobufCMessage *message,
                 const struct field *field);

/* Whether a field of that very message was written. */
bool touched__is_in(const struct touched *touched, const ProtobufCMessage *message);

#endif
