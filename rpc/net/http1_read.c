/*
 * HTTP/1.1, the reading half: heads and bodies of pipelined requests in their order. Reading pauses
 * while a frontend has not accepted its body, has not consumed it, or too many requests run.
 */
#include "rpc/net/http1_read.h"

#include "base/status.h"
#include "rpc/net/http1_chunks.h"

/*
 * Heads that a turn reads; after them a connection whose requests wait for their start reads none.
 */
#define HEADS_A_TURN 64

void http1__move(struct connection *connection, enum http1_state state)
{
    struct http1 *http1 = connection->http1;

    assert(http1->state != HTTP1_STOPPED || state == HTTP1_STOPPED);
    assert(state == HTTP1_HEAD || state == HTTP1_STOPPED || http1->state == HTTP1_HEAD);
    http1->state = state;
    if (state == HTTP1_STOPPED) {
        http1->close = true;
        http1->held.len = 0;
        connection->head_since_ms = 0;
    }
}

static void count_held(struct connection *connection)
{
    struct http1 *http1 = connection->http1;

    account_give(&connection->memory, http1->held_counted);
    http1->held_counted = http1->held.capacity;
    account_add(&connection->memory, http1->held_counted);
}

/* Answers a request that can't be served, behind those that run, and stops reading. */
static void refuse(struct connection *connection, struct stream *stream,
                   const struct http1_fault *fault)
{
    http1__move(connection, HTTP1_STOPPED);
    if (stream == NULL)
        stream = http_stream__make(connection);
    if (stream == NULL)
        connection__cut(connection);
    else
        http_stream__refuse(stream, fault->status, fault->detail);
}

static void body_begins(struct connection *connection, struct stream *stream, bool chunked)
{
    struct http1 *http1 = connection->http1;
    int64_t now = loop_now_ms(connection->loop);

    http1->reading = stream;
    http1->dropped = 0;
    body_clock_start(&http1->clock, now);
    http1->left = chunked ? 0 : (uint64_t)stream->exchange.head.content_length;
    http1->chunks = (struct http1_chunks){0};
    http1__move(connection, chunked ? HTTP1_CHUNKED : HTTP1_LENGTH);
    connection__arm(connection, now + (int64_t)connection->loop->settings->body_timeout_ms);
}

static void body_ends(struct connection *connection)
{
    struct http1 *http1 = connection->http1;
    struct stream *stream = http1->reading;

    http1->reading = NULL;
    connection->idle_since_ms = loop_now_ms(connection->loop);
    http1__move(connection, http1->close ? HTTP1_STOPPED : HTTP1_HEAD);
    if (stream != NULL)
        http_stream__receive_end(stream);
}

/* The head in `bytes` is whole: makes its stream and lets it begin. */
static void take_request(struct connection *connection, struct slice bytes)
{
    struct http1 *http1 = connection->http1;
    struct stream *stream = http_stream__make(connection);
    struct slice copy = stream == NULL ? SLICE_EMPTY : arena_copy(&stream->arena, bytes);
    struct http1_fault fault = {NO_MEMORY_HTTP, NO_MEMORY_TEXT};
    struct http1_head head;

    connection->head_since_ms = 0;
    connection->loop->heads++;
    if (copy.data == NULL || !http1__parse_head(&stream->arena, (char *)(uintptr_t)copy.data,
                                                copy.len, &http1->limits, &head, &fault)) {
        if (stream != NULL)
            stream->exchange.head.method = http1__method_of(copy);
        refuse(connection, stream, &fault);
        return;
    }
    stream->exchange.head = head.request;
    stream->expect_continue = head.expect_continue && head.request.has_body;
    http1->close = head.close;
    if (head.request.has_body)
        body_begins(connection, stream, head.chunked);
    else
        stream->ended = true;
    http_stream__begin(stream);
    if (!head.request.has_body)
        body_ends(connection);
}

/* Returns how many bytes of the front were taken; 0: the head is not whole yet. */
static size_t take_head(struct connection *connection, struct slice bytes)
{
    struct http1 *http1 = connection->http1;
    struct http1_fault fault;
    struct http1_scan scan;

    if (connection->head_since_ms == 0) {
        connection->head_since_ms = loop_now_ms(connection->loop);
        connection__arm(connection, connection->head_since_ms +
                                        (int64_t)connection->loop->settings->header_timeout_ms);
    }
    switch (http1__scan_head(&http1->scan, bytes, &http1->limits, &fault)) {
    case HTTP1_MORE:
        return 0;
    case HTTP1_FAULT:
        refuse(connection, NULL, &fault);
        return bytes.len;
    case HTTP1_DONE:
        break;
    }
    scan = http1->scan;
    http1->scan = (struct http1_scan){0};
    take_request(connection, slice_make(bytes.data + scan.start, scan.at - scan.start));
    return scan.at;
}

static void deliver(struct connection *connection, struct slice data)
{
    struct http1 *http1 = connection->http1;
    struct stream *stream = http1->reading;
    bool is_wanted = stream != NULL && stream->answer.state != ANSWER_ENDED;

    if (data.len == 0)
        return;
    body_clock_piece(&http1->clock, loop_now_ms(connection->loop), is_wanted ? data.len : 0);
    if (is_wanted) {
        http_stream__receive(stream, data);
        return;
    }
    http1->dropped += data.len;
    if (http1->dropped > HTTP1_DROP_MOST)
        http1__move(connection, HTTP1_STOPPED);
}

static size_t take_length(struct connection *connection, struct slice bytes)
{
    struct http1 *http1 = connection->http1;
    size_t count = bytes.len < http1->left ? bytes.len : (size_t)http1->left;

    http1->left -= count;
    deliver(connection, slice_make(bytes.data, count));
    if (http1->left == 0 && http1->state == HTTP1_LENGTH)
        body_ends(connection);
    return count;
}

static size_t take_chunked(struct connection *connection, struct slice bytes)
{
    struct http1 *http1 = connection->http1;
    struct slice rest = bytes;
    struct http1_fault fault;
    struct slice data;

    switch (http1_chunks__next(&http1->chunks, &rest, &http1->limits, &data, &fault)) {
    case HTTP1_MORE:
        deliver(connection, data);
        break;
    case HTTP1_DONE:
        body_ends(connection);
        break;
    case HTTP1_FAULT:
        http1__move(connection, HTTP1_STOPPED);
        if (http1->reading != NULL && http1->reading->answer.state != ANSWER_ENDED)
            http_stream__refuse(http1->reading, fault.status, fault.detail);
        break;
    }
    return bytes.len - rest.len;
}

static bool is_full(const struct connection *connection)
{
    return connection->stream_count >= connection->loop->settings->max_pipelined_requests;
}

/* Whether the next request can wait: it would not start before those that wait for their start. */
static bool is_early(const struct connection *connection)
{
    return connection->loop->heads >= HEADS_A_TURN && !list_is_empty(&connection->ready);
}

/* Whether the next bytes have to wait for a frontend. */
static bool is_blocked(const struct connection *connection)
{
    const struct http1 *http1 = connection->http1;

    switch (http1->state) {
    case HTTP1_HEAD:
        return is_full(connection) || is_early(connection);
    case HTTP1_LENGTH:
    case HTTP1_CHUNKED:
        return http1->reading != NULL && !http_stream__can_deliver(http1->reading);
    case HTTP1_STOPPED:
        break;
    }
    return true;
}

/* Takes as much as it can from the front of `bytes`. */
static size_t take(struct connection *connection, struct slice bytes)
{
    struct http1 *http1 = connection->http1;
    size_t used = 0;

    while (used < bytes.len && !is_blocked(connection)) {
        struct slice rest = slice_from(bytes, used);
        size_t count;

        if (http1->state == HTTP1_HEAD)
            count = take_head(connection, rest);
        else if (http1->state == HTTP1_LENGTH)
            count = take_length(connection, rest);
        else
            count = take_chunked(connection, rest);
        if (count == 0 && http1->state == HTTP1_HEAD)
            break;
        used += count;
    }
    return http1->state == HTTP1_STOPPED ? bytes.len : used;
}

static void set_reading(struct connection *connection)
{
    const struct http1 *http1 = connection->http1;
    /* What is early but has sent nothing more need not be told to stop. */
    bool want = !is_blocked(connection) ||
                (http1->state == HTTP1_HEAD && !is_full(connection) && http1->held.len == 0);

    if (want && !connection->reading)
        body_clock_excuse(&connection->http1->clock, loop_now_ms(connection->loop));
    connection__read(connection, want);
}

static void take_held(struct connection *connection)
{
    struct http1 *http1 = connection->http1;
    size_t used;

    body_clock_excuse(&http1->clock, loop_now_ms(connection->loop)); /* its bytes are here */
    used = take(connection, slice_make(http1->held.data, http1->held.len));

    if (http1->state != HTTP1_STOPPED)
        buffer__drop(&http1->held, used);
    if (http1->held.len == 0)
        buffer__done(&http1->held);
    count_held(connection);
}

void http1__read(struct connection *connection, struct slice bytes)
{
    struct http1 *http1 = connection->http1;

    if (http1->state == HTTP1_STOPPED)
        return;
    if (http1->held.len == 0) {
        size_t used = take(connection, bytes);

        /*
         * Its turn may start the request whose body this is, and says what is read then: to stop
         * and begin again costs two calls of the system.
         */
        bytes = slice_from(bytes, used);
        buffer__put(&http1->held, bytes);
        count_held(connection);
    } else {
        buffer__put(&http1->held, bytes);
        take_held(connection);
        set_reading(connection); /* its turn may be put off */
    }
    if (http1->held.failed)
        connection__cut(connection);
}

void http1__resume(struct connection *connection)
{
    if (connection->http1->held.len > 0 && !is_blocked(connection))
        take_held(connection);
    set_reading(connection);
}

void http1__finish(struct stream *stream)
{
    struct connection *connection = stream->connection;
    struct http1 *http1 = connection->http1;

    if (http1->reading == stream)
        http1->reading = NULL; /* the rest of its body is dropped */
    http_stream__finish(stream, true);
}

void http1__read_end(struct connection *connection)
{
    struct http1 *http1 = connection->http1;

    /* A request cut short gets no answer; whole ones do, for a peer that only closed its half. */
    if (http1->state == HTTP1_LENGTH || http1->state == HTTP1_CHUNKED)
        connection->cut = true;
    http1__move(connection, HTTP1_STOPPED);
}

static void expire_head(struct connection *connection)
{
    static const struct http1_fault fault = {408, "The request head took too long to arrive."};

    refuse(connection, NULL, &fault);
}

/*
 * The time when the current body is too slow; INT64_MAX when none is awaited. While a frontend is
 * not ready for it the client is not to blame.
 */
static int64_t body_deadline(struct connection *connection)
{
    struct http1 *http1 = connection->http1;

    if (http1->state != HTTP1_LENGTH && http1->state != HTTP1_CHUNKED)
        return INT64_MAX;
    if (is_blocked(connection))
        body_clock_excuse(&http1->clock, loop_now_ms(connection->loop));
    return body_clock__due_ms(&http1->clock, connection->loop->settings);
}

static void expire_body(struct connection *connection)
{
    struct stream *stream = connection->http1->reading;

    http1__move(connection, HTTP1_STOPPED);
    if (stream != NULL && stream->answer.state != ANSWER_ENDED)
        http_stream__refuse(stream, 408, "The request body took too long to arrive.");
    connection__touch(connection);
}

int64_t http1__check_deadlines(struct connection *connection, int64_t now_ms)
{
    int64_t next = INT64_MAX;
    int64_t due;

    if (connection->head_since_ms != 0) {
        due = connection->head_since_ms + (int64_t)connection->loop->settings->header_timeout_ms;
        if (now_ms >= due)
            expire_head(connection);
        else
            next = due;
    }
    due = body_deadline(connection);
    if (now_ms >= due)
        expire_body(connection);
    else if (due < next)
        next = due;
    return next;
}
