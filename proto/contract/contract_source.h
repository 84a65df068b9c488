/* The contract's files as they are read. Internal to proto/contract. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_SOURCE_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_SOURCE_H

#include "proto/contract/contract_internal.h"

/*
 * Unpacks the files of a FileDescriptorSet into build->arena, and what they say of their comments
 * into build->scratch: it is more than half of the whole. False where the bytes are no such set, or
 * an arena failed.
 */
bool contract__read_set(struct build *build, struct slice descriptor_set);

#endif
