/*
 * Who calls: from a token's value to its facts and its role's permissions, and from a session's to
 * its facts, its user's and the role's. Facts are cached, decisions never: each check judges ends,
 * state and networks anew.
 *
 * Each event loop has a cache of its own and takes no lock. Before the answer to a change is
 * released, the committer's thread publishes which hashes, users and roles the commit touched, in a
 * ring, and raises one atomic epoch; each check loads the epoch first and forgets what was
 * published since it last looked (everything, if it fell behind the ring). So a revocation has no
 * window, and nobody waits for a loop.
 */
#ifndef DATASTREAM_RPC_IDENTITY_IDENTITY_H
#define DATASTREAM_RPC_IDENTITY_IDENTITY_H

#include "base/uuid.h"
#include "proto/contract/contract.h"
#include "storage/store.h"

enum identity_type {
    IDENTITY_ANONYMOUS,
    IDENTITY_TOKEN,
    IDENTITY_SYSTEM,
    IDENTITY_DIRECTOR,
    IDENTITY_USER, /* by a session */
};

struct identity {
    enum identity_type type;
    struct uuid organization;
    struct uuid id; /* the token's, the director's or the user's */
    uint32_t kind;  /* IDENTITY_DIRECTOR: number of the kind of the object that `id` names */
    struct uuid role;
    struct permission_set permissions;
    int64_t expire_ms; /* of the credential, milliseconds since 1970; 0 for none */
    uint8_t hash[32];  /* key of the facts in token_hashes, or in session_hashes */
    uint64_t facts_revision;
    uint64_t role_revision; /* 0 for a predefined role */
    uint32_t role_kind;     /* number of the kind "roles" */
    uint64_t epoch;         /* when it was resolved */

    /* Of IDENTITY_USER alone. */
    struct uuid session;
    int64_t absolute_end_ms, idle_end_ms; /* of the session; `expire_ms` is the earlier one */
    int64_t idle_ms;                      /* from a use to the idle end */
    uint64_t user_revision;
    uint32_t user_kind; /* number of the kind "users" */
    bool must_change_password;
};

/* Process-wide: the epoch and the ring. */
struct identity_registry;
/* One event loop's. */
struct identity_cache;

/* `entries` bounds the tokens, and the sessions, that are remembered. NULL when memory ends. */
struct identity_cache *identity_cache_new(struct identity_registry *registry, size_t entries);
void identity_cache_free(struct identity_cache *cache);

enum identity_result {
    IDENTITY_OK,
    IDENTITY_UNKNOWN, /* malformed or unknown: 401 */
    IDENTITY_ENDED,   /* known, but disabled or expired: the same 401, and audited */
    IDENTITY_OUTSIDE, /* known and valid, but not from this address: the same, and audited */
    IDENTITY_AGAIN,   /* the view missed: fetch and run again */
    IDENTITY_FAILED,  /* the store failed */
};

/*
 * Resolves a bearer value: of an API token ("dsa_..."), or the key of a director ("dsd_..."), which
 * has no permission, no end and no networks. `peer` is the address of the caller, text. `now_ms` is
 * a time that never steps back (time_floor.h). For IDENTITY_ENDED and IDENTITY_OUTSIDE
 * *ret_identity is set too, without permissions for the first.
 */
enum identity_result identity_resolve(struct identity_cache *cache, struct store_view *view,
                                      struct slice bearer, struct slice peer, int64_t now_ms,
                                      struct identity *ret_identity);

/* Whether nothing that could change any identity was published since this one was resolved. */
bool identity_is_current(const struct identity_cache *cache, const struct identity *identity);

/*
 * Adds to a commit the conditions under which the identity stands: its facts, its user and its role
 * as they were read. A change or revocation that commits first makes this commit conflict.
 */
void identity_require(const struct identity *identity, struct commit *commit);

/* -- token values ---------------------------------------------------------------------------- */

#define TOKEN_VALUE_LEN 53 /* "dsa_" + 43 + 6 */

/* Of a session's value, for credential_value_make. */
#define SESSION_VALUE_PREFIX SLICE("dss_")

/* -- roles ------------------------------------------------------------------------------------ */

enum assignable { ASSIGNABLE_USERS = 1, ASSIGNABLE_TOKENS = 2, ASSIGNABLE_BOTH = 3 };

/* Predefined roles are computed from the contract and never stored; their ids are fixed. */
struct predefined_role {
    struct uuid id;
    const char *name;
    const char *description;
    enum assignable assignable;
    struct permission_set permissions;
};

/* By name, one of those below; NULL for another. */
const struct predefined_role *
identity_predefined_role_named(const struct identity_registry *registry, const char *name);
#define PREDEFINED_API_ADMINISTRATOR "API Administrator"
#define PREDEFINED_OWNER "Owner"
#define PREDEFINED_ADMIN "Admin"

#endif
