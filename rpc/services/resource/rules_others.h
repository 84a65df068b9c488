/* Rules that span objects, and fields that are read from the references of others. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_OTHERS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_OTHERS_H

#include "rpc/services/resource/rules.h"

/*
 * Rules that span objects: what those that refer and those that are referred to have the same, by
 * the ids that the walk has noted, which were read. UNAVAILABLE by the store.
 */
struct status rules__check_others(const struct change *change,
                                  const struct references_collection *references);

/* The rules for what is read: fills the reverse fields of objects. UNAVAILABLE by the store. */
struct status rules__fill_reverse(struct call *call, const struct kind *kind,
                                  ProtobufCMessage **objects, size_t count);

#endif
