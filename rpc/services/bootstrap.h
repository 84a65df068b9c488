/*
 * What the operator's tools and the setup share: the rows of a new organization, in a commit that
 * is theirs. Predefined roles have no rows.
 */
#ifndef DATASTREAM_RPC_SERVICES_BOOTSTRAP_H
#define DATASTREAM_RPC_SERVICES_BOOTSTRAP_H

#include "rpc/call/call.h"

/* Plain; everything is borrowed. */
struct bootstrap {
    const struct kind *tokens;
    const struct kind *users;
    const struct identity_registry *identities;
    struct arena *arena;
    struct commit *commit;
    const struct call *call; /* that asks for it; NULL: an operator's tool */
    int64_t now_ms;
    struct uuid organization;
    struct uuid token;
    struct uuid owner;
    struct slice name;
    struct slice owner_email;
    struct slice owner_name;
};

/* Adds the record of the organization, and of its Owner, with the audit row of each. */
void bootstrap__put_organization(struct bootstrap *bootstrap, bool has_owner);
void bootstrap__put_owner(struct bootstrap *bootstrap, const char *phc);

/* Adds an API token of the role with this value, and its audit row. */
void bootstrap__put_token(struct bootstrap *bootstrap, const struct predefined_role *role,
                          struct slice value);

/* Adds the condition that the store has no organization. */
void bootstrap__require_first(struct bootstrap *bootstrap);

/* Whether the store has an organization; STORE_AGAIN and STORE_FAILED leave *ret_any as it was. */
enum store_found bootstrap__has_any(struct store_view *view, struct arena *arena, bool *ret_any);

#endif
