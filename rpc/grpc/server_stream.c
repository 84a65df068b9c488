/* Beginnings and ends of streams. */
#include "rpc/grpc/server_stream.h"

static void set_deadline(const struct server_stream *stream)
{
    exchange_set_timeout(stream->frontend->exchange, frontend_stream_left_ms(stream->deadline_us));
}

void server_stream__take(struct server_stream *stream, const struct exchange_frontend *handlers)
{
    struct exchange *exchange = stream->frontend->exchange;

    exchange->state = stream;
    exchange->frontend = handlers;
}

void server_stream__begin(struct server_stream *stream)
{
    frontend_move(stream->frontend, FRONTEND_STREAMING);
    set_deadline(stream);
    grpc__stream_head(stream->answer);
}

void server_stream__end(struct server_stream *stream, struct status status)
{
    struct frontend_call *frontend = stream->frontend;
    bool begun = frontend->state == FRONTEND_STREAMING;

    if (frontend_is_over(frontend))
        return;
    frontend_move(frontend, FRONTEND_ANSWERED);
    set_deadline(stream);
    frontend->logged_status = (int)(begun ? grpc__stream_end(stream->answer, status)
                                          : grpc__answer_status(frontend->exchange, stream->answer,
                                                                status));
}

void server_stream__timeout(struct exchange *exchange)
{
    struct server_stream *stream = exchange->state;

    if (frontend_is_over(stream->frontend) || exchange_waiting(exchange) > 0)
        exchange_reset(exchange);
    else
        server_stream__end(stream,
                           status_const(STATUS_DEADLINE_EXCEEDED, SLICE("The deadline passed.")));
}

void server_stream__closed(struct exchange *exchange)
{
    struct server_stream *stream = exchange->state;
    struct frontend_call *frontend = stream->frontend;

    frontend_cancel(frontend);
    frontend_log(frontend, frontend_is_over(frontend) ? frontend->logged_status : STATUS_CANCELLED);
}
