/*
 * The Owner of an organization, for the operator's tools: who it is, whether there is exactly one,
 * and how one is made where there is none.
 */
#ifndef DATASTREAM_RPC_SERVICES_OWNER_H
#define DATASTREAM_RPC_SERVICES_OWNER_H

#include "rpc/identity/identity.h"
#include "storage/store.h"

/*
 * The key of the user whom the record of an organization (a stored value) names as its Owner; empty
 * where it names none. False when the record cannot be read or the arena failed.
 */
bool owner_key(struct arena *arena, const struct contract *contract,
               const struct uuid *organization, struct slice value, struct slice *ret_key);

/* Whether the record of a user (a stored value) has the role Owner. */
bool owner_has_role(struct arena *arena, const struct identity_registry *identities,
                    struct slice value);

struct owner_reset {
    struct store *store;
    const struct identity_registry *identities;
    const struct contract *contract;
    struct uuid organization;
    struct slice email;
    const char *phc; /* of the password that the Owner gets */
};

/*
 * The organization of the id, or the only one of the store where `id` is empty; its name, and the
 * least length of a password there. INVALID_ARGUMENT for an id that is none or where there are
 * several, NOT_FOUND, DATA_LOSS, UNAVAILABLE by the store.
 */
struct status owner_find_organization(struct store *store, struct arena *arena, struct slice id,
                                      struct uuid *ret_organization, struct slice *ret_name,
                                      unsigned *ret_password_length);

#endif
