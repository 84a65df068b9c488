/* Writing proto3 JSON: what reading can not show, the options, and what has no JSON form. */
#include "proto/contract/contract_find.h"
#include "proto/json/json_read.h"
#include "proto/json/json_steps.h"
#include "proto/json/json_write.h"
#include "tests/json/fixture.h"

#include <math.h>
#include <stdlib.h>

/* In steps of one byte: wherever they end, the result is that of the whole. */
static void assert_same_in_steps(const struct message_type *type, const ProtobufCMessage *message,
                                 const struct json_write_options *options, struct status wanted,
                                 struct slice wanted_text)
{
    struct json_steps *steps = json_steps_begin(&json_arena, type, message, options, NULL);
    struct status status = status_ok();
    struct slice text = SLICE_EMPTY;

    assert_non_null(steps);
    while (!json_steps_next(steps, 1, &status, &text))
        ;
    assert_int_equal(status.code, wanted.code);
    if (status_is_ok(status))
        assert_true(slice_equal(text, wanted_text));
}

static struct status write_with(const char *type, const ProtobufCMessage *message,
                                struct json_write_options options, struct slice *ret_text)
{
    struct status status;

    options.contract = json_contract;
    status = json_write_message(&json_arena, type_of(type), message, &options, ret_text);
    assert_same_in_steps(type_of(type), message, &options, status,
                         status_is_ok(status) ? *ret_text : SLICE_EMPTY);
    return status;
}

static ProtobufCMessage *members__read(const char *type, const char *text)
{
    ProtobufCMessage *message = NULL;

    if (!status_is_ok(read_text(type, text, false, &message)))
        fail_msg("%s is refused", text);
    return message;
}

/* A step ends between two elements, and not before it has as much as it may. */
static void steps_end_between_elements(void **state)
{
    ProtobufCMessage *message = members__read(
        "Node", "{\"name\":\"n\",\"numbers\":[1,2,3,4],\"children\":[{\"name\":\"c\"}]}");
    const struct json_write_options options = {.contract = json_contract};
    struct status status;
    struct slice text = SLICE_EMPTY;
    int steps = 1;

    (void)state;
    for (struct json_steps *at =
             json_steps_begin(&json_arena, type_of("Node"), message, &options, NULL);
         !json_steps_next(at, 1, &status, &text); steps++)
        ;
    assert_true(status_is_ok(status));
    assert_in_range(steps, 3, 8);
    for (struct json_steps *at =
             json_steps_begin(&json_arena, type_of("Node"), message, &options, NULL);
         !json_steps_next(at, 1000, &status, &text);)
        fail_msg("A short text takes one step.");
}

static const struct field *named(const char *type, const char *name)
{
    const struct field *field = message_field_by_proto_name(type_of(type), slice_from_cstr(name));

    assert_non_null(field);
    return field;
}

static void assert_written(const char *type, const char *in, struct json_write_options options,
                           const char *wanted)
{
    struct slice text = SLICE_EMPTY;

    assert_true(status_is_ok(write_with(type, members__read(type, in), options, &text)));
    assert_text(text, wanted);
}

static void defaults_are_written_when_asked_for(void **state)
{
    struct json_write_options options = {.always_emit = true};

    (void)state;
    assert_written("Node", "{}", options,
                   "{\"name\":\"\",\"children\":[],\"numbers\":[],\"tags\":[],\"colors\":[],"
                   "\"labels\":{},\"byNumber\":{},\"byBool\":{},\"byLong\":{},\"colorOf\":{},"
                   "\"secret\":\"\"}");
    assert_written("Scalars", "{\"aDouble\":1}", options,
                   "{\"lastNumber\":\"\",\"anInt32\":0,\"anInt64\":\"0\",\"aUint32\":0,"
                   "\"aUint64\":\"0\",\"aSint32\":0,\"aSint64\":\"0\",\"aFixed32\":0,"
                   "\"aFixed64\":\"0\",\"aSfixed32\":0,\"aSfixed64\":\"0\",\"aFloat\":0,"
                   "\"aDouble\":1,\"aBool\":false,\"aString\":\"\",\"someBytes\":\"\","
                   "\"color\":\"COLOR_UNSPECIFIED\",\"otherName\":\"\"}");
}

static void input_only_fields_are_hidden_at_any_depth(void **state)
{
    struct json_write_options options = {.hide_input_only = true};

    (void)state;
    assert_written("Node", "{\"secret\":\"s\",\"child\":{\"secret\":\"s\",\"name\":\"a\"}}",
                   options, "{\"child\":{\"name\":\"a\"}}");
    options.always_emit = true;
    assert_written("Empty", "{}", options, "{}");
    options.hide_input_only = options.always_emit = false;
    assert_written("Node", "{\"secret\":\"s\"}", options, "{\"secret\":\"s\"}");
}

static void proto_names_are_written_when_asked_for(void **state)
{
    struct json_write_options options = {.proto_names = true};

    (void)state;
    assert_written("Scalars", "{\"aString\":\"x\",\"otherName\":\"y\"}", options,
                   "{\"a_string\":\"x\",\"renamed\":\"y\"}");
}

/* -- floating point ------------------------------------------------------------------------------
 */

static struct slice written_scalar(const char *name, const void *value, size_t size)
{
    const struct field *field = named("Scalars", name);
    struct json_write_options options = {.contract = json_contract};
    ProtobufCMessage *message = message_new(&json_arena, type_of("Scalars"));
    struct slice text = SLICE_EMPTY;

    memcpy(field_address(message, field, 0), value, size);
    assert_true(status_is_ok(json_write_field(&json_arena, message, field, &options, &text)));
    return text;
}

static void doubles_are_as_short_as_reads_back_the_same(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.30000000000000004, "0.30000000000000004"},
        {1e21, "1e+21"},
        {123456789012345678.0, "1.2345678901234568e+17"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_text(written_scalar("a_double", &cases[i].value, sizeof(double)), cases[i].text);
}

static void floats_are_not_doubles(void **state)
{
    static const struct {
        float value;
        const char *text;
    } cases[] = {
        {0.1f, "0.1"},
        {16777216, "16777216"},
        {3.4028235e38f, "3.4028235e+38"},
        {1e-45f, "1e-45"},
        {1.17549435e-38f, "1.1754944e-38"},
        {0.3f, "0.3"},
        {-123456, "-123456"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_text(written_scalar("a_float", &cases[i].value, sizeof(float)), cases[i].text);
}

/* A xorshift, seeded alike each time: the same numbers in every run. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void any_double_and_float_survives_the_way_out_and_in(void **state)
{
    const struct field *field_double = named("Scalars", "a_double");
    const struct field *field_float = named("Scalars", "a_float");
    struct json_read_options options = {.contract = json_contract};
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        ProtobufCMessage *message = message_new(&json_arena, type_of("Scalars"));
        uint64_t bits = next_random(&seed);
        uint32_t half = (uint32_t)(bits >> 20);
        double wide;
        float narrow;

        memcpy(&wide, &bits, sizeof(wide));
        memcpy(&narrow, &half, sizeof(narrow));
        if (isnan(wide) || isnan(narrow))
            continue;
        json_read_field(&json_arena, message, field_double, written_scalar("a_double", &wide, 8),
                        &options);
        json_read_field(&json_arena, message, field_float, written_scalar("a_float", &narrow, 4),
                        &options);
        assert_memory_equal(field_address(message, field_double, 0), &wide, sizeof(wide));
        assert_memory_equal(field_address(message, field_float, 0), &narrow, sizeof(narrow));
        arena_reset(&json_arena);
    }
}

/* -- what has no JSON form ------------------------------------------------------------------------
 */

static void assert_unwritable(const char *type, const ProtobufCMessage *message, const char *part)
{
    struct slice text = SLICE("untouched");
    struct status status = write_with(type, message, (struct json_write_options){0}, &text);

    assert_int_equal(status.code, STATUS_INTERNAL);
    assert_non_null(memmem(status.message.data, status.message.len, part, strlen(part)));
    assert_text(text, "untouched");
}

static ProtobufCMessage *two_ints(const char *type, int64_t first, int64_t second)
{
    ProtobufCMessage *message = message_new(&json_arena, type_of(type));

    field_set_int(message, message_field_by_number(type_of(type), 1), first);
    field_set_int(message, message_field_by_number(type_of(type), 2), second);
    return message;
}

static void times_out_of_range_are_refused(void **state)
{
    static const struct {
        const char *type;
        int64_t seconds;
        int64_t nanos;
    } cases[] = {
        {"Timestamp", INT64_C(-62135596801), 0},
        {"Timestamp", INT64_C(253402300800), 0},
        {"Timestamp", INT64_MAX, 0},
        {"Timestamp", INT64_MIN, 0},
        {"Timestamp", 0, -1},
        {"Timestamp", 0, 1000000000},
        {"Duration", INT64_C(315576000001), 0},
        {"Duration", INT64_MIN, 0},
        {"Duration", 1, -1},
        {"Duration", -1, 1},
        {"Duration", 0, 1000000000},
        {"Duration", 0, INT32_MIN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_unwritable(cases[i].type, two_ints(cases[i].type, cases[i].seconds, cases[i].nanos),
                          "out of range");
}

/* Each day of four hundred years, by the length of months alone. */
static void every_day_has_its_date(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t seconds = -INT64_C(11644473600); /* 1601-01-01 */

    (void)state;
    for (int year = 1601; year < 2001; year++)
        for (int month = 1; month <= 12; month++) {
            bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            int days = lengths[month - 1] + (month == 2 && leap ? 1 : 0);

            for (int day = 1; day <= days; day++) {
                struct slice wanted = arena_printf(&json_arena, "\"%04d-%02d-%02dT00:00:00Z\"",
                                                   year, month, day);

                assert_text(write_text("Timestamp", two_ints("Timestamp", seconds, 0)),
                            wanted.data);
                assert_text(write_text("Timestamp", members__read("Timestamp", wanted.data)),
                            wanted.data);
                seconds += 86400;
            }
            arena_reset(&json_arena);
        }
}

static void masks_that_would_not_read_back_are_refused(void **state)
{
    static const char *const paths[] = {"fooBar", "foo__bar", "foo_3_bar", "foo_",
                                        "",       "a b",      "a,b"};

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        ProtobufCMessage *mask = message_new(&json_arena, type_of("FieldMask"));
        size_t capacity = 0;
        const char **path = field_append(
            &json_arena, mask, message_field_by_number(type_of("FieldMask"), 1), &capacity);

        *path = paths[i];
        assert_unwritable("FieldMask", mask, "has no JSON form");
    }
}

static void values_without_a_form_are_refused(void **state)
{
    const struct field *number = named("Value", "number_value");
    ProtobufCMessage *value = message_new(&json_arena, type_of("Value"));
    double wrong[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    (void)state;
    assert_unwritable("Value", value, "holds no value");
    for (size_t i = 0; i < COUNT(wrong); i++) {
        *(double *)field_address(value, number, 0) = wrong[i];
        field_mark_set(value, number);
        assert_unwritable("Value", value, "holds NaN or an infinity");
    }
}

static ProtobufCMessage *any_of(const char *url, struct slice bytes)
{
    ProtobufCMessage *any = message_new(&json_arena, type_of("Any"));

    field_set_string(&json_arena, any, named("Any", "type_url"), slice_from_cstr(url));
    field_set_string(&json_arena, any, named("Any", "value"), bytes);
    return any;
}

static void anys_that_do_not_open_are_refused(void **state)
{
    (void)state;
    assert_unwritable("Any", any_of("/json.test.Nothing", SLICE("")), "is not known");
    assert_unwritable("Any", any_of("json.test.Node", SLICE("")), "is not known");
    assert_unwritable("Any", any_of("", SLICE("x")), "is not known");
    assert_unwritable("Any", any_of("/json.test.Node", SLICE("\x0a")), "does not parse");
    assert_unwritable("Any", any_of("/json.test.Node", SLICE("\x0a\x01\xff")), "does not parse");
}

static void anys_within_anys_are_bounded(void **state)
{
    ProtobufCMessage *any = any_of("/google.protobuf.Empty", SLICE(""));
    struct slice text = SLICE_EMPTY;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        any = any_of("/google.protobuf.Any", message_pack(&json_arena, any));
    assert_true(status_is_ok(write_with("Any", any, (struct json_write_options){0}, &text)));
    for (unsigned i = 0; i < 1000; i++)
        any = any_of("/google.protobuf.Any", message_pack(&json_arena, any));
    assert_unwritable("Any", any, "too deeply");
}

static void a_single_field_is_written(void **state)
{
    static const struct {
        const char *field;
        const char *text;
    } cases[] = {
        {"name", "\"a\""}, {"tags", "[\"b\",\"c\"]"}, {"labels", "{\"d\":\"e\"}"},
        {"child", "{}"},   {"node", "null"},          {"maybe_text", "null"},
        {"numbers", "[]"}, {"by_number", "{}"},       {"secret", "\"\""},
    };
    ProtobufCMessage *message;

    (void)state;
    message = members__read(
        "Node", "{\"name\":\"a\",\"tags\":[\"b\",\"c\"],\"labels\":{\"d\":\"e\"},\"child\":{}}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_write_options options = {.contract = json_contract};
        struct slice text = SLICE_EMPTY;
        struct status status = json_write_field(&json_arena, message, named("Node", cases[i].field),
                                                &options, &text);

        assert_true(status_is_ok(status));
        assert_text(text, cases[i].text);
    }
}

/* Bytes may leave a map's value out: it is the empty message, in its own form. */
static void a_map_value_that_bytes_left_out_is_empty(void **state)
{
    ProtobufCMessage *message = message_unpack(&json_arena, type_of("Node"),
                                               SLICE("\x42\x02\x08\x07"));

    (void)state;
    assert_non_null(message);
    assert_text(write_text("Node", message), "{\"byNumber\":{\"7\":{}}}");
}

#ifdef DATASTREAM_FAULTS
/* Reads and writes with allocation `number` failing; true when none was left to fail. */
static bool survives_fault(const char *type, const char *in, unsigned long number, bool onward)
{
    struct json_read_options read = {.contract = json_contract};
    struct json_write_options write = {.contract = json_contract};
    const struct message_type *message_type = type_of(type);
    ProtobufCMessage *message = NULL;
    struct slice text = SLICE_EMPTY;
    struct status status;
    unsigned long made;

    arena_fault_set(number, onward);
    status = json_read_message(&json_arena, message_type, slice_from_cstr(in), &read, &message);
    if (status_is_ok(status))
        status = json_write_message(&json_arena, message_type, message, &write, &text);
    made = arena_fault_count();
    arena_fault_set(0, false);
    if (made < number) {
        assert_true(status_is_ok(status));
        return true;
    }
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    arena_reset(&json_arena);
    return false;
}

static void every_allocation_may_fail(void **state)
{
    static const struct {
        const char *type;
        const char *in;
    } cases[] = {
        {"Scalars", "{\"aString\":\"a\\u0041\",\"someBytes\":\"AQ\",\"lastNumber\":\"b\","
                    "\"aDouble\":0.1234567890123456789012345678901234567890123456789012345678901234"
                    "5678901234567890}"},
        {"Node", "{\"labels\":{\"a\":\"1\",\"b\\n\":\"2\"},\"children\":[{},{\"tags\":[\"x\"]}],"
                 "\"colorOf\":{\"a\":1},\"colors\":[1,2],\"maybeText\":\"\"}"},
        {"WellKnown", "{\"time\":\"2024-01-01T00:00:00Z\",\"mask\":\"a,bC\",\"value\":[{\"a\":1}],"
                      "\"wrappedString\":\"a\",\"any\":{\"@type\":\"/json.test.Node\",\"name\":"
                      "\"a\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int onward = 0; onward <= 1; onward++)
            for (unsigned long number = 1;
                 !survives_fault(cases[i].type, cases[i].in, number, onward != 0); number++)
                assert_true(number < 1000);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_written_when_asked_for),
        TEST(steps_end_between_elements),
        TEST(input_only_fields_are_hidden_at_any_depth),
        TEST(proto_names_are_written_when_asked_for),
        TEST(doubles_are_as_short_as_reads_back_the_same),
        TEST(floats_are_not_doubles),
        TEST(any_double_and_float_survives_the_way_out_and_in),
        TEST(times_out_of_range_are_refused),
        TEST(every_day_has_its_date),
        TEST(masks_that_would_not_read_back_are_refused),
        TEST(values_without_a_form_are_refused),
        TEST(anys_that_do_not_open_are_refused),
        TEST(anys_within_anys_are_bounded),
        TEST(a_single_field_is_written),
        TEST(a_map_value_that_bytes_left_out_is_empty),
#ifdef DATASTREAM_FAULTS
        TEST(every_allocation_may_fail),
#endif
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
