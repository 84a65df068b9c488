/* Filters: what parses and with which words the rest fails, and what matches. */
#include "proto/filter/filter.h"
#include "proto/filter/filter_match.h"
#include "proto/filter/filter_parse.h"
#include "proto/filter/filter_record.h"
#include "storage/keys.h"
#include "tests/json/fixture.h"

static struct status parse(const char *type, const char *text, struct filter *ret_filter)
{
    return filter_parse(&json_arena, type_of(type), slice_from_cstr(text), key_fold_text,
                        ret_filter);
}

static unsigned matched; /* messages, also as they are packed */
static unsigned judged;  /* of these, those of which the bytes were enough */

/* The bytes of the message say the same, or that they are not sure. */
static void check_packed(const struct filter *filter, struct arena *scratch,
                         const ProtobufCMessage *message, const char *text, bool wanted)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(scratch, len + 1);
    enum filter_verdict verdict;

    protobuf_c_message_pack(message, bytes);
    verdict = filter_judge_record(filter, scratch, slice_make((const char *)bytes, len));
    matched++;
    judged += verdict != FILTER_UNSURE;
    if (verdict != FILTER_UNSURE && (verdict == FILTER_MATCHES) != wanted)
        fail_msg("%s: wanted %d of the packed message", text, wanted);
}

static bool matches(const char *type, const char *json, const char *text)
{
    struct filter filter = {.root = NULL};
    struct status status = parse(type, text, &filter);
    ProtobufCMessage *message = NULL;
    struct arena scratch;
    bool result;

    if (!status_is_ok(status))
        fail_msg("%s: %.*s", text,
                 SLICE_ARG(status.details == NULL ? status.message : status.details->description));
    status = read_text(type, json, false, &message);
    if (!status_is_ok(status))
        fail_msg("%s: %.*s", json, SLICE_ARG(status.message));
    arena_init(&scratch, NULL, LIMIT);
    result = filter_matches(&filter, &scratch, message);
    check_packed(&filter, &scratch, message, text, result);
    arena_done(&scratch);
    return result;
}

struct match_case {
    const char *filter;
    bool wanted;
};

static void expect_matches(const char *type, const char *json, const struct match_case *cases,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (matches(type, json, cases[i].filter) != cases[i].wanted)
            fail_msg("%s on %s: wanted %d", cases[i].filter, json, cases[i].wanted);
}

static void strings_compare_without_regard_to_case(void **state)
{
    static const struct match_case cases[] = {
        {"", true},
        {"  ", true},
        {"name = \"Edge  Router\"", true},
        {"name = 'EDGE ROUTER'", true},
        {"name = \"edge\"", false},
        {"name != \"edge\"", true},
        {"name:\"ROUT\"", true},
        {"name:\"switch\"", false},
        {"name:\"\"", true},
        {"name:\"edge*\"", true},
        {"name = \"edge*\"", true},
        {"name != \"edge*\"", false},
        {"name:\"router*\"", false},
        {"name:\"*\"", true},
        {"name:*", true},
        {"name >= \"edge\"", true},
        {"name < \"f\"", true},
        {"name > \"f\"", false},
        {"child.name = \"STRASSE\"", true},
        {"child.name:\"\\*\"", false},
        {"child.child.name = \"a\\*b\\\"\"", false},
        {"text:*", false},
        {"maybeText = \"\"", false},
        {"maybeText != \"\"", true},
        {"tags:\"a\"", true},
        {"tags:\"A*\"", true},
        {"tags:\"b\"", false},
        {"tags:\"bra*\"", true},
        {"children.name:\"on\"", true},
        {"children.name:\"three\"", false},
        {"children.tags:\"deep\"", true},
    };

    (void)state;
    expect_matches("Node",
                   "{\"name\":\"edge router\",\"child\":{\"name\":\"stra\xc3\x9f"
                   "e\"},"
                   "\"tags\":[\"A\",\"bravo\"],\"children\":[{\"name\":\"one\"},"
                   "{\"name\":\"two\",\"tags\":[\"deep\"]}]}",
                   cases, COUNT(cases));
}

static void an_escaped_asterisk_is_one(void **state)
{
    static const struct match_case cases[] = {
        {"name = \"a\\*b\\\\\\\"\"", true},
        {"name = \"a\\*\"", false},
        {"name = \"a\\**\"", true},
        {"name:'\\*B'", true},
    };

    (void)state;
    expect_matches("Node", "{\"name\":\"a*b\\\\\\\"\"}", cases, COUNT(cases));
}

static void numbers_bools_and_enums_compare_as_what_they_are(void **state)
{
    static const struct match_case cases[] = {
        {"anInt32 = -5", true},
        {"an_int32 < -4", true},
        {"anInt32 >= 0", false},
        {"anInt64 = 9223372036854775807", true},
        {"aUint64 > 9223372036854775807", true},
        {"aUint64 = 18446744073709551615", true},
        {"aUint32 <= 4294967295", true},
        {"aUint32:4294967295", true},
        {"aFloat > 1.4", true},
        {"aDouble < 1e-3", true},
        {"aDouble = 0.0001", true},
        {"aBool = true", true},
        {"aBool != true", false},
        {"aBool:*", true},
        {"color = RED", true},
        {"color = \"RED\"", true},
        {"color != GREEN", true},
        {"color:GREEN", false},
        {"aFixed32 = 0", true},
        {"aFixed32:*", false},
        {"someBytes:*", false},
        {"otherName = \"x\"", true},
    };

    (void)state;
    expect_matches("Scalars",
                   "{\"anInt32\":-5,\"anInt64\":\"9223372036854775807\",\"aUint64\":"
                   "\"18446744073709551615\",\"aUint32\":4294967295,\"aFloat\":1.5,\"aDouble\":"
                   "0.0001,\"aBool\":true,\"color\":\"RED\",\"otherName\":\"X\"}",
                   cases, COUNT(cases));
}

static void maps_lists_and_choices_are_reached(void **state)
{
    static const struct match_case cases[] = {
        {"labels.site = \"fra\"", true},
        {"labels.site = \"lon\"", false},
        {"labels.none = \"fra\"", false},
        {"labels.none != \"fra\"", true},
        {"labels.none:*", false},
        {"labels.site:*", true},
        {"labels.site:\"r\"", true},
        {"labels.\"app.io/name\" = \"x y\"", true},
        {"labels:\"site\"", true},
        {"labels:\"Site\"", false},
        {"labels:*", true},
        {"colorOf.a = GREEN", true},
        {"colorOf.b = GREEN", false},
        {"numbers:3", true},
        {"numbers:4", false},
        {"colors:RED", true},
        {"number > 6", true},
        {"text = \"7\"", false},
        {"node.name:\"x\"", false},
        {"maybeNumber = 0", true},
        {"children:*", false},
        {"NOT children:*", true},
    };

    (void)state;
    expect_matches("Node",
                   "{\"labels\":{\"site\":\"fra\",\"app.io/name\":\"X Y\"},\"colorOf\":{\"a\":"
                   "\"GREEN\"},\"numbers\":[1,3],\"colors\":[\"RED\"],\"number\":7,"
                   "\"maybeNumber\":0}",
                   cases, COUNT(cases));
}

static void times_and_durations_compare_by_their_moment(void **state)
{
    static const struct match_case cases[] = {
        {"time = 2026-01-31T08:00:00.5Z", true},
        {"time = \"2026-01-31T09:00:00.5+01:00\"", true},
        {"time < \"2026-01-31T08:00:00.500000001Z\"", true},
        {"time > 2026-01-31T08:00:00Z", true},
        {"time >= 2027-01-01T00:00:00Z", false},
        {"time:*", true},
        {"duration = 90s", true},
        {"duration > \"89.999s\"", true},
        {"duration < -1s", false},
        {"times:2026-01-31T08:00:00Z", true},
        {"object:*", true},
    };
    static const struct match_case unset[] = {
        {"time < 2026-01-31T08:00:00Z", false},
        {"time != 2026-01-31T08:00:00Z", true},
        {"duration > 0s", false},
    };

    (void)state;
    expect_matches("WellKnown",
                   "{\"time\":\"2026-01-31T08:00:00.5Z\",\"duration\":\"90s\",\"times\":["
                   "\"2026-01-31T08:00:00Z\"],\"object\":{}}",
                   cases, COUNT(cases));
    expect_matches("WellKnown", "{}", unset, COUNT(unset));
}

static void or_binds_tighter_than_and(void **state)
{
    static const struct match_case cases[] = {
        {"name = \"a\" AND number = 1", true},
        {"name = \"b\" AND number = 1 OR number = 1", false},
        {"number = 1 OR name = \"b\" AND name = \"c\"", false},
        {"number = 1 OR (name = \"b\" AND name = \"c\")", true},
        {"NOT name = \"b\" AND number = 1", true},
        {"NOT (name = \"a\" AND number = 1)", false},
        {"-(name = \"a\") OR number = 1", true},
        {"-name = \"a\"", false},
        {"((name=\"a\")AND(number=1))", true},
        {"name = \"x\" OR name = \"y\" OR name = \"a\"", true},
    };

    (void)state;
    expect_matches("Node", "{\"name\":\"a\",\"number\":1}", cases, COUNT(cases));
}

struct refusal {
    const char *type;
    const char *filter;
    const char *sentence;
};

static void refusals_say_where_and_what_would_be_right(void **state)
{
    static const struct refusal cases[] = {
        {"Node", "edge", "must compare \"edge\" with a value, such as name:\"edge\" (column 1)"},
        {"Node", "name = \"a\" AND edge", "such as name:\"edge\" (column 16)"},
        {"Node", "\"edge\"",
         "must compare \"edge\" with a value, such as name:\"edge\" (column 1)"},
        {"Node", "\"edge\" = \"a\"", "must begin a comparison with a field, such as name:\"edge\""},
        {"Node", "nmae = \"a\"", "must name a field; \"nmae\" is none of name, child, children, "},
        {"Node", "child.nope = 1", "\"nope\" is none of name, child, children"},
        {"Node", "name.x = 1", "must not name anything below \"name\" (column 6)"},
        {"Node", "secret = \"a\"", "must not name \"secret\", which answers never show (column 1)"},
        {"Node", "name = edge", "must compare \"name\" with a string in quotes (column 8)"},
        {"Node", "name = \"\xc3\xa4\" AND name = 5", "a string in quotes (column 23)"},
        {"Node", "name = \"a*b\"", "may have an asterisk at the end of a string alone"},
        {"Node", "name < \"a*\"", "a string without an asterisk at its end"},
        {"Node", "name = \"a\\n\"", "after a backslash (column 10)"},
        {"Node", "name = \"a", "has a string without its closing quote (column 8)"},
        {"Node", "name =", "must have a value after the operator (column 7)"},
        {"Node", "name ~ \"a\"", "must compare \"name\" with a value"},
        {"Node", "name~\"a\"",
         "must have one of =, !=, <, <=, >, >= and : after a field (column 5)"},
        {"Node", "numbers = 3", "must ask for an element of \"numbers\" by : alone (column 1)"},
        {"Node", "labels:site", "must compare \"labels\" with a key in quotes (column 8)"},
        {"Node", "byNumber.1.name = \"a\"",
         "must not name \"byNumber\", whose keys are no strings"},
        {"Node", "number = \"5\"", "a whole number of 32 bits, without quotes (column 10)"},
        {"Node", "number = 5000000000", "a whole number of 32 bits, without quotes (column 10)"},
        {"Node", "child = 5", "must compare a field below \"child\", such as child.name"},
        {"Node", "child = *", "must ask whether \"child\" is set by child:*"},
        {"Node", "(name = \"a\"", "must have a closing parenthesis at its end (column 12)"},
        {"Node", "name = \"a\")", "has a closing parenthesis that was not opened (column 11)"},
        {"Node", "name = \"a\" and number = 1", "must have AND and OR in capitals (column 12)"},
        {"Node", "name = \"a\" number = 1",
         "must have AND or OR between two comparisons (column 12)"},
        {"Node", "name = \"a\" AND", "must have the name of a field (column 15)"},
        {"Node", "AND name = \"a\"", "must compare \"AND\" with a value"},
        {"Node", "NOT NOT name = \"a\"", "must compare \"NOT\" with a value"},
        {"Node", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1", "must name a field by at most 16 names"},
        {"Scalars", "aBool = \"true\"", "must compare \"aBool\" with true or false (column 9)"},
        {"Scalars", "aBool < true", "must compare \"aBool\" with =, != or : (column 1)"},
        {"Scalars", "color = BLUE", "with one of COLOR_UNSPECIFIED, RED, GREEN (column 9)"},
        {"Scalars", "color < RED", "must compare \"color\" with =, != or : (column 1)"},
        {"Scalars", "aUint32 = -1", "a whole number from 0, without quotes"},
        {"Scalars", "aDouble = x", "must compare \"aDouble\" with a number, without quotes"},
        {"Scalars", "someBytes = \"a\"", "which holds bytes"},
        {"WellKnown", "time > \"yesterday\"", "with a time such as \"2026-01-31T08:00:00Z\""},
        {"WellKnown", "duration > 5", "with a duration such as 90s or 1.5s"},
        {"WellKnown", "object.a = 1", "must not name anything below \"object\""},
        {"WellKnown", "object = 1", "must not compare \"object\"; object:* asks whether it is set"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct filter filter;
        struct status status = parse(cases[i].type, cases[i].filter, &filter);

        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_true(slice_equal(status.details->subject, SLICE("filter")));
        if (strstr(arena_cstr(&json_arena, status.details->description), cases[i].sentence) == NULL)
            fail_msg("%s: wanted %s, got %.*s", cases[i].filter, cases[i].sentence,
                     SLICE_ARG(status.details->description));
    }
}

/* `count` times a part, between a beginning and an end. */
static const char *repeat(const char *first, const char *part, size_t count, const char *last)
{
    struct slice text = slice_from_cstr(first);

    for (size_t i = 0; i < count; i++)
        text = arena_printf(&json_arena, "%.*s%s", SLICE_ARG(text), part);
    return arena_printf(&json_arena, "%.*s%s", SLICE_ARG(text), last).data;
}

static void bounds_hold_to_the_last_unit(void **state)
{
    struct filter filter;
    struct status status;

    (void)state;
    assert_true(status_is_ok(parse("Node", repeat("number=1", " OR number=1", 63, ""), &filter)));
    status = parse("Node", repeat("number=1", " OR number=1", 64, ""), &filter);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_true(
        status_is_ok(parse("Node", repeat("", "(", 32, repeat("number=1", ")", 32, "")), &filter)));
    status = parse("Node", repeat("", "(", 33, repeat("number=1", ")", 33, "")), &filter);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_true(status_is_ok(parse("Node", repeat("number=1", " ", 4088, ""), &filter)));
    status = parse("Node", repeat("number=1", " ", 4089, ""), &filter);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
}

#ifdef DATASTREAM_FAULTS
static void each_allocation_may_fail(void **state)
{
    static const char text[] = "name:\"edge*\" AND (labels.site = 'fra' OR NOT numbers:3) AND "
                               "colors:RED AND child.child.name != \"\xc3\xa9\"";
    struct filter filter;
    unsigned long needed;

    (void)state;
    arena_fault_set(0, false);
    assert_true(status_is_ok(parse("Node", text, &filter)));
    needed = arena_fault_count();
    for (unsigned long i = 1; i <= needed; i++) {
        const struct message_type *type = type_of("Node");
        struct arena small;
        struct status status;

        arena_init(&small, NULL, LIMIT);
        arena_fault_set(i, false);
        status = filter_parse(&small, type, slice_from_cstr(text), key_fold_text, &filter);
        arena_fault_set(0, false);
        if (status_is_ok(status))
            assert_false(arena_failed(&small));
        else
            assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
        arena_done(&small);
    }
}
#endif

/* After the others: of their messages most were judged packed. */
static void most_packed_messages_need_no_unpacking(void **state)
{
    (void)state;
    assert_true(judged * 10 >= matched * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(strings_compare_without_regard_to_case, json_start,
                                        json_finish),
        cmocka_unit_test_setup_teardown(an_escaped_asterisk_is_one, json_start, json_finish),
        cmocka_unit_test_setup_teardown(numbers_bools_and_enums_compare_as_what_they_are,
                                        json_start, json_finish),
        cmocka_unit_test_setup_teardown(maps_lists_and_choices_are_reached, json_start,
                                        json_finish),
        cmocka_unit_test_setup_teardown(times_and_durations_compare_by_their_moment, json_start,
                                        json_finish),
        cmocka_unit_test_setup_teardown(or_binds_tighter_than_and, json_start, json_finish),
        cmocka_unit_test_setup_teardown(refusals_say_where_and_what_would_be_right, json_start,
                                        json_finish),
        cmocka_unit_test_setup_teardown(bounds_hold_to_the_last_unit, json_start, json_finish),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test_setup_teardown(each_allocation_may_fail, json_start, json_finish),
#endif
        cmocka_unit_test(most_packed_messages_need_no_unpacking),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
