/* Names of schemas, operations and tags. Internal to rest/openapi/. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_NAMES_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_NAMES_H

#include "rest/openapi/openapi_json.h"

/*
 * The schema's name of a message: "Device", "DeviceCreate", "DevicePatch", "DevicePage" of a list's
 * answer. Generators make names that end in Response, Request, Params or Body themselves, so none
 * of ours does. A message whose schema is the same for two uses has one name for both; *use becomes
 * the use that the name is of.
 */
struct slice openapi__schema_name(const struct openapi *api, const struct message_type *type,
                                  enum schema_use *use);

/* "TokenStatus" of the enum datastream.v1.TokenStatus.Value. */
struct slice openapi__enum_name(struct arena *arena, const struct enum_type *type);

/* "TokenStatusActive" */
struct slice openapi__enum_constant(struct arena *arena, const struct enum_type *type,
                                    const struct enum_value *value);

/* "createDevice"; a method's further rules are numbered: "createDevice2". */
struct slice openapi__operation_id(struct arena *arena, const struct method *method,
                                   size_t rule_number);

/* The body of a rule whose body is the whole request: "RegenerateApiTokenInput". */
struct slice openapi__input_name(struct arena *arena, const struct method *method);

/* The kind's name, or where the method has none the first segment after /api/v1. */
struct slice openapi__tag(struct arena *arena, const struct openapi_operation *operation);

/* Whether a field is always in an answer: it has no presence that could be missing. */
bool openapi__is_always_there(const struct field *field);

/* Whether the use leaves the field out. */
bool openapi__leaves_out(enum schema_use use, const struct field *field);

/* Whether a variable of the binding (may be NULL) binds the field. */
bool openapi__is_in_path(const struct binding *binding, const struct field *field);

#endif
