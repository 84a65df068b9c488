/*
 * Every kind in the same way over REST: created from what is required, read, listed, changed,
 * cloned, acted on, read and deleted in batches, its history and its usage. A row for each kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

struct kind {
    const char *collection; /* the path below /api/v1 */
    const char *type;       /* as audit rows name it */
    const char *body;       /* of a create request, %s for the name */
    const char *off, *on;   /* actions that change `status`, and what it is then */
    const char *off_status, *on_status;
    bool clone;
    const char *needs; /* the collection of an object whose id follows the name in `body` */
};

static const struct kind kinds[] = {
    {"directors", "Director", "{\"name\":\"%s\"}", "disable", "enable", "DISABLED", "ENABLED",
     false, NULL},
    {"devices", "Device", "{\"name\":\"%s\"}", "disable", "enable", "DISABLED", "ENABLED", true,
     NULL},
    {"clusters", "Cluster", "{\"name\":\"%s\",\"type\":\"MANAGED\"}", "disable", "enable",
     "DISABLED", "ENABLED", false, NULL},
    {"agent-enrollment-templates", "AgentEnrollmentTemplate",
     "{\"name\":\"%s\",\"directorId\":\"%s\",\"platform\":\"LINUX\"}", "disable", "enable",
     "DISABLED", "ENABLED", false, "directors"},
    {"targets", "Target", "{\"name\":\"%s\"}", "disable", "enable", "DISABLED", "ENABLED", true,
     NULL},
    {"datasets", "Dataset", "{\"name\":\"%s\",\"type\":\"WINDOWS\"}", "deactivate", "activate",
     "PASSIVE", "ACTIVE", true, NULL},
    {"profiles", "Profile", "{\"name\":\"%s\",\"type\":\"WINDOWS\",\"datasetIds\":[\"%s\"]}",
     "deactivate", "activate", "PASSIVE", "ACTIVE", true, "datasets"},
    {"advanced-routes", "AdvancedRoute", "{\"name\":\"%s\"}", "deactivate", "activate", "PASSIVE",
     "ACTIVE", false, NULL},
    {"pipelines", "Pipeline", "{\"name\":\"%s\",\"content\":\"processors: []\"}", NULL, NULL, NULL,
     NULL, true, NULL},
    {"vault/secrets", "VaultSecret", "{\"name\":\"%s\"}", NULL, NULL, NULL, NULL, false, NULL},
    {"vault/providers", "VaultProvider", "{\"name\":\"%s\"}", "disable", "enable", "DISABLED",
     "ENABLED", false, NULL},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/*
 * Those that the tests of all kinds run on: of the contract, or the rows of KIND_ROWS, where the
 * server has others: collection, type and body of each, with blanks between and no blank within.
 */
static const struct kind *rows = kinds;
static size_t row_count = KINDS;

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

/* "/api/v1/devices<id><rest>" */
static const char *path_of(const struct kind *kind, const char *id, const char *rest)
{
    static char paths[4][600];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "/api/v1/%s%s%s%s", kind->collection, id[0] == '\0' ? "" : "/",
             id, rest);
    return path;
}

/* The object that objects of the kind need one of; made once. */
static const char *needed_by(const struct kind *kind)
{
    static char director[40], dataset[40];
    bool is_director = strcmp(kind->needs, "directors") == 0;
    char *id = is_director ? director : dataset;
    char path[64];
    struct api_reply reply;

    if (id[0] != '\0')
        return id;
    snprintf(path, sizeof(path), "/api/v1/%s", kind->needs);
    reply = api_expect(&server, 201, "POST", path, server.token,
                       is_director ? "{\"name\":\"everybodys\"}"
                                   : "{\"name\":\"everybodys\",\"type\":\"WINDOWS\"}");
    api_field(&reply, "id", id, sizeof(director));
    api_reply_free(&reply);
    return id;
}

static void create(const struct kind *kind, const char *name, char id[40])
{
    char body[600];
    struct api_reply reply;

    if (kind->needs != NULL)
        snprintf(body, sizeof(body), kind->body, name, needed_by(kind));
    else
        snprintf(body, sizeof(body), kind->body, name);
    reply = api_expect(&server, 201, "POST", path_of(kind, "", ""), server.token, body);
    api_field(&reply, "id", id, 40);
    assert_int_equal(strlen(id), 36);
    api_reply_free(&reply);
}

static void assert_status_is(const struct kind *kind, const char *id, const char *status)
{
    struct api_reply reply = api_expect(&server, 200, "GET", path_of(kind, id, ""), server.token,
                                        NULL);
    char value[32];

    api_field(&reply, "status", value, sizeof(value));
    assert_string_equal(value, status);
    api_reply_free(&reply);
}

static void each_kind_is_created_read_listed_changed_and_deleted(void **state)
{
    (void)state;
    for (const struct kind *kind = rows; kind < rows + row_count; kind++) {
        char id[40], etag[64], other[64], revision[32];
        struct api_reply reply;

        create(kind, "simple-one", id);
        reply = api_expect(&server, 200, "GET", path_of(kind, id, ""), server.token, NULL);
        api_field(&reply, "etag", etag, sizeof(etag));
        assert_true(api_contains(&reply, "\"name\":\"simple-one\""));
        api_reply_free(&reply);
        reply = api_expect(&server, 200, "GET", path_of(kind, "", ""), server.token, NULL);
        assert_true(api_contains(&reply, id));
        api_field(&reply, "revision", revision, sizeof(revision));
        assert_true(strtoul(revision, NULL, 10) >= strtoul(etag, NULL, 10));
        api_reply_free(&reply);
        reply = api_expect(&server, 200, "PATCH", path_of(kind, id, ""), server.token,
                           "{\"description\":\"changed\"}");
        assert_true(api_contains(&reply, "\"description\":\"changed\""));
        api_field(&reply, "etag", other, sizeof(other));
        assert_string_not_equal(etag, other);
        api_reply_free(&reply);
        api_check(&server, 200, "DELETE", path_of(kind, id, ""), server.token, NULL);
        api_check(&server, 404, "GET", path_of(kind, id, ""), server.token, NULL);
    }
}

static void what_breaks_a_rule_is_refused_by_its_path(void **state)
{
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"{}", "name: is required"},
        {"{\"name\":7}", "name"},
        {"{\"name\":\"x\"}", "\"field\":\"name\""},
        {"{\"name\":\"judged\",\"labels\":{\"\":\"x\"}}",
         "labels[\\\"\\\"]: the key must have 1 to 63"},
        {"{\"name\":\"judged\",\"gadget\":1}", "\"field\":\"gadget\""},
    };

    (void)state;
    for (const struct kind *kind = rows; kind < rows + row_count; kind++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct api_reply reply = api_expect(&server, 400, "POST", path_of(kind, "", ""),
                                                server.token, cases[i].body);

            if (!api_contains(&reply, cases[i].says))
                fail_msg("%s: %s: wanted \"%s\", got %s", kind->collection, cases[i].body,
                         cases[i].says, reply.body);
            api_reply_free(&reply);
        }
}

static void a_clone_is_another_object_with_the_same_settings(void **state)
{
    (void)state;
    for (const struct kind *kind = rows; kind < rows + row_count; kind++) {
        char id[40], copy[40], location[160];
        struct api_reply reply;

        if (!kind->clone)
            continue;
        create(kind, "original", id);
        api_check(&server, 200, "PATCH", path_of(kind, id, ""), server.token,
                  "{\"description\":\"kept\",\"labels\":{\"site\":\"cellar\"}}");
        reply = api_expect(&server, 201, "POST", path_of(kind, id, ":clone"), server.token,
                           "{\"name\":\"the-copy\"}");
        api_field(&reply, "id", copy, sizeof(copy));
        assert_string_not_equal(id, copy);
        assert_true(api_contains(&reply, "\"name\":\"the-copy\""));
        assert_true(api_contains(&reply, "\"description\":\"kept\""));
        assert_true(api_contains(&reply, "\"site\":\"cellar\""));
        api_header(&reply, "location", location, sizeof(location));
        assert_string_equal(location, path_of(kind, copy, ""));
        api_reply_free(&reply);
        api_check(&server, 409, "POST", path_of(kind, id, ":clone"), server.token,
                  "{\"name\":\"the-copy\"}");
        api_check(&server, 201, "POST", path_of(kind, id, ":clone"), server.token,
                  "{\"name\":\"not-made\",\"validateOnly\":true}");
        api_check(&server, 201, "POST", path_of(kind, id, ":clone"), server.token,
                  "{\"name\":\"not-made\"}");
        api_check(&server, 400, "POST", path_of(kind, id, ":clone"), server.token, "{}");
    }
}

static void actions_set_the_status_and_write_once(void **state)
{
    (void)state;
    for (const struct kind *kind = rows; kind < rows + row_count; kind++) {
        char id[40], action[32], first[64], second[64];
        struct api_reply reply;

        if (kind->off == NULL)
            continue;
        create(kind, "acted-on", id);
        assert_status_is(kind, id, kind->on_status);
        snprintf(action, sizeof(action), ":%s", kind->off);
        api_check(&server, 200, "POST", path_of(kind, id, action), server.token,
                  "{\"validateOnly\":true}");
        assert_status_is(kind, id, kind->on_status);
        reply = api_expect(&server, 200, "POST", path_of(kind, id, action), server.token, NULL);
        api_field(&reply, "etag", first, sizeof(first));
        api_reply_free(&reply);
        assert_status_is(kind, id, kind->off_status);
        reply = api_expect(&server, 200, "POST", path_of(kind, id, action), server.token, "{}");
        api_field(&reply, "etag", second, sizeof(second));
        assert_string_equal(first, second);
        api_reply_free(&reply);
        snprintf(action, sizeof(action), ":%s", kind->on);
        api_check(&server, 200, "POST", path_of(kind, id, action), server.token, NULL);
        assert_status_is(kind, id, kind->on_status);
    }
}

static void a_batch_is_read_in_its_order_and_deleted_whole(void **state)
{
    (void)state;
    for (const struct kind *kind = rows; kind < rows + row_count; kind++) {
        const char *unknown = "0192f1a0-0000-7000-8000-000000000901";
        char ids[3][40], query[300], body[400];
        struct api_reply reply;
        const char *places[3];

        for (int i = 0; i < 3; i++) {
            char name[32];

            snprintf(name, sizeof(name), "batched-%d", i);
            create(kind, name, ids[i]);
        }
        snprintf(query, sizeof(query), ":batchGet?ids=%s&ids=%s&ids=%s", ids[2], ids[0], ids[1]);
        reply = api_expect(&server, 200, "GET", path_of(kind, "", query), server.token, NULL);
        for (int i = 0; i < 3; i++)
            assert_non_null(places[i] = strstr(reply.body, ids[i]));
        assert_true(places[2] < places[0] && places[0] < places[1]);
        assert_true(api_contains(&reply, "\"revision\":\""));
        api_reply_free(&reply);
        snprintf(query, sizeof(query), ":batchGet?ids=%s&ids=%s", ids[0], unknown);
        reply = api_expect(&server, 404, "GET", path_of(kind, "", query), server.token, NULL);
        assert_true(api_contains(&reply, unknown));
        api_reply_free(&reply);
        snprintf(query, sizeof(query), ":batchGet?ids=%s&ids=%s", ids[0], ids[0]);
        api_check(&server, 400, "GET", path_of(kind, "", query), server.token, NULL);
        api_check(&server, 400, "GET", path_of(kind, "", ":batchGet"), server.token, NULL);
        snprintf(body, sizeof(body), "{\"ids\":[\"%s\",\"%s\",\"%s\"]}", ids[0], unknown, ids[1]);
        api_check(&server, 404, "POST", path_of(kind, "", ":batchDelete"), server.token, body);
        api_check(&server, 200, "GET", path_of(kind, ids[0], ""), server.token, NULL);
        snprintf(body, sizeof(body), "{\"ids\":[\"%s\",\"%s\"]}", ids[0], ids[1]);
        api_check(&server, 200, "POST", path_of(kind, "", ":batchDelete"), server.token, body);
        api_check(&server, 404, "GET", path_of(kind, ids[0], ""), server.token, NULL);
        api_check(&server, 404, "GET", path_of(kind, ids[1], ""), server.token, NULL);
        api_check(&server, 200, "GET", path_of(kind, ids[2], ""), server.token, NULL);
        reply = api_expect(&server, 200, "GET", path_of(kind, ids[1], "/activity-logs"),
                           server.token, NULL);
        assert_true(api_contains(&reply, "\"action\":\"Deleted"));
        api_reply_free(&reply);
    }
}

static void history_and_usage_are_told_for_each_kind(void **state)
{
    (void)state;
    for (const struct kind *kind = rows; kind < rows + row_count; kind++) {
        char id[40], action[64];
        struct api_reply reply;

        create(kind, "told-of", id);
        reply = api_expect(&server, 200, "GET", path_of(kind, id, ":usage"), server.token, NULL);
        assert_true(api_contains(&reply, "\"usedBy\":[]"));
        api_reply_free(&reply);
        reply = api_expect(&server, 200, "GET", path_of(kind, id, "/activity-logs"), server.token,
                           NULL);
        snprintf(action, sizeof(action), "\"action\":\"Created%s\"", kind->type);
        assert_true(api_contains(&reply, action));
        assert_true(api_contains(&reply, "{\"path\":\"name\",\"before\":\"\","
                                         "\"after\":\"\\\"told-of\\\"\"}"));
        api_reply_free(&reply);
        api_check(&server, 200, "DELETE", path_of(kind, id, ""), server.token, NULL);
        api_check(&server, 404, "GET", path_of(kind, id, ":usage"), server.token, NULL);
        api_check(&server, 200, "GET", path_of(kind, id, "/activity-logs"), server.token, NULL);
        api_check(&server, 404, "GET",
                  path_of(kind, "0192f1a0-0000-7000-8000-000000000901", "/activity-logs"),
                  server.token, NULL);
    }
}

/* -- references ------------------------------------------------------------------------------- */

static void what_is_used_is_not_deleted_and_says_by_whom(void **state)
{
    char director[40], free_director[40], device[40], role[40], blind[64], token[40], body[300];
    struct api_reply reply;

    (void)state;
    create(&kinds[0], "used", director);
    create(&kinds[0], "unused", free_director);
    snprintf(body, sizeof(body), "{\"name\":\"the-user\",\"directorIds\":[\"%s\"]}", director);
    reply = api_expect(&server, 201, "POST", "/api/v1/devices", server.token, body);
    api_field(&reply, "id", device, sizeof(device));
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "GET", path_of(&kinds[0], director, ":usage"), server.token,
                       NULL);
    assert_true(api_contains(&reply, "\"kind\":\"devices\""));
    assert_true(api_contains(&reply, "\"name\":\"the-user\""));
    api_reply_free(&reply);
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token,
                       "{\"name\":\"directors alone\",\"permissions\":[\"directors.read\","
                       "\"directors.delete\"]}");
    api_field(&reply, "id", role, sizeof(role));
    api_reply_free(&reply);
    api_make_token(&server, server.token, "directors alone", role, blind, token);
    reply = api_expect(&server, 200, "GET", path_of(&kinds[0], director, ":usage"), blind, NULL);
    assert_true(api_contains(&reply, "\"hiddenCount\":1"));
    assert_false(api_contains(&reply, "the-user"));
    api_reply_free(&reply);
    snprintf(body, sizeof(body), "{\"ids\":[\"%s\",\"%s\"]}", free_director, director);
    reply = api_expect(&server, 409, "POST", "/api/v1/directors:batchDelete", server.token, body);
    assert_true(api_contains(&reply, "the-user"));
    api_reply_free(&reply);
    reply = api_expect(&server, 409, "POST", "/api/v1/directors:batchDelete", blind, body);
    assert_false(api_contains(&reply, "the-user"));
    assert_true(api_contains(&reply, "1 object refers"));
    api_reply_free(&reply);
    api_check(&server, 200, "GET", path_of(&kinds[0], free_director, ""), server.token, NULL);
    api_check(&server, 200, "DELETE", path_of(&kinds[1], device, ""), server.token, NULL);
    api_check(&server, 200, "POST", "/api/v1/directors:batchDelete", server.token, body);
}

/* A hundred devices that refer to the same three directors: their ids as the body of a batch. */
static void create_hundred(char directors[3][40], char body[8000], char first[40])
{
    size_t len;

    for (int i = 0; i < 3; i++) {
        char name[32];

        snprintf(name, sizeof(name), "of-hundred-%d", i);
        create(&kinds[0], name, directors[i]);
    }
    len = (size_t)snprintf(body, 8000, "{\"ids\":[");
    for (int i = 0; i < 100; i++) {
        char device[300], id[40];
        struct api_reply reply;

        snprintf(device, sizeof(device),
                 "{\"name\":\"hundred-%d\",\"directorIds\":[\"%s\",\"%s\",\"%s\"]}", i,
                 directors[0], directors[1], directors[2]);
        reply = api_expect(&server, 201, "POST", "/api/v1/devices", server.token, device);
        api_field(&reply, "id", id, sizeof(id));
        api_reply_free(&reply);
        if (i == 0)
            memcpy(first, id, sizeof(id));
        len += (size_t)snprintf(body + len, 8000 - len, "%s\"%s\"", i > 0 ? "," : "", id);
    }
    snprintf(body + len, 8000 - len, "]}");
}

static void a_hundred_devices_with_three_directors_each_go_at_once(void **state)
{
    char directors[3][40], body[8000], device[40], route[40], text[200];
    struct api_reply reply;

    (void)state;
    create_hundred(directors, body, device);
    snprintf(text, sizeof(text),
             "{\"name\":\"of-hundred\",\"configuration\":{\"deviceIds\":[\"%s\"]}}", device);
    reply = api_expect(&server, 201, "POST", "/api/v1/advanced-routes", server.token, text);
    api_field(&reply, "id", route, sizeof(route));
    api_reply_free(&reply);
    /* One is referred to: all stay. */
    reply = api_expect(&server, 409, "POST", "/api/v1/devices:batchDelete", server.token, body);
    assert_true(api_contains(&reply, "of-hundred"));
    api_reply_free(&reply);
    api_check(&server, 200, "GET", path_of(&kinds[1], device, ""), server.token, NULL);
    snprintf(text, sizeof(text), "/api/v1/advanced-routes/%s", route);
    api_check(&server, 200, "DELETE", text, server.token, NULL);
    api_check(&server, 200, "POST", "/api/v1/devices:batchDelete", server.token, body);
    api_check(&server, 200, "DELETE", path_of(&kinds[0], directors[0], ""), server.token, NULL);
    api_check(&server, 404, "POST", "/api/v1/devices:batchDelete", server.token, body);
}

/* -- credentials and secrets ------------------------------------------------------------------ */

/* Whether any file of the store holds the text. */
static bool store_holds(const char *text)
{
    char command[300];

    snprintf(command, sizeof(command), "grep -rqaF -- '%s' '%s'", text, server.data);
    return system(command) == 0; /* NOLINT: the texts are our own */
}

static void a_credential_is_shown_once_and_replaced(void **state)
{
    static const struct {
        const struct kind *kind;
        const char *field, *masked, *prefix, *action;
        int listing; /* what the credential is answered that asks for the list */
    } cases[] = {
        {&kinds[0], "apiKey", "maskedApiKey", "dsd_", ":regenerateKey", 403},
        {&kinds[3], "enrollmentToken", "maskedEnrollmentToken", "dse_", ":regenerateToken", 401},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct kind *kind = cases[i].kind;
        char body[300], id[40], first[64], second[64], masked[64], wanted[64];
        struct api_reply reply;

        if (kind->needs != NULL)
            snprintf(body, sizeof(body), kind->body, "with-a-key", needed_by(kind));
        else
            snprintf(body, sizeof(body), kind->body, "with-a-key");
        reply = api_expect(&server, 201, "POST", path_of(kind, "", ""), server.token, body);
        api_field(&reply, "id", id, sizeof(id));
        api_field(&reply, cases[i].field, first, sizeof(first));
        assert_int_equal(strlen(first), 53);
        assert_int_equal(strncmp(first, cases[i].prefix, 4), 0);
        api_reply_free(&reply);
        reply = api_expect(&server, 200, "GET", path_of(kind, id, ""), server.token, NULL);
        api_field(&reply, cases[i].masked, masked, sizeof(masked));
        snprintf(wanted, sizeof(wanted), "%s........%s", cases[i].prefix, first + 49);
        assert_string_equal(masked, wanted);
        assert_false(api_contains(&reply, first));
        api_reply_free(&reply);
        reply = api_expect(&server, 200, "POST", path_of(kind, id, cases[i].action), server.token,
                           NULL);
        api_field(&reply, cases[i].field, second, sizeof(second));
        assert_int_equal(strlen(second), 53);
        assert_string_not_equal(first, second);
        api_reply_free(&reply);
        reply = api_expect(&server, 200, "GET", path_of(kind, id, "/activity-logs"), server.token,
                           NULL);
        assert_true(api_contains(&reply, "\"action\":\"Regenerated"));
        assert_false(api_contains(&reply, first));
        assert_false(api_contains(&reply, second));
        api_reply_free(&reply);
        assert_false(store_holds(first));
        assert_false(store_holds(second));
        api_check(&server, cases[i].listing, "GET", path_of(kind, "", ""), second, NULL);
        api_check(&server, 200, "DELETE", path_of(kind, id, ""), server.token, NULL);
    }
}

static void the_value_of_a_secret_is_replaced_by_an_action(void **state)
{
    char id[40];

    (void)state;
    create(&kinds[9], "to-be-set", id);
    api_check(&server, 200, "PUT", path_of(&kinds[9], id, "/value"), server.token,
              "{\"value\":\"hunter2\"}");
    api_check(&server, 400, "PUT", path_of(&kinds[9], id, "/value"), server.token, "{}");
    api_check(&server, 200, "PUT", path_of(&kinds[9], id, "/value"), server.token,
              "{\"value\":\"$env{HUNTER}\"}");
}

static void assert_secret_is(const char *id, const char *status)
{
    assert_status_is(&kinds[9], id, status);
}

static void an_empty_value_of_a_secret_is_none(void **state)
{
    struct api_reply reply;
    char id[40];

    (void)state;
    reply = api_expect(&server, 201, "POST", path_of(&kinds[9], "", ""), server.token,
                       "{\"name\":\"empty-value\",\"value\":\"\"}");
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    assert_secret_is(id, "NOT_SET");
    api_check(&server, 200, "PATCH", path_of(&kinds[9], id, ""), server.token,
              "{\"value\":\"hunter2\"}");
    assert_secret_is(id, "SET");
    api_check(&server, 200, "PATCH", path_of(&kinds[9], id, ""), server.token, "{\"value\":\"\"}");
    assert_secret_is(id, "NOT_SET");
    api_check(&server, 200, "DELETE", path_of(&kinds[9], id, ""), server.token, NULL);
}

static void a_whole_quote_fits_where_an_address_does(void **state)
{
    char secret[40], body[300];

    (void)state;
    create(&kinds[9], "address-of-it", secret);
    snprintf(body, sizeof(body),
             "{\"name\":\"quoted-address\",\"tcp\":{\"port\":9000,\"address\":\"$secret{id=%s}\"}}",
             secret);
    api_check(&server, 201, "POST", path_of(&kinds[1], "", ""), server.token, body);
    snprintf(body, sizeof(body),
             "{\"name\":\"not-whole\",\"tcp\":{\"port\":9000,\"address\":\" $secret{id=%s}\"}}",
             secret);
    api_check(&server, 400, "POST", path_of(&kinds[1], "", ""), server.token, body);
    api_check(&server, 409, "DELETE", path_of(&kinds[9], secret, ""), server.token, NULL);
}

static void pipelines_that_refer_to_each_other_go_together(void **state)
{
    char inner[40], outer[40], body[300];
    struct api_reply reply;

    (void)state;
    create(&kinds[8], "the_inner", inner);
    reply = api_expect(&server, 201, "POST", "/api/v1/pipelines", server.token,
                       "{\"name\":\"the_outer\",\"content\":\"processors:\\n  - pipeline:\\n      "
                       "name: the_inner\\n\"}");
    api_field(&reply, "id", outer, sizeof(outer));
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "GET", path_of(&kinds[8], inner, ":usage"), server.token,
                       NULL);
    assert_true(api_contains(&reply, "the_outer"));
    api_reply_free(&reply);
    api_check(&server, 409, "DELETE", path_of(&kinds[8], inner, ""), server.token, NULL);
    snprintf(body, sizeof(body), "{\"ids\":[\"%s\"]}", inner);
    api_check(&server, 409, "POST", "/api/v1/pipelines:batchDelete", server.token, body);
    snprintf(body, sizeof(body), "{\"ids\":[\"%s\",\"%s\"]}", inner, outer);
    api_check(&server, 200, "POST", "/api/v1/pipelines:batchDelete", server.token, body);
    api_check(&server, 404, "GET", path_of(&kinds[8], inner, ""), server.token, NULL);
}

/* The body of a device of a generic type, whose settings are `settings`. */
static char *generic(const char *name, const char *settings)
{
    size_t size = strlen(settings) + 200;
    char *body = malloc(size);

    assert_non_null(body);
    snprintf(body, size, "{\"name\":\"%s\",\"generic\":{\"type\":\"KAFKA\",\"settings\":%s}}", name,
             settings);
    return body;
}

/* `count` times `text`, with `first` before and `last` after it. */
static char *repeated(const char *first, const char *text, size_t count, const char *last)
{
    size_t size = strlen(first) + strlen(text) * count + strlen(last) + 1;
    char *all = calloc(1, size);

    assert_non_null(all);
    strcpy(all, first);
    for (size_t i = 0, at = strlen(first); i < count; i++, at += strlen(text))
        memcpy(all + at, text, strlen(text));
    strcat(all, last);
    return all;
}

static void post_generic(int status, const char *name, char *settings, const char *says)
{
    char *body = generic(name, settings);
    struct api_reply reply = api_expect(&server, status, "POST", "/api/v1/devices", server.token,
                                        body);

    if (!api_contains(&reply, says))
        fail_msg("%s: the answer lacks \"%s\"", name, says);
    api_reply_free(&reply);
    free(body);
    free(settings);
}

static void generic_settings_keep_their_bounds(void **state)
{
    char *closed = repeated("", "]", 15, "}");
    char *too_deep = repeated("", "]", 16, "}");

    (void)state;
    /* An object and 15 lists are 16 levels; the list of 499 is a value too. */
    post_generic(201, "generic-depth", repeated("{\"a\":", "[", 15, closed), "KAFKA");
    post_generic(400, "generic-deeper", repeated("{\"a\":", "[", 16, too_deep),
                 "generic.settings: must have at most 16 levels");
    post_generic(201, "generic-values", repeated("{\"a\":[1", ",1", 498, "]}"), "KAFKA");
    post_generic(400, "generic-more", repeated("{\"a\":[1", ",1", 499, "]}"),
                 "generic.settings: must have at most 500 values");
    post_generic(400, "generic-bytes", repeated("{\"a\":\"", "x", 65536, "\"}"),
                 "generic.settings: must have at most 65536 bytes");
    free(closed);
    free(too_deep);
}

static void a_preview_shows_the_request_and_creates_nothing(void **state)
{
    struct api_reply reply = api_expect(&server, 200, "POST", "/api/v1/api-preview", server.token,
                                        "{\"kind\":\"devices\",\"body\":{\"name\":\"seen\"}}");

    (void)state;
    assert_true(api_contains(&reply, "\"path\":\"/devices\""));
    assert_true(api_contains(&reply, "$BASE_URL/devices"));
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "GET", "/api/v1/devices", server.token, NULL);
    assert_false(api_contains(&reply, "\"name\":\"seen\""));
    api_reply_free(&reply);
    reply = api_expect(&server, 400, "POST", "/api/v1/api-preview", server.token,
                       "{\"kind\":\"devices\",\"body\":{\"nmae\":\"seen\"}}");
    assert_true(api_contains(&reply, "body.nmae"));
    api_reply_free(&reply);
}

/* The rows of KIND_ROWS; the kinds of the contract where it is not set. */
static bool read_rows(void)
{
    static struct kind others[8];
    static char texts[8][3][200];
    const char *rest = getenv("KIND_ROWS");
    int used = 0;

    if (rest == NULL)
        return false;
    rows = others;
    for (row_count = 0; row_count < 8; row_count++, rest += used) {
        char(*text)[200] = texts[row_count];

        if (sscanf(rest, " %199s %199s %199s%n", text[0], text[1], text[2], &used) != 3)
            break;
        others[row_count] = (struct kind){text[0],    text[1],   text[2], "disable", "enable",
                                          "DISABLED", "ENABLED", true,    NULL};
    }
    return true;
}

int main(void)
{
    const struct CMUnitTest of_all[] = {
        cmocka_unit_test(each_kind_is_created_read_listed_changed_and_deleted),
        cmocka_unit_test(what_breaks_a_rule_is_refused_by_its_path),
        cmocka_unit_test(a_clone_is_another_object_with_the_same_settings),
        cmocka_unit_test(actions_set_the_status_and_write_once),
        cmocka_unit_test(a_batch_is_read_in_its_order_and_deleted_whole),
        cmocka_unit_test(history_and_usage_are_told_for_each_kind),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_created_read_listed_changed_and_deleted),
        cmocka_unit_test(what_breaks_a_rule_is_refused_by_its_path),
        cmocka_unit_test(a_clone_is_another_object_with_the_same_settings),
        cmocka_unit_test(actions_set_the_status_and_write_once),
        cmocka_unit_test(a_batch_is_read_in_its_order_and_deleted_whole),
        cmocka_unit_test(history_and_usage_are_told_for_each_kind),
        cmocka_unit_test(what_is_used_is_not_deleted_and_says_by_whom),
        cmocka_unit_test(a_hundred_devices_with_three_directors_each_go_at_once),
        cmocka_unit_test(a_credential_is_shown_once_and_replaced),
        cmocka_unit_test(the_value_of_a_secret_is_replaced_by_an_action),
        cmocka_unit_test(an_empty_value_of_a_secret_is_none),
        cmocka_unit_test(a_whole_quote_fits_where_an_address_does),
        cmocka_unit_test(generic_settings_keep_their_bounds),
        cmocka_unit_test(a_preview_shows_the_request_and_creates_nothing),
        cmocka_unit_test(pipelines_that_refer_to_each_other_go_together),
    };

    return read_rows() ? cmocka_run_group_tests(of_all, start, stop)
                       : cmocka_run_group_tests(tests, start, stop);
}
