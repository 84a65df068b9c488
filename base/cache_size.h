/*
 * How much a cache may hold. A build with faults lets tests make every cache of the process as
 * small as can be: what the server answers must not depend on what it remembers.
 */
#ifndef DATASTREAM_BASE_CACHE_SIZE_H
#define DATASTREAM_BASE_CACHE_SIZE_H

#include <stddef.h>

#ifdef DATASTREAM_FAULTS
/*
 * The size that a cache is to have, in the cache's own unit, where `usual` is its size otherwise:
 * in a build with faults 0 or 1 where DATASTREAM_CACHE_SIZE in the environment says so. Any thread;
 * the same throughout the life of the process.
 */
size_t cache_size(size_t usual);
#else
static inline size_t cache_size(size_t usual)
{
    return usual;
}
#endif

#endif
