/*
 * What an engine gives to the front in store.c and to the committer. Internal to storage/.
 *
 * An engine embeds `struct store` as its first member, and its views embed `struct store_view`.
 */
#ifndef DATASTREAM_STORAGE_ENGINE_H
#define DATASTREAM_STORAGE_ENGINE_H

#include <pthread.h>

#include "storage/store.h"

/*
 * Format number of the layouts in keys.h, kept in `meta`. Every change of a layout raises it; a
 * store of another format is refused, since no version that wrote an older one was released.
 *
 *   2  references by field, then source; audit rows by actor; random keys, wrapped; secrets
 *   3  heads of audit chains
 *   4  rows of indexes
 *   5  keys for browsers and repeated requests, and data keys of organizations; audit rows by time
 *   6  blocks of repeated requests
 */
#define STORE_FORMAT 6

struct store_engine {
    /* Size of the engine's view, which the front allocates and clears. */
    size_t view_size;

    /* Reads, as in store.h. */
    enum store_found (*get)(struct store_view *view, enum store_family family, struct slice key,
                            struct slice *ret_value);
    enum store_found (*get_many)(struct store_view *view, enum store_family family,
                                 const struct slice *keys, size_t count, size_t most,
                                 struct slice *ret_values, size_t *ret_count);
    enum store_found (*scan)(struct store_view *view, enum store_family family, struct slice from,
                             struct slice to, bool reverse, size_t limit,
                             struct store_rows *ret_rows);

    /* May be NULL in engines that never answer STORE_AGAIN. */
    void (*view_reset)(struct store_view *view);
    void (*fetch)(struct store_view *view, void (*done)(void *context), void *context);

    /*
     * Takes commits of legal size, at least one, in the order of the queue, and keeps the list; the
     * `done` and `context` of each are set.
     */
    void (*commit)(struct store *store, const struct commit_queue *queue);

    uint64_t (*revision)(struct store *store);
    size_t (*repeats)(struct store *store); /* as store_repeats */
    /* Why writes are refused, as store_read_only_reason; NULL when they are not. */
    const char *(*read_only_reason)(struct store *store);
    void (*close)(struct store *store);
};

struct store {
    const struct store_engine *engine;
    bool has_audit_key;
    uint8_t audit_key[32]; /* written before the first commit that is audited, then only read */
};

struct store_view {
    struct store *store;
    struct arena *arena;
    uint64_t revision; /* of the store, before anything was read */
    bool missed;
};

/*
 * The batch of an embedded engine, used by the committer's thread alone. Errors of single calls
 * come out at `write`.
 */
struct batch_writer {
    /* Puts a record; its body is the first part and the second one. Copies all three. */
    void (*put)(struct store *store, enum store_family family, struct slice key, uint64_t revision,
                struct slice first, struct slice second);
    void (*remove)(struct store *store, enum store_family family, struct slice key);
    /* Writes the batch durably, as a whole or not at all, and empties it. False: logged. */
    bool (*write)(struct store *store);
};

/* Waits for one event that another thread signals. */
struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool done; /* guarded by mutex */
};

#endif
