/*
 * What streaming calls that this frontend answers itself share: they begin with a head, have no
 * deadline but the client's, and end by trailers.
 */
#ifndef DATASTREAM_RPC_GRPC_SERVER_STREAM_H
#define DATASTREAM_RPC_GRPC_SERVER_STREAM_H

#include "rpc/frontend/frontend_stream.h"
#include "rpc/grpc/grpc_answer.h"

/* First in the stream's own structure, which is the exchange's state. */
struct server_stream {
    struct frontend_call *frontend;
    struct grpc_answer *answer;
    int64_t deadline_us; /* the client's own, of clock_monotonic_us; 0 for none */
};

/*
 * Takes the exchange over from the call that was opened on it: `frontend` and `answer` are that
 * call's (its state tells how far the stream is), `handlers` hear the rest.
 */
void server_stream__take(struct server_stream *stream, const struct exchange_frontend *handlers);

/* Sends the head. From here on the client's deadline alone bounds the call. */
void server_stream__begin(struct server_stream *stream);

/* Ends it by trailers, or where it has not begun by an answer without a message, once. */
void server_stream__end(struct server_stream *stream, struct status status);

/* For exchange_frontend: DEADLINE_EXCEEDED, or a reset where a message waits for the client. */
void server_stream__timeout(struct exchange *exchange);

/* For exchange_frontend's `closed`: cancels and logs. */
void server_stream__closed(struct exchange *exchange);

#endif
