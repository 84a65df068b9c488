/*
 * Numbers as proto3 JSON has them, for the files of the JSON codec and of filters. Integers are
 * exact and never pass through a double; floating-point numbers are written as short as reads back
 * the same. The program never calls setlocale, so the C library's conversions are
 * locale-independent. Pure.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_NUMBERS_H
#define DATASTREAM_PROTO_JSON_JSON_NUMBERS_H

#include "proto/json/json.h"

enum number_result {
    NUMBER_OK,
    NUMBER_MALFORMED,    /* not a number by JSON's grammar */
    NUMBER_FRACTIONAL,   /* an integer is wanted and this is none */
    NUMBER_OUT_OF_RANGE, /* beyond the type */
};

/* An integer: "12", "-1", and with integral value "1.0", "1e5", "120e-1". */
enum number_result json_number_int64(struct slice text, int64_t least, int64_t most,
                                     int64_t *ret_value);
enum number_result json_number_uint64(struct slice text, uint64_t most, uint64_t *ret_value);

/*
 * The nearest value; what would round to infinity is out of range, what would round to 0 is 0.
 * Numbers of unusual length are copied to the arena; when that failed the value is 0.
 */
enum number_result json_number_double(struct arena *arena, struct slice text, double *ret_value);
enum number_result json__number_float(struct arena *arena, struct slice text, float *ret_value);

/* The shortest text that reads back as the same value; `value` is finite. */
void json_numbers__put_double(struct json_text *text, double value);
void json_numbers__put_float(struct json_text *text, float value);

/* Decimal digits, without quotes: 64-bit fields add them. */
void json__put_uint(struct json_text *text, uint64_t value);

#endif
