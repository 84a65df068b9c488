/*
 * A server whose log goes into a pipe that nobody reads: it serves on, and hears SIGTERM. And what
 * of a request comes into the log.
 */
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

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

/* What a caller sends in place of one could else forge log lines, or join foreign traces. */
static void only_a_traceparent_that_parses_is_logged(void **state)
{
    static const char *const headers[] = {
        "traceparent: 00-" TRACE "-" PARENT "-01\r\n",
        "traceparent: 00-" TRACE "-" PARENT "-xx\r\n",
        "traceparent: ff-" TRACE "-" PARENT "-01\r\n",
        "traceparent: forged\r\n",
        "traceparent: 00-" TRACE "-" PARENT "-01\r\ntraceparent: 00-" TRACE "-" PARENT "-01\r\n",
    };
    static char lines[65536];
    struct api_server server;
    size_t len = 0;
    ssize_t got;
    int log;

    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    log = start_with_pipe(&server);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct api_reply reply = api_call(&server, "GET", "/api/v1/devices", server.token,
                                          headers[i], NULL);

        assert_int_equal(reply.status, 200);
        assert_null(strstr(reply.head, "traceparent"));
        api_reply_free(&reply);
    }
    api_stop(&server);
    while ((got = read(log, lines + len, sizeof(lines) - 1 - len)) > 0)
        len += (size_t)got;
    close(log);
    lines[len] = '\0';
    assert_non_null(strstr(lines, "\"traceparent\":\"00-" TRACE "-" PARENT "-01\""));
    assert_null(strstr(strstr(lines, "traceparent") + 1, "traceparent"));
    assert_null(strstr(lines, "forged"));
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_nobody_reads_stops_nobody),
        cmocka_unit_test(what_was_lost_is_said),
        cmocka_unit_test(only_a_traceparent_that_parses_is_logged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
