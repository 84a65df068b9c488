/*
 * Lists and maps from JSON. A map's keys are compared as values, so "1" and "1.0" are the same one.
 * The contract's bounds on how many there may be hold while reading already: else a short text of
 * very many empty values would end the call's memory before anyone looks at it. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_READ_LIST_H
#define DATASTREAM_PROTO_JSON_JSON_READ_LIST_H

#include "proto/json/json_reader.h"

/* -- json_read_list.c */
enum read_result json__read_list(struct json_reader *reader, ProtobufCMessage *message,
                                 const struct field *field, const struct json_place *place);

/* For null given to a map of secrets: one entry without a key, which says that all are to go. */
void json__put_blank_entry(struct json_reader *reader, ProtobufCMessage *message,
                           const struct field *map);
enum read_result json__read_map(struct json_reader *reader, ProtobufCMessage *message,
                                const struct field *field, const struct json_place *place);

#endif
