/*
 * Scalars and enums from JSON and from bare text. Integers may be numbers or strings, with integral
 * exponent forms in both; a sentence says what would have been right.
 */
#include "proto/json/json_read_scalar.h"

#include <assert.h>
#include <math.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json_numbers.h"
#include "proto/json/json_reader.h"
#include "proto/message/message.h"

static const char *const not_an_integer[] = {
    [NUMBER_MALFORMED] = "an integer",
    [NUMBER_FRACTIONAL] = "a whole number",
    [NUMBER_OUT_OF_RANGE] = "in the range of its type",
};

static const char *const not_a_number[] = {
    [NUMBER_MALFORMED] = "a number",
    [NUMBER_OUT_OF_RANGE] = "in the range of its type",
};

static const char *parse_int32(struct slice text, void *address)
{
    enum number_result result;
    int64_t value;

    result = json_number_int64(text, INT32_MIN, INT32_MAX, &value);
    if (result == NUMBER_OK)
        *(int32_t *)address = (int32_t)value;
    assert((size_t)result < sizeof(not_an_integer) / sizeof(not_an_integer[0]));
    return not_an_integer[result];
}

static const char *parse_uint32(struct slice text, void *address)
{
    enum number_result result;
    uint64_t value;

    result = json_number_uint64(text, UINT32_MAX, &value);
    if (result == NUMBER_OK)
        *(uint32_t *)address = (uint32_t)value;
    return not_an_integer[result];
}

/* The names that stand for what JSON's numbers lack. */
static bool parse_not_finite(struct slice text, double *ret_value)
{
    if (slice_equal(text, SLICE("NaN")))
        *ret_value = (double)NAN;
    else if (slice_equal(text, SLICE("Infinity")))
        *ret_value = (double)INFINITY;
    else if (slice_equal(text, SLICE("-Infinity")))
        *ret_value = -(double)INFINITY;
    else
        return false;
    return true;
}

static const char *parse_float(struct arena *arena, struct slice text, float *address)
{
    double special;

    if (parse_not_finite(text, &special)) {
        *address = (float)special;
        return NULL;
    }
    return not_a_number[json__number_float(arena, text, address)];
}

static const char *parse_double(struct arena *arena, struct slice text, double *address)
{
    if (parse_not_finite(text, address))
        return NULL;
    return not_a_number[json_number_double(arena, text, address)];
}

static const char *parse_bool(struct slice text, protobuf_c_boolean *address)
{
    bool yes = slice_equal(text, SLICE("true"));

    if (!yes && !slice_equal(text, SLICE("false")))
        return "true or false";
    *address = yes;
    return NULL;
}

static const char *parse_enum_name(const struct field *field, struct slice text, int32_t *address)
{
    const struct enum_value *value = enum_value_by_name(field->enumeration, text);

    if (value == NULL)
        return "one of the values of its enum";
    *address = value->number;
    return NULL;
}

/* Enums are open: any number will do, but NullValue is written as null and has room for no other.
 */
static const char *parse_enum_number(const struct field *field, struct slice text, int32_t *address)
{
    int32_t number = 0;
    const char *wrong = parse_int32(text, &number);

    if (wrong == NULL && number != 0 && field->enumeration->is_null_value)
        wrong = "one of the values of its enum";
    if (wrong == NULL)
        *address = number;
    return wrong;
}

static const char *parse_enum(const struct field *field, struct slice text, int32_t *address)
{
    return json_scan__is_number(text) ? parse_enum_number(field, text, address)
                                      : parse_enum_name(field, text, address);
}

static const char *parse_string(struct arena *arena, struct slice text, char **address)
{
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        return "text without U+0000";
    if (!utf8_is_valid(text))
        return "valid UTF-8";
    *address = arena_cstr(arena, text);
    return NULL;
}

static const char *parse_bytes(struct arena *arena, struct slice text, ProtobufCBinaryData *address)
{
    struct slice bytes = SLICE_EMPTY;

    if (!base64_decode(arena, text, &bytes))
        return arena_failed(arena) ? NULL : "base64";
    *address = (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
    return NULL;
}

const char *json__parse_scalar(struct arena *arena, const struct field *field, struct slice text,
                               void *address)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return parse_int32(text, address);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return parse_uint32(text, address);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return not_an_integer[json_number_int64(text, INT64_MIN, INT64_MAX, address)];
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return not_an_integer[json_number_uint64(text, UINT64_MAX, address)];
    case PROTOBUF_C_TYPE_FLOAT:
        return parse_float(arena, text, address);
    case PROTOBUF_C_TYPE_DOUBLE:
        return parse_double(arena, text, address);
    case PROTOBUF_C_TYPE_BOOL:
        return parse_bool(text, address);
    case PROTOBUF_C_TYPE_ENUM:
        return parse_enum(field, text, address);
    case PROTOBUF_C_TYPE_STRING:
        return parse_string(arena, text, address);
    case PROTOBUF_C_TYPE_BYTES:
        return parse_bytes(arena, text, address);
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return "a scalar";
}

/* -- from JSON ----------------------------------------------------------------------------------
 */

static enum read_result read_string(struct json_reader *reader, const struct json_place *place,
                                    char **address)
{
    struct json_string string;

    if (json_scan__kind(&reader->scan) != JSON_STRING)
        return json__read_unexpected(reader, place, "a string");
    if (!json_scan__string(&reader->scan, &string))
        return json__read_broken(reader, place);
    /* A decoded string already has its NUL, in the arena; the others need a copy that has. */
    *address = string.decoded ? (char *)(uintptr_t)string.text.data
                              : arena_cstr(reader->arena, string.text);
    return *address == NULL ? json__read_broken(reader, place) : READ_OK;
}

static enum read_result read_bool(struct json_reader *reader, const struct json_place *place,
                                  protobuf_c_boolean *address)
{
    enum json_kind kind = json_scan__kind(&reader->scan);

    if (kind != JSON_TRUE && kind != JSON_FALSE)
        return json__read_unexpected(reader, place, "true or false");
    *address = kind == JSON_TRUE;
    return json_scan__word(&reader->scan) ? READ_OK : json__read_broken(reader, place);
}

/* NullValue is written null; as its name or number it is read like any enum. */
static enum read_result read_null_value(struct json_reader *reader, const struct json_place *place,
                                        int32_t *address)
{
    *address = 0;
    return json_scan__word(&reader->scan) ? READ_OK : json__read_broken(reader, place);
}

/* The text of a string or a number. */
static enum read_result take_text(struct json_reader *reader, const struct json_place *place,
                                  const char *wanted, bool number_too, struct slice *ret_text)
{
    enum json_kind kind = json_scan__kind(&reader->scan);
    struct json_string string;

    if (kind == JSON_NUMBER && number_too)
        return json_scan__number(&reader->scan, ret_text) ? READ_OK
                                                          : json__read_broken(reader, place);
    if (kind != JSON_STRING)
        return json__read_unexpected(reader, place, wanted);
    if (!json_scan__string(&reader->scan, &string))
        return json__read_broken(reader, place);
    *ret_text = string.text;
    return READ_OK;
}

static enum read_result read_enum(struct json_reader *reader, const struct field *field,
                                  const struct json_place *place, int32_t *address)
{
    bool number = json_scan__kind(&reader->scan) == JSON_NUMBER;
    struct slice text = SLICE_EMPTY;
    const char *wrong;

    if (json_scan__kind(&reader->scan) == JSON_NULL && field->enumeration->is_null_value)
        return read_null_value(reader, place, address);
    if (take_text(reader, place, "the name or number of an enum's value", true, &text) != READ_OK)
        return READ_FAILED;
    wrong = number ? parse_enum_number(field, text, address)
                   : parse_enum_name(field, text, address);
    if (wrong == NULL)
        return READ_OK;
    if (!number && reader->options->ignore_unknown)
        return READ_SKIPPED;
    return json__read_refuse(reader, place, "must be %s", wrong);
}

static enum read_result read_parsed(struct json_reader *reader, const struct field *field,
                                    const struct json_place *place, void *address)
{
    bool bytes = field->pb->type == PROTOBUF_C_TYPE_BYTES;
    struct slice text = SLICE_EMPTY;
    const char *wrong;

    if (take_text(reader, place, bytes ? "a base64 string" : "a number", !bytes, &text) != READ_OK)
        return READ_FAILED;
    wrong = json__parse_scalar(reader->arena, field, text, address);
    if (wrong != NULL)
        return json__read_refuse(reader, place, "must be %s", wrong);
    return arena_failed(reader->arena) ? json__read_broken(reader, place) : READ_OK;
}

enum read_result json__read_scalar(struct json_reader *reader, const struct field *field,
                                   const struct json_place *place, void *address)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        return read_string(reader, place, address);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(reader, place, address);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reader, field, place, address);
    default:
        return read_parsed(reader, field, place, address);
    }
}
