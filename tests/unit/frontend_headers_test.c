/* What the frontends share in reading heads: headers that are lists, and the traceparent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rpc/frontend/header_list.h"
#include "rpc/frontend/traceparent.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

static void a_traceparent_parses_or_is_none(void **state)
{
    static const struct {
        struct slice text;
        bool wanted;
    } cases[] = {
        {SLICE_INIT("00-" TRACE "-" PARENT "-01"), true},
        {SLICE_INIT("00-" TRACE "-" PARENT "-00"), true},
        {SLICE_INIT("cc-" TRACE "-" PARENT "-01"), true},
        {SLICE_INIT("cc-" TRACE "-" PARENT "-01-what comes with it"), true},
        {SLICE_INIT("cc-" TRACE "-" PARENT "-01."), false},
        {SLICE_INIT("00-" TRACE "-" PARENT "-01-more"), false},
        {SLICE_INIT("ff-" TRACE "-" PARENT "-01"), false},
        {SLICE_INIT("00-00000000000000000000000000000000-" PARENT "-01"), false},
        {SLICE_INIT("00-" TRACE "-0000000000000000-01"), false},
        {SLICE_INIT("00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01"), false},
        {SLICE_INIT("00-" TRACE "-" PARENT "-0"), false},
        {SLICE_INIT("00-" TRACE "-" PARENT "-0g"), false},
        {SLICE_INIT("00_" TRACE "_" PARENT "_01"), false},
        {SLICE_INIT("<script>"), false},
        {SLICE_INIT(""), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (traceparent_is_valid(cases[i].text) != cases[i].wanted)
            fail_msg("%.*s", SLICE_ARG(cases[i].text));
}

static void a_traceparent_in_two_lines_is_none(void **state)
{
    const struct header headers[] = {
        {SLICE_INIT("traceparent"), SLICE_INIT("00-" TRACE "-" PARENT "-01")},
        {SLICE_INIT("host"), SLICE_INIT("a")},
        {SLICE_INIT("traceparent"), SLICE_INIT("00-" TRACE "-" PARENT "-01")},
    };
    struct request_head head = {.headers = headers, .header_count = 2};
    struct slice text = SLICE_EMPTY;

    (void)state;
    assert_true(traceparent__of(&head, &text));
    assert_true(slice_equal(text, headers[0].value));
    head.header_count = 3;
    assert_false(traceparent__of(&head, &text));
    head.header_count = 0;
    assert_false(traceparent__of(&head, &text));
}

static void lines_of_one_name_are_joined_in_their_order(void **state)
{
    const struct header headers[] = {
        {SLICE_INIT("if-match"), SLICE_INIT("\"a\"")},
        {SLICE_INIT("accept"), SLICE_INIT("*/*")},
        {SLICE_INIT("if-match"), SLICE_INIT("\"b\", \"c\"")},
        {SLICE_INIT("if-match"), SLICE_INIT("")},
    };
    struct request_head head = {.headers = headers, .header_count = 4};
    struct slice list = SLICE_EMPTY;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    assert_true(header_list(&arena, &head, SLICE("if-match"), &list));
    assert_true(slice_equal(list, SLICE("\"a\", \"b\", \"c\", ")));
    assert_true(header_list(&arena, &head, SLICE("accept"), &list));
    assert_ptr_equal(list.data, headers[1].value.data);
    assert_false(header_list(&arena, &head, SLICE("te"), &list));
    arena_fail(&arena);
    assert_true(header_list(&arena, &head, SLICE("if-match"), &list));
    assert_int_equal(list.len, 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_parses_or_is_none),
        cmocka_unit_test(a_traceparent_in_two_lines_is_none),
        cmocka_unit_test(lines_of_one_name_are_joined_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
