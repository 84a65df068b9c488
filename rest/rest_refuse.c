/* Refusals that are made below the frontend, as problems. */
#include "rest/rest_refuse.h"

#include "rest/endpoint.h"
#include "rest/rest_answer.h"

/* What clients of JSON transcoding find in `code`; most refusals are the request's fault. */
static enum status_code code_of(int http)
{
    switch (http) {
    case 408:
        return STATUS_DEADLINE_EXCEEDED;
    case 413:
    case 414:
    case 431:
    case NO_MEMORY_HTTP:
        return STATUS_RESOURCE_EXHAUSTED;
    case 501:
    case 505:
        return STATUS_UNIMPLEMENTED;
    case 503:
        return STATUS_UNAVAILABLE;
    default:
        return STATUS_INVALID_ARGUMENT;
    }
}

bool rest_refuse(struct exchange *exchange, int http, const char *detail)
{
    struct rest_call *call = arena_zalloc(exchange->arena, sizeof(*call));
    const struct status status = status_const(code_of(http), slice_from_cstr(detail));

    if (call == NULL)
        return false;
    call->exchange = exchange;
    call->cache_control = SLICE("no-store");
    rest__answer_problem(call, http, &status);
    frontend_log_refusal(exchange, call->request_id, http, status.message);
    return true;
}
