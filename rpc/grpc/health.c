/* The health check; Watch would stream and is not served. */
#include "rpc/grpc/health.h"

#include "proto/message.h"

/* Numbers of grpc.health.v1.HealthCheckResponse.ServingStatus. */
enum { HEALTH_SERVING = 1, HEALTH_NOT_SERVING = 2 };

/* Field numbers of the request's name and the response's status. */
#define SERVICE_NUMBER 1
#define STATUS_NUMBER 1

bool grpc__health_takes(const struct method *method)
{
    return slice_equal(method->full_name, SLICE("grpc.health.v1.Health.Check"));
}

static bool is_service(const struct contract *contract, struct slice name)
{
    for (size_t i = 0; i < contract->service_count; i++)
        if (slice_equal(contract->services[i].full_name, name))
            return true;
    return name.len == 0;
}

struct status grpc__health_check(const struct faces *faces, struct call *call)
{
    const struct method *method = call->method;
    struct slice name = field_get_string(call->request,
                                         message_field_by_number(method->input, SERVICE_NUMBER));
    bool draining = __atomic_load_n(&faces->draining, __ATOMIC_RELAXED);

    if (!is_service(faces->contract, name))
        return status_const(STATUS_NOT_FOUND, SLICE("There is no such service."));
    call->response = message_new(call->arena, method->output);
    if (call->response == NULL)
        return status_out_of_memory();
    field_set_int(call->response, message_field_by_number(method->output, STATUS_NUMBER),
                  draining ? HEALTH_NOT_SERVING : HEALTH_SERVING);
    return status_ok();
}
