/*
 * The latest changes of an organization's feed, read once for all watchers of an event loop. The
 * ring is a stretch of the feed without a gap: all rows from one place to another. A watcher whose
 * place is within it reads here, one whose place is before it reads the store until it gets here.
 * It is filled at its end from what a watcher read there, drops the oldest rows where a bound is
 * reached, and holds nothing that trimming removed before its last filling.
 *
 * One thread's. A store has one organization; where there were another, its watchers read the
 * store.
 */
#ifndef DATASTREAM_RPC_SERVICES_WATCH_RING_H
#define DATASTREAM_RPC_SERVICES_WATCH_RING_H

#include <datastream/v1/change.pb-c.h>

#include "proto/contract/contract.h"
#include "rpc/call/stream_copies.h"
#include "storage/feed.h"

struct watch_ring;

/* Rows that a ring holds at most. */
#define WATCH_RING_ROWS ((size_t)1024)

/* A row as it is told. */
struct watch_entry {
    struct feed_row row;
    const struct kind *kind; /* NULL: the contract has none of that number */
    Datastream__V1__Change change;
    Google__Protobuf__Timestamp time;
    char id[UUID_TEXT_LEN + 1];
    struct stream_copies copies[2]; /* without more_in_revision, and with it */
    size_t size;                    /* of the entry, with the text */
    char collection[];              /* the kind's name, ended by a NUL */
};

/*
 * A ring that begins at the place, empty. `bytes` bounds what it takes for rows and copies, all
 * counted in `memory` (NULL: nowhere) too. NULL when memory ends.
 */
struct watch_ring *watch_ring__new(const struct contract *contract, const struct uuid *organization,
                                   struct feed_place place, size_t bytes, struct account *memory);

/* With all its rows. */
void watch_ring__free(struct watch_ring *ring);

/* Whose feed it is of. */
const struct uuid *watch_ring__organization(const struct watch_ring *ring);

/* The place after the last row: whoever fills the ring reads from there. */
struct feed_place watch_ring__end(const struct watch_ring *ring);

/* All rows up to this revision are in front of the ring's end. */
uint64_t watch_ring__complete(const struct watch_ring *ring);

/* The revision of the first row that the last filling left; 0 when it left none. */
uint64_t watch_ring__rest(const struct watch_ring *ring);

/*
 * -1, 0 or 1: the place is before what the ring still has, within it (its end included), or after
 * its end.
 */
int watch_ring__compare(const struct watch_ring *ring, struct feed_place place);

/* Forgets all rows, and begins anew at the place. */
void watch_ring__restart(struct watch_ring *ring, struct feed_place place);

/*
 * Takes rows that were read from the ring's end on. `rest` is the revision of the first row that
 * the read left out, 0 when it reached the end of the feed: then everything up to `complete` is in
 * front of the new end. Everything up to `floor` was trimmed away; it was read after the rows, and
 * is no greater than watch_ring__complete was before the call: else the ring is to be restarted.
 */
void watch_ring__fill(struct watch_ring *ring, const struct feed_row *rows, size_t count,
                      uint64_t rest, uint64_t complete, uint64_t floor);

/* The number of the first row at the place or after it; the numbers of rows go up by one. */
uint64_t watch_ring__find(const struct watch_ring *ring, struct feed_place place);

/* One after the number of the last row. */
uint64_t watch_ring__last(const struct watch_ring *ring);

/*
 * The row of a number, until the ring is filled or restarted; NULL when it has none, or no longer.
 */
struct watch_entry *watch_ring__entry(const struct watch_ring *ring, uint64_t number);

#endif
