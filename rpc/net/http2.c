/*
 * HTTP/2: the session of a connection, its settings and deadlines, and the table. nghttp2 reads and
 * writes only from read_bytes and write_frames, never from inside its callbacks.
 */
#include "rpc/net/http2.h"

#include <stdlib.h>

#include "base/erase.h"
#include "rpc/net/http2_read.h"
#include "rpc/net/http2_state.h"
#include "rpc/net/http2_write.h"

/* Frames that wait behind a full socket before nothing more is read. */
#define OUTBOUND_MOST 1000
/* Behind CONTINUATION, the last frame type of RFC 9113. */
#define FIRST_UNKNOWN_TYPE 10

/* What nghttp2 builds a frame in: the largest one that need not be announced, and its head. */
#define FRAME_BYTES ((16 << 10) + 64)
#define FRAME_BYTES_LEAST (16 << 10)

/* nghttp2's memory: kept blocks of the loop, counted for the connection by settle_account. */
static void *counted(struct http2 *http2, void *bytes)
{
    http2->held += recycle__size(bytes);
    return bytes;
}

/* Tells the account what the session holds: after each of the calls that take and give much. */
static void settle_account(struct http2 *http2)
{
    if (http2->held > http2->told)
        account_add(http2->account, http2->held - http2->told);
    else if (http2->held < http2->told)
        account_give(http2->account, http2->told - http2->held);
    http2->told = http2->held;
}

static void uncount(struct http2 *http2, size_t bytes)
{
    assert(http2->held >= bytes);
    http2->held -= bytes;
}

static void *memory_alloc(size_t size, void *user_data)
{
    struct http2 *http2 = user_data;

    return counted(http2, recycle__alloc(&http2->shared->recycler, size));
}

static void memory_free(void *bytes, void *user_data)
{
    struct http2 *http2 = user_data;

    if (bytes != NULL && bytes == http2->shared->frame) {
        erase(bytes, FRAME_BYTES); /* a field of a header may have been a credential */
        return;
    }
    uncount(http2, recycle__size(bytes));
    recycle__free(&http2->shared->recycler, bytes);
}

static void *memory_calloc(size_t count, size_t size, void *user_data)
{
    struct http2 *http2 = user_data;

    return counted(http2, recycle__calloc(&http2->shared->recycler, count, size));
}

/*
 * nghttp2 builds a frame in memory that each session has of its own, 16 KiB of it. It does so
 * within nghttp2_session_mem_send, whose result is copied before it is called again, for whichever
 * session: so one for all of a loop does, and stays in the processor's cache. The first large block
 * that a session asks for while it is made is this one. Where a header block fills it, or a frame
 * is larger, nghttp2 asks for further memory, which is the session's own.
 */
static bool asks_for_frame(const struct http2 *http2, const void *bytes, size_t size)
{
    return http2->shared->is_opening && bytes == NULL && size >= FRAME_BYTES_LEAST &&
           size <= FRAME_BYTES;
}

static void *memory_realloc(void *bytes, size_t size, void *user_data)
{
    struct http2 *http2 = user_data;
    struct http2_shared *shared = http2->shared;
    size_t had;
    void *grown;

    if (asks_for_frame(http2, bytes, size)) {
        shared->is_opening = false;
        return shared->frame;
    }
    if (bytes != NULL && bytes == shared->frame) {
        grown = memory_alloc(size, user_data);
        if (grown != NULL)
            memcpy(grown, bytes, size < FRAME_BYTES ? size : FRAME_BYTES);
        return grown;
    }
    had = recycle__size(bytes);
    grown = recycle__realloc(&shared->recycler, bytes, size);
    if (grown != NULL) {
        uncount(http2, had);
        counted(http2, grown);
    }
    return grown;
}

/*
 * Every bound on a peer's behaviour that nghttp2 keeps for us. One setting stays at its default,
 * SETTINGS_NO_RFC7540_PRIORITIES: it would switch off what RFC 9113 demands of PRIORITY (section
 * 6.3). Closed streams are not kept: a connection would hold a hundred of them, 22 KiB, to refuse
 * what comes for them later (section 5.1), which http2_bounds__has_ended does.
 */
static void set_options(nghttp2_option *option, const struct settings *settings)
{
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_no_http_messaging(option, 1); /* http2_fields.h takes its place */
    /*
     * Each second's date is an entry of it, and takes up 192 bytes of memory. There is room for the
     * three fields that all answers of a frontend have: dates of before go.
     */
    nghttp2_option_set_max_deflate_dynamic_table_size(option, 192);
    nghttp2_option_set_max_send_header_block_length(option, 65536);
    nghttp2_option_set_max_settings(option, 32);
    nghttp2_option_set_max_outbound_ack(option, OUTBOUND_MOST);
    /* Types that nobody knows are handed to us, to be counted; else they would be free. */
    for (unsigned type = FIRST_UNKNOWN_TYPE; type <= UINT8_MAX; type++)
        nghttp2_option_set_user_recv_extension_type(option, (uint8_t)type);
    nghttp2_option_set_max_continuations(option, (size_t)settings->max_continuations);
    /* Behind our own count, which also sees the resets that bad frames provoke. */
    nghttp2_option_set_stream_reset_rate_limit(option, settings->max_resets_per_second * 20,
                                               settings->max_resets_per_second);
}

static void shared_free(struct http2_shared *shared)
{
    if (shared == NULL)
        return;
    nghttp2_option_del(shared->option);
    nghttp2_session_callbacks_del(shared->callbacks);
    recycle__done(&shared->recycler);
    free(shared->frame);
    free(shared->fields);
    free(shared);
}

static struct http2_shared *shared_make(const struct settings *settings)
{
    struct http2_shared *shared = calloc(1, sizeof(*shared));

    if (shared == NULL)
        return NULL;
    shared->frame = malloc(FRAME_BYTES);
    if (shared->frame == NULL || nghttp2_option_new(&shared->option) != 0 ||
        nghttp2_session_callbacks_new(&shared->callbacks) != 0) {
        shared_free(shared);
        return NULL;
    }
    set_options(shared->option, settings);
    http2__set_read_callbacks(shared->callbacks);
    http2__set_write_callbacks(shared->callbacks);
    return shared;
}

static bool open_loop(struct loop *loop)
{
    loop->http2 = shared_make(loop->settings);
    return loop->http2 != NULL;
}

static void close_loop(struct loop *loop)
{
    shared_free(loop->http2);
    loop->http2 = NULL;
}

static bool begin(struct connection *connection)
{
    const struct settings *settings = connection->loop->settings;
    struct http2_shared *shared = connection->loop->http2;
    nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, (uint32_t)settings->max_concurrent_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)settings->stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)settings->max_header_bytes},
    };
    struct http2 *http2 = calloc(1, sizeof(*http2));
    nghttp2_mem memory = {http2, memory_alloc, memory_free, memory_calloc, memory_realloc};
    bool is_open;

    if (http2 == NULL)
        return false;
    account_add(&connection->memory, sizeof(*http2));
    connection->http2 = http2;
    http2->shared = shared;
    http2->account = &connection->memory;
    http2_bounds__init(&http2->bounds, settings, http2__now(connection));
    http2->frames.left = NGHTTP2_CLIENT_MAGIC_LEN;
    shared->is_opening = true;
    is_open = nghttp2_session_server_new3(&http2->session, shared->callbacks, connection,
                                          shared->option, &memory) == 0;
    shared->is_opening = false;
    settle_account(http2);
    return is_open &&
           nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, entries,
                                   sizeof(entries) / sizeof(entries[0])) == 0 &&
           nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0,
                                                 (int32_t)settings->connection_window_bytes) == 0;
}

static void free_session(struct connection *connection)
{
    struct http2 *http2 = connection->http2;

    if (http2 == NULL)
        return;
    http2_fields__forget(http2->known);
    nghttp2_session_del(http2->session);
    assert(http2->held == 0);
    settle_account(http2);
    account_give(http2->account,
                 sizeof(*http2) + (http2->known == NULL ? 0 : sizeof(*http2->known)));
    free(http2->known);
    free(http2);
    connection->http2 = NULL;
}

static void feed(struct connection *connection, const char *from, const char *end)
{
    struct http2 *http2 = connection->http2;
    struct slice bytes = slice_make(from, (size_t)(end - from));
    ssize_t taken;

    if (http2->state == HTTP2_FAILED || bytes.len == 0)
        return;
    taken = nghttp2_session_mem_recv(http2->session, (const uint8_t *)bytes.data, bytes.len);
    settle_account(http2);
    if (taken == NGHTTP2_ERR_FLOODED || taken == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
        http2__calm(connection, "flood");
    else if (taken < 0 && http2->state != HTTP2_FAILED)
        connection__cut(connection);
}

/*
 * DATA of a stream that has ended is an error; nghttp2 itself refuses it while the stream is open.
 * A stream closes within a read by RST_STREAM alone: what came until then is fed first.
 */
static void read_bytes(struct connection *connection, struct slice bytes)
{
    struct http2 *http2 = connection->http2;
    const char *from = bytes.data;
    const char *end = bytes.data + bytes.len;
    struct http2_frame_head head;
    bool has_reset = false;

    while (http2->state != HTTP2_FAILED && http2_frames__next(&http2->frames, &bytes, &head)) {
        has_reset |= head.type == NGHTTP2_RST_STREAM;
        if (head.type != NGHTTP2_DATA)
            continue;
        if (has_reset) {
            feed(connection, from, bytes.data);
            from = bytes.data;
            has_reset = false;
        }
        if (http2_bounds__has_ended(&http2->bounds, head.stream_id))
            http2__fail(connection, NGHTTP2_STREAM_CLOSED, HTTP2_STREAM_ENDED);
    }
    feed(connection, from, end);
}

/* Builds with faults spoil the loop's frame, so that a session that reads it later is seen. */
static void spoil_frame(struct http2_shared *shared)
{
#ifdef DATASTREAM_FAULTS
    memset(shared->frame, 0xa5, FRAME_BYTES);
#endif
    (void)shared;
}

static bool write_frames(struct connection *connection, struct buffer *out)
{
    nghttp2_session *session = connection->http2->session;

    while (out->len < WRITE_BYTES) {
        const uint8_t *data;
        ssize_t count = nghttp2_session_mem_send(session, &data);

        if (count < 0)
            return false;
        if (count == 0 && out->len < WRITE_BYTES)
            break; /* else a DATA frame that the callback wrote has filled the buffer */
        buffer__put(out, slice_make(data, (size_t)count));
        spoil_frame(connection->http2->shared);
    }
    settle_account(connection->http2);
    return true;
}

static void set_reading(struct connection *connection)
{
    size_t waiting = nghttp2_session_get_outbound_queue_size(connection->http2->session);

    /* Answers to control frames wait too: a peer that sends and never reads is not read either. */
    connection__read(connection, !connection->writing || waiting <= OUTBOUND_MOST);
}

static bool is_finished(const struct connection *connection)
{
    struct http2 *http2 = connection->http2;

    http2->is_settled = !nghttp2_session_want_write(http2->session);
    if (!http2->is_settled && http2->state != HTTP2_FAILED)
        return false;
    if (!nghttp2_session_want_read(http2->session))
        return true;
    return http2->state == HTTP2_FAILED
               ? http2->failure_sent
               : http2->state == HTTP2_LAST && connection->stream_count == 0;
}

static bool is_settled(const struct connection *connection)
{
    return connection->http2->is_settled;
}

static void consume(struct stream *stream, size_t bytes)
{
    nghttp2_session_consume(stream->connection->http2->session, stream->id, bytes);
}

static void consume_rest(struct connection *connection, size_t bytes)
{
    nghttp2_session_consume_connection(connection->http2->session, bytes);
}

/* A stream whose body is awaited, or whose answer the peer does not take. */
static int64_t check_stream(struct stream *stream, int64_t now)
{
    const struct settings *settings = stream->exchange.loop->settings;
    struct answer *answer = &stream->answer;
    int64_t next = INT64_MAX;
    int64_t due;

    if (stream->was_reset)
        return next;
    if (answer->waiting > 0) {
        next = answer->stalled_since_ms + (int64_t)settings->write_timeout_ms;
        if (now >= next) {
            http2__reset_stream(stream);
            return INT64_MAX;
        }
    }
    /* Once the answer has begun the two sides converse, and silence is no fault. */
    if (!stream->ended && answer->state == ANSWER_NONE) {
        if (!stream->accepted || stream->unconsumed >= settings->stream_window_bytes)
            body_clock_excuse(&stream->clock, now); /* it is we who are not ready */
        due = body_clock__due_ms(&stream->clock, settings);
        if (now >= due)
            http_stream__refuse(stream, 408, "The request body took too long to arrive.");
        else if (due < next)
            next = due;
    }
    return next;
}

static int64_t check_deadlines(struct connection *connection, int64_t now_ms)
{
    struct http2 *http2 = connection->http2;
    int64_t next = INT64_MAX;
    int64_t due;

    if (connection->head_since_ms != 0) {
        due = connection->head_since_ms + (int64_t)connection->loop->settings->header_timeout_ms;
        if (now_ms >= due)
            connection__cut(connection); /* inside a header block no frame may be sent */
        next = due;
    }
    if (http2->state == HTTP2_NOTICE) {
        due = http2->notice_since_ms + HTTP2_NOTICE_MS;
        if (now_ms >= due)
            http2__finish_notice(connection);
        else if (due < next)
            next = due;
    }
    for (struct link *link = connection->streams.next; link != &connection->streams;
         link = link->next) {
        due = check_stream(LIST_ELEMENT(link, struct stream, link), now_ms);
        if (due < next)
            next = due;
    }
    return next;
}

const struct protocol http2_protocol = {
    .open_loop = open_loop,
    .close_loop = close_loop,
    .begin = begin,
    .free = free_session,
    .read = read_bytes,
    .write = write_frames,
    .set_reading = set_reading,
    .is_finished = is_finished,
    .is_settled = is_settled,
    .shutdown = http2__shutdown,
    .check_deadlines = check_deadlines,
    .run_stream = http2__run_stream,
    .reset_stream = http2__reset_stream,
    .stop_sending = http2__stop_sending,
    .consume = consume,
    .consume_rest = consume_rest,
};
