/* The OpenAPI document: paths, operations, parameters, answers. */
#include "rest/openapi/openapi_private.h"

static const struct answer_text {
    int status;
    struct slice name; /* in components.responses */
    struct slice text;
} problems[] = {
    {400, SLICE_INIT("BadRequest"),
     SLICE_INIT("Malformed or invalid; `details` holds every violation with the field's path.")},
    {401, SLICE_INIT("Unauthorized"),
     SLICE_INIT("The token is missing, malformed, unknown, disabled or expired, or may not be used "
                "from this address.")},
    {403, SLICE_INIT("Forbidden"), SLICE_INIT("The token lacks the required permission.")},
    {404, SLICE_INIT("NotFound"), SLICE_INIT("There is no such object, or no such path.")},
    {405, SLICE_INIT("MethodNotAllowed"), SLICE_INIT("The path takes other methods: see Allow.")},
    {406, SLICE_INIT("NotAcceptable"), SLICE_INIT("Accept excludes application/json.")},
    {409, SLICE_INIT("Conflict"),
     SLICE_INIT(
         "The name is taken, other resources refer to the object, or it changed meanwhile.")},
    {412, SLICE_INIT("PreconditionFailed"),
     SLICE_INIT("The object is not of the revision that If-Match names.")},
    {413, SLICE_INIT("ContentTooLarge"), SLICE_INIT("The body is too large.")},
    {415, SLICE_INIT("UnsupportedMediaType"), SLICE_INIT("The body is not JSON.")},
    {429, SLICE_INIT("TooManyRequests"), SLICE_INIT("A limit is exhausted; see Retry-After.")},
    {500, SLICE_INIT("InternalServerError"), SLICE_INIT("The server failed.")},
    {503, SLICE_INIT("ServiceUnavailable"), SLICE_INIT("The server can't serve this now.")},
    {504, SLICE_INIT("GatewayTimeout"), SLICE_INIT("The request took too long.")},
};
#define PROBLEMS (sizeof(problems) / sizeof(problems[0]))

#define PROBLEM_SCHEMA                                                                             \
    "{\"type\":\"object\",\"description\":\"A problem (RFC 9457), and the same as "                \
    "google.rpc.Status.\","                                                                        \
    "\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"              \
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"                          \
    "\"instance\":{\"type\":\"string\",\"description\":\"The request id.\"},"                      \
    "\"code\":{\"type\":\"integer\",\"description\":\"A code of google.rpc.Code.\"},"              \
    "\"message\":{\"type\":\"string\"},\"details\":{\"type\":\"array\",\"items\":"                 \
    "{\"type\":\"object\",\"properties\":{\"@type\":{\"type\":\"string\"}},"                       \
    "\"required\":[\"@type\"],\"additionalProperties\":true}}},"                                   \
    "\"required\":[\"type\",\"title\",\"status\",\"detail\",\"code\",\"message\","                 \
    "\"details\"],\"example\":{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400," \
    "\"detail\":\"name: is required\",\"instance\":\"01890a5d-ac96-774b-bcce-b302099a8057\","      \
    "\"code\":3,\"message\":\"name: is required\",\"details\":[{\"@type\":"                        \
    "\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":\"name\","      \
    "\"description\":\"is required\"}]}]}}"

/* -- paths ------------------------------------------------------------------------------------ */

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

/* "/api/v1/devices/{id}:enable". A wildcard without a variable is named by its place. */
static struct slice make_path(struct arena *arena, const struct binding *binding)
{
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
    if (required) {
        openapi__key(api, SLICE("required"));
        openapi__bool(api, true);
    }
    openapi__text(api, SLICE("description"), field->comment);
    openapi__key(api, SLICE("schema"));
    openapi__field_schema(api, field);
    openapi__close(api, '}');
}

static void put_header(struct openapi *api, struct slice name, struct slice description)
{
    openapi__open(api, '{');
    openapi__member(api, SLICE("name"), name);
    openapi__member(api, SLICE("in"), SLICE("header"));
    openapi__member(api, SLICE("description"), description);
    openapi__key(api, SLICE("schema"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__close(api, '}');
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
                put_parameter(api, name, SLICE("query"), field,
                              depth == 0 && field->required && !field->repeated);
        } else if (!field->repeated && depth + 1 < QUERY_DEPTH_MOST) {
            put_query(api, binding, field->message, name, depth + 1);
        }
    }
}

static bool answer_has_etag(const struct openapi_operation *operation)
{
    return operation->binding->response == NULL &&
           message_field_by_proto_name(operation->method->output, SLICE("etag")) != NULL;
}

static bool is_verb(const struct openapi_operation *operation, const char *verb)
{
    return slice_equal(operation->binding->http_method, slice_from_cstr(verb));
}

/* Whether the operation changes one object that has a revision. */
static bool takes_if_match(const struct openapi_operation *operation)
{
    return is_verb(operation, "PATCH") || is_verb(operation, "DELETE") || is_verb(operation, "PUT");
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
    if (!binding->body_all)
        put_query(api, binding, binding->input, SLICE_EMPTY, 0);
    if (takes_if_match(operation))
        put_header(api, SLICE("If-Match"),
                   SLICE("The ETag that the object must still have; 412 otherwise."));
    if (is_verb(operation, "GET") && answer_has_etag(operation))
        put_header(api, SLICE("If-None-Match"),
                   SLICE("304 without a body while the object still has this ETag."));
    openapi__close(api, ']');
}

/* A patch of one field that most messages have. */
static void put_patch_example(struct openapi *api, const struct message_type *type)
{
    const struct field *field = message_field_by_proto_name(type, SLICE("description"));

    if (field == NULL || field->repeated || field->pb->type != PROTOBUF_C_TYPE_STRING)
        return;
    openapi__key(api, SLICE("example"));
    openapi__open(api, '{');
    openapi__member(api, field->json_name, SLICE("What it is for."));
    openapi__close(api, '}');
}

/* A google.api.HttpBody: bytes of any type. */
static void put_raw_content(struct openapi *api)
{
    openapi__open(api, '{');
    openapi__key(api, SLICE("*/*"));
    openapi__open(api, '{');
    openapi__close(api, '}');
    openapi__close(api, '}');
}

static void put_json_body(struct openapi *api, const struct binding *binding)
{
    bool patch = slice_equal(binding->http_method, SLICE("PATCH"));
    const struct field *field = binding->body;
    bool is_object = field != NULL && !field->repeated && field->message != NULL;

    openapi__open(api, '{');
    openapi__key(api, SLICE("application/json"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("schema"));
    if (is_object)
        openapi__message_schema(api, field->message, patch);
    else if (field != NULL)
        openapi__field_schema(api, field);
    else
        openapi__object_schema(api, binding->input, false, binding);
    if (binding->body_all)
        openapi__example(api, binding->input, binding);
    else if (is_object && patch)
        put_patch_example(api, field->message);
    else if (is_object && field->message->well_known == WELL_KNOWN_NONE)
        openapi__example(api, field->message, NULL);
    openapi__close(api, '}');
    openapi__close(api, '}');
}

static void put_body(struct openapi *api, const struct binding *binding)
{
    if (binding->body == NULL && !binding->body_all)
        return;
    openapi__key(api, SLICE("requestBody"));
    openapi__open(api, '{');
    if (binding->body != NULL) {
        openapi__key(api, SLICE("required"));
        openapi__bool(api, binding->body->required);
    }
    openapi__key(api, SLICE("content"));
    if (binding_takes_raw_body(binding))
        put_raw_content(api);
    else
        put_json_body(api, binding);
    openapi__close(api, '}');
}

/* -- answers ---------------------------------------------------------------------------------- */

static void put_answer_header(struct openapi *api, struct slice name, struct slice description)
{
    openapi__key(api, name);
    openapi__open(api, '{');
    openapi__member(api, SLICE("description"), description);
    openapi__key(api, SLICE("schema"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__close(api, '}');
    openapi__close(api, '}');
}

/* One content type of the answer. */
static void put_type(struct openapi *api, struct slice type, const struct binding *binding)
{
    openapi__key(api, type);
    openapi__open(api, '{');
    openapi__key(api, SLICE("schema"));
    if (binding->response != NULL)
        openapi__field_schema(api, binding->response);
    else
        openapi__message_schema(api, binding->output, false);
    openapi__close(api, '}');
}

static void put_json_answer(struct openapi *api, const struct binding *binding)
{
    openapi__open(api, '{');
    put_type(api, SLICE("application/json"), binding);
    openapi__close(api, '}');
}

/* Of a stream of lines the schema is that of one line. */
static void put_stream_answer(struct openapi *api, const struct binding *binding)
{
    openapi__open(api, '{');
    put_type(api, SLICE("application/x-ndjson"), binding);
    put_type(api, SLICE("application/json"), binding);
    openapi__key(api, SLICE("text/event-stream"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("schema"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__close(api, '}');
    openapi__close(api, '}');
    openapi__close(api, '}');
}

static void put_success(struct openapi *api, const struct openapi_operation *operation)
{
    const struct binding *binding = operation->binding;

    openapi__key(api, operation->creates ? SLICE("201") : SLICE("200"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("description"),
                    operation->creates ? SLICE("Created.") : SLICE("Done."));
    openapi__key(api, SLICE("headers"));
    openapi__open(api, '{');
    put_answer_header(api, SLICE("x-request-id"), SLICE("The request's id."));
    if (answer_has_etag(operation))
        put_answer_header(api, SLICE("ETag"), SLICE("Changes with every change of the object."));
    if (operation->creates)
        put_answer_header(api, SLICE("Location"), SLICE("The path of what was created."));
    openapi__close(api, '}');
    openapi__key(api, SLICE("content"));
    if (binding_answers_raw(binding))
        put_raw_content(api);
    else if (operation->method->server_streaming)
        put_stream_answer(api, binding);
    else
        put_json_answer(api, binding);
    openapi__close(api, '}');
}

/* Whether the operation can answer the problem. */
static bool can_answer(const struct openapi_operation *operation, int status)
{
    const struct binding *binding = operation->binding;
    bool has_body = binding->body != NULL || binding->body_all;

    switch (status) {
    case 401:
    case 403: /* also where what is asked for needs a permission of its own */
        return operation->method->access != ACCESS_PUBLIC;
    case 404:
        return binding->template.variable_count > 0;
    case 405:
        return false; /* another operation's */
    case 406:
        return !binding_answers_raw(binding);
    case 409:
        return !is_verb(operation, "GET");
    case 412:
        return takes_if_match(operation);
    case 413:
    case 415:
        return has_body;
    default:
        return true;
    }
}

static void put_responses(struct openapi *api, const struct openapi_operation *operation)
{
    struct arena *arena = api->text.arena;

    openapi__key(api, SLICE("responses"));
    openapi__open(api, '{');
    put_success(api, operation);
    if (is_verb(operation, "GET") && answer_has_etag(operation)) {
        openapi__key(api, SLICE("304"));
        openapi__open(api, '{');
        openapi__member(api, SLICE("description"), SLICE("Unchanged."));
        openapi__close(api, '}');
    }
    for (size_t i = 0; i < PROBLEMS; i++)
        if (can_answer(operation, problems[i].status)) {
            openapi__key(api, arena_printf(arena, "%d", problems[i].status));
            openapi__ref(api, SLICE("#/components/responses/"), problems[i].name);
        }
    openapi__close(api, '}');
}

/* -- operations ------------------------------------------------------------------------------- */

/* "DeviceService" of "datastream.v1.DeviceService" */
static struct slice service_name(const struct method *method)
{
    struct slice name = method->service->full_name;

    while (slice_find(name, '.') < name.len)
        name = slice_from(name, slice_find(name, '.') + 1);
    return name;
}

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

static struct slice permission_text(struct arena *arena, const struct method *method)
{
    if (method->access == ACCESS_PUBLIC)
        return SLICE("Public: no token is needed.");
    if (method->access == ACCESS_AUTHENTICATED)
        return SLICE("Required permission: none; any valid token.");
    return arena_printf(arena, "Required permission: `%.*s`%s.",
                        SLICE_ARG(method->permission->name),
                        method->allow_self ? "; none where a token acts on itself" : "");
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

static void put_operation(struct openapi *api, const struct openapi_operation *operations, size_t i)
{
    const struct openapi_operation *operation = &operations[i];
    const struct method *method = operation->method;
    struct arena *arena = api->text.arena;
    struct slice service = service_name(method);
    struct slice permission = permission_text(arena, method);
    size_t number = rule_number(operations, i);

    openapi__open(api, '{');
    openapi__member(
        api, SLICE("operationId"),
        number == 1 ? arena_printf(arena, "%.*s_%.*s", SLICE_ARG(service), SLICE_ARG(method->name))
                    : arena_printf(arena, "%.*s_%.*s_%zu", SLICE_ARG(service),
                                   SLICE_ARG(method->name), number));
    openapi__key(api, SLICE("tags"));
    openapi__open(api, '[');
    openapi__string(api, service);
    openapi__close(api, ']');
    openapi__text(api, SLICE("summary"), first_sentence(arena, method->comment));
    openapi__member(api, SLICE("description"),
                    method->comment.len == 0
                        ? permission
                        : arena_printf(arena, "%.*s\n\n%.*s", SLICE_ARG(method->comment),
                                       SLICE_ARG(permission)));
    if (method->access == ACCESS_PERMISSION)
        openapi__member(api, SLICE("x-required-permission"), method->permission->name);
    if (method->access == ACCESS_PUBLIC) {
        openapi__key(api, SLICE("security"));
        openapi__open(api, '[');
        openapi__close(api, ']');
    }
    put_parameters(api, operation);
    put_body(api, operation->binding);
    put_responses(api, operation);
    openapi__close(api, '}');
}

static void put_paths(struct openapi *api, const struct openapi_operation *operations, size_t count)
{
    struct arena *arena = api->text.arena;
    struct slice *paths = arena_array(arena, count + 1, sizeof(paths[0]));

    openapi__key(api, SLICE("paths"));
    openapi__open(api, '{');
    for (size_t i = 0; i < count && paths != NULL; i++)
        paths[i] = make_path(arena, operations[i].binding);
    for (size_t i = 0; i < count && paths != NULL; i++) {
        size_t first = 0;

        while (!slice_equal(paths[first], paths[i]))
            first++;
        if (first < i)
            continue;
        openapi__key(api, paths[i]);
        openapi__open(api, '{');
        for (size_t k = i; k < count; k++) {
            struct slice key = operation_key(operations[k].binding->http_method);

            if (!slice_equal(paths[k], paths[i]) || key.len == 0)
                continue;
            openapi__key(api, key);
            put_operation(api, operations, k);
        }
        openapi__close(api, '}');
    }
    openapi__close(api, '}');
}

/* -- the document ------------------------------------------------------------------------------ */

static void put_info(struct openapi *api)
{
    openapi__member(api, SLICE("openapi"), SLICE("3.1.0"));
    openapi__key(api, SLICE("info"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("title"), SLICE("DataStream API"));
    openapi__member(api, SLICE("version"), SLICE(DATASTREAM_VERSION));
    openapi__member(
        api, SLICE("description"),
        SLICE("Manages an organization's directors, devices and all else that its "
              "telemetry passes through. Every request carries an API token: "
              "`Authorization: Bearer dsa_...`. The same methods are served over gRPC."));
    openapi__close(api, '}');
    openapi__key(api, SLICE("servers"));
    openapi__open(api, '[');
    openapi__open(api, '{');
    openapi__member(api, SLICE("url"), SLICE("/"));
    openapi__close(api, '}');
    openapi__close(api, ']');
    openapi__key(api, SLICE("security"));
    openapi__open(api, '[');
    openapi__open(api, '{');
    openapi__key(api, SLICE("bearer"));
    openapi__open(api, '[');
    openapi__close(api, ']');
    openapi__close(api, '}');
    openapi__close(api, ']');
}

static void put_tags(struct openapi *api, const struct openapi_operation *operations, size_t count)
{
    openapi__key(api, SLICE("tags"));
    openapi__open(api, '[');
    for (size_t i = 0; i < count; i++) {
        const struct method *method = operations[i].method;

        if (i > 0 && operations[i - 1].method->service == method->service)
            continue;
        openapi__open(api, '{');
        openapi__member(api, SLICE("name"), service_name(method));
        openapi__text(api, SLICE("description"), method->service->comment);
        openapi__close(api, '}');
    }
    openapi__close(api, ']');
}

static void put_problem_responses(struct openapi *api)
{
    openapi__key(api, SLICE("responses"));
    openapi__open(api, '{');
    for (size_t i = 0; i < PROBLEMS; i++) {
        openapi__key(api, problems[i].name);
        openapi__open(api, '{');
        openapi__member(api, SLICE("description"), problems[i].text);
        openapi__key(api, SLICE("content"));
        openapi__open(api, '{');
        openapi__key(api, SLICE("application/problem+json"));
        openapi__open(api, '{');
        openapi__key(api, SLICE("schema"));
        openapi__ref(api, SLICE("#/components/schemas/"), SLICE("Problem"));
        openapi__close(api, '}');
        openapi__close(api, '}');
        openapi__close(api, '}');
    }
    openapi__close(api, '}');
}

static void put_components(struct openapi *api)
{
    openapi__key(api, SLICE("components"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("securitySchemes"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("bearer"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("http"));
    openapi__member(api, SLICE("scheme"), SLICE("bearer"));
    openapi__member(api, SLICE("description"), SLICE("An API token: dsa_ and 49 characters."));
    openapi__close(api, '}');
    openapi__close(api, '}');
    put_problem_responses(api);
    openapi__key(api, SLICE("schemas"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("Problem"));
    json_put_literal(&api->text, PROBLEM_SCHEMA);
    api->comma = true;
    openapi__schemas(api);
    openapi__close(api, '}');
    openapi__close(api, '}');
}

struct status openapi_write(struct arena *arena, const struct contract *contract,
                            const struct openapi_operation *operations, size_t count,
                            struct slice *ret_text)
{
    struct openapi api = {
        .text = {.arena = arena},
        .contract = contract,
        .messages = arena_array(arena, contract->message_count + 1, sizeof(bool)),
        .patches = arena_array(arena, contract->message_count + 1, sizeof(bool)),
        .enums = arena_array(arena, contract->enum_count + 1, sizeof(bool)),
    };

    if (arena_failed(arena))
        return status_out_of_memory();
    openapi__open(&api, '{');
    put_info(&api);
    put_tags(&api, operations, count);
    put_paths(&api, operations, count);
    put_components(&api);
    openapi__close(&api, '}');
    if (arena_failed(arena))
        return status_out_of_memory();
    *ret_text = json_text_slice(&api.text);
    return status_ok();
}
