/*
 * kill -9 of a server that builds the indexes of an existing store, twenty times at random
 * instants: the next start builds what is missing before it is ready, and then the store is whole.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <rocksdb/c.h>

#include "../api/harness.h"

#define KILLS 20
#define OBJECTS 2000
#define FAMILIES_MOST 64

static struct api_server server;

/* -- behind the store's back ------------------------------------------------------------------ */

struct raw {
    rocksdb_options_t *options;
    rocksdb_t *database;
    char **names;
    size_t count;
    rocksdb_column_family_handle_t *handles[FAMILIES_MOST];
};

static void raw_open(struct raw *raw)
{
    const rocksdb_options_t *options[FAMILIES_MOST];
    char *error = NULL;

    raw->options = rocksdb_options_create();
    raw->names = rocksdb_list_column_families(raw->options, server.data, &raw->count, &error);
    assert_null(error);
    assert_true(raw->count <= FAMILIES_MOST);
    for (size_t i = 0; i < raw->count; i++)
        options[i] = raw->options;
    raw->database = rocksdb_open_column_families(raw->options, server.data, (int)raw->count,
                                                 (const char *const *)raw->names, options,
                                                 raw->handles, &error);
    assert_null(error);
}

static void raw_close(struct raw *raw)
{
    for (size_t i = 0; i < raw->count; i++)
        rocksdb_column_family_handle_destroy(raw->handles[i]);
    rocksdb_close(raw->database);
    rocksdb_list_column_families_destroy(raw->names, raw->count);
    rocksdb_options_destroy(raw->options);
}

/* Deletes the family's rows that begin with the text, or only counts them. */
static size_t raw_rows(struct raw *raw, const char *family, const char *prefix, bool delete)
{
    rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
    rocksdb_writeoptions_t *writing = rocksdb_writeoptions_create();
    size_t count = 0, len = strlen(prefix);

    for (size_t i = 0; i < raw->count; i++) {
        rocksdb_iterator_t *at;

        if (strcmp(raw->names[i], family) != 0)
            continue;
        at = rocksdb_create_iterator_cf(raw->database, reading, raw->handles[i]);
        for (rocksdb_iter_seek(at, prefix, len); rocksdb_iter_valid(at); rocksdb_iter_next(at)) {
            size_t key_len;
            const char *key = rocksdb_iter_key(at, &key_len);
            char *error = NULL;

            if (key_len < len || memcmp(key, prefix, len) != 0)
                break;
            count++;
            if (delete)
                rocksdb_delete_cf(raw->database, writing, raw->handles[i], key, key_len, &error);
            assert_null(error);
        }
        rocksdb_iter_destroy(at);
    }
    rocksdb_writeoptions_destroy(writing);
    rocksdb_readoptions_destroy(reading);
    return count;
}

/* As before the contract had any index; how many rows there were. */
static size_t forget_indexes(void)
{
    struct raw raw;
    size_t rows;

    raw_open(&raw);
    rows = raw_rows(&raw, "indexes", "", true);
    assert_true(raw_rows(&raw, "meta", "index/", true) > 0);
    raw_close(&raw);
    return rows;
}

static size_t count_indexes(void)
{
    struct raw raw;
    size_t rows;

    raw_open(&raw);
    rows = raw_rows(&raw, "indexes", "", false);
    raw_close(&raw);
    return rows;
}

/* -- the test --------------------------------------------------------------------------------- */

static void create_objects(void)
{
    int fd = api_connect(&server);
    char body[64];

    assert_true(fd >= 0);
    for (int i = 0; i < OBJECTS; i++) {
        struct api_reply reply;

        snprintf(body, sizeof(body), "{\"name\":\"device-%d\"}", i);
        reply = api_send(fd, "POST", "/api/v1/devices", server.token, NULL, body);
        assert_int_equal(reply.status, 201);
        api_reply_free(&reply);
    }
    close(fd);
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void start_and_kill(useconds_t after)
{
    const char *const arguments[] = {"datastreamd", "serve",       "--data-dir", server.data,
                                     "--listen",    "127.0.0.1:0", NULL};
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL || dup2(1, 2) < 0)
            _exit(127);
        execv(getenv("DATASTREAMD"), (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    usleep(after);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void indexes_are_built_after_any_kill(void **state)
{
    int64_t length;
    size_t rows;
    int partly = 0;

    (void)state;
    srandom(13);
    api_start(&server, NULL);
    create_objects();
    api_stop(&server);
    rows = forget_indexes();
    length = now_us();
    api_restart(&server, NULL);
    length = now_us() - length;
    api_stop(&server);
    assert_int_equal(count_indexes(), rows);
    for (int round = 0; round < KILLS; round++) {
        size_t left;

        forget_indexes();
        start_and_kill((useconds_t)(length / 2 + random() % (length / 2 + 1)));
        left = count_indexes();
        partly += left > 0 && left < rows;
        api_restart(&server, NULL);
        api_check(&server, 200, "GET", "/api/v1/devices?orderBy=status&pageSize=50", server.token,
                  NULL);
        api_stop(&server);
        assert_int_equal(api_command(&server, "check"), 0);
    }
    assert_int_equal(count_indexes(), rows);
    print_message("%d of %d kills fell into the building\n", partly, KILLS);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indexes_are_built_after_any_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
