/*
 * Every way in which a rule of google.api.http may bind a method, from the request line to the
 * answer: further bindings, bodies and answers of one field, and bytes of any type.
 */
#include "proto/json/json_write.h"
#include "tests/json/messages.h"
#include "tests/support/played/rest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int group_setup(void **state)
{
    (void)state;
    arena_init(&played_contract_arena, NULL, (size_t)256 << 20);
    return start_rest(json_messages_load(&played_contract_arena));
}

/* The request message that reached the chain, as JSON. */
static struct slice got_request(void)
{
    const struct json_write_options options = {.contract = played_frontends.contract};
    const struct call *call = chain_played.call;
    struct slice text;

    assert_int_equal(chain_played.runs, 1);
    assert_true(status_is_ok(json_write_message(played()->exchange->arena, call->method->input,
                                                call->request, &options, &text)));
    return text;
}

static void assert_slice(struct slice line, struct slice got, struct slice wanted)
{
    if (!slice_equal(got, wanted))
        fail_msg("%.*s: wanted %.*s, got %.*s", SLICE_ARG(line), SLICE_ARG(wanted), SLICE_ARG(got));
}

static void next(void **state)
{
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
}

static void further_bindings_reach_the_same_method(void **state)
{
    static const struct {
        struct slice line, body;
        struct slice wanted; /* of the request */
        struct slice answer; /* to a node named "n" with the tag "t" */
    } cases[] = {
        {SLICE_INIT("GET /several/a%2Fb?tags=x&tags=y&child.name=c"), SLICE_INIT(""),
         SLICE_INIT("{\"name\":\"a/b\",\"child\":{\"name\":\"c\"},\"tags\":[\"x\",\"y\"]}"),
         SLICE_INIT("")},
        {SLICE_INIT("HEAD /several/a"), SLICE_INIT(""), SLICE_INIT("{\"name\":\"a\"}"),
         SLICE_INIT("")},
        {SLICE_INIT("GET /also/nodes/a%2Fb?name=n"), SLICE_INIT(""),
         SLICE_INIT("{\"name\":\"n\",\"child\":{\"name\":\"nodes/a%2Fb\"}}"), SLICE_INIT("")},
        {SLICE_INIT("POST /several/a:change"), SLICE_INIT("{\"tags\":[\"x\"]}"),
         SLICE_INIT("{\"name\":\"a\",\"tags\":[\"x\"]}"), SLICE_INIT("")},
        {SLICE_INIT("PUT /several/a/tags?number=5"), SLICE_INIT("[\"x\",\"y\"]"),
         SLICE_INIT("{\"name\":\"a\",\"tags\":[\"x\",\"y\"],\"number\":5}"), SLICE_INIT("[\"t\"]")},
        {SLICE_INIT("LOCK /any/7"), SLICE_INIT(""), SLICE_INIT("{\"number\":7}"), SLICE_INIT("")},
        {SLICE_INIT("DELETE /any/7?name=a"), SLICE_INIT(""),
         SLICE_INIT("{\"name\":\"a\",\"number\":7}"), SLICE_INIT("")},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        chain_played.response = SLICE("{\"name\":\"n\",\"tags\":[\"t\"]}");
        played_request(cases[i].line, cases[i].body);
        assert_int_equal(played()->status, 200);
        assert_sent(SLICE("content-type"), SLICE("application/json"));
        assert_slice(cases[i].line, got_request(), cases[i].wanted);
        if (slice_starts_with(cases[i].line, SLICE("HEAD ")))
            assert_int_equal(played_answer().len, 0);
        else if (cases[i].answer.len > 0)
            assert_slice(cases[i].line, played_answer(), cases[i].answer);
        else
            assert_true(body_holds("\"name\":\"n\""));
        next(state);
    }
}

static void what_a_binding_does_not_take_is_refused(void **state)
{
    static const struct {
        struct slice line, body;
        int status;
        const char *says;
    } cases[] = {
        {SLICE_INIT("GET /several/a?name=b"), SLICE_INIT(""), 400, "\"name\""},
        {SLICE_INIT("GET /several/a?nmae=b"), SLICE_INIT(""), 400, "\"nmae\""},
        {SLICE_INIT("GET /several/%FF"), SLICE_INIT(""), 400, "\"name\""},
        {SLICE_INIT("GET /several/a/"), SLICE_INIT(""), 404, ""},
        {SLICE_INIT("GET /several//a"), SLICE_INIT(""), 404, ""},
        {SLICE_INIT("GET /several/a:change"), SLICE_INIT(""), 405, ""},
        {SLICE_INIT("GET /several/a"), SLICE_INIT("{}"), 400, ""},
        {SLICE_INIT("DELETE /nothing/a"), SLICE_INIT("{}"), 400, ""},
        {SLICE_INIT("POST /several/a:change?tags=x"), SLICE_INIT("{}"), 400, "\"tags\""},
        {SLICE_INIT("POST /several/a:change"), SLICE_INIT("{\"name\":\"b\"}"), 400, "\"name\""},
        {SLICE_INIT("POST /several/a:change"), SLICE_INIT("[]"), 400, ""},
        {SLICE_INIT("PUT /several/a/tags?tags=x"), SLICE_INIT("[]"), 400, "\"tags\""},
        {SLICE_INIT("PUT /several/a/tags"), SLICE_INIT("{\"tags\":[]}"), 400, "must be an array"},
        {SLICE_INIT("PUT /several/a/tags"), SLICE_INIT("[5]"), 400, "[0]: must be a string"},
        {SLICE_INIT("LOCK /any/x"), SLICE_INIT(""), 400, "\"number\""},
        {SLICE_INIT("LOCK /any/7?text=x"), SLICE_INIT(""), 400, "\"text\""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        played_request(cases[i].line, cases[i].body);
        if (played()->status != cases[i].status || !body_holds(cases[i].says))
            fail_msg("%.*s: got %d %.*s", SLICE_ARG(cases[i].line), played()->status,
                     SLICE_ARG(played_answer()));
        assert_problem(cases[i].status);
        assert_int_equal(chain_played.runs, 0);
        next(state);
    }
}

static void a_response_body_is_that_field_alone(void **state)
{
    static const struct {
        struct slice line, wanted;
    } cases[] = {
        {SLICE_INIT("GET /answer/time"), SLICE_INIT("\"2024-01-01T00:00:00Z\"")},
        {SLICE_INIT("GET /answer/values"), SLICE_INIT("[1,\"a\",null]")},
        {SLICE_INIT("GET /answer/value_of"), SLICE_INIT("{\"k\":true}")},
        {SLICE_INIT("GET /answer/wrapped"), SLICE_INIT("\"7\"")},
        {SLICE_INIT("GET /answer/object"), SLICE_INIT("null")},
        {SLICE_INIT("DELETE /nothing/a"), SLICE_INIT("{}")},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        chain_played.response = i + 1 == COUNT(cases)
                                    ? SLICE("{}")
                                    : SLICE("{\"time\":\"2024-01-01T00:00:00Z\",\"values\":[1,"
                                            "\"a\",null],\"valueOf\":{\"k\":true},"
                                            "\"wrappedInt64\":\"7\"}");
        played_request(cases[i].line, SLICE_EMPTY);
        assert_int_equal(played()->status, 200);
        assert_sent(SLICE("content-type"), SLICE("application/json"));
        assert_slice(cases[i].line, played_answer(), cases[i].wanted);
        next(state);
    }
}

static void bytes_of_any_type_come_and_go_as_they_are(void **state)
{
    played_add_header(SLICE("content-type"), SLICE("image/png"));
    played_add_header(SLICE("accept"), SLICE("image/*"));
    chain_played.response = SLICE("{\"contentType\":\"text/x; a=b\",\"data\":\"AAEC\"}");
    played_request(SLICE("POST /files/a"), SLICE("\xff{"));
    assert_int_equal(played()->status, 200);
    assert_sent(SLICE("content-type"), SLICE("text/x; a=b"));
    assert_slice(SLICE("file"), played_answer(), SLICE("\0\1\2"));
    assert_slice(SLICE("file"), got_request(),
                 SLICE("{\"name\":\"a\",\"file\":{\"contentType\":\"image/png\","
                       "\"data\":\"/3s=\"}}"));
    next(state);
    chain_played.response = SLICE("{\"file\":{\"data\":\"AAEC\"}}");
    played_request(SLICE("POST /echo"), SLICE("x"));
    assert_sent(SLICE("content-type"), SLICE("application/octet-stream"));
    assert_slice(SLICE("echo"), played_answer(), SLICE("\0\1\2"));
    assert_slice(SLICE("echo"), got_request(), SLICE("{\"data\":\"eA==\"}"));
    next(state);
    played_request(SLICE("POST /echo"), SLICE_EMPTY);
    assert_int_equal(played()->status, 200);
    assert_int_equal(played_answer().len, 0);
    assert_slice(SLICE("echo"), got_request(), SLICE("{}"));
    next(state);
    chain_played.response = SLICE("{\"files\":[{\"contentType\":\"a/b\",\"data\":\"AAEC\"}]}");
    played_request(SLICE("POST /echo/files"), SLICE("x"));
    assert_sent(SLICE("content-type"), SLICE("application/json"));
    assert_true(body_holds("[{\"contentType\":\"a/b\",\"data\":\"AAEC\""));
    next(state);
    chain_played.run_status = status_const(STATUS_NOT_FOUND, SLICE("None."));
    played_add_header(SLICE("accept"), SLICE("image/*"));
    played_request(SLICE("POST /files/a"), SLICE("x"));
    assert_problem(404);
    played_close_exchange();
}

static void a_body_is_json_by_its_type_or_without_one(void **state)
{
    static const struct {
        struct slice type;
        int status;
    } cases[] = {
        {SLICE_INIT(""), 200}, /* none */
        {SLICE_INIT("application/json"), 200},
        {SLICE_INIT("Application/JSON; charset=utf-8"), 200},
        {SLICE_INIT("application/json;charset=\"x;y\""), 200},
        {SLICE_INIT("application/merge-patch+json"), 200},
        {SLICE_INIT("application/vnd.a.b+json; v=1"), 200},
        {SLICE_INIT("application/jsonx"), 415},
        {SLICE_INIT("application/+json"), 415},
        {SLICE_INIT("text/json"), 415},
        {SLICE_INIT("image/svg+json"), 415},
        {SLICE_INIT("application/x-www-form-urlencoded"), 415},
        {SLICE_INIT("application/grpc"), 415},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        if (cases[i].type.len > 0)
            played_add_header(SLICE("content-type"), cases[i].type);
        played_request(SLICE("POST /several/a:change"), SLICE("{}"));
        if (played()->status != cases[i].status)
            fail_msg("%.*s: got %d", SLICE_ARG(cases[i].type), played()->status);
        next(state);
    }
    played_add_header(SLICE("content-encoding"), SLICE("gzip"));
    played_request(SLICE("POST /files/a"), SLICE("x"));
    assert_problem(415);
    played_close_exchange();
}

static void options_names_what_the_rules_of_a_path_take(void **state)
{
    static const struct {
        struct slice line;
        int status;
        struct slice allow;
    } cases[] = {
        {SLICE_INIT("OPTIONS /several/a"), 204, SLICE_INIT("GET, HEAD, OPTIONS")},
        {SLICE_INIT("OPTIONS /several/a:change"), 204, SLICE_INIT("POST, OPTIONS")},
        {SLICE_INIT("OPTIONS /several/a/tags"), 204, SLICE_INIT("PUT, OPTIONS")},
        {SLICE_INIT("OPTIONS /nothing/a"), 204, SLICE_INIT("DELETE, OPTIONS")},
        {SLICE_INIT("OPTIONS /any/7"), 204,
         SLICE_INIT("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")},
        {SLICE_INIT("OPTIONS *"), 204, SLICE_INIT("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")},
        {SLICE_INIT("OPTIONS /several"), 404, SLICE_INIT("")},
        {SLICE_INIT("PATCH /several/a"), 405, SLICE_INIT("GET, HEAD, OPTIONS")},
        {SLICE_INIT("HEAD /nothing/a"), 405, SLICE_INIT("DELETE, OPTIONS")},
        {SLICE_INIT("get /several/a"), 405, SLICE_INIT("GET, HEAD, OPTIONS")},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        played_request(cases[i].line, SLICE_EMPTY);
        assert_int_equal(played()->status, cases[i].status);
        assert_sent(SLICE("allow"), cases[i].allow);
        next(state);
    }
}

static void the_reference_says_where_bytes_go(void **state)
{
    static const char *const texts[] = {
        "\"/files/{name}\":{\"post\"",
        "\"requestBody\":{\"required\":false,\"content\":{\"*/"
        "*\":{\"schema\":{\"type\":\"string\",\"format\":\"binary\"}}}}",
        "\"content\":{\"*/*\":{\"schema\":{\"type\":\"string\",\"format\":\"binary\"}}}",
    };

    struct slice documents[OPENAPI_VERSIONS];
    struct slice document;

    (void)state;
    assert_true(status_is_ok(rest_openapi(played_rest, &played_contract_arena, documents)));
    document = documents[OPENAPI_3_1];
    for (size_t i = 0; i < COUNT(texts); i++)
        if (memmem(document.data, document.len, texts[i], strlen(texts[i])) == NULL)
            fail_msg("the reference lacks %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(further_bindings_reach_the_same_method),
        TEST(what_a_binding_does_not_take_is_refused),
        TEST(a_response_body_is_that_field_alone),
        TEST(bytes_of_any_type_come_and_go_as_they_are),
        TEST(a_body_is_json_by_its_type_or_without_one),
        TEST(options_names_what_the_rules_of_a_path_take),
        cmocka_unit_test(the_reference_says_where_bytes_go),
    };

    return cmocka_run_group_tests(tests, group_setup, played_group_teardown);
}
