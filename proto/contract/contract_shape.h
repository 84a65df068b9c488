/*
 * The standard shapes of requests and responses (AIP-131 to AIP-135): which field is the resource,
 * the id, the mask, the page. /
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_SHAPE_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_SHAPE_H

#include "proto/contract/contract_internal.h"

/* Fills the standard shapes of a method; an error where its operation needs what is not there. */
struct status contract__build_shape(const struct build *build, struct method *method);

#endif
