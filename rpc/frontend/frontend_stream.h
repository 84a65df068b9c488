/*
 * What both frontends share of calls that answer with a stream: messages are pulled as fast as the
 * peer takes them and no faster, a heartbeat breaks the silence, deadlines and cancellation end the
 * call, and all of it is given back when the exchange closes.
 */
#ifndef DATASTREAM_RPC_FRONTEND_FRONTEND_STREAM_H
#define DATASTREAM_RPC_FRONTEND_FRONTEND_STREAM_H

#include "rpc/call/call_stream.h"
#include "rpc/frontend/frontend.h"
#include "rpc/frontend/outbox.h"

struct frontend_stream;

/* How a frontend says it. */
struct frontend_stream_writer {
    /* The answer's head: the stream is open. Not called when it ends before. */
    void (*begin)(struct frontend_stream *stream);
    /* A message as bytes of the body, in `arena`; a status that is not OK ends the stream. */
    struct status (*write)(struct frontend_stream *stream, struct arena *arena,
                           const ProtobufCMessage *message, bool is_heartbeat,
                           struct slice *ret_bytes);
    /*
     * The end of the exchange. By a status that is not OK it is an answer of its own when the head
     * was not sent (FRONTEND_STREAMING); else the end of the body. Sets frontend->logged_status.
     */
    void (*end)(struct frontend_stream *stream, struct status status);
    /* In what form the stream's messages are written; may be NULL: in its own. */
    enum stream_form (*form)(const struct frontend_stream *stream);
    int closed_status; /* logged when the peer went away */
};

/* First in the frontend's own structure. In the exchange's arena, cleared. */
struct frontend_stream {
    /* Set by the frontend. */
    const struct frontend_stream_writer *writer;
    struct frontend_call *frontend;
    int64_t deadline_us; /* of clock_monotonic_us; 0 for none */
    bool head_only;      /* the stream ends with its head */

    /* frontend_stream.c's own. */
    bool open; /* `ready` was called */
    struct outbox outbox;
    struct arena scratch; /* of one message's bytes */
};

/* Takes the exchange over and dispatches the call, whose request is set. */
void frontend_stream_dispatch(struct frontends *frontends, struct frontend_stream *stream);

/* -- for frontends whose streams are no frontend_stream
 * ------------------------------------------------ */

/* The chain may wake the exchange's loop from now on. Before the call is dispatched. */
void frontend_stream_bind(struct frontends *frontends, const struct frontend_call *frontend);

/* Milliseconds, at least 1, until a deadline of clock_monotonic_us; 0 where there is none. */
uint64_t frontend_stream_left_ms(int64_t deadline_us);

/* The same until the open stream is to be looked at: its next tick, or the deadline if earlier. */
uint64_t frontend_stream_wait_ms(const struct frontend_call *frontend, int64_t deadline_us);

/* Whether there is a deadline and it has passed. */
bool frontend_stream_is_late(int64_t deadline_us);

/* One event loop's part: how the chain wakes it. Zero-initialize. */
struct frontend_waker {
    struct loop_task task;
    struct loop *loop;
    const struct chain_calls *calls;
    struct chain_loop *chain;
};

#endif
