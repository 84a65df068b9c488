/* Whether a director is there: what others than its own hooks need of it. */
#ifndef DATASTREAM_RPC_SERVICES_KINDS_DIRECTOR_H
#define DATASTREAM_RPC_SERVICES_KINDS_DIRECTOR_H

#include "rpc/services/resource/hooks.h"

/* What the last check-in said. Plain. */
struct presence {
    bool connected; /* one came in the last 90 seconds */
};

/* A director without a check-in is not connected. UNAVAILABLE by the store. */
struct status presence_read(struct call *call, const struct kind *directors, struct slice id,
                            struct presence *ret_presence);

#endif
