/*
 * FAMILY_IDEMPOTENCY of RocksDB: its blocks (storage/repeats.h), and in which of them each row is
 * (repeat_index.h). A thread of its own reads the blocks when the store is opened; until it has
 * ended, of a row that was not found yet nothing is known. Internal to the engine.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_ROCKSDB_REPEATS_H
#define DATASTREAM_STORAGE_ENGINES_ROCKSDB_REPEATS_H

#include <rocksdb/c.h>

#include "base/arena.h"
#include "storage/engines/rocksdb_batch.h"
#include "storage/engines/row_cache.h"
#include "storage/store.h"

struct rocksdb_repeats;

/*
 * Before anything is written to the family by this process. NULL when there is no memory or no
 * thread. The database and the cache of rows, which may be NULL, must outlive it.
 */
struct rocksdb_repeats *rocksdb__repeats_start(rocksdb_t *database,
                                               rocksdb_column_family_handle_t *family,
                                               struct row_cache *rows);

/* Ends the thread; nobody waits for it any more. NULL is nothing. */
void rocksdb__repeats_stop(struct rocksdb_repeats *repeats);

/* The row of a hash, as a record in the arena. STORE_AGAIN while the blocks are read. */
enum store_found rocksdb__repeats_get(struct rocksdb_repeats *repeats, struct arena *arena,
                                      struct slice hash, struct slice *ret_value);

/* Calls `done` once the blocks are read, maybe at once. */
void rocksdb__repeats_fetch(struct rocksdb_repeats *repeats, struct arena *arena,
                            void (*done)(void *context), void *context);

/* How many rows there are. Any thread. */
size_t rocksdb__repeats_count(const struct rocksdb_repeats *repeats);

/* -- the thread that writes ------------------------------------------------------------------ */

/* Adds a row to the block of the batch, whose body is the first part and the second one. */
void rocksdb__repeats_put(struct rocksdb_repeats *repeats, struct slice hash, uint64_t revision,
                          struct slice first, struct slice second);

/* Puts the block into the batch, if there is one, and begins another. False: no memory. */
bool rocksdb__repeats_end(struct rocksdb_repeats *repeats, struct rocksdb_batch *batch);

/* Forgets the rows of a block that is about to be removed. */
void rocksdb__repeats_forget(struct rocksdb_repeats *repeats, struct slice block_key);

#endif
