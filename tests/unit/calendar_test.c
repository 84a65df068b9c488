/* Time limits from presets: a calendar month in UTC, clamped to the last day of a shorter one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "datastream/v1/api_token.pb-c.h"
#include "rpc/services/calendar.h"

/* Milliseconds since 1970, by the C library. */
static int64_t at(int year, int month, int day, int hour, int minute)
{
    struct tm tm = {
        .tm_year = year - 1900,
        .tm_mon = month - 1,
        .tm_mday = day,
        .tm_hour = hour,
        .tm_min = minute,
    };

    return (int64_t)timegm(&tm) * 1000;
}

static void a_month_ends_on_the_same_day_or_the_last(void **state)
{
    static const struct {
        int from[3], to[3];
    } rows[] = {
        {{2026, 1, 15}, {2026, 2, 15}},  {{2026, 1, 31}, {2026, 2, 28}},
        {{2024, 1, 31}, {2024, 2, 29}},  {{2024, 1, 29}, {2024, 2, 29}},
        {{2025, 12, 31}, {2026, 1, 31}}, {{2026, 3, 31}, {2026, 4, 30}},
        {{2026, 2, 28}, {2026, 3, 28}},  {{2100, 1, 30}, {2100, 2, 28}},
        {{2000, 1, 31}, {2000, 2, 29}},  {{1970, 1, 1}, {1970, 2, 1}},
        {{1969, 12, 31}, {1970, 1, 31}}, {{2026, 10, 31}, {2026, 11, 30}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int *from = rows[i].from;
        const int *to = rows[i].to;

        assert_int_equal(calendar_add_month(at(from[0], from[1], from[2], 23, 59) + 999),
                         at(to[0], to[1], to[2], 23, 59) + 999);
        assert_int_equal(calendar_add_month(at(from[0], from[1], from[2], 0, 0)),
                         at(to[0], to[1], to[2], 0, 0));
    }
}

static void every_day_of_centuries_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -40000; day < 80000; day++) {
        time_t seconds = (time_t)(day * 86400 + 12345);
        struct tm tm;
        struct tm next;
        int64_t month;

        gmtime_r(&seconds, &tm);
        month = calendar_add_month((int64_t)seconds * 1000) / 1000;
        seconds = (time_t)month;
        gmtime_r(&seconds, &next);
        assert_int_equal((next.tm_year * 12 + next.tm_mon) - (tm.tm_year * 12 + tm.tm_mon), 1);
        assert_true(next.tm_mday == tm.tm_mday || next.tm_mday >= 28);
        assert_int_equal(next.tm_hour * 3600 + next.tm_min * 60 + next.tm_sec, 12345);
    }
}

static void presets_have_their_lengths(void **state)
{
    int64_t now = at(2026, 7, 4, 10, 30);

    (void)state;
    assert_int_equal(calendar__expire(DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__EIGHT_HOURS, now),
                     at(2026, 7, 4, 18, 30));
    assert_int_equal(
        calendar__expire(DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__TWENTY_FOUR_HOURS, now),
        at(2026, 7, 5, 10, 30));
    assert_int_equal(calendar__expire(DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__ONE_WEEK, now),
                     at(2026, 7, 11, 10, 30));
    assert_int_equal(calendar__expire(DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__ONE_MONTH, now),
                     at(2026, 8, 4, 10, 30));
    assert_int_equal(calendar__expire(0, now), 0);
    assert_int_equal(calendar__expire(99, now), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_ends_on_the_same_day_or_the_last),
        cmocka_unit_test(every_day_of_centuries_agrees_with_the_c_library),
        cmocka_unit_test(presets_have_their_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
