/* Own methods are the chain's; of other packages the frontends run what they know. */
#include "rpc/frontend/runner.h"

#include <assert.h>

#include "rpc/frontend/frontend.h"

#define OWN_PACKAGE SLICE("datastream.")

static bool is_reflection(struct slice service)
{
    return slice_equal(service, SLICE("grpc.reflection.v1.ServerReflection")) ||
           slice_equal(service, SLICE("grpc.reflection.v1alpha.ServerReflection"));
}

static enum runner choose(const struct method *method)
{
    if (slice_equal(method->service->full_name, SLICE("grpc.health.v1.Health")))
        return method->server_streaming ? RUNNER_HEALTH_WATCH : RUNNER_HEALTH;
    if (is_reflection(method->service->full_name))
        return RUNNER_REFLECTION;
    if (method->client_streaming || !slice_starts_with(method->full_name, OWN_PACKAGE))
        return RUNNER_NONE;
    return method->server_streaming ? RUNNER_CHAIN_STREAM : RUNNER_CHAIN;
}

struct status runners_make(struct frontends *frontends, struct arena *arena)
{
    const struct contract *contract = frontends->contract;
    enum runner *runners;

    if (frontends->runners != NULL)
        return status_ok();
    runners = arena_array(arena, contract->method_count, sizeof(*runners));
    if (runners == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < contract->method_count; i++)
        runners[contract->methods[i]->index] = choose(contract->methods[i]);
    frontends->runners = runners;
    return status_ok();
}

enum runner runner_of(const struct frontends *frontends, const struct method *method)
{
    assert(method->index < frontends->contract->method_count);
    return frontends->runners[method->index];
}
