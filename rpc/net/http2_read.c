/* HTTP/2, the reading half: header blocks to heads, DATA to bodies, and the count of floods. */
#include "rpc/net/http2_read.h"

#include "base/status.h"
#include "rpc/net/http1_check.h"
#include "rpc/net/http2_state.h"

#define HEADERS_FIRST 16
#define UNFOLDS "a header block is too large after decompression"

/* ---- header blocks ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct http2 *http2 = connection->http2;
    struct stream *stream;

    connection->head_since_ms = http2__now(connection);
    connection__arm(connection, connection->head_since_ms +
                                    (int64_t)connection->loop->settings->header_timeout_ms);
    http2_bounds__block(&http2->bounds);
    http2->incoming = NULL;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* trailers: nothing of ours reads them */
    stream = http_stream__make(connection);
    if (stream == NULL) /* for want of memory: the client may try again */
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                         NGHTTP2_REFUSED_STREAM);
    stream->id = frame->hd.stream_id;
    stream->exchange.head.version = HTTP_2;
    if (nghttp2_session_set_stream_user_data(session, stream->id, stream) != 0) {
        http_stream__finish(stream, false);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    http2->incoming = stream;
    return 0;
}

static void refuse_head(struct stream *stream, int status, const char *detail)
{
    if (stream->refusal != 0)
        return;
    stream->refusal = status;
    stream->refusal_detail = detail;
}

/* The header's place in the array, which grows by doubling; NULL when it may not. */
static struct header *next_header(struct stream *stream)
{
    struct request_head *head = &stream->exchange.head;
    struct header *headers = (struct header *)(uintptr_t)head->headers; /* ours till begin */
    struct header *grown;

    if (head->header_count >= stream->exchange.loop->settings->max_header_count) {
        refuse_head(stream, 431, "Too many header fields.");
        return NULL;
    }
    if (head->header_count == stream->header_capacity) {
        size_t capacity = stream->header_capacity == 0 ? HEADERS_FIRST : head->header_count * 2;

        grown = arena_alloc(&stream->arena, capacity * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        if (head->header_count > 0)
            memcpy(grown, headers, head->header_count * sizeof(*grown));
        head->headers = headers = grown;
        stream->header_capacity = capacity;
    }
    return &headers[head->header_count++];
}

static void take_pseudo_header(struct stream *stream, struct slice name, struct slice value)
{
    struct request_head *head = &stream->exchange.head;

    if (slice_equal(name, SLICE(":method")))
        head->method = value;
    else if (slice_equal(name, SLICE(":path")))
        http1__split_target(value, head);
    else if (slice_equal(name, SLICE(":scheme")))
        head->scheme = value;
    else if (slice_equal(name, SLICE(":authority")))
        head->authority = value;
}

/* False: the block unfolds to too much, and the connection ends. */
static bool count_field(struct connection *connection, size_t name_len, size_t value_len)
{
    if (http2_bounds__field(&connection->http2->bounds, connection->loop->settings, name_len,
                            value_len))
        return true;
    http2__calm(connection, UNFOLDS);
    return false;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct stream *stream = connection->http2->incoming;
    struct request_head *head;
    struct header *header;
    char *bytes;

    (void)session;
    (void)frame;
    (void)flags;
    if (!count_field(connection, name_len, value_len))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (stream == NULL || stream->refusal != 0)
        return 0; /* decoded all the same, for the compression's state */
    head = &stream->exchange.head;
    head->header_bytes += name_len + value_len + 32;
    if (head->header_bytes > stream->exchange.loop->settings->max_header_bytes) {
        refuse_head(stream, 431, "The header fields exceed the limit.");
        return 0;
    }
    if (name[0] == ':') {
        take_pseudo_header(stream, slice_make(name, name_len),
                           arena_copy(&stream->arena, slice_make(value, value_len)));
        return 0;
    }
    bytes = arena_alloc(&stream->arena, name_len + value_len + 1);
    header = next_header(stream);
    if (bytes == NULL || header == NULL)
        return 0; /* refused when the block is whole */
    memcpy(bytes, name, name_len);
    memcpy(bytes + name_len, value, value_len);
    header->name = slice_make(bytes, name_len);
    header->value = slice_make(bytes + name_len, value_len);
    head->names |= header_name_bit(header->name);
    return 0;
}

/* A field that nghttp2 refuses: else it would be left out in silence, and not counted. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
                             const uint8_t *name, size_t name_len, const uint8_t *value,
                             size_t value_len, uint8_t flags, void *user_data)
{
    struct connection *connection = http2__connection(user_data);

    (void)session;
    (void)frame;
    (void)name;
    (void)value;
    (void)flags;
    if (!count_field(connection, name_len, value_len))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (connection->http2->incoming != NULL)
        refuse_head(connection->http2->incoming, 400,
                    "A header field contains an invalid character.");
    return 0;
}

/* ---- requests ---- */

static void check_expect(struct stream *stream, struct slice value)
{
    if (slice_equal_ignore_case(value, SLICE("100-continue")))
        stream->expect_continue = stream->exchange.head.has_body;
    else
        refuse_head(stream, 417, "Only the expectation 100-continue is supported.");
}

/* A Host beside :authority must say the same (RFC 9113 section 8.3.1). */
static void check_authority(struct stream *stream)
{
    struct request_head *head = &stream->exchange.head;
    struct slice host;
    bool has_host = exchange_header(&stream->exchange, SLICE("host"), &host);

    if (has_host && head->authority.data == NULL)
        head->authority = host;
    if (!http1__host_is_valid(head->authority))
        refuse_head(stream, 400, "The :authority header is not a host with an optional port.");
    else if (has_host && !slice_equal_ignore_case(host, head->authority))
        refuse_head(stream, 400, "Host and :authority differ.");
}

/* What nghttp2 leaves to us of a head. */
static void check_head(struct stream *stream)
{
    struct request_head *head = &stream->exchange.head;
    struct slice value;
    uint64_t length;

    if (arena_failed(&stream->arena))
        refuse_head(stream, NO_MEMORY_HTTP, NO_MEMORY_TEXT);
    if (!http1__method_is_known(head->method))
        refuse_head(stream, 501, HTTP1_METHOD_UNKNOWN);
    if (slice_equal(head->method, SLICE("CONNECT")))
        refuse_head(stream, 501, "The method CONNECT is not supported.");
    if (!slice_equal_ignore_case(head->scheme, SLICE("http")) &&
        !slice_equal_ignore_case(head->scheme, SLICE("https")))
        refuse_head(stream, 400, "The target's scheme is not http or https.");
    if (!http1__path_is_valid(head->path) || !http1__query_is_valid(head->query))
        refuse_head(stream, 400,
                    "The request target contains a character that must be percent-encoded.");
    check_authority(stream);
    if (exchange_header(&stream->exchange, SLICE("content-length"), &value) &&
        slice_to_u64(value, &length) && length <= INT64_MAX)
        head->content_length = (int64_t)length;
    if (exchange_header(&stream->exchange, SLICE("expect"), &value))
        check_expect(stream, value);
}

static void take_request(struct connection *connection, const nghttp2_frame *frame)
{
    struct stream *stream = connection->http2->incoming;

    connection->http2->incoming = NULL;
    if (stream == NULL)
        return;
    http2_bounds__useful_frame(&connection->http2->bounds);
    stream->ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    stream->exchange.head.has_body = !stream->ended;
    if (stream->refusal == 0)
        check_head(stream);
    if (stream->refusal != 0)
        http_stream__refuse(stream, stream->refusal, stream->refusal_detail);
    else
        http_stream__begin(stream);
}

static void receive_end(nghttp2_session *session, const nghttp2_frame *frame)
{
    struct stream *stream = http2__find(session, frame->hd.stream_id);

    if (stream != NULL && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        http_stream__receive_end(stream);
}

/* ---- floods ---- */

/* Requests and body bytes take the count back. */
static int count_idle(struct connection *connection)
{
    if (!http2_bounds__idle_frame(&connection->http2->bounds, connection->loop->settings))
        return http2__calm(connection, "too many useless frames");
    return 0;
}

static int receive_ping(struct connection *connection, const nghttp2_frame *frame)
{
    if (frame->hd.flags & NGHTTP2_FLAG_ACK) {
        http2__finish_notice(connection);
        return 0;
    }
    if (!http2_bounds__ping(&connection->http2->bounds, connection->loop->settings,
                            http2__now(connection)))
        return http2__calm(connection, "too_many_pings");
    return 0;
}

/* Called again for each CONTINUATION, with the length of the block so far. */
static int begin_headers_frame(struct connection *connection, nghttp2_session *session,
                               const nghttp2_frame_hd *header)
{
    struct http2_bounds *bounds = &connection->http2->bounds;
    bool is_new = header->stream_id > bounds->newest;
    const struct stream *stream;

    if (header->stream_id % 2 == 1 && !http2_bounds__headers(bounds, header->stream_id))
        return http2__fail(connection, NGHTTP2_PROTOCOL_ERROR,
                           "a stream identifier does not increase");
    if (is_new)
        return 0; /* useful, when it is whole */
    stream = http2__find(session, header->stream_id);
    if (!(header->flags & NGHTTP2_FLAG_END_HEADERS) && (stream == NULL || stream->was_reset))
        return http2__calm(connection, UNFOLDS);
    return count_idle(connection);
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *header, void *user_data)
{
    struct connection *connection = http2__connection(user_data);

    if (header->type == NGHTTP2_HEADERS)
        return begin_headers_frame(connection, session, header);
    if (header->type == NGHTTP2_RST_STREAM)
        return 0; /* has a count of its own */
    return count_idle(connection);
}

/* on_begin_frame has counted it; its payload goes nowhere. */
static int on_unknown_frame(nghttp2_session *session, void **payload,
                            const nghttp2_frame_hd *header, void *user_data)
{
    (void)session;
    (void)payload;
    (void)header;
    (void)user_data;
    return NGHTTP2_ERR_CANCEL;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct connection *connection = http2__connection(user_data);

    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        connection->head_since_ms = 0;
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            take_request(connection, frame);
        else
            receive_end(session, frame);
        break;
    case NGHTTP2_DATA:
        receive_end(session, frame);
        break;
    case NGHTTP2_RST_STREAM:
        if (!http2_bounds__reset(&connection->http2->bounds, connection->loop->settings,
                                 http2__now(connection)))
            return http2__calm(connection, "too many resets");
        break;
    case NGHTTP2_PING:
        return receive_ping(connection, frame);
    default:
        break;
    }
    return 0;
}

/*
 * A frame that is wrong is answered with RST_STREAM: as dear to us as one that the client sends.
 * The rest of a header block is decoded without a callback, and so without a count: it may not be
 * long.
 */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
                            void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct stream *stream = http2__find(session, frame->hd.stream_id);

    (void)error;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        connection->head_since_ms = 0;
        if (stream != NULL)
            stream->overridden = stream->was_reset = true;
        if (!(frame->hd.flags & NGHTTP2_FLAG_END_HEADERS))
            return http2__calm(connection, UNFOLDS);
    }
    if (!http2_bounds__reset(&connection->http2->bounds, connection->loop->settings,
                             http2__now(connection)))
        return http2__calm(connection, "too many invalid frames");
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct stream *stream = http2__find(session, id);

    (void)flags;
    http2_bounds__useful_frame(&connection->http2->bounds);
    if (stream == NULL || stream->was_reset)
        nghttp2_session_consume(session, id, len);
    else
        http_stream__receive(stream, slice_make(data, len));
    return 0;
}

void http2__set_read_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, on_unknown_frame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
}
