/* What the files of the resource engine share. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_H

#include "rpc/services/resource/draft.h"

/* Handlers by enum operation_type, for every plain kind. */
call_handler *const *resource_operations(void);

#endif
