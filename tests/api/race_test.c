/*
 * Revocation has no window: while many connections use a token, it is disabled, regenerated, loses
 * its role's permission or is deleted; a request that was sent after the answer to that change
 * arrived is never let in on the old state.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

#define READERS 8
#define ROUNDS 25

static struct api_server server;

/* One round: readers send while `revoked` is false, and note what they sent after it became true.
 */
struct round {
    char token[64];
    int refused;         /* the status that they must see afterwards */
    atomic_bool revoked; /* set after the change's answer arrived */
    atomic_int before;   /* let in before the change */
    atomic_int wrong;    /* let in although sent after it */
    atomic_int after;    /* refused after it */
};

static void *read_on(void *context)
{
    struct round *round = context;
    int fd = api_connect(&server);

    for (int afterwards = 0; fd >= 0 && afterwards < 5;) {
        bool revoked = atomic_load(&round->revoked);
        struct api_reply reply = api_send(fd, "GET", "/api/v1/devices?pageSize=1", round->token,
                                          NULL, NULL);

        if (revoked) {
            afterwards++;
            atomic_fetch_add(reply.status == round->refused ? &round->after : &round->wrong, 1);
        } else if (reply.status == 200) {
            atomic_fetch_add(&round->before, 1);
        }
        api_reply_free(&reply);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void run_round(struct round *round, const char *method, const char *path, const char *body)
{
    pthread_t threads[READERS];

    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, round), 0);
    while (atomic_load(&round->before) < READERS)
        usleep(100); /* every cache has the token */
    api_check(&server, 200, method, path, server.token, body);
    atomic_store(&round->revoked, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&round->wrong), 0);
    assert_int_equal(atomic_load(&round->after), READERS * 5);
}

static void make_role(int number, char id[40])
{
    char body[128];
    struct api_reply reply;

    snprintf(body, sizeof(body), "{\"name\":\"racer %d\",\"permissions\":[\"devices.read\"]}",
             number);
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token, body);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static void nothing_is_let_in_on_an_old_state(void **state)
{
    static const struct {
        const char *method, *suffix, *body;
        int refused;
        bool on_role;
    } changes[] = {
        {"POST", ":disable", "{}", 401, false},
        {"POST", ":regenerate", "{}", 401, false},
        {"DELETE", "", NULL, 401, false},
        {"PATCH", "", "{\"permissions\":[\"directors.read\"]}", 403, true},
    };

    (void)state;
    api_start(&server, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        size_t c = (size_t)i % (sizeof(changes) / sizeof(changes[0]));
        struct round round = {.refused = changes[c].refused};
        char role[40], id[40], name[32], path[120];

        make_role(i, role);
        snprintf(name, sizeof(name), "racer %d", i);
        api_make_token(&server, server.token, name, role, round.token, id);
        snprintf(path, sizeof(path), "/api/v1/%s/%s%s", changes[c].on_role ? "roles" : "api-tokens",
                 changes[c].on_role ? role : id, changes[c].suffix);
        run_round(&round, changes[c].method, path, changes[c].body);
    }
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_let_in_on_an_old_state)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
