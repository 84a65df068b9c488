/*
 * One stream: what came and waits (`pending`) -> a whole request -> its answer -> the exchange.
 *
 * Answers are borrowed by the exchange until the client took them, so they are made in two arenas
 * by turns: as soon as all that waits was made in the one, the other is empty and takes over. What
 * both hold is bounded by what may wait, not by how long the stream lasts.
 */
#include "rpc/grpc/reflection_stream.h"

#include "proto/message/message.h"
#include "rpc/grpc/request.h"

struct reflection_stream {
    struct server_stream stream; /* first */
    const struct reflection_index *index;
    const struct metadata *metadata;
    struct arena reading; /* the request that comes */
    struct frame_reader reader;
    struct arena making[2]; /* answers */
    unsigned turn;          /* which of them */
    size_t made;            /* bytes handed over since it is its turn */
    char *pending;          /* received, not looked at; at most a stream's window */
    size_t pending_start, pending_end, pending_capacity;
    bool held;        /* the client takes no answers: until `writable` */
    bool half_closed; /* no request follows what is pending */
};

/* Ends the stream from this side. The call is over when this returns. */
static void give_up(struct reflection_stream *talk, struct status status)
{
    struct frontend_call *frontend = talk->stream.frontend;

    server_stream__end(&talk->stream, status);
    if (frontend->dispatched)
        frontend->chain->stream_cancel(&frontend->call);
}

/*
 * Whether the next request may be answered. Where the caller must be fetched `ready` comes later;
 * where he may no longer be answered the stream has ended.
 */
static bool may_answer(const struct reflection_stream *talk)
{
    struct frontend_call *frontend = talk->stream.frontend;

    return !frontend_is_over(frontend) && !talk->held &&
           frontend->chain->stream_admit(&frontend->call) == STREAM_MESSAGE;
}

/* The arena for the next answer. */
static struct arena *choose_arena(struct reflection_stream *talk)
{
    size_t waiting = exchange_waiting(talk->stream.frontend->exchange);

    if (waiting <= talk->made) {
        talk->turn = 1 - talk->turn;
        talk->made = 0;
        arena_reset(&talk->making[talk->turn]);
    }
    return &talk->making[talk->turn];
}

static void answer_request(struct reflection_stream *talk, const struct frame *frame)
{
    const struct method *method = talk->stream.frontend->call.method;
    struct exchange *exchange = talk->stream.frontend->exchange;
    struct arena *arena = choose_arena(talk);
    size_t waiting = exchange_waiting(exchange);
    ProtobufCMessage *request, *response;
    struct status status;
    bool more = true;

    status = grpc__request_read(arena, method, frame, talk->metadata->encoding,
                                REFLECTION_REQUEST_MOST, &request);
    if (status_is_ok(status)) {
        response = reflection__answer(talk->index, arena, method, request);
        status = response == NULL
                     ? status_out_of_memory()
                     : grpc__stream_message(talk->stream.answer, arena, response, &more);
    }
    if (!status_is_ok(status))
        give_up(talk, status);
    talk->made += exchange_waiting(exchange) - waiting;
    talk->held = !more;
}

static struct status frame_status(enum frame_result result)
{
    switch (result) {
    case FRAME_BAD_FLAG:
        return status_const(STATUS_INTERNAL,
                            SLICE("A message's compressed flag is neither 0 nor 1."));
    case FRAME_TOO_LARGE:
        return status_const(STATUS_RESOURCE_EXHAUSTED, SLICE("The request is too large."));
    default:
        return status_out_of_memory();
    }
}

/* Answers requests while that may be; returns how many bytes it has read. */
static size_t answer_requests(struct reflection_stream *talk, struct slice bytes)
{
    size_t len = bytes.len;

    while (bytes.len > 0 && may_answer(talk)) {
        struct frame frame;
        enum frame_result result = frame__read(&talk->reader, &bytes, &frame);

        if (result == FRAME_MORE)
            break;
        if (result == FRAME_MESSAGE)
            answer_request(talk, &frame);
        else
            give_up(talk, frame_status(result));
        arena_reset(&talk->reading);
        frame__reader_init(&talk->reader, &talk->reading, REFLECTION_REQUEST_MOST);
    }
    exchange_consume(talk->stream.frontend->exchange, len - bytes.len);
    return len - bytes.len;
}

/* Keeps bytes for later; their credit is given back when they are read. */
static void keep(struct reflection_stream *talk, struct slice bytes)
{
    struct arena *arena = talk->stream.frontend->exchange->arena;
    size_t len = talk->pending_end - talk->pending_start;
    size_t capacity = talk->pending_capacity == 0 ? 4096 : talk->pending_capacity;
    char *moved = talk->pending;

    if (bytes.len == 0)
        return;
    while (capacity - len < bytes.len)
        capacity *= 2;
    if (capacity > talk->pending_capacity)
        moved = arena_alloc(arena, capacity);
    if (moved == NULL) {
        give_up(talk, status_out_of_memory());
        return;
    }
    if (len > 0)
        memmove(moved, talk->pending + talk->pending_start, len);
    memcpy(moved + len, bytes.data, bytes.len);
    talk->pending = moved;
    talk->pending_capacity = capacity;
    talk->pending_start = 0;
    talk->pending_end = len + bytes.len;
}

static void end_if_done(struct reflection_stream *talk)
{
    if (!talk->half_closed || talk->pending_start < talk->pending_end ||
        frontend_is_over(talk->stream.frontend))
        return;
    give_up(talk, frame__is_whole(&talk->reader)
                      ? status_ok()
                      : status_const(STATUS_INTERNAL, SLICE("The request ends within a message.")));
}

/* With what is pending, after something that it waited for. */
static void go_on(struct reflection_stream *talk)
{
    if (talk->pending_start < talk->pending_end)
        talk->pending_start += answer_requests(talk,
                                               slice_make(talk->pending + talk->pending_start,
                                                          talk->pending_end - talk->pending_start));
    end_if_done(talk);
}

/* -- what the chain tells ------------------------------------------------------------------ */

static void arm(const struct reflection_stream *talk)
{
    const struct server_stream *stream = &talk->stream;

    exchange_set_timeout(stream->frontend->exchange,
                         frontend_stream_wait_ms(stream->frontend, stream->deadline_us));
}

static void on_ready(struct call *call)
{
    struct reflection_stream *talk = frontend_of(call)->exchange->state;

    if (talk->stream.frontend->state == FRONTEND_STREAMING) {
        go_on(talk);
        return;
    }
    server_stream__begin(&talk->stream);
    arm(talk);
    exchange_accept_body(talk->stream.frontend->exchange, 0);
}

/* The caller may no longer be answered, or the server drains. */
static void on_finished(struct call *call)
{
    struct reflection_stream *talk = frontend_of(call)->exchange->state;

    server_stream__end(&talk->stream, call->status);
}

/* -- what the exchange tells --------------------------------------------------------------- */

static void on_body(struct exchange *exchange, struct slice bytes)
{
    struct reflection_stream *talk = exchange->state;
    size_t read = 0;

    if (frontend_is_over(talk->stream.frontend)) {
        exchange_consume(exchange, bytes.len);
        return;
    }
    if (talk->pending_start == talk->pending_end)
        read = answer_requests(talk, bytes);
    if (!frontend_is_over(talk->stream.frontend))
        keep(talk, slice_from(bytes, read));
}

static void on_body_end(struct exchange *exchange)
{
    struct reflection_stream *talk = exchange->state;

    talk->half_closed = true;
    end_if_done(talk);
}

static void on_writable(struct exchange *exchange)
{
    struct reflection_stream *talk = exchange->state;

    talk->held = false;
    go_on(talk);
}

static void on_timeout(struct exchange *exchange)
{
    struct reflection_stream *talk = exchange->state;
    struct frontend_call *frontend = talk->stream.frontend;

    if (frontend->state == FRONTEND_STREAMING &&
        !frontend_stream_is_late(talk->stream.deadline_us)) {
        arm(talk);
        frontend->chain->stream_tick(&frontend->call);
        return;
    }
    server_stream__timeout(exchange);
    if (frontend_is_over(frontend) && frontend->dispatched) /* else `closed` follows */
        frontend->chain->stream_cancel(&frontend->call);
}

static void on_closed(struct exchange *exchange, bool complete)
{
    struct reflection_stream *talk = exchange->state;

    (void)complete;
    arena_done(&talk->reading);
    arena_done(&talk->making[0]);
    arena_done(&talk->making[1]);
    server_stream__closed(exchange);
    if (talk->stream.frontend->dispatched)
        talk->stream.frontend->chain->stream_cancel(&talk->stream.frontend->call);
}

static const struct exchange_frontend handlers = {
    .body = on_body,
    .body_end = on_body_end,
    .writable = on_writable,
    .timeout = on_timeout,
    .closed = on_closed,
};

struct status reflection_stream__begin(struct frontends *frontends,
                                       const struct reflection_index *index,
                                       const struct server_stream *stream,
                                       const struct metadata *metadata)
{
    struct frontend_call *frontend = stream->frontend;
    struct arena *arena = frontend->exchange->arena;
    struct reflection_stream *talk = arena_zalloc(arena, sizeof(*talk));

    /* Requests come later, one by one: the call's own says nothing. */
    frontend->call.request = message_new(arena, frontend->call.method->input);
    if (arena_failed(arena))
        return status_out_of_memory();
    talk->stream = *stream;
    talk->index = index;
    talk->metadata = metadata;
    arena_init_like(&talk->reading, arena);
    arena_init_like(&talk->making[0], arena);
    arena_init_like(&talk->making[1], arena);
    frame__reader_init(&talk->reader, &talk->reading, REFLECTION_REQUEST_MOST);
    server_stream__take(&talk->stream, &handlers);
    frontend->finish = on_finished;
    frontend->call.ready = on_ready;
    frontend_stream_bind(frontends, frontend);
    frontend_dispatch(frontend);
    return status_ok();
}
