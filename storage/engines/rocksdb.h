/*
 * What the files of the RocksDB engine share. Only they may include it: it brings RocksDB's
 * header.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_ROCKSDB_H
#define DATASTREAM_STORAGE_ENGINES_ROCKSDB_H

#include <rocksdb/c.h>

#include "storage/store.h"

/* Options of the database and of each family; they share one block cache. */
struct rocksdb_tuning {
    rocksdb_cache_t *cache;
    rocksdb_options_t *database;
    rocksdb_options_t *families[FAMILIES];
};

#endif
