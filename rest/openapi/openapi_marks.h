/*
 * What is said of a value in words: its description, and the values that are not allowed. Internal.
 */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_MARKS_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_MARKS_H

#include "rest/openapi/openapi_json.h"

/*
 * The members "description", `comment` and what the rules of `not_in` say, and "x-not-in", their
 * list. JSON Schema would say `not`, which no rendering may have. Either is left out where it would
 * be empty; `rules` may be NULL, and are those of a value of the field, or of its elements.
 */
void openapi__describe(struct openapi *api, const struct field *field, const struct rules *rules,
                       struct slice comment);

#endif
