/* Users over REST: creating, changing and guarding them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

#define USERS "/api/v1/users"

static struct api_server server;
static unsigned made;

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    api_add_organization(&server);
    api_restart(&server, NULL);
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

static void user_path(char path[160], const char *id, const char *suffix)
{
    snprintf(path, 160, USERS "/%s%s", id, suffix);
}

/* A user of the predefined role, with an address of its own; the id. */
static void make_user(const char *role_name, char id[40], char email[64])
{
    char role[40], body[512];
    struct api_reply reply;

    api_role_id(&server, role_name, role);
    snprintf(email, 64, "person%u@example.com", ++made);
    snprintf(body, sizeof(body), "{\"name\":\"A Person\",\"email\":\"%s\",\"roleId\":\"%s\"}",
             email, role);
    reply = api_expect(&server, 201, "POST", USERS, server.token, body);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static void expect_user(int status, const char *token, const char *name, const char *email,
                        const char *role_name, const char *password)
{
    char role[40], body[4096];

    api_role_id(&server, role_name, role);
    snprintf(body, sizeof(body),
             "{\"name\":\"%s\",\"email\":\"%s\",\"roleId\":\"%s\",\"password\":\"%s\"}", name,
             email, role, password);
    api_check(&server, status, "POST", USERS, token, body);
}

static void a_user_without_a_password_gets_one_that_is_shown_once(void **state)
{
    char id[40], path[160], password[64], role[40];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "Contributor", role);
    snprintf(path, sizeof(path),
             "{\"name\":\"Ada Ray\",\"email\":\"ada@example.com\",\"roleId\":\"%s\"}", role);
    reply = api_expect(&server, 201, "POST", USERS, server.token, path);
    api_field(&reply, "oneTimePassword", password, sizeof(password));
    assert_int_equal(strlen(password), 23);
    assert_true(api_contains(&reply, "\"passwordChangeRequired\":true"));
    assert_true(api_contains(&reply, "\"roleName\":\"Contributor\""));
    assert_true(api_contains(&reply, "\"status\":\"ACTIVE\""));
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    user_path(path, id, "");
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_false(api_contains(&reply, password));
    assert_false(api_contains(&reply, "oneTimePassword"));
    api_reply_free(&reply);
    user_path(path, id, "/activity-logs");
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "CreatedUser"));
    assert_false(api_contains(&reply, password));
    api_reply_free(&reply);
}

static void an_address_is_one_users_in_the_whole_installation(void **state)
{
    char id[40], email[64], path[160], body[256];
    struct api_reply reply;

    (void)state;
    make_user("User", id, email);
    expect_user(409, server.token, "Another", "PERSON1@Example.com", "User", "a good password");
    expect_user(409, server.second, "A stranger", email, "User", "a good password");
    user_path(path, id, "");
    snprintf(body, sizeof(body), "{\"email\":\"moved.%s\"}", email);
    reply = api_expect(&server, 200, "PATCH", path, server.token, body);
    assert_true(api_contains(&reply, "moved."));
    api_reply_free(&reply);
    expect_user(201, server.second, "A stranger", email, "User", "a good password");
    api_check(&server, 404, "GET", path, server.second, NULL);
}

static void names_may_repeat(void **state)
{
    (void)state;
    expect_user(201, server.token, "Ben", "ben1@example.com", "User", "a good password");
    expect_user(201, server.token, "Ben", "ben2@example.com", "User", "a good password");
}

static void passwords_that_are_easily_guessed_are_refused(void **state)
{
    static const char *const passwords[] = {"short", "Eve.Someone@Example.com", "EVE.SOMEONE",
                                            "password123", "1Qaz2Wsx3Edc"};
    char longest[300];

    (void)state;
    for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++)
        expect_user(400, server.token, "Eve", "eve.someone@example.com", "User", passwords[i]);
    memset(longest, 'x', sizeof(longest));
    longest[257] = '\0';
    expect_user(400, server.token, "Eve", "eve.someone@example.com", "User", longest);
    longest[256] = '\0';
    expect_user(201, server.token, "Eve", "eve.someone@example.com", "User", longest);
}

static void what_is_no_user_is_refused(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"name\":\"\",\"email\":\"x@example.com\"}",
        "{\"name\":\"Eve\",\"email\":\"nowhere\"}",
        "{\"name\":\"Eve\",\"email\":\"x@example.com\",\"roleId\":\"nothing\"}",
        "{\"name\":\"Eve\",\"email\":\"x@example.com\",\"password\":\"\\ud800 a good one\"}",
        "{\"name\":\"Eve\",\"email\":\"x@example.com\",\"password\":\"a good one\\u0000\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        api_check(&server, 400, "POST", USERS, server.token, bodies[i]);
    expect_user(400, server.token, "Eve", "x@example.com", "Owner", "a good password");
    expect_user(400, server.token, "Eve", "x@example.com", "API Reader", "a good password");
}

static void a_user_who_is_disabled_is_enabled_again(void **state)
{
    char id[40], email[64], path[160];
    struct api_reply reply;

    (void)state;
    make_user("User", id, email);
    for (int i = 0; i < 2; i++) {
        user_path(path, id, ":disable");
        reply = api_expect(&server, 200, "POST", path, server.token, "{}");
        assert_true(api_contains(&reply, "\"status\":\"DISABLED\""));
        api_reply_free(&reply);
    }
    user_path(path, id, ":enable");
    reply = api_expect(&server, 200, "POST", path, server.token, "{}");
    assert_true(api_contains(&reply, "\"status\":\"ACTIVE\""));
    api_reply_free(&reply);
    user_path(path, id, ":endSessions");
    api_check(&server, 200, "POST", path, server.token, "{}");
}

static void a_reset_shows_a_password_that_must_be_changed(void **state)
{
    char id[40], email[64], path[160], password[64];
    struct api_reply reply;

    (void)state;
    make_user("User", id, email);
    user_path(path, id, ":resetPassword");
    reply = api_expect(&server, 200, "POST", path, server.token, "{}");
    api_field(&reply, "oneTimePassword", password, sizeof(password));
    assert_int_equal(strlen(password), 23);
    assert_true(api_contains(&reply, "\"passwordChangeRequired\":true"));
    api_reply_free(&reply);
}

static void a_patch_changes_what_it_names_and_no_password(void **state)
{
    char id[40], email[64], path[160], role[40], body[128];
    struct api_reply reply;

    (void)state;
    make_user("User", id, email);
    user_path(path, id, "");
    reply = api_expect(&server, 200, "PATCH", path, server.token,
                       "{\"name\":\"Another Person\",\"timezone\":\"Europe/Berlin\"}");
    assert_true(api_contains(&reply, "Another Person"));
    assert_true(api_contains(&reply, email));
    api_reply_free(&reply);
    api_check(&server, 400, "PATCH", path, server.token, "{\"password\":\"a good password\"}");
    api_check(&server, 400, "PATCH", path, server.token, "{\"timezone\":\"no zone\"}");
    api_role_id(&server, "Owner", role);
    snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", role);
    api_check(&server, 400, "PATCH", path, server.token, body);
    api_role_id(&server, "Admin", role);
    snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", role);
    reply = api_expect(&server, 200, "PATCH", path, server.token, body);
    assert_true(api_contains(&reply, "\"roleName\":\"Admin\""));
    api_reply_free(&reply);
}

/* A token whose custom role has these permissions; its value. */
static void token_with(const char *name, const char *permissions, char value[64])
{
    char id[40], role[40], body[512];
    struct api_reply reply;

    snprintf(body, sizeof(body), "{\"name\":\"%s\",\"permissions\":[%s]}", name, permissions);
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token, body);
    api_field(&reply, "id", role, sizeof(role));
    api_reply_free(&reply);
    api_make_token(&server, server.token, name, role, value, id);
}

static void nobody_touches_a_user_who_may_do_more(void **state)
{
    static const char *const actions[] = {":disable", ":enable", ":resetPassword", ":endSessions"};
    char id[40], email[64], path[160], token[64];
    struct api_reply reply;

    (void)state;
    make_user("Admin", id, email);
    token_with("user editor", "\"users.read\",\"users.edit\",\"users.create\",\"users.delete\"",
               token);
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        user_path(path, id, actions[i]);
        reply = api_expect(&server, 403, "POST", path, token, "{}");
        assert_true(api_contains(&reply, "MINT_GUARD"));
        api_reply_free(&reply);
    }
    user_path(path, id, "");
    api_check(&server, 403, "PATCH", path, token, "{\"name\":\"Mine\"}");
    api_check(&server, 403, "DELETE", path, token, NULL);
    expect_user(403, token, "Mine", "mine@example.com", "Admin", "a good password");
    api_check(&server, 200, "DELETE", path, server.token, NULL);
    api_check(&server, 404, "GET", path, server.token, NULL);
    user_path(path, id, "/activity-logs");
    api_check(&server, 200, "GET", path, server.token, NULL);
}

static void a_change_of_the_role_needs_the_permission_to_create(void **state)
{
    char id[40], email[64], path[160], token[64], nothing[40], body[160];
    struct api_reply reply;

    (void)state;
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token,
                       "{\"name\":\"looks on\",\"permissions\":[\"users.read\"]}");
    api_field(&reply, "id", nothing, sizeof(nothing));
    api_reply_free(&reply);
    token_with("edits alone", "\"users.read\",\"users.edit\"", token);
    snprintf(body, sizeof(body),
             "{\"name\":\"Low\",\"email\":\"low@example.com\",\"roleId\":\"%s\"}", nothing);
    reply = api_expect(&server, 201, "POST", USERS, server.token, body);
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    user_path(path, id, "");
    api_check(&server, 200, "PATCH", path, token, "{\"title\":\"Observer\"}");
    api_role_id(&server, "User", email);
    snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", email);
    reply = api_expect(&server, 403, "PATCH", path, token, body);
    assert_true(api_contains(&reply, "users.create"));
    api_reply_free(&reply);
}

static void a_role_that_a_user_has_stays(void **state)
{
    char role[40], id[40], path[160], body[200], value[64], token_id[40];
    struct api_reply reply;

    (void)state;
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token,
                       "{\"name\":\"held by a user\",\"permissions\":[\"devices.read\"]}");
    api_field(&reply, "id", role, sizeof(role));
    api_reply_free(&reply);
    snprintf(body, sizeof(body),
             "{\"name\":\"Holder\",\"email\":\"holder@example.com\",\"roleId\":\"%s\"}", role);
    reply = api_expect(&server, 201, "POST", USERS, server.token, body);
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/roles/%s", role);
    api_make_token(&server, server.token, "holder", role, value, token_id);
    reply = api_expect(&server, 409, "DELETE", path, server.token, NULL);
    assert_true(api_contains(&reply, "used by 2 other objects (api-tokens: 1, users: 1)."));
    api_reply_free(&reply);
    api_check(&server, 400, "PATCH", path, server.token, "{\"assignableTo\":\"TOKENS\"}");
    snprintf(path, sizeof(path), "/api/v1/roles/%s:usage", role);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, id));
    api_reply_free(&reply);
}

static void a_bounded_token_makes_no_user_and_sets_no_password(void **state)
{
    char id[40], email[64], path[160], role[40], value[64], body[256];
    struct api_reply reply;

    (void)state;
    make_user("User", id, email);
    api_role_id(&server, "API Administrator", role);
    snprintf(body, sizeof(body),
             "{\"name\":\"for a day\",\"roleId\":\"%s\",\"expiration\":\"TWENTY_FOUR_HOURS\"}",
             role);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    expect_user(403, value, "Lasting", "lasting@example.com", "User", "a good password");
    user_path(path, id, ":resetPassword");
    api_check(&server, 403, "POST", path, value, "{}");
    user_path(path, id, "");
    api_check(&server, 403, "PATCH", path, value, "{\"email\":\"mine@example.com\"}");
    api_check(&server, 200, "PATCH", path, value, "{\"name\":\"Renamed\"}");
    user_path(path, id, ":disable");
    api_check(&server, 200, "POST", path, value, "{}");
    user_path(path, id, ":enable");
    api_check(&server, 403, "POST", path, value, "{}");
}

/* The first user of the list: the one that came with the organization. */
static void nobody_disables_or_deletes_the_owner(void **state)
{
    char id[40], path[160], role[40], body[128];
    struct api_reply reply = api_expect(&server, 200, "GET", USERS "?pageSize=1", server.token,
                                        NULL);

    (void)state;
    assert_true(api_contains(&reply, "\"roleName\":\"Owner\""));
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    user_path(path, id, ":disable");
    reply = api_expect(&server, 400, "POST", path, server.token, "{}");
    assert_true(api_contains(&reply, "\"OWNER\""));
    api_reply_free(&reply);
    user_path(path, id, "");
    api_check(&server, 400, "DELETE", path, server.token, NULL);
    api_check(&server, 403, "PATCH", path, server.token, "{\"name\":\"Somebody\"}");
    api_role_id(&server, "User", role);
    snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", role);
    api_check(&server, 400, "PATCH", path, server.token, body);
    user_path(path, id, ":resetPassword");
    api_check(&server, 403, "POST", path, server.token, "{}");
}

static void users_are_listed_in_pages(void **state)
{
    char token[512], path[700];
    struct api_reply reply = api_expect(&server, 200, "GET", USERS "?pageSize=2", server.token,
                                        NULL);

    (void)state;
    api_field(&reply, "nextPageToken", token, sizeof(token));
    assert_true(token[0] != '\0');
    api_reply_free(&reply);
    snprintf(path, sizeof(path), USERS "?pageSize=2&pageToken=%s", token);
    api_check(&server, 200, "GET", path, server.token, NULL);
}

/* -- signing in while the user goes ------------------------------------------------------------ */

#define LEAVING 24

static void *sign_in_once(void *context)
{
    const struct api_user *user = context;
    struct api_reply reply;
    char body[256];

    snprintf(body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", user->email,
             user->password);
    reply = api_call(&server, "POST", "/api/v1/session", NULL, NULL, body);
    if (reply.status != 200 && reply.status != 401)
        print_error("%d: %s\n", reply.status, reply.body == NULL ? "" : reply.body);
    api_reply_free(&reply);
    return NULL;
}

/*
 * The moments of the deletes lie all over the time that a sign-in takes. `check` sees what is left.
 */
static void a_user_who_is_deleted_while_signing_in_leaves_no_session(void **state)
{
    static struct api_user users[LEAVING];
    struct timespec begin, end;
    useconds_t takes;

    (void)state;
    for (int i = 0; i < LEAVING; i++)
        api_make_user(&server, "User", &users[i]);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    sign_in_once(&users[0]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    takes = (useconds_t)((end.tv_sec - begin.tv_sec) * 1000000 +
                         (end.tv_nsec - begin.tv_nsec) / 1000);
    for (int i = 0; i < LEAVING; i++) {
        char path[96];
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, sign_in_once, &users[i]), 0);
        usleep(takes * (useconds_t)i / LEAVING);
        snprintf(path, sizeof(path), "/api/v1/users/%.40s", users[i].id);
        api_check(&server, 200, "DELETE", path, server.token, NULL);
        pthread_join(thread, NULL);
    }
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_restart(&server, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_one_users_in_the_whole_installation),
        cmocka_unit_test(a_user_without_a_password_gets_one_that_is_shown_once),
        cmocka_unit_test(names_may_repeat),
        cmocka_unit_test(passwords_that_are_easily_guessed_are_refused),
        cmocka_unit_test(what_is_no_user_is_refused),
        cmocka_unit_test(a_user_who_is_disabled_is_enabled_again),
        cmocka_unit_test(a_reset_shows_a_password_that_must_be_changed),
        cmocka_unit_test(a_patch_changes_what_it_names_and_no_password),
        cmocka_unit_test(nobody_touches_a_user_who_may_do_more),
        cmocka_unit_test(a_change_of_the_role_needs_the_permission_to_create),
        cmocka_unit_test(a_role_that_a_user_has_stays),
        cmocka_unit_test(a_bounded_token_makes_no_user_and_sets_no_password),
        cmocka_unit_test(nobody_disables_or_deletes_the_owner),
        cmocka_unit_test(users_are_listed_in_pages),
        cmocka_unit_test(a_user_who_is_deleted_while_signing_in_leaves_no_session),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
