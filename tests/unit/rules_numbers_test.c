/*
 * The rules of numbers, times and bytes from the contract to the sentence: each row sets rules on a
 * field of a message of every shape, loads the contract, and judges values there. Rules and values
 * stand as JSON.
 */
#include <math.h>

#include "buf/validate/validate.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json.h"
#include "proto/json/json_read.h"
#include "rpc/call/call.h"
#include "rpc/call/validate.h"
#include "tests/support/spoiled.h"

#define NOW_MS 1700000000123LL /* 2023-11-14T22:13:20.123Z */

enum { TIME = 90, SPAN = 91, SPANS = 92, TEXT_TO_REAL = 93, TIMES = 94 };

static Google__Protobuf__FieldDescriptorProto *add_message(Google__Protobuf__DescriptorProto *shape,
                                                           const char *name, int number,
                                                           const char *type)
{
    Google__Protobuf__FieldDescriptorProto *added = shape_add_field(&spoiled_arena, shape, name,
                                                                    number, 11);

    added->type_name = arena_cstr(&spoiled_arena, slice_from_cstr(type));
    return added;
}

/* Of the embedded contract only what the shapes need: it is loaded often. */
static void drop_services(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < spoiled_set->n_file; i++)
        if (strncmp(spoiled_set->file[i]->name, "datastream/", 11) != 0)
            spoiled_set->file[kept++] = spoiled_set->file[i];
    spoiled_set->n_file = kept;
}

/* A contract of the shapes, and fields of the types that they lack. */
static Google__Protobuf__DescriptorProto *new_set(void)
{
    Google__Protobuf__FileDescriptorProto *file = shapes_file(&spoiled_arena);
    Google__Protobuf__DescriptorProto *shape = file->message_type[0];

    spoiled_set = embedded_set(&spoiled_arena);
    drop_services();
    spoiled_set->file[spoiled_set->n_file++] = file;
    add_message(shape, "time", TIME, ".google.protobuf.Timestamp");
    add_message(shape, "span", SPAN, ".google.protobuf.Duration");
    add_message(shape, "spans", SPANS, ".google.protobuf.Duration")->label =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    add_message(shape, "times", TIMES, ".google.protobuf.Timestamp")->label =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    shape_add_map(&spoiled_arena, shape, "text_to_real", "TextToRealEntry", TEXT_TO_REAL, 9, 1);
    return shape;
}

static const ProtobufCMessage *read_json(const struct contract *contract, const char *type,
                                         const char *json)
{
    const struct json_read_options options = {.contract = contract};
    ProtobufCMessage *message = NULL;
    struct status status = json_read_message(&spoiled_arena,
                                             contract_message(contract, slice_from_cstr(type)),
                                             slice_from_cstr(json), &options, &message);

    if (!status_is_ok(status))
        fail_msg("%s: %.*s", json, SLICE_ARG(status.message));
    return message;
}

/* The contract whose field of the shape has the rules. */
static struct status load_ruled(const char *name, const char *rules,
                                const struct contract **ret_contract)
{
    Google__Protobuf__DescriptorProto *shape = new_set();
    const struct contract *plain = NULL;

    assert_true(status_is_ok(spoiled_load(&plain)));
    for (size_t i = 0; i < shape->n_field; i++) {
        Google__Protobuf__FieldDescriptorProto *field = shape->field[i];

        if (strcmp(field->name, name) != 0)
            continue;
        field->options = arena_alloc(&spoiled_arena, sizeof(*field->options));
        google__protobuf__field_options__init(field->options);
        set_option(&field->options->base, OPTION_FIELD_RULES,
                   read_json(plain, "buf.validate.FieldRules", rules));
        return spoiled_load(ret_contract);
    }
    fail_msg("no field %s", name);
    return status_ok();
}

static const char *violations_in(const struct contract *contract, const ProtobufCMessage *message)
{
    struct violations violations = {0};
    struct slice text = SLICE("");

    validate_message(&spoiled_arena, find_shape(contract), message, SLICE_EMPTY, NULL, NOW_MS,
                     &violations);
    for (const struct status_detail *d = violations.first; d != NULL; d = d->next)
        text = arena_printf(&spoiled_arena, "%.*s%s%.*s: %.*s", SLICE_ARG(text),
                            text.len > 0 ? "\n" : "", SLICE_ARG(d->subject),
                            SLICE_ARG(d->description));
    return arena_cstr(&spoiled_arena, text);
}

/* A field, its rules, values that pass, and values that do not with what is said of them. */
struct row {
    const char *field, *rules;
    const char *good[4]; /* the whole message */
    const char *bad[4];
    const char *sentence;
};

static void check_row(const struct row *row)
{
    const struct contract *contract = NULL;
    struct status status;

    arena_reset(&spoiled_arena);
    status = load_ruled(row->field, row->rules, &contract);
    if (!status_is_ok(status))
        fail_msg("%s: %.*s", row->rules, SLICE_ARG(status.message));
    for (size_t i = 0; i < 4 && row->good[i] != NULL; i++) {
        const char *got = violations_in(contract,
                                        read_json(contract, "shapes.Shape", row->good[i]));

        if (got[0] != '\0')
            fail_msg("%s, %s: got \"%s\"", row->rules, row->good[i], got);
    }
    for (size_t i = 0; i < 4 && row->bad[i] != NULL; i++) {
        const char *got = violations_in(contract, read_json(contract, "shapes.Shape", row->bad[i]));

        if (strcmp(got, row->sentence) != 0)
            fail_msg("%s, %s: got \"%s\"", row->rules, row->bad[i], got);
    }
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
}

static const struct row integer_rows[] = {
    {"plain_int32",
     "{\"int32\":{\"gt\":0,\"lt\":65536}}",
     {"{\"plainInt32\":1}", "{\"plainInt32\":65535}"},
     {"{\"plainInt32\":-1}", "{\"plainInt32\":65536}"},
     "plainInt32: must be from 1 to 65535"},
    {"plain_int64",
     "{\"int64\":{\"gte\":\"-9223372036854775808\",\"lte\":\"-2\"}}",
     {"{\"plainInt64\":\"-9223372036854775808\"}", "{\"plainInt64\":\"-2\"}"},
     {"{\"plainInt64\":\"9223372036854775807\"}", "{\"plainInt64\":\"-1\"}"},
     "plainInt64: must be at most -2"},
    {"plain_uint32",
     "{\"uint32\":{\"gt\":4294967294}}",
     {"{\"plainUint32\":4294967295}"},
     {"{\"plainUint32\":4294967294}", "{\"plainUint32\":7}"},
     "plainUint32: must be 4294967295"},
    {"plain_uint64",
     "{\"uint64\":{\"gte\":\"9223372036854775808\"}}",
     {"{\"plainUint64\":\"9223372036854775808\"}", "{\"plainUint64\":\"18446744073709551615\"}"},
     {"{\"plainUint64\":\"9223372036854775807\"}", "{\"plainUint64\":\"1\"}"},
     "plainUint64: must be at least 9223372036854775808"},
    {"plain_uint64",
     "{\"uint64\":{\"gt\":\"1\",\"lt\":\"18446744073709551615\"}}",
     {"{\"plainUint64\":\"2\"}", "{\"plainUint64\":\"18446744073709551614\"}"},
     {"{\"plainUint64\":\"18446744073709551615\"}", "{\"plainUint64\":\"1\"}"},
     "plainUint64: must be from 2 to 18446744073709551614"},
    {"plain_fixed64",
     "{\"fixed64\":{\"lte\":\"9\"}}",
     {"{\"plainFixed64\":\"9\"}"},
     {"{\"plainFixed64\":\"18446744073709551615\"}"},
     "plainFixed64: must be at most 9"},
    {"plain_fixed64",
     "{\"fixed64\":{\"notIn\":[\"18446744073709551615\"]}}",
     {"{\"plainFixed64\":\"9\"}"},
     {"{\"plainFixed64\":\"18446744073709551615\"}"},
     "plainFixed64: must not be 18446744073709551615"},
    {"plain_sint32",
     "{\"sint32\":{\"const\":-7}}",
     {"{\"plainSint32\":-7}"},
     {"{\"plainSint32\":7}", "{\"plainSint32\":-8}"},
     "plainSint32: must be -7"},
    {"plain_sint64",
     "{\"sint64\":{\"in\":[\"-1\",\"5\"]}}",
     {"{\"plainSint64\":\"-1\"}", "{\"plainSint64\":\"5\"}"},
     {"{\"plainSint64\":\"1\"}"},
     "plainSint64: must be one of -1, 5"},
    {"plain_fixed32",
     "{\"fixed32\":{\"in\":[4294967295]}}",
     {"{\"plainFixed32\":4294967295}"},
     {"{\"plainFixed32\":1}"},
     "plainFixed32: must be one of 4294967295"},
    {"plain_sfixed32",
     "{\"sfixed32\":{\"notIn\":[3,-4]}}",
     {"{\"plainSfixed32\":4}"},
     {"{\"plainSfixed32\":-4}"},
     "plainSfixed32: must not be -4"},
    {"plain_sfixed64",
     "{\"sfixed64\":{\"gt\":\"-3\"}}",
     {"{\"plainSfixed64\":\"-2\"}"},
     {"{\"plainSfixed64\":\"-3\"}"},
     "plainSfixed64: must be at least -2"},
    {"optional_uint64",
     "{\"uint64\":{\"gte\":\"1\"}}",
     {"{}", "{\"optionalUint64\":\"1\"}"},
     {"{\"optionalUint64\":\"0\"}"},
     "optionalUint64: must be at least 1"},
    {"repeated_uint64",
     "{\"repeated\":{\"items\":{\"uint64\":{\"in\":[\"2\"]}}}}",
     {"{\"repeatedUint64\":[\"2\",\"2\"]}"},
     {"{\"repeatedUint64\":[\"2\",\"0\"]}"},
     "repeatedUint64[1]: must be one of 2"},
    {"choice_sint64",
     "{\"sint64\":{\"lt\":\"0\"}}",
     {"{\"choiceSint64\":\"-1\"}"},
     {"{\"choiceSint64\":\"0\"}"},
     "choiceSint64: must be at most -1"},
};

static void integers_of_every_type_keep_to_their_rules(void **state)
{
    (void)state;
    check_rows(integer_rows, sizeof(integer_rows) / sizeof(integer_rows[0]));
}

static const struct row real_rows[] = {
    {"plain_double",
     "{\"double\":{\"gt\":0.5,\"lt\":1}}",
     {"{\"plainDouble\":0.50000000000000011}", "{\"plainDouble\":0.75}"},
     {"{\"plainDouble\":0.5}", "{\"plainDouble\":-3}", "{\"plainDouble\":\"-Infinity\"}"},
     "plainDouble: must be greater than 0.5"},
    {"plain_double",
     "{\"double\":{\"gt\":0.5,\"lt\":1}}",
     {NULL},
     {"{\"plainDouble\":1}", "{\"plainDouble\":\"Infinity\"}"},
     "plainDouble: must be less than 1"},
    {"plain_double",
     "{\"double\":{\"gte\":-0.1,\"lte\":1e300}}",
     {"{\"plainDouble\":-0.1}", "{\"plainDouble\":1e300}"},
     {"{\"plainDouble\":-0.11}", "{\"plainDouble\":1.1e300}"},
     "plainDouble: must be from -0.1 to 1e+300"},
    {"plain_double",
     "{\"double\":{\"gte\":2}}",
     {"{\"plainDouble\":2}"},
     {"{\"plainDouble\":1.5}"},
     "plainDouble: must be at least 2"},
    {"plain_double",
     "{\"double\":{\"lte\":2}}",
     {"{\"plainDouble\":2}"},
     {"{\"plainDouble\":2.5}"},
     "plainDouble: must be at most 2"},
    {"plain_double",
     "{\"double\":{\"lte\":2}}",
     {NULL},
     {"{\"plainDouble\":\"NaN\"}"},
     "plainDouble: must be a number"},
    {"plain_double",
     "{\"double\":{\"notIn\":[2]}}",
     {NULL},
     {"{\"plainDouble\":\"NaN\"}"},
     "plainDouble: must be a number"},
    {"plain_double",
     "{\"double\":{\"finite\":true}}",
     {"{\"plainDouble\":1e308}"},
     {"{\"plainDouble\":\"Infinity\"}", "{\"plainDouble\":\"-Infinity\"}"},
     "plainDouble: must be finite"},
    {"plain_double",
     "{\"double\":{\"finite\":true}}",
     {NULL},
     {"{\"plainDouble\":\"NaN\"}"},
     "plainDouble: must be a number"},
    {"plain_double",
     "{\"double\":{\"in\":[0.1,3]}}",
     {"{\"plainDouble\":0.1}", "{\"plainDouble\":3}"},
     {"{\"plainDouble\":0.2}"},
     "plainDouble: must be one of 0.1, 3"},
    {"plain_double",
     "{\"double\":{\"notIn\":[0.1,3]}}",
     {"{\"plainDouble\":0.2}"},
     {"{\"plainDouble\":3}"},
     "plainDouble: must be none of 0.1, 3"},
    {"plain_double",
     "{\"double\":{\"const\":-2.5}}",
     {"{\"plainDouble\":-2.5}"},
     {"{\"plainDouble\":2.5}"},
     "plainDouble: must be -2.5"},
    {"plain_float",
     "{\"float\":{\"gte\":0.1}}",
     {"{\"plainFloat\":0.1}"},
     {"{\"plainFloat\":0.09999}"},
     "plainFloat: must be at least 0.1"},
    {"plain_float",
     "{\"float\":{\"finite\":true,\"gt\":16777216}}",
     {"{\"plainFloat\":16777218}"},
     {"{\"plainFloat\":16777216}"},
     "plainFloat: must be greater than 16777216"},
    {"optional_float",
     "{\"float\":{\"gt\":0}}",
     {"{}", "{\"optionalFloat\":1e-40}"},
     {"{\"optionalFloat\":0}", "{\"optionalFloat\":-0.0}"},
     "optionalFloat: must be greater than 0"},
    {"repeated_float",
     "{\"repeated\":{\"items\":{\"float\":{\"lt\":1}}}}",
     {"{\"repeatedFloat\":[0,0.5]}"},
     {"{\"repeatedFloat\":[0,1]}"},
     "repeatedFloat[1]: must be less than 1"},
    {"text_to_real",
     "{\"map\":{\"values\":{\"double\":{\"gte\":0}}}}",
     {"{\"textToReal\":{\"a\":0}}"},
     {"{\"textToReal\":{\"a\":-1}}"},
     "textToReal[\"a\"]: must be at least 0"},
};

static void real_numbers_keep_to_their_rules_and_nan_to_none(void **state)
{
    (void)state;
    check_rows(real_rows, sizeof(real_rows) / sizeof(real_rows[0]));
}

static void times_are_held_against_limits_and_now(void **state)
{
    static const struct row rows[] = {
        {"time",
         "{\"timestamp\":{\"lt\":\"2020-01-01T00:00:00.5Z\"}}",
         {"{\"time\":\"2020-01-01T00:00:00.499999999Z\"}", "{}"},
         {"{\"time\":\"2020-01-01T00:00:00.5Z\"}", "{\"time\":\"2021-01-01T00:00:00Z\"}"},
         "time: must be before 2020-01-01T00:00:00.5Z"},
        {"time",
         "{\"timestamp\":{\"lte\":\"1969-12-31T23:59:59Z\"}}",
         {"{\"time\":\"1969-12-31T23:59:59Z\"}"},
         {"{\"time\":\"1969-12-31T23:59:59.000000001Z\"}"},
         "time: must not be after 1969-12-31T23:59:59Z"},
        {"time",
         "{\"timestamp\":{\"gt\":\"0001-01-01T00:00:00Z\"}}",
         {"{\"time\":\"0001-01-01T00:00:00.1Z\"}"},
         {"{\"time\":\"0001-01-01T00:00:00Z\"}"},
         "time: must be after 0001-01-01T00:00:00Z"},
        {"time",
         "{\"timestamp\":{\"gte\":\"2020-02-29T12:00:00Z\"}}",
         {"{\"time\":\"2020-02-29T12:00:00Z\"}"},
         {"{\"time\":\"2020-02-29T11:59:59.9Z\"}"},
         "time: must not be before 2020-02-29T12:00:00Z"},
        {"time",
         "{\"timestamp\":{\"const\":\"2020-02-29T12:00:00Z\"}}",
         {"{\"time\":\"2020-02-29T12:00:00Z\"}"},
         {"{\"time\":\"2020-02-29T12:00:01Z\"}"},
         "time: must be 2020-02-29T12:00:00Z"},
        {"time",
         "{\"timestamp\":{\"ltNow\":true}}",
         {"{\"time\":\"2023-11-14T22:13:20.122999999Z\"}"},
         {"{\"time\":\"2023-11-14T22:13:20.123Z\"}", "{\"time\":\"9999-01-01T00:00:00Z\"}"},
         "time: must be in the past"},
        {"time",
         "{\"timestamp\":{\"gtNow\":true}}",
         {"{\"time\":\"2023-11-14T22:13:20.123000001Z\"}"},
         {"{\"time\":\"2023-11-14T22:13:20.123Z\"}", "{\"time\":\"1950-01-01T00:00:00Z\"}"},
         "time: must be in the future"},
        {"time",
         "{\"timestamp\":{\"within\":\"3600.5s\"}}",
         {"{\"time\":\"2023-11-14T23:13:20.623Z\"}", "{\"time\":\"2023-11-14T21:13:19.623Z\"}"},
         {"{\"time\":\"2023-11-14T23:13:20.623000001Z\"}",
          "{\"time\":\"2023-11-14T21:13:19.622999999Z\"}"},
         "time: must be within 3600.5s of now"},
        {"times",
         "{\"repeated\":{\"items\":{\"timestamp\":{\"ltNow\":true}}}}",
         {"{\"times\":[\"2020-01-01T00:00:00Z\"]}"},
         {"{\"times\":[\"2020-01-01T00:00:00Z\",\"2100-01-01T00:00:00Z\"]}"},
         "times[1]: must be in the past"},
    };

    (void)state;
    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void durations_keep_to_their_rules(void **state)
{
    static const struct row rows[] = {
        {"span",
         "{\"duration\":{\"gt\":\"1s\",\"lte\":\"60s\"}}",
         {"{\"span\":\"1.000000001s\"}", "{\"span\":\"60s\"}", "{}"},
         {"{\"span\":\"1s\"}", "{\"span\":\"-5s\"}"},
         "span: must be more than 1s"},
        {"span",
         "{\"duration\":{\"gt\":\"1s\",\"lte\":\"60s\"}}",
         {NULL},
         {"{\"span\":\"60.1s\"}"},
         "span: must be at most 60s"},
        {"span",
         "{\"duration\":{\"gte\":\"-0.5s\",\"lt\":\"0s\"}}",
         {"{\"span\":\"-0.5s\"}"},
         {"{\"span\":\"-0.500000001s\"}", "{\"span\":\"-1s\"}"},
         "span: must be at least -0.5s"},
        {"span",
         "{\"duration\":{\"gte\":\"-0.5s\",\"lt\":\"0s\"}}",
         {"{\"span\":\"-0.1s\"}"},
         {"{\"span\":\"0s\"}"},
         "span: must be less than 0s"},
        {"span",
         "{\"duration\":{\"const\":\"5s\"}}",
         {"{\"span\":\"5s\"}"},
         {"{\"span\":\"6s\"}"},
         "span: must be 5s"},
        {"span",
         "{\"duration\":{\"in\":[\"1s\",\"1.5s\"]}}",
         {"{\"span\":\"1.5s\"}"},
         {"{\"span\":\"2s\"}"},
         "span: must be one of 1s, 1.5s"},
        {"span",
         "{\"duration\":{\"notIn\":[\"1s\"]}}",
         {"{\"span\":\"2s\"}"},
         {"{\"span\":\"1s\"}"},
         "span: must be none of 1s"},
        {"spans",
         "{\"repeated\":{\"items\":{\"duration\":{\"gte\":\"1s\"}}}}",
         {"{\"spans\":[\"1s\"]}"},
         {"{\"spans\":[\"1s\",\"0.9s\"]}"},
         "spans[1]: must be at least 1s"},
    };

    (void)state;
    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* AAEC is 00 01 02, AQ is 01, /w is ff. */
static void bytes_keep_to_their_rules(void **state)
{
    static const struct row rows[] = {
        {"plain_bytes",
         "{\"bytes\":{\"len\":3}}",
         {"{\"plainBytes\":\"AAEC\"}"},
         {"{\"plainBytes\":\"AQ==\"}"},
         "plainBytes: must have exactly 3 bytes"},
        {"plain_bytes",
         "{\"bytes\":{\"minLen\":2,\"maxLen\":3}}",
         {"{\"plainBytes\":\"AAEC\"}"},
         {"{\"plainBytes\":\"AQ==\"}", "{\"plainBytes\":\"AAECAAEC\"}"},
         "plainBytes: must have 2 to 3 bytes"},
        {"plain_bytes",
         "{\"bytes\":{\"prefix\":\"AAE=\"}}",
         {"{\"plainBytes\":\"AAEC\"}"},
         {"{\"plainBytes\":\"AQ==\"}"},
         "plainBytes: must begin with 0x0001"},
        {"plain_bytes",
         "{\"bytes\":{\"suffix\":\"/w==\"}}",
         {"{\"plainBytes\":\"AP8=\"}"},
         {"{\"plainBytes\":\"AQ==\"}"},
         "plainBytes: must end with 0xff"},
        {"plain_bytes",
         "{\"bytes\":{\"contains\":\"AQ==\"}}",
         {"{\"plainBytes\":\"AAEC\"}"},
         {"{\"plainBytes\":\"/w==\"}"},
         "plainBytes: must contain 0x01"},
        {"plain_bytes",
         "{\"bytes\":{\"in\":[\"AQ==\",\"/w==\"]}}",
         {"{\"plainBytes\":\"/w==\"}"},
         {"{\"plainBytes\":\"AAEC\"}"},
         "plainBytes: must be one of 0x01, 0xff"},
        {"plain_bytes",
         "{\"bytes\":{\"const\":\"AQ==\"}}",
         {"{\"plainBytes\":\"AQ==\"}"},
         {"{\"plainBytes\":\"AAEC\"}"},
         "plainBytes: must be one of 0x01"},
        {"plain_bytes",
         "{\"bytes\":{\"notIn\":[\"AQ==\"]}}",
         {"{\"plainBytes\":\"/w==\"}"},
         {"{\"plainBytes\":\"AQ==\"}"},
         "plainBytes: must not be 0x01"},
        {"plain_bytes",
         "{\"bytes\":{\"pattern\":\"a.c\"}}",
         {"{\"plainBytes\":\"YWJj\"}", "{\"plainBytes\":\"YQFj\"}"},
         {"{\"plainBytes\":\"YWJjAA==\"}", "{\"plainBytes\":\"YWI=\"}"},
         "plainBytes: must match the pattern \"a.c\""},
    };

    (void)state;
    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
    const struct contract *contract = NULL;

    (void)state;
    assert_true(status_is_ok(load_ruled(
        "plain_int64", "{\"int64\":{\"gt\":\"5\",\"in\":[\"7\",\"9\"],\"notIn\":[\"3\"]}}",
        &contract)));
    assert_string_equal(
        violations_in(contract, read_json(contract, "shapes.Shape", "{\"plainInt64\":\"3\"}")),
        "plainInt64: must be at least 6\nplainInt64: must be one of 7, 9\nplainInt64: must not be "
        "3");
}

static void without_a_now_the_rules_of_now_are_not_judged(void **state)
{
    const struct contract *contract = NULL;
    struct violations violations = {0};

    (void)state;
    assert_true(status_is_ok(load_ruled("time", "{\"timestamp\":{\"gtNow\":true}}", &contract)));
    validate_message(&spoiled_arena, find_shape(contract),
                     read_json(contract, "shapes.Shape", "{\"time\":\"1980-01-01T00:00:00Z\"}"),
                     SLICE_EMPTY, NULL, 0, &violations);
    assert_int_equal(violations.count, 0);
}

static void rules_that_cannot_be_are_errors_of_the_contract(void **state)
{
    static const struct {
        const char *field, *rules, *says;
    } rows[] = {
        {"plain_uint64", "{\"uint64\":{\"gt\":\"18446744073709551615\"}}",
         "that no value can meet"},
        {"plain_uint64", "{\"uint64\":{\"lt\":\"0\"}}", "that no value can meet"},
        {"plain_int64", "{\"int64\":{\"lt\":\"-9223372036854775808\"}}", "that no value can meet"},
        {"plain_sint32", "{\"sint32\":{\"const\":3,\"lt\":3}}", "that no value can meet"},
        {"plain_fixed32", "{\"fixed32\":{\"in\":[4,5],\"gt\":5}}", "that no value can meet"},
        {"plain_fixed64", "{\"fixed64\":{\"in\":[\"4\"],\"notIn\":[\"4\"]}}",
         "that no value can meet"},
        {"plain_double", "{\"double\":{\"gt\":1,\"lte\":1}}", "that no value can meet"},
        {"plain_double", "{\"double\":{\"in\":[2],\"lt\":2}}", "that no value can meet"},
        {"plain_double", "{\"double\":{\"gt\":\"NaN\"}}", "with a number that is not finite"},
        {"plain_float", "{\"float\":{\"in\":[\"Infinity\"]}}", "with a number that is not finite"},
        {"plain_float", "{\"double\":{\"gt\":1}}", "that does not fit its type"},
        {"plain_double", "{\"float\":{\"gt\":1}}", "that does not fit its type"},
        {"plain_sint32", "{\"int32\":{\"gt\":1}}", "that does not fit its type"},
        {"plain_int64", "{\"sfixed64\":{\"gt\":\"1\"}}", "that does not fit its type"},
        {"plain_uint32", "{\"fixed32\":{\"gt\":1}}", "that does not fit its type"},
        {"repeated_double", "{\"double\":{\"gt\":1}}", "that does not fit its type"},
        {"time",
         "{\"timestamp\":{\"gt\":\"2020-01-01T00:00:00Z\",\"lt\":\"2020-01-01T00:00:00Z\"}}",
         "that no value can meet"},
        {"time", "{\"timestamp\":{\"gtNow\":true,\"ltNow\":true}}", "that no value can meet"},
        {"time", "{\"timestamp\":{\"within\":\"-1s\"}}", "that no value can meet"},
        {"time", "{\"duration\":{\"gt\":\"1s\"}}", "that does not fit its type"},
        {"span", "{\"timestamp\":{\"gtNow\":true}}", "that does not fit its type"},
        {"spans", "{\"duration\":{\"gt\":\"1s\"}}", "that does not fit its type"},
        {"span", "{\"duration\":{\"in\":[\"1s\"],\"gte\":\"2s\"}}", "that no value can meet"},
        {"plain_bytes", "{\"bytes\":{\"len\":3,\"minLen\":1}}", "with both an exact length"},
        {"plain_bytes", "{\"bytes\":{\"const\":\"AQ==\",\"in\":[\"AQ==\"]}}",
         "with both const and in"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct contract *contract = NULL;
        struct status status;

        arena_reset(&spoiled_arena);
        status = load_ruled(rows[i].field, rows[i].rules, &contract);
        if (status.code != STATUS_FAILED_PRECONDITION ||
            !spoiled_contains(status.message, slice_from_cstr(rows[i].says)))
            fail_msg("%s: wanted \"%s\", got %d, \"%.*s\"", rows[i].rules, rows[i].says,
                     status.code, SLICE_ARG(status.message));
    }
}

/* A timestamp of which only the bytes can say that it is none: seconds -1, nanos 1,000,000,000. */
static void rules_with_what_is_no_time_are_errors(void **state)
{
    static const struct {
        const char *field;
        const char *bytes;
        size_t len;
        const char *says;
    } rows[] = {
        /* timestamp.gt.nanos = 2000000000 */
        {"time", "\xb2\x01\x08\x2a\x06\x10\x80\xa8\xd6\xb9\x07", 11, "with what is no timestamp"},
        /* duration.gt = 1s and -1ns */
        {"span", "\xaa\x01\x0f\x2a\x0d\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 18,
         "with what is no duration"},
        /* timestamp.tags and double.examples, which are not known here */
        {"time", "\xb2\x01\x02\x50\x01", 5, "that this server does not know"},
        {"plain_double", "\x12\x09\x49\x00\x00\x00\x00\x00\x00\x00\x00", 11,
         "that this server does not know"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Google__Protobuf__DescriptorProto *shape;
        const struct contract *contract = NULL;
        struct status status;

        arena_reset(&spoiled_arena);
        shape = new_set();
        for (size_t k = 0; k < shape->n_field; k++)
            if (strcmp(shape->field[k]->name, rows[i].field) == 0) {
                shape->field[k]->options = arena_alloc(&spoiled_arena,
                                                       sizeof(*shape->field[k]->options));
                google__protobuf__field_options__init(shape->field[k]->options);
                add_option_bytes(&shape->field[k]->options->base, OPTION_FIELD_RULES,
                                 slice_make(rows[i].bytes, rows[i].len));
            }
        status = spoiled_load(&contract);
        if (!spoiled_contains(status.message, slice_from_cstr(rows[i].says)))
            fail_msg("wanted \"%s\", got \"%.*s\"", rows[i].says, SLICE_ARG(status.message));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers_of_every_type_keep_to_their_rules),
        TEST(real_numbers_keep_to_their_rules_and_nan_to_none),
        TEST(times_are_held_against_limits_and_now),
        TEST(durations_keep_to_their_rules),
        TEST(bytes_keep_to_their_rules),
        TEST(all_that_is_wrong_is_told_at_once),
        TEST(without_a_now_the_rules_of_now_are_not_judged),
        TEST(rules_that_cannot_be_are_errors_of_the_contract),
        TEST(rules_with_what_is_no_time_are_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
