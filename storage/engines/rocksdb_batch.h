/*
 * A batch of RocksDB, written as the bytes that RocksDB itself would gather: a row costs a third of
 * what it costs by way of WriteBatch. Internal to storage/engines/.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_ROCKSDB_BATCH_H
#define DATASTREAM_STORAGE_ENGINES_ROCKSDB_BATCH_H

#include <rocksdb/c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Zero-initialize. Belongs to one thread at a time. */
struct rocksdb_batch {
    char *data;
    size_t len;
    size_t capacity;
    uint32_t count; /* rows */
    bool failed;    /* there was no memory: the batch cannot be written */
};

/*
 * Copies the key, and the value from its parts. Every family of a store has a number below 128.
 */
void rocksdb__batch_put(struct rocksdb_batch *batch, rocksdb_column_family_handle_t *family,
                        struct slice key, const struct slice *parts, size_t count);
void rocksdb__batch_remove(struct rocksdb_batch *batch, rocksdb_column_family_handle_t *family,
                           struct slice key);

/*
 * The batch as RocksDB takes it, for rocksdb_writebatch_destroy; NULL when there was no memory.
 * What was put is forgotten, the room is kept.
 */
rocksdb_writebatch_t *rocksdb__batch_take(struct rocksdb_batch *batch);

/* Frees the room. */
void rocksdb__batch_done(struct rocksdb_batch *batch);

#endif
