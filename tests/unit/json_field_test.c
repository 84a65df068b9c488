/* Reading for requests: present paths, single fields, and texts of queries and paths. */
#include "proto/contract/contract_find.h"
#include "proto/json/json_read.h"
#include "proto/json/json_read_text.h"
#include "proto/json/json_text.h"
#include "tests/json/fixture.h"

static void present_paths_are_the_leaves(void **state)
{
    static const struct {
        const char *type;
        const char *in;
        const char *paths;
    } cases[] = {
        {"Node", "{}", ""},
        {"Node", "{\"name\":\"a\",\"child\":{\"maybeText\":null,\"child\":{}}}",
         "name child.maybe_text child.child"},
        {"Node", "{\"children\":[{\"name\":\"a\"}],\"labels\":{\"a\":\"b\"},\"tags\":null}",
         "children labels tags"},
        {"Node", "{\"child\":null,\"node\":{\"number\":1}}", "child node.number"},
        {"WellKnown",
         "{\"time\":\"2024-01-01T00:00:00Z\",\"object\":{\"a\":{}},\"wrappedInt32\":1}",
         "time object wrapped_int32"},
        {"WellKnown", "{\"any\":{\"@type\":\"/json.test.Node\",\"name\":\"a\"},\"value\":null}",
         "any value"},
        {"Any",
         "{\"@type\":\"/google.protobuf.Any\",\"value\":{\"@type\":\"/"
         "json.test.Node\",\"name\":\"a\"}}",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_paths present = {0};
        struct json_read_options options = {.contract = json_contract, .present = &present};
        struct json_text joined = {.arena = &json_arena};
        ProtobufCMessage *message = NULL;
        size_t count = 0;
        struct status status = json_read_message(&json_arena, type_of(cases[i].type),
                                                 slice_from_cstr(cases[i].in), &options, &message);

        assert_true(status_is_ok(status));
        for (const struct json_path *path = present.first; path != NULL; path = path->next) {
            if (count++ > 0)
                json_put_literal(&joined, " ");
            json_put(&joined, path->path);
        }
        assert_int_equal(count, present.count);
        if (!slice_equal(json_text_slice(&joined), slice_from_cstr(cases[i].paths)))
            fail_msg("%s: wanted %s, got %.*s", cases[i].in, cases[i].paths,
                     SLICE_ARG(json_text_slice(&joined)));
    }
}

static void a_single_field_is_read(void **state)
{
    static const struct {
        const char *field;
        const char *in;
        const char *out; /* of the whole message; NULL when refused */
    } cases[] = {
        {"child", "{\"name\":\"a\"}", "{\"child\":{\"name\":\"a\"}}"},
        {"children", "[{\"name\":\"a\",\"child\":{}}]",
         "{\"children\":[{\"name\":\"a\",\"child\":{}}]}"},
        {"by_number", "{\"1\":{\"name\":\"a\"}}", "{\"byNumber\":{\"1\":{\"name\":\"a\"}}}"},
        {"tags", "[\"a\"]", "{\"tags\":[\"a\"]}"},
        {"labels", "{\"a\":\"b\"}", "{\"labels\":{\"a\":\"b\"}}"},
        {"name", "\"a\"", "{\"name\":\"a\"}"},
        {"name", "null", "{}"},
        {"tags", "null", "{}"},
        {"maybe_number", "0", "{\"maybeNumber\":0}"},
        {"nothing", "null", "{\"nothing\":null}"},
        {"name", "\"a\" x", NULL},
        {"name", "", NULL},
        {"child", "{\"x\":1}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_paths present = {0};
        struct json_read_options options = {.contract = json_contract, .present = &present};
        const struct message_type *type = type_of("Node");
        ProtobufCMessage *message = message_new(&json_arena, type);
        struct status status = json_read_field(
            &json_arena, message, message_field_by_name(type, slice_from_cstr(cases[i].field)),
            slice_from_cstr(cases[i].in), &options);

        if (cases[i].out == NULL) {
            assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
            continue;
        }
        assert_true(status_is_ok(status));
        assert_text(write_text("Node", message), cases[i].out);
    }
}

static void texts_of_queries_set_fields(void **state)
{
    static const struct {
        const char *type;
        const char *field;
        const char *text;
        const char *out; /* NULL when refused */
    } cases[] = {
        {"Scalars", "an_int32", "12", "{\"anInt32\":12}"},
        {"Scalars", "an_int64", "1e3", "{\"anInt64\":\"1000\"}"},
        {"Scalars", "a_uint64", "", NULL},
        {"Scalars", "an_int32", "1.5", NULL},
        {"Scalars", "a_double", "-Infinity", "{\"aDouble\":\"-Infinity\"}"},
        {"Scalars", "a_float", "0.5", "{\"aFloat\":0.5}"},
        {"Scalars", "a_bool", "true", "{\"aBool\":true}"},
        {"Scalars", "a_bool", "1", NULL},
        {"Scalars", "color", "RED", "{\"color\":\"RED\"}"},
        {"Scalars", "color", "2", "{\"color\":\"GREEN\"}"},
        {"Scalars", "color", "red", NULL},
        {"Scalars", "a_string", "a \"b\"", "{\"aString\":\"a \\\"b\\\"\"}"},
        {"Scalars", "a_string", "\xff", NULL},
        {"Scalars", "some_bytes", "-_", "{\"someBytes\":\"+w==\"}"},
        {"Scalars", "some_bytes", "*", NULL},
        {"Node", "tags", "a", "{\"tags\":[\"a\"]}"},
        {"Node", "colors", "RED", "{\"colors\":[\"RED\"]}"},
        {"Node", "maybe_number", "0", "{\"maybeNumber\":0}"},
        {"Node", "number", "0", "{\"number\":0}"},
        {"Node", "child", "{}", NULL},
        {"Node", "children", "{}", NULL},
        {"Node", "labels", "{}", NULL},
        {"WellKnown", "time", "2024-01-01T00:00:00Z", "{\"time\":\"2024-01-01T00:00:00Z\"}"},
        {"WellKnown", "time", "today", NULL},
        {"WellKnown", "duration", "1s", "{\"duration\":\"1s\"}"},
        {"WellKnown", "mask", "fooBar,baz", "{\"mask\":\"fooBar,baz\"}"},
        {"WellKnown", "wrapped_bool", "false", "{\"wrappedBool\":false}"},
        {"WellKnown", "wrapped_int32", "x", NULL},
        {"WellKnown", "value", "1", NULL},
        {"WellKnown", "times", "2024-01-01T00:00:00Z", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct message_type *type = type_of(cases[i].type);
        ProtobufCMessage *message = message_new(&json_arena, type);
        size_t capacity = 0;
        struct status status = json_read_text(
            &json_arena, message, message_field_by_name(type, slice_from_cstr(cases[i].field)),
            slice_from_cstr(cases[i].text), SLICE("place"), &capacity);

        if (cases[i].out == NULL) {
            assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
            assert_text(status.details->subject, "place");
            continue;
        }
        if (!status_is_ok(status))
            fail_msg("%s: %.*s", cases[i].text, SLICE_ARG(status.message));
        assert_text(write_text(cases[i].type, message), cases[i].out);
    }
}

static void a_query_sets_one_member_of_a_oneof(void **state)
{
    const struct message_type *type = type_of("Node");
    ProtobufCMessage *message = message_new(&json_arena, type);
    size_t capacity = 0;
    struct status status;

    (void)state;
    status = json_read_text(&json_arena, message, message_field_by_name(type, SLICE("text")),
                            SLICE("a"), SLICE("text"), &capacity);
    assert_true(status_is_ok(status));
    status = json_read_text(&json_arena, message, message_field_by_name(type, SLICE("number")),
                            SLICE("1"), SLICE("number"), &capacity);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_text(write_text("Node", message), "{\"text\":\"a\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(present_paths_are_the_leaves),
        TEST(a_single_field_is_read),
        TEST(texts_of_queries_set_fields),
        TEST(a_query_sets_one_member_of_a_oneof),
    };

    return cmocka_run_group_tests(tests, json_setup, json_teardown);
}
