/*
 * Single rows in memory, as they are stored: what was read once costs neither filter, index nor
 * block, and no iterator. Knows no engine.
 *
 * A row is kept by whoever read it, and dropped by the one thread that writes, before its write.
 * From then until the write has ended nothing is kept where the row would stand, and what was read
 * before is refused afterwards: so a row that is found is the stored one, or one whose change
 * nobody was told of.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_ROW_CACHE_H
#define DATASTREAM_STORAGE_ENGINES_ROW_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "storage/store.h"

struct row_cache;

/* The place of a row that was looked for in vain, and what was so there at that time. Plain. */
struct row_ticket {
    uint64_t hash;
    uint32_t epoch;
    bool is_second; /* the row was looked for in vain before, not long ago */
};

/* Holds about so many bytes, at least one row; NULL for 0, and when memory ends. */
struct row_cache *row_cache__make(size_t bytes);

/* When no thread uses it any more. NULL is allowed. */
void row_cache__free(struct row_cache *cache);

/*
 * Copies a row that is there into the arena: NULL data when the arena has failed. Else false, with
 * a ticket by which the row may be kept once it was read. Any thread.
 */
bool row_cache__find(struct row_cache *cache, struct arena *arena, enum store_family family,
                     struct slice key, struct slice *ret_value, struct row_ticket *ret_ticket);

/*
 * Keeps a row that was read after row_cache__find() gave the ticket, unless it may have changed
 * since then, is large, or memory ends. Any thread.
 */
void row_cache__keep(struct row_cache *cache, const struct row_ticket *ticket,
                     enum store_family family, struct slice key, struct slice value);

/* Drops a row that will be written or removed. Only the thread that writes. */
void row_cache__begin_change(struct row_cache *cache, enum store_family family, struct slice key);

/* All changes that began are visible, or failed. Only the thread that writes. */
void row_cache__end_changes(struct row_cache *cache);

#endif
