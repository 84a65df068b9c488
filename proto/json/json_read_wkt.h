/*
 * Reading the well-known types, each from its own form (protobuf.dev, ProtoJSON). Fields are found
 * by number: the messages may be protoc-c's or made at start-up. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_READ_WKT_H
#define DATASTREAM_PROTO_JSON_JSON_READ_WKT_H

#include "proto/json/json_reader.h"

/* Whether the type is read by json__read_well_known. */
bool json__reads_specially(const struct message_type *type);
enum read_result json__read_well_known(struct json_reader *reader, const struct message_type *type,
                                       ProtobufCMessage *message, const struct json_place *place);

/* Timestamp, Duration or FieldMask from its string; as json__parse_scalar. */
const char *json__parse_well_known(struct arena *arena, const struct message_type *type,
                                   ProtobufCMessage *message, struct slice text);

#endif
