/* grpc.health.v1.Health: whether this process serves. */
#ifndef DATASTREAM_RPC_GRPC_HEALTH_H
#define DATASTREAM_RPC_GRPC_HEALTH_H

#include "rpc/face/face.h"

/* Whether the method is one that grpc__health_check answers. */
bool grpc__health_takes(const struct method *method);

/*
 * Check: sets call->response to SERVING, or NOT_SERVING while the server drains. The empty name is
 * the server, others are services of the contract. NOT_FOUND for an unknown name.
 */
struct status grpc__health_check(const struct faces *faces, struct call *call);

#endif
