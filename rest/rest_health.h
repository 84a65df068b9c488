/* /healthz: the process answers. /readyz: it takes requests, writes included. Public. */
#ifndef DATASTREAM_REST_REST_HEALTH_H
#define DATASTREAM_REST_REST_HEALTH_H

#include "rpc/frontend/frontend.h"

/* Whether the path is one of the two; then the HTTP status and the body, which may lie in the
 * arena: why the server is not ready. */
bool health__answer(const struct frontends *frontends, struct arena *arena, struct slice path,
                    int *ret_status, struct slice *ret_body);

#endif
