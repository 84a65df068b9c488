/* The options of fields: behavior, policy and rules. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_FIELDS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_FIELDS_H

#include "proto/contract/contract_internal.h"

/* -- contract_fields.c */
struct status contract__build_fields(struct build *build);

#endif
