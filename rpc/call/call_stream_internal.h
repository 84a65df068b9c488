/* What call_stream.c offers the files of its own folder alone. */
#ifndef DATASTREAM_RPC_CALL_CALL_STREAM_INTERNAL_H
#define DATASTREAM_RPC_CALL_CALL_STREAM_INTERNAL_H

#include "rpc/call/chain.h"

/* Of methods that a frontend answers by itself: the caller is judged, and nothing else. */
extern const struct stream_handler stream__conversation;

/* Runs a streaming method up to its first `ready`, or its end; again after a fetch. */
void stream__open(struct call *call, const struct stream_handler *handler);

/* After `open`, and after the commit of what it added to the audit. */
void stream__begin(struct call *call, const struct stream_handler *handler);

/* What a stream fetched is there. */
void stream__resume(struct call *call);

/* The loop's part, before its first stream and after its last. */
void stream__join(struct chain_loop *loop);
void stream__leave(struct chain_loop *loop);

#endif
