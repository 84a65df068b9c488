/* Services and their methods: HTTP rules, and who may call what. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_SERVICES_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_SERVICES_H

#include "proto/contract/contract_internal.h"

/* -- contract_services.c */
struct status contract__build_services(struct build *build);

#endif
