/*
 * An event loop: one thread with its own connections, arenas and timers. Only loop_post crosses
 * threads.
 */
#ifndef DATASTREAM_RPC_NET_LOOP_H
#define DATASTREAM_RPC_NET_LOOP_H

#include "base/arena.h"

struct loop;

/* Work handed to a loop, inside the poster's own structure. */
struct loop_task {
    struct loop_task *next; /* the loop's */
    void (*run)(struct loop_task *task);
};

/*
 * Has `task->run` called on the loop's thread, in the order of posting by one thread. Any thread.
 * The task stays the caller's and may be posted again once it runs. The loop must not have ended:
 * whoever posts holds an exchange of it.
 */
void loop_post(struct loop *loop, struct loop_task *task);

/* 0 .. number of loops - 1. */
unsigned loop_index(const struct loop *loop);

#endif
