/*
 * grpc.reflection.v1 and v1alpha: answers to single requests, out of the index. Both versions have
 * the same messages, so that their types come in by the method. Pure.
 */
#ifndef DATASTREAM_RPC_GRPC_REFLECTION_H
#define DATASTREAM_RPC_GRPC_REFLECTION_H

#include "proto/message/message.h"
#include "rpc/grpc/reflection_index.h"

/*
 * The response to a request of the method, in the arena; it borrows the request and the index. What
 * is unknown (NOT_FOUND), and a request that asks for nothing known (UNIMPLEMENTED), are told in
 * its error_response. NULL when the arena failed.
 */
ProtobufCMessage *reflection__answer(const struct reflection_index *index, struct arena *arena,
                                     const struct method *method, ProtobufCMessage *request);

#endif
