/*
 * The OpenAPI 3.1 document, made from the contract at start: every HTTP rule as an operation, every
 * message that they reach as a schema. Pure.
 */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_H

#include "rest/transcode.h"

/* One operation: a rule that was compiled, and the method that it is of. */
struct openapi_operation {
    const struct method *method;
    const struct binding *binding;
    bool creates; /* answers 201 */
};

/*
 * Writes the document into the arena; out of memory is its only failure. Operations are in the
 * order of the contract.
 */
struct status openapi_write(struct arena *arena, const struct contract *contract,
                            const struct openapi_operation *operations, size_t count,
                            struct slice *ret_text);

#endif
