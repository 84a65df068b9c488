/* Single values as JSON Schema: scalars, enums, well-known types, lists, maps. Internal. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_VALUE_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_VALUE_H

#include "rest/openapi/openapi_json.h"

/* Whether the message is a schema that others refer to: every one but times, texts and the like. */
bool openapi__is_component(const struct message_type *type);

/* Whether a value of the field is `$ref` alone. */
bool openapi__is_reference(const struct field *field);

/* The members of a message's schema; marks it where it is a component. */
void openapi__message(struct openapi *api, const struct message_type *type, enum schema_use use);

/* The members of a field's schema, lists and maps included. */
void openapi__field(struct openapi *api, const struct field *field, enum schema_use use);

/* The members of one value's schema that refers to nothing: an enum is written out. */
void openapi__plain(struct openapi *api, const struct field *field, const struct rules *rules);

/* The members that bound a list or a map. */
void openapi__counts(struct openapi *api, const struct field *field);

/* The member "enum": the names of the values, UNSPECIFIED left out. */
void openapi__enum_values(struct openapi *api, const struct enum_type *type);

#endif
