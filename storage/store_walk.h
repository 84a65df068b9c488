/*
 * A walk over all rows of a range, in slices, so that memory stays bounded however long the range
 * is. Waits where the engine must fetch: for tools, never on a loop.
 */
#ifndef DATASTREAM_STORAGE_STORE_WALK_H
#define DATASTREAM_STORAGE_STORE_WALK_H

#include "storage/store.h"

struct walk {
    struct store *store;
    enum store_family family;
    struct arena arena; /* of the slice */
    struct arena keys;  /* of the bounds */
    struct slice from;
    struct slice to;
    struct store_rows rows;
    size_t at;
    bool ended;
    bool failed;
};

/* Starts a walk over from <= key < to; an empty `to` is the end of the family. */
void walk_init(struct walk *walk, struct store *store, enum store_family family, struct slice from,
               struct slice to);

/* The next row, which lives until the next call. False at the end, or when the walk has failed. */
bool walk_next(struct walk *walk, struct store_row *ret_row);

/* Releases the walk; false when it had failed, so that its rows were not all. */
bool walk_done(struct walk *walk);

/* A point read that waits for the fetch; never answers STORE_AGAIN. */
enum store_found store_walk__get(struct store *store, struct arena *arena, enum store_family family,
                                 struct slice key, struct slice *ret_value);

#endif
