/*
 * FNV-1a, for tables and tags of this process that only tell one content from another: never where
 * somebody could gain by a collision, and never stored. Pure.
 */
#ifndef DATASTREAM_BASE_HASH_H
#define DATASTREAM_BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

/* Where a hash begins; hash_add goes on from what it returned before. */
#define HASH_BEGIN 0xcbf29ce484222325U

static inline uint64_t hash_add(uint64_t hash, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.data[i]) * 0x100000001b3U;
    return hash;
}

#endif
