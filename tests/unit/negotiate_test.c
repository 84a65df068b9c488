/* Media types, Accept, and entity tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rest/negotiate.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct judged {
    struct slice text;
    bool wanted;
};

static void json_is_known_by_its_type(void **state)
{
    static const struct judged cases[] = {
        {SLICE_INIT("application/json"), true},
        {SLICE_INIT("Application/JSON; charset=utf-8"), true},
        {SLICE_INIT("application/merge-patch+json"), true},
        {SLICE_INIT(" application/json ;x=y"), true},
        {SLICE_INIT("application/+json"), false},
        {SLICE_INIT("application/jsonp"), false},
        {SLICE_INIT("text/json"), false},
        {SLICE_INIT("application/x-www-form-urlencoded"), false},
        {SLICE_INIT("application/grpc-web+json2"), false},
        {SLICE_INIT(""), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (media_type__is_json(cases[i].text) != cases[i].wanted)
            fail_msg("%.*s", SLICE_ARG(cases[i].text));
}

static void accept_excludes_json_only_where_it_says_so(void **state)
{
    static const struct judged cases[] = {
        {SLICE_INIT("application/json"), true},
        {SLICE_INIT("*/*"), true},
        {SLICE_INIT("APPLICATION/*"), true},
        {SLICE_INIT("application/problem+json"), true},
        {SLICE_INIT("text/html, */*;q=0.1"), true},
        {SLICE_INIT("text/html,application/json;v=1;q=0.5"), true},
        {SLICE_INIT(""), true},
        {SLICE_INIT("text/html"), false},
        {SLICE_INIT("text/*"), false},
        {SLICE_INIT("image/png, text/html;q=1"), false},
        {SLICE_INIT("application/json;q=0, */*"), false},
        {SLICE_INIT("*/*, application/json;q=0.000"), false},
        {SLICE_INIT("*/*;q=0"), false},
        {SLICE_INIT("application/*;q=0, application/json"), true},
        {SLICE_INIT("application/jsonl"), false},
        {SLICE_INIT("text/html;x=\", application/json, \""), false},
        {SLICE_INIT("application/json;x=\";q=0\""), true},
        {SLICE_INIT("application/json;x=\",\";q=0"), false},
        {SLICE_INIT("application/json;q=0.0001"), true},
        {SLICE_INIT("application/json;q=none"), true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct header header = {SLICE("accept"), cases[i].text};

        if (accept__allows_json(&header, 1) != cases[i].wanted)
            fail_msg("%.*s", SLICE_ARG(cases[i].text));
    }
    assert_true(accept__allows_json(NULL, 0));
    assert_false(accept__allows_json((struct header[]){{SLICE("accept"), SLICE("text/css")},
                                                       {SLICE("host"), SLICE("*/*")},
                                                       {SLICE("accept"), SLICE("text/html")}},
                                     3));
    assert_true(accept__allows_json(
        (struct header[]){{SLICE("accept"), SLICE("text/css")}, {SLICE("accept"), SLICE("*/*")}},
        2));
}

static void if_none_match_compares_weakly(void **state)
{
    static const struct judged cases[] = {
        {SLICE_INIT("\"7-a\""), true},
        {SLICE_INIT("W/\"7-a\""), true},
        {SLICE_INIT("*"), true},
        {SLICE_INIT("\"1\", \"7-a\""), true},
        {SLICE_INIT("\"1\",W/\"7-a\" , \"2\""), true},
        {SLICE_INIT("\"7\""), false},
        {SLICE_INIT("7-a"), false},
        {SLICE_INIT("\"7-a"), false},
        {SLICE_INIT("\"x, \"7-b\""), false},
        {SLICE_INIT(""), false},
        {SLICE_INIT(", ,"), false},
        {SLICE_INIT("W/"), false},
        {SLICE_INIT("\"x,7-a\""), false},
        {SLICE_INIT("\"x,y\",\"7-a\""), true},
        {SLICE_INIT("\"*\""), false},
        {SLICE_INIT("W/*"), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (etag__is_listed(cases[i].text, SLICE("\"7-a\"")) != cases[i].wanted)
            fail_msg("%.*s", SLICE_ARG(cases[i].text));
}

static void if_match_compares_strongly(void **state)
{
    static const struct judged cases[] = {
        {SLICE_INIT("\"7-a\""), true},
        {SLICE_INIT("W/\"7-a\""), false},
        {SLICE_INIT("*"), true},
        {SLICE_INIT("W/\"7-a\", \"7-a\""), true},
        {SLICE_INIT("\"x\", \"y,7-a\""), false},
        {SLICE_INIT(""), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (etag__matches(cases[i].text, SLICE("\"7-a\"")) != cases[i].wanted)
            fail_msg("%.*s", SLICE_ARG(cases[i].text));
}

static void if_match_keeps_the_revision_alone(void **state)
{
    static const struct {
        struct slice text;
        struct slice wanted;
    } cases[] = {
        {SLICE_INIT("\"7\""), SLICE_INIT("\"7\"")},
        {SLICE_INIT("\"7-1f00\""), SLICE_INIT("\"7\"")},
        {SLICE_INIT("\"7-1f\", \"8\",W/\"9-a-b\""), SLICE_INIT("\"7\", \"8\",W/\"9\"")},
        {SLICE_INIT("*"), SLICE_INIT("*")},
        {SLICE_INIT("x-y"), SLICE_INIT("x-y")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice got = etag__strip_computed(&arena, cases[i].text);

        if (!slice_equal(got, cases[i].wanted))
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
    arena_done(&arena);
}

static void streams_are_typed_by_weight_then_by_the_closest_range(void **state)
{
    static const struct {
        struct slice text;
        enum stream_type wanted;
    } cases[] = {
        {SLICE_INIT(""), STREAM_TYPE_NDJSON},
        {SLICE_INIT("*/*"), STREAM_TYPE_NDJSON},
        {SLICE_INIT("application/*"), STREAM_TYPE_NDJSON},
        {SLICE_INIT("application/x-ndjson"), STREAM_TYPE_NDJSON},
        {SLICE_INIT("application/json"), STREAM_TYPE_JSON},
        {SLICE_INIT("Application/JSON;charset=utf-8"), STREAM_TYPE_JSON},
        {SLICE_INIT("text/event-stream"), STREAM_TYPE_SSE},
        {SLICE_INIT("text/*"), STREAM_TYPE_SSE},
        {SLICE_INIT("*/*, text/event-stream"), STREAM_TYPE_SSE},
        {SLICE_INIT("text/event-stream;q=0.5, application/json;q=0.4"), STREAM_TYPE_SSE},
        {SLICE_INIT("text/event-stream;q=0.4, application/json;q=0.5"), STREAM_TYPE_JSON},
        {SLICE_INIT("text/event-stream;q=0.999, */*;q=1.000"), STREAM_TYPE_NDJSON},
        {SLICE_INIT("application/x-ndjson;q=0, */*"), STREAM_TYPE_JSON},
        {SLICE_INIT("application/*;q=0, */*;q=0.1"), STREAM_TYPE_SSE},
        {SLICE_INIT("text/html"), STREAM_TYPE_NONE},
        {SLICE_INIT("*/*;q=0"), STREAM_TYPE_NONE},
        {SLICE_INIT("text/event-streams, application/"), STREAM_TYPE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct header header = {SLICE("accept"), cases[i].text};

        if (accept__stream_type(&header, 1) != cases[i].wanted)
            fail_msg("%.*s", SLICE_ARG(cases[i].text));
    }
    assert_int_equal(accept__stream_type(NULL, 0), STREAM_TYPE_NDJSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_known_by_its_type),
        cmocka_unit_test(accept_excludes_json_only_where_it_says_so),
        cmocka_unit_test(streams_are_typed_by_weight_then_by_the_closest_range),
        cmocka_unit_test(if_none_match_compares_weakly),
        cmocka_unit_test(if_match_compares_strongly),
        cmocka_unit_test(if_match_keeps_the_revision_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
