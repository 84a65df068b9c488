/* What operations answer. */
#include "rest/openapi/openapi_answers.h"

#include "proto/contract/contract_find.h"
#include "rest/openapi/openapi_schema.h"

static const struct answer_text {
    int status;
    struct slice code; /* the status as text */
    struct slice name; /* in components.responses */
    struct slice text;
} problems[] = {
    {400, SLICE_INIT("400"), SLICE_INIT("BadRequest"),
     SLICE_INIT("Malformed or invalid; `details` holds every violation with the field's path.")},
    {401, SLICE_INIT("401"), SLICE_INIT("Unauthorized"),
     SLICE_INIT("The token is missing, malformed, unknown, disabled or expired, or may not be used "
                "from this address.")},
    {403, SLICE_INIT("403"), SLICE_INIT("Forbidden"),
     SLICE_INIT("The token lacks the required permission.")},
    {404, SLICE_INIT("404"), SLICE_INIT("NotFound"),
     SLICE_INIT("The object or the path does not exist.")},
    {406, SLICE_INIT("406"), SLICE_INIT("NotAcceptable"),
     SLICE_INIT("Accept excludes application/json.")},
    {409, SLICE_INIT("409"), SLICE_INIT("Conflict"),
     SLICE_INIT("The name is already in use, other resources refer to the object, or the object "
                "has changed, or was deleted since a request with the same Idempotency-Key.")},
    {412, SLICE_INIT("412"), SLICE_INIT("PreconditionFailed"),
     SLICE_INIT("The object's current ETag does not match If-Match.")},
    {413, SLICE_INIT("413"), SLICE_INIT("ContentTooLarge"), SLICE_INIT("The body is too large.")},
    {415, SLICE_INIT("415"), SLICE_INIT("UnsupportedMediaType"),
     SLICE_INIT("The body is not JSON.")},
    {422, SLICE_INIT("422"), SLICE_INIT("KeyReused"),
     SLICE_INIT("The Idempotency-Key was used for another request.")},
    {429, SLICE_INIT("429"), SLICE_INIT("TooManyRequests"),
     SLICE_INIT("A limit is exceeded; see Retry-After.")},
    {500, SLICE_INIT("500"), SLICE_INIT("InternalServerError"), SLICE_INIT("The server failed.")},
    {503, SLICE_INIT("503"), SLICE_INIT("ServiceUnavailable"),
     SLICE_INIT("The server cannot serve the request now.")},
    {504, SLICE_INIT("504"), SLICE_INIT("GatewayTimeout"),
     SLICE_INIT("The request took too long.")},
};
#define PROBLEMS (sizeof(problems) / sizeof(problems[0]))

/* The answer to whatever has no status of its own above. */
static const struct answer_text any_problem = {
    0, SLICE_INIT("default"), SLICE_INIT("Problem"),
    SLICE_INIT("Any other error, as a problem of the same form.")};

bool openapi__answers_etag(const struct openapi_operation *operation)
{
    return operation->binding->response == NULL &&
           message_field_by_proto_name(operation->method->output, SLICE("etag")) != NULL;
}

bool openapi__is_verb(const struct openapi_operation *operation, const char *verb)
{
    return slice_equal(operation->binding->http_method, slice_from_cstr(verb));
}

bool openapi__takes_if_match(const struct openapi_operation *operation)
{
    return (openapi__is_verb(operation, "GET") && openapi__answers_etag(operation)) ||
           openapi__is_verb(operation, "PATCH") || openapi__is_verb(operation, "DELETE") ||
           openapi__is_verb(operation, "PUT");
}

void openapi__string_type(struct openapi *api)
{
    if (api->version == OPENAPI_2_0) {
        openapi__member(api, SLICE("type"), SLICE("string"));
        return;
    }
    openapi__key(api, SLICE("schema"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__close(api, '}');
}

bool openapi__has_properties(const struct field *field)
{
    return field->message != NULL && field->message->well_known == WELL_KNOWN_NONE;
}

static void put_answer_header(struct openapi *api, struct slice name, struct slice description)
{
    openapi__key(api, name);
    openapi__open(api, '{');
    openapi__member(api, SLICE("description"), description);
    openapi__string_type(api);
    openapi__close(api, '}');
}

/* The schema of the answer; of a stream that of one message. */
static void put_answer_schema(struct openapi *api, const struct binding *binding)
{
    if (binding->response != NULL)
        openapi__field_schema(api, binding->response, USE_ANSWER);
    else
        openapi__message_schema(api, binding->output, USE_ANSWER);
}

/* Whether the answer is kept as it comes: neither JSON nor, beyond its lines, a schema's. */
static bool is_file(const struct openapi_operation *operation)
{
    return operation->binding->format != NULL || binding_answers_raw(operation->binding);
}

/* One content type of the answer. */
static void put_type(struct openapi *api, struct slice type, const struct binding *binding)
{
    openapi__key(api, type);
    openapi__open(api, '{');
    openapi__key(api, SLICE("schema"));
    put_answer_schema(api, binding);
    openapi__close(api, '}');
}

/* A text of any form. */
static void put_text_type(struct openapi *api, struct slice type, const char *format)
{
    openapi__key(api, type);
    openapi__open(api, '{');
    openapi__key(api, SLICE("schema"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__text(api, SLICE("format"), slice_from_cstr(format));
    openapi__close(api, '}');
    openapi__close(api, '}');
}

static void put_content(struct openapi *api, const struct openapi_operation *operation)
{
    const struct binding *binding = operation->binding;

    openapi__key(api, SLICE("content"));
    openapi__open(api, '{');
    if (binding_answers_raw(binding)) {
        put_text_type(api, SLICE("*/*"), "binary");
    } else if (binding->format != NULL) {
        put_type(api, SLICE("application/x-ndjson"), binding);
        put_text_type(api, SLICE("text/csv"), NULL);
    } else if (operation->method->server_streaming) {
        put_type(api, SLICE("application/x-ndjson"), binding);
        put_type(api, SLICE("application/json"), binding);
        put_text_type(api, SLICE("text/event-stream"), NULL);
    } else {
        put_type(api, SLICE("application/json"), binding);
    }
    openapi__close(api, '}');
}

static void put_success(struct openapi *api, const struct openapi_operation *operation)
{
    openapi__key(api, operation->creates ? SLICE("201") : SLICE("200"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("description"),
                    operation->creates ? SLICE("Created.") : SLICE("Done."));
    openapi__key(api, SLICE("headers"));
    openapi__open(api, '{');
    put_answer_header(api, SLICE("X-Request-Id"), SLICE("The request's id."));
    if (openapi__answers_etag(operation))
        put_answer_header(
            api, SLICE("ETag"),
            SLICE("The object's ETag; every change of the object gives it another value."));
    if (openapi__is_verb(operation, "POST"))
        put_answer_header(api, SLICE("Idempotency-Replayed"),
                          SLICE("`true` where an earlier request with the same Idempotency-Key did "
                                "it; else absent."));
    if (operation->creates)
        put_answer_header(api, SLICE("Location"), SLICE("The path of the created object."));
    openapi__close(api, '}');
    if (api->version == OPENAPI_2_0) {
        openapi__key(api, SLICE("schema"));
        if (is_file(operation))
            openapi__raw(api, SLICE("{\"type\":\"file\"}"));
        else
            put_answer_schema(api, operation->binding);
    } else {
        put_content(api, operation);
    }
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
        /* What is public and no read judges what the body shows of its sender. */
        return operation->method->access != ACCESS_PUBLIC || !openapi__is_verb(operation, "GET");
    case 404:
        return binding->template.variable_count > 0 ||
               operation->method->operation == OPERATION_BATCH_GET ||
               operation->method->operation == OPERATION_BATCH_DELETE;
    case 406:
        return !binding_answers_raw(binding);
    case 409:
        return !openapi__is_verb(operation, "GET");
    case 412:
        return openapi__takes_if_match(operation);
    case 422:
        return openapi__is_verb(operation, "POST");
    case 413:
    case 415:
        return has_body;
    default:
        return true;
    }
}

/* Of 2.0: the types of the answers, problems included, since that has no types a status. */
static void put_produces(struct openapi *api, const struct openapi_operation *operation)
{
    openapi__key(api, SLICE("produces"));
    openapi__open(api, '[');
    if (binding_answers_raw(operation->binding))
        openapi__string(api, SLICE("application/octet-stream"));
    else if (operation->method->server_streaming)
        openapi__string(api, SLICE("application/x-ndjson"));
    if (operation->binding->format != NULL)
        openapi__string(api, SLICE("text/csv"));
    else if (operation->method->server_streaming)
        openapi__string(api, SLICE("text/event-stream"));
    if (!is_file(operation))
        openapi__string(api, SLICE("application/json"));
    openapi__string(api, SLICE("application/problem+json"));
    openapi__close(api, ']');
}

static void put_problem_ref(struct openapi *api, const struct answer_text *problem)
{
    openapi__key(api, problem->code);
    openapi__open(api, '{');
    openapi__ref(api, SLICE("responses"), problem->name);
    openapi__close(api, '}');
}

void openapi__answers(struct openapi *api, const struct openapi_operation *operation)
{
    if (api->version == OPENAPI_2_0)
        put_produces(api, operation);
    openapi__key(api, SLICE("responses"));
    openapi__open(api, '{');
    put_success(api, operation);
    if (openapi__is_verb(operation, "GET") && openapi__answers_etag(operation)) {
        openapi__key(api, SLICE("304"));
        openapi__open(api, '{');
        openapi__member(api, SLICE("description"), SLICE("Unchanged."));
        openapi__close(api, '}');
    }
    for (size_t i = 0; i < PROBLEMS; i++)
        if (can_answer(operation, problems[i].status))
            put_problem_ref(api, &problems[i]);
    put_problem_ref(api, &any_problem);
    openapi__close(api, '}');
}

static void put_problem_response(struct openapi *api, const struct answer_text *problem)
{
    openapi__key(api, problem->name);
    openapi__open(api, '{');
    openapi__member(api, SLICE("description"), problem->text);
    if (api->version != OPENAPI_2_0) {
        openapi__key(api, SLICE("content"));
        openapi__open(api, '{');
        openapi__key(api, SLICE("application/problem+json"));
        openapi__open(api, '{');
    }
    openapi__key(api, SLICE("schema"));
    openapi__open(api, '{');
    openapi__ref(api, SLICE("schemas"), SLICE("Problem"));
    openapi__close(api, '}');
    if (api->version != OPENAPI_2_0) {
        openapi__close(api, '}');
        openapi__close(api, '}');
    }
    openapi__close(api, '}');
}

void openapi__problem_responses(struct openapi *api)
{
    openapi__key(api, SLICE("responses"));
    openapi__open(api, '{');
    for (size_t i = 0; i < PROBLEMS; i++)
        put_problem_response(api, &problems[i]);
    put_problem_response(api, &any_problem);
    openapi__close(api, '}');
}
