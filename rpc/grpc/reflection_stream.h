/*
 * ServerReflectionInfo on the wire: requests as they come, an answer to each in their order.
 * Bounded whatever the client does: a request has at most REFLECTION_REQUEST_MOST bytes, answers
 * are made only while the client takes them, and their memory is used anew. The chain judges the
 * caller before each answer, and in between when what it is may have changed; it ends the stream
 * too when the server drains.
 */
#ifndef DATASTREAM_RPC_GRPC_REFLECTION_STREAM_H
#define DATASTREAM_RPC_GRPC_REFLECTION_STREAM_H

#include "rpc/grpc/metadata.h"
#include "rpc/grpc/reflection.h"
#include "rpc/grpc/server_stream.h"

/* Bytes of a request: names, of which none is long. */
#define REFLECTION_REQUEST_MOST 16384

/*
 * Goes on with a call that was opened: dispatches it. The metadata is borrowed as long as the
 * exchange. Out of memory when there is none; nothing was done then.
 */
struct status reflection_stream__begin(struct frontends *frontends,
                                       const struct reflection_index *index,
                                       const struct server_stream *stream,
                                       const struct metadata *metadata);

#endif
