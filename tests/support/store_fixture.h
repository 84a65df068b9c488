/*
 * A store in a temporary folder, behind one engine or the other, and the ways of a handler with it:
 * reads that fetch what they miss, commits that are run again when they conflict.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_STORE_FIXTURE_H
#define DATASTREAM_TESTS_SUPPORT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store.h"
#include "tests/support/store_template.h"

struct fixture {
    char directory[64];
    bool late; /* wrap the engine in the late one */
    struct store_options options;
    struct store *store;
    struct arena arena;
};

#define FIXTURE_ARENA ((size_t)256 << 20)

void fixture_open(struct fixture *f);

void fixture_make(struct fixture *f, bool late);

void fixture_start(struct fixture *f, bool late);

void fixture_reopen(struct fixture *f);

void fixture_end(struct fixture *f);

struct signal {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int count;
};

#define SIGNAL_INIT                                            \
    {                                                          \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 \
    }

void signal_raise(void *context);

void signal_wait(struct signal *signal, int count);

void fetch_and_wait(struct store_view *view);

enum store_found read_in(struct store *store, struct arena *arena, enum store_family family,
                         struct slice key, struct slice *ret_value);

/* The body under a key; its length is SIZE_MAX when there is none. */
struct slice read_body(struct fixture *f, enum store_family family, struct slice key);

bool is_there(struct fixture *f, enum store_family family, struct slice key);

uint64_t revision_of(struct fixture *f, enum store_family family, struct slice key);

struct store_rows read_rows(struct fixture *f, enum store_family family, struct slice from,
                            struct slice to, bool reverse, size_t limit);

uint64_t read_count(struct fixture *f, struct slice counter);

/* The late engine invents one conflict in eight: this many in a row are none of its making. */
#define RUNS_MOST 16

/* Commits, and runs again on a conflict until it must be a true one. */
enum commit_result commit_in(struct store *store, struct commit *commit);

void put(struct fixture *f, enum store_family family, struct slice key, struct slice body);

void erase(struct fixture *f, enum store_family family, struct slice key);

void assert_slice_equal(struct slice got, struct slice wanted);

/* A UUID whose bytes are all `byte`. */
struct uuid uuid_of(uint8_t byte);

/*
 * Puts bytes under a key with RocksDB itself, while the store is closed; a NULL value only makes
 * the family, which may be one that the store does not know.
 */
void raw_put(const char *directory, const char *family, struct slice key, const char *value,
             size_t len);

#endif
