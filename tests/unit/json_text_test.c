/* The growing JSON text: escapes, integers, growth, and what a failed arena leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/json/json.h"
#include "proto/json/json_text.h"

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
        cmocka_unit_test(integers_are_written_to_their_ends),
        cmocka_unit_test(text_grows_and_keeps_what_it_had),
        cmocka_unit_test(text_stays_as_it_is_when_the_arena_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
