/*
 * Message encodings: gzip and gRPC's "deflate", which is zlib's format (RFC 1950). Each message is
 * a stream of its own; what zlib needs comes from the call's arena, so that it is bounded with it.
 */
#ifndef DATASTREAM_RPC_GRPC_COMPRESS_H
#define DATASTREAM_RPC_GRPC_COMPRESS_H

#include "base/arena.h"
#include "base/slice.h"

enum encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_DEFLATE, ENCODING_UNSUPPORTED };

/* What grpc-accept-encoding says of this server. */
#define ENCODINGS_ACCEPTED "identity,gzip,deflate"

/* By a value of grpc-encoding. */
enum encoding encoding__by_name(struct slice name);
/* "gzip"; not for ENCODING_UNSUPPORTED. */
struct slice encoding__name(enum encoding encoding);

/* The known encodings of a value of grpc-accept-encoding, a bit (1 << encoding) each. */
unsigned encoding__read_list(struct slice list);

enum inflate_result {
    INFLATE_OK,
    INFLATE_BAD,       /* corrupt, cut short, or followed by more bytes */
    INFLATE_TOO_LARGE, /* would pass `most`; it was not unfolded further */
    INFLATE_NO_MEMORY, /* the arena failed */
};

/* Unfolds gzip or deflate into the arena, to at most `most` bytes. */
enum inflate_result compress__inflate(struct arena *arena, enum encoding encoding,
                                      struct slice bytes, size_t most, struct slice *ret_bytes);

/*
 * Compresses by gzip or deflate, leaving `ahead` bytes for the caller in front (the slice includes
 * them). Empty when the arena failed.
 */
struct slice compress__deflate(struct arena *arena, enum encoding encoding, struct slice bytes,
                               size_t ahead);

#endif
