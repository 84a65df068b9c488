/*
 * Calls that answer with a stream of messages, for as long as the caller listens.
 *
 * A frontend dispatches such a call like any other. When the stream is open, `ready` is called, and
 * again whenever there may be something: the frontend then pulls messages with call_stream__next,
 * at its own pace, until there is none or its peer takes no more. `finish` is called once, at the
 * end: with OK where the method's streams have an end and all was told, else with the status that
 * says why not, such as that the caller may no longer see it, the server drains, or the call was
 * cancelled. While nothing happens a stream without an end costs nothing: it sleeps until the news
 * of a commit, and says by a heartbeat now and then how far it has come.
 *
 * Memory is bounded however long it lives: a slice of what was read, and one message.
 */
#ifndef DATASTREAM_RPC_CALL_CALL_STREAM_H
#define DATASTREAM_RPC_CALL_CALL_STREAM_H

#include "rpc/call/call.h"
#include "rpc/call/stream_copies.h"

enum stream_result {
    STREAM_MESSAGE,   /* of call_stream__admit: go on */
    STREAM_HEARTBEAT, /* a message too, which says only how far the stream has come */
    STREAM_WAIT,      /* nothing now; `ready` will be called */
    STREAM_END,       /* `finish` was called, and the call may be gone */
};

/*
 * What a streaming method is made of. Statuses live in call->arena and, except OK, end the stream.
 * `open` and `read` run again after a fetch, as handlers do: they change nothing before what they
 * read was there.
 */
struct stream_handler {
    bool audits; /* `open` adds audit rows */
    /*
     * Checks the request and sets call->handler_state, in call->arena. Audit rows that it adds
     * (call_audit_add) are durable before `ready`.
     */
    struct status (*open)(struct call *call);
    /* The caller's identity was judged anew: whether it may still see the stream. */
    struct status (*admit)(struct call *call);
    /*
     * Reads the next slice through call->view into `arena`, which lives until the next read.
     * `revision` was the store's before. *ret_more: there is more to read at once.
     */
    struct status (*read)(struct call *call, struct arena *arena, uint64_t revision,
                          bool *ret_more);
    /*
     * May be NULL: a slice from memory in place of `read`, where there is one. *ret_revision: a
     * revision of the store that the slice and what was told before reach, unless there is more to
     * read at once.
     */
    bool (*recall)(struct call *call, uint64_t *ret_revision, bool *ret_more);
    /*
     * The next message of the slice, in `arena` or shared (call_stream_share); NULL when there is
     * none (or the arena failed).
     */
    ProtobufCMessage *(*next)(struct call *call, struct arena *arena);
    /*
     * A message that says how far the stream has come; the slice is at its end. NULL: the stream
     * ends, with OK, once a read said that there is no more.
     */
    ProtobufCMessage *(*heartbeat)(struct call *call, struct arena *arena);
};

struct stream_entry {
    const char *method; /* full name */
    const struct stream_handler *handler;
};

/*
 * The next message, which lives until the next call of this function. Only between `ready` and
 * `finish`. Not from within `finish`.
 */
enum stream_result call_stream__next(struct call *call, ProtobufCMessage **ret_message);

/*
 * What was kept of the message that call_stream__next gave last, in a frontend's form: false where
 * nothing was. Lives as long as the message.
 */
bool call_stream__copy(const struct call *call, enum stream_form form, struct slice *ret_bytes);

/* Keeps what the frontend wrote for that message, where other streams tell it too. */
void call_stream__keep(const struct call *call, enum stream_form form, struct slice bytes);

/*
 * For a method that its frontend answers by itself, as long as its caller talks (streams of
 * requests, which are other packages'): dispatched like any other, `ready` and `finish` say the
 * same, and nothing is pulled. Whether the caller may be told the next answer: STREAM_MESSAGE, or
 * STREAM_WAIT or STREAM_END as above. When and where call_stream__next could be called.
 */
enum stream_result call_stream__admit(struct call *call);

/*
 * The frontend's timer: expiry is judged, and `ready` is called, for a heartbeat where nothing was
 * sent since the last tick. The next tick is due in call_stream__wait_ms. Either may call `finish`.
 */
void call_stream__tick(struct call *call);
uint64_t call_stream__wait_ms(const struct call *call);

/* Ends the call, now or once what it waits for has come. Not from within `finish`. */
void call_stream__cancel(struct call *call);

/* Newest revision of the store. */
uint64_t call_store_revision(const struct call *call);

/* -- for handlers of streams ------------------------------------------------------------------ */

/* What the streams of a loop share. Plain; of the loop's thread. */
struct stream_shelf {
    void *kept;               /* the handlers' own; NULL when the loop's first stream comes */
    void (*free)(void *kept); /* called after the loop's last stream, where `kept` is not NULL */
    size_t bytes;             /* that it may have */
    struct account *memory;   /* the loop's, which it is to count in; NULL: in none */
};

/* The shelf of the call's loop. */
struct stream_shelf *call_stream_shelf(const struct call *call);

/*
 * From `next`: the message is told by other streams too, and has copies. It lives until `next` is
 * called.
 */
void call_stream_share(struct call *call, struct stream_copies *copies);

/* From `next`: the slice ended early, and is to be read anew. */
void call_stream_again(struct call *call);

/* ------------------------------------------------------------------------------------------- */

/*
 * How another thread wakes the loop: `wake` leads to one chain_loop__wake on the loop's thread.
 * `memory` is the loop's account, which outlives its streams; NULL: nothing is counted.
 * Before the loop's first stream is dispatched.
 */
void chain_loop__bind(struct chain_loop *loop, void (*wake)(void *context), void *context,
                      struct account *memory);

/* The loop's thread, after `wake`: looks at its streams, some at a time. */
void chain_loop__wake(struct chain_loop *loop);

/* From now on streams end with UNAVAILABLE. Any thread. */
void chain_drain(struct chain *chain);

#endif
