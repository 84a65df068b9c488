/* Refusals that are made below the frontend, as problems. */
#ifndef DATASTREAM_REST_REST_REFUSE_H
#define DATASTREAM_REST_REST_REFUSE_H

#include "rest/rest.h"

/*
 * Answers a request that the connection refuses by itself, as a problem with a request id. `detail`
 * is a constant. False when there is no memory to say it with.
 */
bool rest_refuse(struct exchange *exchange, int http, const char *detail);

#endif
