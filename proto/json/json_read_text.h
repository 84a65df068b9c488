/*
 * Values from text that is not JSON: query parameters and path captures. Scalars and enums,
 * wrappers as their scalar, and the well-known types that are one string in JSON. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_READ_TEXT_H
#define DATASTREAM_PROTO_JSON_JSON_READ_TEXT_H

#include "proto/json/json.h"

/*
 * Sets a singular scalar, enum or well-known-type field, or appends to a repeated one, from text
 * that is not JSON but a query or path value: "true", "12", an enum's name or number, base64 of
 * either alphabet, the JSON string of a Timestamp and its like (wrappers as their scalar). `path`
 * names the place in violations. Messages, maps and repeated messages: INVALID_ARGUMENT.
 * `*capacity` as field_append's.
 */
struct status json_read_text(struct arena *arena, ProtobufCMessage *message,
                             const struct field *field, struct slice text, struct slice path,
                             size_t *capacity);

#endif
