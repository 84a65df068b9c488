/*
 * What keeps an object from being deleted: a row for each kind that may refer to each other one.
 * The refusal names who refers to whoever may read them, and only counts them for others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

/*
 * Bodies of create requests: * is the id of what is referred to, # and ! a director, % a dataset.
 */
struct edge {
    const char *target, *target_body;
    const char *source, *source_body;
    const char *singular; /* of the source */
};

#define NAME "\"name\":\"edge-source\""
#define DIRECTOR "directors", "{\"name\":\"edge-target\"}"
#define CLUSTER "clusters", "{\"name\":\"edge-target\",\"type\":\"MANAGED\"}"
#define DEVICE "devices", "{\"name\":\"edge-target\"}"
#define TARGET "targets", "{\"name\":\"edge-target\"}"
#define PIPELINE "pipelines", "{\"name\":\"edge-target\",\"content\":\"processors: []\"}"
#define DATASET "datasets", "{\"name\":\"edge-target\",\"type\":\"WINDOWS\"}"
#define PROFILE "profiles", "{\"name\":\"edge-target\",\"type\":\"WINDOWS\",\"datasetIds\":[\"%\"]}"
#define PROVIDER "vault/providers", "{\"name\":\"edge-target\"}"
#define SECRET "vault/secrets", "{\"name\":\"edge-target\"}"
#define ROLE "roles", "{\"name\":\"edge-target\",\"permissions\":[\"roles.read\"]}"

static const struct edge edges[] = {
    {DIRECTOR, "devices", "{" NAME ",\"directorIds\":[\"*\"]}", "device"},
    {DIRECTOR, "clusters",
     "{" NAME ",\"type\":\"MANAGED\",\"members\":[{\"directorId\":\"*\"},{\"directorId\":\"#\"},"
     "{\"directorId\":\"!\"}]}",
     "cluster"},
    {DIRECTOR, "agent-enrollment-templates",
     "{" NAME ",\"directorId\":\"*\",\"platform\":\"LINUX\"}", "agent enrollment template"},
    {DIRECTOR, "advanced-routes", "{" NAME ",\"directorIds\":[\"*\"]}", "advanced route"},
    {CLUSTER, "devices", "{" NAME ",\"clusterId\":\"*\"}", "device"},
    {CLUSTER, "advanced-routes", "{" NAME ",\"clusterIds\":[\"*\"]}", "advanced route"},
    {DEVICE, "advanced-routes", "{" NAME ",\"configuration\":{\"deviceIds\":[\"*\"]}}",
     "advanced route"},
    {TARGET, "advanced-routes", "{" NAME ",\"defaultTargetId\":\"*\"}", "advanced route"},
    {TARGET, "advanced-routes",
     "{" NAME ",\"configuration\":{\"rules\":[{\"targetIds\":[\"*\"]}]}}", "advanced route"},
    {PIPELINE, "advanced-routes", "{" NAME ",\"pipelineId\":\"*\"}", "advanced route"},
    {PIPELINE, "devices", "{" NAME ",\"pipelineIds\":[\"*\"]}", "device"},
    {PIPELINE, "targets", "{" NAME ",\"pipelineIds\":[\"*\"]}", "target"},
    {PIPELINE, "datasets", "{" NAME ",\"type\":\"WINDOWS\",\"pipelineId\":\"*\"}", "dataset"},
    {PIPELINE, "pipelines", "{" NAME ",\"parentId\":\"*\",\"content\":\"processors: []\"}",
     "pipeline"},
    {PIPELINE, "pipelines",
     "{" NAME ",\"content\":\"processors:\\n  - pipeline:\\n      name: edge-target\\n\"}",
     "pipeline"},
    {DATASET, "devices", "{" NAME ",\"windows\":{},\"datasetIds\":[\"*\"]}", "device"},
    {DATASET, "profiles", "{" NAME ",\"type\":\"WINDOWS\",\"datasetIds\":[\"*\"]}", "profile"},
    {DATASET, "agent-enrollment-templates",
     "{" NAME ",\"directorId\":\"#\",\"platform\":\"WINDOWS\",\"datasetIds\":[\"*\"]}",
     "agent enrollment template"},
    {PROFILE, "devices", "{" NAME ",\"windows\":{},\"profileIds\":[\"*\"]}", "device"},
    {PROFILE, "agent-enrollment-templates",
     "{" NAME ",\"directorId\":\"#\",\"platform\":\"WINDOWS\",\"profileIds\":[\"*\"]}",
     "agent enrollment template"},
    {ROLE, "api-tokens", "{" NAME ",\"roleId\":\"*\"}", "API token"},
    {ROLE, "users", "{" NAME ",\"email\":\"edge@example.com\",\"roleId\":\"*\"}", "user"},
    {PROVIDER, "vault/secrets",
     "{" NAME ",\"external\":{\"providerId\":\"*\",\"reference\":\"a/b\"}}", "vault secret"},
    {PROVIDER, "devices", "{" NAME ",\"tags\":[\"$secret{store=edge-target,ref=a}\"]}", "device"},
    {SECRET, "devices", "{" NAME ",\"tags\":[\"$secret{id=*}\"]}", "device"},
    {SECRET, "targets",
     "{" NAME ",\"generic\":{\"type\":\"SYSLOG\",\"settings\":{\"word\":\"$secret{id=*}\"}}}",
     "target"},
    {SECRET, "pipelines",
     "{" NAME ",\"content\":\"processors:\\n  - set:\\n      value: $secret{id=*}\\n\"}",
     "pipeline"},
};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

static struct api_server server;
static char directors[2][40], dataset[40];

static void create(const char *collection, const char *body, char id[40])
{
    char path[64];
    struct api_reply reply;

    snprintf(path, sizeof(path), "/api/v1/%s", collection);
    reply = api_expect(&server, 201, "POST", path, server.token, body);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    create("directors", "{\"name\":\"member-two\"}", directors[0]);
    create("directors", "{\"name\":\"member-three\"}", directors[1]);
    create("datasets", "{\"name\":\"of-all\",\"type\":\"WINDOWS\"}", dataset);
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

/* The text with ids for its marks. */
static void fill_in(const char *text, const char *target, char *filled, size_t size)
{
    size_t len = 0;

    for (; *text != '\0' && len + 40 < size; text++) {
        const char *id = *text == '*'   ? target
                         : *text == '#' ? directors[0]
                         : *text == '!' ? directors[1]
                         : *text == '%' ? dataset
                                        : NULL;

        if (id == NULL)
            filled[len++] = *text;
        else
            len += (size_t)snprintf(filled + len, size - len, "%s", id);
    }
    filled[len] = '\0';
}

/* A token that may read and delete objects of the kind alone. */
static void make_blind(const char *collection, char token[64])
{
    static int made;
    char kind[40], body[200], role[40], id[40], name[40];

    snprintf(kind, sizeof(kind), "%s", collection);
    if (strchr(kind, '/') != NULL)
        *strchr(kind, '/') = '-';
    snprintf(name, sizeof(name), "blind-%d", made++);
    snprintf(body, sizeof(body), "{\"name\":\"%s\",\"permissions\":[\"%s.read\",\"%s.delete\"]}",
             name, kind, kind);
    create("roles", body, role);
    api_make_token(&server, server.token, name, role, token, id);
}

static void assert_refused(const struct edge *edge, const char *path, const char *token,
                           const char *says, const char *keeps)
{
    struct api_reply reply = api_expect(&server, 409, "DELETE", path, token, NULL);

    if (!api_contains(&reply, says) || (keeps != NULL && api_contains(&reply, keeps)))
        fail_msg("%s <- %s: wanted \"%s\"%s%s, got %s", edge->target, edge->source, says,
                 keeps == NULL ? "" : " without ", keeps == NULL ? "" : keeps, reply.body);
    api_reply_free(&reply);
}

static void each_reference_refuses_the_deletion_and_says_by_whom(void **state)
{
    (void)state;
    for (const struct edge *edge = edges; edge < edges + EDGES; edge++) {
        char target[40], source[40], path[120], source_path[120], says[120], blind[64];
        char body[600];

        fill_in(edge->target_body, "", body, sizeof(body));
        create(edge->target, body, target);
        fill_in(edge->source_body, target, body, sizeof(body));
        create(edge->source, body, source);
        make_blind(edge->target, blind);
        snprintf(path, sizeof(path), "/api/v1/%s/%s", edge->target, target);
        snprintf(source_path, sizeof(source_path), "/api/v1/%s/%s", edge->source, source);
        snprintf(says, sizeof(says), "The %s \\\"edge-source\\\" refers to the object.",
                 edge->singular);
        assert_refused(edge, path, server.token, says, NULL);
        /* Who reads pipelines may read the one that refers. */
        if (strcmp(edge->source, edge->target) != 0)
            assert_refused(edge, path, blind, "1 object refers", "edge-source");
        api_check(&server, 200, "GET", path, server.token, NULL);
        api_check(&server, 200, "DELETE", source_path, server.token, NULL);
        api_check(&server, 200, "DELETE", path, blind, NULL);
    }
}

/* 70 targets in five rules: more than 64 references, and fewer than a write holds. */
static void a_route_refers_to_as_many_targets_as_its_lists_allow(void **state)
{
    char body[4000], id[40], path[80];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 70; i++) {
        char target[60];

        snprintf(target, sizeof(target), "{\"name\":\"many-%d\"}", i);
        create("targets", target, id);
        len += (size_t)snprintf(body + len, sizeof(body) - len, "%s%s\"%s\"",
                                i == 0 ? "{\"name\":\"to-many\",\"configuration\":{\"rules\":["
                                       : "",
                                i % 14 > 0 ? ","
                                : i == 0   ? "{\"targetIds\":["
                                           : "]},{\"targetIds\":[",
                                id);
    }
    snprintf(body + len, sizeof(body) - len, "]}]}}");
    snprintf(path, sizeof(path), "/api/v1/targets/%s", id);
    create("advanced-routes", body, id);
    assert_refused(&edges[0], path, server.token, "The advanced route \\\"to-many\\\" refers",
                   NULL);
}

/* Elements of a list have no counterparts in the list before: all of both count. */
static void a_list_of_rules_that_is_rewritten_lets_go_what_it_held(void **state)
{
    enum { TARGETS = 3 };
    char ids[TARGETS][40], paths[TARGETS][160], route[40], path[80], body[600];

    (void)state;
    for (int i = 0; i < TARGETS; i++) {
        snprintf(body, sizeof(body), "{\"name\":\"ruled-%d\"}", i);
        create("targets", body, ids[i]);
        snprintf(paths[i], sizeof(paths[i]), "/api/v1/targets/%s", ids[i]);
    }
    snprintf(body, sizeof(body),
             "{\"name\":\"of-rules\",\"configuration\":{\"rules\":[{\"targetIds\":[\"%s\"]},"
             "{\"targetIds\":[\"%s\"]}]}}",
             ids[0], ids[1]);
    create("advanced-routes", body, route);
    snprintf(path, sizeof(path), "/api/v1/advanced-routes/%s", route);
    for (int i = 0; i + 1 < TARGETS; i++) {
        /* First rules of the second and the third target, then of the third alone. */
        snprintf(body, sizeof(body),
                 "{\"configuration\":{\"rules\":[%s%s%s{\"targetIds\":[\"%s\"]}]}}",
                 i == 0 ? "{\"targetIds\":[\"" : "", i == 0 ? ids[1] : "", i == 0 ? "\"]}," : "",
                 ids[2]);
        api_check(&server, 200, "PATCH", path, server.token, body);
        api_check(&server, 200, "DELETE", paths[i], server.token, NULL);
        for (int held = i + 1; held < TARGETS; held++)
            api_check(&server, 409, "DELETE", paths[held], server.token, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_rules_that_is_rewritten_lets_go_what_it_held),
        cmocka_unit_test(a_route_refers_to_as_many_targets_as_its_lists_allow),
        cmocka_unit_test(each_reference_refuses_the_deletion_and_says_by_whom),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
