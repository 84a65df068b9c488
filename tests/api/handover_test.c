/*
 * Handing the organization over in a browser's session: the old Owner signs in, gives the password
 * again, and both users have to sign in anew. Two transfers at once leave one Owner.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define TRANSFER "/api/v1/organization:transferOwnership"

static struct api_server server;
static struct api_user owner; /* who is it now */

static void read_owner_id(char id[40])
{
    struct api_reply reply = api_expect(&server, 200, "GET", "/api/v1/organization", server.token,
                                        NULL);

    api_field(&reply, "ownerId", id, 40);
    api_reply_free(&reply);
}

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    read_owner_id(owner.id);
    snprintf(owner.email, sizeof(owner.email), "owner@acme.example");
    snprintf(owner.password, sizeof(owner.password), "%s", server.password);
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

static void make_body(const struct api_user *to, const char *password, char body[256])
{
    snprintf(body, 256, "{\"userId\":\"%s\",\"currentPassword\":\"%s\"}", to->id, password);
}

static void expect_transfer(int status, const struct api_user *by, const struct api_user *to,
                            const char *password)
{
    char body[256];

    make_body(to, password, body);
    api_check_visit(&server, status, by, "POST", TRANSFER, body);
}

static void expect_role(const struct api_user *user, const char *role)
{
    char path[128], wanted[64];
    struct api_reply reply;

    snprintf(path, sizeof(path), "/api/v1/users/%s", user->id);
    snprintf(wanted, sizeof(wanted), "\"roleName\":\"%s\"", role);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, wanted));
    api_reply_free(&reply);
}

static void the_owner_hands_over_and_both_sign_in_anew(void **state)
{
    struct api_user next;
    char id[40];

    (void)state;
    api_make_user(&server, "Contributor", &next);
    api_sign_in(&server, &next);
    api_sign_in(&server, &owner);
    expect_transfer(400, &owner, &next, "a wrong password");
    expect_transfer(400, &owner, &owner, owner.password);
    expect_transfer(403, &next, &owner, next.password);
    expect_role(&next, "Contributor");
    expect_transfer(200, &owner, &next, owner.password);
    read_owner_id(id);
    assert_string_equal(id, next.id);
    expect_role(&next, "Owner");
    expect_role(&owner, "Admin");
    api_check_visit(&server, 401, &owner, "GET", "/api/v1/session", NULL);
    api_check_visit(&server, 401, &next, "GET", "/api/v1/session", NULL);
    api_sign_in(&server, &owner);
    expect_transfer(403, &owner, &owner, owner.password);
    owner = next;
    api_sign_in(&server, &owner);
}

static void a_transfer_needs_the_token_against_forgery(void **state)
{
    struct api_user next, forged;
    char body[256];

    (void)state;
    api_make_user(&server, "User", &next);
    forged = owner;
    forged.csrf[0] = forged.csrf[0] == 'a' ? 'b' : 'a';
    make_body(&next, owner.password, body);
    api_check_visit(&server, 403, &forged, "POST", TRANSFER, body);
    expect_role(&owner, "Owner");
}

static void the_transfer_is_in_the_audit_log_and_so_is_a_wrong_password(void **state)
{
    struct api_reply reply = api_expect(&server, 200, "GET", "/api/v1/audit-logs?pageSize=100",
                                        server.token, NULL);

    (void)state;
    assert_true(api_contains(&reply, "\"action\":\"TransferredOwnership\""));
    assert_true(api_contains(&reply, "the current password was wrong"));
    api_reply_free(&reply);
}

/* -- two at once ------------------------------------------------------------------------------ */

struct attempt {
    struct api_user to;
    int status;
};

static void *transfer_to(void *context)
{
    struct attempt *attempt = context;
    struct api_reply reply;
    char body[256];

    make_body(&attempt->to, owner.password, body);
    reply = api_visit(&server, &owner, "POST", TRANSFER, body);
    attempt->status = reply.status;
    api_reply_free(&reply);
    return NULL;
}

static void of_two_at_once_one_wins(void **state)
{
    struct attempt attempts[2];
    pthread_t threads[2];
    char id[40];
    int won;

    (void)state;
    for (int i = 0; i < 2; i++)
        api_make_user(&server, "User", &attempts[i].to);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, transfer_to, &attempts[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    won = attempts[0].status == 200 ? 0 : 1;
    assert_int_equal(attempts[won].status, 200);
    assert_int_equal(attempts[1 - won].status, 401);
    read_owner_id(id);
    assert_string_equal(id, attempts[won].to.id);
    expect_role(&attempts[won].to, "Owner");
    expect_role(&attempts[1 - won].to, "User");
    expect_role(&owner, "Admin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_hands_over_and_both_sign_in_anew),
        cmocka_unit_test(a_transfer_needs_the_token_against_forgery),
        cmocka_unit_test(the_transfer_is_in_the_audit_log_and_so_is_a_wrong_password),
        cmocka_unit_test(of_two_at_once_one_wins),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
