/*
 * What the two files of the RocksDB engine share. Only they may include it: it brings RocksDB's
 * header.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_ROCKSDB_H
#define DATASTREAM_STORAGE_ENGINES_ROCKSDB_H

#include <rocksdb/c.h>

#include "storage/store.h"

/* Options of the database and of each family; they share one block cache and one row cache. */
struct rocksdb_tuning {
    rocksdb_cache_t *cache;
    rocksdb_cache_t *rows; /* NULL: none */
    rocksdb_options_t *database;
    rocksdb_options_t *families[FAMILIES];
};

/* Makes them. False, with nothing kept and the reason logged, when RocksDB refuses one. */
bool rocksdb__tuning_init(struct rocksdb_tuning *tuning, const struct store_options *options);

/* May follow the opening of the database at once, or its closing. */
void rocksdb__tuning_done(struct rocksdb_tuning *tuning);

/* Logs and frees the error that RocksDB left, if any; true when there was one. */
bool rocksdb__take_error(const char *what, char **error);

#endif
