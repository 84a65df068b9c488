/*
 * Messages and enums of the set: found at any depth of nesting, sorted by name, given descriptors,
 * and described field by field. /
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_TYPES_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_TYPES_H

#include "proto/contract/contract_internal.h"

/* Fills messages and enums: types, descriptors, fields, names, comments. */
struct status contract__build_types(struct build *build);

#endif
