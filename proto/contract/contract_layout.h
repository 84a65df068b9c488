/*
 * Descriptors as protoc-c would write them, for messages that it did not compile: members in the
 * order of declaration, each after its has_ or n_, then for each oneof its case and a union.
 * `optional`, which protoc-c 1.4.1 refuses in proto3, is laid out as it lays out proto2's: a has_
 * member, or a NULL pointer for strings and messages. /
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_LAYOUT_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_LAYOUT_H

#include "proto/contract/contract_internal.h"

/* Fills the descriptor of a message that protoc-c did not compile. */
struct status contract__make_descriptor(const struct build *build, struct build_message *message);
struct status contract__make_enum_descriptor(const struct build *build, struct build_enum *type);

#endif
