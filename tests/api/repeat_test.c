/*
 * Idempotency keys over REST: what a client sends again under the same key is done once, however
 * many send it at the same time, and whatever else is asked under the key is refused.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

#define CLIENTS 6
#define ROUNDS 200

static struct api_server server;

static struct api_reply post(const char *path, const char *key, const char *body)
{
    char headers[512];

    snprintf(headers, sizeof(headers), "Idempotency-Key: %s\r\n", key);
    return api_call(&server, "POST", path, server.token, headers, body);
}

/* A reply whose status must be that one; its id. */
static void take_id(struct api_reply reply, int status, bool replayed, char id[40])
{
    char mark[16];

    if (reply.status != status)
        print_error("%s\n", reply.body == NULL ? "no answer" : reply.body);
    assert_int_equal(reply.status, status);
    api_header(&reply, "idempotency-replayed", mark, sizeof(mark));
    assert_string_equal(mark, replayed ? "true" : "");
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static void a_create_that_is_sent_again_answers_as_the_first(void **state)
{
    struct api_reply reply;
    char first[40], again[40], place[96], wanted[96];

    (void)state;
    take_id(post("/api/v1/devices", "create-1", "{\"name\":\"edge\"}"), 201, false, first);
    reply = post("/api/v1/devices", "create-1", "{ \"name\" : \"edge\" }");
    api_header(&reply, "location", place, sizeof(place));
    snprintf(wanted, sizeof(wanted), "/api/v1/devices/%s", first);
    assert_string_equal(place, wanted);
    take_id(reply, 201, true, again);
    assert_string_equal(first, again);
}

static void another_request_under_a_key_is_422(void **state)
{
    struct api_reply reply;

    (void)state;
    reply = post("/api/v1/devices", "create-1", "{\"name\":\"core\"}");
    assert_int_equal(reply.status, 422);
    assert_true(api_contains(&reply, "IDEMPOTENCY_KEY_REUSED"));
    api_reply_free(&reply);
}

static void an_object_that_was_deleted_since_is_409(void **state)
{
    struct api_reply reply;
    char id[40], path[96];

    (void)state;
    take_id(post("/api/v1/devices", "create-2", "{\"name\":\"gone\"}"), 201, false, id);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    api_check(&server, 200, "DELETE", path, server.token, NULL);
    reply = post("/api/v1/devices", "create-2", "{\"name\":\"gone\"}");
    assert_int_equal(reply.status, 409);
    assert_true(api_contains(&reply, "IDEMPOTENT_RESULT_GONE"));
    api_reply_free(&reply);
}

static void a_token_is_shown_again(void **state)
{
    struct api_reply first, again;
    char value[64], repeated[64], role[40], body[160];

    (void)state;
    api_role_id(&server, "API Reader", role);
    snprintf(body, sizeof(body), "{\"name\":\"reader\",\"roleId\":\"%s\"}", role);
    first = post("/api/v1/api-tokens", "token-1", body);
    again = post("/api/v1/api-tokens", "token-1", body);
    assert_int_equal(again.status, 201);
    api_field(&first, "token", value, sizeof(value));
    api_field(&again, "token", repeated, sizeof(repeated));
    assert_int_equal(strlen(value), 53);
    assert_string_equal(value, repeated);
    api_check(&server, 200, "GET", "/api/v1/devices", repeated, NULL);
    api_reply_free(&first);
    api_reply_free(&again);
}

static void keys_that_are_none_are_400_and_nothing_changes(void **state)
{
    char headers[1024], most[300];
    struct api_reply reply;

    (void)state;
    memset(most, 'k', 256);
    most[256] = '\0';
    for (int i = 0; i < 4; i++) {
        const char *values[] = {"", "two words", most, "a\r\nIdempotency-Key: a"};

        snprintf(headers, sizeof(headers), "Idempotency-Key: %s\r\n", values[i]);
        reply = api_call(&server, "POST", "/api/v1/devices", server.token, headers,
                         "{\"name\":\"never\"}");
        assert_int_equal(reply.status, 400);
        assert_true(api_contains(&reply, "\"Idempotency-Key\""));
        api_reply_free(&reply);
    }
    reply = api_expect(&server, 200, "GET", "/api/v1/devices?filter=name%3D%22never%22",
                       server.token, NULL);
    assert_false(api_contains(&reply, "\"id\""));
    api_reply_free(&reply);
    snprintf(headers, sizeof(headers), "Idempotency-Key: two words\r\n");
    reply = api_call(&server, "GET", "/api/v1/devices", server.token, headers, NULL);
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
}

/* -- many at once ----------------------------------------------------------------------------- */

static pthread_barrier_t barrier;

struct client {
    pthread_t thread;
    char ids[ROUNDS][40];
    bool replayed[ROUNDS];
    int wrong;
};

static void *send_all(void *context)
{
    struct client *client = context;
    int fd = api_connect(&server);

    for (int round = 0; round < ROUNDS; round++) {
        char headers[64], body[64], mark[16];
        struct api_reply reply;

        snprintf(headers, sizeof(headers), "Idempotency-Key: round-%d\r\n", round);
        snprintf(body, sizeof(body), "{\"name\":\"round %d\"}", round);
        pthread_barrier_wait(&barrier);
        reply = api_send(fd, "POST", "/api/v1/devices", server.token, headers, body);
        client->wrong += reply.status != 201;
        if (reply.status != 201)
            print_error("%d: %s\n", reply.status, reply.body == NULL ? "" : reply.body);
        api_field(&reply, "id", client->ids[round], 40);
        api_header(&reply, "idempotency-replayed", mark, sizeof(mark));
        client->replayed[round] = strcmp(mark, "true") == 0;
        api_reply_free(&reply);
    }
    close(fd);
    return NULL;
}

static void of_many_at_once_one_does_it_and_all_get_its_result(void **state)
{
    static struct client clients[CLIENTS];

    (void)state;
    pthread_barrier_init(&barrier, NULL, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i].thread, NULL, send_all, &clients[i]), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    pthread_barrier_destroy(&barrier);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(clients[i].wrong, 0);
    for (int round = 0; round < ROUNDS; round++) {
        int done = 0;

        for (int i = 0; i < CLIENTS; i++) {
            assert_string_equal(clients[i].ids[round], clients[0].ids[round]);
            done += !clients[i].replayed[round];
        }
        assert_int_equal(done, 1);
    }
}

static int start(void **state)
{
    static const char *const flags[] = {"--workers", "2", NULL};

    (void)state;
    api_start(&server, flags);
    return 0;
}

static int end(void **state)
{
    (void)state;
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
    api_remove(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_create_that_is_sent_again_answers_as_the_first),
        cmocka_unit_test(another_request_under_a_key_is_422),
        cmocka_unit_test(an_object_that_was_deleted_since_is_409),
        cmocka_unit_test(a_token_is_shown_again),
        cmocka_unit_test(keys_that_are_none_are_400_and_nothing_changes),
        cmocka_unit_test(of_many_at_once_one_does_it_and_all_get_its_result),
    };

    return cmocka_run_group_tests(tests, start, end);
}
