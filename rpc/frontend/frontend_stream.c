/*
 * Pulling stops in three ways: the call has nothing (it calls `ready` later), the exchange is full
 * (it calls `writable` later), or the stream has ended.
 */
#include "rpc/frontend/frontend_stream.h"

#include <assert.h>

#include "base/clock.h"

/* What is gathered before it is handed over. */
#define GATHER_BYTES ((size_t)16384)

/* -- waking -------------------------------------------------------------------------------- */

static void run_wake(struct loop_task *task)
{
    const struct frontend_waker *waker = (const struct frontend_waker *)(const void *)task;

    waker->calls->loop_wake(waker->chain);
}

/* Any thread. The loop lives: it has a stream, and posts come one at a time. */
static void wake(void *context)
{
    struct frontend_waker *waker = context;

    loop_post(waker->loop, &waker->task);
}

/* What a connection's memory is a part of in the end. */
static struct account *account_of_loop(const struct exchange *exchange)
{
    struct account *account = exchange->arena->account;

    while (account != NULL && account->whole != NULL)
        account = account->whole;
    return account;
}

void frontend_stream_bind(struct frontends *frontends, const struct frontend_call *frontend)
{
    struct loop *loop = frontend->exchange->loop;
    struct frontend_waker *waker = &frontends->wakers[loop_index(loop)];

    assert(waker->loop == NULL || waker->loop == loop);
    if (waker->loop != NULL)
        return;
    waker->task.run = run_wake;
    waker->loop = loop;
    waker->calls = frontend->chain;
    waker->chain = frontend->call.loop;
    waker->calls->loop_bind(waker->chain, wake, waker, account_of_loop(frontend->exchange));
}

/* -- time ---------------------------------------------------------------------------------- */

uint64_t frontend_stream_left_ms(int64_t deadline_us)
{
    int64_t left = (deadline_us - clock_monotonic_us() + 999) / 1000;

    if (deadline_us == 0)
        return 0;
    return left < 1 ? 1 : (uint64_t)left;
}

uint64_t frontend_stream_wait_ms(const struct frontend_call *frontend, int64_t deadline_us)
{
    uint64_t tick = frontend->chain->stream_wait_ms(&frontend->call);
    uint64_t left = frontend_stream_left_ms(deadline_us);

    return left != 0 && left < tick ? left : tick;
}

bool frontend_stream_is_late(int64_t deadline_us)
{
    return deadline_us != 0 && clock_monotonic_us() >= deadline_us;
}

/* -- ending -------------------------------------------------------------------------------- */

static void begin(struct frontend_stream *stream);

static void finish(struct frontend_stream *stream, struct status status)
{
    if (status_is_ok(status)) /* all was told, and it may be nothing */
        begin(stream);
    outbox__flush(&stream->outbox);
    /* What waits for the peer is bounded by the write timeout, and by the client's deadline. */
    exchange_set_timeout(stream->frontend->exchange, frontend_stream_left_ms(stream->deadline_us));
    stream->writer->end(stream, status);
    if (!frontend_is_over(stream->frontend))
        frontend_move(stream->frontend, FRONTEND_ANSWERED);
}

/* The frontend's `finish`. */
static void on_finished(struct call *call)
{
    struct frontend_stream *stream = frontend_of(call)->exchange->state;

    if (!frontend_is_over(stream->frontend))
        finish(stream, call->status);
}

/* Ends the stream from this side. The call may be gone when this returns. */
static void give_up(struct frontend_stream *stream, struct status status)
{
    finish(stream, status);
    stream->frontend->chain->stream_cancel(&stream->frontend->call);
}

/* -- pulling ------------------------------------------------------------------------------- */

static void begin(struct frontend_stream *stream)
{
    if (stream->frontend->state == FRONTEND_RUNNING) {
        frontend_move(stream->frontend, FRONTEND_STREAMING);
        stream->writer->begin(stream);
    }
}

/* The message as this frontend writes it: by itself, or as another stream did. */
static struct status bytes_of(struct frontend_stream *stream, const ProtobufCMessage *message,
                              bool is_heartbeat, struct slice *ret_bytes)
{
    const struct frontend_stream_writer *writer = stream->writer;
    const struct chain_calls *chain = stream->frontend->chain;
    const struct call *call = &stream->frontend->call;
    enum stream_form form = is_heartbeat || writer->form == NULL ? STREAM_FORM_OWN
                                                                 : writer->form(stream);
    struct status status;

    if (form != STREAM_FORM_OWN && chain->stream_copy(call, form, ret_bytes))
        return status_ok();
    status = writer->write(stream, &stream->scratch, message, is_heartbeat, ret_bytes);
    if (status_is_ok(status) && arena_failed(&stream->scratch))
        status = status_out_of_memory();
    if (status_is_ok(status) && form != STREAM_FORM_OWN)
        chain->stream_keep(call, form, *ret_bytes);
    return status;
}

/* False when the stream has ended over it. */
static bool put(struct frontend_stream *stream, const ProtobufCMessage *message, bool is_heartbeat)
{
    struct slice bytes = SLICE_EMPTY;
    struct status status = bytes_of(stream, message, is_heartbeat, &bytes);

    if (status_is_ok(status)) {
        begin(stream);
        if (!outbox__put(&stream->outbox, bytes))
            status = status_out_of_memory();
    }
    if (status_is_ok(status)) {
        arena_reset(&stream->scratch); /* the stream may wait for long until its next message */
        return true;
    }
    give_up(stream, status);
    return false;
}

static void pull(struct frontend_stream *stream)
{
    struct call *call = &stream->frontend->call;

    while (!stream->outbox.full) {
        ProtobufCMessage *message = NULL;
        enum stream_result result = stream->frontend->chain->stream_next(call, &message);

        if (result == STREAM_END)
            return;
        if (result == STREAM_WAIT)
            break;
        if (!put(stream, message, result == STREAM_HEARTBEAT))
            return;
        if (outbox__gathered(&stream->outbox) >= GATHER_BYTES)
            outbox__flush(&stream->outbox);
    }
    begin(stream);
    outbox__flush(&stream->outbox);
}

static void arm(struct frontend_stream *stream)
{
    exchange_set_timeout(stream->frontend->exchange,
                         frontend_stream_wait_ms(stream->frontend, stream->deadline_us));
}

static void on_ready(struct call *call)
{
    struct frontend_stream *stream = frontend_of(call)->exchange->state;

    if (!stream->open) {
        stream->open = true;
        arm(stream);
    }
    if (stream->head_only) {
        begin(stream);
        give_up(stream, status_ok());
    } else if (!stream->outbox.full) {
        pull(stream);
    }
}

/* -- what the exchange tells --------------------------------------------------------------- */

/* The request was read whole; what a client still sends is nobody's. */
static void on_body(struct exchange *exchange, struct slice bytes)
{
    exchange_consume(exchange, bytes.len);
}

static void on_body_end(struct exchange *exchange)
{
    (void)exchange;
}

static void on_writable(struct exchange *exchange)
{
    struct frontend_stream *stream = exchange->state;

    if (frontend_is_over(stream->frontend))
        return;
    stream->outbox.full = false;
    outbox__trim(&stream->outbox);
    if (stream->open)
        pull(stream);
}

static void on_timeout(struct exchange *exchange)
{
    struct frontend_stream *stream = exchange->state;
    bool late = !stream->open || frontend_stream_is_late(stream->deadline_us);

    if (frontend_is_over(stream->frontend)) {
        exchange_reset(exchange);
    } else if (!late) {
        outbox__trim(&stream->outbox);
        arm(stream);
        stream->frontend->chain->stream_tick(&stream->frontend->call);
    } else if (exchange_waiting(exchange) > 0) { /* a message may be half written */
        frontend_move(stream->frontend, FRONTEND_CUT);
        exchange_reset(exchange);
    } else {
        give_up(stream, status_const(STATUS_DEADLINE_EXCEEDED, SLICE("The deadline passed.")));
    }
}

static void on_closed(struct exchange *exchange, bool complete)
{
    struct frontend_stream *stream = exchange->state;
    struct frontend_call *frontend = stream->frontend;

    (void)complete;
    frontend_log(frontend, frontend->state == FRONTEND_ANSWERED ? frontend->logged_status
                                                                : stream->writer->closed_status);
    if (!frontend_is_over(frontend))
        frontend_move(frontend, FRONTEND_CUT);
    outbox__done(&stream->outbox);
    arena_done(&stream->scratch);
    if (frontend->dispatched)
        frontend->chain->stream_cancel(&frontend->call);
}

static const struct exchange_frontend handlers = {
    .body = on_body,
    .body_end = on_body_end,
    .writable = on_writable,
    .timeout = on_timeout,
    .closed = on_closed,
};

void frontend_stream_dispatch(struct frontends *frontends, struct frontend_stream *stream)
{
    struct frontend_call *frontend = stream->frontend;
    struct exchange *exchange = frontend->exchange;

    frontend_stream_bind(frontends, frontend);
    stream->outbox.exchange = exchange;
    arena_init_like(&stream->scratch, exchange->arena);
    exchange->frontend = &handlers;
    exchange->state = stream;
    frontend->finish = on_finished;
    frontend->call.ready = on_ready;
    frontend_dispatch(frontend);
}
