/*
 * Revocation has no window: while many connections use a token, it is disabled, regenerated, loses
 * its role's permission or is deleted; while they use a session, its user signs out, is disabled or
 * deleted, or gets another role, address or password. A request that was sent after the answer to
 * that change arrived is never let in on the old state.
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
    char token[64];      /* empty: `headers` have a session */
    char headers[512];   /* empty: none */
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
        struct api_reply reply = api_send(fd, "GET", "/api/v1/devices?pageSize=1",
                                          round->token[0] == '\0' ? NULL : round->token,
                                          round->headers[0] == '\0' ? NULL : round->headers, NULL);

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

/* `by` changes it by a session; NULL: by the first token. */
static void run_round(struct round *round, const struct api_user *by, const char *method,
                      const char *path, const char *body)
{
    pthread_t threads[READERS];

    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, round), 0);
    while (atomic_load(&round->before) < READERS)
        usleep(100); /* every cache has the token */
    if (by == NULL)
        api_check(&server, 200, method, path, server.token, body);
    else
        api_check_visit(&server, 200, by, method, path, body);
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
        run_round(&round, NULL, changes[c].method, path, changes[c].body);
    }
    api_remove(&server);
}

static void no_session_outlives_its_end(void **state)
{
    static const struct {
        bool own; /* by the session itself, or by another one of the user's where it has a body */
        const char *method, *path, *body;
    } changes[] = {
        {true, "DELETE", "/api/v1/session", NULL},
        {true, "POST", "/api/v1/session:changePassword",
         "{\"currentPassword\":\"a good password\",\"newPassword\":\"another password\"}"},
        {false, "POST", "/api/v1/users/%s:disable", "{}"},
        {false, "POST", "/api/v1/users/%s:endSessions", "{}"},
        {false, "PATCH", "/api/v1/users/%s", "role"},
        {false, "PATCH", "/api/v1/users/%s", "{\"email\":\"moved.%s\"}"},
        {false, "DELETE", "/api/v1/users/%s", NULL},
    };
    char role[40];

    (void)state;
    api_start(&server, NULL);
    api_role_id(&server, "Contributor", role);
    for (int i = 0; i < ROUNDS; i++) {
        size_t c = (size_t)i % (sizeof(changes) / sizeof(changes[0]));
        bool has_body = changes[c].body != NULL;
        struct round round = {.refused = 401};
        char path[120], body[160] = "";
        struct api_user user, other;

        api_make_user(&server, "Admin", &user);
        api_sign_in(&server, &user);
        api_user_headers(&user, round.headers);
        other = user;
        if (changes[c].own && has_body)
            api_sign_in(&server, &other);
        snprintf(path, sizeof(path), changes[c].path, user.id);
        if (has_body && strcmp(changes[c].body, "role") == 0)
            snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", role);
        else if (has_body)
            snprintf(body, sizeof(body), changes[c].body, user.email);
        run_round(&round, changes[c].own ? &other : NULL, changes[c].method, path,
                  has_body ? body : NULL);
    }
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_let_in_on_an_old_state),
                                       cmocka_unit_test(no_session_outlives_its_end)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
