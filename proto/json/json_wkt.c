/* Timestamps, durations and field masks as text. Days are counted in the proleptic Gregorian
 * calendar. */
#include "proto/json/json_wkt.h"
#include <assert.h>

#include "base/ascii.h"
#include "proto/json/json_text.h"

#define SECONDS_A_DAY 86400

/* Takes exactly `digits` decimal digits off the front. */
static bool take_number(struct slice *text, size_t digits, unsigned *ret_value)
{
    unsigned value = 0;

    if (text->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text->data[i] - '0');
    }
    *text = slice_from(*text, digits);
    *ret_value = value;
    return true;
}

static bool take_char(struct slice *text, char c)
{
    if (text->len == 0 || text->data[0] != c)
        return false;
    *text = slice_from(*text, 1);
    return true;
}

/* Nothing, or a point and 1 to 9 digits. */
static bool take_nanos(struct slice *text, int32_t *ret_nanos)
{
    int32_t nanos = 0;
    int32_t unit = 100000000;

    if (take_char(text, '.')) {
        if (text->len == 0 || text->data[0] < '0' || text->data[0] > '9')
            return false;
        while (text->len > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
            if (unit == 0)
                return false;
            nanos += (text->data[0] - '0') * unit;
            unit /= 10;
            *text = slice_from(*text, 1);
        }
    }
    *ret_nanos = nanos;
    return true;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    assert(month >= 1 && month <= 12);
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/*
 * Days since 1970-01-01 of a day of the years 0 to 9999. Years are counted from March, so that the
 * leap day is the last: the months' lengths then follow one formula.
 */
static int64_t days_from_date(unsigned year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2 ? 1 : 0) + 400; /* positive for year 0 */
    int64_t m = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * m + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468 - 146097;
}

static void date_from_days(int64_t days, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    int64_t left = days + 719468 + 146097; /* since 0000-03-01, 400 years earlier */
    int64_t era = left / 146097;
    int64_t day_of_era = left % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;

    *ret_day = (unsigned)(day_of_year - (153 * m + 2) / 5 + 1);
    *ret_month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *ret_year = (unsigned)(year_of_era + era * 400 - 400 + (*ret_month <= 2 ? 1 : 0));
}

static bool take_date(struct slice *text, int64_t *ret_days)
{
    unsigned year, month, day;

    if (!take_number(text, 4, &year) || !take_char(text, '-') || !take_number(text, 2, &month) ||
        !take_char(text, '-') || !take_number(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_of(year, month))
        return false;
    *ret_days = days_from_date(year, month, day);
    return true;
}

static bool take_time(struct slice *text, int64_t *ret_seconds)
{
    unsigned hour, minute, second;

    if (!take_number(text, 2, &hour) || !take_char(text, ':') || !take_number(text, 2, &minute) ||
        !take_char(text, ':') || !take_number(text, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* "Z" or "+hh:mm"; what has to be taken off the local time. */
static bool take_offset(struct slice *text, int64_t *ret_seconds)
{
    unsigned hour, minute;
    bool west;

    if (take_char(text, 'Z')) {
        *ret_seconds = 0;
        return true;
    }
    west = take_char(text, '-');
    if (!west && !take_char(text, '+'))
        return false;
    if (!take_number(text, 2, &hour) || !take_char(text, ':') || !take_number(text, 2, &minute) ||
        hour > 23 || minute > 59)
        return false;
    *ret_seconds = (int64_t)(hour * 3600 + minute * 60) * (west ? -1 : 1);
    return true;
}

bool json_timestamp_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    int64_t days, time, offset, seconds;
    int32_t nanos;

    if (!take_date(&text, &days) || !take_char(&text, 'T') || !take_time(&text, &time) ||
        !take_nanos(&text, &nanos) || !take_offset(&text, &offset) || text.len > 0)
        return false;
    seconds = days * SECONDS_A_DAY + time - offset;
    if (!moment_is_timestamp((struct moment){seconds, nanos}))
        return false;
    *ret_seconds = seconds;
    *ret_nanos = nanos;
    return true;
}

/* `value` in exactly `digits` digits, and after them `after`. */
static char *format_digits(char *at, unsigned value, unsigned digits, char after)
{
    for (unsigned i = digits; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    at[digits] = after;
    return at + digits + 1;
}

/* Nothing, or a point and 3, 6 or 9 digits. */
static char *format_nanos(char *at, unsigned nanos)
{
    if (nanos == 0)
        return at;
    *at++ = '.';
    if (nanos % 1000000 == 0)
        return format_digits(at, nanos / 1000000, 3, 0) - 1;
    if (nanos % 1000 == 0)
        return format_digits(at, nanos / 1000, 6, 0) - 1;
    return format_digits(at, nanos, 9, 0) - 1;
}

static void put_nanos(struct json_text *text, int32_t nanos)
{
    char bytes[12];

    assert(nanos >= 0 && nanos < 1000000000); /* nine digits have room */
    json_put(text, slice_make(bytes, (size_t)(format_nanos(bytes, (unsigned)nanos) - bytes)));
}

static char *format_pair(char *at, unsigned value, char after)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
    at[2] = after;
    return at + 3;
}

/* The quote, the date and the T: what a day's timestamps begin with. */
#define DATE_LEN 12

/* Begins the day of a timestamp. */
static void format_day(struct json_moment *moment, int64_t seconds)
{
    unsigned time = (unsigned)((seconds - TIME_LEAST_S) % SECONDS_A_DAY);
    unsigned year, month, day;
    char *at = moment->text;

    moment->day_s = seconds - (int64_t)time;
    date_from_days(moment->day_s / SECONDS_A_DAY, &year, &month, &day);
    *at++ = '"';
    at = format_pair(at, year / 100, 0) - 1;
    at = format_pair(at, year % 100, '-');
    at = format_pair(at, month, '-');
    at = format_pair(at, day, 'T');
    assert(at == moment->text + DATE_LEN);
}

bool json__put_next_timestamp(struct json_text *text, struct json_moment *last, int64_t seconds,
                              int32_t nanos)
{
    char *at = last->text + DATE_LEN;
    unsigned time;

    if (!moment_is_timestamp((struct moment){seconds, nanos}))
        return false;
    if (last->len == 0 || seconds < last->day_s || seconds - last->day_s >= SECONDS_A_DAY)
        format_day(last, seconds);
    time = (unsigned)(seconds - last->day_s);
    at = format_pair(at, time / 3600, ':');
    at = format_pair(at, time / 60 % 60, ':');
    at = format_nanos(format_pair(at, time % 60, 0) - 1, (unsigned)nanos);
    *at++ = 'Z';
    *at++ = '"';
    last->bytes = SLICE_EMPTY;
    last->len = (size_t)(at - last->text);
    assert(last->len <= sizeof(last->text));
    json__put_padded(text, last->text, last->len);
    return true;
}

bool json__put_timestamp(struct json_text *text, int64_t seconds, int32_t nanos)
{
    struct json_moment none = {.len = 0};

    return json__put_next_timestamp(text, &none, seconds, nanos);
}

bool json_duration_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    bool negative = take_char(&text, '-');
    size_t digits = 0;
    uint64_t seconds;
    int32_t nanos;

    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    if (digits > 1 && text.data[0] == '0')
        return false;
    if (!slice_to_u64(slice_make(text.data, digits), &seconds) || seconds > DURATION_MOST_S)
        return false;
    text = slice_from(text, digits);
    if (!take_nanos(&text, &nanos) || !take_char(&text, 's') || text.len > 0)
        return false;
    *ret_seconds = negative ? -(int64_t)seconds : (int64_t)seconds;
    *ret_nanos = negative ? -nanos : nanos;
    return true;
}

bool json__put_duration(struct json_text *text, int64_t seconds, int32_t nanos)
{
    if (!moment_is_duration((struct moment){seconds, nanos}))
        return false;
    json_put(text, seconds < 0 || nanos < 0 ? SLICE("\"-") : SLICE("\""));
    json_put_int(text, seconds < 0 ? -seconds : seconds);
    put_nanos(text, nanos < 0 ? -nanos : nanos);
    json_put_literal(text, "s\"");
    return true;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* What paths hold in both forms; `*` means all. */
static bool is_common(char c)
{
    return is_lower(c) || ascii_is_digit(c) || c == '.' || c == '*';
}

bool json__mask_path_parse(struct arena *arena, struct slice text, struct slice *ret_path)
{
    char *path;
    size_t len = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_common(text.data[i]) && !is_upper(text.data[i]))
            return false;
    path = arena_alloc(arena, text.len * 2 + 1);
    for (size_t i = 0; path != NULL && i < text.len; i++) {
        if (is_upper(text.data[i]))
            path[len++] = '_';
        path[len++] = (char)(is_upper(text.data[i]) ? text.data[i] - 'A' + 'a' : text.data[i]);
    }
    if (path != NULL)
        path[len] = '\0';
    *ret_path = slice_make(path, len);
    return true;
}

bool json__put_mask_path(struct json_text *text, struct slice path)
{
    if (path.len == 0)
        return false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.data[i];

        if (c == '_') {
            if (++i == path.len || !is_lower(path.data[i]))
                return false;
            c = (char)(path.data[i] - 'a' + 'A');
        } else if (!is_common(c)) {
            return false;
        }
        json_put(text, slice_make(&c, 1));
    }
    return true;
}
