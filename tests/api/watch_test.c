/*
 * The change feed over REST, as NDJSON and as Server-Sent Events: every change once and in order,
 * across reconnects and slow readers, to those who may read it and to nobody else.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream_client.h"

#define CHANGES "/api/v1/changes"
#define SSE "Accept: text/event-stream\r\n"

static struct api_server server;

static const char *const flags[] = {"--stream-heartbeat-ms", "300", NULL};

static int start(void **state)
{
    (void)state;
    api_start(&server, flags);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_remove(&server);
    return 0;
}

/* -- what is watched ------------------------------------------------------------------------ */

/* Creates a director; its id. */
static void make_director(const char *token, const char *name, char id[40])
{
    char body[80];
    struct api_reply reply;

    snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    reply = api_expect(&server, 201, "POST", "/api/v1/directors", token, body);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

static struct api_stream *open_stream(const char *path, const char *token, const char *headers)
{
    struct api_stream *stream = api_stream_open(&server, path, token, headers, NULL);
    char line[2048] = "";

    if (stream->status != 200) {
        api_stream_line(stream, line, sizeof(line));
        fail_msg("%s: %d %s", path, stream->status, line);
    }
    return stream;
}

/* Where the stream begins: its first word is a heartbeat. */
static unsigned long long begin_at(struct api_stream *stream)
{
    struct api_change change;

    assert_true(api_stream_change(stream, &change));
    assert_string_equal(change.type, "HEARTBEAT");
    assert_true(change.revision > 0);
    return change.revision;
}

static void assert_next(struct api_stream *stream, const char *type, const char *kind,
                        const char *id)
{
    struct api_change change;

    if (!api_stream_next(stream, &change))
        fail_msg("the stream ended instead of telling %s %s", type, id);
    if (strcmp(change.type, type) != 0 || strcmp(change.kind, kind) != 0 ||
        strcmp(change.id, id) != 0)
        fail_msg("wanted %s %s %s, got %s", type, kind, id, change.text);
}

/* The last word of a stream, and its end. */
static void assert_ends(struct api_stream *stream, const char *says)
{
    struct api_change change;

    assert_true(api_stream_next(stream, &change));
    assert_string_equal(change.type, "ERROR");
    if (strstr(change.text, says) == NULL)
        fail_msg("wanted %s, got %s", says, change.text);
    assert_false(api_stream_change(stream, &change));
    assert_true(stream->ended);
}

static void make_reader(const char *name, const char *permissions, char role[40], char token[64],
                        char id[40])
{
    char body[300];
    struct api_reply reply;

    snprintf(body, sizeof(body), "{\"name\":\"%s\",\"permissions\":[%s]}", name, permissions);
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token, body);
    api_field(&reply, "id", role, 40);
    api_reply_free(&reply);
    api_make_token(&server, server.token, name, role, token, id);
}

/* -- tests ---------------------------------------------------------------------------------- */

static void each_change_is_told_once_and_in_order(void **state)
{
    const char *const headers[] = {NULL, "Accept: application/json\r\n", SSE};

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct api_stream *stream = open_stream(CHANGES, server.token, headers[i]);
        char name[32], path[80], id[40];

        begin_at(stream);
        snprintf(name, sizeof(name), "Watched %zu", i);
        make_director(server.token, name, id);
        snprintf(path, sizeof(path), "/api/v1/directors/%s", id);
        assert_next(stream, "CREATED", "directors", id);
        api_check(&server, 200, "PATCH", path, server.token, "{\"description\":\"changed\"}");
        assert_next(stream, "UPDATED", "directors", id);
        api_check(&server, 200, "DELETE", path, server.token, NULL);
        assert_next(stream, "DELETED", "directors", id);
        api_stream_close(stream);
    }
}

static void a_watch_from_the_revision_of_a_list_misses_nothing(void **state)
{
    static const char *const lists[] = {"/api/v1/directors", "/api/v1/devices", "/api/v1/roles",
                                        "/api/v1/api-tokens"};

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct api_reply reply = api_expect(&server, 200, "GET", lists[i], server.token, NULL);
        char name[32], path[80], revision[24], first[40], second[40];
        struct api_stream *stream;

        api_field(&reply, "revision", revision, sizeof(revision));
        assert_true(strtoull(revision, NULL, 10) > 0);
        api_reply_free(&reply);
        snprintf(name, sizeof(name), "After list %zu", i);
        make_director(server.token, name, first);
        snprintf(path, sizeof(path), CHANGES "?kinds=directors&fromRevision=%s", revision);
        stream = open_stream(path, server.token, NULL);
        strcat(name, " again");
        make_director(server.token, name, second);
        assert_next(stream, "CREATED", "directors", first);
        assert_next(stream, "CREATED", "directors", second);
        api_stream_close(stream);
    }
}

static void an_empty_last_event_id_means_none(void **state)
{
    struct api_stream *stream;
    char id[40], path[80];
    struct api_reply reply = api_expect(&server, 200, "GET", "/api/v1/devices", server.token, NULL);

    (void)state;
    api_field(&reply, "revision", id, sizeof(id));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), CHANGES "?fromRevision=%s", id);
    make_director(server.token, "After an empty id", id);
    stream = open_stream(path, server.token, SSE "Last-Event-ID:\r\n");
    assert_next(stream, "CREATED", "directors", id);
    api_stream_close(stream);
    stream = open_stream(CHANGES, server.token, SSE "Last-Event-ID: \r\n");
    begin_at(stream);
    api_stream_close(stream);
}

static void answers_are_typed_by_accept(void **state)
{
    static const struct {
        const char *accept, *type;
    } cases[] = {
        {NULL, "application/x-ndjson"},
        {"Accept: */*\r\n", "application/x-ndjson"},
        {"Accept: application/x-ndjson\r\n", "application/x-ndjson"},
        {"Accept: application/json\r\n", "application/json"},
        {"Accept: text/event-stream\r\n", "text/event-stream"},
        {"Accept: text/event-stream, */*;q=0.1\r\n", "text/event-stream"},
        {"Accept: text/*\r\n", "text/event-stream"},
    };
    struct api_stream *stream;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char wanted[64];

        stream = open_stream(CHANGES, server.token, cases[i].accept);
        snprintf(wanted, sizeof(wanted), "content-type: %s\r\n", cases[i].type);
        assert_non_null(strstr(stream->head, wanted));
        assert_non_null(strstr(stream->head, "cache-control: no-store\r\n"));
        begin_at(stream);
        api_stream_close(stream);
    }
    stream = api_stream_open(&server, CHANGES, server.token, "Accept: text/html\r\n", NULL);
    assert_int_equal(stream->status, 406);
    api_stream_close(stream);
}

static void head_is_answered_without_a_stream(void **state)
{
    struct api_reply reply = api_call(&server, "HEAD", CHANGES, server.token, NULL, NULL);

    (void)state;
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
}

static void refusals_are_problems(void **state)
{
    static const struct {
        const char *path, *headers, *says;
        int status;
        bool no_token;
    } cases[] = {
        {CHANGES, NULL, "\"code\":16", 401, true},
        {CHANGES "?kinds=devices&kinds=dwarfs", NULL, "\"field\":\"kinds[1]\"", 400, false},
        {CHANGES "?kinds=devices&kinds=devices", NULL, "\"field\":\"kinds", 400, false},
        {CHANGES "?fromRevision=-1", NULL, "fromRevision", 400, false},
        {CHANGES "?fromRevision=999999", NULL, "REVISION_NOT_GIVEN", 400, false},
        {CHANGES, "Last-Event-ID: seven\r\n", "Last-Event-ID", 400, false},
        {CHANGES "?from=1", NULL, "from", 400, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct api_reply reply = api_call(&server, "GET", cases[i].path,
                                          cases[i].no_token ? NULL : server.token, cases[i].headers,
                                          NULL);
        char type[64];

        api_header(&reply, "content-type", type, sizeof(type));
        if (reply.status != cases[i].status || !api_contains(&reply, cases[i].says) ||
            strcmp(type, "application/problem+json") != 0)
            fail_msg("%s: %d %s", cases[i].path, reply.status, reply.body);
        api_reply_free(&reply);
    }
    api_check(&server, 405, "POST", CHANGES, server.token, NULL);
}

static void kinds_that_were_not_asked_for_are_left_out(void **state)
{
    struct api_stream *stream = open_stream(CHANGES "?kinds=roles", server.token, NULL);
    char role[40], token[64], id[40], director[40];

    (void)state;
    begin_at(stream);
    make_director(server.token, "Unheard", director);
    make_reader("Heard", "\"devices.read\"", role, token, id);
    assert_next(stream, "CREATED", "roles", role);
    api_stream_close(stream);
}

static void only_what_the_caller_may_read_is_told(void **state)
{
    char role[40], token[64], id[40], director[40];
    struct api_stream *stream;
    struct api_reply reply;

    (void)state;
    make_reader("Roles alone", "\"roles.read\"", role, token, id);
    reply = api_call(&server, "GET", CHANGES "?kinds=roles&kinds=directors", token, NULL, NULL);
    assert_int_equal(reply.status, 403);
    assert_true(api_contains(&reply, "\"permission\":\"directors.read\""));
    api_reply_free(&reply);
    stream = open_stream(CHANGES, token, NULL);
    begin_at(stream);
    make_director(server.token, "Unreadable", director);
    make_reader("Creators alone", "\"directors.create\"", role, token, id);
    assert_next(stream, "CREATED", "roles", role);
    api_stream_close(stream);
    reply = api_call(&server, "GET", CHANGES, token, NULL, NULL);
    assert_int_equal(reply.status, 403);
    api_reply_free(&reply);
}

static void a_changed_role_holds_for_open_streams(void **state)
{
    char role[40], token[64], id[40], director[40], path[80];
    struct api_stream *named, *all;

    (void)state;
    make_reader("Shrinking", "\"directors.read\",\"roles.read\"", role, token, id);
    named = open_stream(CHANGES "?kinds=directors", token, NULL);
    all = open_stream(CHANGES, token, SSE);
    begin_at(named);
    begin_at(all);
    snprintf(path, sizeof(path), "/api/v1/roles/%s", role);
    api_check(&server, 200, "PATCH", path, server.token, "{\"permissions\":[\"roles.read\"]}");
    assert_ends(named, "directors.read");
    assert_next(all, "UPDATED", "roles", role);
    make_director(server.token, "Behind the change", director);
    /* Judged when it is told: what follows the director is told before the role grows again. */
    api_check(&server, 200, "PATCH", path, server.token, "{\"description\":\"Narrow\"}");
    assert_next(all, "UPDATED", "roles", role);
    api_check(&server, 200, "PATCH", path, server.token,
              "{\"permissions\":[\"roles.read\",\"directors.read\"]}");
    assert_next(all, "UPDATED", "roles", role);
    api_stream_close(named);
    api_stream_close(all);
}

static void a_token_that_is_gone_ends_its_streams(void **state)
{
    static const struct {
        const char *method, *suffix, *body;
    } ways[] = {{"POST", ":disable", "{}"}, {"POST", ":regenerate", "{}"}, {"DELETE", "", NULL}};
    const char *const headers[] = {NULL, SSE};

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char role[40], token[64], id[40], name[32], path[100];
        struct api_stream *streams[2];

        snprintf(name, sizeof(name), "Leaver %zu", i);
        make_reader(name, "\"devices.read\"", role, token, id);
        for (int s = 0; s < 2; s++) {
            streams[s] = open_stream(CHANGES, token, headers[s]);
            begin_at(streams[s]);
        }
        snprintf(path, sizeof(path), "/api/v1/api-tokens/%s%s", id, ways[i].suffix);
        api_check(&server, 200, ways[i].method, path, server.token, ways[i].body);
        for (int s = 0; s < 2; s++) {
            assert_ends(streams[s], "\"code\":16");
            api_stream_close(streams[s]);
        }
    }
}

static void an_expired_token_ends_its_streams(void **state)
{
    char role[40], value[64], body[200], when[32];
    struct api_stream *stream;
    struct api_reply reply;
    struct timespec now;
    time_t then;

    (void)state;
    api_role_id(&server, "API Reader", role);
    then = api_time_ahead(4, when);
    snprintf(body, sizeof(body),
             "{\"name\":\"Short-lived\",\"roleId\":\"%s\",\"expireTime\":\"%s\"}", role, when);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    stream = open_stream(CHANGES "?kinds=directors", value, NULL);
    assert_ends(stream, "\"code\":16");
    clock_gettime(CLOCK_REALTIME, &now);
    assert_true(now.tv_sec >= then);
    api_stream_close(stream);
}

static void heartbeats_carry_the_place_on(void **state)
{
    struct api_stream *stream = open_stream(CHANGES "?kinds=devices", server.token, SSE);
    unsigned long long begun = begin_at(stream);
    struct api_change change;
    char director[40];

    (void)state;
    make_director(server.token, "Beside it", director);
    do
        assert_true(api_stream_change(stream, &change));
    while (change.revision == begun);
    assert_string_equal(change.type, "HEARTBEAT");
    assert_true(change.revision > begun);
    api_stream_close(stream);
}

static void organizations_do_not_see_each_other(void **state)
{
    struct api_stream *ours, *theirs;
    char mine[40], yours[40];

    (void)state;
    api_stop(&server);
    api_add_organization(&server);
    api_restart(&server, flags);
    ours = open_stream(CHANGES, server.token, NULL);
    theirs = open_stream(CHANGES, server.second, SSE);
    begin_at(ours);
    begin_at(theirs);
    make_director(server.token, "Ours", mine);
    make_director(server.second, "Theirs", yours);
    assert_next(theirs, "CREATED", "directors", yours);
    assert_next(ours, "CREATED", "directors", mine);
    make_director(server.token, "Ours again", mine);
    assert_next(ours, "CREATED", "directors", mine);
    api_stream_close(ours);
    api_stream_close(theirs);
}

/* -- no gap and no repeat --------------------------------------------------------------------- */

#define WRITERS 4
#define WRITES 150
#define WATCHERS 3

static atomic_int writing;
static char made[WRITERS * WRITES][40];

static void *write_on(void *context)
{
    int writer = (int)(intptr_t)context;
    int fd = api_connect(&server);

    for (int i = 0; i < WRITES; i++) {
        struct api_reply reply;
        char body[64];

        snprintf(body, sizeof(body), "{\"name\":\"Busy %d %d\"}", writer, i);
        reply = api_send(fd, "POST", "/api/v1/directors", server.token, NULL, body);
        if (reply.status == 201)
            api_field(&reply, "id", made[writer * WRITES + i], 40);
        api_reply_free(&reply);
    }
    close(fd);
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

/* One who resumes by the last revision that it heard, again and again. */
struct watcher {
    bool sse;
    unsigned reconnect_after; /* lines */
    unsigned long long from;
    unsigned reconnects, count;
    char ids[WRITERS * WRITES][40];
    const char *wrong;
};

static struct api_stream *reopen(const struct watcher *watcher, unsigned long long last)
{
    char path[100], headers[100];

    if (!watcher->sse) {
        snprintf(path, sizeof(path), CHANGES "?kinds=directors&fromRevision=%llu", last);
        return api_stream_open(&server, path, server.token, NULL, NULL);
    }
    /* As a browser does: the address stays what it was. */
    snprintf(path, sizeof(path), CHANGES "?kinds=directors&fromRevision=%llu", watcher->from);
    snprintf(headers, sizeof(headers), SSE "Last-Event-ID: %llu\r\n", last);
    return api_stream_open(&server, path, server.token, headers, NULL);
}

static void *watch_on(void *context)
{
    struct watcher *watcher = context;
    unsigned long long last = watcher->from;
    bool done = false;

    while (!done && watcher->wrong == NULL) {
        struct api_stream *stream = reopen(watcher, last);
        struct api_change change;

        if (stream->status != 200)
            watcher->wrong = "not opened";
        for (unsigned i = 0; i < watcher->reconnect_after && !done && watcher->wrong == NULL; i++) {
            if (!api_stream_change(stream, &change)) {
                watcher->wrong = "ended";
            } else if (strcmp(change.type, "HEARTBEAT") == 0) {
                if (change.revision < last)
                    watcher->wrong = "a heartbeat went back";
                last = change.revision;
            } else if (change.revision <= last || watcher->count == WRITERS * WRITES) {
                watcher->wrong = "a repeat";
            } else {
                last = change.revision;
                memcpy(watcher->ids[watcher->count++], change.id, 40);
            }
            done = watcher->count == WRITERS * WRITES;
        }
        watcher->reconnects++;
        api_stream_close(stream);
    }
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void reconnecting_watchers_hear_all_once_while_others_write(void **state)
{
    static struct watcher watchers[WATCHERS];
    pthread_t writers[WRITERS], threads[WATCHERS];
    struct api_stream *stream = open_stream(CHANGES, server.token, NULL);
    unsigned long long from = begin_at(stream);

    (void)state;
    api_stream_close(stream);
    atomic_store(&writing, WRITERS);
    for (int i = 0; i < WATCHERS; i++) {
        watchers[i] = (struct watcher){.sse = i == 1,
                                       .reconnect_after = i == 2 ? UINT32_MAX
                                                                 : 17u + 12u * (unsigned)i,
                                       .from = from};
        assert_int_equal(pthread_create(&threads[i], NULL, watch_on, &watchers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_on, (void *)(intptr_t)i), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    qsort(made, WRITERS * WRITES, sizeof(made[0]), by_text);
    for (int i = 0; i < WATCHERS; i++) {
        pthread_join(threads[i], NULL);
        if (watchers[i].wrong != NULL)
            fail_msg("watcher %d: %s after %u", i, watchers[i].wrong, watchers[i].count);
        assert_true(i == 2 || watchers[i].reconnects > 5);
        qsort(watchers[i].ids, WRITERS * WRITES, sizeof(made[0]), by_text);
        for (int j = 0; j < WRITERS * WRITES; j++)
            assert_string_equal(watchers[i].ids[j], made[j]);
    }
}

/* -- slow readers, the end, trimming ---------------------------------------------------------- */

/* Resident memory of the server. */
static long server_kib(void)
{
    char path[40], line[200];
    long kib = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)server.pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    fclose(file);
    return kib;
}

#define SLOW 128
#define MANY 800

static char path_of_socket[100];

static void listen_at_socket(void)
{
    char address[120];
    /* A sanitizer may take longer for the changes than readers are waited for by default. */
    const char *const with_socket[] = {
        "--listen", address, "--stream-heartbeat-ms", "300", "--write-timeout-ms", "600000", NULL};

    snprintf(path_of_socket, sizeof(path_of_socket), "%s/socket", server.dir);
    snprintf(address, sizeof(address), "unix:%s", path_of_socket);
    api_stop(&server);
    api_restart(&server, with_socket);
}

static void change_many(const char *path)
{
    int fd = api_connect(&server);

    for (int i = 0; i < MANY; i++) {
        struct api_reply reply;
        char body[48];

        snprintf(body, sizeof(body), "{\"description\":\"number %d\"}", i);
        reply = api_send(fd, "PATCH", path, server.token, NULL, body);
        assert_int_equal(reply.status, 200);
        api_reply_free(&reply);
    }
    close(fd);
}

/* Sanitizers keep what was freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GROWTH_KIB_MOST (1 << 20)
#else
#define GROWTH_KIB_MOST 10240
#endif

/* 64 times 300 kB would wait for them if what is not taken were kept. */
static void slow_readers_cost_no_memory_and_miss_nothing(void **state)
{
    struct api_stream *streams[SLOW];
    char id[40], path[80];
    long before;

    (void)state;
    listen_at_socket();
    make_director(server.token, "Changing", id);
    snprintf(path, sizeof(path), "/api/v1/directors/%s", id);
    for (int i = 0; i < SLOW; i++) {
        streams[i] = api_stream_open(&server, CHANGES, server.token, i % 2 == 0 ? SSE : NULL,
                                     path_of_socket);
        assert_int_equal(streams[i]->status, 200);
    }
    change_many(path); /* what the store keeps in memory has its size */
    before = server_kib();
    change_many(path);
    assert_in_range(server_kib() - before + GROWTH_KIB_MOST, 0, 2 * GROWTH_KIB_MOST);
    for (int i = 0; i < SLOW; i++) {
        unsigned long long last = begin_at(streams[i]);
        struct api_change change;

        for (int j = 0; j < 2 * MANY; j++) {
            assert_true(api_stream_next(streams[i], &change));
            assert_true(change.revision > last);
            assert_string_equal(change.id, id);
            last = change.revision;
        }
        api_stream_close(streams[i]);
    }
}

/* What was sent before comes first. */
static void assert_drained(struct api_stream *stream)
{
    struct api_change change;

    do
        assert_true(api_stream_next(stream, &change));
    while (strcmp(change.type, "ERROR") != 0);
    assert_non_null(strstr(change.text, "\"code\":14"));
    assert_false(api_stream_change(stream, &change));
}

static void a_draining_server_ends_streams_at_once(void **state)
{
    struct api_stream *quiet, *full;
    struct timespec begun, ended;
    char id[40], path[80];
    int status;

    (void)state;
    listen_at_socket();
    make_director(server.token, "Drained", id);
    snprintf(path, sizeof(path), "/api/v1/directors/%s", id);
    quiet = open_stream(CHANGES, server.token, SSE);
    begin_at(quiet);
    change_many(path);
    full = api_stream_open(&server, CHANGES "?fromRevision=1", server.token, NULL, path_of_socket);
    assert_int_equal(full->status, 200);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    kill(server.pid, SIGTERM);
    assert_drained(full);
    assert_drained(quiet);
    api_stream_close(quiet);
    api_stream_close(full);
    waitpid(server.pid, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    server.pid = 0;
    assert_int_equal(status, 0);
    assert_true(ended.tv_sec - begun.tv_sec < 20); /* drain_timeout_ms is 30 s */
}

/* Waits until a watch from revision 10 is refused; false when that did not come in 30 s. */
static bool wait_until_trimmed(void)
{
    int status = 0;

    for (int i = 0; i < 3000 && status != 400; i++) {
        struct api_stream *stream = api_stream_open(&server, CHANGES "?fromRevision=10",
                                                    server.token, NULL, NULL);

        status = stream->status;
        api_stream_close(stream);
        usleep(status == 400 ? 0 : 10000);
    }
    return status == 400;
}

/* The last of the five changes that follow on the oldest revision that is told to be kept. */
static void read_what_is_kept(struct api_change *ret_last)
{
    struct api_reply reply = api_expect(&server, 400, "GET", CHANGES "?fromRevision=10",
                                        server.token, NULL);
    char oldest[24], path[80];
    struct api_stream *stream;

    assert_true(api_contains(&reply, "\"code\":11"));
    assert_true(api_contains(&reply, "\"reason\":\"REVISION_NOT_KEPT\""));
    assert_true(api_contains(&reply, "List the resources again"));
    api_field(&reply, "oldestRevision", oldest, sizeof(oldest));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), CHANGES "?fromRevision=%s", oldest);
    stream = api_stream_open(&server, path, server.token, NULL, NULL);
    for (int i = 0; stream->status == 200 && i < 5; i++)
        assert_true(api_stream_next(stream, ret_last));
    api_stream_close(stream);
}

static void what_is_trimmed_is_said_to_be(void **state)
{
    static const char *const trimming[] = {"--feed-keep-rows", "5", "--maintenance-interval-ms",
                                           "20", NULL};
    char director[40], name[24];
    struct api_change last = {.id = ""};

    (void)state;
    api_stop(&server);
    api_restart(&server, trimming);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "Trimmed %d", i);
        make_director(server.token, name, director);
    }
    assert_true(wait_until_trimmed());
    for (int i = 0; i < 3000 && strcmp(last.id, director) != 0; i++) {
        usleep(i == 0 ? 0 : 10000); /* until maintenance rests */
        read_what_is_kept(&last);
    }
    assert_string_equal(last.id, director);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_change_is_told_once_and_in_order),
        TEST(a_watch_from_the_revision_of_a_list_misses_nothing),
        TEST(an_empty_last_event_id_means_none),
        TEST(answers_are_typed_by_accept),
        TEST(head_is_answered_without_a_stream),
        TEST(refusals_are_problems),
        TEST(kinds_that_were_not_asked_for_are_left_out),
        TEST(only_what_the_caller_may_read_is_told),
        TEST(a_changed_role_holds_for_open_streams),
        TEST(a_token_that_is_gone_ends_its_streams),
        TEST(an_expired_token_ends_its_streams),
        TEST(heartbeats_carry_the_place_on),
        TEST(organizations_do_not_see_each_other),
        TEST(reconnecting_watchers_hear_all_once_while_others_write),
        TEST(slow_readers_cost_no_memory_and_miss_nothing),
        TEST(a_draining_server_ends_streams_at_once),
        TEST(what_is_trimmed_is_said_to_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
