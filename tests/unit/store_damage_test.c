/*
 * Files that were damaged or lost: the store says so, at the opening or at the read, and never goes
 * on with less than it had. Only what a crash leaves, a last record of the log that was cut off, is
 * passed over: nobody was told that it is there.
 */
#include "tests/support/store_fixture.h"

#include <dirent.h>
#include <glob.h>
#include <sys/stat.h>

#include "storage/check.h"

#define ROWS 40
#define BODY_LEN 100

static struct fixture fixture;

static struct slice key_of(struct fixture *f, int i)
{
    return arena_printf(&f->arena, "key%03d", i);
}

/* Closes the store and leaves its files as they were before, as a crash does: all is in the log. */
static void crash(struct fixture *f)
{
    struct slice copying = arena_printf(&f->arena, "cp -r %s %s.aside", f->directory, f->directory);
    struct slice replacing = arena_printf(&f->arena, "rm -r %s && mv %s.aside %s", f->directory,
                                          f->directory, f->directory);

    assert_int_equal(system(copying.data), 0);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(system(replacing.data), 0);
}

static int start(void **state)
{
    struct fixture *f = &fixture;
    struct slice body;

    fixture_start(f, false);
    body = slice_make(arena_zalloc(&f->arena, BODY_LEN), BODY_LEN);
    for (int i = 0; i < ROWS; i++)
        put(f, FAMILY_RESOURCES, key_of(f, i), body);
    crash(f);
    *state = f;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    return 0;
}

/* -- files --------------------------------------------------------------------------------- */

/* The path of the largest file whose name starts and ends so. */
static struct slice find_file(struct fixture *f, const char *prefix, const char *suffix)
{
    DIR *folder = opendir(f->directory);
    struct slice found = SLICE_EMPTY;
    struct dirent *entry;
    off_t most = -1;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        struct slice path = arena_printf(&f->arena, "%s/%s", f->directory, entry->d_name);
        struct slice name = slice_from_cstr(entry->d_name);
        struct stat info;

        if (slice_starts_with(name, slice_from_cstr(prefix)) &&
            slice_ends_with(name, slice_from_cstr(suffix)) && stat(path.data, &info) == 0 &&
            info.st_size > most) {
            most = info.st_size;
            found = path;
        }
    }
    closedir(folder);
    if (found.len == 0)
        fail_msg("there is no file %s*%s", prefix, suffix);
    return found;
}

static off_t size_of(struct slice path)
{
    struct stat info;

    assert_int_equal(stat(path.data, &info), 0);
    return info.st_size;
}

/* Turns one bit of the byte at this share (in hundredths) of the file. */
static void flip(struct slice path, int share)
{
    FILE *file = fopen(path.data, "r+b");
    long at = (long)(size_of(path) * share / 100);
    int byte;

    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 0x10, file), byte ^ 0x10);
    assert_int_equal(fclose(file), 0);
}

/* -- what the store says ------------------------------------------------------------------- */

static void assert_refused(struct fixture *f, const char *says)
{
    struct store *store = NULL;
    struct status status = store_open_rocksdb(&f->options, &f->arena, &store);

    if (status_is_ok(status)) {
        store_close(store);
        fail_msg("the store was opened");
    }
    if (strstr(status.message.data, says) == NULL)
        fail_msg("\"%.*s\" does not say \"%s\"", SLICE_ARG(status.message), says);
}

static void a_damaged_log_is_refused(void **state)
{
    struct fixture *f = *state;

    for (int read_only = 0; read_only <= 1; read_only++) {
        struct slice log = find_file(f, "0", ".log");

        f->options.read_only = read_only != 0;
        flip(log, 50);
        assert_refused(f, "Restore the data directory from a backup");
        assert_refused(f, strrchr(log.data, '/') + 1);
        flip(log, 50);
    }
    f->options.read_only = false;
    fixture_open(f);
    assert_int_equal(store_revision(f->store), ROWS);
}

/* Cuts the log everywhere in its last record, as a crash in the middle of a write leaves it. */
static void cut_last(struct fixture *f, size_t len)
{
    struct slice last = arena_printf(&f->arena, "last%zu", len);
    uint64_t revision;
    struct slice log;
    off_t size;

    fixture_open(f);
    revision = store_revision(f->store);
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    put(f, FAMILY_RESOURCES, last, slice_make(arena_zalloc(&f->arena, len), len));
    crash(f);
    log = find_file(f, "0", ".log");
    size = size_of(log);
    f->options.read_only = true; /* the log stays as it is */
    for (size_t cut = 1; cut < len; cut += len / 7) {
        assert_int_equal(truncate(log.data, size - (off_t)cut), 0);
        fixture_open(f);
        assert_int_equal(store_revision(f->store), revision + 1);
        assert_true(is_there(f, FAMILY_RESOURCES, SLICE("k")));
        assert_false(is_there(f, FAMILY_RESOURCES, last));
        store_close(f->store);
        f->store = NULL;
    }
    f->options.read_only = false;
}

static void a_log_that_was_cut_off_keeps_all_before(void **state)
{
    struct fixture *f = *state;

    cut_last(f, BODY_LEN);
    cut_last(f, 300000); /* which RocksDB writes in several parts */
    fixture_open(f);
    put(f, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    fixture_reopen(f);
    assert_int_equal(store_revision(f->store), ROWS + 3);
}

/* RocksDB would open what is left, and not a word of what is gone. */
static void a_lost_log_is_refused(void **state)
{
    struct fixture *f = *state;
    struct slice log = find_file(f, "0", ".log");
    struct slice aside = arena_printf(&f->arena, "%s.aside", log.data);
    glob_t logs;

    assert_int_equal(rename(log.data, aside.data), 0);
    for (int read_only = 0; read_only <= 1; read_only++) {
        f->options.read_only = read_only != 0;
        assert_refused(f, "its newest log");
        assert_refused(f, "Put it back");
    }
    f->options.read_only = false;
    assert_int_equal(rename(aside.data, log.data), 0);
    fixture_open(f);
    assert_int_equal(store_revision(f->store), ROWS);
    fixture_reopen(f); /* after a clean end too */
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(glob(arena_printf(&f->arena, "%s/0*.log", f->directory).data, 0, NULL, &logs),
                     0);
    assert_int_equal(unlink(logs.gl_pathv[logs.gl_pathc - 1]), 0);
    globfree(&logs);
    assert_refused(f, "its newest log");
}

/*
 * Rows of a family fill what RocksDB keeps in memory: it writes them to a table and begins a log.
 */
/* Bytes of all files of the store. */
static int64_t bytes_of_files(struct fixture *f)
{
    int64_t bytes = 0;
    glob_t files;

    assert_int_equal(glob(arena_printf(&f->arena, "%s/*", f->directory).data, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct stat info;

        if (stat(files.gl_pathv[i], &info) == 0) /* the store removes what it needs no more */
            bytes += info.st_size;
    }
    globfree(&files);
    return bytes;
}

/* Until no table is being written: files that are copied meanwhile would be of several moments. */
static void wait_for_quiet(struct fixture *f)
{
    int64_t before = -1;

    for (int quiet = 0, polls = 0; quiet < 20 && polls < 3000; polls++) {
        int64_t bytes = bytes_of_files(f);

        quiet = bytes == before ? quiet + 1 : 0;
        before = bytes;
        usleep(20000);
    }
}

static void fill_two_logs(struct fixture *f)
{
    size_t len = (size_t)900 << 10;
    struct slice body;

    fixture_open(f);
    body = slice_make(arena_zalloc(&f->arena, len), len);
    for (int i = 0; i < 80; i++)
        put(f, FAMILY_RESOURCES, arena_printf(&f->arena, "large%d", i), body);
    wait_for_quiet(f);
    crash(f);
}

/* Tries to open the store; the revision that it has, 0 when it was refused. */
static uint64_t opened_revision(struct fixture *f)
{
    struct store *store = NULL;
    uint64_t revision;

    if (!status_is_ok(store_open_rocksdb(&f->options, &f->arena, &store)))
        return 0;
    revision = store_revision(store);
    store_close(store);
    return revision;
}

/* Of the older logs those may go whose rows were written to a table before the crash. */
static void of_several_logs_none_may_be_lost(void **state)
{
    struct fixture *f = *state;
    glob_t logs;

    fill_two_logs(f);
    assert_int_equal(glob(arena_printf(&f->arena, "%s/0*.log", f->directory).data, 0, NULL, &logs),
                     0);
    assert_true(logs.gl_pathc >= 2);
    for (size_t i = logs.gl_pathc; i > 0; i--) {
        const char *log = logs.gl_pathv[i - 1];
        struct slice aside = arena_printf(&f->arena, "%s.aside", log);
        uint64_t revision = 0;

        assert_int_equal(rename(log, aside.data), 0);
        if (i == logs.gl_pathc)
            assert_refused(f, "its newest log");
        else
            revision = opened_revision(f);
        if (revision != 0) {
            assert_int_equal(revision, ROWS + 80);
            break;
        }
        assert_int_equal(rename(aside.data, log), 0);
    }
    globfree(&logs);
    fixture_open(f);
    assert_int_equal(store_revision(f->store), ROWS + 80);
}

static void damaged_or_lost_bookkeeping_is_refused(void **state)
{
    static const struct {
        const char *prefix;
        bool lost;
        const char *says;
    } rows[] = {
        {"CURRENT", false, "cannot be opened"},
        {"CURRENT", true, "cannot be opened"},
        {"MANIFEST-", false, "cannot be opened"},
        {"MANIFEST-", true, "cannot be opened"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice path = find_file(f, rows[i].prefix, "");
        struct slice aside = arena_printf(&f->arena, "%s.aside", path.data);

        if (rows[i].lost)
            assert_int_equal(rename(path.data, aside.data), 0);
        else
            flip(path, 40);
        assert_refused(f, rows[i].says);
        if (rows[i].lost)
            assert_int_equal(rename(aside.data, path.data), 0);
        else
            flip(path, 40);
    }
    fixture_open(f);
    assert_int_equal(store_revision(f->store), ROWS);
}

/* Whether all rows can be read; a read that fails must say so. */
static bool all_are_read(struct fixture *f)
{
    bool all = true;

    for (int i = 0; i < ROWS; i++) {
        struct slice value;
        enum store_found found = read_in(f->store, &f->arena, FAMILY_RESOURCES, key_of(f, i),
                                         &value);

        assert_true(found == STORE_FOUND || found == STORE_FAILED);
        all = all && found == STORE_FOUND;
    }
    return all;
}

static void ignore(void *context, struct slice sentence)
{
    (void)context;
    (void)sentence;
}

/* Opening the store writes what was in the log to tables. */
static void a_damaged_table_is_told_at_the_opening_or_at_the_read(void **state)
{
    struct fixture *f = *state;
    struct slice table;
    int opened = 0;

    fixture_open(f);
    store_close(f->store);
    table = find_file(f, "0", ".sst");
    for (int share = 0; share < 100; share += 9) {
        struct status status;

        f->store = NULL;
        flip(table, share);
        status = store_open_rocksdb(&f->options, &f->arena, &f->store);
        if (status_is_ok(status)) {
            opened++;
            if (!all_are_read(f)) {
                struct commit commit;

                status = store_check(f->store, NULL, &f->arena, ignore, NULL);
                assert_int_equal(status.code, STATUS_INTERNAL);
                commit_init(&commit, &f->arena);
                commit_require_absent(&commit, FAMILY_RESOURCES, key_of(f, 0));
                commit_put(&commit, FAMILY_RESOURCES, SLICE("never"), SLICE("v"));
                assert_int_not_equal(commit_in(f->store, &commit), COMMIT_DONE);
            }
            store_close(f->store);
            f->store = NULL;
        }
        flip(table, share);
    }
    assert_true(opened > 0);
    fixture_open(f);
    assert_true(all_are_read(f));
}

static void a_lost_table_is_refused(void **state)
{
    struct fixture *f = *state;

    fixture_open(f);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(unlink(find_file(f, "0", ".sst").data), 0);
    assert_refused(f, "cannot be opened");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_damaged_log_is_refused),
        CASE(a_log_that_was_cut_off_keeps_all_before),
        CASE(a_lost_log_is_refused),
        CASE(of_several_logs_none_may_be_lost),
        CASE(damaged_or_lost_bookkeeping_is_refused),
        CASE(a_damaged_table_is_told_at_the_opening_or_at_the_read),
        CASE(a_lost_table_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
