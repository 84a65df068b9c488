/* People who sign in: cookies, forgery, and how sessions end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"
#include "stream_client.h"

#define SESSION "/api/v1/session"
#define DEVICES "/api/v1/devices"

static struct api_server server;

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

static void make_signed_in(const char *role, struct api_user *user)
{
    api_make_user(&server, role, user);
    api_sign_in(&server, user);
}

static struct api_reply sign_in(const char *email, const char *password, const char *headers)
{
    char body[512];

    snprintf(body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
    return api_call(&server, "POST", SESSION, NULL, headers, body);
}

/* -- signing in ------------------------------------------------------------------------------- */

static void a_user_signs_in_and_out(void **state)
{
    struct api_user user;
    struct api_reply reply;
    char line[256];

    (void)state;
    api_make_user(&server, "Admin", &user);
    reply = sign_in(user.email, user.password, NULL);
    assert_int_equal(reply.status, 200);
    api_header(&reply, "set-cookie", line, sizeof(line));
    assert_true(strncmp(line, "datastream=dss_", 15) == 0);
    assert_non_null(strstr(line, "; Path=/; HttpOnly; SameSite=Strict"));
    assert_null(strstr(line, "Secure"));
    assert_null(strstr(line, "Domain"));
    api_header(&reply, "cache-control", line, sizeof(line));
    assert_string_equal(line, "no-store");
    assert_true(api_contains(&reply, user.email));
    assert_true(api_contains(&reply, "\"devices.create\""));
    assert_true(api_contains(&reply, "\"organizationName\":\"Acme\""));
    assert_false(api_contains(&reply, "dss_"));
    api_take_session(&reply, &user);
    api_reply_free(&reply);

    api_check_visit(&server, 200, &user, "GET", SESSION, NULL);
    api_check_visit(&server, 201, &user, "POST", DEVICES, "{\"name\":\"by session\"}");
    reply = api_visit(&server, &user, "GET", "/api/v1/authorization/whoami", NULL);
    assert_true(api_contains(&reply, "\"type\":\"USER\""));
    assert_true(api_contains(&reply, "\"name\":\"A Visitor\""));
    api_reply_free(&reply);

    reply = api_visit(&server, &user, "DELETE", SESSION, NULL);
    assert_int_equal(reply.status, 200);
    api_header(&reply, "set-cookie", line, sizeof(line));
    assert_non_null(strstr(line, "datastream=;"));
    assert_non_null(strstr(line, "Max-Age=0"));
    api_reply_free(&reply);
    api_check_visit(&server, 401, &user, "GET", SESSION, NULL);
}

static void an_address_signs_in_in_any_case(void **state)
{
    struct api_user user;
    struct api_reply reply;

    (void)state;
    api_make_user(&server, "User", &user);
    user.email[0] = 'V';
    reply = sign_in(user.email, user.password, NULL);
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
}

/* The body without what differs from call to call. */
static void keep_body(const struct api_reply *reply, char body[1024])
{
    char *instance;

    snprintf(body, 1024, "%.1023s", reply->body);
    instance = strstr(body, "\"instance\":\"");
    assert_non_null(instance);
    memset(instance + 12, 'x', 36);
}

static void refusals_are_all_the_same(void **state)
{
    struct api_user user, disabled;
    char path[128], first[1024], body[1024];
    struct api_reply reply;

    (void)state;
    api_make_user(&server, "User", &user);
    api_make_user(&server, "User", &disabled);
    snprintf(path, sizeof(path), "/api/v1/users/%s:disable", disabled.id);
    api_check(&server, 200, "POST", path, server.token, "{}");
    reply = sign_in(user.email, "a wrong password", NULL);
    assert_int_equal(reply.status, 401);
    keep_body(&reply, first);
    api_reply_free(&reply);

    const char *const others[][2] = {
        {"nobody@example.com", "a good password"},
        {disabled.email, disabled.password},
        {"no address", "a good password"},
        {"\\u202e", "a good password"},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        reply = sign_in(others[i][0], others[i][1], NULL);
        assert_int_equal(reply.status, 401);
        keep_body(&reply, body);
        assert_string_equal(body, first);
        api_header(&reply, "set-cookie", body, sizeof(body));
        assert_string_equal(body, "");
        api_reply_free(&reply);
    }
}

static void what_is_no_sign_in_is_refused(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"email\":\"x@example.com\"}",
        "{\"email\":\"x@example.com\",\"password\":\"\\ud800 a good one\"}",
        "{\"email\":\"x@example.com\",\"password\":\"a good one\\u0000\"}",
        "{\"email\":\"x@example.com\",\"password\":\"a good password\",\"more\":1}",
    };
    struct api_reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        api_check(&server, 400, "POST", SESSION, NULL, bodies[i]);
    reply = api_call(&server, "POST", SESSION, NULL,
                     "Content-Type: application/x-www-form-urlencoded\r\n",
                     "email=x%40example.com&password=a+good+password");
    assert_int_equal(reply.status, 415);
    api_reply_free(&reply);
}

static void a_page_of_another_origin_signs_nobody_in(void **state)
{
    struct api_user user;
    struct api_reply reply;

    (void)state;
    api_make_user(&server, "User", &user);

    const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Origin: " API_ORIGIN "\r\n", 200},
        {"Origin: http://evil.example\r\n", 403},
        {"Origin: null\r\n", 403},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reply = sign_in(user.email, user.password, cases[i].headers);
        assert_int_equal(reply.status, cases[i].status);
        if (reply.status == 403)
            assert_true(api_contains(&reply, "\"reason\":\"CSRF\""));
        api_reply_free(&reply);
    }
}

static void a_sign_in_ends_the_session_that_it_replaces(void **state)
{
    struct api_user user;
    struct api_user before;
    struct api_reply reply;
    char headers[512];

    (void)state;
    make_signed_in("User", &user);
    before = user;
    snprintf(headers, sizeof(headers), "Cookie: %s\r\n", user.cookie);
    reply = sign_in(user.email, user.password, headers);
    assert_int_equal(reply.status, 200);
    api_take_session(&reply, &user);
    api_reply_free(&reply);
    assert_string_not_equal(user.cookie, before.cookie);
    api_check_visit(&server, 401, &before, "GET", SESSION, NULL);
    api_check_visit(&server, 200, &user, "GET", SESSION, NULL);
}

static void sign_ins_and_refused_ones_are_in_the_users_log(void **state)
{
    struct api_user user;
    char path[128];
    struct api_reply reply;

    (void)state;
    make_signed_in("User", &user);
    for (int i = 0; i < 3; i++) {
        reply = sign_in(user.email, "a wrong password", NULL);
        assert_int_equal(reply.status, 401);
        api_reply_free(&reply);
    }
    api_check_visit(&server, 200, &user, "DELETE", SESSION, NULL);
    snprintf(path, sizeof(path), "/api/v1/users/%s/activity-logs", user.id);
    for (int i = 0; i < 100; i++) { /* refusals are written on the side */
        reply = api_expect(&server, 200, "GET", path, server.token, NULL);
        if (api_contains(&reply, "DeniedSignIn"))
            break;
        api_reply_free(&reply);
        struct timespec pause = {0, 20000000};
        nanosleep(&pause, NULL);
    }
    assert_true(api_contains(&reply, "DeniedSignIn"));
    assert_true(api_contains(&reply, "the password was wrong"));
    assert_true(api_contains(&reply, "\"SignedIn\""));
    assert_true(api_contains(&reply, "\"SignedOut\""));
    snprintf(path, sizeof(path), "\"actor\":\"user:%s\"", user.id);
    assert_true(api_contains(&reply, path));
    assert_false(api_contains(&reply, "a wrong password"));
    api_reply_free(&reply);
}

/* -- what a browser shows --------------------------------------------------------------------- */

static void unsafe_requests_need_origin_and_token(void **state)
{
    struct api_user user, other;
    char headers[512];
    static unsigned made;

    (void)state;
    make_signed_in("Admin", &user);
    make_signed_in("Admin", &other);

    const struct {
        const char *method, *origin, *csrf;
        int status;
    } cases[] = {
        {"POST", API_ORIGIN, user.csrf, 201},
        {"POST", API_ORIGIN, "", 403},
        {"POST", API_ORIGIN, "wrong", 403},
        {"POST", API_ORIGIN, other.csrf, 403},
        {"POST", "null", user.csrf, 403},
        {"POST", "http://127.0.0.1:1", user.csrf, 403},
        {"POST", "", user.csrf, 403},
        {"GET", "", "", 200},
        {"GET", "http://evil.example", "", 200},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_post = strcmp(cases[i].method, "POST") == 0;
        char body[64];
        struct api_reply reply;

        snprintf(body, sizeof(body), "{\"name\":\"forged %u\"}", ++made);
        snprintf(headers, sizeof(headers), "Cookie: %s\r\n%s%s%s%s%s%s", user.cookie,
                 cases[i].origin[0] == '\0' ? "" : "Origin: ", cases[i].origin,
                 cases[i].origin[0] == '\0' ? "" : "\r\n",
                 cases[i].csrf[0] == '\0' ? "" : "X-CSRF-Token: ", cases[i].csrf,
                 cases[i].csrf[0] == '\0' ? "" : "\r\n");
        reply = api_call(&server, cases[i].method, DEVICES, NULL, headers, is_post ? body : NULL);
        if (reply.status != cases[i].status)
            fail_msg("case %zu: %d\n%s", i, reply.status, reply.body);
        if (reply.status == 403)
            assert_true(api_contains(&reply, "\"reason\":\"CSRF\""));
        api_reply_free(&reply);
    }
}

static void the_bearer_alone_counts_beside_a_cookie(void **state)
{
    struct api_user user;
    char headers[512], value[128];
    struct api_reply reply;

    (void)state;
    make_signed_in("User", &user);
    snprintf(headers, sizeof(headers), "Cookie: %s\r\n", user.cookie);
    reply = api_call(&server, "GET", "/api/v1/authorization/whoami", server.token, headers, NULL);
    assert_int_equal(reply.status, 200);
    assert_true(api_contains(&reply, "\"type\":\"TOKEN\""));
    api_reply_free(&reply);
    reply = api_call(&server, "GET", DEVICES, "dsa_wrong", headers, NULL);
    assert_int_equal(reply.status, 401);
    api_reply_free(&reply);
    snprintf(value, sizeof(value), "%s", strchr(user.cookie, '=') + 1);
    api_check(&server, 401, "GET", DEVICES, value, NULL);
    api_check(&server, 200, "GET", DEVICES, server.token, NULL);
}

static void malformed_cookies_are_refused(void **state)
{
    static char headers[9000];
    struct api_user user;
    struct api_reply reply;

    (void)state;
    make_signed_in("User", &user);
    snprintf(headers, sizeof(headers), "Cookie: %s; %s\r\n", user.cookie, user.cookie);
    reply = api_call(&server, "GET", DEVICES, NULL, headers, NULL);
    assert_int_equal(reply.status, 400);
    api_reply_free(&reply);
    snprintf(headers, sizeof(headers), "Cookie: %s; a=%08200d\r\n", user.cookie, 0);
    reply = api_call(&server, "GET", DEVICES, NULL, headers, NULL);
    assert_int_equal(reply.status, 400);
    api_reply_free(&reply);
    snprintf(headers, sizeof(headers), "Cookie: a=b\r\nCookie: %s\r\n", user.cookie);
    reply = api_call(&server, "GET", DEVICES, NULL, headers, NULL);
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
    reply = api_call(&server, "GET", DEVICES, NULL, "Cookie: datastream=nothing\r\n", NULL);
    assert_int_equal(reply.status, 401);
    api_reply_free(&reply);
}

static void tokens_have_no_session(void **state)
{
    struct api_reply reply = api_expect(&server, 403, "GET", SESSION, server.token, NULL);

    (void)state;
    assert_true(api_contains(&reply, "SESSION_REQUIRED"));
    api_reply_free(&reply);
    api_check(&server, 401, "GET", SESSION, NULL, NULL);
}

/* The headers of a client whose cookie is `user`'s, and whose page is of the origin. */
static void expect_from(const struct api_server *other, int status, const struct api_user *user,
                        const char *origin, const char *more)
{
    static unsigned made;
    char headers[640], body[64];
    struct api_reply reply;

    snprintf(headers, sizeof(headers), "Cookie: %s\r\nOrigin: %s\r\nX-CSRF-Token: %s\r\n%s",
             user->cookie, origin, user->csrf, more);
    snprintf(body, sizeof(body), "{\"name\":\"from elsewhere %u\"}", ++made);
    reply = api_call(other, "POST", DEVICES, NULL, headers, body);
    if (reply.status != status)
        fail_msg("%s: %d\n%s", origin, reply.status, reply.body);
    api_reply_free(&reply);
}

static void clients_that_use_https_have_the_guarded_cookie(void **state)
{
    static const struct {
        const char *flags[5];
        const char *origin, *more;
    } cases[] = {
        {{"--public-url", "https://data.example.com", NULL}, "https://data.example.com", ""},
        {{"--trusted-proxies", "127.0.0.1", NULL},
         "https://localhost",
         "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct api_server other;
        struct api_user user;
        struct api_reply reply;
        char body[256], line[256];

        api_start(&other, cases[i].flags);
        api_make_user(&other, "Admin", &user);
        snprintf(body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", user.email,
                 user.password);
        reply = api_call(&other, "POST", SESSION, NULL, cases[i].more, body);
        assert_int_equal(reply.status, 200);
        api_header(&reply, "set-cookie", line, sizeof(line));
        assert_true(strncmp(line, "__Host-datastream=dss_", 22) == 0);
        assert_non_null(strstr(line, "; Path=/; HttpOnly; SameSite=Strict; Secure"));
        api_take_session(&reply, &user);
        api_reply_free(&reply);
        expect_from(&other, 201, &user, cases[i].origin, cases[i].more);
        expect_from(&other, 403, &user, API_ORIGIN, cases[i].more);
        /* Another host could have set the plain cookie. */
        memmove(user.cookie, user.cookie + 7, strlen(user.cookie) - 6);
        expect_from(&other, 401, &user, cases[i].origin, cases[i].more);
        api_remove(&other);
    }
}

/* -- what users may --------------------------------------------------------------------------- */

static void a_sessions_end_bounds_no_token(void **state)
{
    struct api_user user;
    char role[40], body[256];
    struct api_reply reply;

    (void)state;
    make_signed_in("Admin", &user);
    api_role_id(&server, "API Reader", role);
    snprintf(body, sizeof(body), "{\"name\":\"made by a person\",\"roleId\":\"%s\"}", role);
    reply = api_visit(&server, &user, "POST", "/api/v1/api-tokens", body);
    assert_int_equal(reply.status, 201);
    snprintf(body, sizeof(body), "\"createdBy\":\"user:%s\"", user.id);
    assert_true(api_contains(&reply, body));
    api_reply_free(&reply);
}

static void nobody_changes_their_own_role(void **state)
{
    struct api_user user;
    char role[40], path[128], body[128];

    (void)state;
    make_signed_in("Admin", &user);
    api_role_id(&server, "User", role);
    snprintf(path, sizeof(path), "/api/v1/users/%s", user.id);
    snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", role);
    api_check_visit(&server, 403, &user, "PATCH", path, body);
}

static void a_user_is_held_to_the_role(void **state)
{
    struct api_user user;

    (void)state;
    make_signed_in("User", &user);
    api_check_visit(&server, 403, &user, "POST", DEVICES, "{\"name\":\"not mine\"}");
    api_check_visit(&server, 403, &user, "GET", "/api/v1/users", NULL);
    api_check_visit(&server, 404, &user, "GET", "/api/v1/nothing", NULL);
}

/* -- ends ------------------------------------------------------------------------------------- */

static void a_session_ends_by_what_happens_to_the_user(void **state)
{
    static const struct {
        const char *method, *suffix, *body;
        int status;
    } changes[] = {
        {"POST", ":disable", "{}", 200},       {"POST", ":endSessions", "{}", 200},
        {"POST", ":resetPassword", "{}", 200}, {"PATCH", "", "role", 200},
        {"PATCH", "", "email", 200},           {"DELETE", "", NULL, 200},
    };
    char role[40];

    (void)state;
    api_role_id(&server, "Contributor", role);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct api_user user;
        char path[128], body[128];

        make_signed_in("User", &user);
        snprintf(path, sizeof(path), "/api/v1/users/%s%s", user.id, changes[i].suffix);
        if (changes[i].body != NULL && strcmp(changes[i].body, "role") == 0)
            snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", role);
        else if (changes[i].body != NULL && strcmp(changes[i].body, "email") == 0)
            snprintf(body, sizeof(body), "{\"email\":\"moved.%s\"}", user.email);
        else
            snprintf(body, sizeof(body), "{}");
        api_check_visit(&server, 200, &user, "GET", SESSION, NULL);
        api_check(&server, changes[i].status, changes[i].method, path, server.token,
                  changes[i].body == NULL ? NULL : body);
        api_check_visit(&server, 401, &user, "GET", SESSION, NULL);
    }
}

static void a_changed_name_ends_no_session(void **state)
{
    struct api_user user;
    char path[128];

    (void)state;
    make_signed_in("User", &user);
    snprintf(path, sizeof(path), "/api/v1/users/%s", user.id);
    api_check(&server, 200, "PATCH", path, server.token, "{\"name\":\"Another\"}");
    api_check_visit(&server, 200, &user, "GET", SESSION, NULL);
}

static void users_see_and_end_their_own_sessions(void **state)
{
    struct api_user user, second, stranger;
    char path[128], id[40];
    struct api_reply reply;

    (void)state;
    make_signed_in("User", &user);
    second = user;
    api_sign_in(&server, &second);
    make_signed_in("User", &stranger);
    reply = api_visit(&server, &second, "GET", SESSION, NULL);
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    reply = api_visit(&server, &user, "GET", "/api/v1/sessions", NULL);
    assert_int_equal(reply.status, 200);
    assert_true(api_contains(&reply, id));
    assert_true(api_contains(&reply, "\"current\":true"));
    assert_true(api_contains(&reply, "\"sourceIp\":\"127.0.0.1\""));
    assert_false(api_contains(&reply, "dss_"));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/sessions/%s", id);
    api_check_visit(&server, 404, &stranger, "DELETE", path, NULL);
    api_check_visit(&server, 404, &user, "DELETE", "/api/v1/sessions/nothing", NULL);
    api_check_visit(&server, 200, &user, "DELETE", path, NULL);
    api_check_visit(&server, 401, &second, "GET", SESSION, NULL);
    api_check_visit(&server, 404, &user, "DELETE", path, NULL);
    api_check_visit(&server, 200, &user, "GET", SESSION, NULL);
}

static void a_stream_ends_with_its_session(void **state)
{
    struct api_stream *stream;
    struct api_change change;
    struct api_user user;
    char headers[512];

    (void)state;
    make_signed_in("Admin", &user);
    api_user_headers(&user, headers);
    stream = api_stream_open(&server, "/api/v1/changes", NULL, headers, NULL);
    assert_int_equal(stream->status, 200);
    api_check_visit(&server, 200, &user, "DELETE", SESSION, NULL);
    do
        assert_true(api_stream_change(stream, &change));
    while (strcmp(change.type, "ERROR") != 0);
    assert_non_null(strstr(change.text, "16"));
    api_stream_close(stream);
}

/* -- passwords -------------------------------------------------------------------------------- */

static struct api_reply change_password(const struct api_user *user, const char *from,
                                        const char *to)
{
    char body[512];

    snprintf(body, sizeof(body), "{\"currentPassword\":\"%s\",\"newPassword\":\"%s\"}", from, to);
    return api_visit(&server, user, "POST", SESSION ":changePassword", body);
}

static void expect_change(int status, const struct api_user *user, const char *from, const char *to)
{
    struct api_reply reply = change_password(user, from, to);

    if (reply.status != status)
        fail_msg("%d: %s", reply.status, reply.body);
    api_reply_free(&reply);
}

static void a_changed_password_spares_the_session_that_changed_it(void **state)
{
    struct api_user user, other, before;
    struct api_reply reply;

    (void)state;
    make_signed_in("User", &user);
    other = user;
    api_sign_in(&server, &other);
    before = user;
    reply = change_password(&user, user.password, "a better password");
    assert_int_equal(reply.status, 200);
    api_take_session(&reply, &user);
    api_reply_free(&reply);
    api_check_visit(&server, 200, &user, "GET", SESSION, NULL);
    api_check_visit(&server, 401, &other, "GET", SESSION, NULL);
    api_check_visit(&server, 401, &before, "GET", SESSION, NULL);
    reply = sign_in(user.email, "a good password", NULL);
    assert_int_equal(reply.status, 401);
    api_reply_free(&reply);
    reply = sign_in(user.email, "a better password", NULL);
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
}

static void passwords_come_back_only_after_five_others(void **state)
{
    static const char *const used[] = {"a good password", "password number 1", "password number 2",
                                       "password number 3", "password number 4"};
    struct api_user user;
    struct api_reply reply;

    (void)state;
    make_signed_in("User", &user);
    expect_change(400, &user, "a wrong password", "a better password");
    expect_change(400, &user, used[0], used[0]);
    expect_change(400, &user, used[0], "short");
    expect_change(400, &user, used[0], user.email);
    for (size_t i = 1; i < sizeof(used) / sizeof(used[0]); i++) {
        reply = change_password(&user, used[i - 1], used[i]);
        assert_int_equal(reply.status, 200);
        api_take_session(&reply, &user);
        api_reply_free(&reply);
    }
    for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
        expect_change(400, &user, used[4], used[i]);
    reply = change_password(&user, used[4], "password number 5");
    assert_int_equal(reply.status, 200);
    api_take_session(&reply, &user);
    api_reply_free(&reply);
    expect_change(200, &user, "password number 5", used[0]);
}

static void a_one_time_password_must_be_changed_first(void **state)
{
    struct api_user user;
    struct api_reply reply;
    char path[128];

    (void)state;
    api_make_user(&server, "Admin", &user);
    snprintf(path, sizeof(path), "/api/v1/users/%s:resetPassword", user.id);
    reply = api_expect(&server, 200, "POST", path, server.token, "{}");
    api_field(&reply, "oneTimePassword", user.password, sizeof(user.password));
    api_reply_free(&reply);
    api_sign_in(&server, &user);
    reply = api_visit(&server, &user, "GET", SESSION, NULL);
    assert_int_equal(reply.status, 200);
    assert_true(api_contains(&reply, "\"passwordChangeRequired\":true"));
    api_reply_free(&reply);
    reply = api_visit(&server, &user, "GET", DEVICES, NULL);
    assert_int_equal(reply.status, 403);
    assert_true(api_contains(&reply, "PASSWORD_CHANGE_REQUIRED"));
    api_reply_free(&reply);
    api_check_visit(&server, 403, &user, "GET", "/api/v1/sessions", NULL);
    reply = change_password(&user, user.password, "a better password");
    assert_int_equal(reply.status, 200);
    api_take_session(&reply, &user);
    assert_true(api_contains(&reply, "\"passwordChangeRequired\":false"));
    api_reply_free(&reply);
    api_check_visit(&server, 200, &user, "GET", DEVICES, NULL);
}

/* -- time ------------------------------------------------------------------------------------- */

#define MINUTE_MS 60000
#define IDLE_MINUTES 30
#define ABSOLUTE_MINUTES (12 * 60)

/*
 * Waits until the use is stored, which is done on the side: the idle end is then so long after the
 * clock.
 */
static void await_idle_end(const struct api_user *user, int64_t clock_ms)
{
    time_t end = (time_t)(clock_ms / 1000) + IDLE_MINUTES * 60;
    char wanted[64] = "";
    struct tm utc;

    gmtime_r(&end, &utc);
    strftime(wanted, sizeof(wanted), "\"idleEndTime\":\"%Y-%m-%dT%H:%M:%SZ\"", &utc);
    for (int i = 0; i < 3000; i++) {
        struct api_reply reply = api_visit(&server, user, "GET", SESSION, NULL);
        bool is_stored = reply.status == 200 && api_contains(&reply, wanted);

        api_reply_free(&reply);
        if (is_stored)
            return;
        usleep(10000);
    }
    fail_msg("no %s", wanted);
}

/* Last, since time goes on from there: uses move the idle end on, and never the absolute one. */
static void an_unused_session_ends_and_a_used_one_too(void **state)
{
    volatile int64_t *clock_ms;
    struct api_user used, idle;
    int64_t begun;

    (void)state;
    api_stop(&server);
    api_restart_frozen(&server, NULL, &clock_ms);
    begun = *clock_ms;
    make_signed_in("User", &used);
    make_signed_in("User", &idle);
    for (int minutes = 25; minutes < ABSOLUTE_MINUTES; minutes += 25) {
        *clock_ms = begun + minutes * MINUTE_MS;
        if (minutes % 200 == 0) { /* another process knows it all the same */
            api_stop(&server);
            api_restart_frozen(&server, NULL, &clock_ms);
        }
        api_check_visit(&server, 200, &used, "GET", SESSION, NULL);
        if (minutes == 50)
            api_check_visit(&server, 401, &idle, "GET", SESSION, NULL);
        if (minutes + IDLE_MINUTES < ABSOLUTE_MINUTES)
            await_idle_end(&used, *clock_ms);
    }
    *clock_ms = begun + ABSOLUTE_MINUTES * MINUTE_MS + MINUTE_MS;
    api_check_visit(&server, 401, &used, "GET", SESSION, NULL);
}

int main(void)
{
    /* With servers of their own, before the one of all others. */
    const struct CMUnitTest first[] = {
        cmocka_unit_test(clients_that_use_https_have_the_guarded_cookie),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_signs_in_and_out),
        cmocka_unit_test(an_address_signs_in_in_any_case),
        cmocka_unit_test(refusals_are_all_the_same),
        cmocka_unit_test(what_is_no_sign_in_is_refused),
        cmocka_unit_test(a_page_of_another_origin_signs_nobody_in),
        cmocka_unit_test(a_sign_in_ends_the_session_that_it_replaces),
        cmocka_unit_test(sign_ins_and_refused_ones_are_in_the_users_log),
        cmocka_unit_test(unsafe_requests_need_origin_and_token),
        cmocka_unit_test(the_bearer_alone_counts_beside_a_cookie),
        cmocka_unit_test(malformed_cookies_are_refused),
        cmocka_unit_test(tokens_have_no_session),
        cmocka_unit_test(a_sessions_end_bounds_no_token),
        cmocka_unit_test(nobody_changes_their_own_role),
        cmocka_unit_test(a_user_is_held_to_the_role),
        cmocka_unit_test(a_session_ends_by_what_happens_to_the_user),
        cmocka_unit_test(a_changed_name_ends_no_session),
        cmocka_unit_test(users_see_and_end_their_own_sessions),
        cmocka_unit_test(a_stream_ends_with_its_session),
        cmocka_unit_test(a_changed_password_spares_the_session_that_changed_it),
        cmocka_unit_test(passwords_come_back_only_after_five_others),
        cmocka_unit_test(a_one_time_password_must_be_changed_first),
        cmocka_unit_test(an_unused_session_ends_and_a_used_one_too),
    };

    return cmocka_run_group_tests(first, NULL, NULL) + cmocka_run_group_tests(tests, start, stop);
}
