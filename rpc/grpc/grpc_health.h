/* grpc.health.v1.Health: whether this process serves. */
#ifndef DATASTREAM_RPC_GRPC_GRPC_HEALTH_H
#define DATASTREAM_RPC_GRPC_GRPC_HEALTH_H

#include "rpc/grpc/drain.h"
#include "rpc/grpc/server_stream.h"

/*
 * Check: sets *ret_response, in the call's arena, to SERVING, or NOT_SERVING while the server
 * drains. The empty name is the server, others are services of the contract. NOT_FOUND for an
 * unknown name.
 */
struct status grpc__health_check(const struct frontends *frontends, const struct call *call,
                                 ProtobufCMessage **ret_response);

/*
 * Watch: goes on with a call whose request is read. Sends what Check would say, SERVICE_UNKNOWN for
 * an unknown name, and again when it changes; ends when the server drains. Out of memory when there
 * is none; nothing was sent then.
 */
struct status grpc__health_watch(const struct frontends *frontends,
                                 const struct server_stream *stream, struct drain *drain);

#endif
