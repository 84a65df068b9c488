/*
 * Token introspection (RFC 7662) over REST: who may ask and how, what an answer holds, and that
 * whatever does not work is answered with exactly the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define INTROSPECT "/api/v1/oauth2/introspect"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define INACTIVE "{\"active\":false}"

static struct api_server server;
static char verifier[64], verifier_id[40]; /* may ask, and nothing else */
static char reader[64], reader_id[40];
static char reader_role[40];

static int start(void **state)
{
    char role[40];

    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    api_add_organization(&server);
    api_restart(&server, NULL);
    api_role_id(&server, "API Verifier", role);
    api_role_id(&server, "API Reader", reader_role);
    api_make_token(&server, server.token, "a verifier", role, verifier, verifier_id);
    api_make_token(&server, server.token, "a reader", reader_role, reader, reader_id);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_remove(&server);
    return 0;
}

static struct api_reply ask(const char *token, const char *headers, const char *form)
{
    return api_call(&server, "POST", INTROSPECT, token, headers, form);
}

static void expect_inactive(const char *value, const char *more)
{
    char form[2048];
    struct api_reply reply;

    snprintf(form, sizeof(form), "token=%s%s", value, more);
    reply = ask(verifier, FORM, form);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, INACTIVE);
    api_reply_free(&reply);
}

static void expect_status(int status, const char *token, const char *headers, const char *form)
{
    struct api_reply reply = ask(token, headers, form);

    if (reply.status != status)
        fail_msg("%s: wanted %d, got %d: %s", form, status, reply.status, reply.body);
    api_reply_free(&reply);
}

/* -- base64 ----------------------------------------------------------------------------------- */

/* A header line of Basic for the id and the value. */
static void basic(const char *id, const char *value, char line[256])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char pair[160];
    size_t len = (size_t)snprintf(pair, sizeof(pair), "%s:%s", id, value);
    size_t at = (size_t)snprintf(line, 256, "Authorization: Basic ");

    for (size_t i = 0; i < len; i += 3) {
        size_t rest = len - i < 3 ? len - i : 3;
        unsigned long bits = (unsigned long)(unsigned char)pair[i] << 16;

        if (rest > 1)
            bits |= (unsigned long)(unsigned char)pair[i + 1] << 8;
        if (rest > 2)
            bits |= (unsigned long)(unsigned char)pair[i + 2];
        for (size_t k = 0; k < 4; k++)
            line[at++] = k <= rest ? digits[bits >> (18 - 6 * k) & 63] : '=';
    }
    snprintf(line + at, 256 - at, "\r\n" FORM);
}

/* -- answers ---------------------------------------------------------------------------------- */

static void an_active_token_is_told_by_the_names_of_oauth(void **state)
{
    char form[256], wanted[128], cache[32];
    struct api_reply reply;

    (void)state;
    snprintf(form, sizeof(form), "token=%s&token_type_hint=access_token&unknown=1&unknown=2",
             reader);
    reply = ask(verifier, FORM, form);
    assert_int_equal(reply.status, 200);
    assert_true(api_contains(&reply, "{\"active\":true,\"scope\":\""));
    assert_true(api_contains(&reply, " devices.read "));
    assert_false(api_contains(&reply, "devices.create"));
    snprintf(wanted, sizeof(wanted), "\"client_id\":\"%s\"", reader_id);
    assert_true(api_contains(&reply, wanted));
    snprintf(wanted, sizeof(wanted), "\"sub\":\"%s\"", reader_id);
    assert_true(api_contains(&reply, wanted));
    snprintf(wanted, sizeof(wanted), "\"jti\":\"%s\"", reader_id);
    assert_true(api_contains(&reply, wanted));
    assert_true(api_contains(&reply, "\"username\":\"a reader\""));
    assert_true(api_contains(&reply, "\"token_type\":\"Bearer\""));
    assert_true(api_contains(&reply, "\"iat\":1"));
    assert_true(api_contains(&reply, "\"iss\":\"http://localhost\""));
    assert_true(api_contains(&reply, "\"ds_role\":\"API Reader\""));
    snprintf(wanted, sizeof(wanted), "\"ds_organization\":\"%s\"", server.organization);
    assert_true(api_contains(&reply, wanted));
    assert_false(api_contains(&reply, "\"exp\""));
    assert_false(api_contains(&reply, reader));
    api_header(&reply, "cache-control", cache, sizeof(cache));
    assert_string_equal(cache, "no-store");
    api_reply_free(&reply);
}

static void a_time_limit_is_a_whole_number_of_seconds(void **state)
{
    char when[32], body[256], value[64], wanted[64];
    time_t at = api_time_ahead(3600, when);
    struct api_reply reply;

    (void)state;
    snprintf(body, sizeof(body), "{\"name\":\"ends\",\"roleId\":\"%s\",\"expireTime\":\"%s\"}",
             reader_role, when);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    snprintf(body, sizeof(body), "token=%s", value);
    reply = ask(verifier, FORM, body);
    snprintf(wanted, sizeof(wanted), "\"exp\":%lld,", (long long)at);
    if (!api_contains(&reply, wanted))
        fail_msg("%s is not said: %s", wanted, reply.body);
    api_reply_free(&reply);
}

static void what_does_not_work_is_answered_alike(void **state)
{
    char value[64], id[40], path[128], other[64];

    (void)state;
    expect_inactive("x", "");
    expect_inactive("dsa_0000000000000000000000000000000000000000000000000", "");
    expect_inactive("dss_0000000000000000000000000000000000000000000000000", "");
    expect_inactive(server.second, ""); /* of another organization */
    snprintf(other, sizeof(other), "%.*s%c", (int)strlen(reader) - 1, reader,
             reader[strlen(reader) - 1] == 'a' ? 'b' : 'a');
    expect_inactive(other, "");
    api_make_token(&server, server.token, "disabled", reader_role, value, id);
    snprintf(path, sizeof(path), "/api/v1/api-tokens/%s:disable", id);
    api_check(&server, 200, "POST", path, server.token, "{}");
    expect_inactive(value, "");
}

static void networks_are_judged_by_the_address_that_is_told(void **state)
{
    char body[256], value[64], form[256];
    struct api_reply reply;

    (void)state;
    snprintf(body, sizeof(body),
             "{\"name\":\"bound\",\"roleId\":\"%s\",\"allowedCidrs\":[\"10.0.0.0/8\"]}",
             reader_role);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    expect_inactive(value, "");
    expect_inactive(value, "&source_ip=192.0.2.1");
    snprintf(form, sizeof(form), "token=%s&source_ip=10.1.2.3", value);
    reply = ask(verifier, FORM, form);
    assert_true(api_contains(&reply, "\"active\":true"));
    api_reply_free(&reply);
}

/* -- callers ---------------------------------------------------------------------------------- */

static void callers_come_by_bearer_or_basic(void **state)
{
    char line[256], form[128];

    (void)state;
    snprintf(form, sizeof(form), "token=%s", reader);
    expect_status(200, verifier, FORM, form);
    basic(verifier_id, verifier, line);
    expect_status(200, NULL, line, form);
    basic(reader_id, verifier, line); /* another token's id */
    expect_status(401, NULL, line, form);
    basic("", verifier, line);
    expect_status(401, NULL, line, form);
    basic(verifier_id, reader, line);
    expect_status(401, NULL, line, form);
    expect_status(401, NULL, "Authorization: Basic !!!\r\n" FORM, form);
    expect_status(401, NULL, "Authorization: Basic\r\n" FORM, form);
    expect_status(401, NULL, "Authorization: Basic eA==\r\n" FORM, form);
    expect_status(401, NULL, FORM, form);
    expect_status(403, reader, FORM, form);
    basic(reader_id, reader, line);
    expect_status(403, NULL, line, form);
}

static void other_methods_know_no_basic(void **state)
{
    char line[256];
    struct api_reply reply;

    (void)state;
    basic(reader_id, reader, line);
    reply = api_call(&server, "GET", "/api/v1/devices", NULL, line, NULL);
    assert_int_equal(reply.status, 401);
    assert_null(strstr(reply.head, "Basic realm"));
    api_reply_free(&reply);
}

static void a_refused_caller_is_told_both_ways(void **state)
{
    struct api_reply reply = ask(NULL, FORM, "token=x");

    (void)state;
    assert_int_equal(reply.status, 401);
    assert_non_null(strstr(reply.head, "www-authenticate: Bearer realm=\"datastream\""));
    assert_non_null(strstr(reply.head, "www-authenticate: Basic realm=\"datastream\""));
    api_reply_free(&reply);
}

/* -- forms ------------------------------------------------------------------------------------ */

static void wrong_forms_are_refused(void **state)
{
    static const char *const forms[] = {
        "",
        "token=",
        "token=a&token=b",
        "token=%zz",
        "token=%00",
        "token=a&x=%",
        "token=a&source_ip=nowhere",
        "token=%ff",
        "tokens=a",
        "Token=a",
        "token=a&source_ip=1.2.3.4&source_ip=1.2.3.4",
        "{\"token\":\"a\"}",
    };
    static char longest[20000];

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        expect_status(400, verifier, FORM, forms[i]);
    memset(longest, 'a', sizeof(longest) - 1);
    memcpy(longest, "token=", 6);
    expect_status(400, verifier, FORM, longest);
    for (size_t i = 7; i + 1 < sizeof(longest); i += 2)
        longest[i] = '&';
    longest[1000] = '\0';
    expect_status(400, verifier, FORM, longest);
}

static void the_body_is_a_form_and_nothing_else(void **state)
{
    char accepted[64];
    struct api_reply reply = ask(verifier, "Content-Type: application/json\r\n",
                                 "{\"token\":\"x\"}");

    (void)state;
    assert_int_equal(reply.status, 415);
    api_header(&reply, "accept-post", accepted, sizeof(accepted));
    assert_string_equal(accepted, "application/x-www-form-urlencoded");
    api_reply_free(&reply);
    expect_status(200, verifier,
                  "Content-Type: Application/X-WWW-Form-Urlencoded; charset=utf-8\r\n", "token=x");
    expect_status(415, verifier, "Content-Type: multipart/form-data\r\n", "token=x");
    api_check(&server, 405, "GET", INTROSPECT, verifier, NULL);
}

static void an_active_answer_counts_as_a_use(void **state)
{
    char form[128], value[64], id[40], path[128];

    (void)state;
    api_make_token(&server, server.token, "used", reader_role, value, id);
    snprintf(form, sizeof(form), "token=%s&source_ip=192.0.2.77", value);
    expect_status(200, verifier, FORM, form);
    api_stop(&server);
    api_restart(&server, NULL);
    snprintf(path, sizeof(path), "/api/v1/api-tokens/%s", id);
    {
        struct api_reply reply = api_expect(&server, 200, "GET", path, server.token, NULL);

        assert_true(api_contains(&reply, "\"lastUsedIp\":\"192.0.2.77\""));
        api_reply_free(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_active_token_is_told_by_the_names_of_oauth),
        cmocka_unit_test(a_time_limit_is_a_whole_number_of_seconds),
        cmocka_unit_test(what_does_not_work_is_answered_alike),
        cmocka_unit_test(networks_are_judged_by_the_address_that_is_told),
        cmocka_unit_test(callers_come_by_bearer_or_basic),
        cmocka_unit_test(other_methods_know_no_basic),
        cmocka_unit_test(a_refused_caller_is_told_both_ways),
        cmocka_unit_test(wrong_forms_are_refused),
        cmocka_unit_test(the_body_is_a_form_and_nothing_else),
        cmocka_unit_test(an_active_answer_counts_as_a_use),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
