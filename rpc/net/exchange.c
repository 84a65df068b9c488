/* What frontends call: it notes what is wanted and touches the stream; the turn's end does the
 * rest. */
#include "rpc/net/exchange.h"

#include "rpc/net/connection.h"

bool exchange_header(const struct exchange *exchange, struct slice name, struct slice *ret_value)
{
    if (!head_may_name(&exchange->head, name))
        return false;
    for (size_t i = 0; i < exchange->head.header_count; i++) {
        if (slice_equal(exchange->head.headers[i].name, name)) {
            *ret_value = exchange->head.headers[i].value;
            return true;
        }
    }
    return false;
}

/* The stream, while the frontend is heard; NULL when the connection is gone or has answered itself.
 */
static struct stream *open_stream(struct exchange *exchange)
{
    struct stream *stream = stream_of(exchange);

    loop__assert_thread(exchange->loop);
    return stream->connection == NULL || stream->overridden ? NULL : stream;
}

void exchange_claim(struct exchange *exchange)
{
    struct stream *stream = open_stream(exchange);

    if (stream == NULL || stream->claimed)
        return;
    stream->claimed = true;
    stream->connection->claimed_count++;
}

void exchange_accept_body(struct exchange *exchange, uint64_t most)
{
    struct stream *stream = open_stream(exchange);
    int64_t length = exchange->head.content_length;

    if (stream == NULL || stream->accepted)
        return;
    stream->accepted = true;
    stream->most = most;
    body_clock_excuse(&stream->clock, loop_now_ms(exchange->loop));
    connection__arm(stream->connection,
                    body_clock__due_ms(&stream->clock, exchange->loop->settings));
    if (most > 0 && ((length > 0 && (uint64_t)length > most) || stream->received > most)) {
        http_stream__refuse(stream, 413, "The body exceeds the limit.");
        return;
    }
    stream->continue_owed = stream->expect_continue && stream->received == 0 && !stream->ended;
    http_stream__touch(stream);
}

void exchange_consume(struct exchange *exchange, size_t bytes)
{
    struct stream *stream = stream_of(exchange);

    loop__assert_thread(exchange->loop);
    if (bytes > stream->unconsumed)
        bytes = stream->unconsumed;
    if (stream->connection == NULL || bytes == 0)
        return;
    if (stream->unconsumed >= exchange->loop->settings->stream_window_bytes)
        body_clock_excuse(&stream->clock, loop_now_ms(exchange->loop));
    stream->unconsumed -= bytes;
    if (stream->connection->protocol->consume != NULL)
        stream->connection->protocol->consume(stream, bytes);
    http_stream__touch(stream);
}

void exchange_respond(struct exchange *exchange, int status, const struct header *headers,
                      size_t count, struct slice body)
{
    struct stream *stream = open_stream(exchange);

    if (stream != NULL)
        http_stream__respond(stream, status, headers, count, body);
}

void exchange_send_head(struct exchange *exchange, int status, const struct header *headers,
                        size_t count)
{
    struct stream *stream = open_stream(exchange);

    if (stream != NULL)
        http_stream__begin_answer(stream, status, headers, count);
}

bool exchange_send_body(struct exchange *exchange, struct slice bytes)
{
    struct stream *stream = open_stream(exchange);
    size_t most = (size_t)exchange->loop->settings->max_write_buffer_bytes;

    if (stream == NULL)
        return true;
    assert(stream->answer.state == ANSWER_OPEN);
    if (!http_stream__queue_body(stream, bytes))
        return true;
    http_stream__touch(stream);
    /* A stream's own share, so that one stalled stream can't hold up the others. */
    stream->answer.starved = stream->answer.waiting > most / 4 ||
                             (stream->answer.waiting > 0 && stream->connection->waiting > most);
    return !stream->answer.starved;
}

void exchange_send_end(struct exchange *exchange, const struct header *trailers, size_t count)
{
    struct stream *stream = open_stream(exchange);

    if (stream == NULL)
        return;
    assert(stream->answer.state == ANSWER_OPEN);
    stream->answer.state = ANSWER_ENDED;
    stream->answer.trailers = trailers;
    stream->answer.trailer_count = count;
    http_stream__touch(stream);
}

void exchange_give_way(struct exchange *exchange)
{
    struct stream *stream = stream_of(exchange);

    loop__assert_thread(exchange->loop);
    assert(!stream->gave_way && !stream->is_closed);
    stream->gave_way = true;
    if (stream->connection == NULL)
        return; /* `closed` is about to be called */
    list_remove(&stream->ready);
    list_prepend(&stream->connection->ready, &stream->ready);
    connection__schedule(stream->connection);
}

size_t exchange_waiting(const struct exchange *exchange)
{
    return stream_of(exchange)->connection == NULL ? 0 : stream_of(exchange)->answer.waiting;
}

void exchange_reset(struct exchange *exchange)
{
    struct stream *stream = open_stream(exchange);

    if (stream != NULL)
        stream->connection->protocol->reset_stream(stream);
}

void exchange_set_timeout(struct exchange *exchange, uint64_t ms)
{
    struct stream *stream = open_stream(exchange);

    if (stream == NULL || stream->answer.end_taken)
        return;
    if (ms == 0)
        timer__cancel(&stream->timer);
    else
        timer__set(&exchange->loop->wheel, &stream->timer,
                   loop_now_ms(exchange->loop) + (int64_t)(ms < INT32_MAX ? ms : INT32_MAX));
}

bool exchange_is_closed(const struct exchange *exchange)
{
    return stream_of(exchange)->is_closed;
}

void exchange_hold(struct exchange *exchange)
{
    loop__assert_thread(exchange->loop);
    stream_of(exchange)->holds++;
}

void exchange_release(struct exchange *exchange)
{
    http_stream__release(stream_of(exchange));
}
