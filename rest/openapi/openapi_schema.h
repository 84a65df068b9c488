/* Messages, enums and rules as JSON Schema, in the subset that openapi.h names. Internal. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_SCHEMA_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_SCHEMA_H

#include "rest/openapi/openapi_json.h"

/* A message's schema as a value: a reference, and what it refers to is marked. */
void openapi__message_schema(struct openapi *api, const struct message_type *type,
                             enum schema_use use);

/* A field's schema as a value, lists and maps included, without its description. */
void openapi__field_schema(struct openapi *api, const struct field *field, enum schema_use use);

/*
 * The members of a parameter's schema, enums written out: Swagger 2.0 has them in the parameter
 * itself, which may not refer.
 */
void openapi__parameter_schema(struct openapi *api, const struct field *field);

/* The members of components.schemas: all that is marked, and all that those refer to. */
void openapi__schemas(struct openapi *api);

#endif
