/*
 * The committer of an embedded engine: one thread that turns many conditional commits into one
 * synced write. Internal to storage/; commit.c has the order of things.
 */
#ifndef DATASTREAM_STORAGE_COMMIT_H
#define DATASTREAM_STORAGE_COMMIT_H

#include "storage/engine.h"

struct committer;

struct committer_options {
    struct store *store;               /* read for conditions, counters and chains */
    const struct batch_writer *writer; /* of the same store */
    uint64_t revision;                 /* newest revision that the store holds */
    int64_t (*now_ms)(void);           /* as in store_options */
    bool read_only;                    /* refuse all that is to be written */
    store_observer *observer;          /* may be NULL */
    void *observer_context;
};

/* Starts the thread. NULL when there is no memory, thread or HMAC for it. */
struct committer *committer_start(const struct committer_options *options);

/* Queues commits, at least one, and keeps their list; any thread. */
void committer_submit(struct committer *committer, const struct commit_queue *queue);

/* Newest revision that was written; any thread. */
uint64_t committer_revision(struct committer *committer);

/* Whether the latch has closed; any thread. */
bool committer_is_read_only(struct committer *committer);

/*
 * Finishes what was submitted, ends the thread and frees the committer. True when it took writes to
 * the end.
 */
bool committer_stop(struct committer *committer);

#endif
