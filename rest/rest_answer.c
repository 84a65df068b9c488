/* Answers of the REST frontend: problems, messages, entity tags. */
#include "rest/rest_answer.h"

#include <assert.h>

#include "rest/endpoint.h"

#include "base/hash.h"
#include "base/text.h"
#include "proto/json/json_steps.h"
#include "proto/json/json_write.h"
#include "rest/console/console.h"
#include "rest/negotiate.h"
#include "rest/problem.h"
#include "rpc/frontend/header_list.h"

static const struct slice json_type = SLICE_INIT("application/json");
static const struct slice raw_type = SLICE_INIT("application/octet-stream"); /* of bytes alone */
static const struct slice problem_type = SLICE_INIT("application/problem+json");

/* Bytes of a body that are written before others have their turn: a fraction of a millisecond. */
#define STEP_BYTES 65536

void rest__add_header(struct rest_call *call, struct slice name, struct slice value)
{
    /* Two are kept for rest__answer. */
    if (call->header_count + 3 < REST_HEADERS_MOST)
        call->headers[call->header_count++] = (struct header){name, value};
}

void rest__add_metadata(struct rest_call *call)
{
    for (const struct call_metadata *m = call->base.call.answer_metadata; m != NULL; m = m->next)
        rest__add_header(call, m->name, m->value);
}

/* Each answer carries the request's id; most requests have one from their call. */
static void identify(struct rest_call *call)
{
    if (call->request_id.len == 0)
        call->request_id = rest__has_call(call) ? call->base.call.request_id
                                                : frontend_request_id(call->exchange);
}

static void add_console_headers(struct rest_call *call)
{
    size_t count;
    const struct header *headers = console_headers(call->exchange->head.path, &count);

    for (size_t i = 0; i < count; i++)
        rest__add_header(call, headers[i].name, headers[i].value);
}

/* Whether the answer was given, or its head at least. */
static bool is_begun(const struct rest_call *call)
{
    return call->base.state >= FRONTEND_STREAMING;
}

/* Whether the call's change is durable: no answer may say that it failed. */
static bool is_stored(const struct rest_call *call)
{
    return rest__has_call(call) && call->base.call.is_stored;
}

/* The headers that each answer has. */
static void add_common_headers(struct rest_call *call, int http, struct slice content_type)
{
    struct header *headers = call->headers;

    assert(http >= 200 && http <= 599);
    identify(call);
    add_console_headers(call);
    call->base.logged_status = http;
#ifdef DATASTREAM_FAULTS
    call->base.seen.type = content_type;
#endif
    if (content_type.len > 0)
        headers[call->header_count++] = (struct header){SLICE("content-type"), content_type};
    headers[call->header_count++] = (struct header){SLICE("cache-control"), call->cache_control};
    if (call->request_id.len > 0) /* none when memory ended */
        headers[call->header_count++] = (struct header){SLICE("x-request-id"), call->request_id};
}

void rest__answer(struct rest_call *call, int http, struct slice content_type, struct slice body)
{
    if (is_begun(call))
        return;
    add_common_headers(call, http, content_type);
    frontend_move(&call->base, FRONTEND_ANSWERED);
#ifdef DATASTREAM_FAULTS
    call->base.seen.body = body;
#endif
    assert(call->header_count <= REST_HEADERS_MOST);
    exchange_respond(call->exchange, http, call->headers, call->header_count, body);
}

void rest__begin(struct rest_call *call, int http, struct slice content_type)
{
    add_common_headers(call, http, content_type);
    assert(call->header_count <= REST_HEADERS_MOST);
    exchange_send_head(call->exchange, http, call->headers, call->header_count);
}

void rest__answer_problem(struct rest_call *call, int http, const struct status *status)
{
    struct arena *arena = call->exchange->arena;
    int64_t seconds = problem__retry_after(status);
    struct slice body;

    if (is_begun(call))
        return;
    identify(call);
    if (http != 405 && http != 415) /* these two say what is accepted instead */
        call->header_count = 0;
    if (http == 401)
        rest__add_header(call, SLICE("www-authenticate"),
                         rest__has_call(call) &&
                                 call->base.chain->sent_credentials(&call->base.call)
                             ? SLICE("Bearer realm=\"datastream\", error=\"invalid_token\"")
                             : SLICE("Bearer realm=\"datastream\""));
    if (http == 401 && call->endpoint != NULL && call->endpoint->method->takes_form)
        rest__add_header(call, SLICE("www-authenticate"), SLICE("Basic realm=\"datastream\""));
    if (seconds >= 0)
        rest__add_header(call, SLICE("retry-after"),
                         arena_printf(arena, "%lld", (long long)seconds));
    else if (http == 429)
        rest__add_header(call, SLICE("retry-after"), SLICE(REST_RETRY_SOON));
    assert(http >= 400 && !status_is_ok(*status));
    body = problem__write(arena, http, status, call->request_id);
    if (body.len == 0 && is_stored(call)) {
        call->header_count = 0;
        http = STORED_HTTP;
        body = problem__stored();
    } else if (body.len == 0) {
        call->header_count = 0;
        rest__add_header(call, SLICE("retry-after"), SLICE(REST_RETRY_SOON));
        http = NO_MEMORY_HTTP;
        body = problem__no_memory();
    }
    rest__answer(call, http, problem_type, body);
}

/* The entity tag of the answer, with its quotes; empty where it has none or the arena failed. */
static struct slice make_etag(struct rest_call *call, const ProtobufCMessage *response)
{
    const struct endpoint *endpoint = call->endpoint;
    const struct json_write_options options = {.contract = endpoint->binding.contract,
                                               .always_emit = true};
    struct arena *arena = call->exchange->arena;
    uint64_t hash = HASH_BEGIN; /* tells one state of the computed fields from another */
    struct slice revision;
    char folded[4];

    if (endpoint->etag == NULL)
        return SLICE_EMPTY;
    revision = field_get_string(response, endpoint->etag);
    if (revision.len == 0)
        return SLICE_EMPTY;
    if (endpoint->computed_count == 0)
        return text_join(arena, (const struct slice[]){SLICE("\""), revision, SLICE("\"")}, 3);
    for (size_t i = 0; i < endpoint->computed_count; i++) {
        struct slice text = SLICE_EMPTY;

        if (field_is_set(response, endpoint->computed[i]) &&
            !status_is_ok(
                json_write_field(arena, response, endpoint->computed[i], &options, &text)))
            return SLICE_EMPTY;
        hash = hash_add(hash_add(hash, text), SLICE(","));
    }
    hash ^= hash >> 32;
    for (size_t i = 0; i < sizeof(folded); i++)
        folded[i] = (char)(hash >> (24 - 8 * i));
    return text_join(arena,
                     (const struct slice[]){SLICE("\""), revision, SLICE("-"),
                                            hex_encode(arena, slice_make(folded, sizeof(folded))),
                                            SLICE("\"")},
                     5);
}

static bool is_unchanged(const struct rest_call *call, struct slice etag)
{
    struct slice if_none_match;

    return etag.len > 0 && slice_equal(call->endpoint->binding.http_method, SLICE("GET")) &&
           header_list(call->exchange->arena, &call->exchange->head, SLICE("if-none-match"),
                       &if_none_match) &&
           etag__is_listed(if_none_match, etag);
}

/* The path of the collection that the path creates in: its own, or that of "/roles/{id}:clone". */
static struct slice collection_of(struct slice path)
{
    size_t slash = path.len;

    while (slash > 0 && path.data[slash - 1] != '/')
        slash--;
    if (slash == 0 || slice_find(slice_from(path, slash), ':') == path.len - slash)
        return path;
    return slice_make(path.data, slash - 1);
}

/* Where the answer's object is found; empty when the call made none, or only tried. */
static struct slice location_of(const struct rest_call *call, const ProtobufCMessage *response)
{
    const struct endpoint *endpoint = call->endpoint;
    struct slice id;

    if (!endpoint->creates || endpoint->id == NULL)
        return SLICE_EMPTY;
    if (endpoint->validate_only != NULL &&
        field_get_int(call->base.call.request, endpoint->validate_only) != 0)
        return SLICE_EMPTY;
    id = field_get_string(response, endpoint->id);
    if (id.len == 0)
        return SLICE_EMPTY;
    return text_join(
        call->exchange->arena,
        (const struct slice[]){collection_of(call->exchange->head.path), SLICE("/"), id}, 3);
}

/* The body is written, or could not be. */
static void answer_text(struct rest_call *call, struct status status, struct slice type,
                        struct slice body)
{
    if (arena_failed(call->exchange->arena))
        status = call_no_answer(&call->base.call);
    if (status_is_ok(status))
        rest__answer(call, call->endpoint->creates ? 201 : 200, type, body);
    else
        rest__answer_problem(call, status_http(&status), &status);
}

static void answer_no_memory(struct rest_call *call)
{
    struct status status = status_out_of_memory();

    rest__answer_problem(call, status_http(&status), &status);
}

/* A further step of a file that is unfolded. */
static void unfold_on(struct rest_call *call)
{
    struct slice bytes;

    if (!unfolding__next(call->unfolding, STEP_BYTES, &bytes))
        exchange_give_way(call->exchange);
    else if (bytes.len > 0)
        rest__answer(call, 200, call->file->content_type, bytes);
    else
        answer_no_memory(call);
}

void rest__answer_unfolded(struct rest_call *call, const struct file *file)
{
    call->file = file;
    call->unfolding = files__unfold(call->exchange->arena, file);
    if (call->unfolding != NULL)
        unfold_on(call);
    else
        answer_no_memory(call);
}

void rest__answer_on(struct rest_call *call)
{
    struct status status = status_ok();
    struct slice body;

    if (is_begun(call) || exchange_is_closed(call->exchange))
        return;
    if (call->unfolding != NULL)
        unfold_on(call);
    if (call->steps == NULL)
        return;
    if (json_steps_next(call->steps, STEP_BYTES, &status, &body))
        answer_text(call, status, json_type, body);
    else
        exchange_give_way(call->exchange);
}

/* The records of the answer for its writer; NULL for none, or when the arena failed. */
static const struct json_records *records_of(struct rest_call *call)
{
    const struct call_records *given = call->base.call.records;
    struct json_records *records;

    if (given == NULL)
        return NULL;
    records = arena_alloc(call->exchange->arena, sizeof(*records));
    if (records != NULL)
        *records = (struct json_records){call->endpoint->plan, given->field, given->bodies,
                                         given->count};
    return records;
}

void rest__answer_message(struct rest_call *call, const ProtobufCMessage *response)
{
    const struct endpoint *endpoint = call->endpoint;
    struct arena *arena = call->exchange->arena;
    struct slice etag = make_etag(call, response);
    bool limited = call->base.call.limited;
    struct slice type = json_type;
    struct status status = status_ok();
    struct slice body, location;

    rest__add_metadata(call);
    if (etag.len > 0)
        rest__add_header(call, SLICE("etag"), etag);
    if (is_unchanged(call, etag)) {
        rest__answer(call, 304, SLICE_EMPTY, SLICE_EMPTY);
        return;
    }
    location = location_of(call, response);
    if (location.len > 0)
        rest__add_header(call, SLICE("location"), location);
    if (transcode__raw_response(&endpoint->binding, response, &type, &body)) {
        answer_text(call, status, type.len == 0 ? raw_type : type, body);
        return;
    }
    call->steps = transcode__response_steps(arena, &endpoint->binding, response, limited,
                                            records_of(call));
    if (call->steps != NULL) {
        rest__answer_on(call);
        return;
    }
    status = transcode__response(arena, &endpoint->binding, response, limited, &body);
    answer_text(call, status, json_type, body);
}
