/*
 * Who calls: from a token's value to its facts and its role's permissions, and from a session's to its
 * facts, its user's and the role's. Facts are cached, decisions never: each check judges ends, state
 * and networks anew.
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

/* NULL when memory ends. The contract is borrowed. */
struct identity_registry *identity_registry_new(const struct contract *contract);
void identity_registry_free(struct identity_registry *registry);

/* A store_observer (context: the registry): publishes what a commit touched. Committer's thread
 * only. */
void identity_observe(void *registry, const struct commit *commit);

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
 * has no permission, no end and no networks. `peer` is the address of the caller, text. `now_ms` is a
 * time that never steps back (time_floor.h). For IDENTITY_ENDED and
 * IDENTITY_OUTSIDE *ret_identity is set too, without permissions for the first.
 */
enum identity_result identity_resolve(struct identity_cache *cache, struct store_view *view,
                                      struct slice bearer, struct slice peer, int64_t now_ms,
                                      struct identity *ret_identity);

/*
 * Resolves the value of a session ("dss_..."), which only a cookie may carry. IDENTITY_UNKNOWN too
 * where the session has ended: by its time, by what happened to its user, or with its user.
 */
enum identity_result identity_resolve_session(struct identity_cache *cache, struct store_view *view,
                                              struct slice value, int64_t now_ms,
                                              struct identity *ret_identity);

/* Whether the last use of the session that was written is more than a minute ago. */
bool identity_session_is_idle(const struct identity *identity, int64_t now_ms);

/*
 * A use of such a session moves its idle end on: true, with a commit that does so, unless this loop
 * has made one already. Nobody need wait for it: where it conflicts, another use was written or the
 * session has ended.
 */
bool identity_use_session(struct identity_cache *cache, const struct identity *identity,
                          int64_t now_ms, struct commit *commit);

/* Whether nothing that could change any identity was published since this one was resolved. */
bool identity_is_current(const struct identity_cache *cache, const struct identity *identity);

/* How many publications there were. Any thread. */
uint64_t identity_epoch(const struct identity_registry *registry);

/*
 * Adds to a commit the conditions under which the identity stands: its facts, its user and its role as
 * they were read. A change or revocation that commits first makes this commit conflict.
 */
void identity_require(const struct identity *identity, struct commit *commit);

/* -- token values ---------------------------------------------------------------------------- */

#define TOKEN_VALUE_LEN 53 /* "dsa_" + 43 + 6 */

/* "dsa_" + 43 base62 characters of 256 random bits (unbiased) + 6 base62 characters of CRC-32. */
void token_value_make(const uint8_t random[32], char value[TOKEN_VALUE_LEN]);

/*
 * The same with another prefix, four characters: credentials of objects ("dsd_", "dse_"). They are
 * hashed and masked as tokens are.
 */
void credential_value_make(struct slice prefix, const uint8_t random[32],
                           char value[TOKEN_VALUE_LEN]);

/* Shape and checksum alone: what fails here is not looked up. */
bool token_value_is_wellformed(struct slice value);

/* The same of the key of a director, and of the value of a session. */
bool director_key_is_wellformed(struct slice value);
bool session_value_is_wellformed(struct slice value);

/* Of a session's value, for credential_value_make. */
#define SESSION_VALUE_PREFIX SLICE("dss_")

/* SHA-256 of the whole value. */
void token_value_hash(struct slice value, uint8_t hash[32]);

/* The first four characters, dots and the last four, in the arena. */
struct slice token_value_mask(struct arena *arena, struct slice value);

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

/* All of them (Owner, Admin, Contributor, User, API Administrator, API Contributor, API Reader, API
 * Verifier). */
const struct predefined_role *identity_predefined_roles(const struct identity_registry *registry,
                                                        size_t *ret_count);
/* By id; NULL for another. */
const struct predefined_role *identity_predefined_role(const struct identity_registry *registry,
                                                       const struct uuid *id);
/* By name, one of those below; NULL for another. */
const struct predefined_role *
identity_predefined_role_named(const struct identity_registry *registry, const char *name);
#define PREDEFINED_API_ADMINISTRATOR "API Administrator"
#define PREDEFINED_OWNER "Owner"
#define PREDEFINED_ADMIN "Admin"

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
