/*
 * Rules over the contract's own messages: what compiles, and what of a request becomes which
 * message, told as the message's JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/json/json_read.h"
#include "proto/json/json_write.h"
#include "rest/binding.h"
#include "rest/transcode.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct arena loaded; /* the contract's */
static struct arena arena;
static const struct contract *contract;

static int start(void **state)
{
    (void)state;
    arena_init(&loaded, NULL, (size_t)64 << 20);
    arena_init(&arena, NULL, (size_t)64 << 20);
    return status_is_ok(contract_load(embedded_contract(), &loaded, &contract)) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    arena_done(&loaded);
    return 0;
}

static const struct message_type *message(struct slice name)
{
    const struct message_type *type = contract_message(
        contract, arena_printf(&arena, "datastream.v1.%.*s", SLICE_ARG(name)));

    assert_non_null(type);
    return type;
}

static struct status compile(struct slice input, const struct http_rule *rule,
                             struct binding *ret_binding)
{
    struct method method = {.full_name = SLICE("test.Method"), .input = message(input)};

    method.output = method.input;
    method.update_mask = message_field_by_proto_name(method.input, SLICE("update_mask"));
    return binding__compile(&arena, contract, &method, rule, ret_binding);
}

static void rules_that_name_no_field_are_refused(void **state)
{
    static const struct {
        struct slice input;
        struct http_rule rule;
        struct slice says;
    } cases[] = {
        {SLICE_INIT("GetDeviceRequest"),
         {SLICE_INIT("GET"), SLICE_INIT("/a/{uid}"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("\"uid\" is not a field of the request")},
        {SLICE_INIT("UpdateDeviceRequest"),
         {SLICE_INIT("GET"), SLICE_INIT("/a/{device}"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("\"device\" is not a singular scalar field")},
        {SLICE_INIT("UpdateDeviceRequest"),
         {SLICE_INIT("GET"), SLICE_INIT("/a/{device.tags}"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("\"device.tags\" is not a singular scalar field")},
        {SLICE_INIT("UpdateDeviceRequest"),
         {SLICE_INIT("GET"), SLICE_INIT("/a/{device.labels}"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("\"device.labels\" is not a singular scalar field")},
        {SLICE_INIT("UpdateDeviceRequest"),
         {SLICE_INIT("GET"), SLICE_INIT("/a/{device.name.x}"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("\"device.name.x\" is not a field")},
        {SLICE_INIT("Device"),
         {SLICE_INIT("GET"), SLICE_INIT("/a/{createdBy}"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("\"createdBy\" is not a field")},
        {SLICE_INIT("Device"),
         {SLICE_INIT("PUT"), SLICE_INIT("/a/{name}"), SLICE_INIT("name"), SLICE_INIT("")},
         SLICE_INIT("\"name\" is bound by both path and body")},
        {SLICE_INIT("Device"),
         {SLICE_INIT("PUT"), SLICE_INIT("/a"), SLICE_INIT("nothing"), SLICE_INIT("")},
         SLICE_INIT("\"nothing\" is not a field of the request")},
        {SLICE_INIT("Device"),
         {SLICE_INIT("GET"), SLICE_INIT("/a"), SLICE_INIT(""), SLICE_INIT("nothing")},
         SLICE_INIT("\"nothing\" is not a field of the response")},
        {SLICE_INIT("Device"),
         {SLICE_INIT("GET"), SLICE_INIT("/a/{name"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("test.Method: The path template \"/a/{name\" is invalid at character 9")},
        {SLICE_INIT("Device"),
         {SLICE_INIT(""), SLICE_INIT("/a"), SLICE_INIT(""), SLICE_INIT("")},
         SLICE_INIT("is not an HTTP method")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct binding binding;
        struct status status = compile(cases[i].input, &cases[i].rule, &binding);

        assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
        assert_true(slice_starts_with(status.message, SLICE("test.Method: ")));
        if (memmem(status.message.data, status.message.len, cases[i].says.data,
                   cases[i].says.len) == NULL)
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].says), SLICE_ARG(status.message));
    }
}

struct request_case {
    struct slice query;
    struct slice body;
    struct slice wanted; /* JSON, or what the refusal says behind "400 " */
    struct slice path;   /* instead of the group's */
};

/* The message's JSON without what is at its default, or "400 " and the sentence. */
static struct slice transcode(const struct binding *binding, struct slice path,
                              const struct request_case *c)
{
    const struct json_write_options options = {.contract = contract};
    struct transcode_input input = {.query = c->query, .body = c->body};
    struct route route = {.http_method = binding->http_method, .template = binding->template};
    struct router *router = router__new(&arena);
    struct route_match match;
    ProtobufCMessage *request;
    struct status status;
    struct slice text;

    assert_true(status_is_ok(router__add(router, &route)));
    assert_int_equal(router__match(router, binding->http_method, path, &match), ROUTE_FOUND);
    status = transcode__request(&arena, binding, &match, &input, &request);
    if (status.code == STATUS_INVALID_ARGUMENT)
        return arena_printf(&arena, "400 %.*s", SLICE_ARG(status.message));
    assert_true(status_is_ok(status));
    assert_true(status_is_ok(json_write_message(&arena, binding->input, request, &options, &text)));
    return text;
}

static void check(struct slice input, struct http_rule rule, struct slice path,
                  const struct request_case *cases, size_t count)
{
    struct binding binding;
    struct status status = compile(input, &rule, &binding);

    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
    for (size_t i = 0; i < count; i++) {
        struct slice got = transcode(&binding, cases[i].path.len > 0 ? cases[i].path : path,
                                     &cases[i]);
        bool refused = slice_starts_with(cases[i].wanted, SLICE("400 "));

        if (refused ? !slice_starts_with(got, cases[i].wanted) : !slice_equal(got, cases[i].wanted))
            fail_msg("?%.*s %.*s: wanted %.*s, got %.*s", SLICE_ARG(cases[i].query),
                     SLICE_ARG(cases[i].body), SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
}

#define CHECK(input, rule, path, cases) check(input, rule, path, cases, COUNT(cases))

static void the_query_sets_what_path_and_body_do_not(void **state)
{
    static const struct request_case cases[] = {
        {.query = SLICE_INIT(""), .wanted = SLICE_INIT("{\"id\":\"7\"}")},
        {.query = SLICE_INIT("name=a+b&tags=x&tags=y&description=%C3%BC"),
         .wanted = SLICE_INIT("{\"id\":\"7\",\"name\":\"a b\",\"description\":\"\xc3\xbc\","
                              "\"tags\":[\"x\",\"y\"]}")},
        {.query = SLICE_INIT("createdBy=me&director_ids=1&directorIds=2"),
         .wanted = SLICE_INIT("{\"id\":\"7\",\"createdBy\":\"me\",\"directorIds\":[\"1\",\"2\"]}")},
        {.query = SLICE_INIT("status=DISABLED"),
         .wanted = SLICE_INIT("{\"id\":\"7\",\"status\":\"DISABLED\"}")},
        {.query = SLICE_INIT("status=1"),
         .wanted = SLICE_INIT("{\"id\":\"7\",\"status\":\"ENABLED\"}")},
        {.query = SLICE_INIT("syslog.port=7&syslog.address=::"),
         .wanted = SLICE_INIT("{\"id\":\"7\",\"syslog\":{\"address\":\"::\",\"port\":7}}")},
        {.query = SLICE_INIT("createTime=2024-02-29T12:00:00%2B01:00"),
         .wanted = SLICE_INIT("{\"id\":\"7\",\"createTime\":\"2024-02-29T11:00:00Z\"}")},
        {.query = SLICE_INIT("name=&id=7"), .wanted = SLICE_INIT("{\"id\":\"7\"}")},
        {.query = SLICE_INIT("nmae=x"),
         .wanted = SLICE_INIT("400 nmae: is not a known query parameter")},
        {.query = SLICE_INIT("=x"), .wanted = SLICE_INIT("400 : is not a known query parameter")},
        {.query = SLICE_INIT("name.x=1"), .wanted = SLICE_INIT("400 name.x: is not a known query")},
        {.query = SLICE_INIT("createTime.seconds=1"),
         .wanted = SLICE_INIT("400 createTime.seconds: is not a known query")},
        {.query = SLICE_INIT("name=a&name=a"),
         .wanted = SLICE_INIT("400 name: must not be given twice")},
        {.query = SLICE_INIT("createdBy=a&created_by=a"),
         .wanted = SLICE_INIT("400 created_by: must not be given twice")},
        {.query = SLICE_INIT("id=8"),
         .wanted = SLICE_INIT("400 id: must have the same value in the query and in the path")},
        {.query = SLICE_INIT("id=7&id=7"), .wanted = SLICE_INIT("400 id: must not be given")},
        {.query = SLICE_INIT("labels=x"), .wanted = SLICE_INIT("400 labels: ")},
        {.query = SLICE_INIT("syslog=x"), .wanted = SLICE_INIT("400 syslog: ")},
        {.query = SLICE_INIT("syslog.port="), .wanted = SLICE_INIT("400 syslog.port: ")},
        {.query = SLICE_INIT("syslog.port=x"), .wanted = SLICE_INIT("400 syslog.port: ")},
        {.query = SLICE_INIT("status=enabled"), .wanted = SLICE_INIT("400 status: ")},
        {.query = SLICE_INIT("syslog.port=1&tcp.port=2"),
         .wanted = SLICE_INIT(
             "400 tcp.port: must not be given together with another field of \"settings\"")},
        {.query = SLICE_INIT("name=%"), .wanted = SLICE_INIT("400 name: cannot be decoded")},
        {.query = SLICE_INIT("nmae=x&syslog.port=y&name=z&name=z"),
         .wanted = SLICE_INIT(
             "400 3 fields are invalid; the first is nmae: is not a known query parameter")},
    };

    (void)state;
    CHECK(SLICE("Device"),
          ((struct http_rule){SLICE("GET"), SLICE("/a/{id}"), SLICE(""), SLICE("")}), SLICE("/a/7"),
          cases);
}

static void captures_are_decoded_by_their_template(void **state)
{
    static const struct request_case cases[] = {
        {.path = SLICE_INIT("/a%2Fb+c/x/%2F%2f%20"),
         .wanted = SLICE_INIT("{\"id\":\"a/b+c\",\"name\":\"x/%2F%2f \"}")},
        {.path = SLICE_INIT("/%C3%BC/x"),
         .wanted = SLICE_INIT("{\"id\":\"\xc3\xbc\",\"name\":\"x\"}")},
        {.path = SLICE_INIT("/%zz/x"),
         .wanted = SLICE_INIT("400 id: cannot be decoded (an escape is not")},
        {.path = SLICE_INIT("/%00/x"),
         .wanted = SLICE_INIT("400 id: cannot be decoded (the text contains U+0000)")},
        {.path = SLICE_INIT("/%ff/x/%"),
         .wanted = SLICE_INIT("400 2 fields are invalid; the first is id: cannot be decoded (the "
                              "text is not UTF-8)")},
    };

    (void)state;
    CHECK(SLICE("Device"),
          ((struct http_rule){SLICE("GET"), SLICE("/{id}/{name=x/**}"), SLICE(""), SLICE("")}),
          SLICE(""), cases);
}

static void a_body_of_all_leaves_nothing_to_the_query(void **state)
{
    static const struct request_case cases[] = {
        {.body = SLICE_INIT("{\"overlapSeconds\":5}"),
         .wanted = SLICE_INIT("{\"id\":\"7\",\"overlapSeconds\":5}")},
        {.body = SLICE_INIT(""), .wanted = SLICE_INIT("{\"id\":\"7\"}")},
        {.body = SLICE_INIT("{\"id\":\"7\"}"), .wanted = SLICE_INIT("{\"id\":\"7\"}")},
        {.body = SLICE_INIT("{\"id\":\"8\"}"),
         .wanted = SLICE_INIT("400 id: must have the same value in the path and in the body")},
        {.body = SLICE_INIT("{\"overlap\":5}"), .wanted = SLICE_INIT("400 overlap: ")},
        {.body = SLICE_INIT("{"), .wanted = SLICE_INIT("400 ")},
        {.query = SLICE_INIT("overlapSeconds=5"),
         .body = SLICE_INIT("{}"),
         .wanted = SLICE_INIT("400 overlapSeconds: must be in the body")},
        {.query = SLICE_INIT("x=5"), .wanted = SLICE_INIT("400 x: is not a known query parameter")},
    };

    (void)state;
    CHECK(SLICE("RegenerateApiTokenRequest"),
          ((struct http_rule){SLICE("POST"), SLICE("/a/{id}:regenerate"), SLICE("*"), SLICE("")}),
          SLICE("/a/7:regenerate"), cases);
}

static void a_body_of_a_field_is_that_field(void **state)
{
    static const struct request_case cases[] = {
        {.query = SLICE_INIT("validateOnly=true"),
         .body = SLICE_INIT("{\"name\":\"abc\"}"),
         .wanted = SLICE_INIT("{\"device\":{\"name\":\"abc\"},\"validateOnly\":true}")},
        {.body = SLICE_INIT(""), .wanted = SLICE_INIT("{\"device\":{}}")},
        {.body = SLICE_INIT("{\"nmae\":1}"), .wanted = SLICE_INIT("400 nmae: ")},
        {.body = SLICE_INIT("{\"device\":{}}"), .wanted = SLICE_INIT("400 device: ")},
        {.query = SLICE_INIT("device.name=x"),
         .body = SLICE_INIT("{}"),
         .wanted = SLICE_INIT("400 device.name: must be in the body")},
    };

    (void)state;
    CHECK(SLICE("CreateDeviceRequest"),
          ((struct http_rule){SLICE("POST"), SLICE("/a"), SLICE("device"), SLICE("")}), SLICE("/a"),
          cases);
}

static void a_body_may_be_a_field_of_any_type(void **state)
{
    static const struct {
        struct slice field;
        struct request_case cases[4];
    } groups[] = {
        {SLICE_INIT("tags"),
         {{.body = SLICE_INIT("[\"x\",\"y\"]"),
           .wanted = SLICE_INIT("{\"name\":\"n\",\"tags\":[\"x\",\"y\"]}")},
          {.body = SLICE_INIT("null"), .wanted = SLICE_INIT("{\"name\":\"n\"}")},
          {.body = SLICE_INIT("{}"), .wanted = SLICE_INIT("400 The JSON text must be an array")},
          {.body = SLICE_INIT("[1]"), .wanted = SLICE_INIT("400 [0]: must be a string")}}},
        {SLICE_INIT("labels"),
         {{.body = SLICE_INIT("{\"a\":\"b\"}"),
           .wanted = SLICE_INIT("{\"name\":\"n\",\"labels\":{\"a\":\"b\"}}")},
          {.body = SLICE_INIT(""), .wanted = SLICE_INIT("{\"name\":\"n\"}")},
          {.body = SLICE_INIT("[]"), .wanted = SLICE_INIT("400 The JSON text must be an object")},
          {.body = SLICE_INIT("{\"a\":1}"), .wanted = SLICE_INIT("400 [\"a\"]: must be")}}},
        {SLICE_INIT("description"),
         {{.body = SLICE_INIT("\"d\""),
           .wanted = SLICE_INIT("{\"name\":\"n\",\"description\":\"d\"}")},
          {.body = SLICE_INIT(" null "), .wanted = SLICE_INIT("{\"name\":\"n\"}")},
          {.body = SLICE_INIT("d"), .wanted = SLICE_INIT("400 ")},
          {.body = SLICE_INIT("\"d\" \"e\""), .wanted = SLICE_INIT("400 ")}}},
        {SLICE_INIT("status"),
         {{.body = SLICE_INIT("\"DISABLED\""),
           .wanted = SLICE_INIT("{\"name\":\"n\",\"status\":\"DISABLED\"}")},
          {.body = SLICE_INIT("1"),
           .wanted = SLICE_INIT("{\"name\":\"n\",\"status\":\"ENABLED\"}")},
          {.body = SLICE_INIT("\"disabled\""), .wanted = SLICE_INIT("400 ")},
          {.query = SLICE_INIT("status=1"),
           .wanted = SLICE_INIT("400 status: must be in the body")}}},
        {SLICE_INIT("create_time"),
         {{.body = SLICE_INIT("\"2024-01-01T00:00:00+01:00\""),
           .wanted = SLICE_INIT("{\"name\":\"n\",\"createTime\":\"2023-12-31T23:00:00Z\"}")},
          {.body = SLICE_INIT("null"), .wanted = SLICE_INIT("{\"name\":\"n\"}")},
          {.body = SLICE_INIT("{}"), .wanted = SLICE_INIT("400 The JSON text must be a string")},
          {.body = SLICE_INIT("\"2024\""), .wanted = SLICE_INIT("400 ")}}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(groups); i++) {
        struct http_rule rule = {SLICE("PUT"), SLICE("/a/{name}"), groups[i].field, SLICE("")};

        CHECK(SLICE("Device"), rule, SLICE("/a/n"), groups[i].cases);
    }
}

static void a_patch_without_a_mask_is_of_what_the_body_holds(void **state)
{
    static const struct request_case cases[] = {
        {.body = SLICE_INIT("{\"name\":\"abc\"}"),
         .wanted = SLICE_INIT(
             "{\"device\":{\"id\":\"7\",\"name\":\"abc\"},\"updateMask\":\"name\"}")},
        {.body = SLICE_INIT("{\"syslog\":{\"port\":1},\"labels\":{\"k\":\"v\"},\"tags\":null}"),
         .wanted = SLICE_INIT("{\"device\":{\"id\":\"7\",\"labels\":{\"k\":\"v\"},\"syslog\":{"
                              "\"port\":1}},\"updateMask\":\"syslog.port,labels,tags\"}")},
        {.body = SLICE_INIT("{\"id\":\"other\",\"etag\":\"5\",\"description\":\"\"}"),
         .wanted = SLICE_INIT("{\"device\":{\"id\":\"7\",\"etag\":\"5\"},"
                              "\"updateMask\":\"description\"}")},
        {.query = SLICE_INIT("updateMask=name,labels"),
         .body = SLICE_INIT("{\"tags\":[\"x\"]}"),
         .wanted = SLICE_INIT("{\"device\":{\"id\":\"7\",\"tags\":[\"x\"]},"
                              "\"updateMask\":\"name,labels\"}")},
        {.query = SLICE_INIT("updateMask="),
         .body = SLICE_INIT("{\"tags\":[\"x\"]}"),
         .wanted = SLICE_INIT(
             "{\"device\":{\"id\":\"7\",\"tags\":[\"x\"]},\"updateMask\":\"tags\"}")},
        {.query = SLICE_INIT("updateMask=a_b"), .wanted = SLICE_INIT("400 updateMask: ")},
        {.query = SLICE_INIT("updateMask=a_b&nope=1"),
         .body = SLICE_INIT("{\"tags\":[1],\"syslog\":{\"port\":\"x\"},\"id\":5}"),
         .path = SLICE_INIT("/a/%ff"),
         .wanted = SLICE_INIT("400 6 fields are invalid; the first is tags[0]: ")},
        {.query = SLICE_INIT("nope=%"),
         .body = SLICE_INIT("{\"nope\":1}"),
         .wanted = SLICE_INIT("400 2 fields are invalid; the first is nope: is not a known field")},
        {.query = SLICE_INIT("nope=1"),
         .body = SLICE_INIT("{\"tags\":[}"),
         .wanted = SLICE_INIT(
             "400 2 fields are invalid; the first is tags[0]: must be valid JSON")},
        {.query = SLICE_INIT("nope=1"), .body = SLICE_INIT("{"), .wanted = SLICE_INIT("400 ")},
    };

    (void)state;
    CHECK(SLICE("UpdateDeviceRequest"),
          ((struct http_rule){SLICE("PATCH"), SLICE("/a/{device.id}"), SLICE("device"), SLICE("")}),
          SLICE("/a/7"), cases);
}

static void answers_show_defaults_and_hide_what_is_input_only(void **state)
{
    struct http_rule rule = {SLICE("POST"), SLICE("/a"), SLICE("*"), SLICE("")};
    struct http_rule one = {SLICE("POST"), SLICE("/a"), SLICE("*"), SLICE("permissions")};
    struct json_read_options options = {.contract = contract};
    struct binding binding;
    ProtobufCMessage *role;
    struct slice text;

    (void)state;
    assert_true(status_is_ok(json_read_message(
        &arena, message(SLICE("Role")),
        SLICE("{\"name\":\"n\",\"cloneFrom\":\"x\",\"permissions\":[\"a\"]}"), &options, &role)));
    assert_true(status_is_ok(compile(SLICE("Role"), &rule, &binding)));
    assert_true(status_is_ok(transcode__response(&arena, &binding, role, false, &text)));
    assert_non_null(memmem(text.data, text.len, "\"description\":\"\"", 16));
    assert_null(memmem(text.data, text.len, "cloneFrom", 9));
    assert_true(status_is_ok(compile(SLICE("Role"), &one, &binding)));
    assert_true(status_is_ok(transcode__response(&arena, &binding, role, false, &text)));
    assert_true(slice_equal(text, SLICE("[\"a\"]")));
}

#ifdef DATASTREAM_FAULTS
/* Each allocation of one request fails in turn: the answer is out of memory, or all is well. */
static void memory_that_ends_is_said(void **state)
{
    struct http_rule rule = {SLICE("PATCH"), SLICE("/a/{device.id}"), SLICE("device"), SLICE("")};
    struct transcode_input input = {
        .query = SLICE("validateOnly=true"),
        .body = SLICE("{\"name\":\"a\\u0041\",\"tags\":[\"x\"],\"syslog\":{\"port\":1}}"),
    };
    struct router *router = router__new(&arena);
    struct route route = {.http_method = SLICE("PATCH")};
    struct route_match match;
    struct binding binding;
    bool passed = false;

    (void)state;
    assert_true(status_is_ok(compile(SLICE("UpdateDeviceRequest"), &rule, &binding)));
    route.template = binding.template;
    assert_true(status_is_ok(router__add(router, &route)));
    assert_int_equal(router__match(router, SLICE("PATCH"), SLICE("/a/%37"), &match), ROUTE_FOUND);
    for (unsigned long number = 1; !passed; number++) {
        struct arena tried;
        ProtobufCMessage *request = NULL;
        struct status status;

        arena_init(&tried, NULL, 1 << 20);
        arena_fault_set(number, true);
        status = transcode__request(&tried, &binding, &match, &input, &request);
        passed = arena_fault_count() < number;
        arena_fault_set(0, false);
        assert_int_equal(status.code, passed ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
        arena_done(&tried);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_that_name_no_field_are_refused),
        cmocka_unit_test(the_query_sets_what_path_and_body_do_not),
        cmocka_unit_test(captures_are_decoded_by_their_template),
        cmocka_unit_test(a_body_of_all_leaves_nothing_to_the_query),
        cmocka_unit_test(a_body_of_a_field_is_that_field),
        cmocka_unit_test(a_body_may_be_a_field_of_any_type),
        cmocka_unit_test(a_patch_without_a_mask_is_of_what_the_body_holds),
        cmocka_unit_test(answers_show_defaults_and_hide_what_is_input_only),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(memory_that_ends_is_said),
#endif
    };

    return cmocka_run_group_tests(tests, start, stop);
}
