/*
 * Rows of repeated requests through the store: put under a hash, kept in blocks, found by the hash,
 * and gone with their block. On RocksDB and, in builds with faults, on the late engine over it.
 */
#include "tests/support/store_fixture.h"

#include <sched.h>
#include <stdatomic.h>

#include "storage/bytes.h"
#include "storage/repeats.h"
#include "storage/store_walk.h"

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

/* A hash of its own for each kind of row and number. */
static struct slice hash_of(struct arena *arena, const char kind[3], size_t number)
{
    return arena_printf(arena, "%s %013zu", kind, number);
}

static uint64_t put_row(struct fixture *f, struct slice hash, struct slice body)
{
    put(f, FAMILY_IDEMPOTENCY, hash, body);
    return store_revision(f->store);
}

static void erase_block(struct fixture *f, uint64_t block)
{
    char key[REPEAT_BLOCK_KEY_LEN];

    bytes_put_u64(key, block);
    erase(f, FAMILY_IDEMPOTENCY, slice_make(key, sizeof(key)));
}

static void assert_row(struct fixture *f, struct slice hash, struct slice body, uint64_t revision)
{
    struct record record;
    struct slice value;

    assert_int_equal(store_walk__get(f->store, &f->arena, FAMILY_IDEMPOTENCY, hash, &value),
                     STORE_FOUND);
    assert_true(record_parse(value, &record));
    assert_int_equal(record.revision, revision);
    assert_slice_equal(record.body, body);
}

static void assert_no_row(struct fixture *f, struct slice hash)
{
    struct slice value;

    assert_int_equal(store_walk__get(f->store, &f->arena, FAMILY_IDEMPOTENCY, hash, &value),
                     STORE_ABSENT);
}

/* Waits until the store has read its blocks: only then is a row known to be absent. */
static void assert_count(struct fixture *f, size_t wanted)
{
    assert_no_row(f, SLICE("no row of these."));
    assert_int_equal(store_repeats(f->store), wanted);
}

/* For threads whose failures cmocka does not take. */
static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "it does not hold that %s\n", what);
    abort();
}

static void raise_for_commit(struct commit *commit, void *context)
{
    (void)commit;
    signal_raise(context);
}

static void commit_all(struct fixture *f, struct commit *commits, int count)
{
    struct signal signal = SIGNAL_INIT;
    struct commit_queue queue = {0};

    for (int i = 0; i < count; i++)
        store_commit_later(&queue, &commits[i], raise_for_commit, &signal);
    store_commit_queued(f->store, &queue);
    signal_wait(&signal, count);
}

/* So many rows of a kind, from a number on, in one commit and so in one block. */
static void put_many(struct fixture *f, const char kind[3], size_t from, size_t count)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    for (size_t i = from; i < from + count; i++)
        commit_put(&commit, FAMILY_IDEMPOTENCY, hash_of(&f->arena, kind, i), SLICE("body"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
}

/* -- blocks ----------------------------------------------------------------------------------- */

static void a_row_is_found_by_its_hash_with_its_whole_body(void **state)
{
    enum { LARGE = 200000 };
    struct fixture *f = *state;
    char *large = arena_alloc(&f->arena, LARGE);
    uint64_t revisions[3];

    memset(large, 'x', LARGE);
    assert_no_row(f, SLICE("hash of a row..."));
    assert_count(f, 0);
    revisions[0] = put_row(f, SLICE("hash of a row..."), SLICE("a body with\0 what not"));
    revisions[1] = put_row(f, SLICE("\0hash of none \0\0"), SLICE(""));
    revisions[2] = put_row(f, SLICE("hash of a large."), slice_make(large, LARGE));
    for (int round = 0; round < 2; round++) {
        for (int again = 0; again < 2; again++) { /* the second time from the cache of rows */
            assert_row(f, SLICE("hash of a row..."), SLICE("a body with\0 what not"), revisions[0]);
            assert_row(f, SLICE("\0hash of none \0\0"), SLICE(""), revisions[1]);
            assert_row(f, SLICE("hash of a large."), slice_make(large, LARGE), revisions[2]);
        }
        assert_count(f, 3);
        fixture_reopen(f);
    }
}

enum { COMMITS = 60 };

static struct slice body_of(struct arena *arena, int commit, int row)
{
    return arena_printf(arena, "row %d of commit %d", row, commit);
}

/* Commit i puts 1 to 3 rows, and something else. */
static void assert_rows_of_commits(struct fixture *f, const struct commit *commits)
{
    for (int i = 0; i < COMMITS; i++)
        for (int row = 0; row <= i % 3; row++) {
            struct slice hash = hash_of(&f->arena, "ab", (size_t)(i * 3 + row));

            if (commits[i].result == COMMIT_DONE)
                assert_row(f, hash, body_of(&f->arena, i, row), commits[i].revision);
            else
                assert_no_row(f, hash);
        }
}

/* Blocks are stored under the first revision that they have, and lie in the order of revisions. */
static size_t assert_blocks_in_order(struct fixture *f)
{
    struct store_rows blocks = read_rows(f, FAMILY_IDEMPOTENCY, SLICE_EMPTY, SLICE("\xff"), false,
                                         COMMITS);
    uint64_t last = 0;

    for (size_t i = 0; i < blocks.count; i++) {
        struct record record;
        struct repeat repeat;
        bool is_first = true;

        assert_true(record_parse(blocks.rows[i].value, &record));
        while (repeat_next(&record.body, &repeat)) {
            if (is_first) {
                assert_true(repeat.revision > last);
                assert_int_equal(blocks.rows[i].key.len, REPEAT_BLOCK_KEY_LEN);
                assert_int_equal(bytes_u64(blocks.rows[i].key.data), repeat.revision);
                assert_int_equal(record.revision, repeat.revision);
            }
            assert_true(repeat.revision >= last);
            last = repeat.revision;
            is_first = false;
        }
        assert_int_equal(record.body.len, 0);
        assert_false(is_first);
    }
    return blocks.count;
}

static void rows_of_a_batch_have_the_revisions_of_their_own_commits(void **state)
{
    struct fixture *f = *state;
    struct commit commits[COMMITS];
    size_t rows = 0;
    size_t done = 0;

    for (int i = 0; i < COMMITS; i++) {
        commit_init(&commits[i], &f->arena);
        for (int row = 0; row <= i % 3; row++)
            commit_put(&commits[i], FAMILY_IDEMPOTENCY,
                       hash_of(&f->arena, "ab", (size_t)(i * 3 + row)), body_of(&f->arena, i, row));
        commit_put(&commits[i], FAMILY_USERS, SLICE("u"), SLICE("v"));
    }
    commit_all(f, commits, COMMITS);
    for (int i = 0; i < COMMITS; i++)
        if (commits[i].result == COMMIT_DONE) {
            rows += (size_t)(i % 3 + 1);
            done++;
        }
    assert_true(f->late ? done > COMMITS / 2 : done == COMMITS);
    for (int round = 0; round < 2; round++) {
        size_t blocks = assert_blocks_in_order(f);

        assert_true(f->late ? blocks <= done : blocks < done / 2); /* they came together */
        assert_rows_of_commits(f, commits);
        assert_count(f, rows);
        fixture_reopen(f);
    }
}

/* -- newer rows ------------------------------------------------------------------------------- */

static void a_row_that_is_put_again_is_found_as_the_newest(void **state)
{
    enum { TIMES = 12 }; /* more than the blocks of a hash that are told apart */
    struct fixture *f = *state;
    struct slice hash = SLICE("hash of many....");
    struct slice other = SLICE("hash of one.....");
    struct slice body = SLICE_EMPTY;
    uint64_t first = put_row(f, other, SLICE("alone"));
    uint64_t revision = 0;

    for (int i = 0; i < TIMES; i++) {
        body = arena_printf(&f->arena, "body %d", i);
        revision = put_row(f, hash, body);
        for (int again = 0; again < 1 + i % 3; again++)
            assert_row(f, hash, body, revision); /* the next one finds this in the cache */
        assert_row(f, other, SLICE("alone"), first);
    }
    for (int round = 0; round < 2; round++) {
        fixture_reopen(f);
        assert_row(f, hash, body, revision);
        assert_row(f, other, SLICE("alone"), first);
        assert_count(f, TIMES + 1);
    }
    revision = put_row(f, hash, SLICE("after it"));
    assert_row(f, hash, SLICE("after it"), revision);
}

/* In one commit, and in commits of one batch. */
static void of_rows_in_one_block_the_last_is_found(void **state)
{
    struct fixture *f = *state;
    struct slice hash = SLICE("hash of the same");
    struct commit commits[3];
    struct commit twice;

    put_row(f, hash, SLICE("before"));
    assert_row(f, hash, SLICE("before"), 1);
    commit_init(&twice, &f->arena);
    commit_put(&twice, FAMILY_IDEMPOTENCY, hash, SLICE("one"));
    commit_put(&twice, FAMILY_IDEMPOTENCY, hash, SLICE("two"));
    assert_int_equal(commit_in(f->store, &twice), COMMIT_DONE);
    assert_row(f, hash, SLICE("two"), twice.revision);
    for (int i = 0; i < 3; i++) {
        commit_init(&commits[i], &f->arena);
        commit_put(&commits[i], FAMILY_IDEMPOTENCY, hash, arena_printf(&f->arena, "batch %d", i));
    }
    commit_all(f, commits, 3);
    for (int round = 0; round < 2; round++) {
        assert_row(f, hash, SLICE("batch 2"), commits[2].revision);
        fixture_reopen(f);
    }
}

/* -- opening ---------------------------------------------------------------------------------- */

#define LARGE_BLOCKS 24
#define ROWS_OF_LARGE 4000
#define SMALL_BLOCKS 1500

/*
 * So many blocks that gets come while they are read: rows "sm" have one each, and one of them lies
 * between two large ones every so often.
 */
static size_t put_many_blocks(struct fixture *f)
{
    for (size_t i = 0; i < SMALL_BLOCKS; i++) {
        if (i % (SMALL_BLOCKS / LARGE_BLOCKS) == 0 &&
            i / (SMALL_BLOCKS / LARGE_BLOCKS) < LARGE_BLOCKS)
            put_many(f, "la", i * ROWS_OF_LARGE, ROWS_OF_LARGE);
        put_many(f, "sm", i, 1);
    }
    return SMALL_BLOCKS + (size_t)LARGE_BLOCKS * ROWS_OF_LARGE;
}

/* What a get finds at once, whether or not it must wait: STORE_AGAIN is as good as the row. */
static enum store_found get_at_once(struct fixture *f, struct slice hash, struct record *ret_record)
{
    struct store_view *view = store_view_open(f->store, &f->arena);
    struct slice value;
    enum store_found found = store_get(view, FAMILY_IDEMPOTENCY, hash, &value);

    if (found == STORE_FOUND)
        assert_true(record_parse(value, ret_record));
    return found;
}

/* Rows of a kind, of which some thread gets one after the other. */
struct race {
    struct store *store;
    atomic_bool is_over;
    atomic_int begun;
};

/* The hash that is put again in the last block: from when on it is found, it is the newest. */
static void *get_put_again(void *context)
{
    struct race *race = context;
    struct fixture mine = {.store = race->store};
    enum store_found found;

    arena_init(&mine.arena, NULL, FIXTURE_ARENA);
    do {
        struct record record = {0};

        found = get_at_once(&mine, SLICE("hash put again.."), &record);
        require(found == STORE_FOUND || found == STORE_AGAIN, "a row is not said to be absent");
        require(found == STORE_AGAIN || slice_equal(record.body, SLICE("new")),
                "no older row is found");
        arena_reset(&mine.arena);
    } while (found == STORE_AGAIN);
    arena_done(&mine.arena);
    return NULL;
}

static void rows_of_thousands_of_blocks_are_found_while_these_are_read(void **state)
{
    enum { ROUNDS = 12, READERS = 8 };
    struct fixture *f = *state;
    uint64_t old = put_row(f, SLICE("hash that is old"), SLICE("old"));
    uint64_t again = put_row(f, SLICE("hash put again.."), SLICE("old"));
    size_t count = put_many_blocks(f);

    again = put_row(f, SLICE("hash put again.."), SLICE("new"));
    for (size_t round = 0; round < ROUNDS; round++) {
        struct race race = {0};
        pthread_t readers[READERS];

        fixture_reopen(f);
        race.store = f->store;
        for (int i = 0; i < READERS; i++)
            assert_int_equal(pthread_create(&readers[i], NULL, get_put_again, &race), 0);
        for (size_t i = round; i < SMALL_BLOCKS; i += 97)
            assert_true(is_there(f, FAMILY_IDEMPOTENCY, hash_of(&f->arena, "sm", i)));
        for (int i = 0; i < READERS; i++)
            assert_int_equal(pthread_join(readers[i], NULL), 0);
        assert_row(f, SLICE("hash that is old"), SLICE("old"), old);
        assert_row(f, SLICE("hash put again.."), SLICE("new"), again);
        assert_count(f, count + 3);
    }
    for (size_t i = 0; i < SMALL_BLOCKS; i++)
        assert_true(is_there(f, FAMILY_IDEMPOTENCY, hash_of(&f->arena, "sm", i)));
}

#define RACED 40

static void *get_raced(void *context)
{
    struct race *race = context;
    struct fixture mine = {.store = race->store};

    arena_init(&mine.arena, NULL, FIXTURE_ARENA);
    atomic_fetch_add(&race->begun, 1);
    for (size_t i = 0; !atomic_load(&race->is_over); i++) {
        struct record record;

        require(get_at_once(&mine, hash_of(&mine.arena, "sm", i % RACED * 37), &record) !=
                    STORE_ABSENT,
                "a row that was put again is there");
        arena_reset(&mine.arena);
    }
    arena_done(&mine.arena);
    return NULL;
}

/*
 * Rows are put again and blocks erased from the first moment on, while the blocks are still read
 * and other threads get the rows: what is found is what was done, and no row is noted twice, or any
 * longer than its block is there.
 */
static void what_is_written_while_blocks_are_read_counts(void **state)
{
    enum { ROUNDS = 6, ERASED = 20 };
    struct fixture *f = *state;
    size_t count = put_many_blocks(f);
    uint64_t first = store_revision(f->store) + 1;

    put_many(f, "go", 0, 500);
    for (size_t i = 1; i < (size_t)ROUNDS * ERASED; i++)
        put_many(f, "er", i, 1);
    count += ROUNDS * ERASED - 1 + 500;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct race race = {0};
        struct slice body = arena_printf(&f->arena, "round %zu", round);
        uint64_t revisions[RACED];
        pthread_t threads[2];

        fixture_reopen(f);
        race.store = f->store;
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, get_raced, &race), 0);
        while (atomic_load(&race.begun) == 0)
            sched_yield();
        for (size_t i = 0; i < RACED; i++) {
            struct slice hash = hash_of(&f->arena, "sm", i * 37);

            revisions[i] = put_row(f, hash, body);
            assert_row(f, hash, body, revisions[i]);
            if (i < ERASED)
                erase_block(f, first + round * ERASED + i);
        }
        atomic_store(&race.is_over, true);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        count += RACED - (round == 0 ? ERASED - 1 + 500 : ERASED);
        assert_count(f, count);
        for (size_t i = 0; i < RACED; i++)
            assert_row(f, hash_of(&f->arena, "sm", i * 37), body, revisions[i]);
        for (size_t i = 1; i < (size_t)ROUNDS * ERASED; i++)
            assert_int_equal(is_there(f, FAMILY_IDEMPOTENCY, hash_of(&f->arena, "er", i)),
                             i >= (round + 1) * ERASED);
    }
    assert_no_row(f, hash_of(&f->arena, "go", 499));
}

/* What would be said of any row would be a guess. */
static void of_a_store_with_a_damaged_block_nothing_is_said(void **state)
{
    static const struct slice hashes[] = {
        SLICE_INIT("hash of before.."), /* it may have been put again in the damaged block */
        SLICE_INIT("hash of damaged."),
        SLICE_INIT("no row of these."),
    };
    struct fixture *f = *state;
    char key[REPEAT_BLOCK_KEY_LEN];
    struct slice value;
    uint64_t block;

    put_row(f, hashes[0], SLICE("before"));
    block = put_row(f, hashes[1], SLICE("damaged"));
    put_row(f, SLICE("hash of a newer."), SLICE("newer"));
    assert_int_equal(read_in(f->store, &f->arena, FAMILY_IDEMPOTENCY, hashes[1], &value),
                     STORE_FOUND);
    store_close(f->store);
    bytes_put_u64(key, block);
    raw_put(f->directory, "idempotency", slice_make(key, sizeof(key)), value.data, value.len);
    fixture_open(f);
    for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++)
        assert_int_equal(
            store_walk__get(f->store, &f->arena, FAMILY_IDEMPOTENCY, hashes[i], &value),
            STORE_FAILED);
}

/* -- removal ---------------------------------------------------------------------------------- */

static void a_block_that_is_erased_takes_its_rows_with_it(void **state)
{
    enum { ROWS = 100 };
    struct fixture *f = *state;
    uint64_t blocks[2];

    for (size_t k = 0; k < 2; k++) {
        put_many(f, k == 0 ? "go" : "st", 0, ROWS);
        blocks[k] = store_revision(f->store);
    }
    for (size_t i = 0; i < ROWS; i += 2) /* so the cache has these */
        assert_row(f, hash_of(&f->arena, "go", i), SLICE("body"), blocks[0]);
    erase_block(f, blocks[0]);
    assert_int_equal(store_repeats(f->store), ROWS);
    erase_block(f, blocks[0]); /* it is not there any more */
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ROWS; i++) {
            assert_no_row(f, hash_of(&f->arena, "go", i));
            assert_row(f, hash_of(&f->arena, "st", i), SLICE("body"), blocks[1]);
        }
        assert_count(f, ROWS);
        put_many(f, "go", 0, ROWS); /* and again, so that the next round has a cache of these */
        blocks[0] = store_revision(f->store);
        for (size_t i = 0; i < ROWS; i++)
            assert_row(f, hash_of(&f->arena, "go", i), SLICE("body"), blocks[0]);
        assert_count(f, (size_t)2 * ROWS);
        if (round > 0)
            fixture_reopen(f);
        erase_block(f, blocks[0]);
    }
}

/* As those that have expired go: the row that was put again stays. */
static void an_older_block_goes_and_the_newer_row_stays(void **state)
{
    struct fixture *f = *state;
    struct slice hash = SLICE("hash put again..");
    uint64_t old = put_row(f, hash, SLICE("old"));
    uint64_t new = put_row(f, hash, SLICE("new"));

    assert_row(f, hash, SLICE("new"), new);
    erase_block(f, old);
    assert_row(f, hash, SLICE("new"), new);
    assert_count(f, 1);
    erase_block(f, new);
    assert_no_row(f, hash);
    assert_count(f, 0);
}

/* -- threads ---------------------------------------------------------------------------------- */

#define SHARED 64 /* hashes that are put again and again */

/* The row that the commit of a revision puts, and one that others put again. */
static void assert_seen(struct fixture *mine, uint64_t revision)
{
    struct slice own = hash_of(&mine->arena, "ow", revision);
    struct slice shared = hash_of(&mine->arena, "sh", revision % SHARED);
    struct record record = {0};

    require(get_at_once(mine, own, &record) == STORE_FOUND, "the row of a revision is there");
    require(record.revision == revision, "a row has its own revision");
    require(get_at_once(mine, shared, &record) == STORE_FOUND, "a row that many put is there");
    require(record.revision >= revision, "a row is as new as the view");
}

static void *see_all(void *context)
{
    struct race *race = context;
    struct fixture mine = {.store = race->store};
    uint64_t random = (uintptr_t)&race;

    arena_init(&mine.arena, NULL, FIXTURE_ARENA);
    while (!atomic_load(&race->is_over)) {
        uint64_t seen = store_view_revision(store_view_open(mine.store, &mine.arena));

        random = random * 6364136223846793005u + 1442695040888963407u;
        if (seen > 0) {
            assert_seen(&mine, seen - (random >> 33) % (seen < SHARED ? seen : SHARED));
            assert_seen(&mine, 1 + (random >> 43) % seen);
            atomic_fetch_add(&race->begun, 1);
        }
        arena_reset(&mine.arena);
    }
    arena_done(&mine.arena);
    return NULL;
}

static void a_view_sees_every_row_of_the_revisions_that_it_has_passed(void **state)
{
    enum { BATCHES = 150, OF_A_BATCH = 7, READERS = 8 };
    struct fixture *f = *state;
    struct race race = {.store = f->store};
    pthread_t readers[READERS];

    assert_count(f, 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, see_all, &race), 0);
    for (uint64_t revision = 1; revision <= (uint64_t)BATCHES * OF_A_BATCH;
         revision += OF_A_BATCH) {
        struct commit commits[OF_A_BATCH];

        for (size_t i = 0; i < OF_A_BATCH; i++) {
            commit_init(&commits[i], &f->arena);
            commit_put(&commits[i], FAMILY_IDEMPOTENCY, hash_of(&f->arena, "ow", revision + i),
                       SLICE("own"));
            commit_put(&commits[i], FAMILY_IDEMPOTENCY,
                       hash_of(&f->arena, "sh", (revision + i) % SHARED), SLICE("shared"));
        }
        commit_all(f, commits, OF_A_BATCH);
        for (size_t i = 0; i < OF_A_BATCH; i++)
            assert_int_equal(commits[i].revision, revision + i);
        assert_seen(f, revision);
    }
    while (atomic_load(&race.begun) == 0)
        sched_yield();
    atomic_store(&race.is_over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_count(f, (size_t)2 * BATCHES * OF_A_BATCH);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest of_every_engine[] = {
        PROMISE(a_row_is_found_by_its_hash_with_its_whole_body),
        PROMISE(rows_of_a_batch_have_the_revisions_of_their_own_commits),
        PROMISE(a_row_that_is_put_again_is_found_as_the_newest),
        PROMISE(of_a_store_with_a_damaged_block_nothing_is_said),
        PROMISE(a_block_that_is_erased_takes_its_rows_with_it),
        PROMISE(an_older_block_goes_and_the_newer_row_stays),
    };
    /*
     * The late engine's own conflicts would change which commits a batch has; and its gets do not
     * come while blocks are read.
     */
    const struct CMUnitTest of_rocksdb[] = {
        PROMISE(of_rows_in_one_block_the_last_is_found),
        PROMISE(rows_of_thousands_of_blocks_are_found_while_these_are_read),
        PROMISE(what_is_written_while_blocks_are_read_counts),
        PROMISE(a_view_sees_every_row_of_the_revisions_that_it_has_passed),
    };
    int failures = cmocka_run_group_tests_name("RocksDB", of_every_engine, NULL, NULL) +
                   cmocka_run_group_tests_name("RocksDB alone", of_rocksdb, NULL, NULL);

#ifdef DATASTREAM_FAULTS
    late_engine = true;
    failures += cmocka_run_group_tests_name("late", of_every_engine, NULL, NULL);
#endif
    return failures;
}
