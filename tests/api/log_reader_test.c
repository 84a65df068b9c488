/* A server whose log goes into a pipe that nobody reads: it serves on, and hears SIGTERM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define REQUESTS 10000

/* Starts the server with a pipe for its standard error; returns the pipe's reading end. */
static int start_with_pipe(struct api_server *server)
{
    int kept = dup(STDERR_FILENO);
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    setenv("API_SERVER_LOG", "", 1);
    dup2(ends[1], STDERR_FILENO);
    api_restart(server, NULL);
    dup2(kept, STDERR_FILENO);
    unsetenv("API_SERVER_LOG");
    close(kept);
    close(ends[1]);
    return ends[0];
}

static void request_many(const struct api_server *server)
{
    int fd = api_connect(server);

    for (int i = 0; i < REQUESTS; i++) {
        struct api_reply reply = api_send(fd, "GET", "/api/v1/devices", server->token, NULL, NULL);

        if (reply.status != 200)
            fail_msg("request %d was answered %d", i, reply.status);
        api_reply_free(&reply);
    }
    close(fd);
}

static void a_log_that_nobody_reads_stops_nobody(void **state)
{
    struct api_server server;
    int log;

    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    log = start_with_pipe(&server);
    request_many(&server);
    api_check(&server, 201, "POST", "/api/v1/devices", server.token, "{\"name\":\"written\"}");
    api_stop(&server);
    close(log);
    api_remove(&server);
}

static size_t read_more(int fd, char *text, size_t len, size_t size)
{
    ssize_t got = read(fd, text + len, size - 1 - len);

    assert_true(got > 0);
    text[len + (size_t)got] = '\0';
    return len + (size_t)got;
}

/* Once the log is read again, its reader hears how much is missing. */
static void what_was_lost_is_said(void **state)
{
    static char text[16 << 20];
    struct api_server server;
    size_t len = 0;
    int log;

    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    setenv("DATASTREAM_MAX_LOG_QUEUE_KIB", "128", 1);
    log = start_with_pipe(&server);
    unsetenv("DATASTREAM_MAX_LOG_QUEUE_KIB");
    request_many(&server);
    while (strstr(text, "\"event\":\"log.dropped\"") == NULL)
        len = read_more(log, text, len, sizeof(text));
    api_check(&server, 200, "GET", "/healthz", NULL, NULL);
    close(log);
    api_stop(&server);
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_nobody_reads_stops_nobody),
        cmocka_unit_test(what_was_lost_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
