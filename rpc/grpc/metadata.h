/*
 * A call's metadata: the request's headers as gRPC reads them, in one pass. Headers whose names
 * gRPC would not allow ("[0-9a-z_.-]+") and unknown ones under "grpc-" are nobody's and do no harm.
 */
#ifndef DATASTREAM_RPC_GRPC_METADATA_H
#define DATASTREAM_RPC_GRPC_METADATA_H

#include "base/status.h"
#include "rpc/grpc/compress.h"
#include "rpc/net/exchange.h"

struct metadata {
    struct slice timeout;       /* grpc-timeout; data NULL: none */
    struct slice encoding_text; /* grpc-encoding as sent, for messages */
    enum encoding encoding;
    unsigned accepts; /* of grpc-accept-encoding, a bit (1 << encoding) each */
};

/*
 * Reads the head. RESOURCE_EXHAUSTED when the metadata passes `most` bytes, name + value + 32 each;
 * INTERNAL for a "-bin" value that is not base64. `arena` is for messages and for values unfolded.
 */
struct status metadata__read(struct arena *arena, const struct request_head *head, size_t most,
                             struct metadata *ret_metadata);

/*
 * Takes the next value from a "-bin" header: they are joined by commas, in base64 of either
 * alphabet, padded or not. *rest is what is after it, its data NULL after the last. False when it
 * is not base64 or the arena failed (arena_failed tells which).
 */
bool metadata_next_binary(struct arena *arena, struct slice *rest, struct slice *ret_bytes);

#endif
