/*
 * Idempotency-Key: who repeats a POST under the same key has it done once, and is answered with
 * what the first one did. There is no lock and no table of requests that are under way: that nobody
 * has used the key is a condition of the commit, so that of two at once the second conflicts, runs
 * again, finds the row of the first and replays it. A call that failed looks for that row once more
 * before it says so, since what it failed over may be the work of its twin. Only what was committed
 * is remembered, for
 * 24 hours.
 */
#ifndef DATASTREAM_RPC_CALL_IDEMPOTENCY_H
#define DATASTREAM_RPC_CALL_IDEMPOTENCY_H

#include "rpc/call/call.h"

#define IDEMPOTENCY_KEY_MOST 255
#define IDEMPOTENCY_KEEP_MS ((int64_t)24 * 60 * 60 * 1000)

/* Whether a row that was written at that time counts no longer. */
static inline bool idempotency__has_expired(int64_t time_ms, int64_t now_ms)
{
    return now_ms - IDEMPOTENCY_KEEP_MS >= time_ms;
}

/* So long a replay shows a value that is shown once. */
#define IDEMPOTENCY_SECRET_MS ((int64_t)10 * 60 * 1000)

/* A reason of ABORTED: the object that the request created or changed was deleted since. */
#define REASON_RESULT_GONE "IDEMPOTENT_RESULT_GONE"

/* -- for handlers ---------------------------------------------------------------------------- */

/* Whether the request came with a key that counts. */
bool call_has_idempotency_key(const struct call *call);

/*
 * 32 bytes for a value of the object that is shown once: the call's random bytes of that place or,
 * with a key, bytes that follow from the store's replay key, the row's nonce, the organization and
 * the object, so that a replay can make the value again. False when OpenSSL failed. The caller
 * wipes them.
 */
bool call_secret_bytes(const struct call *call, enum call_random place, const struct uuid *id,
                       uint8_t ret_bytes[32]);

/* -- trimming -------------------------------------------------------------------------------- */

/* Zero-initialize. One thread's. */
struct idempotency_trimmer {
    uint64_t from; /* no block before it is left */
};

/* -- for the chain --------------------------------------------------------------------------- */

/* Adds a violation for a key that is none. Only methods of POST have keys; others ignore them. */
void idempotency__check(struct call *call, struct violations *violations);

/*
 * Before the first run of the handler, which may change the request: sets call->idempotency where a
 * key counts. Out of memory fails the arena.
 */
void idempotency__begin(struct call *call);

enum idempotency_found {
    IDEMPOTENCY_NEW,    /* the handler is to run; or its failure to be told */
    IDEMPOTENCY_AGAIN,  /* the view missed */
    IDEMPOTENCY_REPLAY, /* the row is there */
    IDEMPOTENCY_REFUSED,
};

/* Looks for the row. IDEMPOTENCY_REFUSED sets *ret_status: the key's row is of another request. */
enum idempotency_found idempotency__look_up(struct call *call, struct status *ret_status);

/*
 * Whether the failure of the handler must wait until the row was looked for once more; it is kept
 * until then.
 */
bool idempotency__doubts(struct call *call, const struct status *failure);

/* The failure that was kept; OK when there is none. */
struct status idempotency__failure(const struct call *call);

/* Whether the answer of the handler, which filled the commit or not, is to be remembered. */
bool idempotency__remembers(const struct call *call);

/* Adds the row to the commit, and that there is none yet to its conditions. */
void idempotency__remember(struct call *call);

/* Makes the answer from the row. Run again where the view missed. */
struct status idempotency__replay(struct call *call);

#endif
