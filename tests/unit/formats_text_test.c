/* Cron expressions, intervals and route filters: what passes, and with which words the rest fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rpc/call/interval.h"
#include "tests/support/formats.h"

#define T(text) SLICE_INIT(text)

static void cron_has_five_fields_within_their_bounds(void **state)
{
    static const struct format_case cases[] = {
        {T("* * * * *"), NULL},
        {T("0 0 30 2 *"), NULL},
        {T("59 23 31 12 6"), NULL},
        {T("00 05 01 01 0"), NULL},
        {T("0   0 1  1 *"), NULL},
        {T("*/15 0-6/2,12 1,15 */3 1-5"), NULL},
        {T("5/10 * * * *"), NULL},
        {T("*/59 */23 */31 */12 */6"), NULL},
        {T("60 * * * *"), "must have numbers from 0 to 59 in the minute field (column 1)"},
        {T("* 24 * * *"), "must have numbers from 0 to 23 in the hour field (column 3)"},
        {T("* * 0 * *"), "must have numbers from 1 to 31 in the day of the month field (column 5)"},
        {T("* * 32 * *"),
         "must have numbers from 1 to 31 in the day of the month field (column 5)"},
        {T("* * * 13 *"), "must have numbers from 1 to 12 in the month field (column 7)"},
        {T("* * * 0 *"), "must have numbers from 1 to 12 in the month field (column 7)"},
        {T("* * * * 7"), "must have numbers from 0 to 6 in the weekday field (column 9)"},
        {T("000 * * * *"), "must have numbers from 0 to 59 in the minute field (column 1)"},
        {T("99999999999999999999 * * * *"),
         "must have numbers from 0 to 59 in the minute field (column 1)"},
        {T("*/0 * * * *"), "must have steps from 1 to 59 in the minute field (column 3)"},
        {T("*/60 * * * *"), "must have steps from 1 to 59 in the minute field (column 3)"},
        {T("*/ * * * *"), "must have steps from 1 to 59 in the minute field (column 3)"},
        {T("5-1 * * * *"), "must have ranges that ascend in the minute field (column 1)"},
        {T("1- * * * *"), "must have numbers from 0 to 59 in the minute field (column 3)"},
        {T("1,,2 * * * *"), "must have numbers from 0 to 59 in the minute field (column 3)"},
        {T("-1 * * * *"), "must have numbers from 0 to 59 in the minute field (column 1)"},
        {T("* * * * MON"), "must have numbers, not names, in the weekday field (column 9)"},
        {T("* * * JAN *"), "must have numbers, not names, in the month field (column 7)"},
    };

    (void)state;
    expect_formats(FORMAT_CRON, cases, COUNT(cases));
}

static void cron_refuses_macros_stray_blanks_and_other_counts_of_fields(void **state)
{
    static const char order[] = "must have only numbers, \"*\", \",\", \"-\" and \"/\", in this "
                                "order, in the minute field (column 2)";
    static const struct format_case cases[] = {
        {T(""), "must have five fields, not 0"},
        {T("*"), "must have five fields, not 1"},
        {T("* * * *"), "must have five fields, not 4"},
        {T("* * * * * *"), "must have five fields and nothing after them (column 11)"},
        {T("@daily"), "must have five fields; macros such as @daily are not accepted (column 1)"},
        {T(" * * * * *"), "must not begin or end with a blank (column 1)"},
        {T("* * * * * "), "must not begin or end with a blank (column 10)"},
        {T("*\t* * * *"), order},
        {T("**  * * *"), order},
        {T("1x * * * *"), order},
        {T("*-5 * * * *"), order},
        {T("*\0 * * * *"), order},
        {T("? * * * *"), "must have numbers from 0 to 59 in the minute field (column 1)"},
    };
    char text[300];

    (void)state;
    expect_formats(FORMAT_CRON, cases, COUNT(cases));
    memset(text, ' ', sizeof(text));
    text[0] = '*';
    memcpy(text + 249, "* * * *", 7);
    expect_format(FORMAT_CRON, slice_make(text, 256), NULL);
    expect_format(FORMAT_CRON, slice_make(text, 257), "must have at most 256 characters");
}

static void interval_is_seconds_up_to_30_days_and_0_and_1_are_real_time(void **state)
{
    static const struct {
        struct slice text;
        uint32_t seconds;
    } cases[] = {
        {T(""), 0},
        {T("0"), 0},
        {T("1"), 0},
        {T("1s"), 0},
        {T("0d"), 0},
        {T("2"), 2},
        {T("30s"), 30},
        {T("15m"), 900},
        {T("24h"), 86400},
        {T("7d"), 604800},
        {T("30d"), 2592000},
        {T("2592000"), 2592000},
        {T("720h"), 2592000},
        {T("43200m"), 2592000},
        {T("0000000000000000000000060"), 60},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 16);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct format_violation violation;
        uint32_t seconds = 7;

        assert_true(interval_parse(&arena, cases[i].text, &seconds, &violation));
        if (seconds != cases[i].seconds)
            fail_msg("%.*s: wanted %u, got %u", SLICE_ARG(cases[i].text), cases[i].seconds,
                     seconds);
    }
    arena_done(&arena);
}

static void interval_refuses_what_is_no_number_or_too_long(void **state)
{
    static const char form[] =
        "must be a number of seconds, or a number with s, m, h or d after it, such as 90 or 15m";
    static const char most[] = "must be at most 30 days";
    static const struct format_case cases[] = {
        {T("31d"), most},
        {T("721h"), most},
        {T("43201m"), most},
        {T("2592001"), most},
        {T("2592001s"), most},
        {T("18446744073709551616"), most},
        {T("18446744073709551617d"), most},
        {T("99999999999999999999999999999999"), most},
        {T("s"), form},
        {T("-5"), form},
        {T("+5"), form},
        {T("5 m"), form},
        {T(" 5"), form},
        {T("5M"), form},
        {T("5w"), form},
        {T("1h30m"), form},
        {T("1.5h"), form},
        {T("5ss"), form},
        {T("5\0"), form},
    };

    (void)state;
    expect_formats(FORMAT_INTERVAL, cases, COUNT(cases));
}

static void filter_balances_brackets_and_quotes(void **state)
{
    static const struct format_case cases[] = {
        {T(""), NULL},
        {T("event.severity > 3"), NULL},
        {T("(a[1] == {b})"), NULL},
        {T("a == ')' and b == \"]\""), NULL},
        {T("a == 'it\\'s (' and (b)"), NULL},
        {T("a == \"\\\\\""), NULL},
        {T("a == '\"' or b == \"'\""), NULL},
        {T("path == C:\\dir"), NULL},
        {T("("), "must close every \"(\" that it opens (column 1)"},
        {T("a and (b or [c]"), "must close every \"(\" that it opens (column 7)"},
        {T("a)"), "must open every \")\" that it closes (column 2)"},
        {T("(a]"), "must close \"(\" with \")\", not with \"]\" (column 3)"},
        {T("{[}]"), "must close \"[\" with \"]\", not with \"}\" (column 3)"},
        {T("a == 'b"), "must close every ' that it opens (column 6)"},
        {T("a == \"b\\\""), "must close every \" that it opens (column 6)"},
        {T("a == 'b\\"), "must close every ' that it opens (column 6)"},
        {T("'\xc3\xa9\xf0\x9f\x98\x80')"), "must open every \")\" that it closes (column 5)"},
        {T("a\n or (b"), "must close every \"(\" that it opens (line 2, column 5)"},
        {T("a\r\n)"), "must open every \")\" that it closes (line 2, column 1)"},
    };

    (void)state;
    expect_formats(FORMAT_ROUTE_FILTER, cases, COUNT(cases));
}

static void filter_has_at_most_4096_characters(void **state)
{
    static char text[4097 * 4];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i += 4)
        memcpy(text + i, "\xf0\x9f\x98\x80", 4);
    expect_format(FORMAT_ROUTE_FILTER, slice_make(text, (size_t)4096 * 4), NULL);
    expect_format(FORMAT_ROUTE_FILTER, slice_make(text, sizeof(text)),
                  "must have at most 4096 characters");
    memset(text, '[', 4096);
    expect_format(FORMAT_ROUTE_FILTER, slice_make(text, 4096),
                  "must close every \"[\" that it opens (column 4096)");
    memset(text + 2048, ']', 2048);
    expect_format(FORMAT_ROUTE_FILTER, slice_make(text, 4096), NULL);
}

static void no_format_accepts_any_text(void **state)
{
    (void)state;
    expect_format(FORMAT_NONE, SLICE("((("), NULL);
}

static void places_count_lines_and_characters_from_1(void **state)
{
    const struct slice text = SLICE("a\n\xc3\xa9z\r\nb\xe2\x80\xa8x");
    static const struct {
        size_t offset;
        struct text_place wanted;
    } cases[] = {{0, {1, 1}}, {1, {1, 2}}, {2, {2, 1}},  {4, {2, 2}}, {5, {2, 3}},
                 {7, {3, 1}}, {8, {3, 2}}, {11, {4, 1}}, {12, {4, 2}}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text_place got = text__place_of(text, cases[i].offset);

        if (got.line != cases[i].wanted.line || got.column != cases[i].wanted.column)
            fail_msg("offset %zu: got %zu:%zu", cases[i].offset, got.line, got.column);
    }
}

#ifdef DATASTREAM_FAULTS
static void each_failed_allocation_is_seen(void **state)
{
    (void)state;
    fail_each_allocation(FORMAT_CRON, SLICE("60 * * * *"), false);
    fail_each_allocation(FORMAT_INTERVAL, SLICE("31d"), false);
    fail_each_allocation(FORMAT_ROUTE_FILTER, SLICE("(]"), false);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cron_has_five_fields_within_their_bounds),
        cmocka_unit_test(cron_refuses_macros_stray_blanks_and_other_counts_of_fields),
        cmocka_unit_test(interval_is_seconds_up_to_30_days_and_0_and_1_are_real_time),
        cmocka_unit_test(interval_refuses_what_is_no_number_or_too_long),
        cmocka_unit_test(filter_balances_brackets_and_quotes),
        cmocka_unit_test(filter_has_at_most_4096_characters),
        cmocka_unit_test(no_format_accepts_any_text),
        cmocka_unit_test(places_count_lines_and_characters_from_1),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(each_failed_allocation_is_seen),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
