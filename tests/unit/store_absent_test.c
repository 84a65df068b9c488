/*
 * Conditions that a row is absent which a caller saw absent: the engine looks again only where it
 * may have been written since. On RocksDB and, in builds with faults, on the late engine over it.
 */
#include "storage/bytes.h"
#include "storage/repeats.h"
#include "tests/support/store_fixture.h"

#define KEY "a key of 16 byte"

static bool late_engine;
static struct fixture fixture;

/* Begins with a commit, so that a view has a revision. */
static int start(void **state)
{
    fixture_start(&fixture, late_engine);
    put(&fixture, FAMILY_USERS, SLICE("u"), SLICE("v"));
    assert_int_equal(store_revision(fixture.store), 1);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    return 0;
}

static enum commit_result require(struct fixture *f, struct slice key, uint64_t revision)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_require_absent_since(&commit, FAMILY_IDEMPOTENCY, key, revision);
    return commit_in(f->store, &commit);
}

static void a_row_is_looked_for_where_it_was_written_since(void **state)
{
    struct fixture *f = *state;
    struct slice key = SLICE(KEY);
    char block[REPEAT_BLOCK_KEY_LEN];

    bytes_put_u64(block, 3); /* the newest row is alone in a batch of this revision */
    assert_int_equal(require(f, key, 1), COMMIT_DONE);
    put(f, FAMILY_IDEMPOTENCY, key, SLICE("v"));
    assert_int_equal(require(f, key, 1), COMMIT_CONFLICT);
    assert_int_equal(require(f, key, 2), COMMIT_DONE);     /* the caller's word: no look */
    assert_int_equal(require(f, key, 0), COMMIT_CONFLICT); /* it saw nothing */
    put(f, FAMILY_IDEMPOTENCY, key, SLICE("w"));
    assert_int_equal(require(f, key, 2), COMMIT_CONFLICT);
    erase(f, FAMILY_IDEMPOTENCY, slice_make(block, sizeof(block)));
    assert_int_equal(require(f, key, 3), COMMIT_DONE);
    fixture_reopen(f);
    put(f, FAMILY_IDEMPOTENCY, key, SLICE("v"));
    assert_int_equal(require(f, key, 4), COMMIT_CONFLICT);
    assert_int_equal(require(f, key, 5), COMMIT_DONE);
}

/*
 * More rows than the engine has places for what it remembers of them, and more than RocksDB keeps
 * in memory at once.
 */
static void rows_that_share_a_place_are_told_apart(void **state)
{
    enum { ROWS = 12000, OF_A_COMMIT = 2000, LEN = 450 };
    struct fixture *f = *state;
    struct slice body = slice_make(arena_zalloc(&f->arena, LEN), LEN);

    for (int i = 0; i < ROWS; i += OF_A_COMMIT) {
        struct commit commit;

        commit_init(&commit, &f->arena);
        for (int row = i; row < i + OF_A_COMMIT; row++)
            commit_put(&commit, FAMILY_IDEMPOTENCY, arena_printf(&f->arena, "row %012d", row),
                       body);
        assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    }
    for (int i = 0; i < ROWS; i += 100) {
        assert_int_equal(require(f, arena_printf(&f->arena, "no row %09d", i), 1), COMMIT_DONE);
        assert_int_equal(require(f, arena_printf(&f->arena, "row %012d", i), 1), COMMIT_CONFLICT);
    }
}

static void raise_for_commit(struct commit *commit, void *context)
{
    (void)commit;
    signal_raise(context);
}

/* Of several that saw the row absent and come in one batch, the first puts it. */
static void a_row_that_the_batch_put_is_there(void **state)
{
    enum { COMMITS = 4 };
    struct fixture *f = *state;
    const struct slice keys[COMMITS] = {SLICE(KEY), SLICE("another of 16 b."), SLICE(KEY),
                                        SLICE(KEY)};
    struct signal signal = SIGNAL_INIT;
    struct commit_queue queue = {0};
    struct commit commits[COMMITS];

    for (int i = 0; i < COMMITS; i++) {
        commit_init(&commits[i], &f->arena);
        commit_require_absent_since(&commits[i], FAMILY_IDEMPOTENCY, keys[i],
                                    store_revision(f->store));
        commit_put(&commits[i], FAMILY_IDEMPOTENCY, keys[i], SLICE("v"));
        store_commit_later(&queue, &commits[i], raise_for_commit, &signal);
    }
    store_commit_queued(f->store, &queue);
    signal_wait(&signal, COMMITS);
    assert_int_equal(commits[0].result, COMMIT_DONE);
    assert_int_equal(commits[1].result, COMMIT_DONE);
    assert_int_equal(commits[2].result, COMMIT_CONFLICT);
    assert_int_equal(commits[3].result, COMMIT_CONFLICT);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest of_every_engine[] = {
        PROMISE(a_row_is_looked_for_where_it_was_written_since),
        PROMISE(rows_that_share_a_place_are_told_apart),
    };
    /* The late engine's own conflicts would let a later one put the row. */
    const struct CMUnitTest of_rocksdb[] = {
        PROMISE(a_row_that_the_batch_put_is_there),
    };
    int failures = cmocka_run_group_tests_name("RocksDB", of_every_engine, NULL, NULL) +
                   cmocka_run_group_tests_name("RocksDB alone", of_rocksdb, NULL, NULL);

#ifdef DATASTREAM_FAULTS
    late_engine = true;
    failures += cmocka_run_group_tests_name("late", of_every_engine, NULL, NULL);
#endif
    return failures;
}
