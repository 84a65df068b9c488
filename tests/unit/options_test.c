/* Flags, environment and configuration file, and the key file. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/program/key_file.h"
#include "rpc/program/options.h"

static struct arena arena;
static char directory[] = "/tmp/datastream-options-XXXXXX";

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 16 << 20);
    return mkdtemp(directory) == NULL;
}

static int stop(void **state)
{
    char command[96];

    (void)state;
    arena_done(&arena);
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    return system(command);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_flag_goes_before_the_environment_and_that_before_the_file(void **state)
{
    char path[96];
    const char *args[] = {"--config",    path,       "--max-body-bytes=3000",
                          "--data-dir",  "/x/",      "--listen",
                          "127.0.0.1:1", "--listen", "[::1]:2"};
    struct options options;

    (void)state;
    snprintf(path, sizeof(path), "%s/config", directory);
    write_file(path, "# bounds\nmax_body_bytes = 1111\nmax-header-count=50\nidle_timeout_ms = 700\n"
                     "listen = 127.0.0.1:3\n\n");
    setenv("DATASTREAM_MAX_BODY_BYTES", "2222", 1);
    setenv("DATASTREAM_MAX_HEADER_COUNT", "60", 1);
    assert_true(status_is_ok(options__read(&arena, 9, (char **)(uintptr_t)args, &options)));
    unsetenv("DATASTREAM_MAX_BODY_BYTES");
    unsetenv("DATASTREAM_MAX_HEADER_COUNT");
    assert_int_equal(options.settings.max_body_bytes, 3000);
    assert_int_equal(options.settings.max_header_count, 60);
    assert_int_equal(options.settings.idle_timeout_ms, 700);
    assert_int_equal(options.listen_count, 2);
    assert_string_equal(options.listen[1], "[::1]:2");
    assert_string_equal(options.key_file, "/x.key");
}

static void bad_options_are_named(void **state)
{
    static const struct {
        const char *flag;
        const char *value;
        const char *says;
    } cases[] = {
        {"--no-such-flag", "1", "no-such-flag"},
        {"--max-body-bytes", "1", "1024 to 67108864"},
        {"--max-body-bytes", "x", "--max-body-bytes"},
        {"--log-format", "xml", "log-format"},
        {"--insecure-listen=perhaps", NULL, "insecure-listen"},
        {"data-dir", NULL, "data-dir"},
        {"--data-dir", NULL, "--data-dir"},
        {"--config", "/no/such/file", "/no/such/file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *args[] = {(char *)(uintptr_t)cases[i].flag, (char *)(uintptr_t)cases[i].value};
        struct options options;
        struct status status = options__read(&arena, cases[i].value == NULL ? 1 : 2, args,
                                             &options);

        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        if (strstr(status.message.data, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].flag, status.message.data);
    }
}

static void a_file_that_can_not_be_read_whole_is_refused(void **state)
{
    char path[96];
    const char *args[] = {"--config", directory};
    struct options options;
    struct status status = options__read(&arena, 2, (char **)(uintptr_t)args, &options);
    FILE *file;

    (void)state;
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message.data, "Is a directory"));
    snprintf(path, sizeof(path), "%s/large", directory);
    file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i <= 1 << 20; i++)
        fputc('\n', file);
    fclose(file);
    args[1] = path;
    status = options__read(&arena, 2, (char **)(uintptr_t)args, &options);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message.data, "larger"));
}

static void a_key_file_is_made_once_private_and_read_back(void **state)
{
    struct key_file made, read;
    uint8_t audit[32], again[32], pages[32];
    struct stat facts;
    char path[96];

    (void)state;
    snprintf(path, sizeof(path), "%s/store.key", directory);
    assert_int_equal(key_file__read(path, &arena, &read).code, STATUS_NOT_FOUND);
    assert_true(status_is_ok(key_file__create(path, &arena, &made)));
    assert_int_equal(key_file__create(path, &arena, &read).code, STATUS_ALREADY_EXISTS);
    assert_true(status_is_ok(key_file__read(path, &arena, &read)));
    assert_memory_equal(made.key, read.key, sizeof(made.key));
    assert_memory_equal(made.id, read.id, sizeof(made.id));
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0400);
    assert_true(key_file__derive(&made, "audit", audit));
    assert_true(key_file__derive(&read, "audit", again));
    assert_true(key_file__derive(&read, "page tokens", pages));
    assert_memory_equal(audit, again, sizeof(audit));
    assert_memory_not_equal(audit, pages, sizeof(audit));
}

/* Else the next attempt would find half a key, and refuse for ever. */
static void a_key_file_that_can_not_be_written_leaves_none(void **state)
{
    struct rlimit before, none;
    struct key_file made;
    char path[96];

    (void)state;
    snprintf(path, sizeof(path), "%s/full.key", directory);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){20, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(key_file__create(path, &arena, &made).code, STATUS_UNAVAILABLE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(status_is_ok(key_file__create(path, &arena, &made)));
}

static void a_file_that_is_no_key_is_refused(void **state)
{
    struct key_file read;
    char path[96];

    (void)state;
    snprintf(path, sizeof(path), "%s/other", directory);
    write_file(path, "datastream-key-1 0011223344556677 not hexadecimal");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(key_file__read(path, &arena, &read).code, STATUS_FAILED_PRECONDITION);
}

static void assert_key_is_refused(const char *path, const char *says)
{
    struct key_file read;
    struct status status = key_file__read(path, &arena, &read);

    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    if (strstr(status.message.data, says) == NULL)
        fail_msg("%s: %s", says, status.message.data);
}

/* A FIFO would hang whoever opens it; what a link leads to may be of somebody else's choice. */
static void a_key_is_read_from_a_private_regular_file_alone(void **state)
{
    struct key_file made;
    char path[96];
    char other[96];

    (void)state;
    snprintf(path, sizeof(path), "%s/private.key", directory);
    snprintf(other, sizeof(other), "%s/other.key", directory);
    assert_true(status_is_ok(key_file__create(path, &arena, &made)));
    assert_int_equal(symlink(path, other), 0);
    assert_key_is_refused(other, "symbolic link");
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_key_is_refused(other, "not a regular file");
    assert_key_is_refused(directory, "not a regular file");
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(path, 0400 | bit), 0);
        assert_key_is_refused(path, "Run chmod 400");
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(status_is_ok(key_file__read(path, &arena, &made)));
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
        assert_key_is_refused(path, "another user");
    }
}

/* A key that is there already is never replaced: a store would be lost with it. */
static void a_key_file_moves_to_a_free_name_alone(void **state)
{
    struct key_file made;
    struct key_file kept;
    char from[96];
    char to[96];

    (void)state;
    snprintf(from, sizeof(from), "%s/moved.key.new", directory);
    snprintf(to, sizeof(to), "%s/moved.key", directory);
    assert_true(status_is_ok(key_file__create(from, &arena, &made)));
    assert_true(status_is_ok(key_file__move(from, to, &arena)));
    assert_int_equal(access(from, F_OK), -1);
    assert_true(status_is_ok(key_file__create(from, &arena, &kept)));
    assert_int_equal(key_file__move(from, to, &arena).code, STATUS_UNAVAILABLE);
    assert_true(status_is_ok(key_file__read(to, &arena, &kept)));
    assert_memory_equal(made.key, kept.key, sizeof(made.key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flag_goes_before_the_environment_and_that_before_the_file),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(a_file_that_can_not_be_read_whole_is_refused),
        cmocka_unit_test(a_key_file_is_made_once_private_and_read_back),
        cmocka_unit_test(a_key_file_that_can_not_be_written_leaves_none),
        cmocka_unit_test(a_file_that_is_no_key_is_refused),
        cmocka_unit_test(a_key_is_read_from_a_private_regular_file_alone),
        cmocka_unit_test(a_key_file_moves_to_a_free_name_alone),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
