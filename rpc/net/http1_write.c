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

/* A value that could end its line would let its author write lines of his own. */
static void put_value(struct buffer *out, struct slice value)
{
    size_t start = out->len;

    buffer__put(out, value);
    for (size_t i = start; i < out->len; i++) {
        if (out->data[i] == '\r' || out->data[i] == '\n' || out->data[i] == '\0')
            out->data[i] = ' ';
    }
}

static void put_fields(struct buffer *out, const struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_value(out, headers[i].name);
        buffer__put(out, SLICE(": "));
        put_value(out, headers[i].value);
        buffer__put(out, SLICE("\r\n"));
    }
}

static void put_head(struct stream *stream, struct buffer *out)
{
    struct answer *answer = &stream->answer;

    buffer__put(out, SLICE("HTTP/1.1 "));
    buffer__put_decimal(out, (uint64_t)answer->status);
    buffer__put(out, SLICE(" "));
    buffer__put(out, http_reason(answer->status));
    buffer__put(out, SLICE("\r\ndate: "));
    buffer__put(out, slice_make(answer->date, DATE_LEN));
    buffer__put(out, SLICE("\r\n"));
    put_fields(out, answer->headers, answer->header_count);
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
