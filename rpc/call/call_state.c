/*
 * The state machine of a call.
 *
 *   NEW -> OPENING          authenticate and authorize; may wait for a fetch
 *   OPENING -> OPEN | DONE  `opened`
 *   OPEN -> RUNNING         identity again, validation, handler; may wait for fetches
 *   RUNNING -> COMMITTING   waits for the store
 *   COMMITTING -> RUNNING   a condition did not hold: all of it again
 *   COMMITTING -> STREAMING a stream whose opening is audited
 *   RUNNING                 may give way to other calls, and goes on
 *   RUNNING -> STREAMING    `ready`; call_stream.c has the rest
 *   RUNNING, COMMITTING, STREAMING -> DONE  `finish`
 *
 * At most one thing is waited for at a time: a fetch in OPENING, RUNNING and STREAMING, work of the
 * pool in RUNNING, a commit in COMMITTING. Its thread calls `post`, and the loop goes on in
 * call__resume.
 */
#include "rpc/call/call_state.h"

#include <assert.h>

#include "rpc/call/audit_row.h"
#include "rpc/call/chain.h"
#include "rpc/call/idempotency.h"
#include "rpc/call/slices.h"

#define FETCHES_MOST 64

void call__move(struct call *call, int state)
{
    static const unsigned legal[] = {
        [CALL_NEW] = 1U << CALL_OPENING,
        [CALL_OPENING] = 1U << CALL_OPEN | 1U << CALL_DONE,
        [CALL_OPEN] = 1U << CALL_RUNNING,
        [CALL_RUNNING] = 1U << CALL_COMMITTING | 1U << CALL_STREAMING | 1U << CALL_DONE,
        [CALL_COMMITTING] = 1U << CALL_RUNNING | 1U << CALL_STREAMING | 1U << CALL_DONE,
        [CALL_STREAMING] = 1U << CALL_DONE,
        [CALL_DONE] = 0,
    };

    assert((legal[call->state] >> state & 1) != 0);
    call->state = state;
}

/* -- ending -------------------------------------------------------------------------------- */

void call__finish(struct call *call, struct status status)
{
    if (status.code == STATUS_PERMISSION_DENIED)
        audit_row__note_denial(call, &status);
    assert(call->finish != NULL && !call->work_waits);
    slices__end(call, &status);
    if (call->is_stored && !status_is_ok(status))
        status = status_stored();
    if (!status_is_ok(status)) {
        call->response = NULL;
        call->answer_metadata = NULL;
    }
    call__move(call, CALL_DONE);
    call->status = status;
    call->finish(call);
}

struct status call__cancelled(void)
{
    return status_const(STATUS_CANCELLED, SLICE("The call was cancelled."));
}

/* -- waiting ------------------------------------------------------------------------------- */

/* The engine's thread. */
static void fetched(void *context)
{
    struct call *call = context;

    call->post(call);
}

bool call__fetch(struct call *call)
{
    assert(call->view != NULL && call->post != NULL);
    if (++call->fetches > FETCHES_MOST)
        return false;
    store_fetch(call->view, fetched, call);
    return true;
}

struct status call__never_there(void)
{
    return status_const(STATUS_UNAVAILABLE, SLICE("The store found no such record."));
}

/* -- committing ------------------------------------------------------------------------------- */

/* The engine's thread. */
static void committed(struct commit *commit, void *context)
{
    struct call *call = context;

    assert(commit == &call->commit && commit->result != COMMIT_PENDING);
    call->post(call);
}

/* Says how many objects fit: each that changes has a row of the feed. */
static struct status too_large(struct call *call)
{
    size_t objects = 0;
    size_t fit;

    for (const struct feed_entry *f = call->commit.feed; f != NULL; f = f->next)
        objects++;
    fit = commit_objects_that_fit(&call->commit, objects);
    if (objects < 2 || fit == 0)
        return status_make(call->arena, STATUS_INVALID_ARGUMENT,
                           "The change is too large: one change may have at most %d rows and "
                           "conditions, and %d bytes.",
                           COMMIT_OPERATIONS_MOST, COMMIT_BYTES_MOST);
    return status_make(call->arena, STATUS_INVALID_ARGUMENT,
                       "The change is too large: of its %zu objects, %zu fit into one change.",
                       objects, fit);
}

void call__submit(struct call *call)
{
    struct commit *commit = &call->commit;

    assert(call->state == CALL_RUNNING && commit->arena == call->arena);
    identity_require(&call->identity, commit);
    audit_row__add_all(call);
    if (!slices__continues(call) && idempotency__remembers(call))
        idempotency__remember(call);
    if (arena_failed(call->arena)) {
        call__finish(call, status_out_of_memory());
        return;
    }
    if (!commit_fits(commit)) {
        call__finish(call, too_large(call));
        return;
    }
    call__move(call, CALL_COMMITTING);
    if (call->loop->gathers)
        store_commit_later(&call->loop->commits, commit, committed, call);
    else
        store_commit(call->loop->chain->store, commit, committed, call);
}
