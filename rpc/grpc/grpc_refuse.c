/* HTTP statuses of refusals to gRPC's: too much of anything is RESOURCE_EXHAUSTED (wire rules). */
#include "rpc/grpc/grpc_refuse.h"

#include "rpc/frontend/frontend.h"
#include "rpc/grpc/grpc_answer.h"

static const struct {
    int http;
    enum status_code code;
} codes[] = {
    {408, STATUS_DEADLINE_EXCEEDED},
    {413, STATUS_RESOURCE_EXHAUSTED},
    {414, STATUS_RESOURCE_EXHAUSTED},
    {431, STATUS_RESOURCE_EXHAUSTED},
    {501, STATUS_UNIMPLEMENTED},
    {503, STATUS_UNAVAILABLE},
    {NO_MEMORY_HTTP, STATUS_RESOURCE_EXHAUSTED},
};

static enum status_code code_of(int http)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].http == http)
            return codes[i].code;
    return STATUS_INTERNAL;
}

void grpc__refuse(struct exchange *exchange, enum status_code code, struct slice detail)
{
    struct grpc_answer *answer = arena_zalloc(exchange->arena, sizeof(*answer));
    struct slice request_id = SLICE_EMPTY;

    if (answer != NULL) {
        answer->exchange = exchange;
        answer->request_id = request_id = frontend_request_id(exchange);
    }
    code = grpc__answer_status(exchange, answer, status_const(code, detail));
    frontend_log_refusal(exchange, request_id, (int)code, detail);
}

void grpc_refuse(struct exchange *exchange, int http, const char *detail, bool is_cut)
{
    grpc__refuse(exchange, is_cut ? STATUS_UNAVAILABLE : code_of(http), slice_from_cstr(detail));
}
