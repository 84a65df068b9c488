/* What identity.c offers the files of its own folder alone. */
#ifndef DATASTREAM_RPC_IDENTITY_IDENTITY_INTERNAL_H
#define DATASTREAM_RPC_IDENTITY_IDENTITY_INTERNAL_H

#include "rpc/identity/identity_cache.h"

/* Forgets what was published since the last time; returns the epoch up to which it did. */
uint64_t identity__catch_up(struct identity_cache *cache);

/* The permissions of a role, remembered or read; one that is not there permits nothing. */
enum store_found identity__find_role(struct identity_cache *cache, struct store_view *view,
                                     const struct uuid *organization, const struct uuid *role,
                                     struct permission_set *permissions, uint64_t *revision);

/* False where the bytes are no id. */
bool identity__take_uuid(ProtobufCBinaryData bytes, struct uuid *id);

/*
 * What a look-up in the store means for a caller; everything but found, absent and again is a
 * failure.
 */
enum identity_result identity__result_of(enum store_found found);

#endif
