/*
 * Handlers that change more than one commit holds: they work in slices, each a commit of its own
 * and with memory of its own, so that neither grows with the work. A slice is run again like any
 * handler until its commit holds; only then does the next one begin. The caller is judged again for
 * each.
 */
#ifndef DATASTREAM_RPC_CALL_SLICES_H
#define DATASTREAM_RPC_CALL_SLICES_H

#include "rpc/call/call.h"

/* -- for handlers ---------------------------------------------------------------------------- */

/*
 * What this run puts into the commit, which may be nothing, is not all: the handler is to run again
 * after it, and finds a copy of these `size` bytes in call_slice. The same size in each run.
 * Whatever else the run allocates is gone then. Out of memory fails the arena.
 */
void call_continue(struct call *call, const void *state, size_t size);

/* What the slice before this one left; NULL in the first. */
const void *call_slice(const struct call *call);

/* -- for the chain --------------------------------------------------------------------------- */

struct slices {
    struct arena *whole; /* the exchange's, in which the first slice runs */
    struct arena arena;  /* of all others */
    void *state;         /* that the slice before left; NULL in the first */
    void *next;          /* that this one leaves */
    void *spare;
    size_t size;    /* of each of the three */
    bool continues; /* this run left something */
    bool committed; /* a slice was */
};

/*
 * Around each run of the handler: forgets what the run before asked for, and tells whether this one
 * left something for a further slice. Both know a call without slices.
 */
void slices__begin_run(struct call *call);
bool slices__continues(const struct call *call);

/* Whether something was committed although the last slice may have nothing to commit. */
bool slices__committed(const struct call *call);

/*
 * Begins the next slice: call->arena and call->view are its own, the view NULL when memory ended.
 */
void slices__advance(struct call *call);

/* Before the end of the call: what it answers with moves to the exchange's arena. */
void slices__end(struct call *call, struct status *status);

#endif
