/*
 * Failed sign-ins are slowed, on a clock that stands still until the test moves it. Clients come
 * through a trusted proxy, so that each test has sources of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness.h"

#define SESSION "/api/v1/session"
#define WRONG "a wrong password"

static struct api_server server;
static volatile int64_t *clock_ms; /* the server's */
static int source;                 /* of the running test; each request may have another */

static int start(void **state)
{
    static const char *const flags[] = {"--trusted-proxies", "127.0.0.1", NULL};

    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    api_restart_frozen(&server, flags, &clock_ms);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_remove(&server);
    munmap((void *)(uintptr_t)clock_ms, sizeof(*clock_ms));
    return 0;
}

static int next_test(void **state)
{
    (void)state;
    source++;
    return 0;
}

static struct api_reply sign_in(const char *email, const char *password, const char *cookie)
{
    char headers[256];
    char body[256];

    snprintf(headers, sizeof(headers), "X-Forwarded-For: 203.0.113.%d\r\n%s%s%s", source,
             cookie == NULL ? "" : "Cookie: ", cookie == NULL ? "" : cookie,
             cookie == NULL ? "" : "\r\n");
    snprintf(body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
    return api_call(&server, "POST", SESSION, NULL, headers, body);
}

static void expect(int status, const char *email, const char *password, const char *cookie)
{
    struct api_reply reply = sign_in(email, password, cookie);

    if (reply.status != status)
        fail_msg("%d instead of %d: %s", reply.status, status, reply.body);
    api_reply_free(&reply);
}

/* The try is held for so many seconds; keeps the body without what differs from call to call. */
static void expect_held(int seconds, const char *email, const char *password, char body[1024])
{
    struct api_reply reply = sign_in(email, password, NULL);
    char wanted[16];
    char value[32];
    char *instance;

    if (reply.status != 429)
        fail_msg("%d instead of 429: %s", reply.status, reply.body);
    api_header(&reply, "retry-after", value, sizeof(value));
    snprintf(wanted, sizeof(wanted), "%d", seconds);
    assert_string_equal(value, wanted);
    snprintf(body, 1024, "%.1023s", reply.body);
    instance = strstr(body, "\"instance\":\"");
    assert_non_null(instance);
    memset(instance + 12, 'x', 36);
    api_reply_free(&reply);
}

static void an_account_that_is_guessed_at_waits_longer_and_longer(void **state)
{
    static const int seconds[] = {1, 2, 4, 8};
    struct api_user user;
    char known[1024];
    char unknown[1024];

    (void)state;
    api_make_user(&server, "User", &user);
    for (int i = 0; i < 5; i++) {
        expect(401, user.email, WRONG, NULL);
        expect(401, "nobody@example.com", WRONG, NULL);
    }
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        expect_held(seconds[i], user.email, user.password, known);
        expect_held(seconds[i], "nobody@example.com", WRONG, unknown);
        assert_string_equal(known, unknown);
        *clock_ms += seconds[i] * 1000;
        expect(401, user.email, WRONG, NULL);
        expect(401, "Nobody@Example.com", WRONG, NULL);
    }
    *clock_ms += 16000;
    expect(200, user.email, user.password, NULL);
    expect(401, user.email, WRONG, NULL);
}

static void failures_are_forgotten_after_a_quarter_of_an_hour(void **state)
{
    struct api_user user;
    char body[1024];

    (void)state;
    api_make_user(&server, "User", &user);
    for (int i = 0; i < 5; i++)
        expect(401, user.email, WRONG, NULL);
    expect_held(1, user.email, WRONG, body);
    *clock_ms += 15 * 60 * 1000;
    for (int i = 0; i < 5; i++)
        expect(401, user.email, WRONG, NULL);
    expect_held(1, user.email, WRONG, body);
}

/* The cookie of the device in an answer that has two. */
static void device_cookie(const struct api_reply *reply, char cookie[160])
{
    const char *at = strstr(reply->head, "datastream-device=");
    size_t len = at == NULL ? 0 : strcspn(at, ";");

    assert_non_null(at);
    assert_true(len < 160);
    memcpy(cookie, at, len);
    cookie[len] = '\0';
}

static void a_browser_that_signed_in_before_is_not_slowed_by_strangers(void **state)
{
    struct api_user user;
    struct api_user other;
    struct api_reply reply;
    char cookie[160];
    char body[1024];

    (void)state;
    api_make_user(&server, "User", &user);
    api_make_user(&server, "User", &other);
    reply = sign_in(user.email, user.password, NULL);
    assert_int_equal(reply.status, 200);
    device_cookie(&reply, cookie);
    api_reply_free(&reply);
    for (int i = 0; i < 5; i++) {
        expect(401, user.email, WRONG, NULL);
        expect(401, other.email, WRONG, NULL);
    }
    expect_held(1, user.email, user.password, body);
    expect(200, user.email, user.password, cookie);
    expect(429, other.email, other.password, cookie); /* which is another user's */
    for (int i = 0; i < 5; i++)
        expect(401, user.email, WRONG, cookie);
    expect(429, user.email, user.password, cookie);
    *clock_ms += 1000;
    expect(200, user.email, user.password, cookie);
}

static struct api_reply change_password(const struct api_user *user, const char *current)
{
    char body[256];

    snprintf(body, sizeof(body),
             "{\"currentPassword\":\"%s\",\"newPassword\":\"a better password\"}", current);
    return api_visit(&server, user, "POST", SESSION ":changePassword", body);
}

/* Whoever found a browser that is signed in does not find the password by it. */
static void the_current_password_is_not_guessed_by_a_session(void **state)
{
    struct api_user user;
    struct api_reply reply;

    (void)state;
    api_make_user(&server, "User", &user);
    for (int i = 0; i < 6; i++)
        expect(i < 5 ? 401 : 429, user.email, WRONG, NULL); /* strangers hold nobody here */
    *clock_ms += 1000;
    api_sign_in(&server, &user);
    for (int i = 0; i < 5; i++) {
        reply = change_password(&user, WRONG);
        assert_int_equal(reply.status, 400);
        api_reply_free(&reply);
    }
    reply = change_password(&user, user.password);
    assert_int_equal(reply.status, 429);
    api_reply_free(&reply);
    *clock_ms += 1000;
    reply = change_password(&user, user.password);
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
}

static void a_source_that_tries_many_accounts_is_held(void **state)
{
    struct api_user user;
    char email[64];
    char body[1024];

    (void)state;
    api_make_user(&server, "User", &user);
    for (int i = 0; i < 30; i++) {
        snprintf(email, sizeof(email), "somebody%d@example.com", i);
        expect(401, email, WRONG, NULL);
    }
    expect_held(15 * 60, user.email, user.password, body);
    source++;
    expect(200, user.email, user.password, NULL);
    source--;
    *clock_ms += 15 * 60 * 1000;
    expect(200, user.email, user.password, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_account_that_is_guessed_at_waits_longer_and_longer, next_test),
        cmocka_unit_test_setup(failures_are_forgotten_after_a_quarter_of_an_hour, next_test),
        cmocka_unit_test_setup(a_browser_that_signed_in_before_is_not_slowed_by_strangers,
                               next_test),
        cmocka_unit_test_setup(the_current_password_is_not_guessed_by_a_session, next_test),
        cmocka_unit_test_setup(a_source_that_tries_many_accounts_is_held, next_test),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
