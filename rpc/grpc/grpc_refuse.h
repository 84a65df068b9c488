/* Refusals that are made below the frontend, in gRPC's words. */
#ifndef DATASTREAM_RPC_GRPC_GRPC_REFUSE_H
#define DATASTREAM_RPC_GRPC_GRPC_REFUSE_H

#include "base/status.h"
#include "rpc/net/exchange.h"

/*
 * Answers a call that the connection refuses by itself: one trailers-only block with the gRPC
 * status that belongs to the HTTP status, or UNAVAILABLE for what `is_cut`. `detail` is a constant.
 */
void grpc_refuse(struct exchange *exchange, int http, const char *detail, bool is_cut);

/* Answers a request that no call was made for, and logs it. `detail` is a constant. */
void grpc__refuse(struct exchange *exchange, enum status_code code, struct slice detail);

#endif
