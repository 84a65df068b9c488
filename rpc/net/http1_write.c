/*
 * HTTP/1.1, the writing half: answers in the order of their requests, with Content-Length where it
 * is known and in chunks where it is not.
 */
#include "rpc/net/http1_write.h"

#include "base/http_status.h"
#include "rpc/net/http1_read.h"

static bool is_last(const struct stream *stream)
{
    return stream->link.next == &stream->connection->streams;
}

/* Whether so much of the body is still to come that the connection had better close. */
static bool leaves_body_behind(const struct stream *stream)
{
    const struct http1 *http1 = stream->connection->http1;

    if (http1->reading != stream)
        return false;
    if (stream->expect_continue && !stream->continued && stream->received == 0)
        return true; /* the client may send it or not: there is no telling where it ends */
    return stream->answer.state == ANSWER_ENDED && http1->state == HTTP1_LENGTH &&
           http1->left > HTTP1_DROP_MOST;
}

/* Decides once, at the head of an answer, whether it is the connection's last. */
static bool is_closing_answer(const struct stream *stream)
{
    struct connection *connection = stream->connection;
    struct http1 *http1 = connection->http1;

    if (!is_last(stream))
        return false;
    if (leaves_body_behind(stream))
        http1->close = true;
    if (connection->draining && http1->held.len == 0)
        http1->close = true;
    if (http1->close && http1->state == HTTP1_HEAD)
        http1__move(connection, HTTP1_STOPPED);
    return http1->close;
}

static bool names_length(const struct answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (slice_equal(answer->headers[i].name, SLICE("content-length")))
            return true;
    }
    return false;
}

static bool is_chunked(const struct stream *stream)
{
    return stream->answer.length < 0 && stream->exchange.head.version == HTTP_1_1 &&
           !http_stream__is_bodyless(stream) && !names_length(&stream->answer);
}

static char *append(char *at, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

/* A value that could end its line would let its author write lines of his own. */
static char *append_value(char *at, struct slice value)
{
    char *end = append(at, value);

    for (at += slice_plain_run(value); at < end; at++)
        if (*at == '\r' || *at == '\n' || *at == '\0')
            *at = ' ';
    return end;
}

static char *append_fields(char *at, const struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        at = append_value(at, headers[i].name);
        at = append(at, SLICE(": "));
        at = append_value(at, headers[i].value);
        at = append(at, SLICE("\r\n"));
    }
    return at;
}

/* What the fields take, and `more`: room for all of them is reserved once. */
static bool reserve_fields(struct buffer *out, const struct header *headers, size_t count,
                           size_t more)
{
    for (size_t i = 0; i < count; i++)
        more += headers[i].name.len + headers[i].value.len + 4;
    return buffer__reserve(out, more);
}

static void put_fields(struct buffer *out, const struct header *headers, size_t count)
{
    if (reserve_fields(out, headers, count, 0))
        out->len = (size_t)(append_fields(out->data + out->len, headers, count) - out->data);
}

/* The status line and the Date, without what stands in them. */
#define STATUS_LINE_LEN 64

static void put_status_and_fields(const struct answer *answer, struct buffer *out)
{
    struct slice reason = http_reason(answer->status);
    const char status[] = {(char)('0' + answer->status / 100),
                           (char)('0' + answer->status / 10 % 10),
                           (char)('0' + answer->status % 10), ' '};
    char *at;

    if (!reserve_fields(out, answer->headers, answer->header_count,
                        STATUS_LINE_LEN + reason.len + DATE_LEN))
        return;
    at = append(out->data + out->len, SLICE("HTTP/1.1 "));
    at = append(at, slice_make(status, sizeof(status)));
    at = append(at, reason);
    at = append(at, SLICE("\r\ndate: "));
    at = append(at, slice_make(answer->date, DATE_LEN));
    at = append(at, SLICE("\r\n"));
    at = append_fields(at, answer->headers, answer->header_count);
    out->len = (size_t)(at - out->data);
}

static void put_head(struct stream *stream, struct buffer *out)
{
    struct answer *answer = &stream->answer;

    put_status_and_fields(answer, out);
    if (http_stream__tells_length(stream)) {
        buffer__put(out, SLICE("content-length: "));
        buffer__put_decimal(out, (uint64_t)answer->length);
        buffer__put(out, SLICE("\r\n"));
    }
    if (is_chunked(stream))
        buffer__put(out, SLICE("transfer-encoding: chunked\r\n"));
    if (is_closing_answer(stream))
        buffer__put(out, SLICE("connection: close\r\n"));
    buffer__put(out, SLICE("\r\n"));
    answer->head_taken = true;
}

static void put_body(struct stream *stream, struct buffer *out)
{
    struct answer *answer = &stream->answer;
    bool chunked = is_chunked(stream);
    size_t room = out->len < WRITE_BYTES ? WRITE_BYTES - out->len : 0;
    size_t count = answer->waiting < room ? answer->waiting : room;

    if (count == 0)
        return;
    if (chunked) {
        buffer__put_hex(out, count);
        buffer__put(out, SLICE("\r\n"));
    }
    http_stream__take_body(stream, out, count);
    if (chunked)
        buffer__put(out, SLICE("\r\n"));
}

static void put_end(struct stream *stream, struct buffer *out)
{
    struct answer *answer = &stream->answer;

    if (is_chunked(stream)) {
        buffer__put(out, SLICE("0\r\n"));
        put_fields(out, answer->trailers, answer->trailer_count);
        buffer__put(out, SLICE("\r\n"));
    }
    answer->end_taken = true;
}

static void put_continue(struct stream *stream, struct buffer *out)
{
    if (stream->continue_owed && stream->answer.state == ANSWER_NONE) {
        buffer__put(out, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
        stream->continued = true;
    }
    stream->continue_owed = false;
}

bool http1__write(struct connection *connection, struct buffer *out)
{
    struct stream *stream;

    while (out->len < WRITE_BYTES && (stream = connection_first_stream(connection)) != NULL) {
        struct answer *answer = &stream->answer;

        put_continue(stream, out);
        if (answer->state == ANSWER_NONE)
            break;
        if (!answer->head_taken)
            put_head(stream, out);
        put_body(stream, out);
        if (answer->waiting > 0 || answer->state != ANSWER_ENDED)
            break;
        put_end(stream, out);
        http1__finish(stream);
    }
    return true;
}
