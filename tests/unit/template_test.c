/* Path templates: what parses, into what, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rest/template.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Writes a template back with names: "/a/{id=*}:verb". */
static struct slice print(struct arena *arena, const struct template *t)
{
    struct slice text = SLICE("");

    for (size_t i = 0; i < t->segment_count; i++) {
        const struct template_segment *s = &t->segments[i];
        struct slice part = s->type == TEMPLATE_LITERAL ? s->literal
                            : s->type == TEMPLATE_ONE   ? SLICE("*")
                                                        : SLICE("**");

        text = arena_printf(arena, "%.*s/", SLICE_ARG(text));
        for (size_t v = 0; v < t->variable_count; v++)
            if (t->variables[v].first == i)
                text = arena_printf(arena, "%.*s{%.*s%s=", SLICE_ARG(text),
                                    SLICE_ARG(t->variables[v].path),
                                    t->variables[v].multi ? "!" : "");
        text = arena_printf(arena, "%.*s%.*s", SLICE_ARG(text), SLICE_ARG(part));
        for (size_t v = 0; v < t->variable_count; v++)
            if (t->variables[v].first + t->variables[v].count == i + 1)
                text = arena_printf(arena, "%.*s}", SLICE_ARG(text));
    }
    if (t->verb.len > 0)
        text = arena_printf(arena, "%.*s:%.*s", SLICE_ARG(text), SLICE_ARG(t->verb));
    return text;
}

static void templates_parse_into_segments_and_variables(void **state)
{
    static const struct {
        struct slice text;
        struct slice wanted;
    } cases[] = {
        {SLICE_INIT("/"), SLICE_INIT("")},
        {SLICE_INIT("/a"), SLICE_INIT("/a")},
        {SLICE_INIT("/a/b/c"), SLICE_INIT("/a/b/c")},
        {SLICE_INIT("/*"), SLICE_INIT("/*")},
        {SLICE_INIT("/**"), SLICE_INIT("/**")},
        {SLICE_INIT("/*/**"), SLICE_INIT("/*/**")},
        {SLICE_INIT("/a:verb"), SLICE_INIT("/a:verb")},
        {SLICE_INIT("/a/**:verb"), SLICE_INIT("/a/**:verb")},
        {SLICE_INIT("/a/{id}"), SLICE_INIT("/a/{id=*}")},
        {SLICE_INIT("/a/{id=*}"), SLICE_INIT("/a/{id=*}")},
        {SLICE_INIT("/a/{a.b_c.d2}:enable"), SLICE_INIT("/a/{a.b_c.d2=*}:enable")},
        {SLICE_INIT("/a/{n=x}"), SLICE_INIT("/a/{n=x}")},
        {SLICE_INIT("/a/{n=x/*}/y/{m}"), SLICE_INIT("/a/{n!=x/*}/y/{m=*}")},
        {SLICE_INIT("/a/{n=x/*/z}:v"), SLICE_INIT("/a/{n!=x/*/z}:v")},
        {SLICE_INIT("/a/{n=**}"), SLICE_INIT("/a/{n!=**}")},
        {SLICE_INIT("/{n=x/**}:v"), SLICE_INIT("/{n!=x/**}:v")},
        {SLICE_INIT("/v1/a=b&c=d;e,f@g~h.i_j-k!$'()+"),
         SLICE_INIT("/v1/a=b&c=d;e,f@g~h.i_j-k!$'()+")},
        {SLICE_INIT("/%e7%AC/x"), SLICE_INIT("/%e7%AC/x")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct template t;
        struct status status = template__parse(&arena, cases[i].text, &t);
        struct slice got;

        if (!status_is_ok(status))
            fail_msg("%.*s", SLICE_ARG(status.message));
        got = print(&arena, &t);
        if (!slice_equal(got, cases[i].wanted))
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
    arena_done(&arena);
}

static void what_is_no_template_is_refused_at_its_place(void **state)
{
    static const struct {
        struct slice text;
        unsigned character;
    } cases[] = {
        {SLICE_INIT(""), 1},
        {SLICE_INIT("a"), 1},
        {SLICE_INIT("{x}"), 1},
        {SLICE_INIT("//"), 2},
        {SLICE_INIT("/a/"), 4},
        {SLICE_INIT("/a//b"), 4},
        {SLICE_INIT("/{}"), 3},
        {SLICE_INIT("/:v"), 2},
        {SLICE_INIT("/a/:v"), 4},
        {SLICE_INIT("/a:"), 4},
        {SLICE_INIT("/*:"), 4},
        {SLICE_INIT("/{x}:"), 6},
        {SLICE_INIT("/a:v/b"), 5},
        {SLICE_INIT("/a:v:w"), 5},
        {SLICE_INIT("/a:*"), 4},
        {SLICE_INIT("/a/{"), 5},
        {SLICE_INIT("/a/{x"), 6},
        {SLICE_INIT("/a/{x."), 7},
        {SLICE_INIT("/a/{x..y}"), 7},
        {SLICE_INIT("/a/{.x}"), 5},
        {SLICE_INIT("/a/{2x}"), 5},
        {SLICE_INIT("/a/{x-y}"), 6},
        {SLICE_INIT("/a/{x=}"), 7},
        {SLICE_INIT("/a/{x=*"), 8},
        {SLICE_INIT("/a/{x=/b}"), 7},
        {SLICE_INIT("/a/{x=b/}"), 9},
        {SLICE_INIT("/a/{x=b:v}"), 8},
        {SLICE_INIT("/{x=a/{y=b}}"), 7},
        {SLICE_INIT("/a{x}"), 3},
        {SLICE_INIT("/{x}a"), 5},
        {SLICE_INIT("/{x}{y}"), 5},
        {SLICE_INIT("/a*"), 3},
        {SLICE_INIT("/*a"), 3},
        {SLICE_INIT("/***"), 4},
        {SLICE_INIT("/a}"), 3},
        {SLICE_INIT("/a/**/b"), 8},
        {SLICE_INIT("/a/**/**"), 9},
        {SLICE_INIT("/a/{x=**}/b"), 12},
        {SLICE_INIT("/a/{x=**}/{y}"), 13},
        {SLICE_INIT("/{x}/{x}"), 8},
        {SLICE_INIT("/a b"), 3},
        {SLICE_INIT("/a?b"), 3},
        {SLICE_INIT("/a#b"), 3},
        {SLICE_INIT("/a\0b"), 3},
        {SLICE_INIT("/%2"), 2},
        {SLICE_INIT("/a%zz"), 3},
        {SLICE_INIT("/\xc3\xbc"), 2},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct template t;
        struct status status = template__parse(&arena, cases[i].text, &t);
        struct slice place = arena_printf(&arena, "invalid at character %u: ", cases[i].character);

        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        if (memmem(status.message.data, status.message.len, place.data, place.len) == NULL)
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(place), SLICE_ARG(status.message));
    }
    arena_done(&arena);
}

static void a_template_is_bounded(void **state)
{
    char text[2 * (TEMPLATE_SEGMENTS_MOST + 1)];
    struct template t;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 == 0 ? '/' : 'a';
    assert_int_equal(template__parse(&arena, slice_make(text, sizeof(text) - 2), &t).code,
                     STATUS_OK);
    assert_int_equal(t.segment_count, TEMPLATE_SEGMENTS_MOST);
    assert_int_equal(template__parse(&arena, slice_make(text, sizeof(text)), &t).code,
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        template__parse(&arena, SLICE("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"), &t).code,
        STATUS_INVALID_ARGUMENT);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_parse_into_segments_and_variables),
        cmocka_unit_test(what_is_no_template_is_refused_at_its_place),
        cmocka_unit_test(a_template_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
