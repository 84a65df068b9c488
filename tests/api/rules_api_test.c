/*
 * Rules that span fields and objects, as a user meets them over REST: settings set once, clusters
 * and their members, pipelines with line and column, quotes, formats, computed fields.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define RACES 100
/* What a sanitizer watches is many times slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define REFUSAL_MOST_US 500000
#else
#define REFUSAL_MOST_US 50000
#endif
#define PIPELINES "/api/v1/pipelines"

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
    api_remove(&server);
    return 0;
}

/* -- requests --------------------------------------------------------------------------------- */

static void create(const char *path, const char *body, char id[40])
{
    struct api_reply reply = api_expect(&server, 201, "POST", path, server.token, body);

    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static void director(const char *name, char id[40])
{
    char body[100];

    snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    create("/api/v1/directors", body, id);
}

/* The answer must hold the text. */
static void expect(int status, const char *method, const char *path, const char *body,
                   const char *text)
{
    struct api_reply reply = api_expect(&server, status, method, path, server.token, body);

    if (!api_contains(&reply, text))
        fail_msg("%s %s: wanted %s in %s", method, path, text, reply.body);
    api_reply_free(&reply);
}

/* A 400 with a violation of the field, in these words. */
static void refuse(const char *method, const char *path, const char *body, const char *field,
                   const char *words)
{
    char text[300];

    snprintf(text, sizeof(text), "\"field\":\"%s\"", field);
    expect(400, method, path, body, text);
    expect(400, method, path, body, words);
}

static const char *below(const char *collection, const char *id, const char *action)
{
    static char path[200];

    snprintf(path, sizeof(path), "/api/v1/%s/%s%s", collection, id, action);
    return path;
}

static const char *cluster(const char *name, char ids[][40], int count)
{
    static char body[2000];
    int len = snprintf(body, sizeof(body), "{\"name\":\"%s\",\"type\":\"MANAGED\",\"members\":[",
                       name);

    for (int i = 0; i < count; i++)
        len += snprintf(body + len, sizeof(body) - (size_t)len, "%s{\"directorId\":\"%s\"}",
                        i > 0 ? "," : "", ids[i]);
    snprintf(body + len, sizeof(body) - (size_t)len, "]}");
    return body;
}

/* -- tests ------------------------------------------------------------------------------------ */

static void settings_of_a_device_are_set_once(void **state)
{
    char id[40];

    (void)state;
    create("/api/v1/devices", "{\"name\":\"set-once\",\"syslog\":{\"port\":514}}", id);
    refuse("PATCH", below("devices", id, ""), "{\"tcp\":{\"port\":9000}}", "tcp",
           "cannot replace \\\"syslog\\\": \\\"settings\\\" is set once");
    expect(200, "PATCH", below("devices", id, ""), "{\"syslog\":{\"port\":1514}}", "SYSLOG");
    create("/api/v1/devices", "{\"name\":\"set-later\"}", id);
    expect(200, "GET", below("devices", id, ""), NULL, "NOT_CONFIGURED");
    expect(200, "PATCH", below("devices", id, ""), "{\"tcp\":{\"port\":9000}}", "\"type\":\"TCP\"");
    refuse("PATCH", below("devices", id, ""), "{\"syslog\":{\"port\":514}}", "syslog", "tcp");
}

static void what_a_patch_creates_is_judged_whole(void **state)
{
    char id[40];

    (void)state;
    create("/api/v1/devices", "{\"name\":\"patched-bare\"}", id);
    refuse("PATCH", below("devices", id, ""), "{\"tcp\":{\"address\":\"10.0.0.1\"}}", "tcp.port",
           "is required");
    refuse("PATCH", below("devices", id, "?updateMask=tcp.workers"),
           "{\"tcp\":{\"port\":1,\"workers\":2}}", "tcp.port", "is required");
    refuse("PATCH", below("devices", id, "?updateMask=*"),
           "{\"name\":\"patched-bare\",\"tcp\":{\"workers\":2000}}", "tcp.port", "is required");
    expect(200, "GET", below("devices", id, ""), NULL, "NOT_CONFIGURED");
    expect(200, "PATCH", below("devices", id, ""), "{\"tcp\":{\"port\":1}}",
           "\"maxConnections\":10000");
    /* Now it exists, and only what is written is judged. */
    expect(200, "PATCH", below("devices", id, ""), "{\"tcp\":{\"workers\":2}}", "\"port\":1,");
}

static char profile_body[160], template_body[160]; /* with what they refer to */

/* Each kind whose status has actions: its collection, a body, the status and its opposite. */
static const struct stateful {
    const char *collection, *body, *is, *other, *action, *back;
} stateful[] = {
    {"directors", "{\"name\":\"state-d\"%s}", "ENABLED", "DISABLED", ":disable", ":enable"},
    {"clusters", "{\"name\":\"state-c\",\"type\":\"MANAGED\"%s}", "ENABLED", "DISABLED", ":disable",
     ":enable"},
    {"devices", "{\"name\":\"state-v\"%s}", "ENABLED", "DISABLED", ":disable", ":enable"},
    {"targets", "{\"name\":\"state-t\"%s}", "ENABLED", "DISABLED", ":disable", ":enable"},
    {"datasets", "{\"name\":\"state-s\",\"type\":\"LINUX\"%s}", "ACTIVE", "PASSIVE", ":deactivate",
     ":activate"},
    {"profiles", profile_body, "ACTIVE", "PASSIVE", ":deactivate", ":activate"},
    {"advanced-routes", "{\"name\":\"state-r\"%s}", "ACTIVE", "PASSIVE", ":deactivate",
     ":activate"},
    {"agent-enrollment-templates", template_body, "ENABLED", "DISABLED", ":disable", ":enable"},
    {"vault/providers", "{\"name\":\"state-w\"%s}", "ENABLED", "DISABLED", ":disable", ":enable"},
};

static void check_status(const struct stateful *row, const char *id)
{
    char body[100], words[100];

    snprintf(body, sizeof(body), "{\"status\":\"%s\"}", row->other);
    snprintf(words, sizeof(words), "use the action %s\"", row->action);
    refuse("PATCH", below(row->collection, id, ""), body, "status", words);
    snprintf(words, sizeof(words), "\"status\":\"%s\"", row->is);
    expect(200, "GET", below(row->collection, id, ""), NULL, words);
    snprintf(body, sizeof(body), "{\"status\":\"%s\",\"description\":\"same\"}", row->is);
    expect(200, "PATCH", below(row->collection, id, ""), body, words);
    snprintf(words, sizeof(words), "\"status\":\"%s\"", row->other);
    expect(200, "POST", below(row->collection, id, row->action), "{}", words);
    expect(200, "PATCH", below(row->collection, id, ""), "{\"status\":null}", words);
    snprintf(body, sizeof(body), "{\"status\":\"%s\"}", row->is);
    refuse("PATCH", below(row->collection, id, ""), body, "status", row->back);
    api_check(&server, 200, "DELETE", below(row->collection, id, ""), server.token, NULL);
}

static void a_status_that_has_actions_is_not_changed_by_a_patch(void **state)
{
    char other[40];

    (void)state;
    create("/api/v1/datasets", "{\"name\":\"state-of\",\"type\":\"LINUX\"}", other);
    snprintf(profile_body, sizeof(profile_body),
             "{\"name\":\"state-p\",\"type\":\"LINUX\",\"datasetIds\":[\"%s\"]%%s}", other);
    director("state-of", other);
    snprintf(template_body, sizeof(template_body),
             "{\"name\":\"state-e\",\"platform\":\"LINUX\",\"directorId\":\"%s\"%%s}", other);
    for (size_t i = 0; i < sizeof(stateful) / sizeof(stateful[0]); i++) {
        const struct stateful *row = &stateful[i];
        char path[100], status[60], words[60], body[300], id[40];

        snprintf(path, sizeof(path), "/api/v1/%s", row->collection);
        snprintf(body, sizeof(body), row->body, "");
        create(path, body, id);
        check_status(row, id);
        snprintf(status, sizeof(status), ",\"status\":\"%s\"", row->other);
        snprintf(body, sizeof(body), row->body, status);
        snprintf(words, sizeof(words), "\"status\":\"%s\"", row->other);
        expect(201, "POST", path, body, words);
    }
}

static void the_status_of_a_token_is_set_at_creation_and_by_actions(void **state)
{
    char role[40], body[300], id[40];

    (void)state;
    api_role_id(&server, "API Reader", role);
    snprintf(body, sizeof(body), "{\"name\":\"state-1\",\"roleId\":\"%s\",\"status\":\"EXPIRED\"}",
             role);
    refuse("POST", "/api/v1/api-tokens", body, "status", "must be ACTIVE or DISABLED");
    snprintf(body, sizeof(body), "{\"name\":\"state-1\",\"roleId\":\"%s\",\"status\":\"DISABLED\"}",
             role);
    create("/api/v1/api-tokens", body, id);
    expect(200, "GET", below("api-tokens", id, ""), NULL, "\"status\":\"DISABLED\"");
    refuse("PATCH", below("api-tokens", id, ""), "{\"status\":\"ACTIVE\"}", "status",
           "use the action :enable\"");
    expect(200, "PATCH", below("api-tokens", id, ""),
           "{\"status\":\"DISABLED\",\"description\":\"same\"}", "\"description\":\"same\"");
    expect(200, "POST", below("api-tokens", id, ":enable"), "{}", "\"status\":\"ACTIVE\"");
    refuse("PATCH", below("api-tokens", id, ""), "{\"status\":\"DISABLED\"}", "status",
           "use the action :disable\"");
    refuse("PATCH", below("api-tokens", id, ""), "{\"status\":\"EXPIRED\"}", "status",
           "use the action :enable or :disable\"");
    expect(200, "PATCH", below("api-tokens", id, ""), "{\"status\":null}", "\"ACTIVE\"");
}

static void what_was_read_can_be_sent_back(void **state)
{
    char role[40], body[300], id[40];
    struct api_reply read;

    (void)state;
    api_role_id(&server, "API Reader", role);
    snprintf(body, sizeof(body),
             "{\"name\":\"to the nanosecond\",\"roleId\":\"%s\","
             "\"expireTime\":\"2199-01-01T00:00:00.123456789Z\"}",
             role);
    create("/api/v1/api-tokens", body, id);
    read = api_expect(&server, 200, "GET", below("api-tokens", id, ""), server.token, NULL);
    assert_true(api_contains(&read, "\"2199-01-01T00:00:00.123456789Z\""));
    api_check(&server, 200, "PATCH", below("api-tokens", id, ""), server.token, read.body);
    api_check(&server, 200, "PATCH", below("api-tokens", id, "?updateMask=*"), server.token,
              read.body);
    api_reply_free(&read);
    create("/api/v1/directors", "{\"name\":\"read-back\",\"mode\":\"SELF_MANAGED\"}", id);
    expect(200, "PATCH", below("directors", id, ""), "{\"mode\":null}", "SELF_MANAGED");
    expect(200, "PATCH", below("directors", id, ""), "{\"mode\":\"UNSPECIFIED\"}", "SELF_MANAGED");
    refuse("PATCH", below("directors", id, ""), "{\"mode\":\"MANAGED\"}", "mode",
           "be changed after creation");
    read = api_expect(&server, 200, "GET", below("directors", id, ""), server.token, NULL);
    api_check(&server, 200, "PATCH", below("directors", id, "?updateMask=*"), server.token,
              read.body);
    api_reply_free(&read);
}

static void contains(const struct api_reply *reply, const char *text)
{
    if (!api_contains(reply, text))
        fail_msg("wanted %s in %s", text, reply->body);
}

static void all_violations_are_named_at_once(void **state)
{
    char body[4000], id[40];
    struct api_reply reply;
    int len;

    (void)state;
    reply = api_expect(
        &server, 400, "POST", "/api/v1/api-tokens", server.token,
        "{\"name\":\"ab\",\"roleId\":\"x\",\"expiration\":\"FOREVER\",\"colour\":1}");
    contains(&reply, "\"field\":\"name\"");
    contains(&reply, "\"field\":\"roleId\"");
    contains(&reply, "\"field\":\"expiration\"");
    contains(&reply, "\"field\":\"colour\"");
    api_reply_free(&reply);
    create("/api/v1/devices", "{\"name\":\"all-at-once\"}", id);
    reply = api_expect(&server, 400, "PATCH", below("devices", id, ""), server.token,
                       "{\"colour\":1,\"name\":\"a\",\"directorIds\":[\"" PIPELINES "\"]}");
    contains(&reply, "\"field\":\"colour\"");
    contains(&reply, "\"field\":\"name\"");
    contains(&reply, "\"field\":\"directorIds[0]\"");
    api_reply_free(&reply);
    /* Of one list a few; the rest of the object is not hidden by it. */
    len = snprintf(body, sizeof(body), "{\"permissions\":[");
    for (int i = 0; i < 33; i++)
        len += snprintf(body + len, sizeof(body) - (size_t)len, "%s%d", i > 0 ? "," : "", i);
    snprintf(body + len, sizeof(body) - (size_t)len, "],\"name\":\"ab\",\"cloneFrom\":\"x\"}");
    reply = api_expect(&server, 400, "POST", "/api/v1/roles", server.token, body);
    contains(&reply, "\"field\":\"permissions[3]\"");
    assert_false(api_contains(&reply, "\"field\":\"permissions[4]\""));
    contains(&reply, "\"description\":\"has 29 more violations\"");
    contains(&reply, "\"field\":\"name\"");
    contains(&reply, "\"field\":\"cloneFrom\"");
    api_reply_free(&reply);
}

static void members_of_a_cluster_are_odd_distinct_and_free(void **state)
{
    char ids[5][40], twice[3][40], device[200], id[40];

    (void)state;
    for (int i = 0; i < 5; i++) {
        char name[32];

        snprintf(name, sizeof(name), "member-%d", i);
        director(name, ids[i]);
    }
    refuse("POST", "/api/v1/clusters", cluster("pair", ids, 2), "members", "odd number");
    for (int i = 0; i < 3; i++)
        memcpy(twice[i], ids[i / 2], sizeof(twice[i]));
    refuse("POST", "/api/v1/clusters", cluster("twice", twice, 3), "members[1].directorId",
           "must not be repeated");
    snprintf(device, sizeof(device), "{\"name\":\"own-device\",\"directorIds\":[\"%s\"]}", ids[0]);
    create("/api/v1/devices", device, id);
    refuse("POST", "/api/v1/clusters", cluster("busy", ids, 3), "members[0].directorId",
           "that no device refers to");
    api_check(&server, 200, "DELETE", below("devices", id, ""), server.token, NULL);
    create("/api/v1/clusters", cluster("trio", ids, 3), id);
    refuse("POST", "/api/v1/clusters", cluster("second", ids + 2, 3), "members[0].directorId",
           "that no other cluster refers to");
    expect(200, "PATCH", below("clusters", id, ""), cluster("trio", ids, 3), "\"membersDown\":3");
    expect(200, "GET", below("directors", ids[0], ""), NULL, "\"installationType\":\"CLUSTER\"");
    expect(200, "GET", below("directors", ids[0], ""), NULL, id);
    api_check(&server, 409, "DELETE", below("directors", ids[0], ""), server.token, NULL);
    api_check(&server, 409, "POST", below("directors", ids[0], ":disable"), server.token, NULL);
    api_check(&server, 409, "PATCH", below("directors", ids[0], ""), server.token,
              "{\"address\":\"10.0.0.1\"}");
    api_check(&server, 200, "PATCH", below("directors", ids[0], ""), server.token,
              "{\"description\":\"a member\"}");
    api_check(&server, 200, "POST", below("clusters", id, ":disable"), server.token, NULL);
    expect(200, "GET", below("directors", ids[0], ""), NULL, "\"effectiveStatus\":\"DISABLED\"");
    expect(200, "GET", below("directors", ids[0], ""), NULL, "\"status\":\"ENABLED\"");
    api_check(&server, 200, "DELETE", below("clusters", id, ""), server.token, NULL);
    expect(200, "GET", below("directors", ids[0], ""), NULL, "\"installationType\":\"STANDALONE\"");
}

/* One of two that race. */
struct racer {
    char body[2000];
    int status;
    char id[40];
    bool names_member;
};

static void *race(void *context)
{
    struct racer *racer = context;
    struct api_reply reply = api_call(&server, "POST", "/api/v1/clusters", server.token, NULL,
                                      racer->body);

    racer->status = reply.status;
    api_field(&reply, "id", racer->id, sizeof(racer->id));
    racer->names_member = api_contains(&reply, "\"field\":\"members[0].directorId\"");
    api_reply_free(&reply);
    return NULL;
}

static void of_two_clusters_that_race_for_a_director_one_gets_it(void **state)
{
    char ids[5][40], first[3][40], second[3][40];

    (void)state;
    for (int i = 0; i < 5; i++) {
        char name[32];

        snprintf(name, sizeof(name), "racing-%d", i);
        director(name, ids[i]);
    }
    for (int i = 0; i < 3; i++) {
        memcpy(first[i], ids[i == 0 ? 0 : i], sizeof(first[i]));
        memcpy(second[i], ids[i == 0 ? 0 : i + 2], sizeof(second[i]));
    }
    for (int round = 0; round < RACES; round++) {
        struct racer racers[2] = {{.status = 0}};
        pthread_t threads[2];
        int won;

        snprintf(racers[0].body, sizeof(racers[0].body), "%s", cluster("race-left", first, 3));
        snprintf(racers[1].body, sizeof(racers[1].body), "%s", cluster("race-right", second, 3));
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        won = racers[0].status == 201 ? 0 : 1;
        assert_int_equal(racers[won].status, 201);
        assert_int_equal(racers[1 - won].status, 400);
        assert_true(racers[1 - won].names_member);
        api_check(&server, 200, "DELETE", below("clusters", racers[won].id, ""), server.token,
                  NULL);
    }
}

/* CPU of the whole server until now, in microseconds. */
static long server_cpu_us(void)
{
    struct timespec spent;
    clockid_t clock;

    assert_int_equal(clock_getcpuclockid(server.pid, &clock), 0);
    assert_int_equal(clock_gettime(clock, &spent), 0);
    return spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

/*
 * Ten levels of anchors, each of ten aliases to the one before: 10^10 nodes for who follows them.
 */
static const char *alias_bomb(void)
{
    static char text[2000];
    size_t len = (size_t)snprintf(text, sizeof(text), "processors:\\n  - a0: &a0 x\\n");

    for (int level = 1; level <= 10; level++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "  - a%d: &a%d [", level, level);
        for (int i = 0; i < 10; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s*a%d", i > 0 ? ", " : "",
                                    level - 1);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "]\\n");
    }
    return text;
}

/* The least CPU of three refusals that the server spent, in microseconds. */
static long refusal_us(const char *content, const char *words)
{
    char body[2300];
    long least = 0;

    snprintf(body, sizeof(body), "{\"name\":\"refused\",\"content\":\"%s\"}", content);
    refuse("POST", PIPELINES, body, "content", words);
    for (int i = 0; i < 3; i++) {
        long before = server_cpu_us();
        long spent;

        api_check(&server, 400, "POST", PIPELINES, server.token, body);
        spent = server_cpu_us() - before;
        least = i == 0 || spent < least ? spent : least;
    }
    return least;
}

static void pipelines_are_refused_with_line_and_column(void **state)
{
    const struct {
        const char *content, *words;
    } rows[] = {
        {"processors: [a, b]", "(line 1, column 14)"},
        {"processors:\\n  - set:\\n      a: 1\\n      a: 2\\n", "(line 4, column 7)"},
        {"processors:\\n\\t- set: {}\\n", "(line 2, column 1)"},
        {"processors:\\n  - pipeline:\\n      name: nowhere\\n",
         "\\\"nowhere\\\" does not exist (line 3, column 13)"},
        {"processors:\\n  - set:\\n      a: $secret{no}\\n", "(line 3, column "},
        {alias_bomb(), "(line "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        long spent_us = refusal_us(rows[i].content, rows[i].words);

        print_message("%.20s: %ld us\n", rows[i].content, spent_us);
        assert_true(spent_us <= REFUSAL_MOST_US);
    }
}

static void pipelines_that_others_refer_to_stay(void **state)
{
    char body[400], base[40], child[40];

    (void)state;
    create(PIPELINES, "{\"name\":\"base_pipe\",\"content\":\"processors: []\"}", base);
    expect(200, "GET", below("pipelines", base, ""), NULL, "\"title\":\"base_pipe\"");
    create(PIPELINES,
           "{\"name\":\"user_pipe\","
           "\"content\":\"processors:\\n  - pipeline:\\n      name: base_pipe\\n\"}",
           child);
    api_check(&server, 409, "DELETE", below("pipelines", base, ""), server.token, NULL);
    api_check(&server, 200, "PATCH", below("pipelines", child, ""), server.token,
              "{\"content\":\"processors: []\"}");
    snprintf(body, sizeof(body), "{\"parentId\":\"%s\"}", base);
    api_check(&server, 200, "PATCH", below("pipelines", child, ""), server.token, body);
    expect(200, "GET", below("pipelines", base, ""), NULL, child);
    api_check(&server, 409, "DELETE", below("pipelines", base, ""), server.token, NULL);
    snprintf(body, sizeof(body), "{\"name\":\"grandchild\",\"parentId\":\"%s\"}", child);
    refuse("POST", PIPELINES, body, "parentId", "that has no parent itself");
    create(PIPELINES, "{\"name\":\"top_pipe\"}", child);
    snprintf(body, sizeof(body), "{\"parentId\":\"%s\"}", child);
    refuse("PATCH", below("pipelines", base, ""), body, "parentId", "has children itself");
}

static void schedules_have_their_formats(void **state)
{
    static const struct {
        const char *member, *text;
        bool valid;
    } rows[] = {
        {"interval", "31d", false},     {"interval", "30d", true},    {"interval", "5m", true},
        {"interval", "0", true},        {"interval", "5x", false},    {"cron", "60 * * * *", false},
        {"cron", "*/0 * * * *", false}, {"cron", "0 0 30 2 *", true}, {"cron", "@daily", false},
    };
    char body[300], field[40];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body),
                 "{\"name\":\"target-%zu\",\"schedule\":{\"enabled\":true,\"%s\":\"%s\"}}", i,
                 rows[i].member, rows[i].text);
        snprintf(field, sizeof(field), "schedule.%s", rows[i].member);
        if (rows[i].valid)
            expect(201, "POST", "/api/v1/targets", body, rows[i].text);
        else
            refuse("POST", "/api/v1/targets", body, field, "must");
    }
}

static void quotes_are_references_wherever_they_stand(void **state)
{
    char provider[40], secret[40], body[600];

    (void)state;
    create("/api/v1/vault/providers",
           "{\"name\":\"azure-prod\",\"azurevault\":{\"vaultUrl\":\"https://v.example\","
           "\"clientId\":\"c\",\"tenantId\":\"t\",\"clientSecret\":\"$env{SECRET}\"}}",
           provider);
    expect(200, "GET", below("vault/providers", provider, ""), NULL,
           "\"clientSecret\":\"$env{SECRET}\"");
    api_check(&server, 200, "PATCH", below("vault/providers", provider, ""), server.token,
              "{\"azurevault\":{\"tenantId\":\"t2\"}}");
    expect(200, "GET", below("vault/providers", provider, ""), NULL, "$env{SECRET}");
    refuse("POST", "/api/v1/vault/providers",
           "{\"name\":\"azure-two\",\"azurevault\":{\"vaultUrl\":\"https://v.example\","
           "\"clientId\":\"c\",\"tenantId\":\"t\"}}",
           "azurevault.clientSecret", "is required when clientId is set");
    snprintf(body, sizeof(body),
             "{\"name\":\"kept-there\",\"external\":{\"providerId\":\"%s\",\"reference\":\"a/b\"}}",
             provider);
    create("/api/v1/vault/secrets", body, secret);
    expect(200, "GET", below("vault/secrets", secret, ""), NULL,
           "\"providerType\":\"AZURE_KEY_VAULT\"");
    snprintf(body, sizeof(body),
             "{\"name\":\"quoting\",\"generic\":{\"type\":\"KAFKA\",\"settings\":{\"a\":["
             "\"x $secret{id=%s}\"],\"b\":{\"c\":\"$secret{store=azure-prod,ref=r}\"}}}}",
             secret);
    expect(201, "POST", "/api/v1/devices", body, "$secret{id=");
    expect(409, "DELETE", below("vault/secrets", secret, ""), NULL, "quoting");
    expect(409, "DELETE", below("vault/providers", provider, ""), NULL, "quoting");
    refuse("POST", "/api/v1/devices",
           "{\"name\":\"nowhere\",\"generic\":{\"type\":\"KAFKA\",\"settings\":{\"a\":["
           "\"$secret{store=gone,ref=r}\"]}}}",
           "generic.settings.a[0]", "does not exist");
    refuse("POST", "/api/v1/devices",
           "{\"name\":\"broken\",\"generic\":{\"type\":\"KAFKA\",\"settings\":{\"a\":"
           "\"$secret{what\"}}}",
           "generic.settings.a", "must close every quote");
}

static void kinds_that_belong_together_fit(void **state)
{
    char set[40], id[40], body[400];

    (void)state;
    refuse("POST", "/api/v1/datasets",
           "{\"name\":\"misfit\",\"type\":\"LINUX\",\"windowsSecurityLogCollector\":{}}",
           "windowsSecurityLogCollector", "must match the type LINUX");
    create("/api/v1/datasets", "{\"name\":\"win-set\",\"type\":\"WINDOWS\"}", set);
    snprintf(body, sizeof(body),
             "{\"name\":\"lin-profile\",\"type\":\"LINUX\",\"datasetIds\":[\"%s\"]}", set);
    refuse("POST", "/api/v1/profiles", body, "datasetIds[0]", "whose type is LINUX, not WINDOWS");
    director("of-agents", id);
    snprintf(body, sizeof(body),
             "{\"name\":\"expired\",\"platform\":\"WINDOWS\",\"directorId\":\"%s\","
             "\"expireTime\":\"2020-01-01T00:00:00Z\"}",
             id);
    refuse("POST", "/api/v1/agent-enrollment-templates", body, "expireTime", "in the future");
    snprintf(body, sizeof(body),
             "{\"name\":\"win-device\",\"directorIds\":[\"%s\"],\"datasetIds\":[\"%s\"],"
             "\"windows\":{}}",
             id, set);
    create("/api/v1/devices", body, id);
    expect(200, "GET", below("datasets", set, ""), NULL, id);
    api_check(&server, 400, "POST", below("devices", id, ":clone"), server.token,
              "{\"name\":\"win-clone\"}");
}

static void the_store_is_whole_afterwards(void **state)
{
    (void)state;
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_restart(&server, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_of_a_device_are_set_once),
        cmocka_unit_test(what_a_patch_creates_is_judged_whole),
        cmocka_unit_test(a_status_that_has_actions_is_not_changed_by_a_patch),
        cmocka_unit_test(the_status_of_a_token_is_set_at_creation_and_by_actions),
        cmocka_unit_test(what_was_read_can_be_sent_back),
        cmocka_unit_test(all_violations_are_named_at_once),
        cmocka_unit_test(members_of_a_cluster_are_odd_distinct_and_free),
        cmocka_unit_test(of_two_clusters_that_race_for_a_director_one_gets_it),
        cmocka_unit_test(pipelines_are_refused_with_line_and_column),
        cmocka_unit_test(pipelines_that_others_refer_to_stay),
        cmocka_unit_test(schedules_have_their_formats),
        cmocka_unit_test(quotes_are_references_wherever_they_stand),
        cmocka_unit_test(kinds_that_belong_together_fit),
        cmocka_unit_test(the_store_is_whole_afterwards),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
