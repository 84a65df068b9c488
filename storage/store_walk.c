/* Walks over long ranges for tools: slices of rows, and waiting where the engine fetches. */
#include "storage/store_walk.h"

#include <assert.h>

#include "storage/engine.h"
#include "storage/store_internal.h"

#define SLICE_ROWS 128
/* Rows of the most bytes that a commit may have, with room for what carries them. */
#define SLICE_BYTES ((size_t)(SLICE_ROWS + 64) * COMMIT_BYTES_MOST)
#define BOUNDS_BYTES ((size_t)4 * COMMIT_BYTES_MOST)

void walk_init(struct walk *walk, struct store *store, enum store_family family, struct slice from,
               struct slice to)
{
    *walk = (struct walk){.store = store, .family = family};
    arena_init(&walk->arena, NULL, SLICE_BYTES);
    arena_init(&walk->keys, NULL, BOUNDS_BYTES);
    walk->from = arena_copy(&walk->keys, from);
    walk->to = arena_copy(&walk->keys, to);
}

/* Reads the next slice of rows. */
static bool load(struct walk *walk)
{
    struct store_view *view;
    enum store_found found;

    arena_reset(&walk->arena);
    view = store_view_open(walk->store, &walk->arena);
    if (view == NULL)
        return false;
    while ((found = store_scan(view, walk->family, walk->from, walk->to, false, SLICE_ROWS,
                               &walk->rows)) == STORE_AGAIN)
        store__wait_for_fetch(view);
    return found == STORE_FOUND;
}

/* The next slice starts after the last key: at that key and a NUL. */
static bool move_on(struct walk *walk)
{
    struct slice last = walk->rows.rows[walk->rows.count - 1].key;
    struct arena keys;
    struct slice to;
    char *from;

    assert(walk->rows.count > 0 && walk->rows.more);
    arena_init(&keys, NULL, BOUNDS_BYTES);
    from = arena_zalloc(&keys, last.len + 1);
    to = arena_copy(&keys, walk->to);
    if (from != NULL)
        memcpy(from, last.data, last.len);
    arena_done(&walk->keys);
    walk->keys = keys;
    walk->from = slice_make(from, last.len + 1);
    walk->to = to;
    return !arena_failed(&walk->keys);
}

bool walk_next(struct walk *walk, struct store_row *ret_row)
{
    if (walk->failed || walk->ended)
        return false;
    if (walk->at == walk->rows.count) {
        bool started = walk->rows.rows != NULL;

        if (started && !walk->rows.more) {
            walk->ended = true;
            return false;
        }
        if (arena_failed(&walk->keys) || (started && !move_on(walk)) || !load(walk)) {
            walk->failed = true;
            return false;
        }
        walk->at = 0;
        if (walk->rows.count == 0) {
            walk->ended = true;
            return false;
        }
    }
    assert(walk->at < walk->rows.count);
    *ret_row = walk->rows.rows[walk->at++];
    return true;
}

bool walk_done(struct walk *walk)
{
    arena_done(&walk->arena);
    arena_done(&walk->keys);
    return !walk->failed;
}

enum store_found store_walk__get(struct store *store, struct arena *arena, enum store_family family,
                                 struct slice key, struct slice *ret_value)
{
    struct store_view *view = store_view_open(store, arena);
    enum store_found found;

    if (view == NULL)
        return STORE_FAILED;
    while ((found = store_get(view, family, key, ret_value)) == STORE_AGAIN)
        store__wait_for_fetch(view);
    return found;
}
