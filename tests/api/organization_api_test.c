/*
 * The organization's settings over REST, and that a lower maximal token lifetime has no window: no
 * token without an end is created at a revision after the one that set it.
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

#define ORGANIZATION "/api/v1/organization"
#define CREATORS 6
#define ROUNDS 8

static struct api_server server;
static char reader_role[40];

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    api_role_id(&server, "API Reader", reader_role);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
    api_remove(&server);
    return 0;
}

static void settings_are_read_changed_and_kept(void **state)
{
    char etag[64], stale[64], header[96];
    struct api_reply reply = api_expect(&server, 200, "GET", ORGANIZATION, server.token, NULL);

    (void)state;
    assert_true(api_contains(&reply, "\"name\":\"Acme\""));
    assert_true(api_contains(&reply, "\"maximalTokenLifetimeSeconds\":0"));
    assert_true(api_contains(&reply, "\"sessionIdleSeconds\":1800"));
    api_header(&reply, "etag", stale, sizeof(stale));
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "PATCH", ORGANIZATION, server.token,
                       "{\"sessionIdleSeconds\":600,\"defaultTokenExpiration\":\"ONE_WEEK\"}");
    assert_true(api_contains(&reply, "\"sessionIdleSeconds\":600"));
    api_header(&reply, "etag", etag, sizeof(etag));
    api_reply_free(&reply);
    assert_string_not_equal(etag, stale);
    snprintf(header, sizeof(header), "If-Match: %s\r\n", stale);
    reply = api_call(&server, "PATCH", ORGANIZATION, server.token, header, "{\"name\":\"Other\"}");
    assert_int_equal(reply.status, 412);
    api_reply_free(&reply);
    api_stop(&server);
    api_restart(&server, NULL);
    reply = api_expect(&server, 200, "GET", ORGANIZATION, server.token, NULL);
    assert_true(api_contains(&reply, "\"name\":\"Acme\""));
    assert_true(api_contains(&reply, "\"sessionIdleSeconds\":600"));
    assert_true(api_contains(&reply, "\"defaultTokenExpiration\":\"ONE_WEEK\""));
    api_reply_free(&reply);
}

static void wrong_bodies_and_methods_are_refused(void **state)
{
    (void)state;
    api_check(&server, 400, "PATCH", ORGANIZATION, server.token, "{\"sessionIdleSeconds\":\"x\"}");
    api_check(&server, 400, "PATCH", ORGANIZATION, server.token, "{\"minimalPasswordLength\":9}");
    api_check(&server, 400, "PATCH", ORGANIZATION, server.token, "{\"unknown\":1}");
    api_check(&server, 401, "GET", ORGANIZATION, NULL, NULL);
    api_check(&server, 405, "DELETE", ORGANIZATION, server.token, NULL);
    api_check(&server, 404, "GET", ORGANIZATION "/x", server.token, NULL);
}

static void validate_only_changes_nothing(void **state)
{
    struct api_reply reply = api_expect(&server, 200, "PATCH", ORGANIZATION "?validateOnly=true",
                                        server.token, "{\"name\":\"Other\"}");

    (void)state;
    assert_true(api_contains(&reply, "\"name\":\"Other\""));
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "GET", ORGANIZATION, server.token, NULL);
    assert_true(api_contains(&reply, "\"name\":\"Acme\""));
    api_reply_free(&reply);
}

static void a_token_transfers_nothing(void **state)
{
    struct api_reply reply = api_expect(
        &server, 403, "POST", ORGANIZATION ":transferOwnership", server.token,
        "{\"userId\":\"0192f0c1-2345-7000-8000-000000000001\",\"currentPassword\":\"x\"}");

    (void)state;
    assert_true(api_contains(&reply, "owner.transfer"));
    api_reply_free(&reply);
    api_check(&server, 401, "POST", ORGANIZATION ":transferOwnership", NULL, "{}");
}

/* -- the race --------------------------------------------------------------------------------- */

static atomic_bool lowered;
static atomic_ullong limit_revision;
static atomic_int created, refused, wrong;
static atomic_ullong newest; /* revision of a token without an end */

static unsigned long long revision_of(const struct api_reply *reply)
{
    char etag[64];

    api_field(reply, "etag", etag, sizeof(etag));
    return strtoull(etag, NULL, 10);
}

static void note_newest(unsigned long long revision)
{
    unsigned long long seen = atomic_load(&newest);

    while (revision > seen && !atomic_compare_exchange_weak(&newest, &seen, revision))
        continue;
}

static void *create_on(void *context)
{
    const char *prefix = context;
    int fd = api_connect(&server);
    char body[256];

    for (int i = 0, afterwards = 0; fd >= 0 && afterwards < 3; i++) {
        bool was_lowered = atomic_load(&lowered);
        struct api_reply reply;

        snprintf(body, sizeof(body), "{\"name\":\"%s %d\",\"roleId\":\"%s\"}", prefix, i,
                 reader_role);
        reply = api_send(fd, "POST", "/api/v1/api-tokens", server.token, NULL, body);
        if (reply.status == 201) {
            atomic_fetch_add(was_lowered ? &wrong : &created, 1);
            note_newest(revision_of(&reply));
        } else if (reply.status == 400) {
            atomic_fetch_add(&refused, 1);
        }
        afterwards += was_lowered;
        api_reply_free(&reply);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void lower_while_tokens_are_created(int number)
{
    char prefixes[CREATORS][32];
    pthread_t threads[CREATORS];
    struct api_reply reply;
    int before;

    atomic_store(&lowered, false);
    atomic_store(&newest, 0);
    before = atomic_load(&created);
    for (int i = 0; i < CREATORS; i++) {
        snprintf(prefixes[i], sizeof(prefixes[i]), "race %d %d", number, i);
        assert_int_equal(pthread_create(&threads[i], NULL, create_on, prefixes[i]), 0);
    }
    while (atomic_load(&created) < before + 3 * CREATORS)
        usleep(500);
    reply = api_expect(&server, 200, "PATCH", ORGANIZATION, server.token,
                       "{\"maximalTokenLifetimeSeconds\":86400}");
    atomic_store(&limit_revision, revision_of(&reply));
    atomic_store(&lowered, true);
    api_reply_free(&reply);
    for (int i = 0; i < CREATORS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(atomic_load(&newest) > 0);
    assert_true(atomic_load(&newest) < atomic_load(&limit_revision));
    api_check(&server, 200, "PATCH", ORGANIZATION, server.token,
              "{\"maximalTokenLifetimeSeconds\":0}");
}

static void no_token_without_an_end_is_created_after_the_maximum_was_set(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        lower_while_tokens_are_created(i);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_true(atomic_load(&refused) >= 3 * CREATORS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_read_changed_and_kept),
        cmocka_unit_test(wrong_bodies_and_methods_are_refused),
        cmocka_unit_test(validate_only_changes_nothing),
        cmocka_unit_test(a_token_transfers_nothing),
        cmocka_unit_test(no_token_without_an_end_is_created_after_the_maximum_was_set),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
