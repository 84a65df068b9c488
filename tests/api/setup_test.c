/*
 * A server that starts on an empty directory: it waits for its setup, answers nothing else
 * meanwhile, and is set up once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "tests/support/scratch.h"

#define SETUP "/api/v1/setup"
#define TOKENS "/api/v1/api-tokens"

static struct api_server server;
static char token_file[96];
static char token[64];

static void read_token(void)
{
    FILE *file = fopen(token_file, "r");
    struct stat facts;

    assert_non_null(file);
    assert_non_null(fgets(token, sizeof(token), file));
    assert_int_equal(fstat(fileno(file), &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    fclose(file);
    token[strcspn(token, "\n")] = '\0';
    assert_int_equal(strlen(token), 53);
    assert_memory_equal(token, "dsu_", 4);
}

/* A server on an empty directory, which waits. */
static int start(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    assert_true(scratch_make("setup", server.dir, sizeof(server.dir)));
    snprintf(server.data, sizeof(server.data), "%s/data", server.dir);
    snprintf(token_file, sizeof(token_file), "%s/data.setup-token", server.dir);
    assert_int_equal(mkdir(server.data, 0700), 0);
    api_restart(&server, NULL);
    read_token();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_remove(&server);
    return 0;
}

static struct api_reply set_up(const char *setup_token, const char *organization, const char *email,
                               const char *name, const char *password)
{
    char body[1024];

    snprintf(body, sizeof(body),
             "{\"setupToken\":\"%s\",\"organization\":\"%s\",\"email\":\"%s\",\"name\":\"%s\","
             "\"password\":\"%s\"}",
             setup_token, organization, email, name, password);
    return api_call(&server, "POST", SETUP, NULL, NULL, body);
}

static void expect(struct api_reply reply, int status, const char *says)
{
    if (reply.status != status || !api_contains(&reply, says))
        fail_msg("%d without %s: %d %s", status, says, reply.status, reply.body);
    api_reply_free(&reply);
}

#define GOOD "Acme", "owner@acme.example", "Ada Ray", "violet-otter-lamp"

static void until_its_setup_a_server_answers_nothing_else(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        int status;
        const char *says;
    } cases[] = {
        {"GET", "/healthz", 200, "SERVING"},
        {"GET", "/readyz", 200, "\"setup\":\"required\""},
        {"GET", "/api/v1/swagger/openapi.json", 200, "openapi"},
        {"GET", "/api/v1/proto.zip", 200, ""},
        {"GET", "/api/v1/nothing", 404, "Unknown path"},
        {"GET", TOKENS, 503, "\"reason\":\"SETUP_REQUIRED\""},
        {"GET", "/api/v1/authorization/whoami", 503, "\"reason\":\"SETUP_REQUIRED\""},
        {"GET", "/api/v1/changes", 503, "\"reason\":\"SETUP_REQUIRED\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(api_call(&server, cases[i].method, cases[i].path, NULL, NULL, NULL), cases[i].status,
               cases[i].says);
    api_check(&server, 503, "GET", TOKENS, "dsa_0000000000000000000000000000000000000000000000000",
              NULL);
    expect(set_up(token, GOOD), 201, "\"ownerId\":\"");
    api_check(&server, 401, "GET", TOKENS, NULL, NULL);
    expect(api_call(&server, "GET", "/readyz", NULL, NULL, NULL), 200, "{\"status\":\"SERVING\"}");
}

static void the_setup_is_refused_where_it_is_wrong(void **state)
{
    static const struct {
        const char *organization, *email, *name, *password;
        const char *field;
    } cases[] = {
        {"", "owner@acme.example", "Ada", "violet-otter-lamp", "organization"},
        {" \\u00a0 ", "owner@acme.example", "Ada", "violet-otter-lamp", "organization"},
        {"Acme", "nobody", "Ada", "violet-otter-lamp", "email"},
        {"Acme", "owner@acme.example", " ", "violet-otter-lamp", "name"},
        {"Acme", "owner@acme.example", "Ada", "short", "password"},
        {"Acme", "owner@acme.example", "Ada", "Owner@Acme.Example", "password"},
        {"Acme Incorporated", "owner@acme.example", "Ada", "acme incorporated", "password"},
    };
    char says[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(says, sizeof(says), "\"field\":\"%s\"", cases[i].field);
        expect(
            set_up(token, cases[i].organization, cases[i].email, cases[i].name, cases[i].password),
            400, says);
    }
    token[20] = token[20] == 'x' ? 'y' : 'x';
    expect(set_up(token, GOOD), 403, "\"reason\":\"SETUP_TOKEN\"");
    expect(set_up("dsu_", GOOD), 403, "\"reason\":\"SETUP_TOKEN\"");
    expect(api_call(&server, "GET", "/readyz", NULL, NULL, NULL), 200, "required");
    read_token();
    expect(set_up(token, GOOD), 201, "\"organizationId\":\"");
}

/* Everything works for the Owner, also secrets, whose key came before the organization. */
static void the_owner_is_signed_in_by_the_setup(void **state)
{
    struct api_user owner = {.csrf = ""};
    struct api_reply reply = set_up(token, GOOD);

    (void)state;
    assert_int_equal(reply.status, 201);
    api_take_session(&reply, &owner);
    api_reply_free(&reply);
    reply = api_visit(&server, &owner, "GET", "/api/v1/session", NULL);
    assert_int_equal(reply.status, 200);
    assert_true(api_contains(&reply, "\"roleName\":\"Owner\""));
    assert_true(api_contains(&reply, "owner@acme.example"));
    api_field(&reply, "csrfToken", owner.csrf, sizeof(owner.csrf));
    api_reply_free(&reply);
    api_check_visit(&server, 201, &owner, "POST", "/api/v1/vault/secrets",
                    "{\"name\":\"first\",\"value\":\"hidden\"}");
    reply = api_visit(&server, &owner, "GET", "/api/v1/audit-logs", NULL);
    assert_int_equal(reply.status, 200);
    assert_true(api_contains(&reply, "\"CreatedOrganization\""));
    assert_true(api_contains(&reply, "\"sourceIp\":\"127.0.0.1\""));
    api_reply_free(&reply);
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
}

static void *set_up_too(void *status)
{
    struct api_reply reply = set_up(token, GOOD);

    *(int *)status = reply.status;
    api_reply_free(&reply);
    return NULL;
}

static void of_several_setups_at_once_one_succeeds(void **state)
{
    pthread_t threads[6];
    int statuses[6];
    int created = 0;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, set_up_too, &statuses[i]), 0);
    for (size_t i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        if (statuses[i] != 201)
            assert_int_equal(statuses[i], 409);
        created += statuses[i] == 201;
    }
    assert_int_equal(created, 1);
    expect(set_up(token, GOOD), 409, "\"reason\":\"SETUP_DONE\"");
    expect(set_up("anything", GOOD), 409, "\"reason\":\"SETUP_DONE\"");
    assert_int_not_equal(access(token_file, F_OK), 0);
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
    api_restart(&server, NULL);
    api_check(&server, 401, "GET", TOKENS, NULL, NULL);
    expect(set_up(token, GOOD), 409, "\"reason\":\"SETUP_DONE\"");
}

static void each_start_has_a_token_of_its_own(void **state)
{
    char first[64];

    (void)state;
    memcpy(first, token, sizeof(first));
    api_kill(&server);
    api_restart(&server, NULL);
    read_token();
    assert_string_not_equal(token, first);
    expect(set_up(first, GOOD), 403, "\"reason\":\"SETUP_TOKEN\"");
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_restart(&server, NULL);
    read_token();
    expect(set_up(token, GOOD), 201, "\"ownerId\":\"");
    api_stop(&server);
    api_add_organization(&server);
    api_restart(&server, NULL);
    expect(api_call(&server, "GET", TOKENS, server.second, NULL, NULL), 200, "apiTokens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(until_its_setup_a_server_answers_nothing_else, start, stop),
        cmocka_unit_test_setup_teardown(the_setup_is_refused_where_it_is_wrong, start, stop),
        cmocka_unit_test_setup_teardown(the_owner_is_signed_in_by_the_setup, start, stop),
        cmocka_unit_test_setup_teardown(of_several_setups_at_once_one_succeeds, start, stop),
        cmocka_unit_test_setup_teardown(each_start_has_a_token_of_its_own, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
