/* JSON with its commas, for the OpenAPI writer. Internal to rest/openapi/. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_JSON_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_JSON_H

#include "rest/openapi/openapi.h"

/* What a message's schema is for. */
enum schema_use {
    USE_ANSWER, /* no input-only fields and no secrets; what is always there is required */
    USE_CREATE, /* no output-only fields */
    USE_PATCH,  /* the same, and nothing is required */
};
#define SCHEMA_USES 3

/* The name of a message's schema, empty until somebody asked, and the use that it is of. */
struct schema_name {
    struct slice text;
    enum schema_use use;
};

/* A place of the text of 3.1 that reads differently in 3.0. */
struct other_form {
    size_t at, len;
    struct slice text;
};

struct openapi {
    struct json_text text;
    bool comma; /* a value stands before the next one */
    const struct contract *contract;
    enum openapi_version version;
    const struct openapi_operation *operations;
    size_t operation_count;
    /* By index in the contract: whether a schema is referred to. */
    bool *messages[SCHEMA_USES];
    bool *enums;
    /* The messages whose texts may be quotes (openapi_quotes.h). */
    const struct message_type **quoting;
    size_t quoting_count;
    /* Of 3.1, in the order of the text. */
    struct other_form *others;
    size_t other_count, other_capacity;
    /*
     * By index in the contract, what openapi__schema_name found: references repeat it thousands of
     * times.
     */
    struct schema_name *names[SCHEMA_USES];
};

/*
 * What a value consists of, in the order of the text: '{' or '[' and its counterpart, a member's
 * name, and values, which are escaped. Commas come by themselves.
 */
void openapi__open(struct openapi *api, char bracket);
void openapi__close(struct openapi *api, char bracket);
void openapi__key(struct openapi *api, struct slice name);
void openapi__string(struct openapi *api, struct slice value);
void openapi__int(struct openapi *api, int64_t value);
void openapi__bool(struct openapi *api, bool value);
/* A value that is JSON already. */
void openapi__raw(struct openapi *api, struct slice json);
/* A member with a string. */
void openapi__member(struct openapi *api, struct slice name, struct slice value);
/* The same, left out when the value is empty. */
void openapi__text(struct openapi *api, struct slice name, struct slice value);
/* A member that is true. */
void openapi__flag(struct openapi *api, struct slice name);
/*
 * What was written from `from` on reads `other` in 3.0, whose text is that of 3.1 otherwise; for
 * the rendering of 3.1 alone.
 */
void openapi__differs(struct openapi *api, size_t from, struct slice other);
/* The member "$ref" to a component: "schemas" or "responses", which 2.0 keeps elsewhere. */
void openapi__ref(struct openapi *api, struct slice folder, struct slice name);

#endif
