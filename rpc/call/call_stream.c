/*
 * The streams of a loop.
 *
 *   AWAKE -> SLEEPING   all was read, and there were no news since the read began
 *   AWAKE -> QUEUED     there is more, but the others have their turn first
 *   AWAKE -> FETCHING   a read missed; its thread calls `post`
 *   any   -> AWAKE      the frontend pulls or ticks, or the loop was woken and found a cause
 *
 * A stream that has an end neither sleeps nor has heartbeats: there is more until it ends.
 *
 * A stream is looked at when there are news of its organization, when what could change an identity
 * was published, and when the server drains.
 */
#include "rpc/call/call_stream.h"

#include <assert.h>

#include "rpc/call/authorize.h"
#include "rpc/call/call_state.h"
#include "rpc/call/call_stream_internal.h"
#include "rpc/call/chain.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/time_floor.h"

/* Looked at before the loop's other work has its turn; each may read a slice. */
#define LOOKS_A_TURN 16

struct stream {
    struct stream *next, *prev; /* of the loop's ring */
    struct call *call;
    const struct stream_handler *handler;
    enum { STREAM_AWAKE, STREAM_SLEEPING, STREAM_QUEUED, STREAM_FETCHING } state;

    struct arena message;       /* of one message, or of one judgement */
    struct store_view *judging; /* a judgement is under way; in `message` */

    struct arena slice;         /* of what was read */
    struct store_view *reading; /* a read is under way; in `slice` */
    uint64_t revision;          /* of the store, before the read that is under way */
    uint64_t seen;              /* the same of the last whole read */
    bool more;                  /* it left something */

    struct stream_copies
        *copies; /* of the message that was told last; NULL: it is this stream's alone */

    bool sent; /* a message, since the last tick */
    bool due;  /* a heartbeat */
};

/* -- the loop's ring ----------------------------------------------------------------------- */

static void on_news(struct news_listener *listener)
{
    struct chain_loop *loop = (struct chain_loop *)((char *)listener -
                                                    offsetof(struct chain_loop, listener));

    loop->wake(loop->wake_context);
}

void stream__join(struct chain_loop *loop)
{
    loop->listener = (struct news_listener){.wake = on_news};
    if (loop->chain->news != NULL)
        news__join(loop->chain->news, &loop->listener);
}

void stream__leave(struct chain_loop *loop)
{
    assert(loop->streams == NULL);
    if (loop->chain->news != NULL)
        news__leave(loop->chain->news, &loop->listener);
}

static void enter(struct chain_loop *loop, struct stream *stream)
{
    if (loop->streams == NULL) {
        stream->next = stream->prev = stream;
        loop->streams = stream;
    } else { /* after all others, as they come round */
        stream->next = loop->streams;
        stream->prev = loop->streams->prev;
        stream->prev->next = stream->next->prev = stream;
    }
    if (loop->stream_count++ == 0 && loop->chain->news != NULL)
        news__listen(loop->chain->news, &loop->listener, true);
}

static void leave(struct chain_loop *loop, struct stream *stream)
{
    assert(loop->streams != NULL && loop->stream_count > 0);
    stream->prev->next = stream->next;
    stream->next->prev = stream->prev;
    if (loop->streams == stream)
        loop->streams = stream->next == stream ? NULL : stream->next;
    if (--loop->stream_count > 0)
        return;
    if (loop->chain->news != NULL)
        news__listen(loop->chain->news, &loop->listener, false);
    if (loop->shelf.kept != NULL)
        loop->shelf.free(loop->shelf.kept);
    loop->shelf.kept = NULL;
}

/* The loop comes round to the stream once the others had their turn. */
static void queue(struct stream *stream)
{
    stream->state = STREAM_QUEUED;
    news__wake(&stream->call->loop->listener);
}

/* -- ending -------------------------------------------------------------------------------- */

static enum stream_result end(struct stream *stream, struct status status)
{
    struct call *call = stream->call;

    assert(call->stream == stream);
    leave(call->loop, stream);
    arena_done(&stream->message);
    arena_done(&stream->slice);
    call->stream = NULL;
    call->view = NULL;
    call__finish(call, status);
    return STREAM_END;
}

static bool is_draining(const struct stream *stream)
{
    return atomic_load(&stream->call->loop->chain->draining);
}

static struct status draining(void)
{
    return status_const(STATUS_UNAVAILABLE,
                        SLICE("The server is shutting down; reconnect and resume."));
}

/* What the view missed is fetched: STREAM_WAIT, or the end when it is never there. */
static enum stream_result fetch(struct stream *stream)
{
    stream->state = STREAM_FETCHING;
    return call__fetch(stream->call) ? STREAM_WAIT : end(stream, call__never_there());
}

static bool has_end(const struct stream *stream)
{
    return stream->handler->heartbeat == NULL && stream->handler->read != NULL;
}

/* -- judging ------------------------------------------------------------------------------- */

/* STREAM_MESSAGE when the stream may go on. */
static enum stream_result judge(struct stream *stream)
{
    struct call *call = stream->call;
    struct status status;

    call->now_ms = time_floor_now_ms();
    if (call->cancelled)
        return end(stream, call__cancelled());
    if (is_draining(stream))
        return end(stream, draining());
    if (stream->judging == NULL) {
        if (authorize__still_holds(call))
            return STREAM_MESSAGE;
        arena_reset(&stream->message);
        stream->judging = store_view_open(call->loop->chain->store, &stream->message);
        if (stream->judging == NULL)
            return end(stream, status_out_of_memory());
        call->fetches = 0;
    }
    call->view = stream->judging;
    if (!authorize__judge(call, &status))
        return arena_failed(&stream->message) ? end(stream, status_out_of_memory()) : fetch(stream);
    stream->judging = NULL;
    if (status_is_ok(status))
        status = stream->handler->admit(call);
    return status_is_ok(status) ? STREAM_MESSAGE : end(stream, status);
}

/* -- pulling ------------------------------------------------------------------------------- */

/* Whether it pays to read: something is left, there are news, or a heartbeat needs a revision. */
static bool wants_read(const struct stream *stream)
{
    const struct call *call = stream->call;
    const struct news *news = call->loop->chain->news;

    if (has_end(stream))
        return stream->reading != NULL || stream->more;
    return stream->reading != NULL || stream->more || stream->due ||
           (news != NULL && news__since(news, &call->identity.organization, stream->seen));
}

static bool recall(struct stream *stream)
{
    uint64_t revision = stream->seen;
    bool more = false;

    if (stream->reading != NULL || stream->handler->recall == NULL ||
        !stream->handler->recall(stream->call, &revision, &more))
        return false;
    stream->seen = revision;
    stream->more = more;
    return true;
}

/* STREAM_MESSAGE when a slice is there. */
static enum stream_result read_slice(struct stream *stream)
{
    struct call *call = stream->call;
    struct store *store = call->loop->chain->store;
    bool more = false;
    struct status status;

    if (recall(stream))
        return STREAM_MESSAGE;
    if (stream->reading == NULL) {
        arena_reset(&stream->slice);
        stream->revision = store_revision(store);
        stream->reading = store_view_open(store, &stream->slice);
        if (stream->reading == NULL)
            return end(stream, status_out_of_memory());
        call->fetches = 0;
    }
    call->view = stream->reading;
    status = stream->handler->read(call, &stream->slice, stream->revision, &more);
    if (arena_failed(&stream->slice) || arena_failed(call->arena))
        return end(stream, status_out_of_memory());
    if (store_view_missed(stream->reading))
        return fetch(stream);
    stream->reading = NULL;
    if (!status_is_ok(status))
        return end(stream, status);
    stream->seen = stream->revision;
    stream->more = more;
    return STREAM_MESSAGE;
}

/* The slice's next message; STREAM_WAIT when it has none. */
static enum stream_result take(struct stream *stream, ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message;

    arena_reset(&stream->message);
    stream->copies = NULL;
    message = stream->handler->next(stream->call, &stream->message);
    if (arena_failed(&stream->message))
        return end(stream, status_out_of_memory());
    if (message == NULL)
        return STREAM_WAIT;
    stream->sent = true;
    stream->due = false;
    *ret_message = message;
    return STREAM_MESSAGE;
}

/* The slice is at its end. */
static enum stream_result rest(struct stream *stream, ProtobufCMessage **ret_message)
{
    if (has_end(stream) && !wants_read(stream))
        return end(stream, status_ok());
    if (stream->due) {
        ProtobufCMessage *message = stream->handler->heartbeat(stream->call, &stream->message);

        stream->copies = NULL;
        if (message == NULL)
            return end(stream, status_out_of_memory());
        stream->due = false;
        *ret_message = message;
        return STREAM_HEARTBEAT;
    }
    if (wants_read(stream)) {
        queue(stream);
    } else { /* asleep it keeps nothing */
        stream->state = STREAM_SLEEPING;
        stream->call->view = NULL;
        arena_reset(&stream->slice);
        arena_reset(&stream->message);
    }
    return STREAM_WAIT;
}

enum stream_result call_stream__next(struct call *call, ProtobufCMessage **ret_message)
{
    struct stream *stream = call->stream;
    enum stream_result result;

    assert(call->state == CALL_STREAMING && stream->call == call);
    if (stream->state == STREAM_FETCHING)
        return STREAM_WAIT;
    stream->state = STREAM_AWAKE;
    result = judge(stream);
    if (result != STREAM_MESSAGE)
        return result;
    if (stream->reading == NULL) {
        result = take(stream, ret_message);
        if (result != STREAM_WAIT)
            return result;
        if (!wants_read(stream))
            return rest(stream, ret_message);
    }
    result = read_slice(stream);
    if (result != STREAM_MESSAGE)
        return result;
    result = take(stream, ret_message);
    return result == STREAM_WAIT ? rest(stream, ret_message) : result;
}

bool call_stream__copy(const struct call *call, enum stream_form form, struct slice *ret_bytes)
{
    const struct stream_copies *copies = call->stream->copies;

    if (copies == NULL || copies->bytes[form].len == 0)
        return false;
    *ret_bytes = copies->bytes[form];
    return true;
}

void call_stream__keep(const struct call *call, enum stream_form form, struct slice bytes)
{
    if (call->stream->copies != NULL)
        stream_copies__keep(call->stream->copies, form, bytes);
}

enum stream_result call_stream__admit(struct call *call)
{
    struct stream *stream = call->stream;

    assert(call->state == CALL_STREAMING && stream->call == call);
    if (stream->state == STREAM_FETCHING)
        return STREAM_WAIT;
    stream->state = STREAM_AWAKE;
    return judge(stream);
}

/* Who talks and may be known may talk on: the rest is the frontend's. */
static struct status no_more(struct call *call)
{
    (void)call;
    return status_ok();
}

const struct stream_handler stream__conversation = {.open = no_more, .admit = no_more};

/* -- being looked at ----------------------------------------------------------------------- */

static bool has_cause(const struct stream *stream)
{
    if (stream->state == STREAM_FETCHING)
        return false;
    return stream->state == STREAM_QUEUED || is_draining(stream) ||
           !authorize__still_holds(stream->call) ||
           (stream->state == STREAM_SLEEPING && wants_read(stream));
}

static void look(struct stream *stream)
{
    struct call *call = stream->call;

    stream->state = STREAM_AWAKE;
    if (judge(stream) == STREAM_MESSAGE)
        call->ready(call);
}

void chain_loop__wake(struct chain_loop *loop)
{
    unsigned looks = 0;

    news__look(&loop->listener);
    for (size_t left = loop->stream_count; left > 0 && loop->streams != NULL; left--) {
        struct stream *stream = loop->streams;

        if (!has_cause(stream)) {
            loop->streams = stream->next;
            continue;
        }
        if (looks++ == LOOKS_A_TURN) {
            news__wake(&loop->listener);
            return;
        }
        loop->streams = stream->next;
        look(stream);
    }
}

void chain_loop__bind(struct chain_loop *loop, void (*wake)(void *context), void *context,
                      struct account *memory)
{
    loop->shelf.memory = memory;
    assert(loop->streams == NULL); /* before the first */
    loop->wake_context = context;
    loop->wake = wake;
}

void chain_drain(struct chain *chain)
{
    atomic_store(&chain->draining, true);
    if (chain->news != NULL)
        news__ring(chain->news);
}

/* -- from the chain and the frontend ----------------------------------------------------------- */

static struct stream *make(struct call *call, const struct stream_handler *handler)
{
    struct stream *stream = arena_zalloc(call->arena, sizeof(*stream));

    if (stream == NULL)
        return NULL;
    stream->call = call;
    stream->handler = handler;
    stream->due = handler->heartbeat != NULL;
    stream->more = has_end(stream);
    arena_init_like(&stream->message, call->arena);
    arena_init_like(&stream->slice, call->arena);
    return stream;
}

void stream__begin(struct call *call, const struct stream_handler *handler)
{
    struct stream *stream = make(call, handler);

    if (arena_failed(call->arena)) {
        call__finish(call, status_out_of_memory());
        return;
    }
    assert(call->stream == NULL);
    call->stream = stream;
    enter(call->loop, stream);
    call__move(call, CALL_STREAMING);
    call->ready(call);
}

void stream__open(struct call *call, const struct stream_handler *handler)
{
    struct status status;

    assert(call->loop->wake != NULL);
    call->handler_state = NULL;
    status = atomic_load(&call->loop->chain->draining) ? draining() : handler->open(call);
    if (arena_failed(call->arena)) {
        call__finish(call, status_out_of_memory());
    } else if (store_view_missed(call->view)) {
        if (!call__fetch(call))
            call__finish(call, call__never_there());
    } else if (!status_is_ok(status)) {
        call__finish(call, status);
    } else if (call->audit != NULL) {
        call__submit(call);
    } else {
        stream__begin(call, handler);
    }
}

void stream__resume(struct call *call)
{
    assert(call->stream->state == STREAM_FETCHING);
    look(call->stream);
}

void call_stream__tick(struct call *call)
{
    struct stream *stream = call->stream;

    stream->due = stream->due || (!stream->sent && stream->handler->heartbeat != NULL);
    stream->sent = false;
    if (stream->state != STREAM_FETCHING)
        look(stream);
}

uint64_t call_stream__wait_ms(const struct call *call)
{
    const struct identity *identity = &call->identity;
    uint64_t ms = call__settings(call)->stream_heartbeat_ms;
    int64_t left = identity->expire_ms - time_floor_now_ms();

    if (call->method->access == ACCESS_PUBLIC || identity->expire_ms == 0)
        return ms;
    if (left < 1)
        left = 1;
    return (uint64_t)left < ms ? (uint64_t)left : ms;
}

void call_stream__cancel(struct call *call)
{
    call->cancelled = true;
    if (call->state == CALL_STREAMING && call->stream->state != STREAM_FETCHING)
        end(call->stream, call__cancelled());
}

uint64_t call_store_revision(const struct call *call)
{
    return store_revision(call->loop->chain->store);
}

struct stream_shelf *call_stream_shelf(const struct call *call)
{
    return &call->loop->shelf;
}

void call_stream_share(struct call *call, struct stream_copies *copies)
{
    call->stream->copies = copies;
}

void call_stream_again(struct call *call)
{
    call->stream->more = true;
}
