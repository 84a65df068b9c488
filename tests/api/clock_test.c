/* A server that is started again with a clock that stands back: what has passed stays past. */
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

static void restart_shifted(struct api_server *server, const char *ms)
{
    const char *library = getenv("CLOCK_SHIFT_LIBRARY");

    assert_non_null(library);
    setenv("CLOCK_SHIFT_MS", ms, 1);
    setenv("LD_PRELOAD", library, 1);
    api_restart(server, NULL);
    unsetenv("LD_PRELOAD");
    unsetenv("CLOCK_SHIFT_MS");
}

static void make_device(const struct api_server *server, const char *name, char id[40])
{
    struct api_reply reply;
    char body[64];

    snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    reply = api_expect(server, 201, "POST", "/api/v1/devices", server->token, body);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

/* A token that lives for 2 s; waits until the server refuses it. */
static void make_expired(const struct api_server *server, char value[64], char path[80])
{
    struct api_reply reply;
    char role[40];
    char time[32];
    char body[256];
    char id[40];

    api_role_id(server, "API Reader", role);
    api_time_ahead(2, time);
    snprintf(body, sizeof(body), "{\"name\":\"short\",\"roleId\":\"%s\",\"expireTime\":\"%s\"}",
             role, time);
    reply = api_expect(server, 201, "POST", "/api/v1/api-tokens", server->token, body);
    api_field(&reply, "token", value, 64);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
    snprintf(path, 80, "/api/v1/api-tokens/%s", id);
    api_await(server, 401, "GET", "/api/v1/devices", value, NULL);
}

static void an_expired_token_stays_expired_when_the_clock_steps_back(void **state)
{
    struct api_server server;
    struct api_reply reply;
    char value[64];
    char path[80];

    (void)state;
    api_start(&server, NULL);
    make_expired(&server, value, path);
    api_stop(&server);
    restart_shifted(&server, "-5000");
    api_check(&server, 401, "GET", "/api/v1/devices", value, NULL);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"status\":\"EXPIRED\""));
    api_reply_free(&reply);
    api_remove(&server);
}

/* Killed, so that only what was stored tells the time. */
static void later_objects_sort_after_earlier_ones_when_the_clock_steps_back(void **state)
{
    struct api_server server;
    char first[40];
    char second[40];

    (void)state;
    api_start(&server, NULL);
    make_device(&server, "first", first);
    api_kill(&server);
    restart_shifted(&server, "-600000");
    make_device(&server, "second", second);
    assert_true(strncmp(first, second, 13) <= 0); /* the milliseconds of a UUIDv7 */
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expired_token_stays_expired_when_the_clock_steps_back),
        cmocka_unit_test(later_objects_sort_after_earlier_ones_when_the_clock_steps_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
