/* Paths and their operations. Internal to rest/openapi/. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_PATHS_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_PATHS_H

#include "rest/openapi/openapi_json.h"

/* The member "paths". */
void openapi__paths(struct openapi *api);

/* The schema of a request's body, as a value. */
void openapi__body_schema(struct openapi *api, const struct openapi_operation *operation);

#endif
