/*
 * An allocator for nghttp2 that keeps freed blocks by size class, since every request makes and
 * frees the same few small objects. One a loop, no locks. Under AddressSanitizer it keeps nothing.
 * Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_RECYCLE_H
#define DATASTREAM_RPC_NET_RECYCLE_H

#include <stddef.h>

#define RECYCLE_CLASSES 128 /* 16 bytes to 2 KiB: larger blocks live as long as a connection */

/* What nghttp2's objects, of pointers and integers, need; a session holds some twenty of them. */
#define RECYCLE_ALIGNMENT 8

struct recycled;

/* Zero-initialize. */
struct recycler {
    struct {
        struct recycled *free;
        unsigned count;
    } classes[RECYCLE_CLASSES];
};

/* As malloc, free, calloc and realloc, except the alignment; blocks of one recycler only. */
void *recycle__alloc(struct recycler *recycler, size_t size);
void recycle__free(struct recycler *recycler, void *block);
void *recycle__calloc(struct recycler *recycler, size_t count, size_t size);
void *recycle__realloc(struct recycler *recycler, void *block, size_t size);

/* Bytes that a block takes up; 0 for NULL. */
size_t recycle__size(const void *block);

/* Gives the kept blocks back to the system. */
void recycle__done(struct recycler *recycler);

#endif
