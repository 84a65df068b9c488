/* Lists over REST as users meet them: filters, orders, read masks and their refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

static struct api_server server;

static void create(const char *collection, const char *body)
{
    char path[64];

    snprintf(path, sizeof(path), "/api/v1/%s", collection);
    api_check(&server, 201, "POST", path, server.token, body);
}

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    create("devices", "{\"name\":\"edge-1\",\"labels\":{\"site\":\"fra\"}}");
    create("devices", "{\"name\":\"Edge-2\",\"status\":\"DISABLED\"}");
    create("devices", "{\"name\":\"core-1\",\"syslog\":{\"port\":6514,\"protocol\":\"UDP\","
                      "\"address\":\"0.0.0.0\"}}");
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

static void expect_names(const char *query, const char *names)
{
    char path[512], found[256] = "";
    struct api_reply reply;

    snprintf(path, sizeof(path), "/api/v1/devices?readMask=name&%s", query);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    for (const char *at = strstr(reply.body, "\"name\":\""); at != NULL;
         at = strstr(at, "\"name\":\"")) {
        size_t len = strcspn(at + 8, "\"");

        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%.*s ", (int)len, at + 8);
        at += 8;
    }
    if (strcmp(found, names) != 0)
        fail_msg("%s: wanted %s, got %s", query, names, found);
    api_reply_free(&reply);
}

static void filters_and_orders_choose_what_is_listed(void **state)
{
    (void)state;
    expect_names("", "edge-1 Edge-2 core-1 ");
    expect_names("filter=name:%22edge*%22", "edge-1 Edge-2 ");
    expect_names("filter=status%20%3D%20%22ENABLED%22%20AND%20name:%22EDGE%22", "edge-1 ");
    expect_names("filter=labels.site%3D%22fra%22", "edge-1 ");
    expect_names("filter=syslog.port%3E%3D6000", "core-1 ");
    expect_names("filter=syslog.port%3E7000", "");
    expect_names("orderBy=name", "core-1 edge-1 Edge-2 ");
    expect_names("orderBy=createTime%20desc&filter=NOT%20labels:*", "core-1 Edge-2 ");
}

static void a_filtered_list_tells_no_total(void **state)
{
    struct api_reply reply = api_expect(&server, 200, "GET",
                                        "/api/v1/devices?pageSize=1&filter=name:%22edge%22",
                                        server.token, NULL);
    char token[512], path[700];

    (void)state;
    assert_false(api_contains(&reply, "totalSize"));
    api_field(&reply, "nextPageToken", token, sizeof(token));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/devices?filter=name:%%22edge%%22&pageToken=%s", token);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"name\":\"Edge-2\""));
    assert_true(api_contains(&reply, "\"nextPageToken\":\"\""));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/devices?filter=name:%%22core%%22&pageToken=%s", token);
    reply = api_expect(&server, 400, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"field\":\"pageToken\""));
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "GET", "/api/v1/datasets", server.token, NULL);
    assert_true(api_contains(&reply, "\"totalSize\":0"));
    api_reply_free(&reply);
}

static void a_read_mask_shows_the_fields_that_it_names_alone(void **state)
{
    struct api_reply reply = api_expect(
        &server, 200, "GET", "/api/v1/devices?readMask=name,syslog.port&orderBy=name&pageSize=1",
        server.token, NULL);

    (void)state;
    assert_non_null(
        strstr(reply.body, "\"devices\":[{\"name\":\"core-1\",\"syslog\":{\"port\":6514}}]"));
    assert_true(api_contains(&reply, "\"totalSize\":3"));
    api_reply_free(&reply);
}

/* What is left out are fields of objects; a page has its own, empty or not. */
static void a_page_under_a_read_mask_is_whole(void **state)
{
    struct api_reply reply = api_expect(&server, 200, "GET",
                                        "/api/v1/devices?readMask=name&filter=name=%22nothing%22",
                                        server.token, NULL);

    (void)state;
    assert_true(api_contains(&reply, "\"devices\":[]"));
    assert_true(api_contains(&reply, "\"nextPageToken\":\"\""));
    api_reply_free(&reply);
}

static void refusals_name_field_and_column(void **state)
{
    static const char *const cases[][2] = {
        {"filter=edge",
         "must compare \\\"edge\\\" with a value, such as name:\\\"edge\\\" (column 1)"},
        {"filter=name:%22a%22%20AND%20nope%3D1", "\\\"nope\\\" is none of id, name"},
        {"filter=status%3DON", "with one of UNSPECIFIED, ENABLED, DISABLED (column 8)"},
        {"orderBy=description", "\"field\":\"orderBy\""},
        {"readMask=nope", "\"field\":\"readMask\""},
    };
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct api_reply reply;

        snprintf(path, sizeof(path), "/api/v1/devices?%s", cases[i][0]);
        reply = api_expect(&server, 400, "GET", path, server.token, NULL);
        if (!api_contains(&reply, cases[i][1]))
            fail_msg("%s: %s does not say %s", path, reply.body, cases[i][1]);
        api_reply_free(&reply);
    }
}

static void every_list_is_filtered_and_ordered(void **state)
{
    static const char *const collections[] = {
        "directors",       "clusters",        "devices",    "agent-enrollment-templates",
        "targets",         "datasets",        "profiles",   "pipelines",
        "advanced-routes", "roles",           "api-tokens", "users",
        "vault/secrets",   "vault/providers",
    };
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
        snprintf(path, sizeof(path),
                 "/api/v1/%s?filter=name:%%22edge*%%22%%20OR%%20createdBy:%%22x%%22"
                 "&orderBy=name%%20desc&readMask=id,name",
                 collections[i]);
        api_check(&server, 200, "GET", path, server.token, NULL);
    }
}

/* A creation answers as GET does, unless it shows a value once. */
static void expect_as_read(const char *collection, const char *id, const struct api_reply *created)
{
    struct api_reply alone;
    char path[1024];

    snprintf(path, sizeof(path), "/api/v1/%s/%s", collection, id);
    alone = api_expect(&server, 200, "GET", path, server.token, NULL);
    if (!api_contains(created, "\"apiKey\":\"dsd_"))
        assert_string_equal(created->body, alone.body);
    api_reply_free(&alone);
}

/* Creates an object; `%s` in its body is the id of another. */
static void create_with(const char *collection, const char *format, const char *other, char id[40])
{
    char path[64], body[512];
    struct api_reply reply;

    snprintf(path, sizeof(path), "/api/v1/%s", collection);
    snprintf(body, sizeof(body), "%.*s%s%s", (int)strcspn(format, "%"), format,
             strchr(format, '%') == NULL ? "" : other,
             strchr(format, '%') == NULL ? "" : strchr(format, '%') + 1);
    reply = api_expect(&server, 201, "POST", path, server.token, body);
    api_field(&reply, "id", id, 40);
    expect_as_read(collection, id, &reply);
    api_reply_free(&reply);
}

/* The object as GET has it is in the list, and in a batch, which is read in another way. */
static void expect_same_everywhere(const char *collection, const char *id)
{
    const char *const queries[] = {"?pageSize=1000", ":batchGet?ids="};
    char path[1024];
    struct api_reply alone;

    snprintf(path, sizeof(path), "/api/v1/%s/%s", collection, id);
    alone = api_expect(&server, 200, "GET", path, server.token, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct api_reply reply;

        snprintf(path, sizeof(path), "/api/v1/%s%s%s", collection, queries[i], i == 1 ? id : "");
        reply = api_expect(&server, 200, "GET", path, server.token, NULL);
        if (!api_contains(&reply, alone.body))
            fail_msg("%s: %s\nis not in %s", path, alone.body, reply.body);
        api_reply_free(&reply);
    }
    api_reply_free(&alone);
}

static void an_object_reads_the_same_created_alone_in_a_list_and_in_a_batch(void **state)
{
    static const struct {
        const char *collection;
        const char *body; /* %: the id of the object before */
    } rows[] = {
        {"directors", "{\"name\":\"one\",\"description\":\"a \\\"quote\\\" \\u0001 \u00e4\"}"},
        {"devices", "{\"name\":\"of one\",\"directorIds\":[\"%\"],\"tags\":[\"a\",\"b\"]}"},
        {"devices", "{\"name\":\"labelled\",\"labels\":{\"b\":\"1\",\"a\":\"2\"}}"},
        {"devices", "{\"name\":\"receiver\",\"syslog\":{\"port\":6515,\"protocol\":\"TCP\","
                    "\"address\":\"0.0.0.0\"}}"},
        {"datasets", "{\"name\":\"first set\",\"type\":\"WINDOWS\"}"},
        {"profiles", "{\"name\":\"of the set\",\"type\":\"WINDOWS\",\"datasetIds\":[\"%\"]}"},
        {"clusters", "{\"name\":\"empty\",\"type\":\"MANAGED\"}"},
        {"targets", "{\"name\":\"nothing set\"}"},
        {"pipelines", "{\"name\":\"lines\",\"content\":\"processors: []\"}"},
        {"advanced-routes", "{\"name\":\"way\"}"},
        {"vault/providers", "{\"name\":\"outside\"}"},
        {"vault/secrets", "{\"name\":\"there\",\"external\":{\"providerId\":\"%\","
                          "\"reference\":\"a/b\"}}"},
        {"vault/secrets", "{\"name\":\"empty\"}"},
        /* What is computed of one is that of another before it, or not. */
        {"devices", "{\"name\":\"second receiver\",\"syslog\":{\"port\":6516,\"protocol\":"
                    "\"TCP\",\"address\":\"0.0.0.0\"}}"},
        {"devices", "{\"name\":\"host\",\"windows\":{}}"},
        {"devices", "{\"name\":\"second host\",\"windows\":{}}"},
        {"devices", "{\"name\":\"agent\",\"windows\":{\"deploymentType\":\"AGENT\"}}"},
        {"devices", "{\"name\":\"second agent\",\"windows\":{\"deploymentType\":\"AGENT\"}}"},
        {"vault/secrets", "{\"name\":\"second empty\"}"},
        {"vault/providers", "{\"name\":\"outside-2\"}"},
        {"vault/secrets", "{\"name\":\"farther\",\"external\":{\"providerId\":\"%\","
                          "\"reference\":\"a/b\"}}"},
    };
    char ids[sizeof(rows) / sizeof(rows[0])][40];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        create_with(rows[i].collection, rows[i].body, i == 0 ? "" : ids[i - 1], ids[i]);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_same_everywhere(rows[i].collection, ids[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_and_orders_choose_what_is_listed),
        cmocka_unit_test(a_filtered_list_tells_no_total),
        cmocka_unit_test(a_read_mask_shows_the_fields_that_it_names_alone),
        cmocka_unit_test(a_page_under_a_read_mask_is_whole),
        cmocka_unit_test(refusals_name_field_and_column),
        cmocka_unit_test(every_list_is_filtered_and_ordered),
        cmocka_unit_test(an_object_reads_the_same_created_alone_in_a_list_and_in_a_batch),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
