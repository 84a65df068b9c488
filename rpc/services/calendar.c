/* Days to dates and back in the proleptic Gregorian calendar, and the presets as a table. */
#include "rpc/services/calendar.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "datastream/v1/api_token.pb-c.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define DAYS_IN_400_YEARS 146097

struct date {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/*
 * Counted in eras of 400 years that begin on 1 March 2000 - 400 n, so that the leap day is the last
 * of its year.
 */
static int64_t days_from_date(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;

    return era * DAYS_IN_400_YEARS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

static struct date date_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_divide(shifted, DAYS_IN_400_YEARS);
    int64_t day = shifted - era * DAYS_IN_400_YEARS;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct date date = {
        .year = year + era * 400 + (month >= 10 ? 1 : 0),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
    };

    return date;
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    assert(month >= 1 && month <= 12);
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

int64_t calendar_add_month(int64_t unix_ms)
{
    int64_t days = floor_divide(unix_ms, DAY_MS);
    struct date date = date_from_days(days);
    int last;

    date.year += date.month == 12 ? 1 : 0;
    date.month = date.month % 12 + 1;
    last = days_in_month(date.year, date.month);
    if (date.day > last)
        date.day = last;
    return days_from_date(date) * DAY_MS + (unix_ms - days * DAY_MS);
}

int64_t calendar__expire(int32_t preset, int64_t now_ms)
{
    static const struct {
        int32_t preset;
        int64_t length_ms;
    } presets[] = {
        {DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__EIGHT_HOURS, 8 * HOUR_MS},
        {DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__TWENTY_FOUR_HOURS, 24 * HOUR_MS},
        {DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__ONE_WEEK, 7 * DAY_MS},
    };

    if (preset == DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__ONE_MONTH)
        return calendar_add_month(now_ms);
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
        if (presets[i].preset == preset)
            return now_ms + presets[i].length_ms;
    return 0;
}
