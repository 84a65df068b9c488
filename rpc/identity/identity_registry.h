/* The process-wide part of identities, as the caches see it. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_IDENTITY_IDENTITY_REGISTRY_H
#define DATASTREAM_RPC_IDENTITY_IDENTITY_REGISTRY_H

#include "rpc/identity/identity.h"

/* What a commit touched: the facts of a token or of a session under a hash, a role, or a user. */
enum publication_type {
    PUBLICATION_FACTS = 1,
    PUBLICATION_ROLE = 2,
    PUBLICATION_SESSION = 3,
    PUBLICATION_USER = 4,
};

struct publication {
    enum publication_type type;
    uint8_t key[32]; /* hash; or organization and role or user, 16 bytes each */
};

/*
 * Publication `number`; they are numbered from 1, and the epoch is the number of the last. False
 * when it is no longer kept. Any thread, up to an epoch that it has loaded.
 */
bool identity__publication(const struct identity_registry *registry, uint64_t number,
                           struct publication *ret_publication);

/* How many publications are kept. */
#define IDENTITY_PUBLICATIONS_KEPT 4096

/* Numbers of the kinds "roles" and "users" in keys. */
uint32_t identity__role_kind(const struct identity_registry *registry);
uint32_t identity__user_kind(const struct identity_registry *registry);

#endif
