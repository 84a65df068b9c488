/*
 * Expensive pure functions, off the loops: a handler asks for one as it asks the store for a key,
 * answers, and runs again when the result is there. A pool of two threads runs them, with a short
 * queue: what does not fit is refused at once, so that nobody waits long and the loops stay free.
 */
#ifndef DATASTREAM_RPC_CALL_WORK_H
#define DATASTREAM_RPC_CALL_WORK_H

#include "rpc/call/call.h"

/* How many of a pool run, and how many wait. */
#define WORK_THREADS 2
#define WORK_QUEUE_MOST 16

/*
 * What runs on the pool's thread: pure, reads the input and writes the output, which was zeroed. It
 * touches neither the call nor its arena.
 */
typedef void work_function(struct slice input, void *output);

enum work_result {
    WORK_DONE,  /* the output is there */
    WORK_AGAIN, /* return anything: the handler runs again, or the chain refuses the call */
};

/*
 * Runs the function over the input once for the call: a run of the handler that asks for the same
 * function and input again finds the output, whatever conflicts or fetches came between. One at a
 * time: a handler that asks for two gets one after the other. Copies the input; output and copy
 * live in the call's arena, which is wiped at its end. The call ends with RESOURCE_EXHAUSTED and
 * RetryInfo where the queue is full.
 */
enum work_result call_work(struct call *call, work_function *run, struct slice input,
                           size_t output_size, void **ret_output);

/* -- the pool, for the chain ------------------------------------------------------------------- */

struct work_pool;

/* Lives in the arena; starts no thread until there is work. NULL when the arena failed. */
struct work_pool *work__pool_new(struct arena *arena);
/* Ends the threads, when no call waits for them any more. */
void work__pool_stop(struct work_pool *pool);

/*
 * Hands the work that the call's handler asked for to the pool, which calls call->post when it is
 * done. False when there is no room, or no thread could be started. Any loop.
 */
bool work__submit(struct work_pool *pool, struct call *call);

/* The call's loop, when it is resumed: what it waited for is there. */
void work__done(struct call *call);

#endif
