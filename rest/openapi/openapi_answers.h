/* Answers of operations, and what they hang on. Internal to rest/openapi/. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_ANSWERS_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_ANSWERS_H

#include "rest/openapi/openapi_json.h"

/* The member "responses" of an operation. */
void openapi__answers(struct openapi *api, const struct openapi_operation *operation);

/* The member "responses" of the components: one for each status that is a problem. */
void openapi__problem_responses(struct openapi *api);

/* Whether the answer is one object with an etag. */
bool openapi__answers_etag(const struct openapi_operation *operation);

/* Whether the operation has this verb, in upper case. */
bool openapi__is_verb(const struct openapi_operation *operation, const char *verb);

/* Whether the operation reads or changes one object that has a revision. */
bool openapi__takes_if_match(const struct openapi_operation *operation);

/* That a header or parameter is a string: in 2.0 it says so itself, later in a schema. */
void openapi__string_type(struct openapi *api);

/* Whether the field is a message with fields of its own. */
bool openapi__has_properties(const struct field *field);

#endif
