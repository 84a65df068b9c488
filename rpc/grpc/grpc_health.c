/* The health check, and its watch: the one change there is, is the draining. */
#include "rpc/grpc/grpc_health.h"

#include "proto/contract/contract_find.h"
#include "proto/message/message.h"

/* Numbers of grpc.health.v1.HealthCheckResponse.ServingStatus. */
enum serving { HEALTH_SERVING = 1, HEALTH_NOT_SERVING = 2, HEALTH_SERVICE_UNKNOWN = 3 };

/* Field numbers of the request's name and the response's status. */
#define SERVICE_NUMBER 1
#define STATUS_NUMBER 1

struct health_watch {
    struct server_stream stream; /* first */
    struct drain_entry drain;
    enum serving told;
};

static bool is_service(const struct contract *contract, struct slice name)
{
    for (size_t i = 0; i < contract->service_count; i++)
        if (slice_equal(contract->services[i].full_name, name))
            return true;
    return name.len == 0;
}

static enum serving judge(const struct frontends *frontends, const struct call *call)
{
    struct slice name = field_get_string(
        call->request, message_field_by_number(call->method->input, SERVICE_NUMBER));

    if (!is_service(frontends->contract, name))
        return HEALTH_SERVICE_UNKNOWN;
    return __atomic_load_n(&frontends->draining, __ATOMIC_RELAXED) ? HEALTH_NOT_SERVING
                                                                   : HEALTH_SERVING;
}

/* NULL when the arena failed. */
static ProtobufCMessage *make_response(const struct call *call, enum serving serving)
{
    ProtobufCMessage *response = message_new(call->arena, call->method->output);

    if (response != NULL)
        field_set_int(response, message_field_by_number(call->method->output, STATUS_NUMBER),
                      serving);
    return response;
}

struct status grpc__health_check(const struct frontends *frontends, const struct call *call,
                                 ProtobufCMessage **ret_response)
{
    enum serving serving = judge(frontends, call);

    if (serving == HEALTH_SERVICE_UNKNOWN)
        return status_const(STATUS_NOT_FOUND, SLICE("Unknown service."));
    *ret_response = make_response(call, serving);
    return *ret_response == NULL ? status_out_of_memory() : status_ok();
}

/* -- watch ------------------------------------------------------------------------------------ */

static void tell(struct health_watch *watch, enum serving serving)
{
    const struct call *call = &watch->stream.frontend->call;
    ProtobufCMessage *response = make_response(call, serving);
    struct status status = status_out_of_memory();
    bool more; /* at most two messages are sent, a few bytes each */

    if (response != NULL)
        status = grpc__stream_message(watch->stream.answer, call->arena, response, &more);
    if (!status_is_ok(status))
        server_stream__end(&watch->stream, status);
    watch->told = serving;
}

static void on_draining(struct exchange *exchange)
{
    struct health_watch *watch = exchange->state;

    if (frontend_is_over(watch->stream.frontend))
        return;
    if (watch->told == HEALTH_SERVING)
        tell(watch, HEALTH_NOT_SERVING);
    server_stream__end(&watch->stream,
                       status_const(STATUS_UNAVAILABLE, SLICE("The server is shutting down.")));
}

/* The request was read whole; what a client still sends is nobody's. */
static void on_body(struct exchange *exchange, struct slice bytes)
{
    exchange_consume(exchange, bytes.len);
}

static void on_nothing(struct exchange *exchange)
{
    (void)exchange;
}

static void on_closed(struct exchange *exchange, bool complete)
{
    struct health_watch *watch = exchange->state;

    (void)complete;
    server_stream__closed(exchange);
    drain__remove(&watch->drain);
}

static const struct exchange_frontend handlers = {
    .body = on_body,
    .body_end = on_nothing,
    .writable = on_nothing,
    .timeout = server_stream__timeout,
    .closed = on_closed,
};

struct status grpc__health_watch(const struct frontends *frontends,
                                 const struct server_stream *stream, struct drain *drain)
{
    struct exchange *exchange = stream->frontend->exchange;
    struct health_watch *watch = arena_zalloc(exchange->arena, sizeof(*watch));

    if (watch == NULL)
        return status_out_of_memory();
    watch->stream = *stream;
    server_stream__take(&watch->stream, &handlers);
    server_stream__begin(&watch->stream);
    drain__add(drain, &watch->drain, exchange, on_draining);
    tell(watch, judge(frontends, &stream->frontend->call));
    return status_ok();
}
