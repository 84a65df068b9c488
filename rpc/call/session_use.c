/* Each commit has an arena of its own, which ends with it: the call may be gone by then. */
#include "rpc/call/session_use.h"

#include <stdlib.h>

#include "base/log.h"
#include "rpc/call/chain.h"
#include "rpc/identity/session_facts.h"

#define USE_BYTES ((size_t)16 << 10)
/* An engine may see conflicts where there are none. */
#define TRIES_MOST 16

struct use {
    struct arena arena;
    struct commit commit;
    struct store *store;
    unsigned tries;
};

static void use_free(struct use *use)
{
    arena_done(&use->arena);
    free(use);
}

/* The engine's thread. A conflict that stays says that the session ended, or is used elsewhere. */
static void use_done(struct commit *commit, void *context)
{
    struct use *use = context;

    if (commit->result == COMMIT_CONFLICT && ++use->tries < TRIES_MOST) {
        store_commit(use->store, &use->commit, use_done, use);
        return;
    }
    if (commit->result == COMMIT_FAILED)
        log_event(LOG_ERROR, "session.use_lost", LOG_INT("result", commit->result));
    use_free(use);
}

void session_use__note(struct call *call)
{
    struct use *use;

    if (call->identity.type != IDENTITY_USER ||
        !identity_session_is_idle(&call->identity, call->now_ms))
        return;
    use = calloc(1, sizeof(*use));
    if (use == NULL)
        return;
    arena_init(&use->arena, NULL, USE_BYTES);
    use->store = call->loop->chain->store;
    commit_init(&use->commit, &use->arena);
    if (identity_use_session(call->loop->cache, &call->identity, call->now_ms, &use->commit))
        store_commit(use->store, &use->commit, use_done, use);
    else
        use_free(use);
}
