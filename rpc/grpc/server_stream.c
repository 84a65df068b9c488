/* Beginnings and ends of streams. */
#include "rpc/grpc/server_stream.h"

void server_stream_begin(struct server_stream *stream, const struct exchange_face *handlers,
                         struct drain *drain, void (*draining)(struct exchange *exchange))
{
    struct exchange *exchange = stream->face->exchange;

    exchange->state = stream;
    exchange->face = handlers;
    if (!stream->has_deadline)
        exchange_set_timeout(exchange, 0);
    grpc__stream_head(stream->answer);
    drain_add(drain, &stream->drain, exchange, draining);
}

void server_stream_end(struct server_stream *stream, struct status status)
{
    struct face_call *face = stream->face;

    if (face->answered)
        return;
    face->answered = true;
    face->logged_status = (int)grpc__stream_end(stream->answer, status);
}

struct status server_stream_drained(void)
{
    return status_const(STATUS_UNAVAILABLE, SLICE("The server is shutting down."));
}

void server_stream_timeout(struct exchange *exchange)
{
    struct server_stream *stream = exchange->state;

    if (stream->face->answered || exchange_waiting(exchange) > 0)
        exchange_reset(exchange);
    else
        server_stream_end(stream,
                          status_const(STATUS_DEADLINE_EXCEEDED, SLICE("The deadline passed.")));
}

void server_stream_closed(struct exchange *exchange)
{
    struct server_stream *stream = exchange->state;
    struct face_call *face = stream->face;

    face_cancel(face);
    face_log(face, face->answered ? face->logged_status : STATUS_CANCELLED);
    drain_remove(&stream->drain);
}
