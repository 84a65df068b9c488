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

#include "storage/bytes.h"
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
    bool is_read;
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

/*
 * Puts each key where it belongs among those before it; false, with some not yet in their place,
 * after more moves than a sort of all costs.
 */
static bool sort_by_moves(struct wanted *wanted, size_t count)
{
    size_t left = count * 4;

    for (size_t i = 1; i < count; i++) {
        struct wanted one = wanted[i];
        size_t at = i;

        for (; at > 0 && left > 0 && compare_wanted(&wanted[at - 1], &one) > 0; at--, left--)
            wanted[at] = wanted[at - 1];
        wanted[at] = one;
        if (left == 0)
            return false;
    }
    return true;
}

/* Pages ask for keys that mostly rise or mostly fall. NULL when memory ends. */
static struct wanted *sort_keys(struct arena *arena, const struct slice *keys, size_t count)
{
    struct wanted *wanted = arena_array(arena, count, sizeof(*wanted));
    bool falls = count > 1 && slice_compare(keys[count / 4], keys[count - count / 4 - 1]) > 0;

    if (wanted == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        wanted[falls ? count - 1 - i : i] = (struct wanted){keys[i], i, false};
    if (!sort_by_moves(wanted, count))
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
            many->wanted[next].is_read = true;
            next++;
            continue;
        }
        if (order == 0) {
            value.data = rocksdb_iter_value(iterator, &value.len);
            many->values[many->wanted[next].place] = arena_copy(many->arena, value);
            many->wanted[next].is_read = true;
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

/* The eight bytes of a key from `at` on as a number; a key that ends before goes on with zeros. */
static uint64_t number_at(struct slice key, size_t at)
{
    char bytes[8] = {0};

    if (at < key.len)
        memcpy(bytes, key.data + at, key.len - at < 8 ? key.len - at : 8);
    return bytes_u64(bytes);
}

/* How far apart the keys are on average, in the eight bytes after what all of them begin with. */
static uint64_t mean_distance(const struct many *many, size_t *ret_at)
{
    struct slice first = many->wanted[0].key;
    struct slice last = many->wanted[many->count - 1].key;
    size_t at = 0;

    while (at < first.len && at < last.len && first.data[at] == last.data[at])
        at++;
    *ret_at = at;
    return (number_at(last, at) - number_at(first, at)) / many->count;
}

/* The end of the keys from `from` on that are no farther apart than all are on average. */
static size_t end_of_near(const struct many *many, size_t from, size_t at, uint64_t mean)
{
    uint64_t number = number_at(many->wanted[from].key, at);
    size_t next = from + 1;

    for (; next < many->count; next++) {
        uint64_t following = number_at(many->wanted[next].key, at);

        if (following - number > mean)
            break;
        number = following;
    }
    return next;
}

/*
 * Reads by an iterator while that pays. Returns how many of the wanted keys are read; 0 as well
 * when their records pass the bound, since then the first of the caller's order must be read first.
 */
static size_t read_runs(struct many *many, bool *ret_in_vain, enum store_found *ret_found)
{
    const struct rocksdb_source *source = many->source;
    rocksdb_iterator_t *iterator = NULL;
    size_t at;
    uint64_t mean = mean_distance(many, &at);
    size_t bytes = 0;
    size_t next = 0;
    size_t done = 0;
    size_t run = RUN_LEAST;
    char *error = NULL;

    while (next < many->count && run >= RUN_LEAST && bytes <= many->most) {
        const struct slice *key = &many->wanted[next].key;
        size_t near = end_of_near(many, next, at, mean);
        size_t before = next;

        if (near - next < RUN_LEAST) {
            next = near;
            continue;
        }
        if (iterator == NULL)
            iterator = rocksdb_create_iterator_cf(source->database, source->options,
                                                  source->family);
        rocksdb_iter_seek(iterator, key->data, key->len);
        if (!rocksdb_iter_valid(iterator))
            break; /* beyond the last row, or failed: told below, or by the read of the rest */
        next = read_run(many, iterator, next, &bytes);
        run = next - before;
        done += run;
    }
    if (iterator != NULL) {
        rocksdb_iter_get_error(iterator, &error);
        if (rocksdb__take_error("read of keys", &error))
            *ret_found = STORE_FAILED;
        rocksdb_iter_destroy(iterator);
    }
    *ret_in_vain = iterator != NULL && done < many->count / 2;
    return bytes <= many->most ? done : 0;
}

/* -- the rest --------------------------------------------------------------------------------- */

/* Reads at once the wanted keys, `count`, that are not read yet. */
static enum store_found read_rest(struct many *many, size_t count)
{
    const struct rocksdb_source *source = many->source;
    const char **keys = arena_array(many->arena, count, sizeof(*keys));
    size_t *sizes = arena_array(many->arena, count, sizeof(*sizes));
    rocksdb_pinnableslice_t **read = arena_array(many->arena, count, sizeof(*read));
    char **errors = arena_array(many->arena, count, sizeof(*errors));
    size_t *places = arena_array(many->arena, count, sizeof(*places));
    size_t found = 0;
    bool failed = false;

    if (arena_failed(many->arena))
        return STORE_FAILED;
    for (size_t i = 0; i < many->count; i++) {
        if (many->wanted[i].is_read)
            continue;
        keys[found] = many->wanted[i].key.data;
        sizes[found] = many->wanted[i].key.len;
        places[found++] = many->wanted[i].place;
    }
    assert(found == count);
    rocksdb_batched_multi_get_cf(source->database, source->options, source->family, count, keys,
                                 sizes, read, errors, true);
    for (size_t i = 0; i < count; i++) {
        failed |= rocksdb__take_error("read of keys", &errors[i]);
        many->pinned[places[i]] = read[i];
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

/* What runs found passed the bound, or there was none: all is to be read at once. */
static void forget_runs(struct many *many)
{
    for (size_t i = 0; i < many->count; i++) {
        many->values[i] = SLICE_EMPTY;
        many->wanted[i].is_read = false;
    }
}

/* Reads by an iterator, unless that was in vain lately; returns how many are read, as above. */
static size_t try_runs(struct many *many, enum store_found *ret_found)
{
    static _Thread_local unsigned char pauses[FAMILIES];
    unsigned char *pause = &pauses[many->source->name];
    bool in_vain = false;
    size_t done;

    if (many->count < RUNS_FROM)
        return 0;
    if (*pause > 0) {
        (*pause)--;
        return 0;
    }
    done = read_runs(many, &in_vain, ret_found);
    if (in_vain)
        *pause = PAUSE;
    return done;
}

static enum store_found read_stored(struct arena *arena, const struct rocksdb_source *source,
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
    assert(done <= count);
    if (done == 0)
        forget_runs(&many);
    if (found == STORE_FOUND && done < count)
        found = read_rest(&many, count - done);
    *ret_count = take(&many);
    return arena_failed(arena) ? STORE_FAILED : found;
}

/* -- rows in memory --------------------------------------------------------------------------- */

/* The keys whose rows are not in memory. */
struct missing {
    struct slice *keys;
    size_t *places; /* among the caller's */
    struct row_ticket *tickets;
    struct slice *values;
    size_t count;
    size_t read; /* of them, the first ones */
};

static bool miss(struct arena *arena, struct missing *missing, size_t left, size_t place,
                 struct slice key, struct row_ticket ticket)
{
    if (missing->keys == NULL) {
        missing->keys = arena_array(arena, left, sizeof(*missing->keys));
        missing->places = arena_array(arena, left, sizeof(*missing->places));
        missing->tickets = arena_array(arena, left, sizeof(*missing->tickets));
        missing->values = arena_array(arena, left, sizeof(*missing->values));
    }
    if (arena_failed(arena))
        return false;
    missing->keys[missing->count] = key;
    missing->places[missing->count] = place;
    missing->tickets[missing->count++] = ticket;
    return true;
}

/*
 * Puts what was read beside what was in memory, until the bound is passed; how many of the caller's
 * first `looked` keys that are. What is asked for once more is kept: whoever reads a long list page
 * by page pushes nothing out, nor pays for it.
 */
static size_t merge(const struct rocksdb_source *source, const struct missing *missing,
                    size_t looked, size_t most, struct slice *values)
{
    size_t bytes = 0;
    size_t next = 0;
    size_t i = 0;

    for (; i < looked && (i == 0 || bytes < most); i++) {
        if (next < missing->count && missing->places[next] == i) {
            if (next == missing->read)
                break;
            values[i] = missing->values[next];
            if (values[i].data != NULL && missing->tickets[next].is_second)
                row_cache__keep(source->rows, &missing->tickets[next], source->name,
                                missing->keys[next], values[i]);
            next++;
        }
        bytes += values[i].len;
    }
    return i;
}

enum store_found rocksdb__read_many(struct arena *arena, const struct rocksdb_source *source,
                                    const struct slice *keys, size_t count, size_t most,
                                    struct slice *ret_values, size_t *ret_count)
{
    struct missing missing = {0};
    enum store_found found = STORE_FOUND;
    size_t bytes = 0;
    size_t looked = 0;

    if (source->rows == NULL)
        return read_stored(arena, source, keys, count, most, ret_values, ret_count);
    for (; looked < count && (looked == 0 || bytes < most); looked++) {
        struct row_ticket ticket;

        ret_values[looked] = SLICE_EMPTY;
        if (row_cache__find(source->rows, arena, source->name, keys[looked], &ret_values[looked],
                            &ticket))
            bytes += ret_values[looked].len;
        else if (!miss(arena, &missing, count - looked, looked, keys[looked], ticket))
            return STORE_FAILED;
    }
    if (arena_failed(arena))
        return STORE_FAILED;
    if (missing.count > 0)
        found = read_stored(arena, source, missing.keys, missing.count, most, missing.values,
                            &missing.read);
    if (found == STORE_FOUND)
        *ret_count = merge(source, &missing, looked, most, ret_values);
    return found;
}
