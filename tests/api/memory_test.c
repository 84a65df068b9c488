/*
 * Out of memory, in builds with faults: each unary call is made again and again with the n-th
 * allocation of its arenas failing (then the n-th and all later ones), n = 1, 2, 3 ... until it
 * succeeds. Each failure must be a clean error, the server must live, a success in spite of a
 * failed allocation is a failure of this test, and afterwards the store must be whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "harness.h"

#define ALLOCATIONS_MOST 3000
/* A call that goes well so many times in a row has no further allocation to fail. */
#define SUCCESSES 3

static struct api_server server;

struct unary {
    const char *method;
    const char *path;
    const char *body; /* "%d" is the number of the attempt, so that names stay unique */
    int ok;
    const struct api_user *by; /* by a session; NULL: by the token */
    bool by_nobody;
    const char
        *first;      /* a path that is posted to before each attempt, so that they are all alike */
    const char *key; /* Idempotency-Key; "%d" is the number of the attempt */
};

static struct api_reply attempt(const struct unary *unary, int number, bool onward)
{
    static int serial;
    char headers[800], body[256], session[512] = "", key[64] = "";

    if (unary->by != NULL)
        api_user_headers(unary->by, session);
    if (unary->key != NULL)
        snprintf(key, sizeof(key), unary->key, serial);
    snprintf(headers, sizeof(headers), "%s%s%s%sX-Datastream-Fault: %d%s\r\n", session,
             unary->key == NULL ? "" : "Idempotency-Key: ", key, unary->key == NULL ? "" : "\r\n",
             number, onward ? "+" : "");
    if (unary->body != NULL)
        snprintf(body, sizeof(body), unary->body, serial++);
    return api_call(&server, unary->method, unary->path,
                    unary->by != NULL || unary->by_nobody ? NULL : server.token, headers,
                    unary->body == NULL ? NULL : body);
}

/* Whether memory ended after the change, and the answer says so. */
static bool says_stored(const struct unary *unary, const struct api_reply *reply)
{
    return reply->status == 500 && strcmp(unary->method, "GET") != 0 && reply->body != NULL &&
           strstr(reply->body, "\"The change was stored, but ") != NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Two changes of one millisecond have the same time, and the second writes one index less. */
static void wait_for_next_ms(void)
{
    int64_t before = now_ms();

    while (now_ms() == before)
        continue;
}

static void fail_each_allocation(const struct unary *unary, bool onward)
{
    int successes = 0;
    int failures = 0;

    for (int n = 1; successes < SUCCESSES; n++) {
        struct api_reply reply;

        if (unary->first != NULL)
            api_check(&server, 200, "POST", unary->first, server.token, "{}");
        if (strcmp(unary->method, "PATCH") == 0)
            wait_for_next_ms();
        reply = attempt(unary, n, onward);
        assert_true(n < ALLOCATIONS_MOST);
        if (reply.status == unary->ok) {
            successes++;
        } else {
            if (successes > 0)
                fail_msg("%s %s went well in spite of failed allocation %d", unary->method,
                         unary->path, n - successes);
            if (reply.status != 429 && reply.status != 0 && reply.status != 503 &&
                !says_stored(unary, &reply))
                fail_msg("%s %s with allocation %d failing: %d %s", unary->method, unary->path, n,
                         reply.status, reply.body == NULL ? "" : reply.body);
            failures++;
        }
        api_reply_free(&reply);
    }
    print_message("%s %s: %d failing allocations survived\n", unary->method, unary->path, failures);
    assert_true(failures > 0);
}

static void every_unary_call_survives_each_failing_allocation(void **state)
{
    char director[40], role[40], paths[8][96], device[40];
    struct api_reply reply;
    struct unary calls[] = {
        {"GET", paths[0], NULL, 200},
        {"GET", "/api/v1/devices?pageSize=10", NULL, 200},
        {"POST", "/api/v1/devices", paths[6], 201},
        {"PATCH", paths[0], "{\"description\":\"attempt %d\"}", 200},
        {"GET", paths[1], NULL, 200},
        {"PATCH", paths[1], "{\"description\":\"attempt %d\"}", 200},
        {"POST", "/api/v1/api-tokens", paths[7], 201},
        {"GET", "/api/v1/api-tokens?pageSize=5", NULL, 200},
        {"GET", "/api/v1/roles", NULL, 200},
        {"POST", "/api/v1/roles", "{\"name\":\"memory %d\",\"permissions\":[\"devices.read\"]}",
         201},
    };

    (void)state;
    reply = api_expect(&server, 201, "POST", "/api/v1/directors", server.token,
                       "{\"name\":\"remembered\"}");
    api_field(&reply, "id", director, sizeof(director));
    api_reply_free(&reply);
    reply = api_expect(&server, 201, "POST", "/api/v1/devices", server.token,
                       "{\"name\":\"forgetful\"}");
    api_field(&reply, "id", device, sizeof(device));
    api_reply_free(&reply);
    api_role_id(&server, "API Reader", role);
    snprintf(paths[0], sizeof(paths[0]), "/api/v1/devices/%s", device);
    snprintf(paths[1], sizeof(paths[1]), "/api/v1/directors/%s", director);
    snprintf(paths[6], sizeof(paths[6]), "{\"name\":\"memory %%d\",\"directorIds\":[\"%s\"]}",
             director);
    snprintf(paths[7], sizeof(paths[7]), "{\"name\":\"memory %%d\",\"roleId\":\"%s\"}", role);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        fail_each_allocation(&calls[i], false);
        fail_each_allocation(&calls[i], true);
    }
}

static void calls_by_session_survive_each_failing_allocation(void **state)
{
    char sign_in[200], end_all[128];
    struct api_user user;
    struct unary calls[] = {
        {"GET", "/api/v1/session", NULL, 200, &user, false, NULL},
        {"GET", "/api/v1/sessions", NULL, 200, &user, false, NULL},
        {"POST", "/api/v1/devices", "{\"name\":\"by session %d\"}", 201, &user, false, NULL},
        {"POST", "/api/v1/session", sign_in, 200, NULL, true, end_all},
    };

    (void)state;
    api_make_user(&server, "Admin", &user);
    api_sign_in(&server, &user);
    snprintf(sign_in, sizeof(sign_in), "{\"email\":\"%s\",\"password\":\"%s\"}", user.email,
             user.password);
    snprintf(end_all, sizeof(end_all), "/api/v1/users/%s:endSessions", user.id);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        fail_each_allocation(&calls[i], false);
        fail_each_allocation(&calls[i], true);
    }
}

static void calls_with_keys_survive_each_failing_allocation(void **state)
{
    char token[128], role[40];
    const struct unary calls[] = {
        {.method = "POST",
         .path = "/api/v1/devices",
         .body = "{\"name\":\"under a key %d\"}",
         .ok = 201,
         .key = "device-%d"},
        {.method = "POST",
         .path = "/api/v1/api-tokens",
         .body = token,
         .ok = 201,
         .key = "token-%d"},
        /* Answered again, after the first that succeeds. */
        {.method = "POST",
         .path = "/api/v1/devices",
         .body = "{\"name\":\"once\"}",
         .ok = 201,
         .key = "replayed"},
    };

    (void)state;
    api_role_id(&server, "API Reader", role);
    snprintf(token, sizeof(token), "{\"name\":\"under a key %%d\",\"roleId\":\"%s\"}", role);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        fail_each_allocation(&calls[i], false);
        fail_each_allocation(&calls[i], true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unary_call_survives_each_failing_allocation),
        cmocka_unit_test(calls_by_session_survive_each_failing_allocation),
        cmocka_unit_test(calls_with_keys_survive_each_failing_allocation),
    };
    static const char *const flags[] = {"--workers", "1", NULL};
    int failed;

    api_start(&server, flags);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    api_stop(&server);
    failed += api_command(&server, "check") != 0;
    failed += api_command(&server, "verify-audit") != 0;
    api_remove(&server);
    return failed;
}
