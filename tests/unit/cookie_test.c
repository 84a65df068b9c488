/* What browsers send with a request: cookies, and the one that they are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "rpc/call/session_cookie.h"
#include "rpc/frontend/cookie.h"

#define COOKIE(value)                              \
    {                                              \
        SLICE_INIT("cookie"), SLICE_INIT("" value) \
    }

static enum cookie_result find(const struct header *headers, size_t count, struct slice *value)
{
    struct request_head head = {.headers = headers, .header_count = count};

    return cookie__find(&head, SLICE("datastream"), value);
}

static void a_cookie_is_found_by_its_exact_name(void **state)
{
    static const struct {
        struct slice line;
        enum cookie_result wanted;
        struct slice value;
    } cases[] = {
        {SLICE_INIT("datastream=dss_x"), COOKIE_FOUND, SLICE_INIT("dss_x")},
        {SLICE_INIT("a=b; datastream=dss_x; c=d"), COOKIE_FOUND, SLICE_INIT("dss_x")},
        {SLICE_INIT("a=b;datastream=dss_x"), COOKIE_FOUND, SLICE_INIT("dss_x")},
        {SLICE_INIT("datastream="), COOKIE_FOUND, SLICE_INIT("")},
        {SLICE_INIT("datastream=a=b"), COOKIE_FOUND, SLICE_INIT("a=b")},
        {SLICE_INIT(";;; datastream=x;;"), COOKIE_FOUND, SLICE_INIT("x")},
        {SLICE_INIT(""), COOKIE_NONE, SLICE_INIT("")},
        {SLICE_INIT("datastream"), COOKIE_NONE, SLICE_INIT("")},
        {SLICE_INIT("Datastream=x"), COOKIE_NONE, SLICE_INIT("")},
        {SLICE_INIT("datastream =x"), COOKIE_NONE, SLICE_INIT("")},
        {SLICE_INIT("__Host-datastream=x; mydatastream=y"), COOKIE_NONE, SLICE_INIT("")},
        {SLICE_INIT("datastream=x; datastream=x"), COOKIE_MALFORMED, SLICE_INIT("")},
        {SLICE_INIT("datastream=x\0; a=b"), COOKIE_MALFORMED, SLICE_INIT("")},
        {SLICE_INIT("a=\tb; datastream=x"), COOKIE_MALFORMED, SLICE_INIT("")},
        {SLICE_INIT("datastream=x; a=\x7f"), COOKIE_MALFORMED, SLICE_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct header header = {SLICE("cookie"), cases[i].line};
        struct slice value = SLICE_EMPTY;
        enum cookie_result result = find(&header, 1, &value);

        if (result != cases[i].wanted || !slice_equal(value, cases[i].value))
            fail_msg("%.*s: %d, %.*s", SLICE_ARG(cases[i].line), result, SLICE_ARG(value));
    }
}

static void lines_of_cookies_are_one_list(void **state)
{
    static const struct header one[] = {
        COOKIE("a=b"), {SLICE_INIT("host"), SLICE_INIT("datastream=z")}, COOKIE("datastream=x")};
    static const struct header two[] = {COOKIE("datastream=x"), COOKIE("datastream=y")};
    struct slice value = SLICE_EMPTY;

    (void)state;
    assert_int_equal(find(one, 3, &value), COOKIE_FOUND);
    assert_true(slice_equal(value, SLICE("x")));
    assert_int_equal(find(two, 2, &value), COOKIE_MALFORMED);
    assert_int_equal(find(one, 1, &value), COOKIE_NONE);
}

static void cookies_have_a_bound_together(void **state)
{
    static char bytes[COOKIE_BYTES_MOST + 1];
    struct header headers[2] = {COOKIE("datastream=x"), COOKIE("")};
    struct slice value;

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    headers[1].value = slice_make(bytes, COOKIE_BYTES_MOST - headers[0].value.len);
    assert_int_equal(find(headers, 2, &value), COOKIE_FOUND);
    headers[1].value.len++;
    assert_int_equal(find(headers, 2, &value), COOKIE_MALFORMED);
}

static void only_https_has_the_guarded_cookie(void **state)
{
    static const struct {
        struct slice origin, value, wanted;
    } cases[] = {
        {SLICE_INIT("https://a"), SLICE_INIT("dss_x"),
         SLICE_INIT("__Host-datastream=dss_x; Path=/; HttpOnly; SameSite=Strict; Secure")},
        {SLICE_INIT("http://a"), SLICE_INIT("dss_x"),
         SLICE_INIT("datastream=dss_x; Path=/; HttpOnly; SameSite=Strict")},
        {SLICE_INIT("http://a"), SLICE_INIT(""),
         SLICE_INIT("datastream=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 16);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice made = session_cookie_make(&arena, cases[i].origin, cases[i].value);

        if (!slice_equal(made, cases[i].wanted))
            fail_msg("%.*s", SLICE_ARG(made));
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_found_by_its_exact_name),
        cmocka_unit_test(lines_of_cookies_are_one_list),
        cmocka_unit_test(cookies_have_a_bound_together),
        cmocka_unit_test(only_https_has_the_guarded_cookie),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
