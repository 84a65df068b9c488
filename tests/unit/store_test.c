/*
 * The promises of the store's interface to one caller, one suite for every engine: it runs on
 * RocksDB and, in builds with faults, on the late engine over RocksDB. Those to many callers at
 * once are in store_threads_test.c.
 */
#include "tests/support/store_fixture.h"

#include "storage/audit.h"

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

/* -- reading and writing ------------------------------------------------------------------- */

static void writes_are_read_back(void **state)
{
    struct fixture *f = *state;

    assert_false(is_there(f, FAMILY_RESOURCES, SLICE("k")));
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("one"));
    assert_slice_equal(read_body(f, FAMILY_RESOURCES, SLICE("k")), SLICE("one"));
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("two"));
    assert_slice_equal(read_body(f, FAMILY_RESOURCES, SLICE("k")), SLICE("two"));
    assert_false(is_there(f, FAMILY_TOKENS, SLICE("k")));
    erase(f, FAMILY_RESOURCES, SLICE("k"));
    assert_false(is_there(f, FAMILY_RESOURCES, SLICE("k")));
}

/* Rows in memory and in tables, cached ones and absent ones, against a plain model. */
static void rows_that_were_read_are_read_as_they_were_changed(void **state)
{
    enum { KEYS = 12, STEPS = 400, FLUSH_EVERY = 50 };
    struct fixture *f = *state;
    uint32_t random = 1;
    int model[KEYS] = {0}; /* 0: absent */

    for (int step = 1; step <= STEPS; step++) {
        unsigned at = (random = random * 1664525 + 1013904223) >> 16;
        struct slice key = arena_printf(&f->arena, "key %u", at % KEYS);
        struct slice body = arena_printf(&f->arena, "%d", step);

        if (at / KEYS % 3 == 0) {
            put(f, FAMILY_RESOURCES, key, body);
            model[at % KEYS] = step;
        } else if (at / KEYS % 3 == 1 && model[at % KEYS] != 0) {
            erase(f, FAMILY_RESOURCES, key);
            model[at % KEYS] = 0;
        }
        if (step % FLUSH_EVERY == 0)
            fixture_reopen(f);
        for (int k = 0; k < KEYS; k++) {
            key = arena_printf(&f->arena, "key %d", k);
            body = arena_printf(&f->arena, "%d", model[k]);
            if (model[k] == 0)
                assert_false(is_there(f, FAMILY_RESOURCES, key));
            else
                assert_slice_equal(read_body(f, FAMILY_RESOURCES, key), body);
        }
    }
}

static void bodies_may_be_empty_or_hold_any_byte(void **state)
{
    struct fixture *f = *state;
    size_t len = 1 << 19;
    char *large = arena_alloc(&f->arena, len);

    for (size_t i = 0; i < len; i++)
        large[i] = (char)(i * 7);
    put(f, FAMILY_SECRETS, SLICE("e"), SLICE_EMPTY);
    put(f, FAMILY_SECRETS, SLICE("n\0n"), SLICE("\0\xff\0"));
    put(f, FAMILY_SECRETS, SLICE("l"), slice_make(large, len));
    assert_int_equal(read_body(f, FAMILY_SECRETS, SLICE("e")).len, 0);
    assert_slice_equal(read_body(f, FAMILY_SECRETS, SLICE("n\0n")), SLICE("\0\xff\0"));
    assert_false(is_there(f, FAMILY_SECRETS, SLICE("n")));
    assert_true(slice_equal(read_body(f, FAMILY_SECRETS, SLICE("l")), slice_make(large, len)));
}

static void records_carry_the_revision_of_their_commit(void **state)
{
    struct fixture *f = *state;
    struct commit commit;

    put(f, FAMILY_RESOURCES, SLICE("a"), SLICE("1"));
    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("b"), SLICE("2"));
    commit_put(&commit, FAMILY_ROLES, SLICE("b"), SLICE("2"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    assert_int_equal(commit.revision, 2);
    assert_int_equal(store_revision(f->store), 2);
    assert_int_equal(revision_of(f, FAMILY_RESOURCES, SLICE("a")), 1);
    assert_int_equal(revision_of(f, FAMILY_RESOURCES, SLICE("b")), 2);
    assert_int_equal(revision_of(f, FAMILY_ROLES, SLICE("b")), 2);
}

static void later_operations_of_a_commit_win(void **state)
{
    struct fixture *f = *state;
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_NAMES, SLICE("a"), SLICE("1"));
    commit_put(&commit, FAMILY_NAMES, SLICE("a"), SLICE("2"));
    commit_put(&commit, FAMILY_NAMES, SLICE("b"), SLICE("1"));
    commit_delete(&commit, FAMILY_NAMES, SLICE("b"));
    commit_delete(&commit, FAMILY_NAMES, SLICE("c"));
    commit_put(&commit, FAMILY_NAMES, SLICE("c"), SLICE("3"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    assert_slice_equal(read_body(f, FAMILY_NAMES, SLICE("a")), SLICE("2"));
    assert_false(is_there(f, FAMILY_NAMES, SLICE("b")));
    assert_slice_equal(read_body(f, FAMILY_NAMES, SLICE("c")), SLICE("3"));
}

static void scans_give_the_rows_of_their_range(void **state)
{
    static const struct {
        const char *from, *to;
        bool reverse;
        size_t limit;
        const char *wanted; /* first letters of the keys */
        bool more;
    } rows[] = {
        {"b", "e", false, 10, "bcd", false},  {"b", "e", true, 10, "dcb", false},
        {"a", "z", false, 2, "ab", true},     {"a", "z", true, 2, "fe", true},
        {"b", "e", false, 3, "bcd", false},   {"b", "e", true, 3, "dcb", false},
        {"bb", "dd", false, 10, "cd", false}, {"c", "c", false, 10, "", false},
        {"d", "c", false, 10, "", false},     {"g", "z", true, 10, "", false},
        {"a", "z", false, 0, "", true},       {"", "", false, 10, "abcdef", false},
        {"d", "", true, 2, "fe", true},
    };
    struct fixture *f = *state;

    for (char c = 'a'; c <= 'f'; c++)
        put(f, FAMILY_INDEXES, arena_copy(&f->arena, slice_make(&c, 1)), SLICE("v"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct store_rows got = read_rows(f, FAMILY_INDEXES, slice_from_cstr(rows[i].from),
                                          slice_from_cstr(rows[i].to), rows[i].reverse,
                                          rows[i].limit);
        char keys[16] = {0};

        assert_true(got.count < sizeof(keys));
        for (size_t k = 0; k < got.count; k++) {
            struct record record;

            keys[k] = got.rows[k].key.data[0];
            assert_true(record_parse(got.rows[k].value, &record));
            assert_slice_equal(record.body, SLICE("v"));
        }
        assert_string_equal(keys, rows[i].wanted);
        assert_int_equal(got.more, rows[i].more);
    }
}

static void long_scans_give_every_row(void **state)
{
    struct fixture *f = *state;
    struct commit commit;
    struct store_rows rows;

    commit_init(&commit, &f->arena);
    for (int i = 0; i < 500; i++)
        commit_put(&commit, FAMILY_INDEXES, arena_printf(&f->arena, "%03d", i), SLICE("v"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    rows = read_rows(f, FAMILY_INDEXES, SLICE("0"), SLICE("9"), false, 1000);
    assert_int_equal(rows.count, 500);
    for (int i = 0; i < 500; i++)
        assert_slice_equal(rows.rows[i].key, arena_printf(&f->arena, "%03d", i));
}

static void a_scan_of_large_rows_ends_early_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct slice body = slice_make(arena_zalloc(&f->arena, 65536), 65536);
    struct slice from = SLICE("0");
    struct store_rows rows = {.more = true};
    size_t count = 0;

    for (int i = 0; i < 40; i++)
        put(f, FAMILY_INDEXES, arena_printf(&f->arena, "%03d", i), body);
    while (rows.more) {
        rows = read_rows(f, FAMILY_INDEXES, from, SLICE("9"), false, 1000);
        assert_in_range(rows.count, 1, STORE_SCAN_BYTES_MOST / 65536 + 1);
        count += rows.count;
        from = arena_printf(&f->arena, "%.*s!", SLICE_ARG(rows.rows[rows.count - 1].key));
    }
    assert_int_equal(count, 40);
}

/* -- conditions ---------------------------------------------------------------------------- */

/* The store that the table below speaks of: "old" is of revision 1, "new" of revision 2. */
static void fill_for_conditions(struct fixture *f)
{
    put(f, FAMILY_RESOURCES, SLICE("old"), SLICE("x"));
    put(f, FAMILY_RESOURCES, SLICE("new"), SLICE("x"));
}

static void conditions_hold_or_conflict(void **state)
{
    static const struct {
        enum condition_type type;
        const char *key, *end;
        uint64_t revision;
        bool holds;
    } rows[] = {
        {CONDITION_AT_REVISION, "old", "", 1, true},
        {CONDITION_AT_REVISION, "old", "", 2, false},
        {CONDITION_AT_REVISION, "new", "", 2, true},
        {CONDITION_AT_REVISION, "none", "", 1, false},
        {CONDITION_AT_REVISION, "none", "", 0, false},
        {CONDITION_PRESENT, "old", "", 0, true},
        {CONDITION_PRESENT, "none", "", 0, false},
        {CONDITION_ABSENT, "none", "", 0, true},
        {CONDITION_ABSENT, "old", "", 0, false},
        {CONDITION_RANGE_EMPTY, "a", "n", 0, true},
        {CONDITION_RANGE_EMPTY, "a", "new", 0, true},
        {CONDITION_RANGE_EMPTY, "new", "ney", 0, false},
        {CONDITION_RANGE_EMPTY, "o", "p", 0, false},
        {CONDITION_RANGE_EMPTY, "old\x01", "z", 0, true},
    };
    struct fixture *f = *state;

    fill_for_conditions(f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice key = slice_from_cstr(rows[i].key);
        struct slice end_key = slice_from_cstr(rows[i].end);
        struct commit commit;

        commit_init(&commit, &f->arena);
        switch (rows[i].type) {
        case CONDITION_AT_REVISION:
            commit_require_revision(&commit, FAMILY_RESOURCES, key, rows[i].revision);
            break;
        case CONDITION_PRESENT:
            commit_require_present(&commit, FAMILY_RESOURCES, key);
            break;
        case CONDITION_ABSENT:
            commit_require_absent(&commit, FAMILY_RESOURCES, key);
            break;
        case CONDITION_RANGE_EMPTY:
            commit_require_empty(&commit, FAMILY_RESOURCES, key, end_key);
            break;
        }
        assert_true(commit_is_empty(&commit));
        if (commit_in(f->store, &commit) != (rows[i].holds ? COMMIT_DONE : COMMIT_CONFLICT))
            fail_msg("row %zu: result %d", i, (int)commit.result);
        if (!rows[i].holds)
            assert_ptr_equal(commit.conflict, commit.conditions);
    }
    assert_int_equal(store_revision(f->store), 2); /* conditions alone write nothing */
}

static void a_range_may_be_empty_but_for_its_own_row(void **state)
{
    static const struct {
        const char *rows[3];
        bool holds;
    } cases[] = {
        {{NULL}, true},        {{"m5", NULL}, true},         {{"l", "n", NULL}, true},
        {{"m4", NULL}, false}, {{"m5", "m50", NULL}, false}, {{"m6", "m5", NULL}, false},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct commit commit;

        for (const char *const *row = cases[i].rows; *row != NULL; row++)
            put(f, FAMILY_REFERENCES, slice_from_cstr(*row), SLICE_EMPTY);
        commit_init(&commit, &f->arena);
        commit_require_only(&commit, FAMILY_REFERENCES, SLICE("m"), SLICE("n"), SLICE("m5"));
        if (commit_in(f->store, &commit) != (cases[i].holds ? COMMIT_DONE : COMMIT_CONFLICT))
            fail_msg("case %zu: result %d", i, (int)commit.result);
        for (const char *const *row = cases[i].rows; *row != NULL; row++)
            erase(f, FAMILY_REFERENCES, slice_from_cstr(*row));
    }
}

static void the_first_condition_that_fails_is_named(void **state)
{
    struct fixture *f = *state;
    struct commit commit;

    fill_for_conditions(f);
    commit_init(&commit, &f->arena);
    commit_require_present(&commit, FAMILY_RESOURCES, SLICE("old"));
    commit_require_absent(&commit, FAMILY_RESOURCES, SLICE("new"));
    commit_require_present(&commit, FAMILY_RESOURCES, SLICE("none"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_CONFLICT);
    assert_non_null(commit.conflict);
    if (!f->late) /* whose own conflicts name the first condition */
        assert_ptr_equal(commit.conflict, commit.conditions->next);
}

static void a_conflict_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct uuid organization = uuid_of(1);
    struct audit_verdict verdict;
    struct commit commit;

    fill_for_conditions(f);
    commit_init(&commit, &f->arena);
    commit_require_present(&commit, FAMILY_RESOURCES, SLICE("old"));
    commit_require_absent(&commit, FAMILY_RESOURCES, SLICE("new"));
    commit_put(&commit, FAMILY_RESOURCES, SLICE("old"), SLICE("changed"));
    commit_delete(&commit, FAMILY_RESOURCES, SLICE("new"));
    commit_count(&commit, SLICE("counter"), 5);
    commit_feed(&commit, &organization, 1, &organization, CHANGE_CREATED);
    commit_audit(&commit, &organization, 0, NULL, 1, &organization, SLICE("audit"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_CONFLICT);
    assert_slice_equal(read_body(f, FAMILY_RESOURCES, SLICE("old")), SLICE("x"));
    assert_slice_equal(read_body(f, FAMILY_RESOURCES, SLICE("new")), SLICE("x"));
    assert_int_equal(read_count(f, SLICE("counter")), 0);
    assert_int_equal(read_rows(f, FAMILY_FEED, SLICE_EMPTY, SLICE_EMPTY, false, 9).count, 0);
    assert_true(audit_verify(f->store, &organization, &verdict));
    assert_int_equal(verdict.rows, 0);
    assert_int_equal(store_revision(f->store), 2);
}

/* -- audit --------------------------------------------------------------------------------- */

static void add_audit_rows(struct fixture *f, const struct uuid *organization, uint32_t kind,
                           const struct uuid *id, int count)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    for (int i = 0; i < count; i++)
        commit_audit(&commit, organization, 0, NULL, kind, id,
                     arena_printf(&f->arena, "row %d", i));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
}

static void audit_chains_of_organizations_are_whole_and_apart(void **state)
{
    struct fixture *f = *state;
    struct uuid first = uuid_of(1);
    struct uuid second = uuid_of(2);
    struct uuid nobody = uuid_of(3);
    struct audit_verdict verdict;

    add_audit_rows(f, &first, 9, &second, 200);
    add_audit_rows(f, &second, 0, NULL, 1);
    fixture_reopen(f); /* the heads are read from the rows again */
    add_audit_rows(f, &first, 9, &second, 200);
    add_audit_rows(f, &second, 9, &first, 1);
    assert_true(audit_verify(f->store, &first, &verdict));
    assert_int_equal(verdict.rows, 400);
    assert_int_equal(verdict.broken, 0);
    assert_true(audit_verify(f->store, &second, &verdict));
    assert_int_equal(verdict.rows, 2);
    assert_int_equal(verdict.broken, 0);
    assert_true(audit_verify(f->store, &nobody, &verdict));
    assert_int_equal(verdict.rows, 0);
    assert_true(is_there(f, FAMILY_AUDIT_BY_OBJECT,
                         key_audit_by_object(&f->arena, &first, 9, &second, 400)));
    assert_false(
        is_there(f, FAMILY_AUDIT_BY_OBJECT, key_audit_by_object(&f->arena, &second, 9, &first, 1)));
    assert_true(
        is_there(f, FAMILY_AUDIT_BY_OBJECT, key_audit_by_object(&f->arena, &second, 9, &first, 2)));
}

static void audit_rows_are_found_by_their_actor(void **state)
{
    struct fixture *f = *state;
    struct uuid organization = uuid_of(1);
    const struct actor actors[] = {
        {ACTOR_SYSTEM, {{0}}},
        {ACTOR_TOKEN, uuid_of(2)},
        {ACTOR_USER, uuid_of(2)},
        {ACTOR_TOKEN, uuid_of(2)},
    };
    struct commit commit;

    commit_init(&commit, &f->arena);
    for (int i = 0; i < 4; i++)
        commit_audit(&commit, &organization, 0, &actors[i], 0, NULL, SLICE("row"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    for (int i = 0; i < 4; i++)
        for (uint64_t number = 1; number <= 4; number++) {
            bool same = actors[i].type == actors[number - 1].type;
            struct slice key = key_audit_by_actor(&f->arena, &organization, &actors[i], number);

            assert_int_equal(is_there(f, FAMILY_AUDIT_BY_ACTOR, key), same);
        }
    assert_int_equal(read_rows(f, FAMILY_AUDIT_BY_OBJECT, SLICE_EMPTY, SLICE_EMPTY, false, 9).count,
                     0);
}

/* Writes an audit row anew with one bit of it turned. */
static void flip(struct fixture *f, struct slice key, size_t at)
{
    struct slice body = read_body(f, FAMILY_AUDIT, key);
    char *bytes = arena_alloc(&f->arena, body.len);

    assert_true(at < body.len);
    memcpy(bytes, body.data, body.len);
    bytes[at] ^= 1;
    put(f, FAMILY_AUDIT, key, slice_make(bytes, body.len));
}

static void tampering_with_the_audit_chain_is_found(void **state)
{
    struct fixture *f = *state;
    struct uuid organization = uuid_of(1);
    struct slice row150 = key_audit(&f->arena, &organization, 150);
    struct audit_verdict verdict;
    struct slice kept;

    add_audit_rows(f, &organization, 0, NULL, 300);
    kept = read_body(f, FAMILY_AUDIT, row150);
    for (size_t at = 0; at < kept.len; at += 9) { /* in the mac, then in the row */
        flip(f, row150, at);
        assert_true(audit_verify(f->store, &organization, &verdict));
        assert_int_equal(verdict.broken, 150);
        assert_int_equal(verdict.rows, 149);
        put(f, FAMILY_AUDIT, row150, kept);
    }
    assert_true(audit_verify(f->store, &organization, &verdict));
    assert_int_equal(verdict.broken, 0);
    erase(f, FAMILY_AUDIT, row150); /* left out */
    assert_true(audit_verify(f->store, &organization, &verdict));
    assert_int_equal(verdict.broken, 150);
    put(f, FAMILY_AUDIT, row150,
        read_body(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 149))); /* moved */
    assert_true(audit_verify(f->store, &organization, &verdict));
    assert_int_equal(verdict.broken, 150);
}

/* A chain that was cut goes on behind the gap: nothing that is written later hides it. */
static void a_chain_that_was_cut_is_found_also_after_it_grew(void **state)
{
    struct fixture *f = *state;
    struct uuid organization = uuid_of(1);
    struct audit_verdict verdict;
    struct audit_trace trace;

    add_audit_rows(f, &organization, 9, &organization, 10);
    for (uint64_t number = 8; number <= 10; number++)
        erase(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, number));
    assert_true(audit_verify(f->store, &organization, &verdict));
    assert_int_equal(verdict.rows, 7);
    assert_int_equal(verdict.broken, 0);
    assert_int_equal(verdict.written, 10);
    assert_true(audit_find_trace(f->store, &organization, &trace));
    assert_int_equal(trace.number, 10);
    fixture_reopen(f);
    add_audit_rows(f, &organization, 9, &organization, 1);
    assert_true(is_there(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 11)));
    assert_true(audit_verify(f->store, &organization, &verdict));
    assert_int_equal(verdict.broken, 8);
}

/* Where its head went with it, changes that the chain does not know of tell. */
static void a_chain_that_was_removed_whole_leaves_a_trace(void **state)
{
    struct fixture *f = *state;
    struct uuid organization = uuid_of(1);
    struct audit_verdict verdict;
    struct audit_trace trace;

    add_audit_rows(f, &organization, 0, NULL, 1);
    put(f, FAMILY_ROLES, key_object(&f->arena, &organization, 3, &organization), SLICE("role"));
    erase(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 1));
    erase(f, FAMILY_AUDIT_BY_TIME, key_audit_by_time(&f->arena, &organization, 0, 1));
    erase(f, FAMILY_COUNTS, key__audit_head(&f->arena, &organization));
    assert_true(audit_verify(f->store, &organization, &verdict));
    assert_int_equal(verdict.rows + verdict.written + verdict.revision, 0);
    assert_true(audit_find_trace(f->store, &organization, &trace));
    assert_int_equal(trace.number, 0);
    assert_int_equal(trace.revision, 2);
}

/* -- limits -------------------------------------------------------------------------------- */

static enum commit_result commit_rows(struct fixture *f, int rows)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    for (int i = 0; i < rows; i++)
        commit_put(&commit, FAMILY_INDEXES, arena_printf(&f->arena, "row%d", i), SLICE("v"));
    return commit_in(f->store, &commit);
}

static enum commit_result commit_conditions(struct fixture *f, int rows, int conditions)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    for (int i = 0; i < rows; i++)
        commit_put(&commit, FAMILY_INDEXES, arena_printf(&f->arena, "row%d", i), SLICE("v"));
    for (int i = 0; i < conditions; i++)
        commit_require_absent(&commit, FAMILY_NAMES, arena_printf(&f->arena, "row%d", i));
    return commit_in(f->store, &commit);
}

static enum commit_result commit_bytes(struct fixture *f, size_t bytes)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_INDEXES, SLICE("k"),
               slice_make(arena_zalloc(&f->arena, bytes - 1), bytes - 1));
    return commit_in(f->store, &commit);
}

static void commits_beyond_the_limits_fail_untried(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(commit_rows(f, COMMIT_OPERATIONS_MOST + 1), COMMIT_FAILED);
    assert_int_equal(commit_conditions(f, COMMIT_OPERATIONS_MOST - 100, 101), COMMIT_FAILED);
    assert_int_equal(commit_bytes(f, COMMIT_BYTES_MOST + 1), COMMIT_FAILED);
    assert_int_equal(store_revision(f->store), 0);
    assert_false(store_is_read_only(f->store));
    assert_int_equal(commit_rows(f, COMMIT_OPERATIONS_MOST), COMMIT_DONE);
    assert_int_equal(commit_conditions(f, COMMIT_OPERATIONS_MOST - 100, 100), COMMIT_DONE);
    assert_int_equal(commit_bytes(f, COMMIT_BYTES_MOST), COMMIT_DONE);
}

static void note_done(struct commit *commit, void *context)
{
    assert_int_not_equal(commit->result, COMMIT_PENDING);
    signal_raise(context);
}

/*
 * Of three commits the one in the middle is too large: it fails at once, and the others do not wait
 * for it.
 */
static void gathered_commits_are_tried_when_they_are_handed_over(void **state)
{
    struct fixture *f = *state;
    struct signal signal = SIGNAL_INIT;
    struct commit_queue queue = {0};
    struct commit commits[3];

    for (int i = 0; i < 3; i++) {
        commit_init(&commits[i], &f->arena);
        for (int k = 0; k <= (i == 1 ? COMMIT_OPERATIONS_MOST : 0); k++)
            commit_put(&commits[i], FAMILY_USERS, SLICE("k"), SLICE("v"));
        store_commit_later(&queue, &commits[i], note_done, &signal);
    }
    assert_int_equal(commits[1].result, COMMIT_FAILED);
    assert_int_equal(signal.count, 1);
    assert_int_equal(store_revision(f->store), 0);
    store_commit_queued(f->store, &queue);
    assert_null(queue.first);
    signal_wait(&signal, 3);
    for (int i = 0; i < 3; i += 2)
        if (!late_engine || commits[i].result != COMMIT_CONFLICT)
            assert_int_equal(commits[i].result, COMMIT_DONE);
    if (!late_engine)
        assert_int_equal(commits[2].revision, commits[0].revision + 1);
    store_commit_queued(f->store, &queue); /* an empty one is none */
}

static void commits_that_lost_a_part_for_memory_fail(void **state)
{
    struct fixture *f = *state;
    struct arena small;
    struct commit commit;

    arena_init(&small, NULL, ARENA_FIRST_BLOCK * 2);
    commit_init(&commit, &small);
    commit_put(&commit, FAMILY_INDEXES, SLICE("k"), SLICE("v"));
    while (!arena_failed(&small))
        commit_require_present(&commit, FAMILY_INDEXES, SLICE("none"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    arena_reset(&small);
    commit_init(&commit, &small);
    commit_put(&commit, FAMILY_INDEXES, SLICE_EMPTY, SLICE("v")); /* a key that could not be made */
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    arena_done(&small);
    assert_false(store_is_read_only(f->store));
    assert_false(is_there(f, FAMILY_INDEXES, SLICE("k")));
}

static void counters_stop_at_zero(void **state)
{
    struct fixture *f = *state;
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_count(&commit, SLICE("c"), 2);
    commit_count(&commit, SLICE("c"), -5);
    commit_count(&commit, SLICE("c"), 1);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    assert_int_equal(read_count(f, SLICE("c")), 1);
}

#ifdef DATASTREAM_FAULTS
/* What a handler does; true when everything was said to have gone well. */
static bool read_and_commit(struct fixture *f, struct arena *arena)
{
    struct store_view *view = store_view_open(f->store, arena);
    struct store_rows rows;
    struct slice value;
    struct slice key;
    struct commit commit;
    uint64_t count;
    enum store_found found[3];

    if (view == NULL)
        return false;
    for (;;) {
        found[0] = store_get(view, FAMILY_RESOURCES, SLICE("there"), &value);
        found[1] = store_scan(view, FAMILY_RESOURCES, SLICE("a"), SLICE("z"), false, 9, &rows);
        found[2] = store_count(view, SLICE("none"), &count);
        if (!store_view_missed(view))
            break;
        fetch_and_wait(view);
    }
    for (int i = 0; i < 3; i++)
        if (found[i] != STORE_FOUND)
            return false;
    commit_init(&commit, arena);
    key = arena_printf(arena, "made");
    commit_require_present(&commit, FAMILY_RESOURCES, SLICE("there"));
    commit_put(&commit, FAMILY_RESOURCES, key, SLICE("v"));
    commit_count(&commit, key, 1);
    commit_feed(&commit, &(struct uuid){{1}}, 1, &(struct uuid){{1}}, CHANGE_CREATED);
    commit_audit(&commit, &(struct uuid){{1}}, 0, NULL, 0, NULL, SLICE("row"));
    return commit_in(f->store, &commit) == COMMIT_DONE;
}

/* Fails each allocation of a handler in turn, alone and with all that follow. */
static void no_allocation_is_missed(void **state)
{
    struct fixture *f = *state;
    uint64_t revision;
    unsigned long allocations;
    struct arena arena;

    put(f, FAMILY_RESOURCES, SLICE("there"), SLICE("v"));
    arena_init(&arena, NULL, 1 << 20);
    arena_fault_set(0, false);
    assert_true(read_and_commit(f, &arena));
    allocations = arena_fault_count();
    revision = store_revision(f->store);
    assert_true(allocations > 8);
    for (unsigned long i = 1; i <= allocations; i++)
        for (int onward = 0; onward <= 1; onward++) {
            bool good;

            arena_reset(&arena);
            arena_fault_set(i, onward != 0);
            good = read_and_commit(f, &arena);
            arena_fault_set(0, false);
            if (good)
                fail_msg("allocation %lu failed and nobody cared", i);
        }
    assert_int_equal(store_revision(f->store), revision);
    assert_false(store_is_read_only(f->store));
    arena_done(&arena);
}

static void late_reads_miss_once_a_view(void **state)
{
    struct fixture *f = *state;
    struct store_view *view = store_view_open(f->store, &f->arena);
    struct store_rows rows;
    struct slice value;

    assert_int_equal(store_get(view, FAMILY_USERS, SLICE("a"), &value), STORE_AGAIN);
    assert_int_equal(store_scan(view, FAMILY_USERS, SLICE("a"), SLICE("b"), false, 5, &rows),
                     STORE_AGAIN);
    fetch_and_wait(view);
    assert_int_equal(store_get(view, FAMILY_USERS, SLICE("a"), &value), STORE_ABSENT);
    assert_int_equal(store_scan(view, FAMILY_USERS, SLICE("a"), SLICE("b"), false, 5, &rows),
                     STORE_FOUND);
    assert_int_equal(store_get(view, FAMILY_USERS, SLICE("c"), &value), STORE_AGAIN);
    assert_true(store_view_missed(view));
    store_view_reset(view);
    assert_false(store_view_missed(view));
    assert_int_equal(store_get(view, FAMILY_USERS, SLICE("a"), &value), STORE_AGAIN);
}

static void late_commits_conflict_for_no_reason(void **state)
{
    struct fixture *f = *state;
    int conflicts = 0;

    for (int i = 0; i < 100; i++) {
        struct commit commit;

        commit_init(&commit, &f->arena);
        commit_put(&commit, FAMILY_USERS, SLICE("k"), SLICE("v"));
        conflicts += store_commit_wait(f->store, &commit) == COMMIT_CONFLICT;
    }
    assert_in_range(conflicts, 2, 40);
    assert_int_equal(store_revision(f->store), 100 - conflicts);
}
#endif

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest of_every_engine[] = {
        PROMISE(writes_are_read_back),
        PROMISE(rows_that_were_read_are_read_as_they_were_changed),
        PROMISE(bodies_may_be_empty_or_hold_any_byte),
        PROMISE(records_carry_the_revision_of_their_commit),
        PROMISE(later_operations_of_a_commit_win),
        PROMISE(scans_give_the_rows_of_their_range),
        PROMISE(long_scans_give_every_row),
        PROMISE(a_scan_of_large_rows_ends_early_and_says_so),
        PROMISE(conditions_hold_or_conflict),
        PROMISE(a_range_may_be_empty_but_for_its_own_row),
        PROMISE(the_first_condition_that_fails_is_named),
        PROMISE(a_conflict_changes_nothing),
        PROMISE(audit_chains_of_organizations_are_whole_and_apart),
        PROMISE(audit_rows_are_found_by_their_actor),
        PROMISE(tampering_with_the_audit_chain_is_found),
        PROMISE(a_chain_that_was_cut_is_found_also_after_it_grew),
        PROMISE(a_chain_that_was_removed_whole_leaves_a_trace),
        PROMISE(commits_beyond_the_limits_fail_untried),
        PROMISE(gathered_commits_are_tried_when_they_are_handed_over),
        PROMISE(commits_that_lost_a_part_for_memory_fail),
        PROMISE(counters_stop_at_zero),
#ifdef DATASTREAM_FAULTS
        PROMISE(no_allocation_is_missed),
#endif
    };
    int failures = cmocka_run_group_tests_name("RocksDB", of_every_engine, NULL, NULL);

#ifdef DATASTREAM_FAULTS
    const struct CMUnitTest of_late[] = {
        PROMISE(late_reads_miss_once_a_view),
        PROMISE(late_commits_conflict_for_no_reason),
    };

    late_engine = true;
    failures += cmocka_run_group_tests_name("late", of_every_engine, NULL, NULL) +
                cmocka_run_group_tests_name("late alone", of_late, NULL, NULL);
#endif
    return failures;
}
