/* Liveness and readiness, for supervisors and balancers. */
#include "rest/rest_health.h"

#include "rpc/call/setup_gate.h"

/*
 * Why not all requests would be served, NULL when they would: the store turns read-only at the
 * first failed write, and a draining server accepts nothing new.
 */
static const char *unready_reason(const struct frontends *frontends)
{
    if (__atomic_load_n(&frontends->draining, __ATOMIC_RELAXED))
        return "The server is shutting down.";
    return frontends->store == NULL ? NULL : store_read_only_reason(frontends->store);
}

bool health__answer(const struct frontends *frontends, struct arena *arena, struct slice path,
                    int *ret_status, struct slice *ret_body)
{
    const char *reason = NULL;

    if (slice_equal(path, SLICE("/readyz")))
        reason = unready_reason(frontends);
    else if (!slice_equal(path, SLICE("/healthz")))
        return false;
    *ret_status = reason == NULL ? 200 : 503;
    if (reason == NULL && slice_equal(path, SLICE("/readyz")) &&
        setup_gate_is_required(frontends->setup)) {
        *ret_body = SLICE("{\"status\":\"SERVING\",\"setup\":\"required\"}");
        return true;
    }
    *ret_body = reason == NULL
                    ? SLICE("{\"status\":\"SERVING\"}")
                    : arena_printf(arena, "{\"status\":\"NOT_SERVING\",\"reason\":\"%s\"}", reason);
    return true;
}
