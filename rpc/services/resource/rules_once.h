/* What may be left out at creation and is then set once. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_ONCE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_ONCE_H

#include "rpc/services/resource/differences.h"
#include "rpc/services/resource/rules.h"

/* Fields and oneofs that are set once, of those that differ. */
void rules__check_once(const struct change *change, const struct differences *differences);

#endif
