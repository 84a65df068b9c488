/* What the files of the OpenAPI writer share: JSON with its commas, schemas, examples. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_PRIVATE_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_PRIVATE_H

#include "rest/openapi/openapi.h"

struct openapi {
    struct json_text text;
    bool comma; /* a value stands before the next one */
    const struct contract *contract;
    /* By index in the contract: whether a schema is referred to. */
    bool *messages;
    bool *patches; /* as a PATCH body, where nothing is required */
    bool *enums;
};

/* -- JSON ------------------------------------------------------------------------------------- */

void openapi__open(struct openapi *api, char bracket);
void openapi__close(struct openapi *api, char bracket);
void openapi__key(struct openapi *api, struct slice name);
void openapi__string(struct openapi *api, struct slice value);
void openapi__int(struct openapi *api, int64_t value);
void openapi__bool(struct openapi *api, bool value);
/* A member with a string. */
void openapi__member(struct openapi *api, struct slice name, struct slice value);
/* The same, left out when the value is empty. */
void openapi__text(struct openapi *api, struct slice name, struct slice value);
/* {"$ref": prefix + name} */
void openapi__ref(struct openapi *api, struct slice prefix, struct slice name);

/* -- schemas ---------------------------------------------------------------------------------- */

/* A message's schema as a value, by reference where it is one of ours; marks what it refers to. */
void openapi__message_schema(struct openapi *api, const struct message_type *type, bool patch);

/* Whether a variable of the binding (may be NULL) binds the field. */
bool openapi__is_in_path(const struct binding *binding, const struct field *field);

/* A field's schema as a value, lists and maps included, without its description. */
void openapi__field_schema(struct openapi *api, const struct field *field);

/* An object schema with the fields that no variable of the binding binds (NULL: all). */
void openapi__object_schema(struct openapi *api, const struct message_type *type, bool patch,
                            const struct binding *binding);

/* The members of components.schemas: all that is marked, and all that those refer to. */
void openapi__schemas(struct openapi *api);

/* -- examples --------------------------------------------------------------------------------- */

/*
 * The member "example": an object of the required fields of the message that the path does not
 * bind. Left out where no valid one can be made up (a pattern).
 */
void openapi__example(struct openapi *api, const struct message_type *type,
                      const struct binding *binding);

#endif
