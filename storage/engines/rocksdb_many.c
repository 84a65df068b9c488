/*
 * Reads of many keys.
 *
 * A page that is ordered by an index asks for records whose keys are often neighbours: objects that
 * were created one after the other have neighbouring ids, and equal values stand in the order of
 * ids. A step of an iterator costs a fifth of a key of RocksDB's own read of many. So the keys are
 * sorted, runs of neighbours are read by an iterator, and as soon as a run was too short to pay for
 * its search, all the rest is read at once. Where keys are far apart the iterator is in vain, at
 * the price of nine keys: then a thread does without it for some reads of that family.
 */
#include "storage/engines/rocksdb_many.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "storage/engines/rocksdb_options.h"

/* Below it no iterator is created. */
#define RUNS_FROM 16
/* So many reads of a family go without an iterator after one that found less than half by it. */
#define PAUSE 31
/*
 * Foreign rows that are stepped over: so many in one gap, and in a run twice as many as rows were
 * found in it, since a step costs a quarter of a key of a read of many.
 */
#define GAP_MOST 8
#define FOREIGN_SHARE 2
/* A search costs about as much as this many keys of a read of many, less their steps. */
#define RUN_LEAST 8

/* A key, and where its value goes. */
struct wanted {
    struct slice key;
    size_t place;
};

struct many {
    struct arena *arena;
    const struct rocksdb_source *source;
    struct wanted *wanted; /* by key */
    size_t count;
    size_t most;
    struct slice *values;             /* by place: those of runs */
    rocksdb_pinnableslice_t **pinned; /* by place: those that were read at once */
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *one = a;
    const struct wanted *other = b;

    return slice_compare(one->key, other->key);
}

/* NULL when memory ends. */
static struct wanted *sort_keys(struct arena *arena, const struct slice *keys, size_t count)
{
    struct wanted *wanted = arena_array(arena, count, sizeof(*wanted));
    bool sorted = true;

    if (wanted == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        wanted[i] = (struct wanted){keys[i], i};
        sorted = sorted && (i == 0 || slice_compare(keys[i - 1], keys[i]) <= 0);
    }
    if (!sorted)
        qsort(wanted, count, sizeof(*wanted), compare_wanted);
    return wanted;
}

/* -- runs ------------------------------------------------------------------------------------- */

/* Reads from where the iterator stands, while wanted keys follow within a few steps. */
static size_t read_run(struct many *many, rocksdb_iterator_t *iterator, size_t from, size_t *bytes)
{
    size_t gap = 0;
    size_t foreign = 0;
    size_t next = from;

    while (next < many->count && *bytes <= many->most && rocksdb_iter_valid(iterator)) {
        struct slice key;
        struct slice value;
        int order;

        key.data = rocksdb_iter_key(iterator, &key.len);
        order = slice_compare(key, many->wanted[next].key);
        if (order > 0) { /* the wanted one is absent */
            next++;
            continue;
        }
        if (order == 0) {
            value.data = rocksdb_iter_value(iterator, &value.len);
            many->values[many->wanted[next].place] = arena_copy(many->arena, value);
            *bytes += value.len;
            gap = 0;
            next++; /* which may want the same row once more */
            continue;
        }
        gap++;
        foreign += gap > 1; /* the first step leaves the row that was found */
        if (gap > GAP_MOST || foreign > GAP_MOST + FOREIGN_SHARE * (next - from))
            break;
        rocksdb_iter_next(iterator);
    }
    return next;
}

/*
 * Reads by an iterator while that pays. Returns how many of the wanted keys are read; 0 as well
 * when their records pass the bound, since then the first of the caller's order must be read first.
 */
static size_t read_runs(struct many *many, enum store_found *ret_found)
{
    const struct rocksdb_source *source = many->source;
    rocksdb_iterator_t *iterator;
    size_t bytes = 0;
    size_t done = 0;
    size_t run = RUN_LEAST;
    char *error = NULL;

    iterator = rocksdb_create_iterator_cf(source->database, source->options, source->family);
    while (done < many->count && run >= RUN_LEAST && bytes <= many->most) {
        const struct slice *key = &many->wanted[done].key;
        size_t before = done;

        rocksdb_iter_seek(iterator, key->data, key->len);
        if (!rocksdb_iter_valid(iterator))
            break; /* beyond the last row, or failed: told below, or by the read of the rest */
        done = read_run(many, iterator, done, &bytes);
        run = done - before;
    }
    rocksdb_iter_get_error(iterator, &error);
    if (rocksdb__take_error("read of keys", &error))
        *ret_found = STORE_FAILED;
    rocksdb_iter_destroy(iterator);
    return bytes <= many->most ? done : 0;
}

/* -- the rest --------------------------------------------------------------------------------- */

/* Reads the wanted keys from `from` on at once. */
static enum store_found read_rest(struct many *many, size_t from)
{
    const struct rocksdb_source *source = many->source;
    size_t count = many->count - from;
    const char **keys = arena_array(many->arena, count, sizeof(*keys));
    size_t *sizes = arena_array(many->arena, count, sizeof(*sizes));
    rocksdb_pinnableslice_t **read = arena_array(many->arena, count, sizeof(*read));
    char **errors = arena_array(many->arena, count, sizeof(*errors));
    bool failed = false;

    if (arena_failed(many->arena))
        return STORE_FAILED;
    for (size_t i = 0; i < count; i++) {
        keys[i] = many->wanted[from + i].key.data;
        sizes[i] = many->wanted[from + i].key.len;
    }
    rocksdb_batched_multi_get_cf(source->database, source->options, source->family, count, keys,
                                 sizes, read, errors, true);
    for (size_t i = 0; i < count; i++) {
        failed |= rocksdb__take_error("read of keys", &errors[i]);
        many->pinned[many->wanted[from + i].place] = read[i];
    }
    return failed ? STORE_FAILED : STORE_FOUND;
}

/* Copies what was read at once until the bound is passed, in the caller's order; frees all. */
static size_t take(struct many *many)
{
    size_t taken = 0;
    size_t bytes = 0;

    for (size_t i = 0; i < many->count; i++) {
        rocksdb_pinnableslice_t *pinned = many->pinned[i];

        if (taken == i && (i == 0 || bytes < many->most)) {
            if (pinned != NULL) {
                struct slice value;

                value.data = rocksdb_pinnableslice_value(pinned, &value.len);
                many->values[i] = arena_copy(many->arena, value);
            }
            bytes += many->values[i].len;
            taken++;
        }
        if (pinned != NULL)
            rocksdb_pinnableslice_destroy(pinned);
    }
    return taken;
}

/* Reads by an iterator, unless that was in vain lately; returns how many are read, as above. */
static size_t try_runs(struct many *many, enum store_found *ret_found)
{
    static _Thread_local unsigned char pauses[FAMILIES];
    unsigned char *pause = &pauses[many->source->name];
    size_t done;

    if (many->count < RUNS_FROM)
        return 0;
    if (*pause > 0) {
        (*pause)--;
        return 0;
    }
    done = read_runs(many, ret_found);
    if (done < many->count / 2)
        *pause = PAUSE;
    return done;
}

enum store_found rocksdb__read_many(struct arena *arena, const struct rocksdb_source *source,
                                    const struct slice *keys, size_t count, size_t most,
                                    struct slice *ret_values, size_t *ret_count)
{
    struct many many = {arena,
                        source,
                        sort_keys(arena, keys, count),
                        count,
                        most,
                        ret_values,
                        arena_array(arena, count, sizeof(*many.pinned))};
    enum store_found found = STORE_FOUND;
    size_t done;

    if (arena_failed(arena))
        return STORE_FAILED;
    for (size_t i = 0; i < count; i++)
        ret_values[i] = SLICE_EMPTY;
    done = try_runs(&many, &found);
    if (done == 0)
        for (size_t i = 0; i < count; i++)
            ret_values[i] = SLICE_EMPTY;
    assert(done <= count);
    if (found == STORE_FOUND && done < count)
        found = read_rest(&many, done);
    *ret_count = take(&many);
    return arena_failed(arena) ? STORE_FAILED : found;
}
