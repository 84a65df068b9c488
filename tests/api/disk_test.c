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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
