/*
 * The REST frontend. A request is judged from its head first, in this order: path (404), caller
 * (401), permission (403), method (405), size (413), type (415), Accept (406); then its body is
 * read, transcoded (400) and dispatched.
 */

#include "rest/rest.h"

#include "base/header_elements.h"
#include "base/log.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/json/json_plan.h"
#include "proto/json/json_text.h"
#include "rest/binding.h"
#include "rest/console/console.h"
#include "rest/endpoint.h"
#include "rest/files.h"
#include "rest/negotiate.h"
#include "rest/problem.h"
#include "rest/rest_answer.h"
#include "rest/rest_health.h"
#include "rest/rest_stream.h"
#include "rest/swagger/swagger.h"
#include "rpc/frontend/header_list.h"
#include <assert.h>

/* How long a request for a document that is being written waits until it asks again. */
#define DOCUMENT_WAIT_MS 10

#define ALL_METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

struct rest {
    struct frontends *frontends;
    struct router *router;
    struct endpoint *endpoints;
    struct json_plans plans;
    size_t endpoint_count;
    struct files *files;
};

static struct rest_call *call_of(struct call *call)
{
    return (struct rest_call *)frontend_of(call); /* the frontend's part is its first member */
}

static void fail(struct rest_call *call, struct status status)
{
    rest__answer_problem(call, status_http(&status), &status);
}

/* -- the call -------------------------------------------------------------------------------- */

static void finish(struct call *chain_call)
{
    struct rest_call *call = call_of(chain_call);

    exchange_set_timeout(call->exchange, 0);
    if (frontend_is_over(&call->base))
        return;
    if (!status_is_ok(chain_call->status))
        fail(call, chain_call->status);
    else
        rest__answer_message(call, chain_call->response);
}

static bool is_stream(const struct rest_call *call)
{
    return runner_of(call->rest->frontends, call->endpoint->method) == RUNNER_CHAIN_STREAM;
}

/* The request is complete: to a message, and on. */
static void proceed(struct rest_call *call)
{
    struct frontend_call *frontend = &call->base;
    struct transcode_input input = {
        .query = call->exchange->head.query,
        .body = slice_make(frontend->body, frontend->body_len),
    };
    ProtobufCMessage *request = NULL;
    struct status status;

    exchange_header(call->exchange, SLICE("content-type"), &input.content_type);
    status = transcode__request(call->exchange->arena, &call->endpoint->binding, &call->match,
                                &input, &request);
    if (!status_is_ok(status)) {
        if (request == NULL || status.details == NULL || is_stream(call)) {
            fail(call, status);
            return;
        }
        frontend->call.refused = status;
    }
    frontend->call.request = request;
    frontend->call.accepts_records = call->endpoint->plan != NULL;
    if (frontend->call.if_match.data != NULL)
        frontend->call.if_match = etag__strip_computed(call->exchange->arena,
                                                       frontend->call.if_match);
    if (frontend->call.if_none_match.data != NULL)
        frontend->call.if_none_match = etag__strip_computed(call->exchange->arena,
                                                            frontend->call.if_none_match);
    if (!is_stream(call)) {
        frontend_dispatch(frontend);
        return;
    }
    status = rest__stream_dispatch(call->rest->frontends, call);
    if (!status_is_ok(status))
        fail(call, status);
}

/* -- judging the head ------------------------------------------------------------------------- */

/* "GET, HEAD, OPTIONS" */
static struct slice allowed(struct rest_call *call)
{
    struct slice methods[ROUTER_METHODS_MOST];
    size_t count = router__allow(call->rest->router, call->exchange->head.path, methods);
    struct json_text text = {.arena = call->exchange->arena};

    for (size_t i = 0; i < count; i++) {
        if (slice_equal(methods[i], SLICE("*")))
            return SLICE(ALL_METHODS);
        json_put(&text, methods[i]);
        json_put_literal(&text, ", ");
        if (slice_equal(methods[i], SLICE("GET")))
            json_put_literal(&text, "HEAD, ");
    }
    json_put_literal(&text, "OPTIONS");
    return json_text_slice(&text);
}

/* Whether a line of Content-Encoding names another coding than identity. */
static bool body_is_encoded(const struct request_head *head)
{
    if (!head_may_name(head, SLICE("content-encoding")))
        return false;
    for (size_t i = 0; i < head->header_count; i++) {
        struct slice list = head->headers[i].value;
        struct slice coding;

        if (!slice_equal(head->headers[i].name, SLICE("content-encoding")))
            continue;
        while (header_next_element(&list, &coding))
            if (coding.len > 0 && !slice_equal_ignore_case(coding, SLICE("identity")))
                return true;
    }
    return false;
}

/* Whether the body has one type, and another than the method takes; without one it is of that. */
static bool body_is_foreign(const struct rest_call *call)
{
    const struct exchange *exchange = call->exchange;
    struct slice type;

    if (!header_list(exchange->arena, &exchange->head, SLICE("content-type"), &type))
        return false;
    if (call->endpoint->method->takes_form)
        return !media_type__is_form(type);
    return !media_type__is_json(type) && !binding_takes_raw_body(&call->endpoint->binding);
}

/* 415: a coding is answered with those that are accepted, a type likewise (RFC 9110, RFC 5789). */
static void refuse_body(struct rest_call *call, bool is_encoded)
{
    struct slice method = call->exchange->head.method;
    bool takes_form = call->endpoint->method->takes_form;
    struct slice type = takes_form ? SLICE("application/x-www-form-urlencoded")
                                   : SLICE("application/json");
    struct status status = status_const(
        STATUS_INVALID_ARGUMENT,
        is_encoded
            ? SLICE("Bodies with a content coding are not accepted; send the body without one.")
        : takes_form ? SLICE("The body must have the type application/x-www-form-urlencoded.")
                     : SLICE("The body must have the type application/json."));

    if (is_encoded)
        rest__add_header(call, SLICE("accept-encoding"), SLICE("identity"));
    else if (slice_equal(method, SLICE("PATCH")))
        rest__add_header(call, SLICE("accept-patch"), type);
    else if (slice_equal(method, SLICE("POST")))
        rest__add_header(call, SLICE("accept-post"), type);
    else
        rest__add_header(call, SLICE("accept"), type);
    rest__answer_problem(call, 415, &status);
}

static bool accepts_answer(const struct rest_call *call)
{
    const struct request_head *head = &call->exchange->head;

    if (is_stream(call))
        return rest__stream_is_acceptable(call);
    return binding_answers_raw(&call->endpoint->binding) ||
           accept__allows_json(head->headers, head->header_count);
}

/* 413, 415 and 406; false when it has answered. */
static bool head_is_acceptable(struct rest_call *call)
{
    const struct request_head *head = &call->exchange->head;
    uint64_t most = call->rest->frontends->settings->max_body_bytes;
    bool is_encoded = body_is_encoded(head);
    struct status status;

    if (head->content_length > 0 && (uint64_t)head->content_length > most) {
        status = status_const(STATUS_RESOURCE_EXHAUSTED, SLICE("The body is too large."));
        rest__answer_problem(call, 413, &status);
        return false;
    }
    if (head->has_body && (is_encoded || body_is_foreign(call))) {
        refuse_body(call, is_encoded);
        return false;
    }
    if (accepts_answer(call))
        return true;
    status = status_const(STATUS_INVALID_ARGUMENT,
                          SLICE("The Accept header excludes every type that the answer can have."));
    rest__answer_problem(call, 406, &status);
    return false;
}

static void opened(struct call *chain_call)
{
    struct rest_call *call = call_of(chain_call);

    if (frontend_is_over(&call->base))
        return;
    assert(call->base.state == FRONTEND_JUDGING); /* it is told once */
    if (!status_is_ok(chain_call->status)) {
        fail(call, chain_call->status);
    } else if (call->other_method) {
        struct status status = status_const(
            STATUS_UNIMPLEMENTED,
            SLICE("The path does not allow this method; see the Allow header."));

        rest__add_header(call, SLICE("allow"), allowed(call));
        rest__answer_problem(call, 405, &status);
    } else if (head_is_acceptable(call)) {
        if (!call->exchange->head.has_body) {
            proceed(call);
        } else {
            /* The connection bounds the pauses of an upload; the call's own time starts after it.
             */
            exchange_set_timeout(call->exchange, 0);
            frontend_move(&call->base, FRONTEND_READING);
            exchange_accept_body(call->exchange, 0);
        }
    }
}

/* -- files ------------------------------------------------------------------------------------ */

/* A file is the same for as long as the process runs. */
static void answer_file_there(struct rest_call *call, const struct file *file)
{
    const struct request_head *head = &call->exchange->head;
    struct slice encoding, etag, list;
    struct slice bytes = files__choose(call->exchange->arena, file, head->headers,
                                       head->header_count, &encoding, &etag);

    call->cache_control = file->cache_control;
    rest__add_header(call, SLICE("etag"), etag);
    rest__add_header(call, SLICE("vary"), SLICE("accept-encoding"));
    for (size_t i = 0; i < file->header_count; i++)
        rest__add_header(call, file->headers[i].name, file->headers[i].value);
    if (header_list(call->exchange->arena, head, SLICE("if-match"), &list) &&
        !etag__matches(list, etag)) {
        struct status status = status_const(
            STATUS_ABORTED, SLICE("The file has changed: its entity tag does not match If-Match."));

        rest__answer_problem(call, 412, &status);
        return;
    }
    if (header_list(call->exchange->arena, head, SLICE("if-none-match"), &list) &&
        etag__is_listed(list, etag)) {
        rest__answer(call, 304, SLICE_EMPTY, SLICE_EMPTY);
        return;
    }
    if (encoding.len > 0)
        rest__add_header(call, SLICE("content-encoding"), encoding);
    if (file->late == NULL || encoding.len > 0)
        rest__answer(call, 200, file->content_type, bytes);
    else
        rest__answer_unfolded(call, file);
}

/*
 * A file that is still being written answers later; see on_timeout. One that failed is written
 * again, unless that was tried just now.
 */
static void answer_file(struct rest_call *call, const struct file *file)
{
    enum file_state state = files__state(file);

    if (state == FILE_IS_THERE) {
        answer_file_there(call, file);
    } else if (state == FILE_COMES || files__write_again(call->rest->files)) {
        call->file = file;
        exchange_set_timeout(call->exchange, DOCUMENT_WAIT_MS);
    } else {
        fail(call, status_out_of_memory());
    }
}

/* -- what the exchange tells ------------------------------------------------------------------ */

static void on_body(struct exchange *exchange, struct slice bytes)
{
    struct rest_call *call = exchange->state;
    struct status status;

    exchange_consume(exchange, bytes.len);
    if (frontend_is_over(&call->base) || bytes.len == 0)
        return;
    if (call->endpoint->binding.body == NULL && !call->endpoint->binding.body_all) {
        fail(call,
             status_const(STATUS_INVALID_ARGUMENT, SLICE("The method does not accept a body.")));
    } else if (!frontend_gather(&call->base, bytes,
                                call->rest->frontends->settings->max_body_bytes)) {
        status = arena_failed(exchange->arena)
                     ? status_out_of_memory()
                     : status_const(STATUS_RESOURCE_EXHAUSTED, SLICE("The body is too large."));
        rest__answer_problem(call, arena_failed(exchange->arena) ? NO_MEMORY_HTTP : 413, &status);
    }
}

static void on_body_end(struct exchange *exchange)
{
    struct rest_call *call = exchange->state;

    if (call == NULL || call->base.state != FRONTEND_READING)
        return;
    exchange_set_timeout(exchange, call->rest->frontends->settings->request_timeout_ms);
    proceed(call);
}

static void on_writable(struct exchange *exchange)
{
    (void)exchange; /* answers are sent whole */
}

static void on_timeout(struct exchange *exchange)
{
    struct rest_call *call = exchange->state;

    if (call == NULL || frontend_is_over(&call->base))
        return;
    if (call->file != NULL) {
        assert(call->unfolding == NULL); /* or it would be answered twice */
        answer_file(call, call->file);
        return;
    }
    frontend_cancel(&call->base);
    fail(call, status_const(STATUS_DEADLINE_EXCEEDED, SLICE("The request took too long.")));
}

#define STATUS_CLIENT_CLOSED 499

static void on_closed(struct exchange *exchange, bool complete)
{
    struct rest_call *call = exchange->state;
    int status;

    (void)complete;
    if (call == NULL)
        return;
    status = frontend_is_over(&call->base) ? call->base.logged_status : STATUS_CLIENT_CLOSED;
    if (rest__has_call(call)) {
        frontend_cancel(&call->base);
        frontend_log(&call->base, status);
    } else {
        log_event(LOG_INFO, "request", LOG_STR("request_id", call->request_id),
                  LOG_STR("http_method", exchange->head.method),
                  LOG_STR("path", log_without_credential(exchange->head.path)),
                  LOG_STR("peer", exchange->peer), LOG_INT("status", status));
    }
}

static void on_turn(struct exchange *exchange)
{
    struct rest_call *call = exchange->state;

    if (!frontend_turn(&call->base))
        rest__answer_on(call);
}

static const struct exchange_frontend rest_frontend = {on_body,    on_body_end, on_writable,
                                                       on_timeout, on_closed,   on_turn};

/* -- begin ------------------------------------------------------------------------------------ */

static void answer_options(struct rest_call *call, struct slice allow)
{
    rest__add_header(call, SLICE("allow"), allow);
    rest__answer(call, 204, SLICE_EMPTY, SLICE_EMPTY);
}

/* Health, reference and console: public, and read only. False for every other path. */
static bool answer_public(struct rest_call *call, bool is_read, bool is_options)
{
    struct slice path = call->exchange->head.path;
    struct slice place = console_redirect(path);
    const struct file *file = files_find(call->rest->files, path);
    struct status status;
    struct slice body;
    int http = 200;

    if (file == NULL)
        file = console_page(call->rest->files, path);
    if (file == NULL && place.len == 0 &&
        !health__answer(call->rest->frontends, call->exchange->arena, path, &http, &body))
        return false;
    if (is_options) {
        answer_options(call, SLICE("GET, HEAD, OPTIONS"));
    } else if (!is_read) {
        status = status_const(STATUS_UNIMPLEMENTED,
                              SLICE("The path does not allow this method; see the Allow header."));
        rest__add_header(call, SLICE("allow"), SLICE("GET, HEAD, OPTIONS"));
        rest__answer_problem(call, 405, &status);
    } else if (file != NULL) {
        answer_file(call, file);
    } else if (place.len > 0) {
        rest__add_header(call, SLICE("location"), place);
        rest__answer(call, 303, SLICE_EMPTY, SLICE_EMPTY);
    } else {
        rest__answer(call, http, SLICE("application/json"), body);
    }
    return true;
}

static void open_call(struct rest_call *call)
{
    struct exchange *exchange = call->exchange;
    struct status status;

    call->endpoint = call->match.route->target;
    if (!frontend_begin(call->rest->frontends, &call->base, exchange, call->endpoint->method,
                        opened, finish)) {
        fail(call, status_out_of_memory());
        return;
    }
    call->base.call.is_other_verb = call->other_method;
#ifdef DATASTREAM_FAULTS
    call->base.seen.is_rest = true;
#endif
    status = frontend_open_with_cookies(call->rest->frontends, &call->base);
    if (!status_is_ok(status))
        fail(call, status);
}

static void route(struct rest_call *call)
{
    const struct request_head *head = &call->exchange->head;
    bool is_options = slice_equal(head->method, SLICE("OPTIONS"));
    bool is_head = slice_equal(head->method, SLICE("HEAD"));
    struct slice method = is_head ? SLICE("GET") : head->method;
    enum route_result result;

    if (is_options && slice_equal(head->path, SLICE("*"))) {
        answer_options(call, SLICE(ALL_METHODS));
        return;
    }
    if (answer_public(call, slice_equal(method, SLICE("GET")), is_options))
        return;
    result = router__match(call->rest->router, method, head->path, &call->match);
    if (result == ROUTE_UNKNOWN) {
        fail(call, status_const(STATUS_NOT_FOUND, SLICE("Unknown path.")));
    } else if (is_options) {
        answer_options(call, allowed(call));
    } else {
        call->other_method = result == ROUTE_OTHER_METHOD;
        open_call(call);
    }
}

static void answer_no_memory(struct exchange *exchange)
{
    static const struct header headers[] = {
        {SLICE_INIT("content-type"), SLICE_INIT("application/problem+json")},
        {SLICE_INIT("cache-control"), SLICE_INIT("no-store")},
        {SLICE_INIT("retry-after"), SLICE_INIT(REST_RETRY_SOON)},
    };

    exchange_respond(exchange, NO_MEMORY_HTTP, headers, sizeof(headers) / sizeof(headers[0]),
                     problem__no_memory());
}

void rest_begin(struct rest *rest, struct exchange *exchange)
{
    struct rest_call *call = arena_zalloc(exchange->arena, sizeof(*call));

    exchange->frontend = &rest_frontend;
    exchange->state = call;
    if (call == NULL) {
        answer_no_memory(exchange);
        return;
    }
    call->rest = rest;
    call->exchange = exchange;
    call->cache_control = SLICE("no-store");
    route(call);
}

/* -- start ------------------------------------------------------------------------------------ */

static struct status find_fields(struct arena *arena, struct endpoint *endpoint)
{
    const struct message_type *type = endpoint->method->output;
    size_t count = 0;

    endpoint->validate_only = message_field_by_proto_name(endpoint->method->input,
                                                          SLICE("validate_only"));
    if (endpoint->validate_only != NULL &&
        endpoint->validate_only->pb->type != PROTOBUF_C_TYPE_BOOL)
        endpoint->validate_only = NULL;
    if (endpoint->binding.response != NULL)
        return status_ok();
    endpoint->id = message_field_by_proto_name(type, SLICE("id"));
    endpoint->etag = message_field_by_proto_name(type, SLICE("etag"));
    if (endpoint->id != NULL && endpoint->id->pb->type != PROTOBUF_C_TYPE_STRING)
        endpoint->id = NULL;
    if (endpoint->etag != NULL && endpoint->etag->pb->type != PROTOBUF_C_TYPE_STRING)
        endpoint->etag = NULL;
    for (size_t i = 0; i < type->field_count; i++)
        count += type->fields[i].computed;
    endpoint->computed = arena_array(arena, count + 1, sizeof(endpoint->computed[0]));
    if (endpoint->computed == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].computed)
            endpoint->computed[endpoint->computed_count++] = &type->fields[i];
    return status_ok();
}

/* Of what the engine answers with records. */
static struct status find_plan(struct rest *rest, struct endpoint *endpoint)
{
    const struct method *method = endpoint->method;

    if (method->kind == NULL || endpoint->binding.response != NULL ||
        (method->operation != OPERATION_GET && method->operation != OPERATION_LIST &&
         method->operation != OPERATION_BATCH_GET && method->operation != OPERATION_CREATE))
        return status_ok();
    endpoint->plan = json_plan_of(&rest->plans, method->kind->message);
    return endpoint->plan == NULL ? status_out_of_memory() : status_ok();
}

static struct status add_endpoint(struct rest *rest, struct arena *arena,
                                  const struct method *method, const struct http_rule *rule)
{
    struct endpoint *endpoint = &rest->endpoints[rest->endpoint_count++];
    struct status status = binding__compile(arena, rest->frontends->contract, method, rule,
                                            &endpoint->binding);
    struct route route = {.place = method->full_name, .target = endpoint};

    if (!status_is_ok(status))
        return status;
    endpoint->method = method;
    endpoint->creates = slice_equal(rule->verb, SLICE("POST")) &&
                        (method->operation == OPERATION_CREATE ||
                         slice_starts_with(method->name, SLICE("Create")) ||
                         slice_starts_with(method->name, SLICE("Clone")));
    status = find_fields(arena, endpoint);
    if (status_is_ok(status))
        status = find_plan(rest, endpoint);
    if (!status_is_ok(status))
        return status;
    route.http_method = rule->verb;
    route.template = endpoint->binding.template;
    return router__add(rest->router, &route);
}

static struct status add_endpoints(struct rest *rest, struct arena *arena)
{
    const struct contract *contract = rest->frontends->contract;
    size_t count = 0;

    for (size_t i = 0; i < contract->method_count; i++)
        count += contract->methods[i]->rule_count;
    rest->endpoints = arena_array(arena, count + 1, sizeof(rest->endpoints[0]));
    if (rest->endpoints == NULL)
        return status_out_of_memory();
    rest->plans = (struct json_plans){.arena = arena, .contract = contract};
    for (size_t i = 0; i < contract->method_count; i++)
        for (size_t r = 0; r < contract->methods[i]->rule_count; r++) {
            struct status status = add_endpoint(rest, arena, contract->methods[i],
                                                &contract->methods[i]->rules[r]);

            if (!status_is_ok(status))
                return status;
        }
    return status_ok();
}

/* The API's documents, in the order of enum openapi_version. */
static const struct slice document_paths[OPENAPI_VERSIONS] = {
    [OPENAPI_3_1] = SLICE_INIT("/api/v1/swagger/openapi.json"),
    [OPENAPI_3_0] = SLICE_INIT("/api/v1/swagger/openapi-3.0.json"),
    [OPENAPI_2_0] = SLICE_INIT("/api/v1/swagger/doc.json"),
};

struct status rest_openapi(const struct rest *rest, struct arena *arena,
                           struct slice ret_texts[OPENAPI_VERSIONS])
{
    size_t count = rest->endpoint_count;
    struct openapi_operation *operations = arena_array(arena, count + 1, sizeof(operations[0]));

    if (operations == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++)
        operations[i] = (struct openapi_operation){.method = rest->endpoints[i].method,
                                                   .binding = &rest->endpoints[i].binding,
                                                   .creates = rest->endpoints[i].creates};
    return openapi_write(arena, rest->frontends->contract, operations, count, ret_texts);
}

static struct status write_documents(const void *context, struct arena *arena,
                                     struct slice ret_texts[FILES_LATE_MOST])
{
    _Static_assert(OPENAPI_VERSIONS <= FILES_LATE_MOST, "each document is a late file");
    return rest_openapi(context, arena, ret_texts);
}

static struct status add_documents(struct rest *rest)
{
    struct status status = status_ok();

    for (unsigned i = 0; i < OPENAPI_VERSIONS && status_is_ok(status); i++) {
        const struct file file = {.path = document_paths[i],
                                  .content_type = SLICE("application/json"),
                                  /* Keep it, but ask whether it is still the one. */
                                  .cache_control = SLICE("no-cache")};

        status = files__add_late(rest->files, &file, i);
    }
    return status;
}

/* For generators of gRPC clients; see embedded_sources_archive. */
static struct status add_sources(struct rest *rest)
{
    static const struct header headers[] = {
        {SLICE_INIT("content-disposition"),
         SLICE_INIT("attachment; filename=\"datastream-proto.zip\"")},
    };
    const struct file file = {.path = SLICE("/api/v1/proto.zip"),
                              .content_type = SLICE("application/zip"),
                              .bytes = embedded_sources_archive(),
                              .cache_control = SLICE("no-cache"),
                              .headers = headers,
                              .header_count = 1};

    return files__add(rest->files, &file);
}

struct status rest_new(struct frontends *frontends, struct arena *arena, struct rest **ret_rest)
{
    struct rest *rest = arena_zalloc(arena, sizeof(*rest));
    struct status status;

    if (rest == NULL)
        return status_out_of_memory();
    rest->frontends = frontends;
    rest->router = router__new(arena);
    rest->files = files__new(arena);
    if (rest->router == NULL || rest->files == NULL)
        return status_out_of_memory();
    status = runners_make(frontends, arena);
    if (status_is_ok(status))
        status = add_endpoints(rest, arena);
    if (status_is_ok(status))
        status = add_documents(rest);
    if (status_is_ok(status))
        status = add_sources(rest);
    if (status_is_ok(status))
        status = swagger_add(rest->files);
    if (status_is_ok(status))
        status = console_add(rest->files);
    if (status_is_ok(status))
        *ret_rest = rest;
    return status;
}

void rest_write_documents(struct rest *rest)
{
    files__write(rest->files, write_documents, rest);
}

void rest_write_documents_end(struct rest *rest)
{
    files__write_end(rest->files);
}
