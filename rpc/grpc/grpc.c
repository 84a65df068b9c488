/*
 * The life of a unary call: begin -> [head acceptable] -> opened (authenticated, authorized) ->
 * body deframed -> body's end: message read -> dispatched -> finished -> answered. Whatever fails
 * answers at once, before anything that comes later is looked at; the deadline may answer at any
 * time. An answered call ignores the rest.
 */
#include "rpc/grpc/grpc.h"

#include <assert.h>

#include "rpc/grpc/grpc_answer.h"
#include "rpc/grpc/grpc_health.h"
#include "rpc/grpc/grpc_refuse.h"
#include "rpc/grpc/grpc_stream.h"
#include "rpc/grpc/reflection_late.h"
#include "rpc/grpc/reflection_stream.h"
#include "rpc/grpc/request.h"
#include "rpc/grpc/timeout.h"

struct grpc {
    struct frontends *frontends;
    struct reflection_late reflection;
    struct drain drain;
};

/* A call on its way; in the exchange's arena. */
struct grpc_call {
    struct frontend_call base; /* first */
    struct grpc *grpc;
    struct metadata metadata;
    int64_t deadline_us; /* the client's own, of clock_monotonic_us; 0 for none */
    struct frame_reader reader;
    struct frame message;
    unsigned messages;
    struct grpc_answer answer;
};

struct status grpc_new(struct frontends *frontends, struct arena *arena, struct grpc **ret_grpc)
{
    struct grpc *grpc = arena_zalloc(arena, sizeof(*grpc));
    struct status status = runners_make(frontends, arena);

    if (!status_is_ok(status))
        return status;
    if (grpc == NULL)
        return status_out_of_memory();
    grpc->frontends = frontends;
    drain__init(&grpc->drain);
    reflection_late__init(&grpc->reflection);
    *ret_grpc = grpc;
    return status;
}

void grpc_end(struct grpc *grpc)
{
    reflection_late__done(&grpc->reflection);
}

void grpc_drain(struct grpc *grpc)
{
    drain__begin(&grpc->drain);
}

bool grpc_takes(const struct exchange *exchange)
{
    static const struct slice type = SLICE_INIT("application/grpc");
    struct slice value;

    if (!exchange_header(exchange, SLICE("content-type"), &value) || value.len < type.len ||
        !slice_equal_ignore_case(slice_make(value.data, type.len), type))
        return false;
    value = slice_from(value, type.len);
    return value.len == 0 || value.data[0] == ';' ||
           (value.len >= 6 && slice_equal_ignore_case(slice_make(value.data, 6), SLICE("+proto")) &&
            (value.len == 6 || value.data[6] == ';'));
}

/* The method of the path; NULL where there is none, or nobody runs it. */
static const struct method *method_of(const struct grpc *grpc, const struct exchange *exchange)
{
    const struct method *method = contract_method(grpc->frontends->contract, exchange->head.path);

    return method == NULL || runner_of(grpc->frontends, method) == RUNNER_NONE ? NULL : method;
}

bool grpc_is_for(const struct grpc *grpc, const struct exchange *exchange)
{
    return grpc_takes(exchange) || method_of(grpc, exchange) != NULL;
}

static struct grpc_call *call_of(struct call *call)
{
    return (struct grpc_call *)frontend_of(call); /* the frontend's part is its first member */
}

static void answer_status(struct grpc_call *call, struct status status)
{
    frontend_move(&call->base, FRONTEND_ANSWERED);
    call->base.logged_status = (int)grpc__answer_status(call->base.exchange, &call->answer, status);
}

static void answer_message(struct grpc_call *call, const ProtobufCMessage *message,
                           const struct call_records *records)
{
    assert(message != NULL || records != NULL);
    frontend_move(&call->base, FRONTEND_ANSWERED);
    call->base.logged_status = (int)grpc__answer_message(&call->answer, message, records);
}

static void take_message(struct grpc_call *call, const struct frame *frame)
{
    call->message = *frame;
    call->messages++;
}

static struct status frame_status(struct grpc_call *call, enum frame_result result)
{
    switch (result) {
    case FRAME_BAD_FLAG:
        return status_const(STATUS_INTERNAL,
                            SLICE("A message's compressed flag is neither 0 nor 1."));
    case FRAME_TOO_LARGE:
        return status_make(call->base.call.arena, STATUS_RESOURCE_EXHAUSTED,
                           "The message has %zu bytes; the limit is %zu bytes.", call->reader.len,
                           call->reader.most);
    case FRAME_NO_MEMORY:
        return status_out_of_memory();
    default:
        return status_ok();
    }
}

static void on_body(struct exchange *exchange, struct slice bytes)
{
    struct grpc_call *call = exchange->state;
    size_t taken = bytes.len;

    while (bytes.len > 0 && !frontend_is_over(&call->base)) {
        struct frame frame;
        enum frame_result result;

        if (call->messages > 0) {
            answer_status(call,
                          status_const(STATUS_UNIMPLEMENTED,
                                       SLICE("The method accepts one message, not several.")));
            break;
        }
        result = frame__read(&call->reader, &bytes, &frame);
        if (result == FRAME_MESSAGE)
            take_message(call, &frame);
        else if (result != FRAME_MORE)
            answer_status(call, frame_status(call, result));
    }
    exchange_consume(exchange, taken);
}

/* Whether exactly one whole message came. */
static struct status body_status(const struct grpc_call *call)
{
    if (!frame__is_whole(&call->reader))
        return status_const(STATUS_INTERNAL, SLICE("The request ends within a message."));
    if (call->messages == 0)
        return status_const(STATUS_UNIMPLEMENTED,
                            SLICE("The method needs one message; the request has none."));
    return status_ok();
}

static void on_finished(struct call *chain_call)
{
    struct grpc_call *call = call_of(chain_call);

    if (frontend_is_over(&call->base))
        return;
    call->answer.is_stored = chain_call->is_stored;
    if (!status_is_ok(chain_call->status)) {
        answer_status(call, chain_call->status);
        return;
    }
    call->answer.metadata = chain_call->answer_metadata;
    if (chain_call->keep_plain)
        call->answer.accepts = 0;
    answer_message(call, chain_call->response, chain_call->records);
}

static enum runner runner_for(const struct grpc_call *call)
{
    return runner_of(call->grpc->frontends, call->base.call.method);
}

static struct server_stream stream_for(struct grpc_call *call)
{
    return (struct server_stream){
        .frontend = &call->base, .answer = &call->answer, .deadline_us = call->deadline_us};
}

static void run_check(struct grpc_call *call)
{
    ProtobufCMessage *response = NULL;
    struct status status = grpc__health_check(call->grpc->frontends, &call->base.call, &response);

    if (status_is_ok(status))
        answer_message(call, response, NULL);
    else
        answer_status(call, status);
}

static void run_watch(struct grpc_call *call)
{
    const struct server_stream stream = stream_for(call);
    struct status status = grpc__health_watch(call->grpc->frontends, &stream, &call->grpc->drain);

    if (!status_is_ok(status))
        answer_status(call, status);
}

static void run_stream(struct grpc_call *call)
{
    struct status status = grpc__call_stream(call->grpc->frontends, &call->base, &call->answer,
                                             call->deadline_us);

    if (!status_is_ok(status))
        answer_status(call, status);
}

static void run(struct grpc_call *call)
{
    switch (runner_for(call)) {
    case RUNNER_HEALTH:
        run_check(call);
        break;
    case RUNNER_HEALTH_WATCH:
        run_watch(call);
        break;
    case RUNNER_CHAIN_STREAM:
        run_stream(call);
        break;
    case RUNNER_CHAIN:
        call->base.call.accepts_records = true;
        frontend_dispatch(&call->base);
        break;
    case RUNNER_NONE:       /* is refused before there is a call */
    case RUNNER_REFLECTION: /* has taken the exchange over */
        assert(false);
    }
}

static void on_body_end(struct exchange *exchange)
{
    struct grpc_call *call = exchange->state;
    struct frontend_call *frontend = &call->base;
    struct status status;

    if (frontend_is_over(frontend))
        return;
    status = body_status(call);
    if (status_is_ok(status))
        status = grpc__request_read(
            exchange->arena, frontend->call.method, &call->message, call->metadata.encoding,
            (size_t)call->grpc->frontends->settings->max_message_bytes, &frontend->call.request);
    if (status_is_ok(status))
        run(call);
    else
        answer_status(call, status);
}

/* A message may be half written only once an answer was given: then nothing else can be said. */
static void on_timeout(struct exchange *exchange)
{
    struct grpc_call *call = exchange->state;

    frontend_cancel(&call->base);
    if (!frontend_is_over(&call->base))
        answer_status(call, status_const(STATUS_DEADLINE_EXCEEDED,
                                         SLICE("The deadline passed before the answer.")));
    else if (call->deadline_us != 0)
        exchange_reset(exchange);
}

static void on_closed(struct exchange *exchange, bool complete)
{
    struct grpc_call *call = exchange->state;
    struct frontend_call *frontend = &call->base;

    (void)complete;
    frontend_cancel(frontend);
    frontend_log(frontend, frontend_is_over(frontend) ? frontend->logged_status : STATUS_CANCELLED);
}

/* Nothing is held back: a unary answer is handed over in one go, bounded by max_message_bytes. */
static void on_writable(struct exchange *exchange)
{
    (void)exchange;
}

static void on_turn(struct exchange *exchange)
{
    struct grpc_call *call = exchange->state;

    frontend_turn(&call->base);
}

static const struct exchange_frontend unary = {
    .body = on_body,
    .body_end = on_body_end,
    .writable = on_writable,
    .timeout = on_timeout,
    .closed = on_closed,
    .turn = on_turn,
};

/* For exchanges that were answered before there was a call. */
static void on_closed_early(struct exchange *exchange, bool complete)
{
    (void)exchange;
    (void)complete;
}

static const struct exchange_frontend answered_early = {.closed = on_closed_early};

static void reflect(struct grpc_call *call)
{
    const struct server_stream stream = stream_for(call);
    const struct reflection_index *index = NULL;
    struct status status = reflection_late__find(&call->grpc->reflection, &index);

    if (status_is_ok(status))
        status = reflection_stream__begin(call->grpc->frontends, index, &stream, &call->metadata);
    if (!status_is_ok(status))
        answer_status(call, status);
}

static void read_body(struct grpc_call *call)
{
    frontend_move(&call->base, FRONTEND_READING);
    exchange_accept_body(call->base.exchange, 0);
}

static void on_opened(struct call *chain_call)
{
    struct grpc_call *call = call_of(chain_call);

    if (frontend_is_over(&call->base))
        return;
    if (!status_is_ok(chain_call->status)) {
        answer_status(call, chain_call->status);
        return;
    }
    if (call->metadata.encoding == ENCODING_UNSUPPORTED) {
        call->answer.accepts_encodings = true;
        answer_status(call, status_make(chain_call->arena, STATUS_UNIMPLEMENTED,
                                        "The encoding %.*s is not supported.",
                                        SLICE_ARG(call->metadata.encoding_text)));
        return;
    }
    if (runner_for(call) == RUNNER_REFLECTION)
        reflect(call);
    else
        read_body(call);
}

/* The client's deadline, in place of the one that frontend_begin set. */
static struct status set_deadline(struct grpc_call *call)
{
    struct slice text = call->metadata.timeout;
    uint64_t ms;

    if (text.data == NULL)
        return status_ok();
    if (!grpc__timeout_parse(text, &ms))
        return status_const(STATUS_INTERNAL, SLICE("The grpc-timeout header is malformed."));
    if (ms == 0)
        return status_const(STATUS_DEADLINE_EXCEEDED,
                            SLICE("The deadline passed before the call arrived."));
    call->deadline_us = call->base.exchange->started_us +
                        (int64_t)(ms < INT32_MAX ? ms : INT32_MAX) * 1000;
    exchange_set_timeout(call->base.exchange, ms);
    return status_ok();
}

static void begin_call(struct grpc *grpc, struct exchange *exchange, const struct method *method)
{
    const struct settings *settings = grpc->frontends->settings;
    struct grpc_call *call = arena_zalloc(exchange->arena, sizeof(*call));
    struct status status;

    if (call == NULL ||
        !frontend_begin(grpc->frontends, &call->base, exchange, method, on_opened, on_finished)) {
        exchange->frontend = &answered_early;
        grpc__answer_status(exchange, NULL, status_out_of_memory());
        return;
    }
    call->grpc = grpc;
    exchange->state = call;
    exchange->frontend = &unary;
    call->answer.exchange = exchange;
    call->answer.request_id = call->base.call.request_id;
    call->answer.most = (size_t)settings->max_message_bytes;
    frame__reader_init(&call->reader, exchange->arena, (size_t)settings->max_message_bytes);
    status = metadata__read(exchange->arena, &exchange->head, (size_t)settings->max_metadata_bytes,
                            &call->metadata);
    call->answer.accepts = call->metadata.accepts;
    if (status_is_ok(status))
        status = set_deadline(call);
    if (status_is_ok(status))
        frontend_open(&call->base);
    else
        answer_status(call, status);
}

static void refuse_method(struct exchange *exchange)
{
    exchange->frontend = &answered_early;
    grpc__refuse(exchange, STATUS_UNIMPLEMENTED, SLICE("Unknown method."));
}

/* A request that gRPC has no status for, as plain HTTP. */
static void refuse_http(struct exchange *exchange, int status, struct slice text)
{
    static const struct header fixed[] = {
        {SLICE_INIT("content-type"), SLICE_INIT("text/plain; charset=utf-8")},
        {SLICE_INIT("allow"), SLICE_INIT("POST")},
    };
    struct header *fields = arena_array(exchange->arena, 3, sizeof(*fields));
    struct slice request_id = frontend_request_id(exchange);
    size_t count = status == 405 ? 2 : 1;

    exchange->frontend = &answered_early;
    frontend_log_refusal(exchange, request_id, status, slice_make(text.data, text.len - 1));
    if (fields == NULL || request_id.data == NULL) {
        exchange_respond(exchange, status, fixed, count, text);
        return;
    }
    memcpy(fields, fixed, sizeof(fixed));
    fields[count] = (struct header){SLICE("x-request-id"), request_id};
    exchange_respond(exchange, status, fields, count + 1, text);
}

void grpc_begin(struct grpc *grpc, struct exchange *exchange)
{
    const struct method *method = method_of(grpc, exchange);

    if (!slice_equal(exchange->head.method, SLICE("POST")))
        refuse_http(exchange, 405, SLICE("gRPC calls are POST requests.\n"));
    else if (exchange->head.version != HTTP_2 || !grpc_takes(exchange))
        refuse_http(exchange, 415,
                    SLICE("gRPC needs HTTP/2 and the content type application/grpc.\n"));
    else if (method == NULL || exchange->head.query.data != NULL)
        refuse_method(exchange); /* a query is no part of a method's name */
    else
        begin_call(grpc, exchange, method);
}
