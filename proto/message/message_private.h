/* Shared by the files that make messages, and by nobody else. */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_PRIVATE_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_PRIVATE_H

#include "proto/contract/contract.h"

/* In all maps of a message, at any depth, leaves only the last entry of each key. */
void message__keep_last_entries(struct arena *arena, const struct message_type *type,
                                ProtobufCMessage *message);

#endif
