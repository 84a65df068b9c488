/*
 * A disk that fails (tests/faults/): what was not synced is never answered as done, no failure is
 * tried again into silence, and the store takes no more writes until it is opened anew.
 */
#include "tests/support/store_fixture.h"

#include "tests/faults/disk_faults.h"

static struct fixture fixture;
static char control[80];

static void fault_end(void)
{
    unlink(control);
}

static void fault_begin(const char *word)
{
    char next[96];
    FILE *file;

    snprintf(next, sizeof(next), "%s.next", control);
    file = fopen(next, "w");
    assert_non_null(file);
    assert_true(fputs(word, file) >= 0 && fclose(file) == 0);
    assert_int_equal(rename(next, control), 0);
}

static int start(void **state)
{
    fixture_make(&fixture, false);
    snprintf(control, sizeof(control), "%s.fault", fixture.directory);
    setenv("DISK_FAULTS", control, 1);
    fixture_open(&fixture);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    fault_end();
    fixture_end(*state);
    return 0;
}

static void count_observed(void *context, const struct commit *commit)
{
    (void)commit;
    ++*(int *)context;
}

static enum commit_result try_put(struct fixture *f, struct slice key, struct slice body)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, key, body);
    return store_commit_wait(f->store, &commit);
}

/* Each fault strikes one write, and the disk is well again before the next one is asked for. */
static void a_failed_write_is_told_and_ends_all_writing(void **state)
{
    static const char *const words[] = {"sync-once", "sync", "write-once", "full"};
    struct fixture *f = *state;
    struct slice body = slice_make(arena_zalloc(&f->arena, 70000), 70000);
    static int observed;

    f->options.observer = count_observed;
    f->options.observer_context = &observed;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct slice key = arena_printf(&f->arena, "before%zu", i);
        uint64_t revision;
        long syncs;

        fixture_reopen(f);
        put(f, FAMILY_RESOURCES, key, SLICE("v"));
        revision = store_revision(f->store);
        observed = 0;
        fault_begin(words[i]);
        assert_int_equal(try_put(f, SLICE("lost"), body), COMMIT_FAILED);
        fault_end();
        assert_true(store_is_read_only(f->store));
        syncs = disk_faults_log_syncs();
        assert_int_equal(try_put(f, SLICE("after"), SLICE("v")), COMMIT_FAILED);
        /* Once there is space again RocksDB may sync what it has by itself; only we stay closed. */
        if (strcmp(words[i], "full") != 0)
            assert_int_equal(disk_faults_log_syncs(), syncs);
        assert_int_equal(store_revision(f->store), revision);
        assert_int_equal(observed, 0);
        assert_false(is_there(f, FAMILY_RESOURCES, SLICE("lost")));
        assert_true(is_there(f, FAMILY_RESOURCES, key));
        fixture_reopen(f);
        assert_true(is_there(f, FAMILY_RESOURCES, key));
        assert_false(is_there(f, FAMILY_RESOURCES, SLICE("after")));
        put(f, FAMILY_RESOURCES, SLICE("lost"), SLICE("v")); /* whether it is there or not */
        erase(f, FAMILY_RESOURCES, SLICE("lost"));
    }
}

static void raise_for_commit(struct commit *commit, void *context)
{
    (void)commit;
    signal_raise(context);
}

static int signal_count(struct signal *signal)
{
    int count;

    pthread_mutex_lock(&signal->mutex);
    count = signal->count;
    pthread_mutex_unlock(&signal->mutex);
    return count;
}

#define COMMITS 200

/* Submits the first, which waits in its sync, then all others. */
static void submit_during_a_sync(struct fixture *f, struct commit *commits, struct signal *signal)
{
    long syncs = disk_faults_log_syncs();

    fault_begin("hang");
    for (int i = 0; i < COMMITS; i++) {
        commit_init(&commits[i], &f->arena);
        commit_put(&commits[i], FAMILY_RESOURCES, arena_printf(&f->arena, "k%d", i), SLICE("v"));
        store_commit(f->store, &commits[i], raise_for_commit, signal);
        while (disk_faults_log_syncs() == syncs)
            usleep(1000);
    }
}

static void an_answer_waits_for_its_sync_and_many_share_one(void **state)
{
    struct fixture *f = *state;
    struct signal signal = SIGNAL_INIT;
    struct commit *commits = arena_array(&f->arena, COMMITS, sizeof(*commits));
    long syncs = disk_faults_log_syncs();

    submit_during_a_sync(f, commits, &signal);
    assert_int_equal(signal_count(&signal), 0);
    assert_int_equal(store_revision(f->store), 0);
    assert_false(is_there(f, FAMILY_RESOURCES, SLICE("k0")));
    fault_end();
    signal_wait(&signal, COMMITS);
    for (int i = 0; i < COMMITS; i++)
        assert_int_equal(commits[i].result, COMMIT_DONE);
    assert_int_equal(disk_faults_log_syncs() - syncs, 2);
}

/* What gathered behind a sync that fails is not written either. */
static void a_failed_sync_fails_all_that_waits(void **state)
{
    struct fixture *f = *state;
    struct signal signal = SIGNAL_INIT;
    struct commit *commits = arena_array(&f->arena, COMMITS, sizeof(*commits));

    submit_during_a_sync(f, commits, &signal);
    fault_begin("sync-once");
    signal_wait(&signal, COMMITS);
    for (int i = 0; i < COMMITS; i++) {
        assert_int_equal(commits[i].result, COMMIT_FAILED);
        assert_int_equal(commits[i].revision, 0);
    }
    assert_int_equal(store_revision(f->store), 0);
}

/* Else a loss of power could take the whole store with all that was answered. */
static void a_new_folder_is_synced_into_the_one_above(void **state)
{
    struct fixture *f = *state;
    char deeper[96];
    long syncs;

    store_close(f->store);
    snprintf(deeper, sizeof(deeper), "%s/deeper", f->directory);
    f->options.directory = deeper;
    f->store = NULL;
    syncs = disk_faults_folder_syncs(f->directory);
    fixture_open(f);
    assert_true(disk_faults_folder_syncs(f->directory) > syncs);
    f->options.directory = f->directory;
}

/* Closing writes tables; where it cannot, the log has all. */
static void a_full_disk_at_the_closing_loses_nothing(void **state)
{
    struct fixture *f = *state;

    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    fault_begin("full");
    store_close(f->store);
    fault_end();
    fixture_open(f);
    assert_true(is_there(f, FAMILY_RESOURCES, SLICE("k")));
    assert_int_equal(store_revision(f->store), 1);
}

static void a_full_disk_is_told_at_the_opening(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    struct status status;

    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    store_close(f->store);
    f->store = NULL;
    fault_begin("full");
    status = store_open_rocksdb(&f->options, &f->arena, &store);
    assert_false(status_is_ok(status));
    assert_null(store);
    if (strstr(status.message.data, "No space left") == NULL)
        fail_msg("%.*s", SLICE_ARG(status.message));
    fault_end();
    fixture_open(f);
    assert_true(is_there(f, FAMILY_RESOURCES, SLICE("k")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_failed_write_is_told_and_ends_all_writing),
        CASE(an_answer_waits_for_its_sync_and_many_share_one),
        CASE(a_failed_sync_fails_all_that_waits),
        CASE(a_new_folder_is_synced_into_the_one_above),
        CASE(a_full_disk_at_the_closing_loses_nothing),
        CASE(a_full_disk_is_told_at_the_opening),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
