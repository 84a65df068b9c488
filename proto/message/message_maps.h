/* Maps as protobuf-c has them: lists of entries. Internal to proto/message/. */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_MAPS_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_MAPS_H

#include "proto/contract/contract.h"

/* In all maps of a message, at any depth, leaves only the last entry of each key. */
void message__keep_last_entries(struct arena *arena, const struct message_type *type,
                                ProtobufCMessage *message);

#endif
