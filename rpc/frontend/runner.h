/* Who runs each method, for every frontend: one table by the method's number in the contract. */
#ifndef DATASTREAM_RPC_FRONTEND_RUNNER_H
#define DATASTREAM_RPC_FRONTEND_RUNNER_H

#include "base/status.h"

struct frontends;
struct method;

enum runner {
    RUNNER_NONE, /* nobody: the method is unknown to callers */
    RUNNER_CHAIN,
    RUNNER_CHAIN_STREAM,
    RUNNER_HEALTH, /* the gRPC frontend, as are the next two */
    RUNNER_HEALTH_WATCH,
    RUNNER_REFLECTION, /* takes the exchange over once it is opened */
};

/* Creates frontends->runners, in `arena`, where it is not there yet; the contract is set. */
struct status runners_make(struct frontends *frontends, struct arena *arena);

/* Who runs a method of the contract. Any thread. */
enum runner runner_of(const struct frontends *frontends, const struct method *method);

#endif
