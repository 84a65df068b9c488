/*
 * The promises of the store's interface to many callers at once, one suite for every engine, as in
 * store_test.c.
 */
#include "tests/support/store_fixture.h"

#include <stdatomic.h>

static bool late_engine;
static struct fixture fixture;

static int start(void **state)
{
    fixture_start(&fixture, late_engine);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    return 0;
}

/* -- many commits under way ---------------------------------------------------------------- */

static void raise_for_commit(struct commit *commit, void *context)
{
    (void)commit;
    signal_raise(context);
}

/* Each commit stands on the one before it, which is not written yet when it is submitted. */
static void commits_see_those_before_them_in_the_batch(void **state)
{
    enum { COMMITS = 300 };
    struct fixture *f = *state;
    struct signal signal = SIGNAL_INIT;
    struct commit *commits = arena_array(&f->arena, COMMITS, sizeof(*commits));
    bool conflicted = false;

    for (int i = 0; i < COMMITS; i++) {
        struct slice key = arena_printf(&f->arena, "%d", i);
        struct slice before = arena_printf(&f->arena, "%d", i - 1);

        commit_init(&commits[i], &f->arena);
        if (i > 0) {
            commit_require_present(&commits[i], FAMILY_TOKENS, before);
            commit_delete(&commits[i], FAMILY_TOKENS, before);
            commit_require_absent(&commits[i], FAMILY_TOKENS, key);
        }
        commit_put(&commits[i], FAMILY_TOKENS, key, SLICE("v"));
    }
    for (int i = 0; i < COMMITS; i++)
        store_commit(f->store, &commits[i], raise_for_commit, &signal);
    signal_wait(&signal, COMMITS);
    for (int i = 0; i < COMMITS; i++) {
        if (!f->late)
            assert_int_equal(commits[i].result, COMMIT_DONE);
        conflicted = conflicted || commits[i].result == COMMIT_CONFLICT;
        assert_int_equal(commits[i].result, conflicted ? COMMIT_CONFLICT : COMMIT_DONE);
    }
    assert_int_equal(read_rows(f, FAMILY_TOKENS, SLICE("0"), SLICE(":"), false, COMMITS).count, 1);
}

/* Submits the commits while another one is written, so that they come into one batch. */
static void commit_together(struct fixture *f, struct commit *commits, int count)
{
    struct signal signal = SIGNAL_INIT;
    struct commit plug;

    commit_init(&plug, &f->arena);
    commit_put(&plug, FAMILY_META, SLICE("plug"), SLICE_EMPTY);
    store_commit(f->store, &plug, raise_for_commit, &signal);
    for (int i = 0; i < count; i++)
        store_commit(f->store, &commits[i], raise_for_commit, &signal);
    signal_wait(&signal, count + 1);
    assert_int_equal(plug.result, COMMIT_DONE);
}

/* A range that was emptied, and one that was filled, by commits that are not written yet. */
static void range_conditions_see_the_batch(void **state)
{
    enum { REFERENCES = 40, COMMITS = 4 };
    struct fixture *f = *state;
    struct commit commits[COMMITS];
    struct commit fill;

    commit_init(&fill, &f->arena);
    for (int i = 0; i < REFERENCES; i++)
        commit_put(&fill, FAMILY_REFERENCES, arena_printf(&f->arena, "r%02d", i), SLICE_EMPTY);
    assert_int_equal(commit_in(f->store, &fill), COMMIT_DONE);
    for (int i = 0; i < COMMITS; i++)
        commit_init(&commits[i], &f->arena);
    commit_require_empty(&commits[0], FAMILY_REFERENCES, SLICE("r"), SLICE("s"));
    for (int i = 0; i < REFERENCES; i++)
        commit_delete(&commits[1], FAMILY_REFERENCES, arena_printf(&f->arena, "r%02d", i));
    commit_require_empty(&commits[2], FAMILY_REFERENCES, SLICE("r"), SLICE("s"));
    commit_put(&commits[2], FAMILY_REFERENCES, SLICE("rx"), SLICE_EMPTY);
    commit_require_empty(&commits[3], FAMILY_REFERENCES, SLICE("r"), SLICE("s"));
    commit_together(f, commits, COMMITS);
    assert_int_equal(commits[0].result, COMMIT_CONFLICT);
    assert_int_equal(commits[1].result, COMMIT_DONE);
    assert_int_equal(commits[2].result, COMMIT_DONE);
    assert_int_equal(commits[3].result, COMMIT_CONFLICT);
}

/* Two that refer to one thing exclusively, at once: one of them does, a hundred times. */
static void of_two_exclusive_references_at_once_one_is_written(void **state)
{
    enum { ROUNDS = 100 };
    struct fixture *f = *state;

    for (int round = 0; round < ROUNDS; round++) {
        struct slice from = arena_printf(&f->arena, "t%03d|", round);
        struct slice to = arena_printf(&f->arena, "t%03d}", round);
        struct commit commits[2];

        for (int i = 0; i < 2; i++) {
            struct slice own = arena_printf(&f->arena, "t%03d|%d", round, i);

            commit_init(&commits[i], &f->arena);
            commit_require_only(&commits[i], FAMILY_REFERENCES, from, to, own);
            commit_put(&commits[i], FAMILY_REFERENCES, own, SLICE_EMPTY);
        }
        commit_together(f, commits, 2);
        assert_int_equal(commits[0].result, COMMIT_DONE);
        assert_int_equal(commits[1].result, COMMIT_CONFLICT);
        assert_int_equal(read_rows(f, FAMILY_REFERENCES, from, to, false, 9).count, 1);
    }
}

/* A row is read once for a batch; who comes after its change must not see what was read. */
static void what_a_batch_has_read_gives_way_to_its_changes(void **state)
{
    enum { COMMITS = 6 };
    struct fixture *f = *state;
    struct slice key = SLICE("k");
    struct commit commits[COMMITS];
    uint64_t revision;

    put(f, FAMILY_TOKENS, key, SLICE("v"));
    revision = revision_of(f, FAMILY_TOKENS, key);
    for (int i = 0; i < COMMITS; i++)
        commit_init(&commits[i], &f->arena);
    commit_require_revision(&commits[0], FAMILY_TOKENS, key, revision);
    commit_require_revision(&commits[1], FAMILY_TOKENS, key, revision);
    commit_put(&commits[1], FAMILY_TOKENS, key, SLICE("w"));
    commit_require_revision(&commits[2], FAMILY_TOKENS, key, revision);
    commit_require_present(&commits[3], FAMILY_TOKENS, key);
    commit_delete(&commits[3], FAMILY_TOKENS, key);
    commit_require_present(&commits[4], FAMILY_TOKENS, key);
    commit_require_absent(&commits[5], FAMILY_TOKENS, key);
    commit_together(f, commits, COMMITS);
    for (int i = 0; i < COMMITS; i++)
        assert_int_equal(commits[i].result, i == 2 || i == 4 ? COMMIT_CONFLICT : COMMIT_DONE);
    assert_false(is_there(f, FAMILY_TOKENS, key));
}

/* The number of a counter is put once a batch, of its last revision. */
static void a_batch_moves_counters_in_order(void **state)
{
    enum { COMMITS = 5 };
    struct fixture *f = *state;
    struct slice counter = SLICE("c");
    struct commit commits[COMMITS];

    for (int i = 0; i < COMMITS; i++)
        commit_init(&commits[i], &f->arena);
    commit_require_absent(&commits[0], FAMILY_COUNTS, counter);
    commit_count(&commits[0], counter, 3);
    commit_require_present(&commits[1], FAMILY_COUNTS, counter);
    commit_count(&commits[1], counter, -1);
    commit_put(&commits[2], FAMILY_COUNTS, counter, SLICE("\0\0\0\0\0\0\0\7"));
    commit_count(&commits[3], counter, 2);
    commit_put(&commits[4], FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    commit_together(f, commits, COMMITS);
    for (int i = 0; i < COMMITS; i++)
        assert_int_equal(commits[i].result, COMMIT_DONE);
    assert_int_equal(read_count(f, counter), 9);
    assert_int_equal(revision_of(f, FAMILY_COUNTS, counter), commits[3].revision);
    commit_init(&commits[0], &f->arena);
    commit_count(&commits[0], counter, 1);
    commit_init(&commits[1], &f->arena);
    commit_delete(&commits[1], FAMILY_COUNTS, counter);
    commit_together(f, commits, 2);
    assert_false(is_there(f, FAMILY_COUNTS, counter));
}

static enum commit_result move(struct fixture *f, struct slice counter, int64_t delta)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_count(&commit, counter, delta);
    return commit_in(f->store, &commit);
}

/* More of them than the committer keeps, and one whose key is longer than it keeps. */
static void counters_go_on_from_batch_to_batch(void **state)
{
    enum { COUNTERS = 300, ROUNDS = 3 };
    struct fixture *f = *state;
    struct slice wide = SLICE("a counter whose key is longer than all that there are");

    for (int i = 0; i < ROUNDS * COUNTERS; i++) {
        struct slice counter = arena_printf(&f->arena, "counter %d", i % COUNTERS);

        assert_int_equal(move(f, counter, i % COUNTERS), COMMIT_DONE);
    }
    for (int i = 0; i < COUNTERS; i++)
        assert_int_equal(read_count(f, arena_printf(&f->arena, "counter %d", i)), ROUNDS * i);
    for (int i = 0; i < ROUNDS; i++)
        assert_int_equal(move(f, wide, 2), COMMIT_DONE);
    assert_int_equal(read_count(f, wide), ROUNDS * 2);
}

/* A tool's repair has the last word, also where it leaves what is no number. */
static void counters_go_on_from_what_was_put(void **state)
{
    struct fixture *f = *state;
    struct slice counter = SLICE("c");
    struct commit commit;
    uint64_t revision;

    assert_int_equal(move(f, counter, 3), COMMIT_DONE);
    put(f, FAMILY_COUNTS, counter, SLICE("\0\0\0\0\0\0\0\7"));
    assert_int_equal(move(f, counter, 1), COMMIT_DONE);
    assert_int_equal(read_count(f, counter), 8);
    erase(f, FAMILY_COUNTS, counter);
    assert_int_equal(move(f, counter, 2), COMMIT_DONE);
    assert_int_equal(read_count(f, counter), 2);
    revision = store_revision(f->store);
    commit_init(&commit, &f->arena);
    commit_count(&commit, counter, 1);
    commit_require_revision(&commit, FAMILY_COUNTS, counter, revision);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    assert_int_equal(read_count(f, counter), 3);
    put(f, FAMILY_COUNTS, counter, SLICE("x"));
    assert_int_equal(move(f, counter, 1), COMMIT_FAILED);
    put(f, FAMILY_COUNTS, counter, SLICE("\0\0\0\0\0\0\0\1"));
    assert_int_equal(move(f, counter, 1), COMMIT_DONE);
    assert_int_equal(read_count(f, counter), 2);
}

/* -- threads ------------------------------------------------------------------------------- */

struct worker {
    struct fixture *fixture;
    pthread_t thread;
    int number;
    int rounds;
    struct arena arena;
};

static void run_workers(struct fixture *f, struct worker *workers, int count, int rounds,
                        void *(*run)(void *context))
{
    for (int i = 0; i < count; i++) {
        workers[i] = (struct worker){.fixture = f, .number = i, .rounds = rounds};
        arena_init(&workers[i].arena, NULL, FIXTURE_ARENA);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
    for (int i = 0; i < count; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        arena_done(&workers[i].arena);
    }
}

static void *count_up_and_down(void *context)
{
    struct worker *worker = context;

    for (int i = 0; i < worker->rounds; i++) {
        struct commit commit;

        commit_init(&commit, &worker->arena);
        commit_count(&commit, SLICE("shared"), 3);
        commit_count(&commit, SLICE("shared"), -1);
        commit_count(&commit, arena_printf(&worker->arena, "own%d", worker->number), 1);
        if (commit_in(worker->fixture->store, &commit) != COMMIT_DONE)
            abort();
    }
    return NULL;
}

static void counters_are_exact_under_threads(void **state)
{
    enum { THREADS = 8, ROUNDS = 50 };
    struct fixture *f = *state;
    struct worker workers[THREADS];

    run_workers(f, workers, THREADS, ROUNDS, count_up_and_down);
    assert_int_equal(read_count(f, SLICE("shared")), 2 * THREADS * ROUNDS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(read_count(f, arena_printf(&f->arena, "own%d", i)), ROUNDS);
    assert_int_equal(store_revision(f->store), THREADS * ROUNDS);
    fixture_reopen(f);
    assert_int_equal(read_count(f, SLICE("shared")), 2 * THREADS * ROUNDS);
}

/* Even workers delete the target where nothing refers to it, odd ones refer to it where it is. */
static void *race_for_the_target(void *context)
{
    struct worker *worker = context;

    for (int i = 0; i < worker->rounds; i++) {
        struct slice target = arena_printf(&worker->arena, "t%d", i);
        struct slice from = arena_printf(&worker->arena, "t%d-", i);
        struct slice to = arena_printf(&worker->arena, "t%d.", i);
        struct commit commit;

        commit_init(&commit, &worker->arena);
        if (worker->number % 2 == 0) {
            commit_require_empty(&commit, FAMILY_REFERENCES, from, to);
            commit_delete(&commit, FAMILY_RESOURCES, target);
        } else {
            commit_require_present(&commit, FAMILY_RESOURCES, target);
            commit_put(&commit, FAMILY_REFERENCES,
                       arena_printf(&worker->arena, "t%d-%d", i, worker->number), SLICE_EMPTY);
        }
        if (commit_in(worker->fixture->store, &commit) == COMMIT_FAILED)
            abort();
    }
    return NULL;
}

static void no_reference_outlives_its_target(void **state)
{
    enum { THREADS = 4, ROUNDS = 60 };
    struct fixture *f = *state;
    struct worker workers[THREADS];

    for (int i = 0; i < ROUNDS; i++)
        put(f, FAMILY_RESOURCES, arena_printf(&f->arena, "t%d", i), SLICE("v"));
    run_workers(f, workers, THREADS, ROUNDS, race_for_the_target);
    for (int i = 0; i < ROUNDS; i++) {
        size_t references = read_rows(f, FAMILY_REFERENCES, arena_printf(&f->arena, "t%d-", i),
                                      arena_printf(&f->arena, "t%d.", i), false, THREADS)
                                .count;
        bool target = is_there(f, FAMILY_RESOURCES, arena_printf(&f->arena, "t%d", i));

        /* One side has won, never both and never none. */
        assert_int_equal(references > 0, target);
    }
}

/* Reads the two halves of a pair that writers change together, by one scan. */
static void *write_or_read_pairs(void *context)
{
    struct worker *worker = context;
    struct fixture mine = *worker->fixture;

    mine.arena = worker->arena;
    for (int i = 0; i < worker->rounds; i++) {
        if (worker->number % 2 == 0) {
            struct slice body = arena_printf(&mine.arena, "%d.%d", worker->number, i);
            struct commit commit;

            commit_init(&commit, &mine.arena);
            commit_put(&commit, FAMILY_RESOURCES, SLICE("pair1"), body);
            commit_put(&commit, FAMILY_RESOURCES, SLICE("pair2"), body);
            if (commit_in(mine.store, &commit) != COMMIT_DONE)
                abort();
        } else {
            struct store_rows rows = read_rows(&mine, FAMILY_RESOURCES, SLICE("pair"),
                                               SLICE("pais"), false, 3);

            if (rows.count != 2 || !slice_equal(rows.rows[0].value, rows.rows[1].value))
                abort();
        }
    }
    worker->arena = mine.arena;
    return NULL;
}

static void scans_are_consistent_under_writers(void **state)
{
    enum { THREADS = 6, ROUNDS = 60 };
    struct fixture *f = *state;
    struct worker workers[THREADS];
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("pair1"), SLICE("0"));
    commit_put(&commit, FAMILY_RESOURCES, SLICE("pair2"), SLICE("0"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    run_workers(f, workers, THREADS, ROUNDS, write_or_read_pairs);
}

#define RISING 6

/* The newest number of each row that a commit is done of. */
static _Atomic uint64_t risen[RISING];

static void raise_row(struct fixture *f, size_t row, struct slice key, int number)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, key, arena_printf(&f->arena, "%d", number));
    if (commit_in(f->store, &commit) != COMMIT_DONE)
        abort();
    atomic_store(&risen[row], (uint64_t)number);
}

/* By one read of many, or one by one. */
static void read_risen(struct fixture *f, const struct slice *keys, bool at_once,
                       struct slice *values)
{
    struct store_view *view = store_view_open(f->store, &f->arena);
    enum store_found found = STORE_FOUND;
    size_t count = RISING;

    if (at_once) {
        while ((found = store_get_many(view, FAMILY_RESOURCES, keys, RISING, 1 << 20, values,
                                       &count)) == STORE_AGAIN)
            fetch_and_wait(view);
    }
    for (size_t k = 0; k < RISING && !at_once && found == STORE_FOUND; k++)
        found = read_in(f->store, &f->arena, FAMILY_RESOURCES, keys[k], &values[k]);
    if (found != STORE_FOUND || count != RISING)
        abort();
}

/* Even workers raise rows of their own, odd ones read all. */
static void *raise_or_read(void *context)
{
    struct worker *worker = context;
    struct fixture mine = *worker->fixture;

    mine.arena = worker->arena;
    for (int i = 1; i <= worker->rounds; i++) {
        struct slice keys[RISING], values[RISING];
        size_t own = (size_t)worker->number / 2 + (size_t)(i % 2) * RISING / 2;
        uint64_t least[RISING];

        for (size_t k = 0; k < RISING; k++) {
            keys[k] = arena_printf(&mine.arena, "rises %zu", k);
            least[k] = atomic_load(&risen[k]);
        }
        if (worker->number % 2 == 0) {
            raise_row(&mine, own, keys[own], i);
            continue;
        }
        read_risen(&mine, keys, i % 2 == 0, values);
        for (size_t k = 0; k < RISING; k++) {
            struct record record;

            if (!record_parse(values[k], &record) ||
                strtoul(arena_copy(&mine.arena, record.body).data, NULL, 10) < least[k])
                abort();
        }
    }
    worker->arena = mine.arena;
    return NULL;
}

static void a_row_is_never_read_older_than_a_commit_that_is_done(void **state)
{
    enum { THREADS = 6, ROUNDS = 300 };
    struct fixture *f = *state;
    struct worker workers[THREADS];

    for (size_t k = 0; k < RISING; k++) {
        put(f, FAMILY_RESOURCES, arena_printf(&f->arena, "rises %zu", k), SLICE("0"));
        atomic_store(&risen[k], 0);
    }
    run_workers(f, workers, THREADS, ROUNDS, raise_or_read);
    for (size_t k = 0; k < RISING; k++) {
        assert_true(atomic_load(&risen[k]) >= ROUNDS - 1);
        assert_slice_equal(read_body(f, FAMILY_RESOURCES, arena_printf(&f->arena, "rises %zu", k)),
                           arena_printf(&f->arena, "%d", (int)atomic_load(&risen[k])));
    }
}

/* -- observing ----------------------------------------------------------------------------- */

struct observed {
    _Atomic uint64_t newest;
    atomic_int commits;
    atomic_bool in_order;
};

static void observe(void *context, const struct commit *commit)
{
    struct observed *observed = context;

    if (commit->revision != atomic_load(&observed->newest) + 1)
        atomic_store(&observed->in_order, false);
    atomic_store(&observed->newest, commit->revision);
    atomic_fetch_add(&observed->commits, 1);
}

struct answered {
    struct observed *observed;
    struct signal signal;
    bool too_early;
};

static void answer(struct commit *commit, void *context)
{
    struct answered *answered = context;

    if (commit->result == COMMIT_DONE &&
        atomic_load(&answered->observed->newest) < commit->revision)
        answered->too_early = true;
    signal_raise(&answered->signal);
}

static void observers_see_each_revision_in_order_before_its_answer(void **state)
{
    enum { COMMITS = 200 };
    struct fixture *f = *state;
    struct observed observed = {.in_order = true};
    struct answered answered = {.observed = &observed, .signal = SIGNAL_INIT};
    struct commit *commits = arena_array(&f->arena, COMMITS, sizeof(*commits));
    int done = 0;

    store_close(f->store);
    f->options.observer = observe;
    f->options.observer_context = &observed;
    fixture_open(f);
    for (int i = 0; i < COMMITS; i++) {
        commit_init(&commits[i], &f->arena);
        if (i % 3 == 0) /* these conflict and are seen by no observer */
            commit_require_present(&commits[i], FAMILY_META, SLICE("none"));
        commit_put(&commits[i], FAMILY_EMAILS, SLICE("k"), SLICE("v"));
        store_commit(f->store, &commits[i], answer, &answered);
    }
    signal_wait(&answered.signal, COMMITS);
    for (int i = 0; i < COMMITS; i++)
        done += commits[i].result == COMMIT_DONE;
    assert_false(answered.too_early);
    assert_true(observed.in_order);
    assert_true(done > COMMITS / 4);
    assert_int_equal(observed.commits, done);
    assert_int_equal(observed.newest, done);
    assert_int_equal(store_revision(f->store), done);
}

/* -- closing ------------------------------------------------------------------------------- */

static void closing_finishes_what_was_submitted(void **state)
{
    enum { COMMITS = 100 };
    struct fixture *f = *state;
    struct signal signal = SIGNAL_INIT;
    struct commit *commits = arena_array(&f->arena, COMMITS, sizeof(*commits));
    int done = 0;

    for (int i = 0; i < COMMITS; i++) {
        commit_init(&commits[i], &f->arena);
        commit_put(&commits[i], FAMILY_USERS, arena_printf(&f->arena, "u%d", i), SLICE("v"));
        store_commit(f->store, &commits[i], raise_for_commit, &signal);
    }
    fixture_reopen(f);
    assert_int_equal(signal.count, COMMITS);
    for (int i = 0; i < COMMITS; i++) {
        bool there = is_there(f, FAMILY_USERS, arena_printf(&f->arena, "u%d", i));

        assert_int_equal(there, commits[i].result == COMMIT_DONE);
        done += there;
    }
    assert_true(f->late ? done > COMMITS / 2 : done == COMMITS);
    assert_int_equal(store_revision(f->store), done);
    put(f, FAMILY_USERS, SLICE("next"), SLICE("v"));
    assert_int_equal(revision_of(f, FAMILY_USERS, SLICE("next")), done + 1);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest of_every_engine[] = {
        PROMISE(counters_are_exact_under_threads),
        PROMISE(no_reference_outlives_its_target),
        PROMISE(scans_are_consistent_under_writers),
        PROMISE(a_row_is_never_read_older_than_a_commit_that_is_done),
        PROMISE(observers_see_each_revision_in_order_before_its_answer),
        PROMISE(closing_finishes_what_was_submitted),
        PROMISE(commits_see_those_before_them_in_the_batch),
    };
    /* The late engine's own conflicts would break this chain; its races cover the same. */
    const struct CMUnitTest of_rocksdb[] = {
        PROMISE(range_conditions_see_the_batch),
        PROMISE(of_two_exclusive_references_at_once_one_is_written),
        PROMISE(what_a_batch_has_read_gives_way_to_its_changes),
        PROMISE(a_batch_moves_counters_in_order),
        PROMISE(counters_go_on_from_batch_to_batch),
        PROMISE(counters_go_on_from_what_was_put),
    };
    int failures = cmocka_run_group_tests_name("RocksDB", of_every_engine, NULL, NULL) +
                   cmocka_run_group_tests_name("RocksDB alone", of_rocksdb, NULL, NULL);

#ifdef DATASTREAM_FAULTS
    late_engine = true;
    failures += cmocka_run_group_tests_name("late", of_every_engine, NULL, NULL);
#endif
    return failures;
}
