/*
 * The gRPC frontend: HTTP/2 exchanges whose content type is application/grpc, by gRPC's
 * PROTOCOL-HTTP2.md. Methods of the contract go through the call chain; health and reflection are
 * answered here, but it is the chain that judges reflection's callers.
 */
#ifndef DATASTREAM_RPC_GRPC_GRPC_H
#define DATASTREAM_RPC_GRPC_GRPC_H

#include "rpc/frontend/frontend.h"

struct grpc;

/*
 * Prepares what calls need. Lives in `arena`; `frontends` is borrowed. grpc_end frees what the
 * first call of reflection made: before the arena ends, when no exchange is open any more.
 */
struct status grpc_new(struct frontends *frontends, struct arena *arena, struct grpc **ret_grpc);
void grpc_end(struct grpc *grpc);

/*
 * Whether the head is the gRPC frontend's: content type "application/grpc", then end, "+proto" or
 * ";" (any case).
 */
bool grpc_takes(const struct exchange *exchange);

/*
 * Whether the exchange is this frontend's to answer: grpc_takes, or the path is that of a method,
 * for which any other content type is wrong.
 */
bool grpc_is_for(const struct grpc *grpc, const struct exchange *exchange);

/* Serves the exchange: the begin handler where grpc_is_for. */
void grpc_begin(struct grpc *grpc, struct exchange *exchange);

/* Tells those who watch the health, and ends their streams; all others the chain ends. Once, from
 * any thread, while the loops run. */
void grpc_drain(struct grpc *grpc);

#endif
