/*
 * Directors that call for themselves: by their own key, for their own check-in, and for nothing
 * else; what others see of it; and that it outlives a kill.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

struct director {
    char id[40], key[64];
    char path[80];     /* of the director */
    char check_in[90]; /* of its check-in */
};

static void make_director(const struct api_server *server, const char *name, struct director *made)
{
    struct api_reply reply;
    char body[160];

    snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    reply = api_expect(server, 201, "POST", "/api/v1/directors", server->token, body);
    api_field(&reply, "id", made->id, sizeof(made->id));
    api_field(&reply, "apiKey", made->key, sizeof(made->key));
    api_reply_free(&reply);
    snprintf(made->path, sizeof(made->path), "/api/v1/directors/%s", made->id);
    snprintf(made->check_in, sizeof(made->check_in), "%s:checkIn", made->path);
}

static void assert_reads(const struct api_server *server, const char *path, const char *text)
{
    struct api_reply reply = api_expect(server, 200, "GET", path, server->token, NULL);

    if (!api_contains(&reply, text))
        fail_msg("%s lacks %s: %s", path, text, reply.body);
    api_reply_free(&reply);
}

/* How often the text is in the answer. */
static int count_in(const struct api_server *server, const char *path, const char *text)
{
    struct api_reply reply = api_expect(server, 200, "GET", path, server->token, NULL);
    int count = 0;

    for (const char *at = reply.body; (at = strstr(at, text)) != NULL; at += strlen(text))
        count++;
    api_reply_free(&reply);
    return count;
}

static void field_of(const struct api_server *server, const char *path, const char *name,
                     char value[64])
{
    struct api_reply reply = api_expect(server, 200, "GET", path, server->token, NULL);

    api_field(&reply, name, value, 64);
    api_reply_free(&reply);
}

static void set_clock(const char *ms)
{
    const char *library = getenv("CLOCK_SHIFT_LIBRARY");

    assert_non_null(library);
    setenv("CLOCK_SHIFT_MS", ms, 1);
    setenv("LD_PRELOAD", library, 1);
}

static void restart_at(struct api_server *server, const char *ms)
{
    set_clock(ms);
    api_restart(server, NULL);
    unsetenv("LD_PRELOAD");
    unsetenv("CLOCK_SHIFT_MS");
}

static void end(struct api_server *server)
{
    api_stop(server);
    assert_int_equal(api_command(server, "check"), 0);
    assert_int_equal(api_command(server, "verify-audit"), 0);
    api_remove(server);
}

static void a_director_that_checks_in_is_connected_and_not_changed(void **state)
{
    struct api_server server;
    struct director director;
    struct api_reply reply;
    char etag[64], after[64], logs[120];

    (void)state;
    api_start(&server, NULL);
    make_director(&server, "one", &director);
    snprintf(logs, sizeof(logs), "%s/activity-logs", director.path);
    field_of(&server, director.path, "etag", etag);
    assert_reads(&server, director.path, "\"connectionStatus\":\"NOT_CONNECTED\"");
    reply = api_expect(&server, 200, "POST", director.check_in, director.key,
                       "{\"platform\":\"linux/amd64\",\"version\":\"1.4.0\","
                       "\"address\":\"10.20.0.11\"}");
    assert_true(api_contains(&reply, "\"effectiveStatus\":\"ENABLED\""));
    assert_true(api_contains(&reply, "\"connectedSeconds\":90"));
    api_reply_free(&reply);
    assert_reads(&server, director.path, "\"connectionStatus\":\"CONNECTED\"");
    assert_reads(&server, director.path, "\"platform\":\"linux/amd64\"");
    assert_reads(&server, director.path, "\"version\":\"1.4.0\"");
    assert_reads(&server, director.path, "\"reportedAddress\":\"10.20.0.11\"");
    assert_reads(&server, director.path, "\"lastSeenTime\":\"");
    assert_reads(&server, "/api/v1/directors", "\"connectionStatus\":\"CONNECTED\"");
    field_of(&server, director.path, "etag", after);
    assert_string_equal(etag, after);
    for (int i = 0; i < 5; i++)
        api_check(&server, 200, "POST", director.check_in, director.key, "{}");
    assert_reads(&server, director.path, "\"version\":\"1.4.0\"");
    assert_int_equal(count_in(&server, logs, "\"action\":\"ConnectedDirector\""), 1);
    assert_int_equal(count_in(&server, "/api/v1/audit-logs", "\"actorName\":\"one\""), 1);
    end(&server);
}

static void check_ins_within_30_seconds_write_nothing(void **state)
{
    struct api_server server;
    struct director director;
    char before[64], after[64];

    (void)state;
    api_start(&server, NULL);
    make_director(&server, "one", &director);
    api_check(&server, 200, "POST", director.check_in, director.key, "{\"version\":\"1\"}");
    field_of(&server, "/api/v1/directors", "revision", before);
    for (int i = 0; i < 20; i++)
        api_check(&server, 200, "POST", director.check_in, director.key, "{\"version\":\"2\"}");
    field_of(&server, "/api/v1/directors", "revision", after);
    assert_string_equal(before, after);
    assert_reads(&server, director.path, "\"version\":\"1\"");
    end(&server);
}

static void a_director_is_lost_after_90_seconds(void **state)
{
    struct api_server server;
    struct director director;
    char logs[120];

    (void)state;
    api_start(&server, NULL);
    make_director(&server, "one", &director);
    snprintf(logs, sizeof(logs), "%s/activity-logs", director.path);
    api_check(&server, 200, "POST", director.check_in, director.key, "{\"version\":\"1\"}");
    api_stop(&server);
    restart_at(&server, "40000");
    assert_reads(&server, director.path, "\"connectionStatus\":\"CONNECTED\"");
    api_check(&server, 200, "POST", director.check_in, director.key, "{\"version\":\"2\"}");
    assert_reads(&server, director.path, "\"version\":\"2\"");
    assert_int_equal(count_in(&server, logs, "\"action\":\"ConnectedDirector\""), 1);
    api_stop(&server);
    restart_at(&server, "140000");
    assert_reads(&server, director.path, "\"connectionStatus\":\"NOT_CONNECTED\"");
    assert_reads(&server, director.path, "\"version\":\"2\"");
    api_check(&server, 200, "POST", director.check_in, director.key, NULL);
    assert_reads(&server, director.path, "\"connectionStatus\":\"CONNECTED\"");
    assert_reads(&server, director.path, "\"version\":\"2\"");
    assert_int_equal(count_in(&server, logs, "\"action\":\"ConnectedDirector\""), 2);
    end(&server);
}

static void a_check_in_outlives_a_kill(void **state)
{
    struct api_server server;
    struct director director;

    (void)state;
    api_start(&server, NULL);
    make_director(&server, "one", &director);
    api_check(&server, 200, "POST", director.check_in, director.key, "{\"version\":\"1.4.0\"}");
    api_kill(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_restart(&server, NULL);
    assert_reads(&server, director.path, "\"connectionStatus\":\"CONNECTED\"");
    assert_reads(&server, director.path, "\"version\":\"1.4.0\"");
    api_check(&server, 200, "POST", director.check_in, director.key, "{}");
    end(&server);
}

static void a_key_permits_the_own_check_in_alone(void **state)
{
    static const struct {
        const char *method, *path, *body;
    } others[] = {
        {"GET", "/api/v1/directors", NULL},
        {"GET", "/api/v1/devices", NULL},
        {"POST", "/api/v1/devices", "{\"name\":\"stray\"}"},
        {"GET", "/api/v1/audit-logs", NULL},
        {"GET", "/api/v1/permissions", NULL},
        {"GET", "/api/v1/changes", NULL},
        {"POST", "/api/v1/api-tokens", "{}"},
    };
    struct api_server server;
    struct director one, other;
    struct api_reply reply;
    char forged[64], path[120], logs[120];

    (void)state;
    api_start(&server, NULL);
    make_director(&server, "one", &one);
    make_director(&server, "other", &other);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        api_check(&server, 403, others[i].method, others[i].path, one.key, others[i].body);
    api_check(&server, 403, "GET", one.path, one.key, NULL);
    api_check(&server, 403, "PATCH", one.path, one.key, "{\"description\":\"mine\"}");
    snprintf(path, sizeof(path), "%s:regenerateKey", one.path);
    api_check(&server, 403, "POST", path, one.key, NULL);
    api_check(&server, 403, "POST", other.check_in, one.key, "{}");
    api_check(&server, 403, "POST", "/api/v1/directors/none:checkIn", one.key, "{}");
    api_check(&server, 403, "POST", one.check_in, server.token, "{}");
    assert_reads(&server, other.path, "\"connectionStatus\":\"NOT_CONNECTED\"");
    reply = api_call(&server, "POST", one.check_in, NULL, NULL, "{}");
    assert_int_equal(reply.status, 401);
    api_reply_free(&reply);
    snprintf(forged, sizeof(forged), "%s", one.key);
    forged[52] = forged[52] == 'a' ? 'b' : 'a';
    api_check(&server, 401, "POST", one.check_in, forged, "{}");
    memcpy(forged, one.key, sizeof(forged));
    memcpy(forged, "dsa_", 4);
    api_check(&server, 401, "POST", one.check_in, forged, "{}");
    api_check(&server, 400, "POST", one.check_in, one.key, "{\"address\":\"not an address!\"}");
    api_check(&server, 400, "POST", one.check_in, one.key, "{\"connectionStatus\":\"CONNECTED\"}");
    snprintf(logs, sizeof(logs), "%s/activity-logs", one.path);
    for (int i = 0; i < 3000 && count_in(&server, logs, "\"DeniedListDevices\"") == 0; i++)
        usleep(10000); /* refusals are written without waiting */
    assert_int_equal(count_in(&server, logs, "\"action\":\"DeniedListDevices\""), 1);
    end(&server);
}

static void a_key_stops_when_it_is_replaced_or_its_director_disabled_or_deleted(void **state)
{
    struct api_server server;
    struct director director;
    struct api_reply reply;
    char path[120], first[64];

    (void)state;
    api_start(&server, NULL);
    make_director(&server, "one", &director);
    api_check(&server, 200, "POST", director.check_in, director.key, "{}");
    snprintf(path, sizeof(path), "%s:disable", director.path);
    api_check(&server, 200, "POST", path, server.token, NULL);
    api_check(&server, 401, "POST", director.check_in, director.key, "{}");
    snprintf(path, sizeof(path), "%s:enable", director.path);
    api_check(&server, 200, "POST", path, server.token, NULL);
    api_check(&server, 200, "POST", director.check_in, director.key, "{}");
    snprintf(path, sizeof(path), "%s:regenerateKey", director.path);
    reply = api_expect(&server, 200, "POST", path, server.token, NULL);
    snprintf(first, sizeof(first), "%s", director.key);
    api_field(&reply, "apiKey", director.key, sizeof(director.key));
    api_reply_free(&reply);
    api_check(&server, 401, "POST", director.check_in, first, "{}");
    api_check(&server, 200, "POST", director.check_in, director.key, "{}");
    api_check(&server, 200, "DELETE", director.path, server.token, NULL);
    api_check(&server, 401, "POST", director.check_in, director.key, "{}");
    end(&server);
}

static void a_bounded_token_replaces_no_key(void **state)
{
    struct api_server server;
    struct director director;
    struct api_reply reply;
    char path[120], role[40], body[300], time[32], bounded[64];

    (void)state;
    api_start(&server, NULL);
    make_director(&server, "one", &director);
    snprintf(path, sizeof(path), "%s:regenerateKey", director.path);
    api_role_id(&server, "API Administrator", role);
    api_time_ahead(3600, time);
    snprintf(body, sizeof(body), "{\"name\":\"an-hour\",\"roleId\":\"%s\",\"expireTime\":\"%s\"}",
             role, time);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", bounded, sizeof(bounded));
    api_reply_free(&reply);
    reply = api_expect(&server, 403, "POST", path, bounded, NULL);
    assert_true(api_contains(&reply, "MINT_GUARD"));
    api_reply_free(&reply);
    snprintf(body, sizeof(body),
             "{\"name\":\"at-home\",\"roleId\":\"%s\",\"allowedCidrs\":[\"127.0.0.0/8\"]}", role);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", bounded, sizeof(bounded));
    api_reply_free(&reply);
    api_check(&server, 403, "POST", path, bounded, NULL);
    api_check(&server, 200, "POST", director.check_in, director.key, "{}");
    api_check(&server, 200, "POST", path, server.token, NULL);
    end(&server);
}

static void a_cluster_counts_the_members_that_are_connected(void **state)
{
    struct api_server server;
    struct director members[3];
    struct api_reply reply;
    char body[600], path[120], cluster[40];

    (void)state;
    api_start(&server, NULL);
    for (int i = 0; i < 3; i++) {
        snprintf(body, sizeof(body), "member-%d", i);
        make_director(&server, body, &members[i]);
    }
    snprintf(body, sizeof(body),
             "{\"name\":\"all\",\"type\":\"MANAGED\",\"members\":[{\"directorId\":\"%s\"},"
             "{\"directorId\":\"%s\"},{\"directorId\":\"%s\"}]}",
             members[0].id, members[1].id, members[2].id);
    reply = api_expect(&server, 201, "POST", "/api/v1/clusters", server.token, body);
    api_field(&reply, "id", cluster, sizeof(cluster));
    api_reply_free(&reply);
    api_check(&server, 200, "POST", members[0].check_in, members[0].key, "{}");
    api_check(&server, 200, "POST", members[2].check_in, members[2].key, "{}");
    snprintf(path, sizeof(path), "/api/v1/clusters/%s", cluster);
    assert_reads(&server, path, "\"membersUp\":2,\"membersDown\":1");
    snprintf(path, sizeof(path), "/api/v1/clusters/%s:disable", cluster);
    api_check(&server, 200, "POST", path, server.token, NULL);
    reply = api_expect(&server, 200, "POST", members[0].check_in, members[0].key, "{}");
    assert_true(api_contains(&reply, "\"effectiveStatus\":\"DISABLED\""));
    api_reply_free(&reply);
    end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_director_that_checks_in_is_connected_and_not_changed),
        cmocka_unit_test(check_ins_within_30_seconds_write_nothing),
        cmocka_unit_test(a_director_is_lost_after_90_seconds),
        cmocka_unit_test(a_check_in_outlives_a_kill),
        cmocka_unit_test(a_key_permits_the_own_check_in_alone),
        cmocka_unit_test(a_key_stops_when_it_is_replaced_or_its_director_disabled_or_deleted),
        cmocka_unit_test(a_bounded_token_replaces_no_key),
        cmocka_unit_test(a_cluster_counts_the_members_that_are_connected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
