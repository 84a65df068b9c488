/*
 * What is written for a message, a heartbeat and the end that comes too early:
 *
 *   NDJSON  {...}\n      {...}\n                       {"error":{problem}}\n
 *   SSE     id:, data:   a comment and id:, no event   event: error, data: {problem}
 *   CSV     a row        none                          the connection or stream is reset
 *
 * A stream that is whole just ends.
 *
 * The id of an event is its revision: clients that lost the connection send it in Last-Event-ID. It
 * is held back until the last change of a revision.
 */
#include "rest/rest_stream.h"

#include <assert.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json_text.h"
#include "proto/message/message.h"
#include "rest/csv.h"
#include "rest/negotiate.h"
#include "rest/problem.h"
#include "rest/rest_answer.h"
#include "rpc/frontend/frontend_stream.h"

#define CLIENT_CLOSED 499

struct rest_stream {
    struct frontend_stream stream; /* first */
    struct rest_call *call;
    enum stream_type type;
    bool is_csv;                  /* in place of the type */
    bool has_head;                /* of CSV: the names of the columns were written */
    const struct field *revision; /* of the message; NULL where it has none */
    const struct field *more_in_revision;
};

static enum stream_type chosen_type(const struct rest_call *call)
{
    const struct request_head *head = &call->exchange->head;

    return accept__stream_type(head->headers, head->header_count);
}

/* The form of a file is the request's to choose. */
bool rest__stream_is_acceptable(const struct rest_call *call)
{
    return call->endpoint->binding.format != NULL || chosen_type(call) != STREAM_TYPE_NONE;
}

/* -- writing ---------------------------------------------------------------------------------- */

/* "attachment; filename="audit-logs.csv"" of "/api/v1/audit-logs:export". */
static struct slice file_name(struct arena *arena, struct slice path, bool is_csv)
{
    size_t from = path.len;

    while (from > 0 && path.data[from - 1] != '/')
        from--;
    path = slice_from(path, from);
    return arena_printf(arena, "attachment; filename=\"%.*s.%s\"", (int)slice_find(path, ':'),
                        path.data, is_csv ? "csv" : "ndjson");
}

static void begin(struct frontend_stream *base)
{
    static const struct slice types[] = {
        [STREAM_TYPE_NDJSON] = SLICE_INIT("application/x-ndjson"),
        [STREAM_TYPE_JSON] = SLICE_INIT("application/json"),
        [STREAM_TYPE_SSE] = SLICE_INIT("text/event-stream"),
    };
    const struct rest_stream *stream = (const struct rest_stream *)base;
    struct rest_call *call = stream->call;
    struct exchange *exchange = call->exchange;

    assert(stream->is_csv || (stream->type > STREAM_TYPE_NONE && stream->type <= STREAM_TYPE_SSE));
    /* Proxies that gather answers would hold the changes back. */
    rest__add_header(call, SLICE("x-accel-buffering"), SLICE("no"));
    rest__add_metadata(call);
    if (call->endpoint->binding.format != NULL)
        rest__add_header(call, SLICE("content-disposition"),
                         file_name(exchange->arena, exchange->head.path, stream->is_csv));
    rest__begin(call, 200, stream->is_csv ? SLICE("text/csv") : types[stream->type]);
}

static bool is_whole(const struct rest_stream *stream, const ProtobufCMessage *message)
{
    return stream->more_in_revision == NULL ||
           field_get_int(message, stream->more_in_revision) == 0;
}

static void put_id(struct json_text *text, const struct rest_stream *stream,
                   const ProtobufCMessage *message)
{
    if (stream->revision == NULL || !is_whole(stream, message))
        return;
    json_put_literal(text, "id: ");
    json_put(text, arena_printf(text->arena, "%llu",
                                (unsigned long long)field_get_int(message, stream->revision)));
    json_put_literal(text, "\n");
}

/* The names of the columns come with the first row. */
static struct status write_row(struct rest_stream *stream, struct arena *arena,
                               const ProtobufCMessage *message, struct slice *ret_bytes)
{
    const struct binding *binding = &stream->call->endpoint->binding;
    struct slice parts[2] = {SLICE_EMPTY, SLICE_EMPTY};
    struct status status = csv__row(arena, binding->contract, binding->output, message, &parts[1]);

    if (!stream->has_head)
        parts[0] = csv__head(arena, binding->output);
    stream->has_head = true;
    *ret_bytes = text_join(arena, parts, 2);
    return status;
}

static struct status write(struct frontend_stream *base, struct arena *arena,
                           const ProtobufCMessage *message, bool is_heartbeat,
                           struct slice *ret_bytes)
{
    struct rest_stream *stream = (struct rest_stream *)base;
    const struct binding *binding = &stream->call->endpoint->binding;
    bool is_sse = stream->type == STREAM_TYPE_SSE;
    struct json_text text = {.arena = arena};
    struct slice json = SLICE_EMPTY;
    struct status status = status_ok();

    if (stream->is_csv)
        return write_row(stream, arena, message, ret_bytes);
    if (!is_sse || !is_heartbeat)
        status = transcode__response(arena, binding, message, false, &json);
    if (!status_is_ok(status))
        return status;
    if (is_sse && is_heartbeat)
        json_put_literal(&text, ": heartbeat\n");
    if (is_sse)
        put_id(&text, stream, message);
    if (is_sse && !is_heartbeat)
        json_put_literal(&text, "data: ");
    json_put(&text, json);
    if (!is_sse || !is_heartbeat)
        json_put_literal(&text, "\n");
    if (is_sse)
        json_put_literal(&text, "\n");
#ifdef DATASTREAM_FAULTS
    /* The first message stands for all in the log of exchanges. */
    if (!is_heartbeat && base->frontend->seen.body.data == NULL)
        base->frontend->seen.body = arena_copy(stream->call->exchange->arena, json);
#endif
    *ret_bytes = json_text_slice(&text);
    return arena_failed(arena) ? status_out_of_memory() : status_ok();
}

/* The problem as the stream's last word; without memory there is none. */
static void put_problem(struct rest_stream *stream, const struct status *status)
{
    struct exchange *exchange = stream->call->exchange;
    struct json_text text = {.arena = exchange->arena};
    bool is_sse = stream->type == STREAM_TYPE_SSE;
    struct slice problem = problem__write(exchange->arena, status_http(status), status,
                                          stream->call->request_id);

    json_put(&text, is_sse ? SLICE("event: error\ndata: ") : SLICE("{\"error\":"));
    json_put(&text, problem.len > 0 ? problem : problem__no_memory());
    json_put(&text, is_sse ? SLICE("\n\n") : SLICE("}\n"));
    if (!arena_failed(exchange->arena))
        exchange_send_body(exchange, json_text_slice(&text));
}

static void end(struct frontend_stream *base, struct status status)
{
    struct rest_stream *stream = (struct rest_stream *)base;
    struct rest_call *call = stream->call;

    if (base->frontend->state != FRONTEND_STREAMING) {
        rest__answer_problem(call, status_http(&status), &status);
        return;
    }
    if (!status_is_ok(status) && stream->is_csv) { /* no row of a table can say so */
        exchange_reset(call->exchange);
        return;
    }
    if (!status_is_ok(status))
        put_problem(stream, &status);
    else if (stream->is_csv && !stream->has_head && !base->head_only)
        exchange_send_body(call->exchange,
                           csv__head(call->exchange->arena, call->endpoint->binding.output));
    exchange_send_end(call->exchange, NULL, 0);
}

static enum stream_form form(const struct frontend_stream *base)
{
    const struct rest_stream *stream = (const struct rest_stream *)base;

#ifdef DATASTREAM_FAULTS
    if (base->frontend->seen.body.data == NULL) /* the log of exchanges wants the message */
        return STREAM_FORM_OWN;
#endif
    if (stream->is_csv)
        return STREAM_FORM_OWN;
    return stream->type == STREAM_TYPE_SSE ? STREAM_FORM_SSE : STREAM_FORM_NDJSON;
}

static const struct frontend_stream_writer writer = {
    .begin = begin, .write = write, .end = end, .form = form, .closed_status = CLIENT_CLOSED};

/* -- dispatching ------------------------------------------------------------------------------ */

/* What the client heard last overrides what its first request asked for. */
static struct status take_last_event_id(struct rest_call *call)
{
    const struct field *from = message_field_by_proto_name(call->endpoint->method->input,
                                                           SLICE("from_revision"));
    struct slice text;
    uint64_t revision;

    if (from == NULL || !exchange_header(call->exchange, SLICE("last-event-id"), &text) ||
        slice_trim(text).len == 0) /* an event source that heard no id sends none, or nothing */
        return status_ok();
    if (!slice_to_u64(text, &revision))
        return status_invalid_field(call->exchange->arena, SLICE("Last-Event-ID"),
                                    "must be a revision");
    field_set_int(call->base.call.request, from, (int64_t)revision);
    return status_ok();
}

struct status rest__stream_dispatch(struct frontends *frontends, struct rest_call *call)
{
    const struct message_type *output = call->endpoint->method->output;
    const struct field *format = call->endpoint->binding.format;
    struct rest_stream *stream = arena_zalloc(call->exchange->arena, sizeof(*stream));
    struct status status = take_last_event_id(call);

    if (!status_is_ok(status))
        return status;
    if (stream == NULL)
        return status_out_of_memory();
    stream->stream.writer = &writer;
    stream->stream.frontend = &call->base;
    stream->stream.head_only = slice_equal(call->exchange->head.method, SLICE("HEAD"));
    stream->call = call;
    stream->type = format == NULL ? chosen_type(call) : STREAM_TYPE_NDJSON;
    stream->is_csv = format != NULL &&
                     slice_equal(field_get_string(call->base.call.request, format), SLICE("csv"));
    stream->revision = message_field_by_proto_name(output, SLICE("revision"));
    stream->more_in_revision = message_field_by_proto_name(output, SLICE("more_in_revision"));
    frontend_stream_dispatch(frontends, &stream->stream);
    return status_ok();
}
