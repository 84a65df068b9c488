/* Reading proto3 JSON: scalars, null, messages, lists and maps; what is refused, where and why. */
#include "proto/json/json_read.h"
#include "proto/json/json_text.h"
#include "tests/json/fixture.h"

static void integers_come_as_numbers_and_strings(void **state)
{
    static const struct accepted cases[] = {
        {"Scalars", "{\"anInt32\":-2147483648}", "{\"anInt32\":-2147483648}"},
        {"Scalars", "{\"anInt32\":\"2147483647\"}", "{\"anInt32\":2147483647}"},
        {"Scalars", "{\"anInt32\":1e5}", "{\"anInt32\":100000}"},
        {"Scalars", "{\"anInt32\":\"1e5\"}", "{\"anInt32\":100000}"},
        {"Scalars", "{\"anInt32\":1.0}", "{\"anInt32\":1}"},
        {"Scalars", "{\"anInt32\":1200e-2}", "{\"anInt32\":12}"},
        {"Scalars", "{\"anInt32\":-1.5e1}", "{\"anInt32\":-15}"},
        {"Scalars", "{\"anInt32\":0.00012e+5}", "{\"anInt32\":12}"},
        {"Scalars", "{\"anInt32\":0e999999999999999999999}", "{}"},
        {"Scalars", "{\"anInt32\":-0}", "{}"},
        {"Scalars", "{\"anInt32\":1.000000000000000000000000000000000000000000000}",
         "{\"anInt32\":1}"},
        {"Scalars", "{\"aUint32\":4294967295}", "{\"aUint32\":4294967295}"},
        {"Scalars", "{\"aUint32\":-0}", "{}"},
        {"Scalars", "{\"anInt64\":-9223372036854775808}", "{\"anInt64\":\"-9223372036854775808\"}"},
        {"Scalars", "{\"anInt64\":\"9223372036854775807\"}",
         "{\"anInt64\":\"9223372036854775807\"}"},
        {"Scalars", "{\"aUint64\":18446744073709551615}", "{\"aUint64\":\"18446744073709551615\"}"},
        {"Scalars", "{\"aUint64\":1.8446744073709551615e19}",
         "{\"aUint64\":\"18446744073709551615\"}"},
        {"Scalars", "{\"anInt64\":9007199254740993}", "{\"anInt64\":\"9007199254740993\"}"},
        {"Scalars", "{\"aFixed64\":\"12\",\"aSfixed64\":-12,\"aSint64\":5}",
         "{\"aSint64\":\"5\",\"aFixed64\":\"12\",\"aSfixed64\":\"-12\"}"},
        {"Scalars", "{\"aSint32\":-1,\"aFixed32\":1,\"aSfixed32\":-1}",
         "{\"aSint32\":-1,\"aFixed32\":1,\"aSfixed32\":-1}"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
}

static void integers_that_are_none_or_too_large_are_refused(void **state)
{
    static const struct refused cases[] = {
        {"Scalars", "{\"anInt32\":2147483648}", "anInt32", "in the range of its type"},
        {"Scalars", "{\"anInt32\":-2147483649}", "anInt32", "in the range of its type"},
        {"Scalars", "{\"aUint32\":4294967296}", "aUint32", "in the range of its type"},
        {"Scalars", "{\"aUint32\":-1}", "aUint32", "in the range of its type"},
        {"Scalars", "{\"anInt64\":9223372036854775808}", "anInt64", "in the range of its type"},
        {"Scalars", "{\"aUint64\":18446744073709551616}", "aUint64", "in the range of its type"},
        {"Scalars", "{\"aUint64\":184467440737095516150}", "aUint64", "in the range of its type"},
        {"Scalars", "{\"anInt32\":0.5}", "anInt32", "must be a whole number"},
        {"Scalars", "{\"anInt32\":1e-1}", "anInt32", "must be a whole number"},
        {"Scalars", "{\"anInt32\":\"1e536870000\"}", "anInt32", "in the range of its type"},
        {"Scalars", "{\"anInt32\":1e99999999999999999999}", "anInt32", "in the range of its type"},
        {"Scalars", "{\"anInt32\":1e-99999999999999999999}", "anInt32", "must be a whole number"},
        {"Scalars", "{\"anInt32\":\"+1\"}", "anInt32", "must be an integer"},
        {"Scalars", "{\"anInt32\":\" 1\"}", "anInt32", "must be an integer"},
        {"Scalars", "{\"anInt32\":\"1 \"}", "anInt32", "must be an integer"},
        {"Scalars", "{\"anInt32\":\"01\"}", "anInt32", "must be an integer"},
        {"Scalars", "{\"anInt32\":\"0x1\"}", "anInt32", "must be an integer"},
        {"Scalars", "{\"anInt32\":\"\"}", "anInt32", "must be an integer"},
        {"Scalars", "{\"anInt32\":\"1.\"}", "anInt32", "must be an integer"},
        {"Scalars", "{\"anInt32\":01}", NULL, "line 1, column 13: expected ',' or '}'"},
        {"Scalars", "{\"anInt32\":true}", "anInt32", "must be a number, not true"},
        {"Scalars", "{\"anInt32\":[1]}", "anInt32", "not an array"},
    };

    (void)state;
    check_refused(cases, COUNT(cases));
}

static void floats_are_rounded_once_and_bounded(void **state)
{
    static const struct accepted cases[] = {
        {"Scalars", "{\"aDouble\":1.5,\"aFloat\":\"-2.25\"}", "{\"aFloat\":-2.25,\"aDouble\":1.5}"},
        {"Scalars", "{\"aDouble\":\"NaN\",\"aFloat\":\"-Infinity\"}",
         "{\"aFloat\":\"-Infinity\",\"aDouble\":\"NaN\"}"},
        {"Scalars", "{\"aDouble\":\"Infinity\"}", "{\"aDouble\":\"Infinity\"}"},
        {"Scalars", "{\"aDouble\":1.7976931348623157e308}",
         "{\"aDouble\":1.7976931348623157e+308}"},
        {"Scalars", "{\"aDouble\":5e-324}", "{\"aDouble\":5e-324}"},
        {"Scalars", "{\"aDouble\":1e-400}", "{}"},
        {"Scalars", "{\"aDouble\":-0}", "{\"aDouble\":-0}"},
        {"Scalars", "{\"aFloat\":3.4028235e38}", "{\"aFloat\":3.4028235e+38}"},
        /* Half way between two floats but for digits that a double loses. */
        {"Scalars", "{\"aFloat\":1.00000005960464477539062500000000000000001}",
         "{\"aFloat\":1.0000001}"},
        {"Scalars", "{\"aDouble\":0.1}", "{\"aDouble\":0.1}"},
        {"Scalars", "{\"aDouble\":123456789012345.67}", "{\"aDouble\":123456789012345.67}"},
    };
    static const struct refused wrong[] = {
        {"Scalars", "{\"aFloat\":3.502823e+38}", "aFloat", "in the range of its type"},
        {"Scalars", "{\"aFloat\":-3.502823e+38}", "aFloat", "in the range of its type"},
        {"Scalars", "{\"aDouble\":1.89769e+308}", "aDouble", "in the range of its type"},
        {"Scalars", "{\"aDouble\":\"1e99999999999999999999\"}", "aDouble",
         "in the range of its type"},
        {"Scalars", "{\"aDouble\":\"nan\"}", "aDouble", "must be a number"},
        {"Scalars", "{\"aDouble\":\"inf\"}", "aDouble", "must be a number"},
        {"Scalars", "{\"aDouble\":\"0x1p3\"}", "aDouble", "must be a number"},
        {"Scalars", "{\"aDouble\":NaN}", "aDouble", "expected a value"},
        {"Scalars", "{\"aDouble\":\"\"}", "aDouble", "must be a number"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
    check_refused(wrong, COUNT(wrong));
}

static void scalars_are_read_strictly(void **state)
{
    static const struct accepted cases[] = {
        {"Scalars", " {\r\n\t\"aBool\" : true , \"color\":\"RED\" } ",
         "{\"aBool\":true,\"color\":\"RED\"}"},
        {"Scalars", "{\"color\":2}", "{\"color\":\"GREEN\"}"},
        {"Scalars", "{\"color\":77}", "{\"color\":77}"},
        {"Scalars", "{\"color\":2.0}", "{\"color\":\"GREEN\"}"},
        {"Scalars", "{\"someBytes\":\"-_\"}", "{\"someBytes\":\"+w==\"}"},
        {"Scalars", "{\"someBytes\":\"AQI=\"}", "{\"someBytes\":\"AQI=\"}"},
        {"Scalars", "{\"someBytes\":\"AQI\"}", "{\"someBytes\":\"AQI=\"}"},
        {"Scalars", "{\"someBytes\":\"\"}", "{}"},
        {"Scalars", "{\"aString\":\"\\u0041\\n\\/\\ud83d\\ude00\"}",
         "{\"aString\":\"A\\n/\xf0\x9f\x98\x80\"}"},
        {"Scalars", "{\"a_string\":\"by proto name\"}", "{\"aString\":\"by proto name\"}"},
        {"Scalars", "{\"otherName\":\"a\"}", "{\"otherName\":\"a\"}"},
        {"Scalars", "{\"renamed\":\"a\"}", "{\"otherName\":\"a\"}"},
        {"Scalars", "{\"a\\u0053tring\":\"escaped name\"}", "{\"aString\":\"escaped name\"}"},
        {"Scalars", "{\"aString\":\"\",\"aBool\":false,\"color\":0,\"anInt32\":0}", "{}"},
        {"Scalars", "{\"anInt32\":1,\"lastNumber\":\"first\"}",
         "{\"lastNumber\":\"first\",\"anInt32\":1}"},
    };
    static const struct refused wrong[] = {
        {"Scalars", "{\"aBool\":\"true\"}", "aBool", "must be true or false, not a string"},
        {"Scalars", "{\"aBool\":1}", "aBool", "must be true or false, not a number"},
        {"Scalars", "{\"aBool\":tru}", "aBool", "expected a value"},
        {"Scalars", "{\"color\":\"red\"}", "color", "must be one of the values"},
        {"Scalars", "{\"color\":\"1\"}", "color", "must be one of the values"},
        {"Scalars", "{\"color\":4294967296}", "color", "in the range of its type"},
        {"Scalars", "{\"color\":1.5}", "color", "must be a whole number"},
        {"Scalars", "{\"aString\":5}", "aString", "must be a string, not a number"},
        {"Scalars", "{\"someBytes\":5}", "someBytes", "must be a base64 string"},
        {"Scalars", "{\"someBytes\":\"A\"}", "someBytes", "must be base64"},
        {"Scalars", "{\"someBytes\":\"A Q=\"}", "someBytes", "must be base64"},
        {"Scalars", "{\"renamed\":\"a\",\"otherName\":\"b\"}", "otherName", "given twice"},
        {"Scalars", "{\"aString\":\"\\ud83d\"}", "aString", "surrogate"},
        {"Scalars", "{\"aString\":\"\\ude00\\ud83d\"}", "aString", "surrogate"},
        {"Scalars", "{\"aString\":\"\\ud83dx\"}", "aString", "surrogate"},
        {"Scalars", "{\"aString\":\"\\u0000\"}", "aString", "U+0000"},
        {"Scalars", "{\"aString\":\"a\nb\"}", "aString", "control character"},
        {"Scalars", "{\"aString\":\"\xff\"}", NULL, "not valid UTF-8"},
        {"Scalars", "{\"aString\":\"\xed\xa0\x80\"}", NULL, "not valid UTF-8"},
        {"Scalars", "{\"aString\":\"\xc0\x80\"}", NULL, "not valid UTF-8"},
        {"Scalars", "{\"aString\":\"\\x41\"}", "aString", "unknown escape"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
    check_refused(wrong, COUNT(wrong));
}

static void null_means_not_set(void **state)
{
    static const struct accepted cases[] = {
        {"Scalars", "{\"anInt32\":null,\"aString\":null,\"color\":null,\"someBytes\":null}", "{}"},
        {"Node", "{\"child\":null,\"children\":null,\"labels\":null,\"maybeNumber\":null}", "{}"},
        {"Node", "{\"text\":null,\"number\":5}", "{\"number\":5}"},
        {"Node", "{\"number\":0,\"text\":null}", "{\"number\":0}"},
        {"Node", "{\"nothing\":null}", "{\"nothing\":null}"},
        {"WellKnown", "{\"time\":null,\"wrappedBool\":null,\"object\":null,\"list\":null}", "{}"},
        {"WellKnown", "{\"value\":null}", "{\"value\":null}"},
        {"WellKnown", "{\"values\":[null,1],\"valueOf\":{\"a\":null}}",
         "{\"values\":[null,1],\"valueOf\":{\"a\":null}}"},
        {"WellKnown", "{\"nulls\":[null,\"NULL_VALUE\",0]}", "{\"nulls\":[null,null,null]}"},
        {"WellKnown", "{\"nullValue\":null}", "{}"},
        {"Value", "null", "null"},
    };
    static const struct refused wrong[] = {
        {"Scalars", "null", NULL, "must be an object, not null"},
        {"Struct", "null", NULL, "must be an object, not null"},
        {"Timestamp", "null", NULL, "not null"},
        {"Node", "{\"children\":[null]}", "children[0]", "must not be null"},
        {"Node", "{\"numbers\":[1,null]}", "numbers[1]", "must not be null"},
        {"Node", "{\"labels\":{\"a\":null}}", "labels[\"a\"]", "must not be null"},
        {"Node", "{\"labels\":{null:\"a\"}}", "labels", "expected a name"},
        {"Node", "{\"nothing\":5516}", "nothing", "must be one of the values"},
        {"WellKnown", "{\"times\":[null]}", "times[0]", "must not be null"},
        {"Node", "{\"nothing\":null,\"text\":\"a\"}", "text",
         "must not be given together with another field of \"choice\""},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
    check_refused(wrong, COUNT(wrong));
}

static void messages_lists_and_maps_are_read(void **state)
{
    static const struct accepted cases[] = {
        {"Node", "{}", "{}"},
        {"Node", "{\"child\":{}}", "{\"child\":{}}"},
        {"Node", "{\"child\":{\"child\":{\"name\":\"deep\"}}}",
         "{\"child\":{\"child\":{\"name\":\"deep\"}}}"},
        {"Node", "{\"children\":[{},{\"name\":\"b\"}],\"numbers\":[],\"tags\":[\"\",\"x\"]}",
         "{\"children\":[{},{\"name\":\"b\"}],\"tags\":[\"\",\"x\"]}"},
        {"Node", "{\"numbers\":[1,\"2\",3e0,4,5,6,7,8,9,10]}",
         "{\"numbers\":[1,2,3,4,5,6,7,8,9,10]}"},
        {"Node", "{\"colors\":[\"GREEN\",1,0]}",
         "{\"colors\":[\"GREEN\",\"RED\",\"COLOR_UNSPECIFIED\"]}"},
        {"Node", "{\"labels\":{\"b\":\"1\",\"\":\"2\",\"\\u0061\":\"3\"}}",
         "{\"labels\":{\"b\":\"1\",\"\":\"2\",\"a\":\"3\"}}"},
        {"Node", "{\"byNumber\":{\"-1\":{},\"1e2\":{\"name\":\"a\"}}}",
         "{\"byNumber\":{\"-1\":{},\"100\":{\"name\":\"a\"}}}"},
        {"Node", "{\"byBool\":{\"true\":\"AQ==\",\"false\":\"\"}}",
         "{\"byBool\":{\"true\":\"AQ==\",\"false\":\"\"}}"},
        {"Node", "{\"byLong\":{\"18446744073709551615\":0.5}}",
         "{\"byLong\":{\"18446744073709551615\":0.5}}"},
        {"Node", "{\"colorOf\":{\"a\":\"RED\"}}", "{\"colorOf\":{\"a\":\"RED\"}}"},
        {"Node", "{\"maybeNumber\":0,\"maybeText\":\"\"}",
         "{\"maybeNumber\":0,\"maybeText\":\"\"}"},
        {"Node", "{\"node\":{\"node\":{\"text\":\"\"}}}", "{\"node\":{\"node\":{\"text\":\"\"}}}"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), false);
}

/* In the order of the declaration each name is the one that is looked for first. */
static void names_are_told_from_those_that_are_likely(void **state)
{
    static const struct accepted accepted[] = {
        {"Scalars", "{\"lastNumber\":\"x\",\"anInt32\":1,\"anInt64\":2}",
         "{\"lastNumber\":\"x\",\"anInt32\":1,\"anInt64\":\"2\"}"},
        {"Scalars", "{ \"lastNumber\" : \"x\" ,\n\t\"anInt32\"\r: 1 }",
         "{\"lastNumber\":\"x\",\"anInt32\":1}"},
        {"Scalars", "{\"\\u006castNumber\":\"x\",\"an\\u0049nt32\":1}",
         "{\"lastNumber\":\"x\",\"anInt32\":1}"},
        {"Scalars", "{\"an_int32\":1,\"anInt64\":2}", "{\"anInt32\":1,\"anInt64\":\"2\"}"},
        {"Scalars", "{\"renamed\":\"x\"}", "{\"otherName\":\"x\"}"},
        {"Awkward", "{\"a\\\"b\":\"x\",\"after\":\"y\",\"c\\\\\":\"z\"}",
         "{\"a\\\"b\":\"x\",\"after\":\"y\",\"c\\\\\":\"z\"}"},
    };
    static const struct refused refused[] = {
        {"Scalars", "{\"lastNumbe\":\"x\"}", "lastNumbe", "is not a known field"},
        {"Scalars", "{\"lastNumber \":\"x\"}", "lastNumber ", "is not a known field"},
        {"Scalars", "{\"lastNumberx\":\"x\"}", "lastNumberx", "is not a known field"},
        {"Scalars", "{\"LastNumber\":\"x\"}", "LastNumber", "is not a known field"},
        {"Scalars", "{\"lastNumber\":\"x\",\"lastNumber\":\"y\"}", "lastNumber",
         "must not be given twice"},
        {"Scalars", "{\"anInt64\":2,\"anInt32\":1,\"an_int64\":3}", "anInt64",
         "must not be given twice"},
        {"Scalars", "{\"lastNumber", NULL, "line 1, column 13: the string does not end"},
        {"Scalars", "{\"lastNumber\"", NULL, "line 1, column 14: expected ':'"},
        {"Scalars", "{\"lastNumber\"\"x\"}", NULL, "line 1, column 14: expected ':'"},
        {"Scalars", "{\"lastNumber\":", "lastNumber", "column 15: expected a value"},
        {"Scalars", "{lastNumber:\"x\"}", NULL, "expected a name in double quotes"},
        {"Awkward", "{\"a\"b\":\"x\"}", NULL, "line 1, column 5: expected ':'"},
        {"Awkward", "{\"after\":\"x\",\"c\\\":\"y\"}", NULL, "expected ':'"},
    };

    (void)state;
    check_accepted(accepted, COUNT(accepted), false);
    check_refused(refused, COUNT(refused));
}

static void refusals_name_the_place(void **state)
{
    static const struct refused cases[] = {
        {"Node", "{\"child\":{\"child\":{\"prot\":1}}}", "child.child.prot",
         "is not a known field"},
        {"Node", "{\"prot\":null}", "prot", "is not a known field"},
        {"Node", "{\"children\":[{},{\"tags\":[\"a\",7]}]}", "children[1].tags[1]",
         "must be a string, not a number"},
        {"Node", "{\"labels\":{\"a\\\"b\":5}}", "labels[\"a\\\"b\"]", "must be a string"},
        {"Node", "{\"byNumber\":{\"x\":{}}}", "byNumber[\"x\"]",
         "must have a map key that is an integer"},
        {"Node", "{\"byNumber\":{\"2147483648\":{}}}", "byNumber[\"2147483648\"]",
         "in the range of its type"},
        {"Node", "{\"byBool\":{\"True\":\"\"}}", "byBool[\"True\"]",
         "must have a map key that is true or false"},
        {"Node", "{\"byNumber\":{\"1\":{\"name\":1}}}", "byNumber[\"1\"].name", "must be a string"},
        {"Node", "{\"name\":\"a\",\"name\":\"b\"}", "name", "given twice"},
        {"Node", "{\"maybeText\":\"a\",\"maybe_text\":\"b\"}", "maybeText", "given twice"},
        {"Node", "{\"name\":null,\"name\":\"b\"}", "name", "given twice"},
        {"Node", "{\"labels\":{\"a\":\"1\",\"a\":\"1\"}}", "labels[\"a\"]", "given twice"},
        {"Node", "{\"labels\":{\"a\":\"1\",\"\\u0061\":\"1\"}}", "labels[\"a\"]", "given twice"},
        {"Node", "{\"byNumber\":{\"1\":{},\"1.0\":{}}}", "byNumber", "must not have a key twice"},
        {"Node", "{\"text\":\"a\",\"number\":1}", "number",
         "must not be given together with another field of \"choice\""},
        {"Node", "{\"children\":{}}", "children", "must be an array, not an object"},
        {"Node", "{\"labels\":[]}", "labels", "must be an object, not an array"},
        {"Node", "{\"child\":[]}", "child", "must be an object, not an array"},
        {"Node", "[]", NULL, "must be an object, not an array"},
        {"Node", "", NULL, "expected a value"},
        {"Node", "{\"child\":", "child", "expected a value"},
        {"Node", "{} {}", NULL, "nothing may follow"},
        {"Node", "{\n\n  \"name\": 'a'}", "name", "line 3, column 11: expected a value"},
        {"Node", "{\"tags\":[\"a\",]}", "tags[1]", "expected a value"},
        {"Node", "{\"name\":\"a\",}", NULL, "expected a name"},
        {"Node", "{name:\"a\"}", NULL, "expected a name"},
        {"Node", "{\"name\":\"a\"/**/}", NULL, "expected ',' or '}'"},
    };

    (void)state;
    check_refused(cases, COUNT(cases));
}

static void assert_violations(const char *type, const char *text, const char *const *wanted,
                              size_t count)
{
    ProtobufCMessage *message = NULL;
    struct status status = read_text(type, text, false, &message);
    const struct status_detail *detail = status.details;

    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_null(message);
    for (size_t i = 0; i < count; i++, detail = detail->next) {
        if (detail == NULL)
            fail_msg("%s: wanted %s, got nothing", text, wanted[i]);
        assert_text(detail->subject, wanted[i]);
    }
    assert_null(detail);
}

static void all_violations_of_a_text_come_at_once(void **state)
{
    static const char text[] =
        "{\"nope\":[{}],\"anInt32\":\"x\",\"aBool\":true,\"aString\":{\"a\":[1]},"
        "\"anInt32\":1,\"color\":\"PINK\"}";
    static const char *const wanted[] = {"nope", "anInt32", "aString", "anInt32", "color"};

    (void)state;
    assert_violations("Scalars", text, wanted, COUNT(wanted));
}

static void lists_and_maps_are_read_on_behind_a_violation(void **state)
{
    static const struct {
        const char *type;
        const char *text;
        const char *wanted[8];
    } cases[] = {
        {"Node",
         "{\"tags\":[1,\"a\",{\"b\":[]},null],\"name\":2}",
         {"tags[0]", "tags[2]", "tags[3]", "name"}},
        {"Node",
         "{\"children\":[5,{\"nope\":1,\"children\":[6,{}]},{\"name\":7}]}",
         {"children[0]", "children[1].nope", "children[1].children[0]", "children[2].name"}},
        {"Node",
         "{\"labels\":{\"a\":1,\"b\":\"c\",\"d\":null},\"byNumber\":{\"x\":{},\"1\":[]}}",
         {"labels[\"a\"]", "labels[\"d\"]", "byNumber[\"x\"]", "byNumber[\"1\"]"}},
        {"Node",
         "{\"colors\":[\"PINK\",1,\"BLUE\"],\"numbers\":[1.5,1]}",
         {"colors[0]", "colors[2]", "numbers[0]"}},
        {"ListValue", "[1e999,{\"a\":[1e999]}]", {"[0]", "[1][\"a\"][0]"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t count = 0;

        while (count < COUNT(cases[i].wanted) && cases[i].wanted[count] != NULL)
            count++;
        assert_violations(cases[i].type, cases[i].text, cases[i].wanted, count);
    }
}

/* A text of `count` times `item` between `head` and `tail`. */
static char *repeat(const char *head, const char *item, size_t count, const char *tail)
{
    size_t len = strlen(item);
    char *text = arena_alloc(&json_arena, strlen(head) + count * len + strlen(tail) + 1);
    char *at = stpcpy(text, head);

    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, item);
    strcpy(at, tail);
    return text;
}

static void what_the_contract_has_no_room_for_is_not_read(void **state)
{
    static const struct accepted full[] = {
        {"Bounded", "{\"few\":[\"\",\"\"],\"one\":[{}],\"pairs\":{\"a\":\"\",\"b\":\"\"}}",
         "{\"few\":[\"\",\"\"],\"one\":[{}],\"pairs\":{\"a\":\"\",\"b\":\"\"}}"},
    };
    static const struct refused cases[] = {
        {"Bounded", "{\"few\":[\"\",\"\",\"\"]}", "few", "must have at most 2 items"},
        {"Bounded", "{\"one\":[{},{}]}", "one", "must have at most 1 item"},
        {"Bounded", "{\"pairs\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}}", "pairs",
         "must have at most 2 entries"},
    };
    struct json_read_options options = {.contract = json_contract};
    ProtobufCMessage *message = NULL;
    struct arena small;
    struct status status;
    const char *text;

    (void)state;
    check_accepted(full, COUNT(full), false);
    check_refused(cases, COUNT(cases));
    assert_violations(
        "Bounded", "{\"few\":[1,\"\",\"\"],\"pairs\":{\"a\":\"\",\"b\":\"\",\"c\":5},\"name\":5}",
        (const char *const[]){"few[0]", "few", "pairs", "name"}, 4);
    text = repeat("{\"few\":[\"\"", ",\"\\n\"", 400000, "],\"pairs\":{\"a\":\"\"");
    text = repeat(text, ",\"b\":\"\"", 200000, "},\"name\":5}");
    arena_init(&small, NULL, 32768); /* much less than the text */
    status = json_read_message(&small, type_of("Bounded"), slice_from_cstr(text), &options,
                               &message);
    assert_text(status.message,
                "3 fields are invalid; the first is few: must have at most 2 items");
    arena_done(&small);
}

static void long_names_are_cut_where_they_are_repeated(void **state)
{
    const char *name = repeat("{\"", "\xc3\xbc", 100000, "\":1}");
    const char *key = repeat("{\"labels\":{\"x", "\xc3\xbc", 100000, "\":1}}");
    const char *url = repeat("{\"@type\":\"/", "a", 100000, "\"}");
    const struct refused cases[] = {
        {"Node", name, repeat("", "\xc3\xbc", 64, "..."), "is not a known field"},
        {"Node", key, repeat("labels[\"x", "\xc3\xbc", 63, "...\"]"), "must be a string"},
        {"Any", url, NULL, repeat("not \"/", "a", 127, "...\".")},
    };

    (void)state;
    check_refused(cases, COUNT(cases));
}

static void a_text_that_breaks_behind_a_violation_is_broken(void **state)
{
    static const struct refused cases[] = {
        {"Scalars", "{\"nope\":1,}", NULL, "must be valid JSON"},
        {"Scalars", "{\"nope\":[1,}", NULL, "must be valid JSON"},
        {"Scalars", "{\"anInt32\":\"x\"} x", NULL, "must be valid JSON"},
    };

    (void)state;
    check_refused(cases, COUNT(cases));
}

static void the_prefix_stands_in_front_of_paths(void **state)
{
    struct json_read_options options = {.contract = json_contract, .path_prefix = SLICE("device")};
    ProtobufCMessage *message = NULL;
    struct status status = json_read_message(
        &json_arena, type_of("Node"), SLICE("{\"child\":{\"tags\":[1]}}"), &options, &message);

    (void)state;
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_text(status.details->subject, "device.child.tags[0]");
}

static void unknown_names_can_be_ignored(void **state)
{
    static const struct accepted cases[] = {
        {"Node", "{\"prot\":{\"a\":[1,{}]},\"name\":\"a\",\"x\":null}", "{\"name\":\"a\"}"},
        {"Scalars", "{\"color\":\"PURPLE\",\"anInt32\":1}", "{\"anInt32\":1}"},
        {"Node", "{\"colors\":[\"RED\",\"PURPLE\",\"GREEN\"]}", "{\"colors\":[\"RED\",\"GREEN\"]}"},
        {"Node", "{\"colorOf\":{\"a\":\"PURPLE\",\"b\":\"RED\"}}", "{\"colorOf\":{\"b\":\"RED\"}}"},
    };

    (void)state;
    check_accepted(cases, COUNT(cases), true);
}

/* `levels` objects within each other. */
static const char *nested(size_t levels)
{
    struct json_text text = {.arena = &json_arena};

    for (size_t i = 1; i < levels; i++)
        json_put_literal(&text, "{\"child\":");
    json_put_literal(&text, "{");
    for (size_t i = 0; i < levels; i++)
        json_put_literal(&text, "}");
    return arena_cstr(&json_arena, json_text_slice(&text));
}

static void depth_is_bounded(void **state)
{
    ProtobufCMessage *message = NULL;

    (void)state;
    assert_true(status_is_ok(read_text("Node", nested(JSON_DEPTH_MOST), false, &message)));
    assert_int_equal(read_text("Node", nested(JSON_DEPTH_MOST + 1), false, &message).code,
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(read_text("Node", nested(100000), false, &message).code,
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(read_text("Node", nested(100000), true, &message).code,
                     STATUS_INVALID_ARGUMENT);
}

/* `count` times `head`, the middle, `count` times `tail`. */
static const char *nest(const char *head, const char *middle, const char *tail, size_t count)
{
    return repeat(repeat("", head, count, middle), tail, count, "");
}

static void every_level_of_brackets_counts(void **state)
{
    static const struct {
        const char *type, *head, *middle, *tail;
        size_t brackets; /* of one level */
        size_t inner;    /* of the middle */
    } cases[] = {
        {"Value", "[", "1", "]", 1, 0},
        {"Value", "{\"a\":", "[]", "}", 1, 1},
        {"ListValue", "[", "[]", "]", 1, 1},
        {"Value", "[{\"a\":", "null", "}]", 2, 0},
        {"Node", "{\"children\":[", "{}", "]}", 2, 1},
        {"Node", "{\"byNumber\":{\"1\":", "{}", "}}", 2, 1},
        {"Any", "{\"@type\":\"/google.protobuf.Any\",\"value\":", "{}", "}", 1, 1},
    };
    ProtobufCMessage *message = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t most = (JSON_DEPTH_MOST - cases[i].inner) / cases[i].brackets;

        for (size_t count = most; count <= most + 1; count++) {
            const char *text = nest(cases[i].head, cases[i].middle, cases[i].tail, count);
            struct status status = read_text(cases[i].type, text, false, &message);

            if (status_is_ok(status) != (count == most))
                fail_msg("%s%s: %zu levels", cases[i].head, cases[i].middle, count);
        }
    }
    /* What is passed over is counted too. */
    for (size_t count = 99; count <= 100; count++) {
        const char *text = repeat("{\"x\":", "[", count, repeat("", "]", count, "}"));

        assert_int_equal(status_is_ok(read_text("Node", text, true, &message)), count == 99);
    }
}

static void many_map_keys_are_told_apart(void **state)
{
    struct json_text text = {.arena = &json_arena};
    ProtobufCMessage *message = NULL;
    struct status status;

    (void)state;
    json_put_literal(&text, "{\"labels\":{");
    for (unsigned i = 0; i < 5000; i++) {
        struct slice entry = arena_printf(&json_arena, "\"key-%u\":\"\",", i);

        json_put(&text, entry);
    }
    status = read_text(
        "Node",
        arena_printf(&json_arena, "%.*s\"key-5000\":\"\"}}", SLICE_ARG(json_text_slice(&text)))
            .data,
        false, &message);
    assert_true(status_is_ok(status));
    status = read_text(
        "Node",
        arena_printf(&json_arena, "%.*s\"key-1234\":\"\"}}", SLICE_ARG(json_text_slice(&text)))
            .data,
        false, &message);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_text(status.details->subject, "labels[\"key-1234\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers_come_as_numbers_and_strings),
        TEST(integers_that_are_none_or_too_large_are_refused),
        TEST(floats_are_rounded_once_and_bounded),
        TEST(scalars_are_read_strictly),
        TEST(null_means_not_set),
        TEST(messages_lists_and_maps_are_read),
        TEST(names_are_told_from_those_that_are_likely),
        TEST(refusals_name_the_place),
        TEST(all_violations_of_a_text_come_at_once),
        TEST(lists_and_maps_are_read_on_behind_a_violation),
        TEST(what_the_contract_has_no_room_for_is_not_read),
        TEST(long_names_are_cut_where_they_are_repeated),
        TEST(a_text_that_breaks_behind_a_violation_is_broken),
        TEST(the_prefix_stands_in_front_of_paths),
        TEST(unknown_names_can_be_ignored),
        TEST(depth_is_bounded),
        TEST(every_level_of_brackets_counts),
        TEST(many_map_keys_are_told_apart),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
