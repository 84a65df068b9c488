/* Opening RocksDB's store: what is refused and why, what is damaged, and the latch. */
#include "tests/support/store_fixture.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct fixture fixture;

static int make(void **state)
{
    fixture_make(&fixture, false);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    return 0;
}

static void shut(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

/* The store must not open, for this reason, and the caller's pointer must stay. */
static void assert_refused(struct fixture *f, enum status_code code, const char *says)
{
    struct store *untouched = (struct store *)f;
    struct store *store = untouched;
    struct status status = store_open_rocksdb(&f->options, &f->arena, &store);

    if (status_is_ok(status))
        store_close(store);
    assert_int_equal(status.code, code);
    assert_ptr_equal(store, untouched);
    if (strstr(status.message.data, says) == NULL)
        fail_msg("\"%.*s\" does not say \"%s\"", SLICE_ARG(status.message), says);
}

static void a_missing_store_is_made_only_when_asked(void **state)
{
    struct fixture *f = *state;

    f->options.create = false;
    assert_refused(f, STATUS_NOT_FOUND, "no store");
    f->options.create = true;
    f->options.read_only = true;
    assert_refused(f, STATUS_NOT_FOUND, "no store");
    f->options.read_only = false;
    fixture_open(f);
    assert_int_equal(store_revision(f->store), 0);
    shut(f);
    f->options.create = false;
    fixture_open(f);
}

static void a_new_folder_is_for_nobody_else(void **state)
{
    struct fixture *f = *state;
    struct slice inner = arena_printf(&f->arena, "%s/inner", f->directory);
    struct stat info;

    f->options.directory = inner.data;
    fixture_open(f);
    assert_int_equal(stat(inner.data, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void a_folder_that_others_may_enter_is_closed_to_them(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    for (int read_only = 0; read_only <= 1; read_only++) {
        assert_int_equal(chmod(f->directory, 0755), 0);
        fixture_open(f);
        assert_int_equal(stat(f->directory, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0700);
        shut(f);
        f->options.read_only = true;
    }
}

static void a_folder_of_somebody_else_is_refused(void **state)
{
    struct fixture *f = *state;

    if (geteuid() != 0)
        return; /* only root can give the folder away */
    assert_int_equal(chown(f->directory, 12345, (gid_t)-1), 0);
    assert_refused(f, STATUS_FAILED_PRECONDITION, "must belong to the user");
    assert_int_equal(chown(f->directory, 0, (gid_t)-1), 0);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    struct fixture *f = *state;

    f->options.directory = "/proc/no/store";
    assert_refused(f, STATUS_INTERNAL, "cannot be created");
}

static void a_second_opening_of_the_process_is_refused(void **state)
{
    struct fixture *f = *state;

    fixture_open(f);
    assert_refused(f, STATUS_UNAVAILABLE, "in use");
}

/* The lock is held as RocksDB of another process holds it. */
static void a_store_in_use_elsewhere_is_refused(void **state)
{
    struct fixture *f = *state;
    struct slice path = arena_printf(&f->arena, "%s/LOCK", f->directory);
    int pipes[2];
    pid_t child;
    char byte;

    fixture_open(f);
    shut(f);
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int file = open(path.data, O_RDWR);

        if (fcntl(file, F_SETLK, &lock) != 0 || write(pipes[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_refused(f, STATUS_UNAVAILABLE, "in use");
    f->options.read_only = true;
    assert_refused(f, STATUS_UNAVAILABLE, "in use");
    f->options.read_only = false;
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(pipes[0]);
    close(pipes[1]);
    fixture_open(f);
}

/* Else a server that starts meanwhile would change the files under the one who reads. */
static void a_store_that_is_read_keeps_writers_of_others_away(void **state)
{
    struct fixture *f = *state;
    struct slice path = arena_printf(&f->arena, "%s/LOCK", f->directory);

    fixture_open(f);
    shut(f);
    f->options.read_only = true;
    for (int open_now = 1; open_now >= 0; open_now--) {
        pid_t child;
        int status;

        if (open_now)
            fixture_open(f);
        else
            shut(f);
        child = fork();
        if (child == 0) {
            struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

            _exit(fcntl(open(path.data, O_RDWR), F_SETLK, &lock) == 0 ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), open_now);
    }
}

/* The newest file of options that RocksDB wrote, as text. */
static struct slice read_options(struct fixture *f)
{
    struct slice pattern = arena_printf(&f->arena, "%s/OPTIONS-*", f->directory);
    char *text = arena_zalloc(&f->arena, 1 << 18);
    glob_t found;
    FILE *file;
    size_t len;

    assert_int_equal(glob(pattern.data, 0, NULL, &found), 0);
    file = fopen(found.gl_pathv[found.gl_pathc - 1], "r");
    assert_non_null(file);
    len = fread(text, 1, (1 << 18) - 1, file);
    fclose(file);
    globfree(&found);
    return slice_make(text, len);
}

/* The options of one family, which begin at its name and end before the next bracket. */
static struct slice options_of(struct fixture *f, struct slice text, const char *heading)
{
    const char *at = strstr(text.data, heading);
    const char *end;

    if (at == NULL)
        fail_msg("there is no %s", heading);
    end = strstr(at, "\n[");
    return arena_copy(&f->arena, slice_make(at, end == NULL ? strlen(at) : (size_t)(end - at)));
}

static void rocksdb_is_told_what_we_rely_on(void **state)
{
    static const struct {
        const char *heading;
        const char *option;
    } rows[] = {
        {"[DBOptions]", "max_bgerror_resume_count=0\n"},
        {"[DBOptions]", "max_total_wal_size=67108864\n"},
        {"[DBOptions]", "db_write_buffer_size=67108864\n"},
        {"[DBOptions]", "wal_recovery_mode=kTolerateCorruptedTailRecords\n"},
        {"[DBOptions]", "paranoid_checks=true\n"},
        {"[CFOptions \"resources\"]", "compression=kNoCompression\n"},
        {"[CFOptions \"tokens\"]", "compression=kNoCompression\n"},
        {"[CFOptions \"names\"]", "memtable_whole_key_filtering=true\n"},
        {"[CFOptions \"audit\"]", "compression=kLZ4Compression\n"},
        {"[TableOptions/BlockBasedTable \"resources\"]", "filter_policy=bloomfilter"},
        {"[TableOptions/BlockBasedTable \"resources\"]",
         "data_block_index_type=kDataBlockBinaryAndHash\n"},
        {"[TableOptions/BlockBasedTable \"resources\"]", "cache_index_and_filter_blocks=false\n"},
    };
    struct fixture *f = *state;
    struct slice text;

    fixture_open(f);
    text = read_options(f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice options = options_of(f, text, rows[i].heading);

        if (strstr(options.data, rows[i].option) == NULL)
            fail_msg("%s has no %s in %s", rows[i].heading, rows[i].option, options.data);
    }
}

static void everything_is_there_after_a_reopening(void **state)
{
    struct fixture *f = *state;

    fixture_open(f);
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    put(f, FAMILY_SECRETS, SLICE("s"), SLICE("w"));
    fixture_reopen(f);
    assert_int_equal(store_revision(f->store), 2);
    assert_slice_equal(read_body(f, FAMILY_RESOURCES, SLICE("k")), SLICE("v"));
    assert_slice_equal(read_body(f, FAMILY_SECRETS, SLICE("s")), SLICE("w"));
    assert_int_equal(revision_of(f, FAMILY_SECRETS, SLICE("s")), 2);
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("x"));
    assert_int_equal(revision_of(f, FAMILY_RESOURCES, SLICE("k")), 3);
}

/* So that an opening takes as long for a store of any size. */
static void closing_leaves_nothing_to_replay(void **state)
{
    struct fixture *f = *state;
    struct slice pattern = arena_printf(&f->arena, "%s/*.log", f->directory);
    struct stat info;
    glob_t found;

    fixture_open(f);
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    shut(f);
    assert_int_equal(glob(pattern.data, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        assert_true(stat(found.gl_pathv[i], &info) == 0 && info.st_size == 0);
    globfree(&found);
    fixture_open(f);
    assert_true(is_there(f, FAMILY_RESOURCES, SLICE("k")));
}

/* Kills a process that has just been told that its commits are done. */
static void what_was_answered_survives_a_kill(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    int status;

    if (child == 0) {
        fixture_open(f);
        for (int i = 0; i < 50; i++)
            put(f, FAMILY_RESOURCES, arena_printf(&f->arena, "k%d", i), SLICE("v"));
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    fixture_open(f);
    assert_int_equal(store_revision(f->store), 50);
    assert_true(is_there(f, FAMILY_RESOURCES, SLICE("k49")));
}

static void a_read_only_store_is_read_and_left_alone(void **state)
{
    struct fixture *f = *state;
    struct commit commit;

    fixture_open(f);
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    shut(f);
    f->options.read_only = true;
    fixture_open(f);
    assert_true(store_is_read_only(f->store));
    assert_slice_equal(read_body(f, FAMILY_RESOURCES, SLICE("k")), SLICE("v"));
    assert_int_equal(store_revision(f->store), 1);
    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("k"), SLICE("w"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    assert_slice_equal(read_body(f, FAMILY_RESOURCES, SLICE("k")), SLICE("v"));
}

/* -- formats ------------------------------------------------------------------------------- */

static void another_format_is_refused(void **state)
{
    static const struct {
        struct slice name;
        struct slice body;
        const char *says;
    } rows[] = {
        {SLICE_INIT("format"), SLICE_INIT("\0\0\0\0\0\0\0\7"), "newer"},
        {SLICE_INIT("format"), SLICE_INIT("\0\0\0\0\0\0\0\1"),
         "has format 1, and this version of datastreamd reads format 6: create a new store with "
         "\"datastreamd init\"."},
        {SLICE_INIT("format"), SLICE_INIT("\0\0\0\0\0\0\0\0"), "has format 0"},
        {SLICE_INIT("format"), SLICE_INIT("?"), "format"},
        {SLICE_INIT("fold"), SLICE_INIT("\0\0\0\0\0\0\0\1"), "folded"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice value = arena_copy(&f->arena,
                                        slice_make("\1\0\0\0\0\0\0\0\0\0\0\0", RECORD_HEADER_LEN));
        char *bytes = arena_alloc(&f->arena, 20);
        struct slice good;

        memcpy(bytes, value.data, value.len);
        memcpy(bytes + value.len, rows[i].body.data, rows[i].body.len);
        fixture_open(f);
        assert_int_equal(read_in(f->store, &f->arena, FAMILY_META, rows[i].name, &good),
                         STORE_FOUND);
        shut(f);
        raw_put(f->directory, "meta", rows[i].name, bytes, value.len + rows[i].body.len);
        assert_refused(f, STATUS_FAILED_PRECONDITION, rows[i].says);
        raw_put(f->directory, "meta", rows[i].name, good.data, good.len);
    }
    fixture_open(f);
}

static void records_of_another_format_count_as_a_newer_store(void **state)
{
    struct fixture *f = *state;

    fixture_open(f);
    shut(f);
    raw_put(f->directory, "meta", SLICE("format"), "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 20);
    assert_refused(f, STATUS_FAILED_PRECONDITION, "newer");
}

static void an_unknown_family_is_a_newer_store(void **state)
{
    struct fixture *f = *state;

    fixture_open(f);
    shut(f);
    raw_put(f->directory, "inventions", SLICE("k"), NULL, 0);
    assert_refused(f, STATUS_FAILED_PRECONDITION, "inventions");
    f->options.read_only = true;
    assert_refused(f, STATUS_FAILED_PRECONDITION, "newer");
}

/* -- damage -------------------------------------------------------------------------------- */

static void unreadable_records_are_given_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct record record;
    struct slice value;

    fixture_open(f);
    shut(f);
    raw_put(f->directory, "resources", SLICE("k"), "\7future", 7);
    fixture_open(f);
    assert_int_equal(read_in(f->store, &f->arena, FAMILY_RESOURCES, SLICE("k"), &value),
                     STORE_FOUND);
    assert_slice_equal(value, SLICE("\7future"));
    assert_false(record_parse(value, &record));
}

static void a_damaged_row_fails_only_the_commits_that_need_it(void **state)
{
    struct fixture *f = *state;
    struct uuid organization = uuid_of(1);
    struct store_view *view;
    struct commit commit;
    uint64_t count;

    fixture_open(f);
    shut(f);
    raw_put(f->directory, "counts", SLICE("c"), "bad", 3);
    raw_put(f->directory, "audit", key_audit(&f->arena, &organization, 1), "bad", 3);
    fixture_open(f);
    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    commit_count(&commit, SLICE("c"), 1);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    commit_audit(&commit, &organization, 0, NULL, 0, NULL, SLICE("row"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    assert_false(is_there(f, FAMILY_RESOURCES, SLICE("k")));
    for (uint64_t revision = 0; revision < 2; revision++) { /* of it no revision is known */
        commit_init(&commit, &f->arena);
        commit_require_revision(&commit, FAMILY_COUNTS, SLICE("c"), revision);
        commit_put(&commit, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
        assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    }
    assert_false(store_is_read_only(f->store));
    view = store_view_open(f->store, &f->arena);
    assert_int_equal(store_count(view, SLICE("c"), &count), STORE_FAILED);
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
}

/* -- the latch ----------------------------------------------------------------------------- */

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The log cannot grow for a while, as on a full disk; when it can again, the latch stays closed. */
static void a_failed_write_closes_the_latch(void **state)
{
    struct fixture *f = *state;
    struct slice large = slice_make(arena_zalloc(&f->arena, 500000), 500000);
    struct commit commit;

    signal(SIGXFSZ, SIG_IGN);
    fixture_open(f);
    put(f, FAMILY_RESOURCES, SLICE("before"), SLICE("v"));
    limit_file_size(100000);
    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("lost"), large);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    limit_file_size(RLIM_INFINITY);
    assert_true(store_is_read_only(f->store));
    assert_int_equal(commit.revision, 0);
    commit_init(&commit, &f->arena);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("after"), SLICE("v"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    assert_true(is_there(f, FAMILY_RESOURCES, SLICE("before")));
    assert_false(is_there(f, FAMILY_RESOURCES, SLICE("lost")));
    assert_int_equal(store_revision(f->store), 1);
    fixture_reopen(f);
    assert_false(store_is_read_only(f->store));
    assert_true(is_there(f, FAMILY_RESOURCES, SLICE("before")));
    assert_false(is_there(f, FAMILY_RESOURCES, SLICE("after")));
    put(f, FAMILY_RESOURCES, SLICE("after"), SLICE("v"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_answered_survives_a_kill), /* first: it forks */
        CASE(a_missing_store_is_made_only_when_asked),
        CASE(a_new_folder_is_for_nobody_else),
        CASE(a_folder_that_others_may_enter_is_closed_to_them),
        CASE(a_folder_of_somebody_else_is_refused),
        CASE(a_folder_that_cannot_be_made_is_told),
        CASE(a_second_opening_of_the_process_is_refused),
        CASE(a_store_in_use_elsewhere_is_refused),
        CASE(a_store_that_is_read_keeps_writers_of_others_away),
        CASE(rocksdb_is_told_what_we_rely_on),
        CASE(closing_leaves_nothing_to_replay),
        CASE(everything_is_there_after_a_reopening),
        CASE(a_read_only_store_is_read_and_left_alone),
        CASE(another_format_is_refused),
        CASE(records_of_another_format_count_as_a_newer_store),
        CASE(an_unknown_family_is_a_newer_store),
        CASE(unreadable_records_are_given_as_they_are),
        CASE(a_damaged_row_fails_only_the_commits_that_need_it),
        CASE(a_failed_write_closes_the_latch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
