/* Streams: bodies on their way to the frontend, answers on their way to the peer, and the end of
 * both.
 */
#include "rpc/net/http_stream.h"

#include <assert.h>

#include "base/clock.h"
#include "base/http_status.h"
#include "base/status.h"
#include "rpc/net/client.h"
#include "rpc/net/connection.h"

/* What the connection answers needs no frontend. */
static void silent_closed(struct exchange *exchange, bool complete)
{
    (void)exchange;
    (void)complete;
}

static const struct exchange_frontend silent_frontend = {.closed = silent_closed};

static void on_timeout(struct timer *timer)
{
    struct stream *stream = LIST_ELEMENT(timer, struct stream, timer);

    if (stream->answer.end_taken)
        stream->connection->protocol->stop_sending(stream);
    else if (!stream->overridden && stream->exchange.frontend->timeout != NULL)
        stream->exchange.frontend->timeout(&stream->exchange);
}

struct stream *http_stream__make(struct connection *connection)
{
    struct loop *loop = connection->loop;
    struct stream *stream;
    struct arena arena;

    if (!loop__has_memory(loop, connection))
        return NULL;
    arena_init(&arena, &loop->arenas, (size_t)loop->settings->max_call_memory_bytes);
    stream = arena_zalloc(&arena, sizeof(*stream));
    if (stream == NULL) {
        arena_done(&arena);
        return NULL;
    }
    stream->arena = arena;
    stream->memory.whole = &connection->memory;
    arena_charge(&stream->arena, &stream->memory);
    stream->exchange.arena = &stream->arena;
    stream->exchange.head.content_length = -1;
    stream->exchange.loop = loop;
    stream->exchange.frontend = &silent_frontend;
    stream->exchange.peer = arena_copy(&stream->arena, connection_peer(connection));
    stream->exchange.scheme = connection->listener->is_tls ? SLICE("https") : SLICE("http");
    stream->exchange.listener = connection->listener;
    stream->connection = connection;
    stream->timer.fire = on_timeout;
    stream->holds = 1;
    stream->answer.length = -1;
    list_append(&connection->streams, &stream->link);
    connection->stream_count++;
    loop->exchanges++;
    return stream;
}

void http_stream__touch(struct stream *stream)
{
    if (!link_is_listed(&stream->touched))
        list_append(&stream->connection->touched, &stream->touched);
    connection__touch(stream->connection);
}

bool http_stream__queue_body(struct stream *stream, struct slice bytes)
{
    struct connection *connection = stream->connection;
    struct answer *answer = &stream->answer;
    struct piece *piece;

    if (bytes.len == 0 || http_stream__is_bodyless(stream))
        return true;
    piece = loop__take_piece(connection->loop);
    if (piece == NULL) {
        connection__cut(connection);
        return false;
    }
    *piece = (struct piece){.bytes = bytes};
    if (answer->first == NULL) {
        answer->first = piece;
        answer->stalled_since_ms = loop_now_ms(connection->loop);
        connection__arm(connection, answer->stalled_since_ms +
                                        (int64_t)connection->loop->settings->write_timeout_ms);
    } else {
        answer->last->next = piece;
    }
    answer->last = piece;
    answer->waiting += bytes.len;
    connection->waiting += bytes.len;
    return true;
}

void http_stream__begin_answer(struct stream *stream, int status, const struct header *headers,
                               size_t count)
{
    struct answer *answer = &stream->answer;

    assert(answer->state == ANSWER_NONE);
    assert(status >= 200 && status <= 599);
    answer->state = ANSWER_OPEN;
    answer->status = status;
    answer->headers = headers;
    answer->header_count = count;
    memcpy(answer->date, loop__date(stream->exchange.loop), DATE_LEN);
    http_stream__touch(stream);
}

void http_stream__respond(struct stream *stream, int status, const struct header *headers,
                          size_t count, struct slice body)
{
    http_stream__begin_answer(stream, status, headers, count);
    stream->answer.length = (int64_t)body.len;
    stream->answer.state = ANSWER_ENDED;
    http_stream__queue_body(stream, body);
}

/* Whether what still comes of the body is dropped: the answer is there already. */
static bool drops_body(const struct stream *stream)
{
    return stream->overridden || stream->answer.state == ANSWER_ENDED;
}

/* Others on the connection may go on; the sender of these bytes had better stop. */
static void drop_bytes(struct stream *stream, size_t bytes)
{
    struct connection *connection = stream->connection;

    stream->unconsumed -= bytes;
    if (connection->protocol->consume_rest != NULL)
        connection->protocol->consume_rest(connection, bytes);
    connection__touch(connection);
}

/* The body came whole, and its frontend does not know yet. */
static bool owes_end(const struct stream *stream)
{
    return stream->accepted && stream->ended && !stream->end_told && stream->held == NULL &&
           !drops_body(stream);
}

static void make_ready(struct stream *stream)
{
    if (!link_is_listed(&stream->ready))
        list_append(&stream->connection->ready, &stream->ready);
    connection__schedule(stream->connection);
}

static void deliver_body(struct stream *stream)
{
    struct exchange *exchange = &stream->exchange;

    while (stream->accepted && stream->held != NULL && !drops_body(stream)) {
        struct piece *piece = stream->held;

        stream->held = piece->next;
        exchange->frontend->body(exchange, piece->bytes);
    }
}

static void deliver(struct stream *stream)
{
    deliver_body(stream);
    if (owes_end(stream))
        make_ready(stream);
}

void http_stream__begin(struct stream *stream)
{
    struct loop *loop = stream->exchange.loop;

    stream->whole = true;
    client__of(&stream->exchange, loop->options->proxies);
    stream->exchange.started_us = clock_monotonic_us();
    /* Nobody else writes it, so that no locked instruction is needed. */
    atomic_store_explicit(&loop->requests,
                          atomic_load_explicit(&loop->requests, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    stream->connection->idle_since_ms = loop_now_ms(stream->exchange.loop);
    body_clock_start(&stream->clock, stream->connection->idle_since_ms);
    make_ready(stream);
}

static void take_turn(struct stream *stream)
{
    stream->gave_way = false;
    stream->exchange.frontend->turn(&stream->exchange);
}

void http_stream__start(struct stream *stream)
{
    const struct server_options *options = stream->exchange.loop->options;

    if (stream->overridden)
        return;
    if (stream->gave_way) {
        take_turn(stream);
        return;
    }
    if (!stream->begun) {
        stream->begun = true;
        options->begin(options->context, &stream->exchange);
        assert(stream->exchange.frontend != &silent_frontend);
        deliver_body(stream);
    }
    if (owes_end(stream)) {
        stream->end_told = true;
        stream->exchange.frontend->body_end(&stream->exchange);
    }
    if (!stream->gave_way)
        list_remove(&stream->ready);
}

static bool is_low(const struct stream *stream)
{
    size_t most = (size_t)stream->exchange.loop->settings->max_write_buffer_bytes;

    return stream->answer.waiting == 0 ||
           (stream->answer.waiting <= most / 16 && stream->connection->waiting <= most / 2);
}

void http_stream__run(struct stream *stream)
{
    deliver(stream);
    if (stream->answer.starved && is_low(stream) && !drops_body(stream)) {
        stream->answer.starved = false;
        stream->exchange.frontend->writable(&stream->exchange);
    }
    if (stream->connection->protocol->run_stream != NULL)
        stream->connection->protocol->run_stream(stream);
}

bool http_stream__can_deliver(const struct stream *stream)
{
    uint64_t window = stream->exchange.loop->settings->stream_window_bytes;

    return drops_body(stream) || (stream->accepted && stream->unconsumed < window);
}

static void hold_piece(struct stream *stream, struct slice bytes)
{
    struct piece *piece = arena_zalloc(&stream->arena, sizeof(*piece));
    struct slice copy = arena_copy(&stream->arena, bytes);

    if (piece == NULL || copy.data == NULL) {
        http_stream__refuse(stream, NO_MEMORY_HTTP, NO_MEMORY_TEXT);
        return;
    }
    piece->bytes = copy;
    if (stream->held == NULL)
        stream->held = piece;
    else
        stream->held_last->next = piece;
    stream->held_last = piece;
}

void http_stream__receive(struct stream *stream, struct slice bytes)
{
    stream->received += bytes.len;
    stream->unconsumed += bytes.len;
    arena_wipe_on_done(&stream->arena); /* what a caller sends may be a secret */
    body_clock_piece(&stream->clock, loop_now_ms(stream->exchange.loop), bytes.len);
    if (stream->most > 0 && stream->received > stream->most && !drops_body(stream))
        http_stream__refuse(stream, 413, "The body exceeds the limit.");
    if (drops_body(stream))
        drop_bytes(stream, bytes.len);
    else if (stream->accepted && stream->held == NULL)
        stream->exchange.frontend->body(&stream->exchange, bytes);
    else
        hold_piece(stream, bytes);
}

void http_stream__receive_end(struct stream *stream)
{
    stream->ended = true;
    deliver(stream);
}

/* The second only where memory ended. */
static const struct header problem_headers[] = {
    {SLICE_INIT("content-type"), SLICE_INIT("application/problem+json")},
    {SLICE_INIT("retry-after"), SLICE_INIT(NO_MEMORY_RETRY_SECONDS)},
};

static void drop_waiting(struct stream *stream)
{
    struct answer *answer = &stream->answer;

    while (answer->first != NULL) {
        struct piece *next = answer->first->next;

        loop__give_piece(stream->exchange.loop, answer->first);
        answer->first = next;
    }
    stream->connection->waiting -= answer->waiting;
    answer->waiting = 0;
}

/* Whether the server's own words were answered. */
static bool refuse_in_protocol(struct stream *stream, int status, const char *detail, bool is_cut)
{
    const struct server_options *options = stream->exchange.loop->options;

    return options->refuse != NULL &&
           options->refuse(options->context, &stream->exchange, status, detail, is_cut);
}

static void refuse_plainly(struct stream *stream, int status, const char *detail)
{
    struct slice body = arena_printf(
        &stream->arena,
        "{\"type\":\"about:blank\",\"title\":\"%.*s\",\"status\":%d,\"detail\":\"%s\"}",
        SLICE_ARG(http_reason(status)), status, detail);

    if (body.data == NULL) {
        status = NO_MEMORY_HTTP;
        body = SLICE("{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,"
                     "\"detail\":\"" NO_MEMORY_TEXT "\"}");
    }
    http_stream__respond(stream, status, problem_headers, status == NO_MEMORY_HTTP ? 2 : 1, body);
}

static void refuse(struct stream *stream, int status, const char *detail, bool is_cut)
{
    if (stream->connection == NULL || stream->overridden)
        return;
    if (stream->answer.state != ANSWER_NONE) {
        stream->connection->protocol->reset_stream(stream);
        return;
    }
    if (!refuse_in_protocol(stream, status, detail, is_cut))
        refuse_plainly(stream, status, detail);
    stream->overridden = true;
}

void http_stream__refuse(struct stream *stream, int status, const char *detail)
{
    refuse(stream, status, detail, false);
}

bool http_stream__end(struct stream *stream)
{
    if (!stream->whole || stream->overridden || stream->answer.state != ANSWER_NONE)
        return false;
    refuse(stream, 503, "The server is shutting down before the answer; try again.", true);
    return true;
}

size_t http_stream__take_body(struct stream *stream, struct buffer *out, size_t most)
{
    struct answer *answer = &stream->answer;
    size_t taken = 0;

    while (answer->first != NULL && taken < most) {
        struct piece *piece = answer->first;
        size_t count = piece->bytes.len < most - taken ? piece->bytes.len : most - taken;

        buffer__put(out, slice_make(piece->bytes.data, count));
        taken += count;
        piece->bytes = slice_from(piece->bytes, count);
        if (piece->bytes.len == 0) {
            answer->first = piece->next;
            loop__give_piece(stream->exchange.loop, piece);
        }
    }
    assert(taken <= answer->waiting && answer->waiting <= stream->connection->waiting);
    answer->waiting -= taken;
    stream->connection->waiting -= taken;
    answer->stalled_since_ms = loop_now_ms(stream->exchange.loop);
    if (answer->starved && is_low(stream))
        http_stream__touch(stream);
    return taken;
}

bool http_stream__is_bodyless(const struct stream *stream)
{
    int status = stream->answer.status;

    return status == 204 || status == 304 ||
           slice_equal(stream->exchange.head.method, SLICE("HEAD"));
}

bool http_stream__tells_length(const struct stream *stream)
{
    int status = stream->answer.status;

    return stream->answer.length >= 0 && status != 204 && status != 304;
}

void http_stream__finish(struct stream *stream, bool complete)
{
    struct connection *connection = stream->connection;
    const struct protocol *protocol = connection->protocol; /* NULL once its session is freed */

    drop_waiting(stream);
    if (stream->unconsumed > 0 && protocol != NULL && protocol->consume_rest != NULL)
        protocol->consume_rest(connection, stream->unconsumed);
    timer__cancel(&stream->timer);
    list_remove(&stream->touched);
    list_remove(&stream->ready);
    list_remove(&stream->link);
    list_append(&connection->finished, &stream->link);
    assert(connection->stream_count > 0);
    connection->stream_count--;
    connection->claimed_count -= stream->claimed;
    if (connection->stream_count == 0) {
        connection->idle_since_ms = loop_now_ms(connection->loop);
        connection__arm(connection, connection->idle_since_ms +
                                        (int64_t)connection->loop->settings->idle_timeout_ms);
    }
    stream->complete = complete && !stream->overridden;
    stream->connection = NULL;
    connection__touch(connection);
}

void http_stream__close(struct stream *stream)
{
    list_remove(&stream->link);
    stream->is_closed = true;
    stream->exchange.frontend->closed(&stream->exchange, stream->complete);
    if (stream->gave_way)
        take_turn(stream);
    /* Whoever still holds it may outlive the connection, but not for long. */
    account_move(&stream->memory, &stream->exchange.loop->leaving);
    http_stream__release(stream);
}

void http_stream__release(struct stream *stream)
{
    struct loop *loop = stream->exchange.loop;
    struct arena arena;

    loop__assert_thread(loop);
    assert(stream->holds > 0);
    if (--stream->holds > 0)
        return;
    assert(stream->is_closed);
    loop->exchanges--;
    arena = stream->arena; /* it holds itself, and the account */
    arena_done(&arena);
}
