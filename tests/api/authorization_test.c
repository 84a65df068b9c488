/* The questions of other services over REST: who is this, does the token work, and may it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define WHOAMI "/api/v1/authorization/whoami"
#define VERIFY "/api/v1/authorization/verify-token"
#define CHECK "/api/v1/authorization/check-permissions"

static struct api_server server;
static char verifier[64]; /* a token of the role API Verifier */
static char reader[64];   /* and one of API Reader */
static char reader_id[40];

static int start(void **state)
{
    char role[40], id[40];

    (void)state;
    api_start(&server, NULL);
    api_stop(&server);
    api_add_organization(&server);
    api_restart(&server, NULL);
    api_role_id(&server, "API Verifier", role);
    api_make_token(&server, server.token, "verifier", role, verifier, id);
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "reader", role, reader, reader_id);
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

/* The answer to a question about a token. */
static struct api_reply verify(const char *by, const char *token, const char *source_ip)
{
    char body[512];

    snprintf(body, sizeof(body), "{\"token\":\"%s\",\"sourceIp\":\"%s\"}", token, source_ip);
    return api_expect(&server, 200, "POST", VERIFY, by, body);
}

static void assert_answer(struct api_reply reply, const char *text)
{
    if (!api_contains(&reply, text))
        fail_msg("no %s in %s", text, reply.body);
    api_reply_free(&reply);
}

static void any_caller_learns_who_it_is(void **state)
{
    struct api_reply reply = api_expect(&server, 200, "GET", WHOAMI, reader, NULL);

    (void)state;
    assert_true(api_contains(&reply, reader_id));
    assert_true(api_contains(&reply, server.organization));
    assert_true(api_contains(&reply, "\"name\":\"reader\""));
    assert_true(api_contains(&reply, "\"roleName\":\"API Reader\""));
    assert_true(api_contains(&reply, "\"devices.read\""));
    assert_false(api_contains(&reply, "\"devices.create\""));
    api_reply_free(&reply);
    api_check(&server, 401, "GET", WHOAMI, NULL, NULL);
}

static void a_token_that_works_is_active_and_told(void **state)
{
    struct api_reply reply = verify(verifier, reader, "");

    (void)state;
    assert_true(api_contains(&reply, "\"active\":true"));
    assert_true(api_contains(&reply, reader_id));
    assert_true(api_contains(&reply, "\"devices.read\""));
    api_reply_free(&reply);
    api_check(&server, 403, "POST", VERIFY, reader, "{\"token\":\"dsa_x\"}");
}

static void what_is_no_token_of_the_organization_is_inactive(void **state)
{
    static const char *const values[] = {
        "nonsense", "dsa_0000000000000000000000000000000000000000000000000", "dss_x"};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct api_reply reply = verify(verifier, values[i], "");

        assert_true(api_contains(&reply, "\"active\":false"));
        assert_true(api_contains(&reply, "\"inactiveReason\":\"INVALID\""));
        assert_false(api_contains(&reply, "caller"));
        api_reply_free(&reply);
    }
    assert_answer(verify(verifier, server.second, ""), "\"active\":false");
    assert_answer(verify(server.second, reader, ""), "\"active\":false");
    api_check(&server, 400, "POST", VERIFY, verifier, "{}");
    api_check(&server, 400, "POST", VERIFY, verifier,
              "{\"token\":\"dsa_x\",\"sourceIp\":\"nowhere\"}");
}

static void a_revocation_holds_at_the_next_question(void **state)
{
    char path[160];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "/api/v1/api-tokens/%s:disable", reader_id);
        api_check(&server, 200, "POST", path, server.token, "{}");
        assert_answer(verify(verifier, reader, ""), "\"active\":false");
        snprintf(path, sizeof(path), "/api/v1/api-tokens/%s:enable", reader_id);
        api_check(&server, 200, "POST", path, server.token, "{}");
        assert_answer(verify(verifier, reader, ""), "\"active\":true");
    }
}

static void a_token_with_networks_is_judged_by_its_source(void **state)
{
    char role[40], body[256], value[64];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    snprintf(body, sizeof(body),
             "{\"name\":\"of one network\",\"roleId\":\"%s\",\"allowedCidrs\":[\"10.0.0.0/8\"]}",
             role);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    assert_answer(verify(verifier, value, "10.1.2.3"), "\"active\":true");
    assert_answer(verify(verifier, value, "192.0.2.1"), "\"inactiveReason\":\"INVALID\"");
    assert_answer(verify(verifier, value, ""), "\"inactiveReason\":\"SOURCE_REQUIRED\"");
    assert_answer(verify(server.second, value, ""), "\"inactiveReason\":\"INVALID\"");
}

static void questions_are_answered_in_order(void **state)
{
    char body[1024];
    struct api_reply reply;

    (void)state;
    snprintf(body, sizeof(body),
             "{\"checks\":[{\"permission\":\"devices.read\",\"token\":\"%s\"},"
             "{\"permission\":\"devices.edit\",\"token\":\"%s\"},"
             "{\"permission\":\"devices.read\",\"token\":\"nothing\"},"
             "{\"permission\":\"authorization.check\"},{\"permission\":\"devices.read\"}]}",
             reader, reader);
    reply = api_expect(&server, 200, "POST", CHECK, verifier, body);
    assert_true(api_contains(&reply, "[{\"allowed\":true},{\"allowed\":false},{\"allowed\":false},"
                                     "{\"allowed\":true},{\"allowed\":false}]"));
    assert_true(api_contains(&reply, "\"revision\""));
    api_reply_free(&reply);
    reply = api_expect(&server, 403, "POST", CHECK, reader, body);
    assert_true(api_contains(&reply, "authorization.check"));
    api_reply_free(&reply);
    api_check(&server, 200, "POST", CHECK, reader,
              "{\"checks\":[{\"permission\":\"devices.read\"}]}");
    reply = api_expect(
        &server, 400, "POST", CHECK, reader,
        "{\"checks\":[{\"permission\":\"devices.read\"},{\"permission\":\"flying\"}]}");
    assert_true(api_contains(&reply, "checks[1].permission"));
    api_reply_free(&reply);
    api_check(&server, 400, "POST", CHECK, reader, "{\"checks\":[]}");
}

/*
 * Of one token by two sources, and of so many others between that none is remembered for the next.
 */
static void each_answer_is_of_its_own_token_and_source(void **state)
{
    static char body[1 << 15];
    char *at = body + snprintf(body, sizeof(body), "{\"checks\":[");
    char role[40], create[256], bound[64];
    struct api_reply reply;
    const char *answer;

    (void)state;
    api_role_id(&server, "API Reader", role);
    snprintf(create, sizeof(create),
             "{\"name\":\"bound\",\"roleId\":\"%s\",\"allowedCidrs\":[\"10.0.0.0/8\"]}", role);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, create);
    api_field(&reply, "token", bound, sizeof(bound));
    api_reply_free(&reply);
    for (int i = 0; i < 100; i++)
        at += snprintf(at, 256,
                       "%s{\"permission\":\"devices.read\",\"token\":\"%s\",\"sourceIp\":\"%s\"},"
                       "{\"permission\":\"devices.read\",\"token\":\"unknown %d\"}",
                       i == 0 ? "" : ",", bound, i % 2 == 0 ? "10.1.2.3" : "192.0.2.1", i);
    snprintf(at, 4, "]}");
    reply = api_expect(&server, 200, "POST", CHECK, verifier, body);
    answer = reply.body;
    for (int i = 0; i < 200; i++) {
        const char *wanted = i % 4 == 0 ? "\"allowed\":true" : "\"allowed\":false";

        answer = strstr(answer + 1, "\"allowed\":");
        assert_non_null(answer);
        assert_memory_equal(answer, wanted, strlen(wanted));
    }
    api_reply_free(&reply);
}

static void a_question_under_a_key_is_answered_again(void **state)
{
    char body[128];

    (void)state;
    snprintf(body, sizeof(body), "{\"token\":\"%s\"}", reader);
    for (int i = 0; i < 2; i++) {
        struct api_reply reply = api_call(&server, "POST", VERIFY, verifier,
                                          "Idempotency-Key: question\r\n", body);

        assert_int_equal(reply.status, 200);
        assert_true(api_contains(&reply, "\"active\":true"));
        api_reply_free(&reply);
    }
}

static void a_thousand_questions_are_one_call_and_no_more(void **state)
{
    static char body[1 << 16];
    char *at = body + snprintf(body, sizeof(body), "{\"checks\":[");

    (void)state;
    for (int i = 0; i < 1000; i++)
        at += snprintf(at, 64, "%s{\"permission\":\"devices.read\"}", i == 0 ? "" : ",");
    strncpy(at, "]}", 3);
    api_check(&server, 200, "POST", CHECK, reader, body);
    strncpy(at, ",{\"permission\":\"devices.read\"}]}", 40);
    api_check(&server, 400, "POST", CHECK, reader, body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_caller_learns_who_it_is),
        cmocka_unit_test(a_token_that_works_is_active_and_told),
        cmocka_unit_test(what_is_no_token_of_the_organization_is_inactive),
        cmocka_unit_test(a_revocation_holds_at_the_next_question),
        cmocka_unit_test(a_token_with_networks_is_judged_by_its_source),
        cmocka_unit_test(questions_are_answered_in_order),
        cmocka_unit_test(each_answer_is_of_its_own_token_and_source),
        cmocka_unit_test(a_question_under_a_key_is_answered_again),
        cmocka_unit_test(a_thousand_questions_are_one_call_and_no_more),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
