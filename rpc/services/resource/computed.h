/*
 * What answers hold and records do not: fields read from the references of others, and those that
 * the hook of a kind computes.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_COMPUTED_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_COMPUTED_H

#include "rpc/services/resource/object.h"

/*
 * Fills the objects of one answer (Get, List, create, update, actions), after what is stored of
 * them was packed. UNAVAILABLE by the store.
 */
struct status computed_fill(struct call *call, const struct kind *kind, ProtobufCMessage **objects,
                            size_t count);

#endif
