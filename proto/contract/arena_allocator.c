#include "proto/contract/arena_allocator.h"

static void *allocator_alloc(void *data, size_t size)
{
    return arena_alloc(data, size);
}

static void allocator_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

ProtobufCAllocator message_allocator(struct arena *arena)
{
    return (ProtobufCAllocator){allocator_alloc, allocator_free, arena};
}
