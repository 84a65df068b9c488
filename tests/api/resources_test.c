/* Directors and devices over REST: the resource engine as users meet it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void create(const char *collection, const char *body, char id[40])
{
    char path[64];
    struct api_reply reply;

    snprintf(path, sizeof(path), "/api/v1/%s", collection);
    reply = api_expect(&server, 201, "POST", path, server.token, body);
    api_field(&reply, "id", id, 40);
    assert_int_equal(strlen(id), 36);
    api_reply_free(&reply);
}

#define EARLY_CLIENTS 12

/* Reads until the server closes; the reply's body begins after the blank line. */
static struct api_reply read_to_end(int fd)
{
    struct api_reply reply = {0};
    size_t size = (size_t)4 << 20;
    size_t len = 0;
    ssize_t got;
    char *blank;

    reply.head = malloc(size);
    assert_non_null(reply.head);
    while (len < size - 1 && (got = recv(fd, reply.head + len, size - 1 - len, 0)) > 0)
        len += (size_t)got;
    reply.head[len] = '\0';
    blank = memmem(reply.head, len, "\r\n\r\n", 4);
    assert_non_null(blank);
    reply.status = (int)strtol(reply.head + strlen("HTTP/1.1 "), NULL, 10);
    reply.body = blank + 4;
    reply.body_len = (size_t)(reply.head + len - reply.body);
    return reply;
}

/* The first test, so that the server has been ready for no time. */
static void documents_are_whole_for_who_asks_at_once(void **state)
{
    static const char *const paths[] = {"/api/v1/swagger/openapi.json",
                                        "/api/v1/swagger/openapi-3.0.json",
                                        "/api/v1/swagger/doc.json"};
    static const char *const headers[] = {"Connection: close\r\n",
                                          "Connection: close\r\nAccept-Encoding: gzip\r\n"};
    int fds[EARLY_CLIENTS];

    (void)state;
    for (size_t i = 0; i < EARLY_CLIENTS; i++) {
        fds[i] = api_connect(&server);
        assert_true(fds[i] >= 0);
        assert_true(api_write_request(fds[i], "GET", paths[i % 3], NULL, headers[i / 3 % 2], NULL));
    }
    for (size_t i = 0; i < EARLY_CLIENTS; i++) {
        struct api_reply early = read_to_end(fds[i]);
        struct api_reply late = api_call(&server, "GET", paths[i % 3], NULL, headers[i / 3 % 2],
                                         NULL);
        char etags[2][64];

        assert_int_equal(early.status, 200);
        assert_int_equal(late.status, 200);
        assert_true(early.body_len > 10000);
        assert_int_equal(early.body_len, late.body_len);
        assert_memory_equal(early.body, late.body, late.body_len);
        api_header(&early, "etag", etags[0], sizeof(etags[0]));
        api_header(&late, "etag", etags[1], sizeof(etags[1]));
        assert_string_equal(etags[0], etags[1]);
        close(fds[i]);
        free(early.head);
        api_reply_free(&late);
    }
}

static void a_name_alone_creates_a_device(void **state)
{
    struct api_reply reply = api_expect(&server, 201, "POST", "/api/v1/devices", server.token,
                                        "{\"name\": \"my-device\"}");
    char id[40], path[80], location[120], etag[64], body_etag[64];

    (void)state;
    api_field(&reply, "id", id, sizeof(id));
    api_field(&reply, "etag", body_etag, sizeof(body_etag));
    api_header(&reply, "location", location, sizeof(location));
    api_header(&reply, "etag", etag, sizeof(etag));
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    assert_non_null(strstr(location, path));
    assert_int_equal(etag[0], '"');
    assert_non_null(strstr(etag, body_etag));
    assert_true(api_contains(&reply, "\"name\":\"my-device\""));
    assert_true(api_contains(&reply, "\"status\":\"ENABLED\""));
    assert_true(api_contains(&reply, "\"createdBy\":\"token:"));
    api_reply_free(&reply);
    api_check(&server, 200, "GET", path, server.token, NULL);
    api_check(&server, 200, "DELETE", path, server.token, NULL);
    api_check(&server, 404, "GET", path, server.token, NULL);
    api_check(&server, 404, "DELETE", path, server.token, NULL);
}

static void an_absent_body_is_told_by_the_names_of_json(void **state)
{
    static const char *const bodies[] = {NULL, "{}"};

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct api_reply reply = api_expect(&server, 400, "POST", "/api/v1/devices", server.token,
                                            bodies[i]);

        assert_true(api_contains(&reply, "\"field\":\"name\""));
        assert_false(api_contains(&reply, "\"field\":\"device\""));
        api_reply_free(&reply);
    }
}

static void a_huge_name_is_a_bad_request(void **state)
{
    size_t len = 3 << 20;
    char *body = malloc(len + 64);
    struct api_reply reply;

    (void)state;
    assert_non_null(body);
    memcpy(body, "{\"name\":\"", 9);
    memset(body + 9, 'x', len);
    memcpy(body + 9 + len, "\"}", 3);
    reply = api_expect(&server, 400, "POST", "/api/v1/devices", server.token, body);
    assert_true(api_contains(&reply, "\"field\":\"name\""));
    api_reply_free(&reply);
    free(body);
}

/* A page of large objects ends early, with a token, rather than by running out of memory. */
static void a_page_of_large_objects_is_short(void **state)
{
    static char body[24000];
    char page_token[256] = "", path[400], ids[100][40];
    size_t most = sizeof(body);
    size_t seen = 0;
    int pages = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        size_t len = (size_t)snprintf(body, most, "{\"name\":\"large-%d\",\"labels\":{", i);

        for (int k = 0; k < 64; k++)
            len += (size_t)snprintf(body + len, most - len, "%s\"k%d\":\"%0255d\"",
                                    k > 0 ? "," : "", k, k);
        snprintf(body + len, most - len, "}}");
        create("directors", body, ids[i]);
    }
    do {
        struct api_reply reply;

        snprintf(path, sizeof(path), "/api/v1/directors?pageSize=1000&pageToken=%s", page_token);
        reply = api_expect(&server, 200, "GET", path, server.token, NULL);
        for (const char *at = reply.body; (at = strstr(at, "\"name\":\"large-")) != NULL; at++)
            seen++;
        api_field(&reply, "nextPageToken", page_token, sizeof(page_token));
        api_reply_free(&reply);
        pages++;
    } while (page_token[0] != '\0');
    assert_int_equal(seen, 100);
    assert_in_range(pages, 2, 10);
    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof(path), "/api/v1/directors/%.36s", ids[i]);
        api_check(&server, 200, "DELETE", path, server.token, NULL);
    }
}

static void names_are_unique_without_regard_to_case(void **state)
{
    char id[40], path[80];

    (void)state;
    create("devices",
           "{\"name\":\"Stra\xc3\x9f"
           "e\"}",
           id);
    api_check(&server, 409, "POST", "/api/v1/devices", server.token, "{\"name\":\"STRASSE\"}");
    api_check(&server, 201, "POST", "/api/v1/directors", server.token, "{\"name\":\"STRASSE\"}");
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    api_check(&server, 200, "PATCH", path, server.token, "{\"name\":\"Avenue\"}");
    api_check(&server, 201, "POST", "/api/v1/devices", server.token, "{\"name\":\"strasse\"}");
}

static void references_must_exist_and_protect_their_target(void **state)
{
    char director[40], device[40], body[160], path[80];
    struct api_reply reply;

    (void)state;
    create("directors", "{\"name\":\"dir-fra-01\",\"address\":\"10.20.0.11\",\"port\":8890}",
           director);
    snprintf(body, sizeof(body), "{\"name\":\"referring\",\"directorIds\":[\"%s\"]}", director);
    create("devices", body, device);
    reply = api_expect(&server, 400, "POST", "/api/v1/devices", server.token,
                       "{\"name\":\"lost\",\"directorIds\":["
                       "\"00000000-0000-7000-8000-000000000000\"]}");
    assert_true(api_contains(&reply, "directorIds[0]"));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/directors/%s", director);
    reply = api_expect(&server, 409, "DELETE", path, server.token, NULL);
    assert_true(api_contains(&reply, "referring"));
    api_reply_free(&reply);
    snprintf(body, sizeof(body), "/api/v1/devices/%s", device);
    api_check(&server, 200, "PATCH", body, server.token, "{\"directorIds\":[]}");
    api_check(&server, 200, "DELETE", path, server.token, NULL);
}

static void patch_without_mask_touches_only_named_fields(void **state)
{
    char id[40], path[80];
    struct api_reply reply;

    (void)state;
    create("devices",
           "{\"name\":\"patched\",\"description\":\"before\",\"tags\":[\"a\",\"b\"],"
           "\"labels\":{\"k\":\"v\"},\"syslog\":{\"port\":514}}",
           id);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    reply = api_expect(&server, 200, "PATCH", path, server.token, "{\"description\":\"after\"}");
    assert_true(api_contains(&reply, "\"description\":\"after\""));
    assert_true(api_contains(&reply, "[\"a\",\"b\"]"));
    assert_true(api_contains(&reply, "\"port\":514"));
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "PATCH", path, server.token,
                       "{\"tags\":null,\"syslog\":{\"port\":601}}");
    assert_true(api_contains(&reply, "\"tags\":[]"));
    assert_true(api_contains(&reply, "\"port\":601"));
    api_reply_free(&reply);
    reply = api_expect(&server, 400, "PATCH", path, server.token, "{\"tcp\":{\"port\":9000}}");
    assert_true(api_contains(&reply, "tcp: cannot replace"));
    assert_true(api_contains(&reply, "syslog"));
    api_reply_free(&reply);
    api_check(&server, 400, "PATCH", path, server.token, "{\"descriptoin\":\"typo\"}");
    strcat(path, "?updateMask=nothing");
    api_check(&server, 400, "PATCH", path, server.token, "{\"description\":\"x\"}");
}

static void bad_bodies_are_refused_precisely_and_change_nothing(void **state)
{
    static const struct {
        const char *body;
        const char *says;
    } cases[] = {
        {"{\"name\":\"ab\"}", "name"},
        {"{}", "name"},
        {"{\"name\":\"okay\",\"nmae\":\"x\"}", "nmae"},
        {"{\"name\":\"okay\",\"tags\":[\"x\",\"x\"]}", "tags"},
        {"{\"name\":\"okay\",\"tags\":[\"\"]}", "tags[0]"},
        {"{\"name\":\"okay\",\"syslog\":{\"port\":0}}", "syslog.port"},
        {"{\"name\":\"okay\",\"syslog\":{\"port\":70000}}", "syslog.port"},
        {"{\"name\":\"okay\",\"http\":{}}", "http.port"},
        {"{\"name\":\"okay\",\"syslog\":{},\"tcp\":{\"port\":1}}", "tcp"},
        {"{\"name\":\"okay\",\"name\":\"again\"}", "name"},
        {"{\"name\":\"o\\u0000kay\"}", "name"},
        {"{\"name\":\"o\\u202ekay\"}", "name"},
        {"{\"name\":\"okay\"", ""},
        {"{\"name\":\"okay\"} x", ""},
        {"[]", ""},
        {"{\"name\":7}", "name"},
    };
    struct api_reply before = api_expect(&server, 200, "GET", "/api/v1/devices?pageSize=1",
                                         server.token, NULL);
    struct api_reply after;
    const char *count;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct api_reply reply = api_expect(&server, 400, "POST", "/api/v1/devices", server.token,
                                            cases[i].body);
        char type[64];

        api_header(&reply, "content-type", type, sizeof(type));
        assert_string_equal(type, "application/problem+json");
        if (!api_contains(&reply, cases[i].says))
            fail_msg("%s: %s does not say %s", cases[i].body, reply.body, cases[i].says);
        api_reply_free(&reply);
    }
    after = api_expect(&server, 200, "GET", "/api/v1/devices?pageSize=1", server.token, NULL);
    count = strstr(before.body, "\"totalSize\"");
    assert_non_null(count);
    assert_true(api_contains(&after, count));
    api_reply_free(&before);
    api_reply_free(&after);
}

static void if_match_guards_updates(void **state)
{
    char id[40], path[80], etag[64], header[96], length[24];
    struct api_reply reply;

    (void)state;
    create("devices", "{\"name\":\"guarded\"}", id);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    api_header(&reply, "etag", etag, sizeof(etag));
    api_reply_free(&reply);
    snprintf(header, sizeof(header), "If-None-Match: %s\r\n", etag);
    reply = api_call(&server, "GET", path, server.token, header, NULL);
    assert_int_equal(reply.status, 304);
    api_header(&reply, "content-length", length, sizeof(length));
    assert_string_equal(length, ""); /* it would be the 200's */
    api_reply_free(&reply);
    reply = api_call(&server, "PATCH", path, server.token, header, "{\"description\":\"none\"}");
    assert_int_equal(reply.status, 412);
    api_reply_free(&reply);
    snprintf(header, sizeof(header), "If-Match: %s\r\n", etag);
    reply = api_call(&server, "PATCH", path, server.token, header, "{\"description\":\"one\"}");
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
    reply = api_call(&server, "PATCH", path, server.token, header, "{\"description\":\"two\"}");
    assert_int_equal(reply.status, 412);
    api_reply_free(&reply);
    reply = api_call(&server, "DELETE", path, server.token, header, NULL);
    assert_int_equal(reply.status, 412);
    api_reply_free(&reply);
}

static void conditions_over_several_lines_are_one_and_hold_for_reads(void **state)
{
    static const struct {
        const char *method, *format, *body;
        int status;
    } cases[] = {
        {"PATCH", "If-None-Match: \"zz\"\r\nIf-None-Match: %s\r\n", "{\"description\":\"x\"}", 412},
        {"PATCH", "If-Match: \"zz\"\r\n", "{\"description\":\"x\"}", 412},
        {"PATCH", "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", "{}", 415},
        {"GET", "If-None-Match: \"zz\"\r\nIf-None-Match: %s\r\n", NULL, 304},
        {"GET", "If-Match: \"zz\"\r\nIf-Match: %s\r\n", NULL, 200},
        {"GET", "If-Match: \"zz\"\r\n", NULL, 412},
        {"HEAD", "If-Match: \"zz\"\r\n", NULL, 412},
        {"GET", "If-Match: *\r\n", NULL, 200},
        {"GET", "If-Match: \"zz\"\r\nIf-None-Match: %s\r\n", NULL, 412},
        {"GET", "Accept: text/html\r\nAccept: application/json\r\n", NULL, 200},
        {"PATCH", "If-Match: \"zz\"\r\nIf-Match: %s\r\n", "{\"description\":\"last\"}", 200},
    };
    char id[40], path[80], etag[64], headers[200];
    struct api_reply reply;

    (void)state;
    create("devices", "{\"name\":\"in lines\"}", id);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    api_header(&reply, "etag", etag, sizeof(etag));
    api_reply_free(&reply);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *at = strstr(cases[i].format, "%s");

        snprintf(headers, sizeof(headers), "%.*s%s%s",
                 (int)(at == NULL ? strlen(cases[i].format) : (size_t)(at - cases[i].format)),
                 cases[i].format, at == NULL ? "" : etag, at == NULL ? "" : at + 2);
        reply = api_call(&server, cases[i].method, path, server.token, headers, cases[i].body);
        if (reply.status != cases[i].status)
            fail_msg("%s with %s: wanted %d, got %d", cases[i].method, headers, cases[i].status,
                     reply.status);
        api_reply_free(&reply);
    }
}

static void a_renamed_role_makes_the_token_a_new_one_to_caches(void **state)
{
    char role[40], value[64], token[40], path[80], header[96], etag[64];
    struct api_reply reply;

    (void)state;
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token,
                       "{\"name\":\"first name\",\"assignableTo\":\"TOKENS\","
                       "\"permissions\":[\"devices.read\"]}");
    api_field(&reply, "id", role, sizeof(role));
    api_reply_free(&reply);
    api_make_token(&server, server.token, "of a renamed role", role, value, token);
    snprintf(path, sizeof(path), "/api/v1/api-tokens/%s", token);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    api_header(&reply, "etag", etag, sizeof(etag));
    api_reply_free(&reply);
    snprintf(header, sizeof(header), "If-None-Match: %s\r\n", etag);
    reply = api_call(&server, "GET", path, server.token, header, NULL);
    assert_int_equal(reply.status, 304);
    api_reply_free(&reply);
    snprintf(value, sizeof(value), "/api/v1/roles/%s", role);
    api_check(&server, 200, "PATCH", value, server.token, "{\"name\":\"second name\"}");
    reply = api_call(&server, "GET", path, server.token, header, NULL);
    assert_int_equal(reply.status, 200);
    assert_true(api_contains(&reply, "second name"));
    api_reply_free(&reply);
}

static void labels_refuse_what_names_refuse(void **state)
{
    static const char *const labels[] = {
        "{\"k\":\"a\\u202eb\"}", "{\"a\\u2066b\":\"v\"}", "{\"k\":\"a\\nb\"}",
        "{\"a\\u0007\":\"v\"}",  "{\"k\":\"a\\u00a0\"}",
    };
    char body[160];

    (void)state;
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        struct api_reply reply;

        snprintf(body, sizeof(body), "{\"name\":\"labelled\",\"labels\":%s}", labels[i]);
        reply = api_expect(&server, 400, "POST", "/api/v1/devices", server.token, body);
        assert_true(api_contains(&reply, "must not contain"));
        assert_true(api_contains(&reply, "\"field\":\"labels["));
        api_reply_free(&reply);
    }
    api_check(&server, 201, "POST", "/api/v1/devices", server.token,
              "{\"name\":\"labelled\",\"labels\":{\"Stra\\u00dfe 7\":\"a b\"}}");
}

static void pages_survive_inserts_and_refuse_altered_tokens(void **state)
{
    char token[512], path[700], id[40];
    struct api_reply reply;
    unsigned seen = 0;

    (void)state;
    for (int i = 0; i < 7; i++) {
        char body[64];

        snprintf(body, sizeof(body), "{\"name\":\"paged-%d\"}", i);
        create("directors", body, id);
    }
    snprintf(path, sizeof(path), "/api/v1/directors?pageSize=3");
    for (int page = 0; page < 10; page++) {
        reply = api_expect(&server, 200, "GET", path, server.token, NULL);
        for (const char *at = reply.body; (at = strstr(at, "\"name\":\"paged-")) != NULL; at++)
            seen++;
        api_field(&reply, "nextPageToken", token, sizeof(token));
        api_reply_free(&reply);
        if (token[0] == '\0')
            break;
        if (page == 0)
            create("directors", "{\"name\":\"late comer\"}", id);
        snprintf(path, sizeof(path), "/api/v1/directors?pageSize=3&pageToken=%s", token);
    }
    assert_int_equal(seen, 7);
    reply = api_expect(&server, 200, "GET", "/api/v1/directors?pageSize=2", server.token, NULL);
    api_field(&reply, "nextPageToken", token, sizeof(token));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/devices?pageToken=%s", token);
    api_check(&server, 400, "GET", path, server.token, NULL);
    token[strlen(token) / 2] = token[strlen(token) / 2] == 'A' ? 'B' : 'A';
    snprintf(path, sizeof(path), "/api/v1/directors?pageToken=%s", token);
    api_check(&server, 400, "GET", path, server.token, NULL);
    api_check(&server, 400, "GET", "/api/v1/directors?pageSize=1001", server.token, NULL);
    api_check(&server, 400, "GET", "/api/v1/directors?pageSize=-1", server.token, NULL);
    api_check(&server, 400, "GET", "/api/v1/directors?colour=red", server.token, NULL);
}

static void validate_only_changes_nothing(void **state)
{
    struct api_reply reply;

    (void)state;
    api_check(&server, 201, "POST", "/api/v1/devices?validateOnly=true", server.token,
              "{\"name\":\"imagined\"}");
    reply = api_expect(&server, 200, "GET", "/api/v1/devices?pageSize=1000", server.token, NULL);
    assert_false(api_contains(&reply, "imagined"));
    api_reply_free(&reply);
    api_check(&server, 400, "POST", "/api/v1/devices?validateOnly=true", server.token,
              "{\"name\":\"x\"}");
}

static void another_organizations_ids_answer_404(void **state)
{
    char id[40], path[80];

    (void)state;
    create("devices", "{\"name\":\"ours alone\"}", id);
    api_stop(&server);
    api_add_organization(&server);
    api_restart(&server, NULL);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    api_check(&server, 200, "GET", path, server.token, NULL);
    api_check(&server, 404, "GET", path, server.second, NULL);
    api_check(&server, 404, "PATCH", path, server.second, "{\"description\":\"theirs\"}");
    api_check(&server, 404, "DELETE", path, server.second, NULL);
    api_check(&server, 201, "POST", "/api/v1/devices", server.second, "{\"name\":\"ours alone\"}");
}

static void paths_methods_and_types_are_judged_in_order(void **state)
{
    struct api_reply reply;
    char allow[128];

    (void)state;
    api_check(&server, 404, "GET", "/api/v1/nothing", NULL, NULL);
    api_check(&server, 404, "GET", "/api/v1/devices/", server.token, NULL);
    api_check(&server, 401, "PUT", "/api/v1/devices", NULL, NULL);
    reply = api_expect(&server, 405, "PUT", "/api/v1/devices", server.token, NULL);
    api_header(&reply, "allow", allow, sizeof(allow));
    assert_non_null(strstr(allow, "GET"));
    assert_non_null(strstr(allow, "POST"));
    api_reply_free(&reply);
    reply = api_call(&server, "POST", "/api/v1/devices", server.token,
                     "Content-Type: text/plain\r\n", "{\"name\":\"typed\"}");
    assert_int_equal(reply.status, 415);
    api_reply_free(&reply);
    reply = api_call(&server, "GET", "/api/v1/devices", server.token, "Accept: image/png\r\n",
                     NULL);
    assert_int_equal(reply.status, 406);
    api_reply_free(&reply);
    reply = api_call(&server, "HEAD", "/api/v1/devices", server.token, NULL, NULL);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body_len, 0);
    api_reply_free(&reply);
    reply = api_call(&server, "POST", "/api/v1/devices", server.token,
                     "Content-Length: 99999999\r\n", NULL);
    assert_int_equal(reply.status, 413);
    api_reply_free(&reply);
}

static void what_a_path_takes_is_told_and_read_by_its_type(void **state)
{
    static const struct {
        const char *type;
        int status;
    } types[] = {
        {NULL, 200},
        {"Content-Type: application/json; charset=utf-8\r\n", 200},
        {"Content-Type: application/merge-patch+json\r\n", 200},
        {"Content-Type: application/json\r\nContent-Encoding: gzip\r\n", 415},
    };
    char id[40], path[80], allow[128];
    struct api_reply reply;

    (void)state;
    create("devices", "{\"name\":\"typed body\"}", id);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        reply = api_call(&server, "PATCH", path, server.token, types[i].type,
                         "{\"description\":\"x\"}");
        assert_int_equal(reply.status, types[i].status);
        api_reply_free(&reply);
    }
    reply = api_expect(&server, 204, "OPTIONS", path, NULL, NULL);
    api_header(&reply, "allow", allow, sizeof(allow));
    assert_string_equal(allow, "GET, HEAD, PATCH, DELETE, OPTIONS");
    api_reply_free(&reply);
    api_check(&server, 404, "POST", "/api/v1/devices/x:enable", server.token, NULL);
    api_check(&server, 400, "DELETE", path, server.token, "{}");
    reply = api_expect(&server, 200, "DELETE", path, server.token, NULL);
    assert_string_equal(reply.body, "{}");
    api_reply_free(&reply);
}

static void what_the_connection_refuses_is_a_problem_with_a_request_id(void **state)
{
    struct api_reply reply;
    char headers[4096], id[80];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 120; i++)
        len += (size_t)snprintf(headers + len, sizeof(headers) - len, "X-Field-%d: x\r\n", i);
    reply = api_call(&server, "GET", "/api/v1/devices", server.token, headers, NULL);
    assert_int_equal(reply.status, 431);
    api_header(&reply, "content-type", id, sizeof(id));
    assert_string_equal(id, "application/problem+json");
    api_header(&reply, "x-request-id", id, sizeof(id));
    assert_int_equal(strlen(id), 36);
    assert_true(api_contains(&reply, id));
    api_reply_free(&reply);
    reply = api_call(&server, "GET", "/api/v1/devices", server.token, "Expect: tea\r\n", NULL);
    assert_int_equal(reply.status, 417);
    api_reply_free(&reply);
}

static void health_and_reference_are_public(void **state)
{
    struct api_reply reply;
    char id[80];

    (void)state;
    api_check(&server, 200, "GET", "/healthz", NULL, NULL);
    api_check(&server, 200, "GET", "/readyz", NULL, NULL);
    reply = api_expect(&server, 200, "GET", "/api/v1/swagger/openapi.json", NULL, NULL);
    assert_true(api_contains(&reply, "\"/api/v1/api-tokens/{id}:regenerate\""));
    assert_true(api_contains(&reply, "\"x-required-permission\":\"devices.create\""));
    api_reply_free(&reply);
    reply = api_call(&server, "GET", "/api/v1/devices", server.token, "X-Request-Id: my-own-id\r\n",
                     NULL);
    api_header(&reply, "x-request-id", id, sizeof(id));
    assert_string_equal(id, "my-own-id");
    api_reply_free(&reply);
}

static void everything_is_there_after_a_restart(void **state)
{
    char id[40], path[80];
    struct api_reply reply;

    (void)state;
    create("devices", "{\"name\":\"kept over\",\"tags\":[\"x\"]}", id);
    api_stop(&server);
    api_restart(&server, NULL);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"name\":\"kept over\""));
    assert_true(api_contains(&reply, "[\"x\"]"));
    api_reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_whole_for_who_asks_at_once),
        cmocka_unit_test(a_name_alone_creates_a_device),
        cmocka_unit_test(an_absent_body_is_told_by_the_names_of_json),
        cmocka_unit_test(a_huge_name_is_a_bad_request),
        cmocka_unit_test(a_page_of_large_objects_is_short),
        cmocka_unit_test(names_are_unique_without_regard_to_case),
        cmocka_unit_test(references_must_exist_and_protect_their_target),
        cmocka_unit_test(patch_without_mask_touches_only_named_fields),
        cmocka_unit_test(bad_bodies_are_refused_precisely_and_change_nothing),
        cmocka_unit_test(if_match_guards_updates),
        cmocka_unit_test(conditions_over_several_lines_are_one_and_hold_for_reads),
        cmocka_unit_test(a_renamed_role_makes_the_token_a_new_one_to_caches),
        cmocka_unit_test(labels_refuse_what_names_refuse),
        cmocka_unit_test(pages_survive_inserts_and_refuse_altered_tokens),
        cmocka_unit_test(validate_only_changes_nothing),
        cmocka_unit_test(another_organizations_ids_answer_404),
        cmocka_unit_test(paths_methods_and_types_are_judged_in_order),
        cmocka_unit_test(what_a_path_takes_is_told_and_read_by_its_type),
        cmocka_unit_test(what_the_connection_refuses_is_a_problem_with_a_request_id),
        cmocka_unit_test(health_and_reference_are_public),
        cmocka_unit_test(everything_is_there_after_a_restart),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
