/* protobuf-c over an arena. */
#ifndef DATASTREAM_PROTO_CONTRACT_ARENA_ALLOCATOR_H
#define DATASTREAM_PROTO_CONTRACT_ARENA_ALLOCATOR_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* An allocator whose memory comes from the arena and whose free does nothing. */
ProtobufCAllocator message_allocator(struct arena *arena);

#endif
