/*
 * Values of indexes: their bytes have the order of the values, and comparisons leave the right
 * ranges.
 */
#include "proto/contract/contract_find.h"
#include "proto/filter/filter_parse.h"
#include "rpc/services/resource/index.h"
#include "storage/keys.h"
#include "tests/json/fixture.h"

static struct slice value_of(const char *type, const char *name, const char *json)
{
    ProtobufCMessage *message = NULL;
    struct status status = read_text(type, json, false, &message);

    if (!status_is_ok(status))
        fail_msg("%s: %.*s", json, SLICE_ARG(status.message));
    return index__value(&json_arena, message_field_by_name(type_of(type), slice_from_cstr(name)),
                        message);
}

/* The values ascend strictly. */
static void expect_order(const char *type, const char *name, const char *const *values,
                         size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        struct slice a = value_of(type, name, values[i]);
        struct slice b = value_of(type, name, values[i + 1]);

        if (slice_compare(a, b) >= 0 || slice_starts_with(b, a))
            fail_msg("%s does not come before %s", values[i], values[i + 1]);
    }
}

#define EXPECT_ORDER(type, name, ...)                      \
    do {                                                   \
        static const char *const values[] = {__VA_ARGS__}; \
                                                           \
        expect_order(type, name, values, COUNT(values));   \
    } while (0)

static void values_sort_as_what_they_are(void **state)
{
    (void)state;
    EXPECT_ORDER("Scalars", "anInt32", "{\"anInt32\":-2147483648}", "{\"anInt32\":-1}", "{}",
                 "{\"anInt32\":1}", "{\"anInt32\":2147483647}");
    EXPECT_ORDER("Scalars", "anInt64", "{\"anInt64\":\"-9223372036854775808\"}", "{}",
                 "{\"anInt64\":\"256\"}", "{\"anInt64\":\"9223372036854775807\"}");
    EXPECT_ORDER("Scalars", "aUint64", "{}", "{\"aUint64\":\"9223372036854775807\"}",
                 "{\"aUint64\":\"18446744073709551615\"}");
    EXPECT_ORDER("Scalars", "aDouble", "{\"aDouble\":\"-Infinity\"}", "{\"aDouble\":-2}",
                 "{\"aDouble\":-1.5}", "{}", "{\"aDouble\":1e-300}", "{\"aDouble\":3}",
                 "{\"aDouble\":\"Infinity\"}");
    EXPECT_ORDER("Scalars", "aFloat", "{\"aFloat\":-1}", "{}", "{\"aFloat\":0.5}");
    EXPECT_ORDER("Scalars", "aBool", "{}", "{\"aBool\":true}");
    EXPECT_ORDER("Scalars", "color", "{}", "{\"color\":\"RED\"}", "{\"color\":\"GREEN\"}");
    EXPECT_ORDER("Scalars", "aString", "{}", "{\"aString\":\"a\"}", "{\"aString\":\"A b\"}",
                 "{\"aString\":\"AB\"}", "{\"aString\":\"b\"}", "{\"aString\":\"\xc3\xa4\"}");
    EXPECT_ORDER("WellKnown", "time", "{}", "{\"time\":\"1969-12-31T23:59:59.5Z\"}",
                 "{\"time\":\"1970-01-01T00:00:00Z\"}", "{\"time\":\"1970-01-01T00:00:00.001Z\"}",
                 "{\"time\":\"2026-01-01T00:00:00Z\"}");
    EXPECT_ORDER("Node", "maybeNumber", "{}", "{\"maybeNumber\":-1}", "{\"maybeNumber\":0}");
}

struct range_case {
    const char *type, *name, *filter, *json;
};

/* What the comparison matches lies in its range. */
static void ranges_leave_what_matches(void **state)
{
    static const struct range_case cases[] = {
        {"Scalars", "anInt32", "anInt32 = -5", "{\"anInt32\":-5}"},
        {"Scalars", "color", "color:RED", "{\"color\":\"RED\"}"},
        {"Scalars", "aBool", "aBool = false", "{}"},
        {"Scalars", "aUint64", "aUint64 = 18446744073709551615",
         "{\"aUint64\":\"18446744073709551615\"}"},
        {"Scalars", "aDouble", "aDouble = 1.5", "{\"aDouble\":1.5}"},
        {"Scalars", "aString", "aString = \"EDGE\"", "{\"aString\":\"edge\"}"},
        {"Scalars", "aString", "aString = \"EDGE*\"", "{\"aString\":\"edge-1\"}"},
        {"Scalars", "aString", "aString = \"*\"", "{\"aString\":\"edge-1\"}"},
        {"WellKnown", "time", "time = 2026-01-01T00:00:00Z", "{\"time\":\"2026-01-01T00:00:00Z\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct message_type *type = type_of(cases[i].type);
        const struct field *field = message_field_by_name(type, slice_from_cstr(cases[i].name));
        struct slice value = value_of(cases[i].type, cases[i].name, cases[i].json);
        struct slice least, end;
        struct filter filter;

        assert_true(status_is_ok(filter_parse(&json_arena, type, slice_from_cstr(cases[i].filter),
                                              key_fold_text, &filter)));
        assert_true(index__range(&json_arena, field, filter.root->term, &least, &end));
        if (slice_compare(value, least) < 0 || slice_compare(value, end) >= 0)
            fail_msg("%s does not leave %s", cases[i].filter, cases[i].json);
    }
}

static void long_texts_are_cut_and_narrow_to_what_they_share(void **state)
{
    const struct message_type *type = type_of("Scalars");
    const struct field *field = message_field_by_name(type, SLICE("aString"));
    struct slice text = SLICE_EMPTY;

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct filter filter;
        struct slice value, least, end;

        text = arena_printf(&json_arena, "%.*sa", SLICE_ARG(text));
        value = value_of("Scalars", "aString",
                         arena_printf(&json_arena, "{\"aString\":\"%.*s\"}", SLICE_ARG(text)).data);
        assert_int_equal(value.len, 2 + (i < INDEX_TEXT_MOST ? i + 1 : INDEX_TEXT_MOST));
        assert_true(status_is_ok(filter_parse(
            &json_arena, type, arena_printf(&json_arena, "aString = \"%.*s\"", SLICE_ARG(text)),
            key_fold_text, &filter)));
        assert_true(index__range(&json_arena, field, filter.root->term, &least, &end));
        assert_true(slice_compare(value, least) >= 0 && slice_compare(value, end) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_sort_as_what_they_are, json_start, json_finish),
        cmocka_unit_test_setup_teardown(ranges_leave_what_matches, json_start, json_finish),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_and_narrow_to_what_they_share,
                                        json_start, json_finish),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
