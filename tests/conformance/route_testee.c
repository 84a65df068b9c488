/*
 * Puts cases of path templates and queries to the router and the binder: one JSON object a line in
 * (RouteTest of query_test.proto), one line out:
 *
 *     {"selector":"...","bindings":[{"field":"...","value":"..."}]}   the route, and what it binds:
 * variables in the template's order, then query parameters in the request's, proto names, decoded
 * text
 *     {"nomatch":true}             no route for method and path, or no request
 *     {"invalid_template":true}    a rule that would stop the server's start
 *     {"bad_request":true}         400, and a line that is no such object
 *
 * Without a request_type there is no contract: every name is a field of text, repeated when it
 * occurs twice.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_read.h"
#include "proto/json/json_text.h"
#include "rest/binding.h"
#include "rest/query.h"
#include "rest/transcode.h"

#define MEMORY_MOST ((size_t)256 << 20)

struct testee {
    const struct contract *contract;
    const struct message_type *line_type;
    struct arena *arena;
    struct json_text answer;
};

/* A rule, compiled with a contract (binding) or without one (the template alone). */
struct rule {
    struct slice selector;
    struct slice body;
    struct binding binding;
};

static void die(const char *what)
{
    fprintf(stderr, "route-testee: %s\n", what);
    exit(1);
}

static struct slice read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size > 0)
        bytes = arena_alloc(arena, (size_t)size);
    if (bytes == NULL || fseek(file, 0, SEEK_SET) != 0 ||
        fread(bytes, 1, (size_t)size, file) != (size_t)size)
        die("the descriptors can't be read");
    fclose(file);
    return slice_make(bytes, (size_t)size);
}

static struct slice text_of(const ProtobufCMessage *message, const struct message_type *type,
                            uint32_t number)
{
    return field_get_string(message, message_field_by_number(type, number));
}

/* -- answers ---------------------------------------------------------------------------------- */

static void begin_route(struct testee *testee, struct slice selector)
{
    json_put_literal(&testee->answer, "{\"selector\":");
    json_put_string(&testee->answer, selector);
    json_put_literal(&testee->answer, ",\"bindings\":[");
}

static void put_binding(struct testee *testee, struct slice field, struct slice value)
{
    struct json_text *answer = &testee->answer;

    json_put(answer, answer->data[answer->len - 1] == '[' ? SLICE("") : SLICE(","));
    json_put_literal(answer, "{\"field\":");
    json_put_string(answer, field);
    json_put_literal(answer, ",\"value\":");
    json_put_string(answer, value);
    json_put_literal(answer, "}");
}

/* Drops what was begun. */
static void answer_bad_request(struct testee *testee)
{
    testee->answer.len = 0;
    json_put_literal(&testee->answer, "{\"bad_request\":true}");
}

/* -- rules ------------------------------------------------------------------------------------ */

static bool compile(struct testee *testee, const struct message_type *type,
                    const struct http_rule *http, struct rule *rule)
{
    struct method method = {.full_name = rule->selector, .input = type, .output = type};
    struct template *template = &rule->binding.template;

    if (type != NULL)
        return status_is_ok(
            binding__compile(testee->arena, testee->contract, &method, http, &rule->binding));
    if (!status_is_ok(template__parse(testee->arena, http->template, template)))
        return false;
    for (size_t i = 0; i < template->variable_count; i++)
        if (slice_equal(template->variables[i].path, rule->body))
            return false;
    return true;
}

static struct router *make_router(struct testee *testee, const struct message_type *type,
                                  const ProtobufCMessage *line)
{
    const struct field *rules = message_field_by_number(testee->line_type, 1);
    struct router *router = router__new(testee->arena);

    for (size_t i = 0; i < field_count(line, rules); i++) {
        const ProtobufCMessage *given = *(ProtobufCMessage *const *)field_address(line, rules, i);
        struct rule *rule = arena_zalloc(testee->arena, sizeof(*rule));
        struct http_rule http = {
            .verb = text_of(given, rules->message, 2),
            .template = text_of(given, rules->message, 3),
            .body = text_of(given, rules->message, 4),
        };
        struct route route = {.http_method = http.verb, .target = rule};

        if (rule == NULL)
            die("out of memory");
        rule->selector = route.place = text_of(given, rules->message, 1);
        rule->body = http.body;
        if (!compile(testee, type, &http, rule))
            return NULL;
        route.template = rule->binding.template;
        if (!status_is_ok(router__add(router, &route)))
            return NULL;
    }
    return router;
}

/* -- bindings --------------------------------------------------------------------------------- */

static bool bind_variable(struct testee *testee, const struct route_match *match, size_t i,
                          struct slice *ret_value)
{
    const struct template_variable *variable = &match->route->template.variables[i];

    if (query__percent_decode(testee->arena, route__capture(match, i),
                              variable->multi ? PERCENT_SEGMENTS : PERCENT_SEGMENT,
                              ret_value) != NULL)
        return false;
    put_binding(testee, variable->path, *ret_value);
    return true;
}

/* Whether the parameter names the body's field or something in it. */
static bool is_of_body(const struct rule *rule, struct slice name)
{
    struct slice first = slice_make(name.data, slice_find(name, '.'));

    return slice_equal(rule->body, SLICE("*")) ||
           (rule->body.len > 0 && slice_equal(first, rule->body));
}

/* The proto names of what the parameter sets. */
static struct slice proto_name(struct testee *testee, const struct message_type *type,
                               struct slice name)
{
    struct slice text = SLICE("");
    struct field_path path;

    if (type == NULL || !field_path__resolve(testee->arena, type, name, &path))
        return name;
    for (size_t i = 0; i < path.count; i++)
        text = arena_printf(testee->arena, "%.*s%s%.*s", SLICE_ARG(text), i == 0 ? "" : ".",
                            SLICE_ARG(path.steps[i]->name));
    return text;
}

static bool bind_parameter(struct testee *testee, const struct rule *rule,
                           const struct template *template, const struct slice *values,
                           const struct query_parameter *parameter)
{
    struct slice name = proto_name(testee, rule->binding.input, parameter->name);

    if (name.len == 0 || is_of_body(rule, name))
        return false;
    for (size_t i = 0; i < template->variable_count; i++)
        if (slice_equal(template->variables[i].path, name)) /* with a contract the binder judged */
            return rule->binding.input != NULL || slice_equal(values[i], parameter->value);
    put_binding(testee, name, parameter->value);
    return true;
}

static void answer_match(struct testee *testee, const struct route_match *match, struct slice query)
{
    const struct rule *rule = match->route->target;
    const struct template *template = &match->route->template;
    struct transcode_input input = {.query = query};
    struct slice values[TEMPLATE_VARIABLES_MOST];
    struct query_parameter *parameters = NULL;
    ProtobufCMessage *message;
    size_t count = 0;
    bool good = true;

    begin_route(testee, rule->selector);
    if (rule->binding.input != NULL)
        good = status_is_ok(
            transcode__request(testee->arena, &rule->binding, match, &input, &message));
    for (size_t i = 0; good && i < template->variable_count; i++)
        good = bind_variable(testee, match, i, &values[i]);
    good = good && status_is_ok(query__parse(testee->arena, query, &parameters, &count));
    for (size_t i = 0; good && i < count; i++)
        good = bind_parameter(testee, rule, template, values, &parameters[i]);
    json_put_literal(&testee->answer, "]}");
    if (!good)
        answer_bad_request(testee);
}

/* -- lines ------------------------------------------------------------------------------------ */

/* By full name, or by the last component alone; NULL for a name that is not linked. */
static const struct message_type *find_type(struct testee *testee, struct slice name)
{
    const struct message_type *type = contract_message(testee->contract, name);

    if (type != NULL)
        return type;
    return contract_message(
        testee->contract,
        arena_printf(testee->arena, "datastream.conformance.%.*s", SLICE_ARG(name)));
}

static void answer_line(struct testee *testee, const ProtobufCMessage *line)
{
    const struct field *field = message_field_by_number(testee->line_type, 2);
    const ProtobufCMessage *request = field_get_message(line, field);
    struct slice name = text_of(line, testee->line_type, 3);
    const struct message_type *type = name.len == 0 ? NULL : find_type(testee, name);
    struct slice path, query = SLICE_EMPTY;
    struct router *router;
    struct route_match match;

    if (type == NULL && name.len > 0) {
        answer_bad_request(testee);
        return;
    }
    router = make_router(testee, type, line);
    if (router == NULL) {
        json_put_literal(&testee->answer, "{\"invalid_template\":true}");
        return;
    }
    path = request == NULL ? SLICE_EMPTY : text_of(request, field->message, 2);
    if (slice_find(path, '?') < path.len) {
        query = slice_from(path, slice_find(path, '?') + 1);
        path = slice_make(path.data, slice_find(path, '?'));
    }
    if (request == NULL ||
        router__match(router, text_of(request, field->message, 1), path, &match) != ROUTE_FOUND)
        json_put_literal(&testee->answer, "{\"nomatch\":true}");
    else
        answer_match(testee, &match, query);
}

static void serve(struct testee *testee, struct slice text)
{
    const struct json_read_options options = {.contract = testee->contract, .ignore_unknown = true};
    ProtobufCMessage *line;
    struct slice answer;

    testee->answer = (struct json_text){.arena = testee->arena};
    if (status_is_ok(json_read_message(testee->arena, testee->line_type, text, &options, &line)))
        answer_line(testee, line);
    else
        answer_bad_request(testee);
    if (arena_failed(testee->arena))
        die("out of memory");
    answer = json_text_slice(&testee->answer);
    fwrite(answer.data, 1, answer.len, stdout);
    putchar('\n');
    fflush(stdout);
}

int main(void)
{
    struct arena model, request;
    struct testee testee = {.arena = &request};
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    arena_init(&model, NULL, MEMORY_MOST);
    arena_init(&request, NULL, MEMORY_MOST);
    if (!status_is_ok(
            contract_load(read_file(&model, ROUTE_TESTEE_DESCRIPTORS), &model, &testee.contract)))
        die("the descriptors are refused");
    testee.line_type = contract_message(testee.contract, SLICE("datastream.conformance.RouteTest"));
    while ((len = getline(&line, &room, stdin)) >= 0) {
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        if (len > 0)
            serve(&testee, slice_make(line, (size_t)len));
        arena_reset(&request);
    }
    free(line);
    arena_done(&request);
    arena_done(&model);
    return 0;
}
