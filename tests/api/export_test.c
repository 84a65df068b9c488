/* The audit log as a file: whole, in both forms, resumable, and itself a line of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "harness.h"
#include "stream_client.h"

#define EXPORT "/api/v1/audit-logs:export"
#define DEVICES 200 /* more than one slice of rows */
#define NUMBERS_MOST 512

static struct api_server server;

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    for (int i = 0; i < DEVICES; i++) {
        char body[64];

        snprintf(body, sizeof(body), "{\"name\":\"device %d\"}", i);
        api_check(&server, 201, "POST", "/api/v1/devices", server.token, body);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (server.pid != 0) /* a test that failed left none */
        api_stop(&server);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
    api_remove(&server);
    return 0;
}

static struct api_stream *open_export(const char *query)
{
    char path[128];
    struct api_stream *stream;

    snprintf(path, sizeof(path), EXPORT "%s", query);
    stream = api_stream_open(&server, path, server.token, NULL, NULL);
    assert_int_equal(stream->status, 200);
    return stream;
}

static bool head_has(const struct api_stream *stream, const char *line)
{
    return strstr(stream->head, line) != NULL;
}

/*
 * The number that a line of NDJSON begins or ends with; the lines follow each other without a gap.
 */
static unsigned long long number_of(const char *line)
{
    const char *at = strstr(line, "\"number\":\"");

    assert_non_null(at);
    return strtoull(at + sizeof("\"number\":\"") - 1, NULL, 10);
}

static unsigned long long read_numbers(struct api_stream *stream, unsigned long long after)
{
    char line[8192];

    while (api_stream_line(stream, line, sizeof(line))) {
        assert_null(strstr(line, "\"error\""));
        assert_non_null(strstr(line, "\"mac\":\""));
        assert_int_equal(number_of(line), after + 1);
        after++;
    }
    assert_true(stream->ended);
    return after;
}

static void an_export_is_whole_and_ends(void **state)
{
    struct api_stream *stream = open_export("");
    struct api_reply reply;
    char newest[32];
    unsigned long long count;

    (void)state;
    assert_true(head_has(stream, "application/x-ndjson"));
    assert_true(head_has(stream, "attachment; filename=\"audit-logs.ndjson\""));
    count = read_numbers(stream, 0);
    api_stream_close(stream);
    assert_true(count > DEVICES);
    /* The line after the last one tells of the export itself. */
    reply = api_expect(&server, 200, "GET", "/api/v1/audit-logs?pageSize=1", server.token, NULL);
    assert_true(api_contains(&reply, "\"ExportedAuditLogs\""));
    api_field(&reply, "number", newest, sizeof(newest));
    assert_int_equal(strtoull(newest, NULL, 10), count + 1);
    api_reply_free(&reply);
}

static void an_export_is_resumed_after_a_number(void **state)
{
    struct api_stream *stream = open_export("?format=ndjson&after=150");
    char line[8192];

    (void)state;
    assert_true(read_numbers(stream, 150) > DEVICES);
    api_stream_close(stream);
    stream = open_export("?after=1000000");
    assert_false(api_stream_line(stream, line, sizeof(line)));
    assert_true(stream->ended);
    api_stream_close(stream);
    stream = open_export("?after=1000000&format=csv");
    assert_true(api_stream_line(stream, line, sizeof(line)));
    assert_false(api_stream_line(stream, line, sizeof(line)));
    assert_true(stream->ended);
    api_stream_close(stream);
}

static void cells_of_csv_are_quoted_and_are_no_formulas(void **state)
{
    char line[8192];
    struct api_stream *stream;
    struct api_reply reply;
    bool found = false;
    int lines = 0;

    (void)state;
    reply = api_call(&server, "POST", "/api/v1/devices", server.token,
                     "User-Agent: =HYPERLINK(\"x\",1)\r\n", "{\"name\":\"-1+1, or not\"}");
    assert_int_equal(reply.status, 201);
    api_reply_free(&reply);
    stream = open_export("?format=csv");
    assert_true(head_has(stream, "text/csv"));
    assert_true(head_has(stream, "attachment; filename=\"audit-logs.csv\""));
    assert_true(api_stream_line(stream, line, sizeof(line)));
    assert_string_equal(line, "createTime,actor,actorName,sourceIp,userAgent,action,method,kind,"
                              "objectId,objectName,description,changes,outcome,requestId,count,"
                              "number,mac\r");
    while (api_stream_line(stream, line, sizeof(line))) {
        lines++;
        if (strstr(line, "'-1+1, or not") == NULL)
            continue;
        found = true;
        assert_non_null(strstr(line, ",\"'=HYPERLINK(\"\"x\"\",1)\","));
        assert_non_null(strstr(line, ",\"'-1+1, or not\","));
        assert_int_equal(line[strlen(line) - 1], '\r');
    }
    assert_true(stream->ended);
    assert_true(found);
    assert_true(lines > DEVICES);
    api_stream_close(stream);
}

/*
 * Lines of an export, each of which must have the text; the number of the last is put in *ret_last.
 */
static size_t count_lines(const char *query, const char *text, unsigned long long *ret_last)
{
    struct api_stream *stream = open_export(query);
    unsigned long long last = 0;
    size_t count = 0;
    char line[8192];

    while (api_stream_line(stream, line, sizeof(line))) {
        if (strstr(line, text) == NULL)
            fail_msg("%s: %s", query, line);
        assert_true(number_of(line) > last);
        last = number_of(line);
        count++;
    }
    assert_true(stream->ended);
    api_stream_close(stream);
    if (ret_last != NULL)
        *ret_last = last;
    return count;
}

/* The value of the field of the newest line of the log, which tells of the export before. */
static void newest(const char *field, char *value, size_t size)
{
    struct api_reply reply = api_expect(&server, 200, "GET", "/api/v1/audit-logs?pageSize=1",
                                        server.token, NULL);

    api_field(&reply, field, value, size);
    assert_true(api_contains(&reply, "\"ExportedAuditLogs\""));
    api_reply_free(&reply);
}

static void an_export_tells_the_lines_that_all_filters_fit(void **state)
{
    struct api_reply reply = api_expect(&server, 201, "POST", "/api/v1/devices", server.token,
                                        "{\"name\":\"filtered\"}");
    char id[64], query[256], actor[64];
    unsigned long long last;

    (void)state;
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    snprintf(query, sizeof(query), "?kind=devices&object=%s", id);
    assert_int_equal(count_lines(query, "\"filtered\"", &last), 1);
    snprintf(query, sizeof(query), "?kind=devices&object=%s&after=%llu", id, last);
    assert_int_equal(count_lines(query, "", NULL), 0);
    assert_true(count_lines("?kind=devices&action=CreatedDevice", "\"CreatedDevice\"", NULL) >=
                DEVICES);
    assert_int_equal(
        count_lines("?action=CreatedDevice&after=150&to=2020-01-01T00:00:00Z", "", NULL), 0);
    assert_true(count_lines("?action=CreatedDevice&from=2020-01-01T00:00:00Z&outcome=OK",
                            "\"CreatedDevice\"", NULL) >= DEVICES);
    assert_int_equal(count_lines("?from=9000-01-01T00:00:00Z", "", NULL), 0);
    newest("actor", actor, sizeof(actor));
    snprintf(query, sizeof(query), "?actor=%s&action=ExportedAuditLogs", actor);
    assert_true(count_lines(query, "\"ExportedAuditLogs\"", NULL) > 5);
    /* The line that tells of the export has its filters. */
    reply = api_expect(&server, 200, "GET", "/api/v1/audit-logs?pageSize=1", server.token, NULL);
    assert_true(api_contains(&reply, "\"path\":\"action\""));
    assert_true(api_contains(&reply, "\"path\":\"actor\""));
    api_reply_free(&reply);
}

/* The numbers of an export's lines; of CSV, whose last two cells hold no comma. */
static size_t numbers_of(const char *query, bool is_csv, unsigned long long numbers[NUMBERS_MOST])
{
    struct api_stream *stream = open_export(query);
    size_t count = 0;
    char line[8192];

    if (is_csv)
        assert_true(api_stream_line(stream, line, sizeof(line)));
    while (api_stream_line(stream, line, sizeof(line))) {
        char *at = strrchr(line, ',');

        assert_true(count < NUMBERS_MOST);
        if (is_csv) {
            assert_non_null(at);
            *at = '\0';
            at = strrchr(line, ',');
            assert_non_null(at);
            numbers[count++] = strtoull(at + 1, NULL, 10);
        } else {
            numbers[count++] = number_of(line);
        }
    }
    assert_true(stream->ended);
    api_stream_close(stream);
    return count;
}

static void filters_choose_the_same_lines_in_both_forms(void **state)
{
    char id[64], actor[64], by_object[128], by_actor[128];
    const char *const queries[] = {
        by_object,
        by_actor,
        "?kind=devices&action=CreatedDevice",
        "?action=CreatedDevice&after=100",
        "?outcome=PERMISSION_DENIED",
        "?from=2020-01-01T00:00:00Z&to=9000-01-01T00:00:00Z&kind=api-tokens",
        "?to=2020-01-01T00:00:00Z",
    };
    static unsigned long long wanted[NUMBERS_MOST], got[NUMBERS_MOST];
    struct api_reply reply = api_expect(&server, 201, "POST", "/api/v1/devices", server.token,
                                        "{\"name\":\"in both forms\"}");

    (void)state;
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    snprintf(by_object, sizeof(by_object), "?kind=devices&object=%s", id);
    numbers_of("?after=1000000", false, wanted);
    newest("actor", actor, sizeof(actor));
    snprintf(by_actor, sizeof(by_actor), "?actor=%s&action=CreatedDevice", actor);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        size_t count = numbers_of(queries[i], false, wanted);
        char query[256];

        snprintf(query, sizeof(query), "%s&format=csv", queries[i]);
        if (numbers_of(query, true, got) != count)
            fail_msg("%s: %zu lines, and others as CSV", queries[i], count);
        assert_memory_equal(got, wanted, count * sizeof(got[0]));
        assert_int_equal(count > 0, strstr(queries[i], "?to=") == NULL);
        assert_true(i > 0 || count == 1);
    }
}

static void an_export_is_refused_before_it_begins(void **state)
{
    char role[40], value[64], id[40];

    (void)state;
    api_check(&server, 400, "GET", EXPORT "?format=xml", server.token, NULL);
    api_check(&server, 400, "GET", EXPORT "?after=-1", server.token, NULL);
    api_check(&server, 400, "GET", EXPORT "?kind=nothing", server.token, NULL);
    api_check(&server, 400, "GET", EXPORT "?actor=nobody", server.token, NULL);
    api_check(&server, 400, "GET", EXPORT "?outcome=GOOD", server.token, NULL);
    api_check(&server, 400, "GET", EXPORT "?object=0192f0c1-2345-7000-8000-000000000001",
              server.token, NULL);
    api_check(&server, 400, "GET", EXPORT "?from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z",
              server.token, NULL);
    api_check(&server, 401, "GET", EXPORT, NULL, NULL);
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "reader", role, value, id);
    api_check(&server, 403, "GET", EXPORT, value, NULL);
}

/* -- the file, offline ------------------------------------------------------------------------ */

#define KEPT_MOST 64

static char *kept[KEPT_MOST]; /* lines of an export, the last ones */
static size_t kept_count;

static void keep_lines(const char *query)
{
    struct api_stream *stream = open_export(query);
    char line[8192];

    for (size_t i = 0; i < kept_count; i++)
        free(kept[i]);
    kept_count = 0;
    while (kept_count < KEPT_MOST && api_stream_line(stream, line, sizeof(line)))
        kept[kept_count++] = strdup(line);
    assert_true(kept_count > 8);
    api_stream_close(stream);
}

/*
 * Writes the kept lines but for one, and that one as it is told (NULL: not at all; "": behind the
 * next).
 */
static void write_file(const char *path, size_t special, const char *text, const char *end)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    for (size_t i = 0; i < kept_count; i++) {
        if (i == special && text == NULL)
            continue;
        if (i == special && text[0] == '\0') {
            fprintf(file, "%s\n%s\n", kept[i + 1], kept[i]);
            i++;
            continue;
        }
        fprintf(file, "%s%s", i == special ? text : kept[i], i + 1 == kept_count ? end : "\n");
    }
    assert_int_equal(fclose(file), 0);
}

static void assert_verdict(const char *path, int code, const char *flags, const char *sentence)
{
    char command[512], said[8192];
    FILE *pipe;
    size_t len;

    snprintf(command, sizeof(command), "%s verify-audit --data-dir %s --file %s %s 2>&1",
             getenv("DATASTREAMD"), server.data, path, flags);
    pipe = popen(command, "re");
    assert_non_null(pipe);
    len = fread(said, 1, sizeof(said) - 1, pipe);
    said[len] = '\0';
    if (WEXITSTATUS(pclose(pipe)) != code || strstr(said, sentence) == NULL)
        fail_msg("wanted %d and \"%s\": %s", code, sentence, said);
}

/* The line with another character where the text begins. */
static const char *altered(const char *line, const char *text)
{
    static char copy[8192];
    char *at;

    snprintf(copy, sizeof(copy), "%s", line);
    at = strstr(copy, text);
    assert_non_null(at);
    at[strlen(text) - 1] ^= 1;
    return copy;
}

static void a_file_is_proven_line_by_line(void **state)
{
    static const char *const parts[] = {
        "\"createTime\":\"2", "\"actor\":\"t",       "\"outcome\":\"O", "\"requestId\":\"0",
        "\"path\":\"n",       "\"description\":\"C", "\"count\":1",     "\"mac\":\"a"};
    char path[256];

    (void)state;
    snprintf(path, sizeof(path), "%s.ndjson", server.data);
    keep_lines("?after=100");
    api_stop(&server);
    write_file(path, KEPT_MOST, NULL, "\n");
    assert_verdict(path, 0, "", "64 rows, from 101 to 164, 0 between them not in the file, head ");
    write_file(path, 3, NULL, "\n");
    assert_verdict(path, 1, "", "line 4: rows 104 to 104 are missing before it.");
    assert_verdict(path, 0, "--allow-gaps",
                   "63 rows, from 101 to 164, 1 between them not in the file");
    write_file(path, 3, "", "\n");
    assert_verdict(path, 1, "", "line 5: row 104 stands after row 105.");
    write_file(path, 3, "{\"number\":\"104\"}", "\n");
    assert_verdict(path, 1, "", "line 4: the line has no number or no mac");
    write_file(path, 3, "{\"error\":{\"code\":14}}", "\n");
    assert_verdict(path, 1, "", "line 4: the export broke off here; resume it with after=103.");
    write_file(path, 3, "createTime,actor", "\n");
    assert_verdict(path, 1, "", "only exports as NDJSON can be verified");
    write_file(path, 63, "{\"createTime\":\"20", "");
    assert_verdict(path, 1, "", "line 64: the line is not complete: the file was cut here.");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(kept[3], parts[i]) == NULL)
            continue;
        write_file(path, 3, altered(kept[3], parts[i]), "\n");
        assert_verdict(path, 1, "", "line 4: ");
    }
    write_file(path, 3, altered(kept[3], "\"description\":\"C"), "\n");
    assert_verdict(path, 1, "", "line 4: row 104 was altered");
    assert_verdict("nothing", 1, "", "The file nothing cannot be opened");
    remove(path);
    api_restart(&server, NULL);
}

/* A filtered file has gaps; rows of each kind are packed again as they were. */
static void a_file_of_filtered_lines_is_proven_with_gaps(void **state)
{
    char path[256];

    (void)state;
    snprintf(path, sizeof(path), "%s.ndjson", server.data);
    keep_lines("?action=ExportedAuditLogs");
    api_stop(&server);
    write_file(path, KEPT_MOST, NULL, "\n");
    assert_verdict(path, 0, "--allow-gaps", " rows, from ");
    remove(path);
    api_restart(&server, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_export_is_whole_and_ends),
        cmocka_unit_test(an_export_is_resumed_after_a_number),
        cmocka_unit_test(cells_of_csv_are_quoted_and_are_no_formulas),
        cmocka_unit_test(an_export_tells_the_lines_that_all_filters_fit),
        cmocka_unit_test(an_export_is_refused_before_it_begins),
        cmocka_unit_test(filters_choose_the_same_lines_in_both_forms),
        cmocka_unit_test(a_file_is_proven_line_by_line),
        cmocka_unit_test(a_file_of_filtered_lines_is_proven_with_gaps),
    };

    return cmocka_run_group_tests(tests, start, end);
}
