/* From a received message to the call's request: decompressed, walked by descriptor, unpacked.
 * Pure. */
#ifndef DATASTREAM_RPC_GRPC_REQUEST_H
#define DATASTREAM_RPC_GRPC_REQUEST_H

#include "proto/message/message.h"
#include "rpc/grpc/frame.h"
#include "rpc/grpc/metadata.h"

/*
 * The method's request that the frame holds, in the arena. INTERNAL for what is not acceptable on
 * the wire (a compressed message without an encoding, bad compressed data, bytes that do not
 * parse), INVALID_ARGUMENT naming the field for U+0000 in a string, as validation would (a
 * resource's from the resource on), RESOURCE_EXHAUSTED for more than `most` bytes once unfolded.
 */
struct status grpc__request_read(struct arena *arena, const struct method *method,
                                 const struct frame *frame, enum encoding encoding, size_t most,
                                 ProtobufCMessage **ret_message);

#endif
