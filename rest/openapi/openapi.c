/* The OpenAPI document: what stands around its paths and schemas. */
#include "rest/openapi/openapi.h"

#include "proto/json/json_text.h"
#include "rest/openapi/openapi_answers.h"
#include "rest/openapi/openapi_names.h"
#include "rest/openapi/openapi_paths.h"
#include "rest/openapi/openapi_quotes.h"
#include "rest/openapi/openapi_schema.h"

/* With both forms of reference: after the folder of schemas. */
#define PROBLEM_SCHEMA(folder)                                                                     \
    "{\"type\":\"object\",\"description\":\"A problem (RFC 9457), and the same as "                \
    "google.rpc.Status.\","                                                                        \
    "\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"              \
    "\"status\":{\"type\":\"integer\",\"format\":\"int32\"},\"detail\":{\"type\":\"string\"},"     \
    "\"instance\":{\"type\":\"string\",\"description\":\"The request id.\"},"                      \
    "\"code\":{\"type\":\"integer\",\"format\":\"int32\",\"description\":\"A code of "             \
    "google.rpc.Code.\"},\"message\":{\"type\":\"string\"},\"details\":{\"type\":\"array\","       \
    "\"items\":{\"$ref\":\"#/" folder "/ProblemDetail\"}}},"                                       \
    "\"required\":[\"type\",\"title\",\"status\",\"detail\",\"code\",\"message\","                 \
    "\"details\"],\"example\":{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400," \
    "\"detail\":\"name: is required\",\"instance\":\"01890a5d-ac96-774b-bcce-b302099a8057\","      \
    "\"code\":3,\"message\":\"name: is required\",\"details\":[{\"@type\":"                        \
    "\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":\"name\","      \
    "\"description\":\"is required\"}]}]}}"

#define DETAIL_SCHEMA                                                                   \
    "{\"type\":\"object\",\"description\":\"A detail of google.rpc, such as "           \
    "google.rpc.BadRequest; `@type` says which.\",\"properties\":{\"@type\":{\"type\":" \
    "\"string\"}},\"required\":[\"@type\"],\"additionalProperties\":true}"

/* What the document is, and where it is served. */
static void put_info(struct openapi *api)
{
    bool is_swagger = api->version == OPENAPI_2_0;
    size_t from = api->text.len;

    if (is_swagger) {
        openapi__member(api, SLICE("swagger"), SLICE("2.0"));
    } else {
        openapi__member(api, SLICE("openapi"), SLICE("3.1.0"));
        openapi__differs(api, from, SLICE("\"openapi\":\"3.0.3\""));
    }
    openapi__key(api, SLICE("info"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("title"), SLICE("DataStream API"));
    openapi__member(api, SLICE("version"), SLICE(DATASTREAM_VERSION));
    openapi__member(
        api, SLICE("description"),
        SLICE("Manages the directors, devices and other resources that an organization's telemetry "
              "passes through. Every request carries an API token: `Authorization: Bearer "
              "dsa_...`. The same methods are served over gRPC.\n\nAny release may add enum values "
              "and response properties: clients must ignore those that they do not know."));
    openapi__close(api, '}');
    if (is_swagger) {
        /* The default listener; a client sets its own. */
        openapi__member(api, SLICE("host"), SLICE("127.0.0.1:8080"));
        openapi__member(api, SLICE("basePath"), SLICE("/"));
        openapi__key(api, SLICE("schemes"));
        openapi__raw(api, SLICE("[\"http\",\"https\"]"));
        openapi__key(api, SLICE("consumes"));
        openapi__raw(api, SLICE("[\"application/json\"]"));
        openapi__key(api, SLICE("produces"));
        openapi__raw(api, SLICE("[\"application/json\",\"application/problem+json\"]"));
    } else {
        openapi__key(api, SLICE("servers"));
        openapi__raw(api, SLICE("[{\"url\":\"/\"}]"));
    }
    openapi__key(api, SLICE("security"));
    openapi__raw(api, SLICE("[{\"bearer\":[]}]"));
}

/* Whether an earlier operation has the tag too. */
static bool tag_is_known(struct openapi *api, size_t i, struct slice tag)
{
    for (size_t k = 0; k < i; k++)
        if (slice_equal(openapi__tag(api->text.arena, &api->operations[k]), tag))
            return true;
    return false;
}

static void put_tags(struct openapi *api)
{
    openapi__key(api, SLICE("tags"));
    openapi__open(api, '[');
    for (size_t i = 0; i < api->operation_count; i++) {
        struct slice tag = openapi__tag(api->text.arena, &api->operations[i]);

        if (tag_is_known(api, i, tag))
            continue;
        openapi__open(api, '{');
        openapi__member(api, SLICE("name"), tag);
        openapi__text(api, SLICE("description"), api->operations[i].method->service->comment);
        openapi__close(api, '}');
    }
    openapi__close(api, ']');
}

static void put_security(struct openapi *api)
{
    openapi__key(api, api->version == OPENAPI_2_0 ? SLICE("securityDefinitions")
                                                  : SLICE("securitySchemes"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("bearer"));
    openapi__open(api, '{');
    if (api->version == OPENAPI_2_0) {
        openapi__member(api, SLICE("type"), SLICE("apiKey"));
        openapi__member(api, SLICE("name"), SLICE("Authorization"));
        openapi__member(api, SLICE("in"), SLICE("header"));
        openapi__member(api, SLICE("description"),
                        SLICE("The word Bearer, a space, and an API token: Bearer dsa_..."));
    } else {
        openapi__member(api, SLICE("type"), SLICE("http"));
        openapi__member(api, SLICE("scheme"), SLICE("bearer"));
        openapi__member(api, SLICE("description"), SLICE("An API token: dsa_ and 49 characters."));
    }
    openapi__close(api, '}');
    openapi__key(api, SLICE("basic"));
    openapi__open(api, '{');
    if (api->version == OPENAPI_2_0) {
        openapi__member(api, SLICE("type"), SLICE("basic"));
    } else {
        openapi__member(api, SLICE("type"), SLICE("http"));
        openapi__member(api, SLICE("scheme"), SLICE("basic"));
    }
    openapi__member(api, SLICE("description"),
                    SLICE("The id of an API token as the user name, and its value as the "
                          "password."));
    openapi__close(api, '}');
    /* 2.0 has no cookies, which are a header in the end. */
    openapi__key(api, SLICE("sessionCookie"));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("apiKey"));
    openapi__member(api, SLICE("in"),
                    api->version == OPENAPI_2_0 ? SLICE("header") : SLICE("cookie"));
    openapi__member(api, SLICE("name"),
                    api->version == OPENAPI_2_0 ? SLICE("Cookie") : SLICE("__Host-datastream"));
    openapi__member(api, SLICE("description"),
                    SLICE("The session of a user who signed in. The cookie is called datastream "
                          "for clients that use http. Requests that change something need Origin "
                          "and X-CSRF-Token, too."));
    openapi__close(api, '}');
    openapi__close(api, '}');
}

static void put_schemas(struct openapi *api)
{
    bool is_swagger = api->version == OPENAPI_2_0;

    openapi__key(api, is_swagger ? SLICE("definitions") : SLICE("schemas"));
    openapi__open(api, '{');
    openapi__key(api, SLICE("Problem"));
    openapi__raw(api, is_swagger ? SLICE(PROBLEM_SCHEMA("definitions"))
                                 : SLICE(PROBLEM_SCHEMA("components/schemas")));
    openapi__key(api, SLICE("ProblemDetail"));
    openapi__raw(api, SLICE(DETAIL_SCHEMA));
    openapi__schemas(api);
    openapi__close(api, '}');
}

/* In 2.0 its members stand in the document itself. */
static void put_components(struct openapi *api)
{
    bool is_swagger = api->version == OPENAPI_2_0;

    if (!is_swagger) {
        openapi__key(api, SLICE("components"));
        openapi__open(api, '{');
    }
    put_security(api);
    openapi__problem_responses(api);
    put_schemas(api);
    if (!is_swagger)
        openapi__close(api, '}');
}

static struct slice write_version(struct openapi *api)
{
    openapi__open(api, '{');
    put_info(api);
    put_tags(api);
    openapi__paths(api);
    put_components(api);
    openapi__close(api, '}');
    return json_text_slice(&api->text);
}

/* The text of 3.1 with what reads differently in 3.0. */
static struct slice with_other_forms(const struct openapi *api)
{
    struct slice text = json_text_slice(&api->text);
    struct json_text other = {.arena = api->text.arena};
    size_t at = 0;

    for (size_t i = 0; i < api->other_count; i++) {
        const struct other_form *form = &api->others[i];

        json_put(&other, slice_make(text.data + at, form->at - at));
        json_put(&other, form->text);
        at = form->at + form->len;
    }
    json_put(&other, slice_from(text, at));
    return json_text_slice(&other);
}

struct status openapi_write(struct arena *arena, const struct contract *contract,
                            const struct openapi_operation *operations, size_t count,
                            struct slice ret_texts[OPENAPI_VERSIONS])
{
    struct openapi api = {
        .text = {.arena = arena},
        .contract = contract,
        .version = OPENAPI_3_1,
        .operations = operations,
        .operation_count = count,
        .enums = arena_array(arena, contract->enum_count + 1, sizeof(bool)),
    };
    struct openapi swagger;

    for (size_t use = 0; use < SCHEMA_USES; use++) {
        api.messages[use] = arena_array(arena, contract->message_count + 1, sizeof(bool));
        api.names[use] = arena_array(arena, contract->message_count + 1, sizeof(api.names[use][0]));
    }
    openapi__find_quoting(&api);
    swagger = api;
    swagger.version = OPENAPI_2_0;
    swagger.enums = arena_array(arena, contract->enum_count + 1, sizeof(bool));
    for (size_t use = 0; use < SCHEMA_USES; use++)
        swagger.messages[use] = arena_array(arena, contract->message_count + 1, sizeof(bool));
    if (arena_failed(arena))
        return status_out_of_memory();
    ret_texts[OPENAPI_3_1] = write_version(&api);
    ret_texts[OPENAPI_2_0] = write_version(&swagger);
    if (arena_failed(arena))
        return status_out_of_memory();
    ret_texts[OPENAPI_3_0] = with_other_forms(&api);
    return arena_failed(arena) ? status_out_of_memory() : status_ok();
}
