/* Streaming methods of the contract over gRPC: a head, one frame a message, trailers. */
#ifndef DATASTREAM_RPC_GRPC_GRPC_STREAM_H
#define DATASTREAM_RPC_GRPC_GRPC_STREAM_H

#include "rpc/frontend/frontend_stream.h"
#include "rpc/grpc/grpc_answer.h"

/*
 * Goes on with a call whose request is read: takes the exchange over. `answer` lives as long as the
 * exchange. `deadline_us` is the client's deadline, of clock_monotonic_us, 0 for none. Out of
 * memory when there is none; nothing was done then.
 */
struct status grpc__call_stream(struct frontends *frontends, struct frontend_call *frontend,
                                struct grpc_answer *answer, int64_t deadline_us);

#endif
