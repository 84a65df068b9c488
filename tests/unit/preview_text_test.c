/* The texts of API Preview: how JSON is laid out, and what is escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rpc/services/preview_text.h"

static void assert_body(const char *json, const char *wanted)
{
    struct arena arena;

    arena_init(&arena, NULL, 1 << 16);
    assert_string_equal(arena_cstr(&arena, preview__body(&arena, slice_from_cstr(json))), wanted);
    arena_done(&arena);
}

static void json_is_indented_by_two_blanks(void **state)
{
    (void)state;
    assert_body("{}", "{}");
    assert_body("{\"a\":1,\"b\":[true,null]}",
                "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ]\n}");
    assert_body("{\"a\":{\"b\":[],\"c\":{}}}",
                "{\n  \"a\": {\n    \"b\": [],\n    \"c\": {}\n  }\n}");
    assert_body("{\"a\":\"{[,:\\\"\\\\\"}", "{\n  \"a\": \"{[,:\\\"\\\\\"\n}");
}

static void what_a_shell_could_misread_is_escaped(void **state)
{
    (void)state;
    assert_body("[\"it's\"]", "[\n  \"it\\u0027s\"\n]");
    assert_body("[\"$a`b`\x7f\"]", "[\n  \"\\u0024a\\u0060b\\u0060\\u007f\"\n]");
    assert_body("[\"\xc3\xa9\xe2\x80\xa8\xf0\x9f\x9a\x80\"]",
                "[\n  \"\\u00e9\\u2028\\ud83d\\ude80\"\n]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_indented_by_two_blanks),
        cmocka_unit_test(what_a_shell_could_misread_is_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
