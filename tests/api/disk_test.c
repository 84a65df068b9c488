/*
 * A server on a disk that fails (tests/faults/): what could not be synced is answered as an error,
 * the server says that it is not ready and goes on reading, and a restart finds all that was
 * answered as done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"

static char control[] = "/tmp/datastream-fault-XXXXXX";

static void fault_begin(const char *word)
{
    char next[sizeof(control) + 8];
    FILE *file;

    snprintf(next, sizeof(next), "%s.next", control);
    file = fopen(next, "w");
    assert_non_null(file);
    assert_true(fputs(word, file) >= 0 && fclose(file) == 0);
    assert_int_equal(rename(next, control), 0);
}

static void fault_end(void)
{
    unlink(control);
}

/* Only servers stand on the failing disk. */
static void start(struct api_server *server, bool again)
{
    const char *library = getenv("DISK_FAULTS_LIBRARY");

    assert_non_null(library);
    setenv("LD_PRELOAD", library, 1);
    if (again)
        api_restart(server, NULL);
    else
        api_start(server, NULL);
    unsetenv("LD_PRELOAD");
}

static void make_device(const struct api_server *server, const char *name, int status, char id[40])
{
    struct api_reply reply;
    char body[64];

    snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    reply = api_expect(server, status, "POST", "/api/v1/devices", server->token, body);
    if (id != NULL)
        api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static void what_is_not_synced_is_not_answered_as_done(void **state)
{
    static const char *const words[] = {"sync-once", "write-once", "full"};
    struct api_server server;

    (void)state;
    start(&server, false);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char name[32];
        char path[80];
        char id[40];

        snprintf(name, sizeof(name), "before %zu", i);
        make_device(&server, name, 201, id);
        snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
        api_check(&server, 200, "GET", "/readyz", NULL, NULL);
        fault_begin(words[i]);
        snprintf(name, sizeof(name), "lost %zu", i);
        make_device(&server, name, 503, NULL);
        fault_end();
        make_device(&server, "after", 503, NULL);
        api_check(&server, 503, "DELETE", path, server.token, NULL);
        api_check(&server, 503, "GET", "/readyz", NULL, NULL);
        api_check(&server, 200, "GET", "/healthz", NULL, NULL);
        api_check(&server, 200, "GET", path, server.token, NULL);
        if (i % 2 == 0)
            api_stop(&server);
        else
            api_kill(&server);
        assert_int_equal(api_command(&server, "check"), 0);
        assert_int_equal(api_command(&server, "verify-audit"), 0);
        start(&server, true);
        api_check(&server, 200, "GET", path, server.token, NULL);
        make_device(&server, "after", 201, id);
        snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
        api_check(&server, 200, "DELETE", path, server.token, NULL);
    }
    api_remove(&server);
}

static void expect_unready(const struct api_server *server, const char *reason)
{
    struct api_reply reply = api_expect(server, 503, "GET", "/readyz", NULL, NULL);

    if (!api_contains(&reply, reason))
        fail_msg("\"%s\" is not said: %s", reason, reply.body);
    api_reply_free(&reply);
}

/* Writes until one is refused; the id of the last device that was created. */
static void write_until_refused(const struct api_server *server, char id[40])
{
    char body[512];
    int status = 201;

    for (int i = 0; status == 201; i++) {
        struct api_reply reply;

        assert_true(i < 2000);
        snprintf(body, sizeof(body), "{\"name\":\"many %d\",\"description\":\"%0400d\"}", i, i);
        reply = api_call(server, "POST", "/api/v1/devices", server->token, NULL, body);
        status = reply.status;
        if (status == 201)
            api_field(&reply, "id", id, 40);
        api_reply_free(&reply);
    }
    assert_int_equal(status, 503);
}

/* Serves reads for longer than RocksDB waits before it tries again by itself. */
static void read_for_a_while(const struct api_server *server, const char *path)
{
    for (int i = 0; i < 70; i++) {
        api_check(server, 200, "GET", path, server->token, NULL);
        usleep(100000);
    }
}

#define FULL "The disk of the store is full. Make room, then restart the server."

static void a_full_disk_ends_writing_and_not_the_server(void **state)
{
    struct api_server server;
    char path[80];
    char id[40];

    (void)state;
    start(&server, false);
    make_device(&server, "before", 201, id);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    fault_begin("full");
    make_device(&server, "lost", 503, NULL);
    read_for_a_while(&server, path);
    make_device(&server, "lost too", 503, NULL);
    expect_unready(&server, FULL);
    fault_end();
    api_stop(&server);
    start(&server, true);
    api_check(&server, 200, "GET", "/readyz", NULL, NULL);
    api_check(&server, 200, "GET", path, server.token, NULL);
    make_device(&server, "after", 201, NULL);
    api_remove(&server);
}

/* The server writes down its time now and then; nobody else has to write. */
static void reads_alone_outlive_a_full_disk(void **state)
{
    static const char *const flags[] = {"--maintenance-interval-ms", "50", NULL};
    struct api_server server;

    (void)state;
    start(&server, false);
    api_stop(&server);
    setenv("LD_PRELOAD", getenv("DISK_FAULTS_LIBRARY"), 1);
    api_restart(&server, flags);
    unsetenv("LD_PRELOAD");
    fault_begin("full");
    api_await(&server, 503, "GET", "/readyz", NULL, NULL);
    expect_unready(&server, FULL);
    read_for_a_while(&server, "/api/v1/devices");
    fault_end();
    api_stop(&server);
    start(&server, true);
    make_device(&server, "after", 201, NULL);
    api_remove(&server);
}

static void a_file_size_limit_is_an_error_and_no_signal(void **state)
{
    const char *exchanges = getenv("DATASTREAM_EXCHANGE_LOG");
    struct rlimit kept;
    struct rlimit small;
    struct api_server server;
    char path[80];
    char id[40];

    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    small = (struct rlimit){64 << 10, kept.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    unsetenv("DATASTREAM_EXCHANGE_LOG"); /* it would be too large as well */
    api_restart(&server, NULL);
    if (exchanges != NULL)
        setenv("DATASTREAM_EXCHANGE_LOG", exchanges, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    write_until_refused(&server, id);
    expect_unready(&server, FULL);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    api_check(&server, 200, "GET", path, server.token, NULL);
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_restart(&server, NULL);
    api_check(&server, 200, "GET", path, server.token, NULL);
    make_device(&server, "after", 201, NULL);
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_ends_writing_and_not_the_server),
        cmocka_unit_test(reads_alone_outlive_a_full_disk),
        cmocka_unit_test(a_file_size_limit_is_an_error_and_no_signal),
        cmocka_unit_test(what_is_not_synced_is_not_answered_as_done),
    };
    int file = mkstemp(control);

    if (file < 0)
        return 1;
    close(file);
    unlink(control);
    setenv("DISK_FAULTS", control, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
