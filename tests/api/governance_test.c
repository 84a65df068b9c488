/* Permissions, clones and usage of roles, and the audit log, over REST as operators meet them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

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

/* The id of what the body creates. */
static void create(const char *collection, const char *body, char id[40])
{
    char path[64];
    struct api_reply reply;

    snprintf(path, sizeof(path), "/api/v1/%s", collection);
    reply = api_expect(&server, 201, "POST", path, server.token, body);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static size_t occurrences(const struct api_reply *reply, const char *text)
{
    size_t count = 0;

    for (const char *at = strstr(reply->body, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}

static void every_permission_is_listed_with_a_title(void **state)
{
    char role[40], value[64], id[40];
    struct api_reply reply;

    (void)state;
    create("roles", "{\"name\":\"permits nothing\"}", role);
    api_make_token(&server, server.token, "permits nothing", role, value, id);
    reply = api_expect(&server, 200, "GET", "/api/v1/permissions", value, NULL);
    assert_true(api_contains(&reply, "{\"kind\":\"devices\",\"title\":\"Devices\","
                                     "\"permissions\":[{\"name\":\"devices.read\","
                                     "\"title\":\"Read devices\","
                                     "\"description\":\"Read devices.\"}"));
    assert_true(api_contains(&reply, "\"title\":\"API tokens\""));
    assert_true(api_contains(&reply, "\"title\":\"Read and export the audit log\""));
    assert_int_equal(occurrences(&reply, "\"kind\":\"settings\""), 1);
    api_reply_free(&reply);
    api_check(&server, 401, "GET", "/api/v1/permissions", NULL, NULL);
}

static void a_role_is_cloned_within_what_its_cloner_may(void **state)
{
    char role[40], reader[40], owner[40], narrow[40], value[64], id[40], path[160], location[160];
    struct api_reply reply;

    (void)state;
    create("roles",
           "{\"name\":\"edge\",\"permissions\":[\"devices.read\",\"devices.edit\"],"
           "\"assignableTo\":\"TOKENS\"}",
           role);
    snprintf(path, sizeof(path), "/api/v1/roles/%s:clone", role);
    reply = api_expect(&server, 201, "POST", path, server.token, "{\"name\":\"edge copy\"}");
    assert_true(api_contains(&reply, "\"permissions\":[\"devices.edit\",\"devices.read\"]"));
    assert_true(api_contains(&reply, "\"assignableTo\":\"TOKENS\""));
    assert_true(api_contains(&reply, "\"name\":\"edge copy\""));
    api_field(&reply, "id", id, sizeof(id));
    snprintf(value, sizeof(value), "/api/v1/roles/%s", id);
    api_header(&reply, "location", location, sizeof(location));
    assert_string_equal(location, value);
    api_reply_free(&reply);
    api_check(&server, 409, "POST", path, server.token, "{\"name\":\"Edge Copy\"}");
    api_check(&server, 400, "POST", path, server.token, "{}");
    api_check(&server, 201, "POST", path, server.token,
              "{\"name\":\"never there\",\"validateOnly\":true}");
    create("roles", "{\"name\":\"narrow\",\"permissions\":[\"roles.create\",\"roles.read\"]}",
           narrow);
    api_make_token(&server, server.token, "narrow", narrow, value, id);
    api_check(&server, 403, "POST", path, value, "{\"name\":\"more than i may\"}");
    api_role_id(&server, "API Reader", reader);
    snprintf(path, sizeof(path), "/api/v1/roles/%s:clone", reader);
    reply = api_expect(&server, 201, "POST", path, server.token, "{\"name\":\"reader copy\"}");
    assert_true(api_contains(&reply, "\"assignableTo\":\"BOTH\""));
    assert_false(api_contains(&reply, "\"predefined\":true"));
    api_reply_free(&reply);
    api_role_id(&server, "Owner", owner);
    snprintf(path, sizeof(path), "/api/v1/roles/%s:clone", owner);
    api_check(&server, 403, "POST", path, server.token, "{\"name\":\"a second owner\"}");
    api_check(&server, 404, "POST", "/api/v1/roles/0192f1a0-0000-7000-8000-000000000901:clone",
              server.token, "{\"name\":\"of nothing\"}");
}

/* What pages of the usage hold altogether. */
static void count_usage(const char *role, const char *token, int page_size, size_t *ret_named,
                        size_t *ret_hidden)
{
    char page_token[256] = "", hidden[16], path[420];

    *ret_named = *ret_hidden = 0;
    do {
        struct api_reply reply;
        const char *at;

        snprintf(path, sizeof(path), "/api/v1/roles/%s:usage?pageSize=%d%s%s", role, page_size,
                 page_token[0] == '\0' ? "" : "&pageToken=", page_token);
        reply = api_expect(&server, 200, "GET", path, token, NULL);
        *ret_named += occurrences(&reply, "\"kind\":\"api-tokens\"");
        at = strstr(reply.body, "\"hiddenCount\":");
        if (at != NULL) {
            snprintf(hidden, sizeof(hidden), "%.8s", at + strlen("\"hiddenCount\":"));
            *ret_hidden += strtoul(hidden, NULL, 10);
        }
        api_field(&reply, "nextPageToken", page_token, sizeof(page_token));
        api_reply_free(&reply);
    } while (page_token[0] != '\0');
}

static void a_roles_usage_names_tokens_or_counts_them(void **state)
{
    char role[40], predefined[40], blind_role[40], blind[64], value[64], id[40], path[200];
    size_t named, hidden;
    struct api_reply reply;

    (void)state;
    create("roles", "{\"name\":\"held\",\"permissions\":[\"devices.read\"]}", role);
    create("roles", "{\"name\":\"blind\",\"permissions\":[\"roles.read\"]}", blind_role);
    api_make_token(&server, server.token, "blind", blind_role, blind, id);
    count_usage(role, server.token, 50, &named, &hidden);
    assert_int_equal(named + hidden, 0);
    for (int i = 0; i < 5; i++) {
        char name[32];

        snprintf(name, sizeof(name), "holder-%d", i);
        api_make_token(&server, server.token, name, role, value, id);
    }
    count_usage(role, server.token, 2, &named, &hidden);
    assert_int_equal(named, 5);
    assert_int_equal(hidden, 0);
    count_usage(role, blind, 2, &named, &hidden);
    assert_int_equal(named, 0);
    assert_int_equal(hidden, 5);
    snprintf(path, sizeof(path), "/api/v1/roles/%s:usage", role);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"name\":\"holder-0\""));
    api_reply_free(&reply);
    api_role_id(&server, "API Verifier", predefined);
    count_usage(predefined, server.token, 2, &named, &hidden);
    assert_int_equal(named, 0);
    api_make_token(&server, server.token, "a verifier", predefined, value, id);
    count_usage(predefined, server.token, 2, &named, &hidden);
    assert_int_equal(named, 1);
    api_check(&server, 403, "GET", path, value, NULL);
    api_check(&server, 404, "GET", "/api/v1/roles/0192f1a0-0000-7000-8000-000000000901:usage",
              server.token, NULL);
    snprintf(path, sizeof(path), "/api/v1/roles/%s:usage?pageToken=AAAA", predefined);
    api_check(&server, 400, "GET", path, server.token, NULL);
}

static void the_audit_log_is_listed_newest_first_with_what_was_given(void **state)
{
    char reader[40], value[64], id[40], device[40], page_token[256], path[420];
    struct api_reply reply;
    const char *first, *second;

    (void)state;
    create("devices", "{\"name\":\"audited\",\"syslog\":{\"port\":1514}}", device);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", device);
    api_check(&server, 200, "PATCH", path, server.token, "{\"syslog\":{\"port\":1515}}");
    reply = api_expect(&server, 200, "GET", "/api/v1/audit-logs?pageSize=2", server.token, NULL);
    first = strstr(reply.body, "UpdatedDevice");
    second = strstr(reply.body, "CreatedDevice");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    assert_true(
        api_contains(&reply, "{\"path\":\"syslog.port\",\"before\":\"1514\",\"after\":\"1515\"}"));
    assert_true(
        api_contains(&reply, "\"path\":\"syslog.port\",\"before\":\"\",\"after\":\"1514\""));
    assert_true(api_contains(&reply, "\"outcome\":\"OK\""));
    assert_true(api_contains(&reply, "\"objectName\":\"audited\""));
    assert_false(api_contains(&reply, "sha256:"));
    api_field(&reply, "nextPageToken", page_token, sizeof(page_token));
    assert_true(page_token[0] != '\0');
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/audit-logs?pageSize=2&pageToken=%s", page_token);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_false(api_contains(&reply, "UpdatedDevice"));
    api_reply_free(&reply);
    api_check(&server, 400, "GET", "/api/v1/audit-logs?pageToken=AAAA", server.token, NULL);
    api_role_id(&server, "API Reader", reader);
    api_make_token(&server, server.token, "no auditor", reader, value, id);
    api_check(&server, 400, "GET",
              "/api/v1/audit-logs?from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z", server.token,
              NULL);
    api_check(&server, 403, "GET", "/api/v1/audit-logs", value, NULL);
}

static void an_organizations_audit_log_is_its_own(void **state)
{
    struct api_reply reply;

    (void)state;
    api_stop(&server);
    api_add_organization(&server);
    api_restart(&server, NULL);
    reply = api_expect(&server, 200, "GET", "/api/v1/audit-logs?pageSize=1000", server.second,
                       NULL);
    assert_false(api_contains(&reply, "CreatedDevice"));
    api_reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_permission_is_listed_with_a_title),
        cmocka_unit_test(a_role_is_cloned_within_what_its_cloner_may),
        cmocka_unit_test(a_roles_usage_names_tokens_or_counts_them),
        cmocka_unit_test(the_audit_log_is_listed_newest_first_with_what_was_given),
        cmocka_unit_test(an_organizations_audit_log_is_its_own),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
