/*
 * Custom options. protoc-c's descriptor.pb-c.h does not know them, so they are unknown fields of
 * the options message; one that is written in parts ((r).a = 1, (r).b = 2) is several fields of one
 * number, each with a length of its own. /
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_OPTIONS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_OPTIONS_H

#include "proto/contract/contract_internal.h"

/*
 * A custom option that is one message: the parts in which it was written are joined, at any
 * depth. *ret_option is NULL where it is absent. False when it does not parse or the arena failed.
 */
bool contract__option(const struct build *build, const ProtobufCMessage *options, uint32_t number,
                      const ProtobufCMessageDescriptor *descriptor,
                      const ProtobufCMessage **ret_option);

/* Unpacks an option's body into the arena; NULL when it does not parse or the arena failed. */
const void *contract__unpack(struct arena *arena, const ProtobufCMessageDescriptor *type,
                             struct slice body);

/* The next occurrence of a repeated option from *at on, its body in *ret_body; false at the end. */
bool contract__next_option(const ProtobufCMessage *options, uint32_t number, unsigned *at,
                           struct slice *ret_body);

/* Calls back with each number of a repeated enum option, packed or not. */
void contract__enum_options(const ProtobufCMessage *options, uint32_t number,
                            void (*take)(void *context, int32_t value), void *context);

#endif
