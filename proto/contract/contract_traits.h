/*
 * The traits of fields and messages, as enum trait of contract.h has them. Internal to
 * proto/contract.
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_TRAITS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_TRAITS_H

#include "proto/contract/contract_internal.h"

/* Sets them in all messages. A stage of the load, after fields, policies and choices; always OK. */
struct status contract__build_traits(struct build *build);

#endif
