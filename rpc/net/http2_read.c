/* HTTP/2, the reading half: header blocks to heads, DATA to bodies, and the count of floods. */
#include "rpc/net/http2_read.h"

#include <stdlib.h>

#include "base/status.h"
#include "rpc/net/http1_check.h"
#include "rpc/net/http2_state.h"

#define HEADERS_FIRST 16
#define UNFOLDS "a header block is too large after decompression"

/* ---- header blocks ---- */

/* What came in the last request is of use to a connection that asks again. */
static void begin_request(struct http2 *http2)
{
    if (http2->has_asked && http2->known == NULL) {
        http2->known = calloc(1, sizeof(*http2->known));
        if (http2->known != NULL)
            account_add(http2->account, sizeof(*http2->known));
    }
    http2->has_asked = true;
}

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
    http2->field_count = 0;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* trailers: nothing of ours reads them */
    begin_request(http2);
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

/* The value as a constant where it is what nearly all requests say, else a copy. */
static struct slice common_or_copy(struct arena *arena, struct slice value, struct slice one,
                                   struct slice other)
{
    if (slice_equal(value, one))
        return one;
    return slice_equal(value, other) ? other : arena_copy(arena, value);
}

/* Whether it is a pseudo-header, which is kept then. */
static bool take_pseudo_header(struct stream *stream, enum http2_name which, struct slice value)
{
    struct request_head *head = &stream->exchange.head;
    struct arena *arena = &stream->arena;

    switch (which) {
    case HTTP2_NAME_PATH:
        http1__split_target(arena_copy(arena, value), head);
        return true;
    case HTTP2_NAME_METHOD:
        head->method = common_or_copy(arena, value, SLICE("POST"), SLICE("GET"));
        return true;
    case HTTP2_NAME_SCHEME:
        head->scheme = common_or_copy(arena, value, SLICE("http"), SLICE("https"));
        return true;
    case HTTP2_NAME_AUTHORITY:
        head->authority = arena_copy(arena, value);
        return true;
    default:
        return false;
    }
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

/*
 * A frame that is wrong is answered with RST_STREAM: as dear to us as one that the client sends.
 * The rest of a header block is decoded without a callback, and so without a count: it may not be
 * long.
 */
static int count_invalid(struct connection *connection, struct stream *stream,
                         const nghttp2_frame_hd *header)
{
    if (header->type == NGHTTP2_HEADERS) {
        connection->head_since_ms = 0;
        if (stream != NULL)
            stream->overridden = stream->was_reset = true;
        if (!(header->flags & NGHTTP2_FLAG_END_HEADERS))
            return http2__calm(connection, UNFOLDS);
    }
    if (!http2_bounds__reset(&connection->http2->bounds, connection->loop->settings,
                             http2__now(connection)))
        return http2__calm(connection, "too many invalid frames");
    return 0;
}

/* Resets a stream whose request is an error (RFC 9113 section 8.1.1); nothing of it is heard. */
static void reset_malformed(struct stream *stream)
{
    stream->overridden = stream->was_reset = true;
    if (nghttp2_submit_rst_stream(stream->connection->http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                  NGHTTP2_PROTOCOL_ERROR) != 0)
        connection__cut(stream->connection);
}

/* The same for what a frame says of it. */
static int refuse_frame(struct stream *stream, const nghttp2_frame_hd *header)
{
    reset_malformed(stream);
    return count_invalid(stream->connection, stream, header);
}

static enum http2_verdict judge_field(struct http2 *http2, struct stream *stream, bool is_trailer,
                                      struct http2_field *field)
{
    if (!is_trailer)
        return http2_fields__add(&stream->fields, http2->known, http2->field_count++, field);
    return http2_fields__add_trailer(&stream->fields, field->name_bytes, field->bytes);
}

static void take_field(struct stream *stream, const struct http2_field *field)
{
    struct request_head *head = &stream->exchange.head;
    struct slice name = field->name_bytes;
    struct slice value = field->bytes;
    struct header *header;
    char *bytes;

    head->header_bytes += name.len + value.len + 32;
    if (head->header_bytes > stream->exchange.loop->settings->max_header_bytes) {
        refuse_head(stream, 431, "The header fields exceed the limit.");
        return;
    }
    if (take_pseudo_header(stream, field->which, value))
        return;
    bytes = arena_alloc(&stream->arena, name.len + value.len + 1);
    header = next_header(stream);
    if (bytes == NULL || header == NULL)
        return; /* refused when the block is whole */
    memcpy(bytes, name.data, name.len);
    memcpy(bytes + name.len, value.data, value.len);
    header->name = slice_make(bytes, name.len);
    header->value = slice_make(bytes + name.len, value.len);
    head->names |= header_name_bit(header->name);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                     nghttp2_rcbuf *value, uint8_t flags, void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct http2 *http2 = connection->http2;
    struct http2_field field = http2_field_of(name, value);
    bool is_trailer = frame->headers.cat != NGHTTP2_HCAT_REQUEST;
    struct stream *stream = is_trailer ? http2__find(session, frame->hd.stream_id)
                                       : http2->incoming;
    int result;

    (void)flags;
    if (!count_field(connection, field.name_bytes.len, field.bytes.len))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (stream == NULL || stream->was_reset)
        return 0; /* decoded all the same, for the compression's state */
    switch (judge_field(http2, stream, is_trailer, &field)) {
    case HTTP2_FIELD_MALFORMED:
        result = refuse_frame(stream, &frame->hd);
        return result != 0 ? result : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    case HTTP2_FIELD_INVALID:
        if (!is_trailer)
            refuse_head(stream, 400, "A header field contains an invalid character.");
        return 0;
    case HTTP2_FIELD_GOOD:
        break;
    }
    if (!is_trailer && stream->refusal == 0)
        take_field(stream, &field);
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
    if (!http2_fields__is_accepted(&stream->fields, HTTP2_NAME_AUTHORITY) &&
        !http1__host_is_valid(head->authority))
        refuse_head(stream, 400, "The :authority header is not a host with an optional port.");
    else if (has_host && !slice_equal_ignore_case(host, head->authority))
        refuse_head(stream, 400, "Host and :authority differ.");
}

static void check_method(struct stream *stream)
{
    struct slice method = stream->exchange.head.method;

    if (http2_fields__is_accepted(&stream->fields, HTTP2_NAME_METHOD))
        return;
    if (!http1__method_is_known(method))
        refuse_head(stream, 501, HTTP1_METHOD_UNKNOWN);
    if (slice_equal(method, SLICE("CONNECT")))
        refuse_head(stream, 501, "The method CONNECT is not supported.");
}

static void check_target(struct stream *stream)
{
    struct request_head *head = &stream->exchange.head;

    if (!http2_fields__is_accepted(&stream->fields, HTTP2_NAME_SCHEME) &&
        !slice_equal_ignore_case(head->scheme, SLICE("http")) &&
        !slice_equal_ignore_case(head->scheme, SLICE("https")))
        refuse_head(stream, 400, "The target's scheme is not http or https.");
    if (!http2_fields__is_accepted(&stream->fields, HTTP2_NAME_PATH) &&
        (!http1__path_is_valid(head->path) || !http1__query_is_valid(head->query)))
        refuse_head(stream, 400,
                    "The request target contains a character that must be percent-encoded.");
}

/* What nghttp2 leaves to us of a head, except what was accepted in the request before it. */
static void check_head(struct stream *stream)
{
    struct request_head *head = &stream->exchange.head;
    struct slice value;
    uint64_t length;

    if (arena_failed(&stream->arena))
        refuse_head(stream, NO_MEMORY_HTTP, NO_MEMORY_TEXT);
    check_method(stream);
    check_target(stream);
    check_authority(stream);
    if (exchange_header(&stream->exchange, SLICE("content-length"), &value) &&
        slice_to_u64(value, &length) && length <= INT64_MAX)
        head->content_length = (int64_t)length;
    if (exchange_header(&stream->exchange, SLICE("expect"), &value))
        check_expect(stream, value);
}

static int take_request(struct connection *connection, const nghttp2_frame *frame)
{
    struct stream *stream = connection->http2->incoming;
    bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    connection->http2->incoming = NULL;
    if (stream == NULL)
        return 0;
    stream->ended = ended;
    if (!http2_fields__are_request(&stream->fields) ||
        !http2_fields__allow_length(&stream->fields, 0, ended))
        return refuse_frame(stream, &frame->hd);
    http2_bounds__useful_frame(&connection->http2->bounds);
    stream->exchange.head.has_body = !stream->ended;
    if (stream->refusal == 0)
        check_head(stream);
    if (stream->refusal != 0) {
        http_stream__refuse(stream, stream->refusal, stream->refusal_detail);
    } else {
        http2_fields__accept(connection->http2->known);
        http_stream__begin(stream);
    }
    return 0;
}

/* The end of a body, by DATA or by trailers, which come at the end alone. */
static int receive_end(nghttp2_session *session, const nghttp2_frame *frame)
{
    bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    struct stream *stream;

    if (!ended && frame->hd.type == NGHTTP2_DATA)
        return 0;
    stream = http2__find(session, frame->hd.stream_id);
    if (stream == NULL)
        return 0;
    if (!stream->was_reset &&
        (!ended || !http2_fields__allow_length(&stream->fields, stream->received, true)))
        return refuse_frame(stream, &frame->hd);
    if (ended)
        http_stream__receive_end(stream);
    return 0;
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
    if (http2_bounds__has_ended(bounds, header->stream_id))
        return http2__fail(connection, NGHTTP2_STREAM_CLOSED, HTTP2_STREAM_ENDED);
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
            return take_request(connection, frame);
        return receive_end(session, frame);
    case NGHTTP2_DATA:
        return receive_end(session, frame);
    case NGHTTP2_RST_STREAM:
        if (frame->hd.stream_id % 2 == 1) /* no other was ever opened */
            http2_bounds__ended(&connection->http2->bounds, frame->hd.stream_id);
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

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
                            void *user_data)
{
    (void)error;
    return count_invalid(http2__connection(user_data), http2__find(session, frame->hd.stream_id),
                         &frame->hd);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct stream *stream = http2__find(session, id);

    (void)flags;
    http2_bounds__useful_frame(&connection->http2->bounds);
    if (stream != NULL && !stream->was_reset &&
        !http2_fields__allow_length(&stream->fields, stream->received + len, false))
        reset_malformed(stream);
    if (stream == NULL || stream->was_reset)
        nghttp2_session_consume(session, id, len);
    else
        http_stream__receive(stream, slice_make(data, len));
    return 0;
}

void http2__set_read_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, on_unknown_frame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
}
