/* Resource kinds, and the permissions that follow from them or stand alone. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_KINDS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_KINDS_H

#include "proto/contract/contract_internal.h"

/* -- contract_kinds.c */
struct status contract__build_kinds(struct build *build);
struct status contract__build_permissions(struct build *build);

#endif
