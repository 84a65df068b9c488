/*
 * Integers and floating-point numbers from and to JSON. An integer with an exponent is worked out
 * on its digits, and an exponent of any size costs no more than its own length.
 */
#include "proto/json/json_numbers.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/json/json_scan.h"
#include "proto/json/json_text.h"

/* More than any exponent that can matter: exponents stop growing here instead of wrapping. */
#define EXPONENT_MOST 1000000000
/* Digits of the largest 64-bit integer. */
#define INTEGER_DIGITS_MOST 20

/* A number taken apart: whole.fraction times ten to the exponent. */
struct decimal {
    bool negative;
    struct slice whole;    /* digits before the point */
    struct slice fraction; /* digits after it */
    int64_t exponent;
};

static size_t digit_run(struct slice text)
{
    size_t i = 0;

    while (i < text.len && text.data[i] >= '0' && text.data[i] <= '9')
        i++;
    return i;
}

static struct slice take_digits(struct slice *text)
{
    size_t run = digit_run(*text);
    struct slice digits = slice_make(text->data, run);

    *text = slice_from(*text, run);
    return digits;
}

static int64_t exponent_value(struct slice text)
{
    bool negative = text.data[0] == '-';
    int64_t value = 0;

    if (text.data[0] == '-' || text.data[0] == '+')
        text = slice_from(text, 1);
    for (size_t i = 0; i < text.len && value < EXPONENT_MOST; i++)
        value = value * 10 + (text.data[i] - '0');
    return negative ? -value : value;
}

/* False when the text is no number by JSON's grammar. */
static bool decimal_parse(struct slice text, struct decimal *ret_decimal)
{
    struct decimal decimal = {0};

    if (!json_scan__is_number(text))
        return false;
    decimal.negative = text.data[0] == '-';
    text = slice_from(text, decimal.negative ? 1 : 0);
    decimal.whole = take_digits(&text);
    if (text.len > 0 && text.data[0] == '.') {
        text = slice_from(text, 1);
        decimal.fraction = take_digits(&text);
    }
    if (text.len > 0)
        decimal.exponent = exponent_value(slice_from(text, 1));
    *ret_decimal = decimal;
    return true;
}

static struct slice trim_zeros_left(struct slice digits)
{
    while (digits.len > 0 && digits.data[0] == '0')
        digits = slice_from(digits, 1);
    return digits;
}

static struct slice trim_zeros_right(struct slice digits)
{
    while (digits.len > 0 && digits.data[digits.len - 1] == '0')
        digits.len--;
    return digits;
}

static bool add_digit(uint64_t *value, unsigned digit)
{
    return !__builtin_mul_overflow(*value, 10, value) &&
           !__builtin_add_overflow(*value, digit, value);
}

static bool add_digits(uint64_t *value, struct slice digits)
{
    for (size_t i = 0; i < digits.len; i++)
        if (!add_digit(value, (unsigned)(digits.data[i] - '0')))
            return false;
    return true;
}

/*
 * The value without its sign. Zeros that say nothing are cut off first (those in front of the whole
 * part, and those at the end), so that what is left has at most as many digits as the value.
 */
static enum number_result decimal_magnitude(struct decimal decimal, uint64_t *ret_value)
{
    uint64_t value = 0;
    int64_t zeros;

    decimal.whole = trim_zeros_left(decimal.whole);
    decimal.fraction = trim_zeros_right(decimal.fraction);
    zeros = decimal.exponent - (int64_t)decimal.fraction.len;
    if (decimal.fraction.len == 0) {
        struct slice trimmed = trim_zeros_right(decimal.whole);

        zeros += (int64_t)(decimal.whole.len - trimmed.len);
        decimal.whole = trimmed;
    }
    if (decimal.whole.len == 0) {
        decimal.fraction = trim_zeros_left(decimal.fraction);
        if (decimal.fraction.len == 0) {
            *ret_value = 0;
            return NUMBER_OK;
        }
    }
    if (zeros < 0)
        return NUMBER_FRACTIONAL;
    if (zeros > INTEGER_DIGITS_MOST || !add_digits(&value, decimal.whole) ||
        !add_digits(&value, decimal.fraction))
        return NUMBER_OUT_OF_RANGE;
    for (int64_t i = 0; i < zeros; i++)
        if (!add_digit(&value, 0))
            return NUMBER_OUT_OF_RANGE;
    *ret_value = value;
    return NUMBER_OK;
}

/* The usual case: an optional minus and up to 18 digits. */
static bool plain_integer(struct slice text, int64_t *ret_value)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    struct slice digits = slice_from(text, negative ? 1 : 0);
    int64_t value = 0;

    if (digits.len == 0 || digits.len > 18 || (digits.data[0] == '0' && digits.len > 1))
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = value * 10 + (digits.data[i] - '0');
    }
    *ret_value = negative ? -value : value;
    return true;
}

static enum number_result parse_magnitude(struct slice text, bool *ret_negative,
                                          uint64_t *ret_magnitude)
{
    struct decimal decimal;

    if (!decimal_parse(text, &decimal))
        return NUMBER_MALFORMED;
    *ret_negative = decimal.negative;
    return decimal_magnitude(decimal, ret_magnitude);
}

enum number_result json_number_int64(struct slice text, int64_t least, int64_t most,
                                     int64_t *ret_value)
{
    enum number_result result;
    uint64_t magnitude;
    int64_t value;
    bool negative;

    if (!plain_integer(text, &value)) {
        result = parse_magnitude(text, &negative, &magnitude);
        if (result != NUMBER_OK)
            return result;
        if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
            return NUMBER_OUT_OF_RANGE;
        value = negative ? (int64_t)-magnitude : (int64_t)magnitude;
    }
    if (value < least || value > most)
        return NUMBER_OUT_OF_RANGE;
    *ret_value = value;
    return NUMBER_OK;
}

enum number_result json_number_uint64(struct slice text, uint64_t most, uint64_t *ret_value)
{
    enum number_result result;
    uint64_t magnitude;
    bool negative;
    int64_t plain;

    if (plain_integer(text, &plain)) {
        negative = plain < 0;
        magnitude = (uint64_t)plain;
    } else {
        result = parse_magnitude(text, &negative, &magnitude);
        if (result != NUMBER_OK)
            return result;
    }
    if ((negative && magnitude != 0) || magnitude > most)
        return NUMBER_OUT_OF_RANGE;
    *ret_value = magnitude;
    return NUMBER_OK;
}

/* strtod wants a NUL after the text; only numbers longer than this are copied to the arena. */
#define NUMBER_STACK 64

/* The text with a NUL after it; NULL when the arena failed. */
static const char *terminated(struct arena *arena, struct slice text, char stack[NUMBER_STACK])
{
    if (text.len >= NUMBER_STACK)
        return arena_cstr(arena, text);
    memcpy(stack, text.data, text.len);
    stack[text.len] = '\0';
    return stack;
}

/*
 * Up to 15 digits and a power of ten that is itself exact: one rounding, so the nearest value
 * (Clinger, "How to read floating point numbers accurately"). Zero keeps its sign elsewhere.
 */
static bool convert_exactly(struct decimal decimal, double *ret_value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t exponent = decimal.exponent - (int64_t)decimal.fraction.len;
    uint64_t digits = 0;
    double value;

    if (decimal.whole.len + decimal.fraction.len > 15 || exponent < -22 || exponent > 22)
        return false;
    if (!add_digits(&digits, decimal.whole) || !add_digits(&digits, decimal.fraction) ||
        digits == 0)
        return false;
    value = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
    *ret_value = decimal.negative ? -value : value;
    return true;
}

enum number_result json_number_double(struct arena *arena, struct slice text, double *ret_value)
{
    char stack[NUMBER_STACK];
    struct decimal decimal;
    const char *copy;
    double value;

    if (!decimal_parse(text, &decimal))
        return NUMBER_MALFORMED;
    if (convert_exactly(decimal, ret_value))
        return NUMBER_OK;
    copy = terminated(arena, text, stack);
    value = copy == NULL ? 0 : strtod(copy, NULL);
    if (isinf(value))
        return NUMBER_OUT_OF_RANGE;
    *ret_value = value;
    return NUMBER_OK;
}

enum number_result json__number_float(struct arena *arena, struct slice text, float *ret_value)
{
    char stack[NUMBER_STACK];
    const char *copy;
    float value;

    if (!json_scan__is_number(text))
        return NUMBER_MALFORMED;
    /* Not by way of a double: rounding twice is not rounding once. */
    copy = terminated(arena, text, stack);
    value = copy == NULL ? 0 : strtof(copy, NULL);
    if (isinf(value))
        return NUMBER_OUT_OF_RANGE;
    *ret_value = value;
    return NUMBER_OK;
}

void json__put_uint(struct json_text *text, uint64_t value)
{
    char digits[INTEGER_DIGITS_MOST];
    char *at = digits + sizeof(digits);

    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    assert(at >= digits);
    json_put(text, slice_make(at, (size_t)(digits + sizeof(digits) - at)));
}

/* The longest is -2.2250738585072014e-308. */
#define FLOAT_TEXT 32

/* Integers below `most` are exact and printed as such: the usual case needs no search. */
static bool put_integral(struct json_text *text, double value, double most)
{
    if (fabs(value) >= most || value != trunc(value) || (value == 0 && signbit(value)))
        return false;
    json_put_int(text, (int64_t)value);
    return true;
}

void json_numbers__put_double(struct json_text *text, double value)
{
    char bytes[FLOAT_TEXT];
    int len = 0;

    if (put_integral(text, value, 1e15))
        return;
    /*
     * 15 digits survive the way to a double and back, so fewer need not be tried (trailing zeros
     * are left out by %g); but a subnormal has less precision. 17 always identify a double.
     */
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        len = snprintf(bytes, sizeof(bytes), "%.*g", digits, value);
        if (strtod(bytes, NULL) == value)
            break;
    }
    assert(len > 0 && (size_t)len < sizeof(bytes));
    json_put(text, slice_make(bytes, (size_t)len));
}

void json_numbers__put_float(struct json_text *text, float value)
{
    char bytes[FLOAT_TEXT];
    int len = 0;

    if (put_integral(text, (double)value, 1e6))
        return;
    for (int digits = fabsf(value) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
        len = snprintf(bytes, sizeof(bytes), "%.*g", digits, (double)value);
        if (strtof(bytes, NULL) == value)
            break;
    }
    assert(len > 0 && (size_t)len < sizeof(bytes));
    json_put(text, slice_make(bytes, (size_t)len));
}
