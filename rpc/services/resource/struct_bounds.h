/* The bounds of a google.protobuf.Struct in a resource: FieldPolicy.struct_bounds. Pure. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_STRUCT_BOUNDS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_STRUCT_BOUNDS_H

#include "proto/contract/contract.h"

/*
 * Whether `message`, a google.protobuf.Struct, keeps the bounds. Bytes are those of its binary
 * form; the Struct itself is level 1, and each object or list in it one more; values are counted at
 * every depth. False sets *ret_description to a predicate that follows the field's name; it lives
 * in the arena and is empty where that failed.
 */
bool struct_bounds__hold(struct arena *arena, const struct struct_bounds *bounds,
                         const ProtobufCMessage *message, struct slice *ret_description);

#endif
