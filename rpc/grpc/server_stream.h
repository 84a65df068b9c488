/*
 * What streaming calls that this face answers itself share: they begin with a head, have no
 * deadline but the client's, end by trailers, and end when the server drains.
 */
#ifndef DATASTREAM_RPC_GRPC_SERVER_STREAM_H
#define DATASTREAM_RPC_GRPC_SERVER_STREAM_H

#include "rpc/face/face.h"
#include "rpc/grpc/answer.h"
#include "rpc/grpc/drain.h"

/* First in the stream's own structure, which is the exchange's state. */
struct server_stream {
    struct face_call *face;
    struct grpc_answer *answer;
    bool has_deadline; /* the client's own */
    struct drain_entry drain;
};

/*
 * Takes the exchange over from the call that was opened on it: `face` and `answer` are that call's
 * (face->answered tells when the stream has ended), `handlers` hear the rest. Sends the head.
 * `draining` is called once when the server drains, while the exchange is open.
 */
void server_stream_begin(struct server_stream *stream, const struct exchange_face *handlers,
                         struct drain *drain, void (*draining)(struct exchange *exchange));

/* Ends it by trailers, once. */
void server_stream_end(struct server_stream *stream, struct status status);

/* The status that streams end with when the server drains. */
struct status server_stream_drained(void);

/* For exchange_face: DEADLINE_EXCEEDED, or a reset where a message waits for the client. */
void server_stream_timeout(struct exchange *exchange);

/* For exchange_face's `closed`: cancels, logs, forgets the draining. */
void server_stream_closed(struct exchange *exchange);

#endif
