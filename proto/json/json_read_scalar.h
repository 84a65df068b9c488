/*
 * Scalars and enums from JSON and from bare text. Integers may be numbers or strings, with integral
 * exponent forms in both; a sentence says what would have been right. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_READ_SCALAR_H
#define DATASTREAM_PROTO_JSON_JSON_READ_SCALAR_H

#include "proto/json/json_reader.h"

/* Stores a scalar or enum at `address`, a member or an element of the field. */
enum read_result json__read_scalar(struct json_reader *reader, const struct field *field,
                                   const struct json_place *place, void *address);

/*
 * The same from bare text. NULL when it was stored (or the arena failed), else a constant sentence
 * that says what is wrong.
 */
const char *json__parse_scalar(struct arena *arena, const struct field *field, struct slice text,
                               void *address);

#endif
