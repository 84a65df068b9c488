/* Liveness and readiness, for supervisors and balancers. */
#include "rest/health.h"

/* The store turns read-only at the first failed write, and a draining server takes nothing new. */
static bool is_ready(const struct faces *faces)
{
    return !__atomic_load_n(&faces->draining, __ATOMIC_RELAXED) &&
           (faces->store == NULL || !store_is_read_only(faces->store));
}

bool health_answer(const struct faces *faces, struct slice path, int *ret_status,
                   struct slice *ret_body)
{
    bool serving = true;

    if (slice_equal(path, SLICE("/readyz")))
        serving = is_ready(faces);
    else if (!slice_equal(path, SLICE("/healthz")))
        return false;
    *ret_status = serving ? 200 : 503;
    *ret_body = serving ? SLICE("{\"status\":\"SERVING\"}") : SLICE("{\"status\":\"NOT_SERVING\"}");
    return true;
}
