/* The process-wide part of identities, as the caches see it. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_IDENTITY_IDENTITY_REGISTRY_H
#define DATASTREAM_RPC_IDENTITY_IDENTITY_REGISTRY_H

#include "rpc/identity/identity.h"

/*
 * What a commit touched: the facts of a token or of a session under a hash, a role, a user, or the
 * record of a token, of which only the name counts.
 */
enum publication_type {
    PUBLICATION_FACTS = 1,
    PUBLICATION_ROLE = 2,
    PUBLICATION_SESSION = 3,
    PUBLICATION_USER = 4,
    PUBLICATION_TOKEN = 5,
};

struct publication {
    enum publication_type type;
    uint8_t key[32]; /* hash; or organization and role, user or token, 16 bytes each */
};

/*
 * Publication `number`; they are numbered from 1, and the epoch is the number of the last. False
 * when it is no longer kept. Any thread, up to an epoch that it has loaded.
 */
bool identity__publication(const struct identity_registry *registry, uint64_t number,
                           struct publication *ret_publication);

/* How many publications are kept (cache_size.h). */
#define IDENTITY_PUBLICATIONS_KEPT 4096

/* Numbers of the kinds "roles" and "users" in keys. */
uint32_t identity__role_kind(const struct identity_registry *registry);
uint32_t identity__user_kind(const struct identity_registry *registry);

/* NULL when memory ends. The contract is borrowed. */
struct identity_registry *identity_registry_new(const struct contract *contract);
void identity_registry_free(struct identity_registry *registry);

/* A store_observer (context: the registry): publishes what a commit touched. Committer's thread
 * only. */
void identity_observe(void *registry, const struct commit *commit);

/* How many publications there were. Any thread. */
uint64_t identity_epoch(const struct identity_registry *registry);

/* All of them (Owner, Admin, Contributor, User, API Administrator, API Contributor, API Reader, API
 * Verifier). */
const struct predefined_role *identity_predefined_roles(const struct identity_registry *registry,
                                                        size_t *ret_count);

/* By id; NULL for another. */
const struct predefined_role *identity_predefined_role(const struct identity_registry *registry,
                                                       const struct uuid *id);

/*
 * The permissions of any role of the organization, predefined or stored, read through the view
 * (never from a cache). *ret_revision is 0 for a predefined role; STORE_ABSENT when there is none.
 * `ret_assignable`, `ret_name` may be NULL.
 */
enum store_found identity_read_role(const struct identity_registry *registry, struct arena *arena,
                                    struct store_view *view, const struct uuid *organization,
                                    const struct uuid *role, struct permission_set *ret_permissions,
                                    enum assignable *ret_assignable, struct slice *ret_name,
                                    uint64_t *ret_revision);

#endif
