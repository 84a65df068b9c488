/* Loops at work: their threads and turns. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_LOOP_RUN_H
#define DATASTREAM_RPC_NET_LOOP_RUN_H

#include "rpc/net/loop_internal.h"

/* Makes a loop and starts its thread. False where the system refuses. */
bool loop__start(struct loop *loop);

/* Joins the thread, after loop->ended was called, and frees what the loop had. */
void loop__done(struct loop *loop);

/*
 * A loop without a thread of its own, for tests: loop_step runs one turn on the calling thread and
 * does not wait; loop_release frees what loop_init created (all that loop__start does before its
 * thread; false where the system refuses), once no connection is left.
 */
bool loop_init(struct loop *loop);
void loop_step(struct loop *loop);
void loop_release(struct loop *loop);

/* Whether the loop has nothing to do until a socket, a timer or a post gives it something. */
bool loop_is_at_rest(const struct loop *loop);

/* Any thread: close what is idle, finish what runs, then end. / Cut what still runs. */
void loop__drain(struct loop *loop);
void loop__cut(struct loop *loop);

/*
 * The acceptor's thread: close some connections that are idle, the longest idle ones; those of
 * sources that hold nearly all that they may, or `any`.
 */
void loop__close_idle(struct loop *loop, bool any);

#endif
