/*
 * The Owner: exactly one, made anew by an operator who has the store to himself. Users are read
 * over REST after each reset, and `check` proves that there is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "harness.h"

#define USERS "/api/v1/users"

static struct api_server server;
static char output[8192];

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
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

/* owner-reset with these flags; its exit code, its words in `output`. */
static int reset(const char *flags)
{
    char command[1024];
    size_t len;
    FILE *pipe;

    snprintf(command, sizeof(command), "exec $DATASTREAMD owner-reset --data-dir %s %s 2>&1",
             server.data, flags);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(output, 1, sizeof(output) - 1, pipe);
    output[len] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static void assert_says(const char *text)
{
    if (strstr(output, text) == NULL)
        fail_msg("\"%s\" is not said: %s", text, output);
}

/* Resets while the server is down. */
static void reset_ok(const char *flags)
{
    api_stop(&server);
    if (reset(flags) != 0)
        fail_msg("owner-reset %s: %s", flags, output);
    assert_int_equal(api_command(&server, "check"), 0);
    api_restart(&server, NULL);
}

/* The only user of the address, and the role that the user must have. */
static void expect_role(const char *email, const char *role, char id[40])
{
    char path[160], wanted[80];
    struct api_reply reply;

    snprintf(path, sizeof(path), USERS "?filter=email%%20%%3D%%20%%22%s%%22", email);
    snprintf(wanted, sizeof(wanted), "\"roleName\":\"%s\"", role);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    if (!api_contains(&reply, wanted))
        fail_msg("%s is not %s: %s", email, role, reply.body);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

/* The organization names that user. */
static void expect_owner(const char *id)
{
    struct api_reply reply = api_expect(&server, 200, "GET", "/api/v1/organization", server.token,
                                        NULL);
    char owner[40];

    api_field(&reply, "ownerId", owner, sizeof(owner));
    assert_string_equal(owner, id);
    api_reply_free(&reply);
}

static void make_user(const char *email)
{
    char role[40], body[512];

    api_role_id(&server, "User", role);
    snprintf(body, sizeof(body), "{\"name\":\"A Person\",\"email\":\"%s\",\"roleId\":\"%s\"}",
             email, role);
    api_check(&server, 201, "POST", USERS, server.token, body);
}

static void the_owner_gets_a_new_password_that_is_printed(void **state)
{
    char id[40], before[40];

    (void)state;
    expect_role("owner@acme.example", "Owner", before);
    reset_ok("--owner-email owner@acme.example");
    assert_says("\"organizationId\":\"");
    assert_says(server.organization);
    assert_says("\"ownerEmail\":\"owner@acme.example\"");
    assert_says("\"ownerPassword\":\"");
    assert_null(strstr(output, server.password));
    expect_role("owner@acme.example", "Owner", id);
    assert_string_equal(id, before);
    expect_owner(id);
}

static void a_user_becomes_owner_and_the_old_one_admin(void **state)
{
    char id[40], old[40], path[160];
    struct api_reply reply;

    (void)state;
    make_user("second@acme.example");
    expect_role("second@acme.example", "User", id);
    snprintf(path, sizeof(path), USERS "/%s:disable", id);
    api_check(&server, 200, "POST", path, server.token, "{}");
    reset_ok("--owner-email Second@acme.example");
    expect_role("second@acme.example", "Owner", id);
    expect_role("owner@acme.example", "Admin", old);
    expect_owner(id);
    snprintf(path, sizeof(path), USERS "/%s", id);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"status\":\"ACTIVE\""));
    assert_true(api_contains(&reply, "\"passwordChangeRequired\":false"));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), USERS "/%s/activity-logs", id);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"action\":\"ResetOwner\""));
    assert_true(api_contains(&reply, "\"actor\":\"system\""));
    api_reply_free(&reply);
}

static void an_unknown_address_makes_a_user(void **state)
{
    char id[40], old[40];

    (void)state;
    reset_ok("--owner-email third@acme.example");
    expect_role("third@acme.example", "Owner", id);
    expect_role("second@acme.example", "Admin", old);
    expect_owner(id);
}

static void a_password_file_is_read_and_not_printed(void **state)
{
    char command[200], flags[200], id[40];

    (void)state;
    snprintf(command, sizeof(command), "umask 077; echo 'a word for owners' > %s/password",
             server.dir);
    assert_int_equal(system(command), 0);
    snprintf(flags, sizeof(flags),
             "--owner-email third@acme.example --owner-password-file %s/password", server.dir);
    reset_ok(flags);
    assert_null(strstr(output, "ownerPassword"));
    expect_role("third@acme.example", "Owner", id);
    snprintf(command, sizeof(command), "echo 'short' > %s/password", server.dir);
    assert_int_equal(system(command), 0);
    api_stop(&server);
    assert_int_equal(reset(flags), 1);
    assert_says("The password must have 10 to 256 characters.");
    api_restart(&server, NULL);
}

static void what_cannot_be_reset_is_said(void **state)
{
    char flags[200];

    (void)state;
    assert_int_equal(reset("--owner-email owner@acme.example"), 3);
    assert_says("is in use by another process");
    api_stop(&server);
    assert_int_equal(reset(""), 1);
    assert_says("The flag --owner-email is required.");
    assert_int_equal(reset("--owner-email nobody"), 1);
    assert_says("must be an e-mail address");
    assert_int_equal(reset("--owner-email a@b.example --organization-id x"), 1);
    assert_says("must be an id");
    assert_int_equal(
        reset("--owner-email a@b.example --organization-id 00000000-0000-7000-8000-000000000009"),
        1);
    assert_says("The store has no organization \"00000000");
    api_add_organization(&server);
    assert_int_equal(reset("--owner-email owner@acme.example"), 1);
    assert_says("name one with --organization-id");
    snprintf(flags, sizeof(flags), "--owner-email owner@acme.example --organization-id %s",
             server.organization);
    assert_int_equal(reset(flags), 0);
    assert_int_equal(api_command(&server, "check"), 0);
    api_restart(&server, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_gets_a_new_password_that_is_printed),
        cmocka_unit_test(a_user_becomes_owner_and_the_old_one_admin),
        cmocka_unit_test(an_unknown_address_makes_a_user),
        cmocka_unit_test(a_password_file_is_read_and_not_printed),
        cmocka_unit_test(what_cannot_be_reset_is_said),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
