/* Paths, operations, parameters, bodies. */
#include "rest/openapi/openapi_paths.h"

#include "proto/json/json_text.h"
#include "rest/binding.h"
#include "rest/openapi/openapi_answers.h"
#include "rest/openapi/openapi_example.h"
#include "rest/openapi/openapi_marks.h"
#include "rest/openapi/openapi_names.h"
#include "rest/openapi/openapi_schema.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

/* The name of a variable: the last component of its field's path, or all of it where that is taken.
 */
static struct slice variable_name(struct arena *arena, const struct binding *binding, size_t i)
{
    const struct field_path *path = &binding->variables[i];
    const struct field *last = path->steps[path->count - 1];

    for (size_t v = 0; v < binding->template.variable_count; v++) {
        const struct field_path *other = &binding->variables[v];

        if (v != i && slice_equal(other->steps[other->count - 1]->json_name, last->json_name))
            return field_path_json(arena, path);
    }
    return last->json_name;
}

/* The parameter that stands for a verb; see is_verb_a_parameter. */
#define VERB_PARAMETER "verb"

/*
 * Generators of clients from Swagger 2.0 read the verb of a path as a parameter and name an
 * argument after it. A verb that JavaScript reserves would spoil the client whole, so 2.0 declares
 * such a verb as the parameter that it is read as, with one value.
 */
static bool is_verb_a_parameter(const struct openapi *api, const struct binding *binding)
{
    static const struct slice reserved[] = {
        SLICE_INIT("delete"), SLICE_INIT("export"), SLICE_INIT("import"),
        SLICE_INIT("new"),    SLICE_INIT("return"), SLICE_INIT("switch"),
    };

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (slice_equal(binding->template.verb, reserved[i]))
            return api->version == OPENAPI_2_0;
    return false;
}

/* "/api/v1/devices/{id}:enable". A wildcard without a variable is named by its place. */
static struct slice make_path(const struct openapi *api, const struct binding *binding)
{
    struct arena *arena = api->text.arena;
    const struct template *t = &binding->template;
    struct json_text text = {.arena = arena};

    for (size_t i = 0; i < t->segment_count; i++) {
        const struct template_variable *variable = NULL;
        size_t v;

        for (v = 0; v < t->variable_count && variable == NULL; v++)
            if (i >= t->variables[v].first && i < t->variables[v].first + t->variables[v].count)
                variable = &t->variables[v];
        json_put_literal(&text, "/");
        if (variable != NULL && i == variable->first) {
            json_put_literal(&text, "{");
            json_put(&text, variable_name(arena, binding, v - 1));
            json_put_literal(&text, "}");
            i += variable->count - 1;
        } else if (t->segments[i].type == TEMPLATE_LITERAL) {
            json_put(&text, t->segments[i].literal);
        } else {
            json_put(&text, arena_printf(arena, "{segment%zu}", i + 1));
        }
    }
    if (t->segment_count == 0)
        json_put_literal(&text, "/");
    if (t->verb.len > 0) {
        json_put_literal(&text, ":");
        if (is_verb_a_parameter(api, binding))
            json_put_literal(&text, "{" VERB_PARAMETER "}");
        else
            json_put(&text, t->verb);
    }
    return json_text_slice(&text);
}

/* The key of a path item; empty for a method that OpenAPI has none for. */
static struct slice operation_key(struct slice http_method)
{
    static const struct slice known[][2] = {
        {SLICE_INIT("GET"), SLICE_INIT("get")},     {SLICE_INIT("PUT"), SLICE_INIT("put")},
        {SLICE_INIT("POST"), SLICE_INIT("post")},   {SLICE_INIT("DELETE"), SLICE_INIT("delete")},
        {SLICE_INIT("PATCH"), SLICE_INIT("patch")},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (slice_equal(known[i][0], http_method))
            return known[i][1];
    return SLICE_EMPTY;
}

/* -- parameters ------------------------------------------------------------------------------- */

static void put_parameter(struct openapi *api, struct slice name, struct slice in,
                          const struct field *field, bool required)
{
    openapi__open(api, '{');
    openapi__member(api, SLICE("name"), name);
    openapi__member(api, SLICE("in"), in);
    if (required)
        openapi__flag(api, SLICE("required"));
    openapi__describe(api, field, field->repeated ? NULL : field->rules, field->comment);
    if (api->version == OPENAPI_2_0) {
        openapi__parameter_schema(api, field);
    } else {
        openapi__key(api, SLICE("schema"));
        openapi__open(api, '{');
        openapi__parameter_schema(api, field);
        openapi__close(api, '}');
    }
    openapi__close(api, '}');
}

/* Of 2.0, where is_verb_a_parameter. */
static void put_verb_parameter(struct openapi *api, struct slice verb)
{
    openapi__open(api, '{');
    openapi__member(api, SLICE("name"), SLICE(VERB_PARAMETER));
    openapi__member(api, SLICE("in"), SLICE("path"));
    openapi__flag(api, SLICE("required"));
    openapi__member(api, SLICE("description"), SLICE("The action, which has one value."));
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__key(api, SLICE("enum"));
    openapi__open(api, '[');
    openapi__string(api, verb);
    openapi__close(api, ']');
    openapi__close(api, '}');
}

static void put_header(struct openapi *api, struct slice name, struct slice description)
{
    openapi__open(api, '{');
    openapi__member(api, SLICE("name"), name);
    openapi__member(api, SLICE("in"), SLICE("header"));
    openapi__member(api, SLICE("description"), description);
    openapi__string_type(api);
    openapi__close(api, '}');
}

#define QUERY_DEPTH_MOST 3

static bool is_bound(const struct binding *binding, const struct field *field, unsigned depth)
{
    return depth == 0 && (field == binding->body || openapi__is_in_path(binding, field));
}

/* What the query may set: scalars and well-known types, lists of scalars, nested by dots. */
static void put_query(struct openapi *api, const struct binding *binding,
                      const struct message_type *type, struct slice prefix, unsigned depth)
{
    struct arena *arena = api->text.arena;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];
        struct slice name = prefix.len == 0 ? field->json_name
                                            : arena_printf(arena, "%.*s.%.*s", SLICE_ARG(prefix),
                                                           SLICE_ARG(field->json_name));

        if (is_bound(binding, field, depth) || field->output_only || field->map)
            continue;
        if (field->message == NULL || field->message->well_known != WELL_KNOWN_NONE) {
            if (field->message == NULL || !field->repeated)
                put_parameter(api, name, SLICE("query"), field, depth == 0 && field->required);
        } else if (!field->repeated && depth + 1 < QUERY_DEPTH_MOST) {
            put_query(api, binding, field->message, name, depth + 1);
        }
    }
}

static void put_body_parameter(struct openapi *api, const struct openapi_operation *operation)
{
    const struct binding *binding = operation->binding;

    openapi__open(api, '{');
    openapi__member(api, SLICE("name"), SLICE("body"));
    openapi__member(api, SLICE("in"), SLICE("body"));
    openapi__key(api, SLICE("required"));
    openapi__bool(api, binding->body != NULL && binding->body->required);
    openapi__key(api, SLICE("schema"));
    openapi__body_schema(api, operation);
    openapi__close(api, '}');
}

/* In 2.0 a form is as many parameters. */
static void put_form_parameters(struct openapi *api, const struct message_type *type)
{
    for (size_t i = 0; i < type->field_count; i++)
        put_parameter(api, type->declared[i]->json_name, SLICE("formData"), type->declared[i],
                      type->declared[i]->required);
}

static bool has_body(const struct binding *binding)
{
    return binding->body != NULL || binding->body_all;
}

static void put_parameters(struct openapi *api, const struct openapi_operation *operation)
{
    const struct binding *binding = operation->binding;

    openapi__key(api, SLICE("parameters"));
    openapi__open(api, '[');
    for (size_t i = 0; i < binding->template.variable_count; i++) {
        const struct field_path *path = &binding->variables[i];

        put_parameter(api, variable_name(api->text.arena, binding, i), SLICE("path"),
                      path->steps[path->count - 1], true);
    }
    if (is_verb_a_parameter(api, binding))
        put_verb_parameter(api, binding->template.verb);
    if (!binding->body_all)
        put_query(api, binding, binding->input, SLICE_EMPTY, 0);
    if (openapi__takes_if_match(operation))
        put_header(api, SLICE("If-Match"),
                   SLICE("The ETag that the object must still have; 412 otherwise."));
    if (openapi__is_verb(operation, "GET") && openapi__answers_etag(operation))
        put_header(api, SLICE("If-None-Match"),
                   SLICE("304 without a body while the object still has this ETag."));
    if (openapi__is_verb(operation, "POST"))
        put_header(api, SLICE("Idempotency-Key"),
                   SLICE("1 to 255 visible ASCII characters of your choice, a new key for each new "
                         "request. For 24 hours the same request under the same key does nothing "
                         "twice and is answered with the object again; another request is 422. A "
                         "value that is shown once is shown again for 10 minutes."));
    if (api->version == OPENAPI_2_0 && binding->takes_form)
        put_form_parameters(api, binding->input);
    else if (api->version == OPENAPI_2_0 && has_body(binding))
        put_body_parameter(api, operation);
    openapi__close(api, ']');
}

/* -- bodies ----------------------------------------------------------------------------------- */

void openapi__body_schema(struct openapi *api, const struct openapi_operation *operation)
{
    const struct binding *binding = operation->binding;
    bool patch = openapi__is_verb(operation, "PATCH");
    const struct field *field = binding->body;

    if (field == NULL) {
        openapi__open(api, '{');
        openapi__ref(api, SLICE("schemas"),
                     openapi__input_name(api->text.arena, operation->method));
        openapi__close(api, '}');
    } else if (binding_takes_raw_body(binding)) {
        openapi__open(api, '{');
        openapi__member(api, SLICE("type"), SLICE("string"));
        openapi__member(api, SLICE("format"), SLICE("binary"));
        openapi__close(api, '}');
    } else if (!field->repeated && field->message != NULL) {
        openapi__message_schema(api, field->message, patch ? USE_PATCH : USE_CREATE);
    } else {
        openapi__field_schema(api, field, USE_CREATE);
    }
}

static void put_body(struct openapi *api, const struct openapi_operation *operation)
{
    const struct binding *binding = operation->binding;
    bool patch = openapi__is_verb(operation, "PATCH");

    if (!has_body(binding) || api->version == OPENAPI_2_0)
        return;
    openapi__key(api, SLICE("requestBody"));
    openapi__open(api, '{');
    if (binding->body != NULL || binding->takes_form) {
        openapi__key(api, SLICE("required"));
        openapi__bool(api, binding->takes_form || binding->body->required);
    }
    openapi__key(api, SLICE("content"));
    openapi__open(api, '{');
    openapi__key(api, binding->takes_form               ? SLICE(FORM_TYPE)
                      : binding_takes_raw_body(binding) ? SLICE("*/*")
                                                        : SLICE("application/json"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("schema"));
    openapi__body_schema(api, operation);
    if (binding->body_all)
        openapi__example(api, binding->input, USE_CREATE, binding);
    else if (!binding->body->repeated && openapi__has_properties(binding->body))
        openapi__example(api, binding->body->message, patch ? USE_PATCH : USE_CREATE, NULL);
    openapi__close(api, '}');
    openapi__close(api, '}');
    openapi__close(api, '}');
}

/* -- operations ------------------------------------------------------------------------------- */

/* Without its period, and on one line. */
static struct slice first_sentence(struct arena *arena, struct slice comment)
{
    char *text = arena_cstr(arena, comment);
    size_t len = 0;

    for (; text != NULL && len < comment.len; len++) {
        if (text[len] == '\n')
            text[len] = ' ';
        if (text[len] == '.' &&
            (len + 1 == comment.len || text[len + 1] == ' ' || text[len + 1] == '\n'))
            break;
    }
    return slice_make(text, len);
}

static bool answers_a_change(const struct method *method)
{
    return method->kind != NULL && method->output == method->kind->message &&
           method->permission->verb == VERB_EDIT;
}

static struct slice permission_text(struct arena *arena, const struct method *method)
{
    if (method->access == ACCESS_PUBLIC)
        return SLICE("Public: no token is needed.");
    if (method->access == ACCESS_AUTHENTICATED)
        return SLICE("Required permission: none; any valid token.");
    if (method->access == ACCESS_SESSION)
        return SLICE(
            "Required permission: none; a user who is signed in, by the session's cookie.");
    if (method->access == ACCESS_OWN_CREDENTIAL)
        return SLICE("Required permission: none; the object's own credential alone.");
    return arena_printf(
        arena, "Required permission: `%.*s`%s.%s", SLICE_ARG(method->permission->name),
        method->allow_self ? "; not required when a token acts on itself" : "",
        answers_a_change(method)
            ? " The answer to a caller who may not read the object has only its id, "
              "its etag and the fields that the call named."
            : "");
}

/* A browser shows a stream only when it has ended, so the reader gets a command. */
static struct slice stream_text(const struct openapi *api,
                                const struct openapi_operation *operation)
{
    struct slice path = make_path(api, operation->binding);

    if (!operation->method->server_streaming || operation->binding->format != NULL ||
        !openapi__is_verb(operation, "GET"))
        return SLICE_EMPTY;
    if (slice_starts_with(path, SLICE("/api/v1/")))
        path = slice_from(path, SLICE("/api/v1").len);
    return arena_printf(api->text.arena,
                        "Server-Sent Events are shown as they come by `curl -N \"$BASE_URL%.*s\" "
                        "-H \"Authorization: Bearer $API_TOKEN\" -H \"Accept: "
                        "text/event-stream\"`.\n\n",
                        SLICE_ARG(path));
}

/* Which of the method's rules this is, counted from 1. */
static size_t rule_number(const struct openapi_operation *operations, size_t i)
{
    size_t number = 1;

    while (i > 0 && operations[i - 1].method == operations[i].method) {
        number++;
        i--;
    }
    return number;
}

static void put_operation(struct openapi *api, size_t i)
{
    const struct openapi_operation *operation = &api->operations[i];
    const struct method *method = operation->method;
    struct arena *arena = api->text.arena;
    struct slice permission = permission_text(arena, method);

    openapi__open(api, '{');
    openapi__member(api, SLICE("operationId"),
                    openapi__operation_id(arena, method, rule_number(api->operations, i)));
    openapi__key(api, SLICE("tags"));
    openapi__open(api, '[');
    openapi__string(api, openapi__tag(arena, operation));
    openapi__close(api, ']');
    openapi__text(api, SLICE("summary"), first_sentence(arena, method->comment));
    openapi__member(api, SLICE("description"),
                    method->comment.len == 0
                        ? permission
                        : arena_printf(arena, "%.*s\n\n%.*s%.*s", SLICE_ARG(method->comment),
                                       SLICE_ARG(stream_text(api, operation)),
                                       SLICE_ARG(permission)));
    if (method->access == ACCESS_PERMISSION)
        openapi__member(api, SLICE("x-required-permission"), method->permission->name);
    if (method->access == ACCESS_PUBLIC) {
        openapi__key(api, SLICE("security"));
        openapi__open(api, '[');
        openapi__close(api, ']');
    }
    if (method->access == ACCESS_SESSION) {
        openapi__key(api, SLICE("security"));
        openapi__raw(api, SLICE("[{\"sessionCookie\":[]}]"));
    }
    if (method->takes_form) {
        openapi__key(api, SLICE("security"));
        openapi__raw(api, SLICE("[{\"bearer\":[]},{\"basic\":[]}]"));
        if (api->version == OPENAPI_2_0) {
            openapi__key(api, SLICE("consumes"));
            openapi__raw(api, SLICE("[\"" FORM_TYPE "\"]"));
        }
    }
    put_parameters(api, operation);
    put_body(api, operation);
    openapi__answers(api, operation);
    openapi__close(api, '}');
}

void openapi__paths(struct openapi *api)
{
    struct arena *arena = api->text.arena;
    size_t count = api->operation_count;
    struct slice *paths = arena_array(arena, count + 1, sizeof(paths[0]));

    openapi__key(api, SLICE("paths"));
    openapi__open(api, '{');
    for (size_t i = 0; i < count && paths != NULL; i++)
        paths[i] = make_path(api, api->operations[i].binding);
    for (size_t i = 0; i < count && paths != NULL; i++) {
        size_t first = 0;

        while (!slice_equal(paths[first], paths[i]))
            first++;
        if (first < i)
            continue;
        openapi__key(api, paths[i]);
        openapi__open(api, '{');
        for (size_t k = i; k < count; k++) {
            struct slice key = operation_key(api->operations[k].binding->http_method);

            if (!slice_equal(paths[k], paths[i]) || key.len == 0)
                continue;
            openapi__key(api, key);
            put_operation(api, k);
        }
        openapi__close(api, '}');
    }
    openapi__close(api, '}');
}
