/*
 * The OpenAPI document, made from the contract at start in three renderings of one model: every
 * HTTP rule as an operation, every message that they reach as a schema. Pure.
 *
 * What generators of clients stumble over is left out of all renderings: no oneOf, anyOf, allOf,
 * not, const, type arrays, nullable or propertyNames; `$ref` stands alone, and what belongs to such
 * a property stands in `x-fields` of its schema; enums have no UNSPECIFIED value. A oneof is
 * optional properties and `x-oneof`. A message is up to three schemas: as it is answered
 * (`Device`), as it is created (`DeviceCreate`), and as it is patched (`DevicePatch`).
 */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_H

#include "rest/transcode.h"

/* The renderings: 3.1.0, 3.0.3 (the same except for its version and
 * excluded limits), and Swagger 2.0. */
enum openapi_version { OPENAPI_3_1, OPENAPI_3_0, OPENAPI_2_0 };
#define OPENAPI_VERSIONS 3

/* One operation: a rule that was compiled, and the method that it is of. */
struct openapi_operation {
    const struct method *method;
    const struct binding *binding;
    bool creates; /* answers 201 */
};

/*
 * Writes all renderings into the arena, by enum openapi_version; out of memory is the only failure.
 * Operations are in the order of the contract.
 */
struct status openapi_write(struct arena *arena, const struct contract *contract,
                            const struct openapi_operation *operations, size_t count,
                            struct slice ret_texts[OPENAPI_VERSIONS]);

#endif
