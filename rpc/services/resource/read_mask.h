/* Read masks (AIP-157): which fields of objects an answer shows. Pure. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_READ_MASK_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_READ_MASK_H

#include "proto/message/message.h"

/*
 * Checks the paths of a google.protobuf.FieldMask, or NULL, in proto or JSON names. *ret_mask is
 * NULL when it asks for everything. INVALID_ARGUMENT at "readMask" for a path that names nothing
 * that answers show; a path ends at lists, maps and well-known types.
 */
struct status read_mask__check(struct arena *arena, const struct message_type *type,
                               const ProtobufCMessage *mask, const ProtobufCMessage **ret_mask);

/* A message with the fields that a checked mask names, and no others; values are shared. */
ProtobufCMessage *read_mask__keep(struct arena *arena, const struct message_type *type,
                                  const ProtobufCMessage *mask, const ProtobufCMessage *message);

#endif
