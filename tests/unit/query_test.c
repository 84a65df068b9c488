/* Query strings and percent-encoding: what is read, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rest/query.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void queries_are_split_and_decoded(void **state)
{
    static const struct {
        struct slice query;
        struct slice wanted; /* name>value| ... */
    } cases[] = {
        {SLICE_INIT(""), SLICE_INIT("")},
        {SLICE_INIT("a=1"), SLICE_INIT("a>1|")},
        {SLICE_INIT("a=1&b=2&a=3"), SLICE_INIT("a>1|b>2|a>3|")},
        {SLICE_INIT("a"), SLICE_INIT("a>|")},
        {SLICE_INIT("a="), SLICE_INIT("a>|")},
        {SLICE_INIT("=x"), SLICE_INIT(">x|")},
        {SLICE_INIT("a=b=c"), SLICE_INIT("a>b=c|")},
        {SLICE_INIT("&&a=1&"), SLICE_INIT("a>1|")},
        {SLICE_INIT("a=1;b=2"), SLICE_INIT("a>1;b=2|")},
        {SLICE_INIT("a=x+y%20z%2B%26%3D"), SLICE_INIT("a>x y z+&=|")},
        {SLICE_INIT("a%2Eb=%c3%BC"), SLICE_INIT("a.b>\xc3\xbc|")},
        {SLICE_INIT("a=\xc3\xbc"), SLICE_INIT("a>\xc3\xbc|")},
        {SLICE_INIT("a=?/"), SLICE_INIT("a>?/|")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct query_parameter *parameters;
        struct slice got = SLICE("");
        size_t count;
        struct status status = query__parse(&arena, cases[i].query, &parameters, &count);

        if (!status_is_ok(status))
            fail_msg("%.*s", SLICE_ARG(status.message));
        for (size_t p = 0; p < count; p++)
            got = arena_printf(&arena, "%.*s%.*s>%.*s|", SLICE_ARG(got),
                               SLICE_ARG(parameters[p].name), SLICE_ARG(parameters[p].value));
        if (!slice_equal(got, cases[i].wanted))
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
    arena_done(&arena);
}

static void what_cannot_be_decoded_is_refused(void **state)
{
    static const struct slice cases[] = {
        SLICE_INIT("a=%"),     SLICE_INIT("a=%2"),        SLICE_INIT("a=%zz"),
        SLICE_INIT("a=%2x"),   SLICE_INIT("%=a"),         SLICE_INIT("a=%00"),
        SLICE_INIT("a=x%00y"), SLICE_INIT("a\0=x"),       SLICE_INIT("a=%ff"),
        SLICE_INIT("a=\xff"),  SLICE_INIT("a=%ed%a0%80"), SLICE_INIT("a=%c0%80"),
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct query_parameter *parameters;
        size_t count;

        if (query__parse(&arena, cases[i], &parameters, &count).code != STATUS_INVALID_ARGUMENT)
            fail_msg("%.*s was taken", SLICE_ARG(cases[i]));
    }
    arena_done(&arena);
}

static void the_number_of_parameters_is_bounded(void **state)
{
    char text[2 * QUERY_PARAMETERS_MOST + 1];
    struct query_parameter *parameters;
    struct arena arena;
    size_t count;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 == 0 ? 'a' : '&';
    assert_int_equal(
        query__parse(&arena, slice_make(text, 2 * QUERY_PARAMETERS_MOST - 1), &parameters, &count)
            .code,
        STATUS_OK);
    assert_int_equal(count, QUERY_PARAMETERS_MOST);
    assert_int_equal(query__parse(&arena, slice_make(text, sizeof(text)), &parameters, &count).code,
                     STATUS_INVALID_ARGUMENT);
    arena_done(&arena);
}

static void paths_keep_plus_and_several_segments_keep_encoded_slashes(void **state)
{
    static const struct {
        struct slice text;
        enum percent_mode mode;
        struct slice wanted;
    } cases[] = {
        {SLICE_INIT("a+b"), PERCENT_SEGMENT, SLICE_INIT("a+b")},
        {SLICE_INIT("a%2Fb%2fc%20d"), PERCENT_SEGMENT, SLICE_INIT("a/b/c d")},
        {SLICE_INIT("a%2Fb%2fc%20d%3A"), PERCENT_SEGMENTS, SLICE_INIT("a%2Fb%2fc d:")},
        {SLICE_INIT("a%252F"), PERCENT_SEGMENTS, SLICE_INIT("a%2F")},
        {SLICE_INIT("plain"), PERCENT_SEGMENTS, SLICE_INIT("plain")},
        {SLICE_INIT(""), PERCENT_SEGMENT, SLICE_INIT("")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice got;

        assert_null(query__percent_decode(&arena, cases[i].text, cases[i].mode, &got));
        if (!slice_equal(got, cases[i].wanted))
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
    arena_done(&arena);
}

static void a_failed_arena_is_out_of_memory(void **state)
{
    struct query_parameter *parameters;
    struct arena arena;
    size_t count;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    arena_fail(&arena);
    assert_int_equal(query__parse(&arena, SLICE("a=1"), &parameters, &count).code,
                     STATUS_RESOURCE_EXHAUSTED);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_are_split_and_decoded),
        cmocka_unit_test(what_cannot_be_decoded_is_refused),
        cmocka_unit_test(the_number_of_parameters_is_bounded),
        cmocka_unit_test(paths_keep_plus_and_several_segments_keep_encoded_slashes),
        cmocka_unit_test(a_failed_arena_is_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
