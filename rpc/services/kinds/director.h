/* Directors, as others than their own hooks need them: whether one is there, and its check-in. */
#ifndef DATASTREAM_RPC_SERVICES_KINDS_DIRECTOR_H
#define DATASTREAM_RPC_SERVICES_KINDS_DIRECTOR_H

#include "rpc/services/resource/hooks.h"

/* A director that has not checked in for so long is not connected. */
#define PRESENCE_LOST_MS 90000

/* What was told is not written more often. */
#define PRESENCE_PACE_MS 30000

/* What the last check-in that was written said. Plain; the texts live as long as the call. */
struct presence {
    bool connected;       /* it came less than PRESENCE_LOST_MS ago */
    int64_t last_seen_ms; /* since 1970; 0: none came */
    uint64_t revision;    /* of its row; 0: there is none */
    struct slice platform, version, address;
};

#endif
