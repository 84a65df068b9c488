/* Messages of requests that could be read in part. Pure. */
#ifndef DATASTREAM_REST_PARTIAL_H
#define DATASTREAM_REST_PARTIAL_H

#include "proto/message/message.h"

/*
 * Puts empty strings and messages where a value that could not be read left a pointer without one:
 * elements of lists, entries and values of maps, members of oneofs, at any depth. The places of
 * other elements stay. When the arena fails the message must not be used.
 */
void partial__mend(struct arena *arena, const struct message_type *type, ProtobufCMessage *message);

#endif
