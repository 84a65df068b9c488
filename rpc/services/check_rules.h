/* What `check` is told of the contract: which rows must lead to an object. */
#ifndef DATASTREAM_RPC_SERVICES_CHECK_RULES_H
#define DATASTREAM_RPC_SERVICES_CHECK_RULES_H

#include "rpc/services/services.h"

/* What store_check must know of objects; borrows `check`. */
struct check_rules services_check_rules(struct services_check *check);

#endif
