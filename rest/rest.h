/*
 * The REST frontend: JSON under /api/v1 by google.api.http, problem+json errors, health, and the
 * OpenAPI document.
 */
#ifndef DATASTREAM_REST_REST_H
#define DATASTREAM_REST_REST_H

#include "rest/openapi/openapi.h"
#include "rpc/frontend/frontend.h"

struct rest;

/*
 * Compiles the contract's HTTP rules; a rule that is invalid, equal to another or names no field is
 * a FAILED_PRECONDITION that names the place. Lives in `arena`; `frontends` is borrowed.
 */
struct status rest_new(struct frontends *frontends, struct arena *arena, struct rest **ret_rest);

/* Serves the exchange: the begin handler for all that no other frontend takes. */
void rest_begin(struct rest *rest, struct exchange *exchange);

/*
 * Starts to write the OpenAPI documents that are served, on a thread of its own: requests for them
 * wait until it has. Call it once the server is ready. The end waits for the thread: call that
 * before the arena ends, when no exchange is open any more.
 */
void rest_write_documents(struct rest *rest);
void rest_write_documents_end(struct rest *rest);

/*
 * Writes the OpenAPI documents (JSON) into the arena, by enum openapi_version: the same as are
 * served. Out of memory is the only failure. Any thread, each with an arena of its own.
 */
struct status rest_openapi(const struct rest *rest, struct arena *arena,
                           struct slice ret_texts[OPENAPI_VERSIONS]);

#endif
