/* Matching: order, back-tracking, verbs, captures, other methods, and what is the same route. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "rest/router.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 1 << 24);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* "GET /a/{x}" as a route whose place is the same text. */
static struct status add(struct router *router, struct slice text)
{
    size_t blank = slice_find(text, ' ');
    struct route route = {.http_method = slice_make(text.data, blank), .place = text};
    struct status status = template__parse(&arena, slice_from(text, blank + 1), &route.template);

    assert_int_equal(status.code, STATUS_OK);
    return router__add(router, &route);
}

static struct router *make(const struct slice *routes, size_t count)
{
    struct router *router = router__new(&arena);

    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(router, routes[i]).code, STATUS_OK);
    return router;
}

/* "GET /a/{x} x=value", "405 GET,POST" or "404". */
static struct slice answer(const struct router *router, struct slice request)
{
    size_t blank = slice_find(request, ' ');
    struct slice path = slice_from(request, blank + 1);
    struct slice methods[ROUTER_METHODS_MOST];
    struct route_match match;
    enum route_result result = router__match(router, slice_make(request.data, blank), path, &match);
    struct slice text = SLICE("405");

    if (result == ROUTE_UNKNOWN)
        return SLICE("404");
    if (result == ROUTE_OTHER_METHOD) {
        size_t count = router__allow(router, path, methods);

        for (size_t i = 0; i < count; i++)
            text = arena_printf(&arena, "%.*s%c%.*s", SLICE_ARG(text), i == 0 ? ' ' : ',',
                                SLICE_ARG(methods[i]));
        return text;
    }
    text = match.route->place;
    for (size_t i = 0; i < match.route->template.variable_count; i++)
        text = arena_printf(&arena, "%.*s %.*s=%.*s", SLICE_ARG(text),
                            SLICE_ARG(match.route->template.variables[i].path),
                            SLICE_ARG(route__capture(&match, i)));
    return text;
}

struct match_case {
    struct slice request;
    struct slice wanted;
};

static void check(const struct router *router, const struct match_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct slice got = answer(router, cases[i].request);

        if (!slice_equal(got, cases[i].wanted))
            fail_msg("%.*s: wanted %.*s, got %.*s", SLICE_ARG(cases[i].request),
                     SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
}

static void literals_go_before_one_before_rest_with_back_tracking(void **state)
{
    static const struct slice routes[] = {
        SLICE_INIT("GET /a/{x}/c"),     SLICE_INIT("GET /a/b/d"),     SLICE_INIT("GET /a/b/{y=**}"),
        SLICE_INIT("GET /{z=a/*/c/*}"), SLICE_INIT("GET /r/{p=**}"),  SLICE_INIT("GET /r/*/s"),
        SLICE_INIT("GET /{u=q/**}"),    SLICE_INIT("GET /k/{m}/l/n"), SLICE_INIT("GET /k/o/{m}/t"),
    };
    static const struct match_case cases[] = {
        {SLICE_INIT("GET /a/b/d"), SLICE_INIT("GET /a/b/d")},
        {SLICE_INIT("GET /a/b/c"), SLICE_INIT("GET /a/b/{y=**} y=c")},
        {SLICE_INIT("GET /a/z/c"), SLICE_INIT("GET /a/{x}/c x=z")},
        {SLICE_INIT("GET /a/b"), SLICE_INIT("GET /a/b/{y=**} y=")},
        {SLICE_INIT("GET /a/b/c/d/e"), SLICE_INIT("GET /a/b/{y=**} y=c/d/e")},
        {SLICE_INIT("GET /a/z/c/w"), SLICE_INIT("GET /{z=a/*/c/*} z=a/z/c/w")},
        {SLICE_INIT("GET /r/x/s"), SLICE_INIT("GET /r/*/s")},
        {SLICE_INIT("GET /r/x/t"), SLICE_INIT("GET /r/{p=**} p=x/t")},
        {SLICE_INIT("GET /r"), SLICE_INIT("GET /r/{p=**} p=")},
        {SLICE_INIT("GET /q"), SLICE_INIT("GET /{u=q/**} u=q")},
        {SLICE_INIT("GET /q/1/2"), SLICE_INIT("GET /{u=q/**} u=q/1/2")},
        {SLICE_INIT("GET /k/o/l/n"), SLICE_INIT("GET /k/{m}/l/n m=o")},
        {SLICE_INIT("GET /k/o/l/t"), SLICE_INIT("GET /k/o/{m}/t m=l")},
        {SLICE_INIT("GET /a"), SLICE_INIT("404")},
        {SLICE_INIT("GET /A/b/d"), SLICE_INIT("404")},
        {SLICE_INIT("GET /k/o/l"), SLICE_INIT("404")},
    };

    (void)state;
    check(make(routes, COUNT(routes)), cases, COUNT(cases));
}

static void captures_hold_the_back_tracked_segments(void **state)
{
    static const struct slice routes[] = {
        SLICE_INIT("GET /{a}/{b}/x/{c}"),
        SLICE_INIT("GET /1/{b}/{c}/z"),
        SLICE_INIT("GET /1/2/{c=**}"),
    };
    static const struct match_case cases[] = {
        {SLICE_INIT("GET /1/2/x/y"), SLICE_INIT("GET /1/2/{c=**} c=x/y")},
        {SLICE_INIT("GET /1/3/x/y"), SLICE_INIT("GET /{a}/{b}/x/{c} a=1 b=3 c=y")},
        {SLICE_INIT("GET /1/3/x/z"), SLICE_INIT("GET /1/{b}/{c}/z b=3 c=x")},
        {SLICE_INIT("GET /4/2/x/z"), SLICE_INIT("GET /{a}/{b}/x/{c} a=4 b=2 c=z")},
    };

    (void)state;
    check(make(routes, COUNT(routes)), cases, COUNT(cases));
}

static void what_stands_behind_the_last_colon_is_a_verb_if_a_template_has_it(void **state)
{
    static const struct slice routes[] = {
        SLICE_INIT("GET /t/{id}"),          SLICE_INIT("POST /t/{id}:enable"),
        SLICE_INIT("GET /u/{id}"),          SLICE_INIT("GET /t:batchGet"),
        SLICE_INIT("POST /w/{id=**}:copy"), SLICE_INIT("GET /w/{id=**}"),
    };
    static const struct match_case cases[] = {
        {SLICE_INIT("GET /t/7"), SLICE_INIT("GET /t/{id} id=7")},
        {SLICE_INIT("POST /t/7:enable"), SLICE_INIT("POST /t/{id}:enable id=7")},
        {SLICE_INIT("POST /t/a:b:enable"), SLICE_INIT("POST /t/{id}:enable id=a:b")},
        {SLICE_INIT("GET /t/7:other"), SLICE_INIT("GET /t/{id} id=7:other")},
        {SLICE_INIT("GET /t/7:enable"), SLICE_INIT("405 POST")},
        {SLICE_INIT("GET /t/7%3Aenable"), SLICE_INIT("GET /t/{id} id=7%3Aenable")},
        {SLICE_INIT("GET /u/7:enable"), SLICE_INIT("404")},
        {SLICE_INIT("GET /u/7%3aenable"), SLICE_INIT("GET /u/{id} id=7%3aenable")},
        {SLICE_INIT("GET /u/7:ENABLE"), SLICE_INIT("GET /u/{id} id=7:ENABLE")},
        {SLICE_INIT("GET /u/7:enable:x"), SLICE_INIT("GET /u/{id} id=7:enable:x")},
        {SLICE_INIT("GET /t/:enable"), SLICE_INIT("404")},
        {SLICE_INIT("GET /t/:other"), SLICE_INIT("GET /t/{id} id=:other")},
        {SLICE_INIT("POST /w:copy"), SLICE_INIT("POST /w/{id=**}:copy id=")},
        {SLICE_INIT("POST /w/:copy"), SLICE_INIT("404")},
        {SLICE_INIT("POST /:copy"), SLICE_INIT("404")},
        {SLICE_INIT("POST :copy"), SLICE_INIT("404")},
        {SLICE_INIT("GET /t/7:"), SLICE_INIT("GET /t/{id} id=7:")},
        {SLICE_INIT("GET /t:batchGet"), SLICE_INIT("GET /t:batchGet")},
        {SLICE_INIT("GET /t:batchSet"), SLICE_INIT("404")},
        {SLICE_INIT("POST /w/a:copy/b:copy"), SLICE_INIT("POST /w/{id=**}:copy id=a:copy/b")},
        {SLICE_INIT("GET /w/a:copy/b"), SLICE_INIT("GET /w/{id=**} id=a:copy/b")},
    };

    (void)state;
    check(make(routes, COUNT(routes)), cases, COUNT(cases));
}

static void paths_are_matched_as_they_were_sent(void **state)
{
    static const struct slice routes[] = {SLICE_INIT("GET /a/{x}"), SLICE_INIT("GET /{r=**}")};
    static const struct match_case cases[] = {
        {SLICE_INIT("GET /a/b%2Fc"), SLICE_INIT("GET /a/{x} x=b%2Fc")},
        {SLICE_INIT("GET /%61/b"), SLICE_INIT("GET /{r=**} r=%61/b")},
        {SLICE_INIT("GET /a/.."), SLICE_INIT("GET /a/{x} x=..")},
        {SLICE_INIT("GET /"), SLICE_INIT("GET /{r=**} r=")},
        {SLICE_INIT("GET /a/b/"), SLICE_INIT("404")},
        {SLICE_INIT("GET /a/"), SLICE_INIT("404")},
        {SLICE_INIT("GET //"), SLICE_INIT("404")},
        {SLICE_INIT("GET /a//b"), SLICE_INIT("404")},
        {SLICE_INIT("GET //a"), SLICE_INIT("404")},
        {SLICE_INIT("GET a/b"), SLICE_INIT("404")},
        {SLICE_INIT("OPTIONS *"), SLICE_INIT("404")},
        {SLICE_INIT("GET "), SLICE_INIT("404")},
    };

    (void)state;
    check(make(routes, COUNT(routes)), cases, COUNT(cases));
}

static void a_known_path_names_its_methods(void **state)
{
    static const struct slice routes[] = {
        SLICE_INIT("GET /a/{x}"),    SLICE_INIT("POST /a"),    SLICE_INIT("PUT /a/b"),
        SLICE_INIT("* /any/{x}"),    SLICE_INIT("GET /any/b"), SLICE_INIT("DELETE /a/{y}"),
        SLICE_INIT("PATCH /{z=**}"),
    };
    static const struct match_case cases[] = {
        {SLICE_INIT("GET /a/b"), SLICE_INIT("GET /a/{x} x=b")},
        {SLICE_INIT("PUT /a/b"), SLICE_INIT("PUT /a/b")},
        {SLICE_INIT("POST /a/b"), SLICE_INIT("405 PUT,GET,DELETE,PATCH")},
        {SLICE_INIT("PATCH /a/b"), SLICE_INIT("PATCH /{z=**} z=a/b")},
        {SLICE_INIT("get /a/b"), SLICE_INIT("405 PUT,GET,DELETE,PATCH")},
        {SLICE_INIT("BREW /any/c"), SLICE_INIT("* /any/{x} x=c")},
        {SLICE_INIT("BREW /any/b"), SLICE_INIT("* /any/{x} x=b")},
        {SLICE_INIT("GET /any/b"), SLICE_INIT("GET /any/b")},
        {SLICE_INIT("GET /a"), SLICE_INIT("405 POST,PATCH")},
    };

    (void)state;
    check(make(routes, COUNT(routes)), cases, COUNT(cases));
}

static void templates_equal_but_for_names_are_refused(void **state)
{
    static const struct slice pairs[][2] = {
        {SLICE_INIT("GET /a"), SLICE_INIT("GET /a")},
        {SLICE_INIT("GET /a/{x}"), SLICE_INIT("GET /a/{y}")},
        {SLICE_INIT("GET /a/{x}"), SLICE_INIT("GET /a/*")},
        {SLICE_INIT("GET /a/{x=**}:v"), SLICE_INIT("GET /{y=a/**}:v")},
        {SLICE_INIT("* /a/{x=b/*}"), SLICE_INIT("* /a/b/{x}")},
    };
    static const struct slice fine[] = {
        SLICE_INIT("GET /a"),     SLICE_INIT("POST /a"),    SLICE_INIT("* /a"),
        SLICE_INIT("GET /a/*"),   SLICE_INIT("GET /a/**"),  SLICE_INIT("GET /a:v"),
        SLICE_INIT("GET /a/*:v"), SLICE_INIT("GET /a/*:w"), SLICE_INIT("GET /a/b"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct router *router = router__new(&arena);
        struct status status;

        assert_int_equal(add(router, pairs[i][0]).code, STATUS_OK);
        status = add(router, pairs[i][1]);
        assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
        assert_true(slice_starts_with(status.message, pairs[i][1]));
    }
    make(fine, COUNT(fine));
}

/* Each node is visited once: a path that fits everywhere but at its end can't cost more. */
static void a_hostile_path_costs_no_more_than_the_trie_is_large(void **state)
{
    struct router *router = router__new(&arena);
    char text[4 + 2 * 12 + 2 + 1];
    int64_t began;

    (void)state;
    for (unsigned bits = 0; bits < 1 << 12; bits++) {
        size_t len = 4;

        memcpy(text, "GET ", 4);
        for (unsigned i = 0; i < 12; i++) {
            text[len++] = '/';
            text[len++] = (bits >> i & 1) != 0 ? '*' : 'a';
        }
        memcpy(text + len, "/z", 2);
        assert_int_equal(add(router, arena_copy(&arena, slice_make(text, len + 2))).code,
                         STATUS_OK);
    }
    began = clock_monotonic_us();
    assert_true(slice_equal(answer(router, SLICE("GET /a/a/a/a/a/a/a/a/a/a/a/a/y")), SLICE("404")));
    assert_true(clock_monotonic_us() - began < 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_go_before_one_before_rest_with_back_tracking),
        cmocka_unit_test(captures_hold_the_back_tracked_segments),
        cmocka_unit_test(what_stands_behind_the_last_colon_is_a_verb_if_a_template_has_it),
        cmocka_unit_test(paths_are_matched_as_they_were_sent),
        cmocka_unit_test(a_known_path_names_its_methods),
        cmocka_unit_test(templates_equal_but_for_names_are_refused),
        cmocka_unit_test(a_hostile_path_costs_no_more_than_the_trie_is_large),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
