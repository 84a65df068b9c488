/* The facts of a session, as the family session_hashes keeps them. Pure. */
#ifndef DATASTREAM_RPC_IDENTITY_SESSION_FACTS_H
#define DATASTREAM_RPC_IDENTITY_SESSION_FACTS_H

#include "base/arena.h"
#include "base/uuid.h"
#include "rpc/identity/identity.h"

/* Plain. Times are milliseconds since 1970. */
struct session_facts {
    struct uuid organization;
    struct uuid user;
    struct uuid session;
    uint32_t generation; /* the user's, when the session got its value */
    int64_t create_ms;
    int64_t absolute_end_ms;
    int64_t idle_end_ms;
    int64_t idle_ms; /* from a use to the idle end */
};

/* The body of the row; empty when the arena failed. */
struct slice session_facts_pack(struct arena *arena, const struct session_facts *facts);

/* Reads a stored record (with its header). False where it is none, or the arena failed. */
bool session_facts_read(struct arena *arena, struct slice value, struct session_facts *ret_facts,
                        uint64_t *ret_revision);

/* Whether the session has ended by its time, or by what happened to the user of the generation. */
bool session_has_ended(const struct session_facts *facts, uint32_t generation, int64_t now_ms);

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

#endif
