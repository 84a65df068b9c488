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
 * Starts to compress the documents, on a thread of its own; until then they are served plain, and
 * from then on rest_openapi's are no more. The end waits for it: call that before the arena ends,
 * when no exchange is open any more.
 */
void rest_compress(struct rest *rest);
void rest_compress_end(struct rest *rest);

/* A rendering of the OpenAPI document (JSON), written at rest_new; not after rest_compress. */
struct slice rest_openapi(const struct rest *rest, enum openapi_version version);

#endif
