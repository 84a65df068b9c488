/* The OpenAPI document of the embedded contract: well-formed, closed, complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/json/json_read.h"
#include "rest/rest.h"
#include "rest/transcode.h"

static struct arena arena;
static struct frontends frontends;
static struct slice document;
static struct rest *served;
static struct slice renderings[OPENAPI_VERSIONS];

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)256 << 20);
    if (!status_is_ok(contract_load(embedded_contract(), &arena, &frontends.contract)) ||
        !status_is_ok(rest_new(&frontends, &arena, &served)) ||
        !status_is_ok(rest_openapi(served, &arena, renderings)))
        return -1;
    document = renderings[OPENAPI_3_1];
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static bool text_holds(struct slice text, const char *part)
{
    return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static bool holds(struct slice text)
{
    return memmem(document.data, document.len, text.data, text.len) != NULL;
}

static void check_holds(const char *text)
{
    if (!holds(slice_from_cstr(text)))
        fail_msg("the document lacks %s", text);
}

/* A Struct refuses what is no JSON, and a member given twice. */
static void it_is_json_without_members_given_twice(void **state)
{
    struct json_read_options options = {.contract = frontends.contract};
    const struct message_type *type = contract_message(frontends.contract,
                                                       SLICE("google.protobuf.Struct"));
    ProtobufCMessage *message;
    struct status status;

    (void)state;
    assert_non_null(type);
    status = json_read_message(&arena, type, document, &options, &message);
    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
}

static void every_reference_leads_somewhere(void **state)
{
    static const char mark[] = "\"$ref\":\"#/components/";
    const char *at = document.data;
    const char *end = document.data + document.len;
    size_t count = 0;

    (void)state;
    while ((at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1)) != NULL) {
        const char *name, *quote;

        at += sizeof(mark) - 1;
        name = memchr(at, '/', (size_t)(end - at));
        quote = memchr(at, '"', (size_t)(end - at));
        assert_true(name != NULL && quote != NULL && name < quote);
        if (!holds(arena_printf(&arena, "\"%.*s\":{", (int)(quote - name - 1), name + 1)))
            fail_msg("nothing is called %.*s", (int)(quote - name - 1), name + 1);
        count++;
    }
    assert_true(count > 50);
}

/* The operation that begins with the member `id`, up to where the next one does. */
static struct slice operation_from(struct slice id)
{
    static const char next[] = "\"operationId\":";
    const char *from = memmem(document.data, document.len, id.data, id.len);
    struct slice rest = slice_from(document, (size_t)(from + id.len - document.data));
    const char *end = memmem(rest.data, rest.len, next, sizeof(next) - 1);

    return end == NULL ? rest : slice_make(rest.data, (size_t)(end - rest.data));
}

/* The permission in both forms, or why there is none. */
static void check_permission(struct slice operation, const struct method *method)
{
    bool needs_one = method->access == ACCESS_PERMISSION;
    struct slice member = needs_one ? arena_printf(&arena, "\"x-required-permission\":\"%.*s\"",
                                                   SLICE_ARG(method->permission->name))
                                    : SLICE("x-required-permission");
    struct slice own = SLICE("the object's own credential alone");
    struct slice session = SLICE("a user who is signed in, by the session's cookie");
    struct slice text = needs_one ? arena_printf(&arena, "Required permission: `%.*s`",
                                                 SLICE_ARG(method->permission->name))
                        : method->access == ACCESS_PUBLIC ? SLICE("Public: no token is needed.")
                        : method->access == ACCESS_OWN_CREDENTIAL ? own
                        : method->access == ACCESS_SESSION        ? session
                                                                  : SLICE("any valid token");

    if ((memmem(operation.data, operation.len, member.data, member.len) != NULL) != needs_one ||
        memmem(operation.data, operation.len, text.data, text.len) == NULL)
        fail_msg("%.*s: wanted %.*s", SLICE_ARG(method->full_name), SLICE_ARG(text));
}

static void every_method_with_a_rule_is_an_operation_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < frontends.contract->method_count; i++) {
        const struct method *method = frontends.contract->methods[i];
        struct slice id;

        if (method->rule_count == 0)
            continue;
        id = arena_printf(&arena, "\"operationId\":\"%c%.*s\"", method->name.data[0] | 0x20,
                          SLICE_ARG(slice_from(method->name, 1)));
        if (!holds(id))
            fail_msg("%.*s is missing", SLICE_ARG(id));
        check_permission(operation_from(id), method);
    }
}

static size_t count_of(struct slice text, struct slice part)
{
    const char *at = text.data;
    const char *end = text.data + text.len;
    size_t count = 0;

    while ((at = memmem(at, (size_t)(end - at), part.data, part.len)) != NULL) {
        at += part.len;
        count++;
    }
    return count;
}

/* And no operation is of anything else, in any rendering. */
static void every_route_is_an_operation_of_each_rendering(void **state)
{
    size_t rules = 0;

    (void)state;
    for (size_t i = 0; i < frontends.contract->method_count; i++)
        rules += frontends.contract->methods[i]->rule_count;
    for (size_t v = 0; v < OPENAPI_VERSIONS; v++)
        assert_int_equal(count_of(renderings[v], SLICE("\"operationId\":")), rules);
}

/*
 * The verb would be an argument called "export", which no JavaScript has; and the answer is no
 * JSON.
 */
static void swagger_2_declares_a_reserved_verb_as_a_parameter(void **state)
{
    struct slice text = renderings[OPENAPI_2_0];

    (void)state;
    assert_true(text_holds(text, "\"/api/v1/audit-logs:{verb}\":{\"get\":"));
    assert_true(text_holds(text, "{\"name\":\"verb\",\"in\":\"path\",\"required\":true,"));
    assert_true(text_holds(text, "\"type\":\"string\",\"enum\":[\"export\"]}"));
    assert_true(text_holds(text, "\"schema\":{\"type\":\"file\"}"));
    check_holds("\"/api/v1/audit-logs:export\":{\"get\":");
}

static void it_says_what_clients_need(void **state)
{
    static const char *const parts[] = {
        "{\"openapi\":\"3.1.0\"",
        "\"/api/v1/api-tokens/{id}:regenerate\":{\"post\":{",
        "\"/api/v1/devices/{id}\":{\"get\":{",
        "\"x-required-permission\":\"devices.create\"",
        "Required permission: `devices.create`.",
        "{\"name\":\"id\",\"in\":\"path\",\"required\":true",
        "{\"name\":\"pageSize\",\"in\":\"query\"",
        "\"minimum\":0,\"maximum\":1000",
        "{\"name\":\"updateMask\",\"in\":\"query\"",
        "{\"name\":\"If-Match\",\"in\":\"header\"",
        "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"",
        "\"$ref\":\"#/components/schemas/DevicePatch\"",
        "\"minLength\":3,\"maxLength\":128,\"pattern\":\"^[^\\\\s\\\\u0000-\\\\u001f",
        "\"enum\":[\"ACTIVE\",\"EXPIRED\",\"DISABLED\"],\"x-enum-varnames\":[\"TokenStatusActive\"",
        "\"x-oneof\":[[\"generic\",\"azblob\",\"estreamer\",",
        "\"default\":{\"$ref\":\"#/components/responses/Problem\"}",
        "\"$ref\":\"#/components/schemas/DeviceCreate\"",
        "\"$ref\":\"#/components/schemas/DevicePage\"",
        "\"format\":\"uuid\",\"x-reference\":\"roles\"",
        "\"format\":\"date-time\"",
        "\"required\":[\"name\",\"roleId\"]",
        "\"409\":{\"$ref\":\"#/components/responses/Conflict\"}",
        "\"412\":{\"$ref\":\"#/components/responses/PreconditionFailed\"}",
        "\"example\":{\"name\":\"my-name\",\"roleId\":",
        "\"Location\":{",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        check_holds(parts[i]);
}

/* From the component's name up to its end. */
static struct slice component(const char *name)
{
    struct slice key = arena_printf(&arena, "\"%s\":{\"type\":\"object\"", name);
    const char *from = memmem(document.data, document.len, key.data, key.len);
    struct slice rest;
    const char *end;

    if (from == NULL)
        fail_msg("no component is called %s", name);
    rest = slice_from(document, (size_t)(from - document.data));
    end = memmem(rest.data, rest.len, "}},\"", 4);
    return end == NULL ? rest : slice_make(rest.data, (size_t)(end - rest.data));
}

/* An address is at most 45 characters long, and a quote that stands for one up to 1,172. */
static void an_answer_may_be_a_quote_where_a_request_has_rules(void **state)
{
    (void)state;
    assert_true(
        text_holds(component("TcpDevice"), "\"address\":{\"type\":\"string\",\"maxLength\":1172,"));
    assert_true(text_holds(component("TcpDeviceCreate"),
                           "\"address\":{\"type\":\"string\",\"maxLength\":45,"));
    assert_true(text_holds(component("Device"),
                           "\"name\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":128,"));
}

static void the_times_of_an_object_are_always_there(void **state)
{
    (void)state;
    check_holds(
        "\"required\":[\"id\",\"name\",\"description\",\"labels\",\"createTime\",\"updateTime\",");
}

static void a_stream_says_its_types(void **state)
{
    (void)state;
    check_holds("\"content\":{\"application/x-ndjson\":{\"schema\":"
                "{\"$ref\":\"#/components/schemas/Change\"}},\"application/json\":");
    check_holds("\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}");
}

/* What the path binds is no part of the body's schema: any value valid by it would be refused. */
static void a_body_of_all_leaves_the_path_out(void **state)
{
    const char *at = memmem(document.data, document.len, "\"/api/v1/api-tokens/{id}:disable\"", 33);
    struct slice operation;
    const char *body;

    (void)state;
    assert_non_null(at);
    operation = slice_from(document, (size_t)(at - document.data));
    body = memmem(operation.data, operation.len, "\"requestBody\":", 14);
    assert_non_null(body);
    operation = slice_from(document, (size_t)(body - document.data));
    assert_true(slice_starts_with(
        operation, SLICE("\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{"
                         "\"$ref\":\"#/components/schemas/DisableApiTokenInput\"}")));
    at = memmem(document.data, document.len, "\"DisableApiTokenInput\":{", 24);
    assert_non_null(at);
    body = memmem(at, (size_t)(document.data + document.len - at), "\"properties\":{", 14);
    assert_non_null(body);
    assert_int_equal(memcmp(body, "\"properties\":{}", 15), 0);
}

/* Generators of clients stumble over each of these (see openapi.h). */
static void no_rendering_has_what_generators_stumble_over(void **state)
{
    static const char *const words[] = {"oneOf",    "anyOf",         "allOf",       "not",
                                        "const",    "nullable",      "readOnly",    "propertyNames",
                                        "$defs",    "discriminator", "prefixItems", "if",
                                        "readonly", "UNSPECIFIED"};

    (void)state;
    for (size_t v = 0; v < OPENAPI_VERSIONS; v++) {
        struct slice text = renderings[v];

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            struct slice key = arena_printf(&arena, "\"%s\":", words[i]);

            if (memmem(text.data, text.len, key.data, key.len) != NULL)
                fail_msg("rendering %zu has %s", v, words[i]);
        }
        assert_false(text_holds(text, "\"UNSPECIFIED\""));
        assert_false(text_holds(text, "\"type\":["));
    }
}

/* Gives the field rules of its own, or of its elements; what they point to is the caller's. */
static void give_rules(const struct contract *contract, const char *type, const char *name,
                       const struct rules *rules)
{
    const struct message_type *message = contract_message(contract, slice_from_cstr(type));
    const struct field *field = message_field_by_proto_name(message, slice_from_cstr(name));

    assert_non_null(field);
    message->fields[field->index].rules = rules;
}

/* JSON Schema says `not`, which generators stumble over. */
static void values_that_are_not_allowed_are_a_sentence_and_a_list(void **state)
{
    static const int64_t ports[] = {25, 53};
    static struct slice texts[] = {SLICE_INIT("root"), SLICE_INIT("a\"b")};
    static const struct rules numbers = {.not_integers = ports, .not_integer_count = 2};
    static const struct rules words = {.not_in = texts, .not_in_count = 2};
    static const struct rules list = {.items = &words};
    struct frontends others = {0};
    struct slice others_texts[OPENAPI_VERSIONS];
    struct rest *rest;

    (void)state;
    assert_true(status_is_ok(contract_load(embedded_contract(), &arena, &others.contract)));
    give_rules(others.contract, "datastream.v1.SyslogDevice", "port", &numbers);
    give_rules(others.contract, "datastream.v1.Device", "description", &words);
    give_rules(others.contract, "datastream.v1.ApiToken", "allowed_cidrs", &list);
    assert_true(status_is_ok(rest_new(&others, &arena, &rest)));
    assert_true(status_is_ok(rest_openapi(rest, &arena, others_texts)));
    for (size_t v = 0; v < OPENAPI_VERSIONS; v++) {
        struct slice text = others_texts[v];

        assert_true(text_holds(text, "Not allowed: 25, 53.\",\"x-not-in\":[25, 53]"));
        assert_true(text_holds(text, "Not allowed: \\\"root\\\", \\\"a\\\\\\\"b\\\".\","
                                     "\"x-not-in\":[\"root\", \"a\\\"b\"]"));
        assert_true(
            text_holds(text, "\"items\":{\"type\":\"string\",\"description\":\"Not allowed: "));
        assert_false(text_holds(text, "\"not\":"));
    }
}

static void the_two_renderings_of_version_3_differ_by_the_version_alone(void **state)
{
    struct slice other = renderings[OPENAPI_3_0];
    struct slice ours = SLICE("{\"openapi\":\"3.1.0\"");
    struct slice theirs = SLICE("{\"openapi\":\"3.0.3\"");

    (void)state;
    assert_true(slice_starts_with(document, ours));
    assert_true(slice_starts_with(other, theirs));
    assert_true(slice_equal(slice_from(document, ours.len), slice_from(other, theirs.len)));
}

static void swagger_2_refers_to_definitions_alone(void **state)
{
    struct slice text = renderings[OPENAPI_2_0];

    (void)state;
    assert_true(slice_starts_with(text, SLICE("{\"swagger\":\"2.0\"")));
    assert_false(text_holds(text, "#/components/"));
    assert_false(text_holds(text, "\"requestBody\""));
    assert_false(text_holds(text, "\"writeOnly\""));
    assert_true(text_holds(text, "\"$ref\":\"#/definitions/DeviceCreate\""));
}

static void a_form_is_documented_in_each_version(void **state)
{
    static const char type[] = "application/x-www-form-urlencoded";
    struct slice operation = operation_from(SLICE("\"operationId\":\"introspectToken\""));
    struct slice text = renderings[OPENAPI_2_0];

    (void)state;
    assert_true(text_holds(operation, "\"security\":[{\"bearer\":[]},{\"basic\":[]}]"));
    assert_true(text_holds(operation, type));
    assert_true(text_holds(operation, "\"$ref\":\"#/components/schemas/IntrospectTokenInput\""));
    check_holds("\"basic\":{\"type\":\"http\",\"scheme\":\"basic\"");
    assert_true(text_holds(text, "\"consumes\":[\"application/x-www-form-urlencoded\"]"));
    assert_true(text_holds(text, "{\"name\":\"source_ip\",\"in\":\"formData\""));
    assert_true(text_holds(text, "\"basic\":{\"type\":\"basic\""));
    assert_false(text_holds(text, "IntrospectTokenInput")); /* its fields are parameters */
}

/* What stands beside $ref is ignored or refused by one tool or another. */
static void a_reference_stands_alone(void **state)
{
    static const char mark[] = "\"$ref\":\"";

    (void)state;
    for (size_t v = 0; v < OPENAPI_VERSIONS; v++) {
        struct slice text = renderings[v];
        const char *end = text.data + text.len;

        for (const char *at = text.data;
             (at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1)) != NULL;) {
            const char *quote;

            assert_int_equal(at[-1], '{');
            at += sizeof(mark) - 1;
            quote = memchr(at, '"', (size_t)(end - at));
            assert_non_null(quote);
            assert_int_equal(quote[1], '}');
        }
    }
}

static void a_contract_whose_routes_collide_does_not_start(void **state)
{
    struct contract broken = *frontends.contract;
    struct frontends others = {.contract = &broken};
    struct method *copies;
    struct rest *refused;
    struct status status;
    size_t with_rules = 0;

    (void)state;
    copies = arena_array(&arena, 2, sizeof(copies[0]));
    while (frontends.contract->methods[with_rules]->rule_count == 0)
        with_rules++;
    copies[0] = *frontends.contract->methods[with_rules];
    copies[1] = copies[0];
    copies[1].full_name = SLICE("datastream.v1.Other.Method");
    broken.methods = (struct method *[]){&copies[0], &copies[1]};
    broken.method_count = 2;
    status = rest_new(&others, &arena, &refused);
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    assert_true(slice_starts_with(status.message, SLICE("datastream.v1.Other.Method: ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_json_without_members_given_twice),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(every_method_with_a_rule_is_an_operation_of_its_own),
        cmocka_unit_test(every_route_is_an_operation_of_each_rendering),
        cmocka_unit_test(swagger_2_declares_a_reserved_verb_as_a_parameter),
        cmocka_unit_test(it_says_what_clients_need),
        cmocka_unit_test(an_answer_may_be_a_quote_where_a_request_has_rules),
        cmocka_unit_test(the_times_of_an_object_are_always_there),
        cmocka_unit_test(a_stream_says_its_types),
        cmocka_unit_test(a_body_of_all_leaves_the_path_out),
        cmocka_unit_test(no_rendering_has_what_generators_stumble_over),
        cmocka_unit_test(values_that_are_not_allowed_are_a_sentence_and_a_list),
        cmocka_unit_test(the_two_renderings_of_version_3_differ_by_the_version_alone),
        cmocka_unit_test(a_form_is_documented_in_each_version),
        cmocka_unit_test(swagger_2_refers_to_definitions_alone),
        cmocka_unit_test(a_reference_stands_alone),
        cmocka_unit_test(a_contract_whose_routes_collide_does_not_start),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
