/* Made-up bodies. Internal to rest/openapi/. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_EXAMPLE_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_EXAMPLE_H

#include "rest/openapi/openapi_json.h"

/*
 * The member "example" of a body: for a creation an object of the required fields that the path
 * does not bind, for a patch a new description. Left out where no valid one can be made up (a
 * pattern), and for answers.
 */
void openapi__example(struct openapi *api, const struct message_type *type, enum schema_use use,
                      const struct binding *binding);

#endif
