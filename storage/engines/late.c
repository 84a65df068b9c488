/*
 * The test engine: another engine behind what looks like a network.
 *
 * The first read of a thing in a view misses; store_fetch is answered after a while by a thread of
 * its own, and then the thing is there: a point as it was first read, until the view is reset.
 * Commits are tried by the inner engine in their order and answered late, in any order; one in
 * eight is not tried at all and answered as a conflict.
 */
#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "storage/engine.h"

#ifdef DATASTREAM_FAULTS

#define DELAY_US_MOST 400
#define ONE_CONFLICT_IN 8

/* Something that a view asked for; a scan when `is_scan`. */
struct late_read {
    struct late_read *next;
    enum store_family family;
    struct slice key; /* or where the scan begins */
    struct slice to;
    size_t limit;
    bool is_scan;
    bool reverse;
    bool fetched;
    bool is_kept; /* a point that was read since: what it read stays until the view is reset */
    enum store_found found;
    struct slice value;
};

struct late_view {
    struct store_view view;
    struct store_view *inner;
    struct late_read *reads;
};

/* An answer that is under way: of a fetch, or of a commit when there is one. */
struct late_answer {
    struct late_answer *next;
    struct late_store *store;
    int64_t due_us;
    struct commit *commit;
    void (*commit_done)(struct commit *commit, void *context);
    void (*fetch_done)(void *context);
    void *context;
};

struct late_store {
    struct store store;
    struct store *inner;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t cond;
    struct late_answer *answers; /* by their time */
    size_t unanswered;           /* fetches and commits that were taken */
    uint64_t random;
    bool stopping;
};

static struct late_store *of(struct store *store)
{
    return (struct late_store *)store;
}

/* -- reading ------------------------------------------------------------------------------- */

static bool same_read(const struct late_read *a, const struct late_read *b)
{
    return a->is_scan == b->is_scan && a->family == b->family && a->reverse == b->reverse &&
           a->limit == b->limit && slice_equal(a->key, b->key) && slice_equal(a->to, b->to);
}

/* The read once it was fetched; NULL, noted as missed, when it was never asked for. */
static struct late_read *find_read(struct late_view *view, const struct late_read *wanted)
{
    struct arena *arena = view->view.arena;
    struct late_read *read = view->reads;

    while (read != NULL && !same_read(read, wanted))
        read = read->next;
    if (read != NULL)
        return read->fetched ? read : NULL;
    read = arena_alloc(arena, sizeof(*read));
    if (read == NULL)
        return NULL;
    *read = *wanted;
    read->key = arena_copy(arena, wanted->key);
    read->to = arena_copy(arena, wanted->to);
    read->next = view->reads;
    view->reads = read;
    return NULL;
}

static bool is_here(struct late_view *view, const struct late_read *wanted)
{
    return find_read(view, wanted) != NULL;
}

/* The inner engine's view; NULL when the arena failed. */
static struct store_view *inner_view(struct late_view *view)
{
    if (view->inner == NULL)
        view->inner = store_view_open(of(view->view.store)->inner, view->view.arena);
    return view->inner;
}

static enum store_found late_get(struct store_view *base, enum store_family family,
                                 struct slice key, struct slice *ret_value)
{
    struct late_view *view = (struct late_view *)base;
    const struct late_read wanted = {.family = family, .key = key};
    struct late_read *read = find_read(view, &wanted);

    if (inner_view(view) == NULL || arena_failed(base->arena))
        return STORE_FAILED;
    if (read == NULL)
        return STORE_AGAIN;
    if (!read->is_kept)
        read->found = store_get(view->inner, family, key, &read->value);
    read->is_kept = read->found != STORE_AGAIN; /* of what the inner engine still reads */
    if (read->found == STORE_FOUND)
        *ret_value = read->value;
    return read->found;
}

static enum store_found late_get_many(struct store_view *base, enum store_family family,
                                      const struct slice *keys, size_t count, size_t most,
                                      struct slice *ret_values, size_t *ret_count)
{
    struct late_view *view = (struct late_view *)base;
    bool here = true;

    for (size_t i = 0; i < count; i++) {
        const struct late_read wanted = {.family = family, .key = keys[i]};

        here &= is_here(view, &wanted);
    }
    if (inner_view(view) == NULL || arena_failed(base->arena))
        return STORE_FAILED;
    return here ? store_get_many(view->inner, family, keys, count, most, ret_values, ret_count)
                : STORE_AGAIN;
}

static enum store_found late_scan(struct store_view *base, enum store_family family,
                                  struct slice from, struct slice to, bool reverse, size_t limit,
                                  struct store_rows *ret_rows)
{
    struct late_view *view = (struct late_view *)base;
    const struct late_read wanted = {.family = family,
                                     .key = from,
                                     .to = to,
                                     .limit = limit,
                                     .is_scan = true,
                                     .reverse = reverse};
    bool here = is_here(view, &wanted);

    if (inner_view(view) == NULL || arena_failed(base->arena))
        return STORE_FAILED;
    return here ? store_scan(view->inner, family, from, to, reverse, limit, ret_rows) : STORE_AGAIN;
}

static void late_view_reset(struct store_view *base)
{
    ((struct late_view *)base)->reads = NULL;
}

/* -- answering late ------------------------------------------------------------------------ */

/* splitmix64; under the mutex. */
static uint64_t draw(struct late_store *store)
{
    uint64_t z = store->random += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* Takes an answer into the list at a time of its own. */
static void schedule(struct late_store *store, struct late_answer *answer)
{
    struct late_answer **at = &store->answers;

    pthread_mutex_lock(&store->mutex);
    answer->due_us = clock_monotonic_us() + (int64_t)(draw(store) % (DELAY_US_MOST + 1));
    while (*at != NULL && (*at)->due_us <= answer->due_us)
        at = &(*at)->next;
    answer->next = *at;
    *at = answer;
    pthread_cond_signal(&store->cond);
    pthread_mutex_unlock(&store->mutex);
}

static struct late_answer *answer_new(struct late_store *store, void *context)
{
    struct late_answer *answer = calloc(1, sizeof(*answer));

    if (answer == NULL)
        abort(); /* a test without memory proves nothing */
    answer->store = store;
    answer->context = context;
    pthread_mutex_lock(&store->mutex);
    store->unanswered++;
    pthread_mutex_unlock(&store->mutex);
    return answer;
}

/* The view is the caller's again only with `done`, so that what it missed is marked at once. */
static void late_fetch(struct store_view *base, void (*done)(void *context), void *context)
{
    struct late_store *store = of(base->store);
    struct late_answer *answer = answer_new(store, context);

    for (struct late_read *read = ((struct late_view *)base)->reads; read != NULL;
         read = read->next)
        read->fetched = true;
    answer->fetch_done = done;
    schedule(store, answer);
}

/* The inner engine is done with the commit. */
static void tried(struct commit *commit, void *context)
{
    struct late_answer *answer = context;

    (void)commit;
    schedule(answer->store, answer);
}

static void commit_one(struct store *base, struct commit *commit)
{
    struct late_store *store = of(base);
    struct late_answer *answer = answer_new(store, commit->context);
    bool conflicts;

    answer->commit = commit;
    answer->commit_done = commit->done;
    pthread_mutex_lock(&store->mutex);
    conflicts = draw(store) % ONE_CONFLICT_IN == 0;
    pthread_mutex_unlock(&store->mutex);
    if (!conflicts) {
        store_commit(store->inner, commit, tried, answer);
        return;
    }
    commit->result = COMMIT_CONFLICT;
    commit->conflict = commit->conditions;
    schedule(store, answer);
}

static void late_commit(struct store *base, const struct commit_queue *queue)
{
    struct commit *next;

    for (struct commit *commit = queue->first; commit != NULL; commit = next) {
        next = commit->queue_next;
        commit_one(base, commit);
    }
}

static void give(const struct late_answer *answer)
{
    if (answer->commit == NULL) {
        answer->fetch_done(answer->context);
        return;
    }
    answer->commit->done = answer->commit_done;
    answer->commit->context = answer->context;
    answer->commit_done(answer->commit, answer->context);
}

/* Waits for the time of the first answer; under the mutex. */
static void wait_until(struct late_store *store, int64_t due_us)
{
    struct timespec at = {.tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000};

    pthread_cond_timedwait(&store->cond, &store->mutex, &at);
}

static void *run(void *context)
{
    struct late_store *store = context;

    pthread_mutex_lock(&store->mutex);
    while (!store->stopping || store->unanswered > 0) {
        struct late_answer *answer = store->answers;

        if (answer == NULL) {
            pthread_cond_wait(&store->cond, &store->mutex);
            continue;
        }
        if (clock_monotonic_us() < answer->due_us) {
            wait_until(store, answer->due_us);
            continue;
        }
        store->answers = answer->next;
        pthread_mutex_unlock(&store->mutex);
        give(answer);
        free(answer);
        pthread_mutex_lock(&store->mutex);
        store->unanswered--;
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* -- the rest ------------------------------------------------------------------------------ */

static uint64_t late_revision(struct store *store)
{
    return store_revision(of(store)->inner);
}

static const char *late_read_only_reason(struct store *store)
{
    return store_read_only_reason(of(store)->inner);
}

static void late_close(struct store *base)
{
    struct late_store *store = of(base);

    pthread_mutex_lock(&store->mutex);
    store->stopping = true;
    pthread_cond_signal(&store->cond);
    pthread_mutex_unlock(&store->mutex);
    pthread_join(store->thread, NULL);
    assert(store->answers == NULL);
    store_close(store->inner);
    pthread_cond_destroy(&store->cond);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

static size_t late_repeats(struct store *base)
{
    return store_repeats(of(base)->inner);
}

static const struct store_engine engine = {
    .view_size = sizeof(struct late_view),
    .get = late_get,
    .get_many = late_get_many,
    .scan = late_scan,
    .view_reset = late_view_reset,
    .fetch = late_fetch,
    .commit = late_commit,
    .revision = late_revision,
    .repeats = late_repeats,
    .read_only_reason = late_read_only_reason,
    .close = late_close,
};

struct store *store_wrap_late(struct store *inner, uint64_t seed)
{
    struct late_store *store = calloc(1, sizeof(*store));
    pthread_condattr_t monotonic;

    if (store == NULL)
        abort();
    store->store.engine = &engine;
    if (inner->has_audit_key)
        store_set_audit_key(&store->store, inner->audit_key);
    store->inner = inner;
    store->random = seed;
    pthread_mutex_init(&store->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&store->thread, NULL, run, store) != 0)
        abort();
    return &store->store;
}

#endif
