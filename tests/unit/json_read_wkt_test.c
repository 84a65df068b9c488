/* Reading the well-known types from their JSON forms. */
#include "tests/json/fixture.h"

static void timestamps_and_durations_are_read_strictly(void **state)
{
    static const struct accepted cases[] = {
        {"Timestamp", "\"1970-01-01T00:00:00Z\"", "\"1970-01-01T00:00:00Z\""},
        {"Timestamp", "\"0001-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\""},
        {"Timestamp", "\"9999-12-31T23:59:59.999999999Z\"", "\"9999-12-31T23:59:59.999999999Z\""},
        {"Timestamp", "\"2024-02-29T12:00:00+05:30\"", "\"2024-02-29T06:30:00Z\""},
        {"Timestamp", "\"2000-02-29T23:59:59-23:59\"", "\"2000-03-01T23:58:59Z\""},
        {"Timestamp", "\"1969-12-31T23:59:59.1Z\"", "\"1969-12-31T23:59:59.100Z\""},
        {"Timestamp", "\"2024-01-01T00:00:00.000100Z\"", "\"2024-01-01T00:00:00.000100Z\""},
        {"Timestamp", "\"2024-01-01T00:00:00.00000001Z\"", "\"2024-01-01T00:00:00.000000010Z\""},
        {"Duration", "\"0s\"", "\"0s\""},
        {"Duration", "\"-0.5s\"", "\"-0.500s\""},
        {"Duration", "\"1.000000001s\"", "\"1.000000001s\""},
        {"Duration", "\"-315576000000.999999999s\"", "\"-315576000000.999999999s\""},
    };
    static const struct refused wrong[] = {
        {"Timestamp", "\"10000-01-01T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"0000-12-31T23:59:59Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"0001-01-01T00:00:00+00:01\"", NULL, "RFC 3339"},
        {"Timestamp", "\"9999-12-31T23:59:59-00:01\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2023-02-29T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"1900-02-29T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-04-31T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-13-01T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-00-01T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-00T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01t00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:00z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T24:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:60:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:60Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:00\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:00+0100\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:00+24:00\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:00.Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:00.1234567890Z\"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-01-01T00:00:00Z \"", NULL, "RFC 3339"},
        {"Timestamp", "\"2024-1-01T00:00:00Z\"", NULL, "RFC 3339"},
        {"Timestamp", "5", NULL, "must be a string, not a number"},
        {"Duration", "\"315576000001s\"", NULL, "duration"},
        {"Duration", "\"1\"", NULL, "duration"},
        {"Duration", "\"+1s\"", NULL, "duration"},
        {"Duration", "\"1.s\"", NULL, "duration"},
        {"Duration", "\".5s\"", NULL, "duration"},
        {"Duration", "\"01s\"", NULL, "duration"},
        {"Duration", "\"1S\"", NULL, "duration"},
        {"Duration", "\"--1s\"", NULL, "duration"},
        {"Duration", "\"1.0000000001s\"", NULL, "duration"},
        {"WellKnown", "{\"times\":[\"2024-01-01T00:00:00Z\",\"x\"]}", "times[1]", "RFC 3339"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
    check_refused(wrong, COUNT(wrong));
}

static void field_masks_and_wrappers_are_read(void **state)
{
    static const struct accepted cases[] = {
        {"FieldMask", "\"\"", "\"\""},
        {"FieldMask", "\"fooBar,baz.quxQuux\"", "\"fooBar,baz.quxQuux\""},
        {"FieldMask", "\"*\"", "\"*\""},
        {"WellKnown",
         "{\"wrappedBool\":false,\"wrappedInt32\":\"0\",\"wrappedInt64\":5,\"wrappedString\":\"\","
         "\"wrappedBytes\":\"AQ\",\"wrappedDouble\":\"NaN\"}",
         "{\"wrappedBool\":false,\"wrappedInt32\":0,\"wrappedInt64\":\"5\",\"wrappedString\":\"\","
         "\"wrappedBytes\":\"AQ==\",\"wrappedDouble\":\"NaN\"}"},
        {"Int32Value", "1e0", "1"},
        {"Empty", "{}", "{}"},
        {"WellKnown", "{\"empty\":{}}", "{\"empty\":{}}"},
    };
    static const struct refused wrong[] = {
        {"FieldMask", "\"foo_bar\"", NULL, "lowerCamelCase"},
        {"FieldMask", "\"foo,\"", NULL, "lowerCamelCase"},
        {"FieldMask", "\",\"", NULL, "lowerCamelCase"},
        {"FieldMask", "\"foo, bar\"", NULL, "lowerCamelCase"},
        {"FieldMask", "[\"foo\"]", NULL, "must be a string"},
        {"WellKnown", "{\"wrappedBool\":\"false\"}", "wrappedBool", "must be true or false"},
        {"WellKnown", "{\"wrappedInt32\":{\"value\":1}}", "wrappedInt32", "not an object"},
        {"Empty", "{\"a\":1}", "a", "is not a known field"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
    check_refused(wrong, COUNT(wrong));
}

static void values_take_any_json(void **state)
{
    static const struct accepted cases[] = {
        {"Value", "{\"a\":[1,\"b\",true,false,null,{},[]]}",
         "{\"a\":[1,\"b\",true,false,null,{},[]]}"},
        {"Value", "-1.5e3", "-1500"},
        {"Value", "\"\"", "\"\""},
        {"Struct", "{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":{}}}"},
        {"ListValue", "[[[]]]", "[[[]]]"},
        {"WellKnown", "{\"object\":{},\"value\":0,\"list\":[]}",
         "{\"object\":{},\"value\":0,\"list\":[]}"},
    };
    static const struct refused wrong[] = {
        {"Value", "1e400", NULL, "in the range of its type"},
        {"Value", "{\"a\":1,\"a\":2}", "[\"a\"]", "twice"},
        {"Struct", "[]", NULL, "must be an object"},
        {"ListValue", "{}", NULL, "must be an array"},
        {"WellKnown", "{\"object\":{\"a\":[1,{\"b\":nul}]}}", "object[\"a\"][1][\"b\"]",
         "expected a value"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
    check_refused(wrong, COUNT(wrong));
}

static void an_any_finds_its_type_anywhere(void **state)
{
    static const struct accepted cases[] = {
        {"Any", "{}", "{}"},
        {"Any", "{\"@type\":\"type.googleapis.com/json.test.Node\",\"name\":\"a\"}",
         "{\"@type\":\"type.googleapis.com/json.test.Node\",\"name\":\"a\"}"},
        {"Any", "{\"child\":{},\"name\":\"a\",\"@type\":\"x/y/json.test.Node\"}",
         "{\"@type\":\"x/y/json.test.Node\",\"name\":\"a\",\"child\":{}}"},
        {"Any", "{\"value\":\"1.5s\",\"@type\":\"/google.protobuf.Duration\"}",
         "{\"@type\":\"/google.protobuf.Duration\",\"value\":\"1.500s\"}"},
        {"Any", "{\"@type\":\"/google.protobuf.Value\",\"value\":null}",
         "{\"@type\":\"/google.protobuf.Value\",\"value\":null}"},
        {"Any", "{\"@type\":\"/google.protobuf.Empty\"}", "{\"@type\":\"/google.protobuf.Empty\"}"},
        {"Any", "{\"@type\":\"/google.protobuf.Any\",\"value\":{\"@type\":\"/json.test.Node\"}}",
         "{\"@type\":\"/google.protobuf.Any\",\"value\":{\"@type\":\"/json.test.Node\"}}"},
    };
    static const struct refused wrong[] = {
        {"Any", "{\"@type\":\"/json.test.Node\",\"children\":[5],\"tags\":[null]}", "children[0]",
         "2 fields are invalid"},
        {"Any", "{\"name\":\"a\"}", NULL, "must have \"@type\""},
        {"Any", "{\"@type\":5}", NULL, "must have a string in \"@type\""},
        {"Any", "{\"@type\":\"json.test.Node\"}", NULL, "must have a \"/\" in"},
        {"Any", "{\"@type\":\"/json.test.Nothing\"}", NULL, "must have a known type"},
        {"Any", "{\"@type\":\"\"}", NULL, "must have a \"/\" in"},
        {"Any", "{\"@type\":\"/json.test.Node\",\"@type\":\"/json.test.Node\"}", NULL, "twice"},
        {"WellKnown", "{\"any\":{\"@type\":\"/json.test.Node\",\"prot\":1}}", "any.prot",
         "is not a known field"},
        {"Any", "{\"@type\":\"/google.protobuf.Duration\",\"x\":1,\"value\":\"1s\"}", "x",
         "is not a known field"},
        {"Any", "{\"@type\":\"/google.protobuf.Duration\"}", "value", "is required"},
        {"Any", "{\"@type\":\"/google.protobuf.Duration\",\"value\":null}", "value", "null"},
        {"Any", "{\"@type\":\"/google.protobuf.Duration\",\"value\":\"1s\",\"value\":\"1s\"}",
         "value", "twice"},
        {"Any", "{\"@type\":\"/google.protobuf.Empty\",\"value\":{}}", "value",
         "is not a known field"},
        {"Any", "{\"a\":[}", NULL, "expected a value"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
    check_refused(wrong, COUNT(wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timestamps_and_durations_are_read_strictly),
        TEST(field_masks_and_wrappers_are_read),
        TEST(values_take_any_json),
        TEST(an_any_finds_its_type_anywhere),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
