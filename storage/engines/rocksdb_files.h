/*
 * What the files of a RocksDB database say, read without RocksDB: which log it must have, and where
 * a log is damaged. RocksDB replays the logs that it finds, misses none, and names none.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_ROCKSDB_FILES_H
#define DATASTREAM_STORAGE_ENGINES_ROCKSDB_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether the newest log is missing: the manifest names one, and there is neither that nor a later
 * one. Then *ret_number is the one that it names. False also where the files cannot be read, which
 * RocksDB tells.
 */
bool rocksdb__newest_log_is_missing(const char *directory, uint64_t *ret_number);

/*
 * Finds the oldest log with a record that is damaged, and the byte where that begins. A last record
 * that was cut off is not damaged. False when there is none.
 */
bool rocksdb__find_damaged_log(const char *directory, uint64_t *ret_number, uint64_t *ret_offset);

#endif
