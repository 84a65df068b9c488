/* Lists in header values: where an element and a parameter end, and where a comma is only text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/header_elements.h"

#define ELEMENTS_MOST 8

static void check(bool (*next)(struct slice *rest, struct slice *ret_taken), struct slice text,
                  const char *const *wanted)
{
    struct slice rest = text;
    struct slice taken = SLICE("untouched");
    size_t count = 0;

    while (next(&rest, &taken)) {
        if (count == ELEMENTS_MOST || wanted[count] == NULL ||
            !slice_equal(taken, slice_from_cstr(wanted[count])))
            fail_msg("%.*s: element %zu is \"%.*s\", wanted \"%s\"", SLICE_ARG(text), count,
                     SLICE_ARG(taken), count < ELEMENTS_MOST ? wanted[count] : "none");
        count++;
    }
    if (count < ELEMENTS_MOST && wanted[count] != NULL)
        fail_msg("%.*s: ends before \"%s\"", SLICE_ARG(text), wanted[count]);
    assert_null(rest.data);
}

static void elements_end_at_commas_outside_quotes(void **state)
{
    static const struct {
        struct slice text;
        const char *wanted[ELEMENTS_MOST];
    } rows[] = {
        {SLICE_INIT("gzip"), {"gzip"}},
        {SLICE_INIT("foo , ,bar,\tcharlie "), {"foo", "", "bar", "charlie"}},
        {SLICE_INIT(""), {""}},
        {SLICE_INIT(","), {"", ""}},
        {SLICE_INIT("chunked,"), {"chunked", ""}},
        {SLICE_INIT("a;b=\",\", c"), {"a;b=\",\"", "c"}},
        {SLICE_INIT("\"a,b\",\"c,d\" e,f"), {"\"a,b\"", "\"c,d\" e", "f"}},
        {SLICE_INIT("\"a\\\",b\",c"), {"\"a\\\",b\"", "c"}}, /* a quoted pair */
        {SLICE_INIT("\"a\\\\\",b"), {"\"a\\\\\"", "b"}},
        {SLICE_INIT("a, \"b, c"), {"a", "\"b, c"}}, /* the second quote is missing */
        {SLICE_INIT("\"a\\"), {"\"a\\"}},
        {SLICE_INIT("\"\",\"\""), {"\"\"", "\"\""}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(header_next_element, rows[i].text, rows[i].wanted);
    check(header_next_element, SLICE_EMPTY, (const char *const[]){NULL});
}

static void parameters_end_at_semicolons_outside_quotes(void **state)
{
    static const struct {
        struct slice text;
        const char *wanted[ELEMENTS_MOST];
    } rows[] = {
        {SLICE_INIT("text/html"), {"text/html"}},
        {SLICE_INIT("text/html ; level=1;q=0.5"), {"text/html", "level=1", "q=0.5"}},
        {SLICE_INIT("a;b=\";q=0\";q=1"), {"a", "b=\";q=0\"", "q=1"}},
        {SLICE_INIT("a;;b"), {"a", "", "b"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(header_next_part, rows[i].text, rows[i].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_end_at_commas_outside_quotes),
        cmocka_unit_test(parameters_end_at_semicolons_outside_quotes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
