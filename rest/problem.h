/*
 * Statuses as application/problem+json (RFC 9457): type, title, status, detail and instance (the
 * request id), and beside them the same status as clients of JSON transcoding know it: code,
 * message and details, each with the @type of its google.rpc message. Pure.
 */
#ifndef DATASTREAM_REST_PROBLEM_H
#define DATASTREAM_REST_PROBLEM_H

#include "base/status.h"

/*
 * The document, in the arena; `http` is the HTTP status that is answered. Empty when the arena
 * failed: then problem__no_memory or problem__stored is what can be said.
 */
struct slice problem__write(struct arena *arena, int http, const struct status *status,
                            struct slice instance);

/* A constant: RESOURCE_EXHAUSTED without an instance. Its HTTP status is 429. */
struct slice problem__no_memory(void);

/* Likewise of status_stored. Its HTTP status is STORED_HTTP. */
struct slice problem__stored(void);

/* Seconds for Retry-After, rounded up, when the status says when to come back; else -1. */
int64_t problem__retry_after(const struct status *status);

#endif
