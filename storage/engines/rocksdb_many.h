/*
 * Reads of many keys at once from a RocksDB family: rows in memory first, then keys that are
 * neighbours by an iterator, the rest together.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_ROCKSDB_MANY_H
#define DATASTREAM_STORAGE_ENGINES_ROCKSDB_MANY_H

#include <rocksdb/c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "storage/engines/row_cache.h"
#include "storage/store.h"

/* Where rocksdb__read_many() reads. */
struct rocksdb_source {
    enum store_family name;
    rocksdb_t *database;
    rocksdb_column_family_handle_t *family;
    rocksdb_readoptions_t *options; /* of points */
    struct row_cache *rows;         /* NULL: none of this family */
};

/* As store_get_many(), without misses; values are copied into the arena. Any thread. */
enum store_found rocksdb__read_many(struct arena *arena, const struct rocksdb_source *source,
                                    const struct slice *keys, size_t count, size_t most,
                                    struct slice *ret_values, size_t *ret_count);

#endif
