/* The growing JSON text: escapes, integers, growth, and what a failed arena leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/json/json.h"
#include "proto/json/json_text.h"
#include "proto/json/json_wkt.h"

struct string_case {
    struct slice value;
    struct slice text;
};

static void assert_slice(struct slice got, struct slice wanted)
{
    if (!slice_equal(got, wanted))
        fail_msg("wanted %.*s, got %.*s", SLICE_ARG(wanted), SLICE_ARG(got));
}

static void strings_are_quoted_and_escaped(void **state)
{
    static const struct string_case cases[] = {
        {SLICE_INIT(""), SLICE_INIT("\"\"")},
        {SLICE_INIT("plain text that is longer than a word"),
         SLICE_INIT("\"plain text that is longer than a word\"")},
        {SLICE_INIT("a\"b\\c/d"), SLICE_INIT("\"a\\\"b\\\\c/d\"")},
        {SLICE_INIT("\b\f\n\r\t"), SLICE_INIT("\"\\b\\f\\n\\r\\t\"")},
        {SLICE_INIT("\x01\x1f\x7f"), SLICE_INIT("\"\\u0001\\u001f\x7f\"")},
        {SLICE_INIT("1234567\n1234567\x1f"), SLICE_INIT("\"1234567\\n1234567\\u001f\"")},
        {SLICE_INIT("Gr\xc3\xbc\xc3\x9f"
                    "e \xf0\x9f\x98\x80!!!!"),
         SLICE_INIT("\"Gr\xc3\xbc\xc3\x9f"
                    "e \xf0\x9f\x98\x80!!!!\"")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_text text = {.arena = &arena};

        json_put_string(&text, cases[i].value);
        assert_slice(json_text_slice(&text), cases[i].text);
    }
    arena_done(&arena);
}

/* The scan by words must find each byte that needs an escape at each place of a word. */
static void every_byte_is_escaped_at_every_place(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 64 << 20);
    for (unsigned byte = 0; byte < 0x80; byte++)
        for (size_t place = 0; place < 19; place++) {
            struct json_text text = {.arena = &arena};
            char value[19];
            size_t extra;

            memset(value, 'x', sizeof(value));
            value[place] = (char)byte;
            json_put_string(&text, slice_make(value, sizeof(value)));
            extra = byte == '"' || byte == '\\' || (byte >= 8 && byte <= 13 && byte != 11) ? 1
                    : byte < 0x20                                                          ? 5
                                                                                           : 0;
            assert_int_equal(text.len, sizeof(value) + 2 + extra);
            assert_int_equal(text.data[1 + place] == '\\', extra > 0);
        }
    arena_done(&arena);
}

/* The run of plain bytes before `byte` at each place of texts of each length up to three pieces. */
static void assert_runs(char byte, bool is_plain)
{
    char text[49];
    char copy[49];

    for (size_t len = 1; len < sizeof(text); len++)
        for (size_t place = 0; place < len; place++) {
            memset(text, 'x', sizeof(text));
            text[place] = byte;
            assert_int_equal(json__plain_run(text, len), is_plain ? len : place);
            memset(copy, 0, sizeof(copy));
            assert_int_equal(json__copy_run(copy, text, len), is_plain ? len : place);
            assert_memory_equal(copy, text, is_plain ? len : place);
            for (size_t i = len; i < sizeof(copy); i++)
                assert_int_equal(copy[i], 0);
        }
}

static void runs_of_plain_bytes_end_at_the_first_other_one(void **state)
{
    (void)state;
    assert_int_equal(json__plain_run("", 0), 0);
    assert_int_equal(json__copy_run(NULL, NULL, 0), 0);
    for (unsigned byte = 0; byte < 0x100; byte++)
        assert_runs((char)byte, byte >= 0x20 && byte != '"' && byte != '\\');
}

static void a_timestamp_after_another_is_written_as_if_alone(void **state)
{
    static const int64_t seconds[] = {0,
                                      1,
                                      59,
                                      86399,
                                      86400,
                                      86401,
                                      -1,
                                      -86400,
                                      -86401,
                                      951782400,
                                      1709164799,
                                      1709164800,
                                      TIME_LEAST_S,
                                      TIME_LEAST_S + 1,
                                      TIME_MOST_S,
                                      TIME_MOST_S - 86400};
    static const int32_t nanos[] = {0, 5000000, 5000, 5, 999999999};
    const size_t count = sizeof(seconds) / sizeof(seconds[0]);
    const size_t parts = sizeof(nanos) / sizeof(nanos[0]);
    struct arena arena;

    (void)state;
    for (size_t i = 0; i < count * parts; i++) {
        struct json_moment last = {.len = 0};
        struct json_text next = {.arena = &arena};
        struct json_text alone = {.arena = &arena};

        arena_init(&arena, NULL, 1 << 20);
        for (size_t n = 0; n < count * parts; n++) {
            size_t at = n * (i + 1) % (count * parts); /* each step wide makes another order */

            assert_true(
                json__put_next_timestamp(&next, &last, seconds[at / parts], nanos[at % parts]));
            assert_true(json__put_timestamp(&alone, seconds[at / parts], nanos[at % parts]));
        }
        assert_slice(json_text_slice(&next), json_text_slice(&alone));
        assert_false(json__put_next_timestamp(&next, &last, TIME_MOST_S + 1, 0));
        arena_done(&arena);
    }
}

static void integers_are_written_to_their_ends(void **state)
{
    struct arena arena;
    struct json_text text = {.arena = &arena};

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    json_put_int(&text, INT64_MIN);
    json_put_literal(&text, " ");
    json_put_int(&text, INT64_MAX);
    json_put_literal(&text, " ");
    json_put_int(&text, 0);
    assert_slice(json_text_slice(&text), SLICE("-9223372036854775808 9223372036854775807 0"));
    arena_done(&arena);
}

static void text_grows_and_keeps_what_it_had(void **state)
{
    struct arena arena;
    struct json_text text = {.arena = &arena};

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (unsigned i = 0; i < 10000; i++)
        json_put(&text, slice_make(&"0123456789"[i % 10], 1));
    assert_int_equal(text.len, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(text.data[i], "0123456789"[i % 10]);
    arena_done(&arena);
}

static void text_stays_as_it_is_when_the_arena_fails(void **state)
{
    struct arena arena;
    struct json_text text = {.arena = &arena};

    (void)state;
    arena_init(&arena, NULL, 2048);
    json_put_literal(&text, "kept");
    for (unsigned i = 0; i < 1000 && !arena_failed(&arena); i++)
        json_put_literal(&text, "0123456789");
    assert_true(arena_failed(&arena));
    assert_true(text.len <= 2048);
    assert_slice(slice_make(text.data, 4), SLICE("kept"));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_quoted_and_escaped),
        cmocka_unit_test(every_byte_is_escaped_at_every_place),
        cmocka_unit_test(runs_of_plain_bytes_end_at_the_first_other_one),
        cmocka_unit_test(a_timestamp_after_another_is_written_as_if_alone),
        cmocka_unit_test(integers_are_written_to_their_ends),
        cmocka_unit_test(text_grows_and_keeps_what_it_had),
        cmocka_unit_test(text_stays_as_it_is_when_the_arena_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
