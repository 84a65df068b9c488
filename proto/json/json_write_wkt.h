/*
 * Writing the well-known types, each in its own form (protobuf.dev, ProtoJSON). Fields are found by
 * number: the messages may be protoc-c's or made at start-up. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_WRITE_WKT_H
#define DATASTREAM_PROTO_JSON_JSON_WRITE_WKT_H

#include "proto/json/json_writer.h"

/* A message whose type is well known with a JSON form of its own. */
bool json__write_well_known(struct json_writer *writer, const struct message_type *type,
                            const ProtobufCMessage *message);

/* Whether the type's JSON is not an object of its fields. */
bool json__is_special(const struct message_type *type);

#endif
