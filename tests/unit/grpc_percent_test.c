/* grpc-message: what is escaped, how, and where a long message ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/grpc/percent.h"

static void messages_are_escaped_where_they_must(void **state)
{
    static const struct {
        struct slice text, wanted;
    } cases[] = {
        {SLICE_INIT("plain text, with ~!@#$^&*()"), SLICE_INIT("plain text, with ~!@#$^&*()")},
        {SLICE_INIT("100 %"), SLICE_INIT("100 %25")},
        {SLICE_INIT("%25"), SLICE_INIT("%2525")},
        {SLICE_INIT("a\r\nb\tc"), SLICE_INIT("a%0D%0Ab%09c")},
        {SLICE_INIT("\x7f\x1f"), SLICE_INIT("%7F%1F")},
        {SLICE_INIT("a\0b"), SLICE_INIT("a%00b")},
        {SLICE_INIT("\xc3\xa9t\xc3\xa9"), SLICE_INIT("%C3%A9t%C3%A9")},
        {SLICE_INIT("\xf0\x9f\x98\x80"), SLICE_INIT("%F0%9F%98%80")},
        {SLICE_INIT("\xff"), SLICE_INIT("%FF")},
        {SLICE_INIT(" a b "), SLICE_INIT("%20a b%20")},
        {SLICE_INIT(" "), SLICE_INIT("%20")},
        {SLICE_INIT(""), SLICE_INIT("")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 65536);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice got = grpc__message_encode(&arena, cases[i].text);

        if (!slice_equal(got, cases[i].wanted))
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
    arena_done(&arena);
}

static void text_that_is_no_utf8_gets_question_marks(void **state)
{
    static const struct {
        struct slice text, wanted;
    } cases[] = {
        {SLICE_INIT("\xc3\xa9t\xc3\xa9"), SLICE_INIT("\xc3\xa9t\xc3\xa9")},
        {SLICE_INIT("sn\xe9ppy"), SLICE_INIT("sn?ppy")},
        {SLICE_INIT("\xc3\xa9\xff"), SLICE_INIT("???")},
        {SLICE_INIT("a\0b"), SLICE_INIT("a\0b")},
        {SLICE_INIT(""), SLICE_INIT("")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 65536);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice got = grpc__message_text(&arena, cases[i].text);

        if (!slice_equal(got, cases[i].wanted))
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
    arena_fail(&arena);
    assert_int_equal(grpc__message_text(&arena, SLICE("\xff")).len, 0);
    arena_done(&arena);
}

static void plain_message_is_not_copied(void **state)
{
    struct slice text = SLICE("nothing to escape");

    (void)state;
    assert_ptr_equal(grpc__message_encode(NULL, text).data, text.data);
}

static void failed_arena_gives_nothing(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 65536);
    arena_fail(&arena);
    assert_int_equal(grpc__message_encode(&arena, SLICE("%")).len, 0);
    arena_done(&arena);
}

static void cut_falls_between_characters(void **state)
{
    static const struct {
        struct slice text;
        size_t most, wanted;
    } cases[] = {
        {SLICE_INIT("abc"), 3, 3},
        {SLICE_INIT("abc"), 2, 2},
        {SLICE_INIT("abc"), 0, 0},
        {SLICE_INIT("a\xc3\xa9"), 3, 3},
        {SLICE_INIT("a\xc3\xa9"), 2, 1},
        {SLICE_INIT("a\xe2\x82\xac"), 4, 4},
        {SLICE_INIT("a\xe2\x82\xac"), 3, 1},
        {SLICE_INIT("a\xe2\x82\xac"), 2, 1},
        {SLICE_INIT("\xf0\x9f\x98\x80z"), 4, 4},
        {SLICE_INIT("\xf0\x9f\x98\x80z"), 3, 0},
        {SLICE_INIT(""), 5, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice got = grpc__message_cut(cases[i].text, cases[i].most);

        if (got.len != cases[i].wanted)
            fail_msg("case %zu: wanted %zu bytes, got %zu", i, cases[i].wanted, got.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_escaped_where_they_must),
        cmocka_unit_test(text_that_is_no_utf8_gets_question_marks),
        cmocka_unit_test(plain_message_is_not_copied),
        cmocka_unit_test(failed_arena_gives_nothing),
        cmocka_unit_test(cut_falls_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
