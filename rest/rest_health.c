/* Liveness and readiness, for supervisors and balancers. */
#include "rest/rest_health.h"

/* The store turns read-only at the first failed write, and a draining server takes nothing new. */
static bool is_ready(const struct frontends *frontends)
{
    return !__atomic_load_n(&frontends->draining, __ATOMIC_RELAXED) &&
           (frontends->store == NULL || !store_is_read_only(frontends->store));
}

bool health_answer(const struct frontends *frontends, struct slice path, int *ret_status,
                   struct slice *ret_body)
{
    bool serving = true;

    if (slice_equal(path, SLICE("/readyz")))
        serving = is_ready(frontends);
    else if (!slice_equal(path, SLICE("/healthz")))
        return false;
    *ret_status = serving ? 200 : 503;
    *ret_body = serving ? SLICE("{\"status\":\"SERVING\"}") : SLICE("{\"status\":\"NOT_SERVING\"}");
    return true;
}
