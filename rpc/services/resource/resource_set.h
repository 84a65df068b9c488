/* Actions that set one field to one value, such as enable and disable. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_SET_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_SET_H

#include "rpc/services/resource/resource.h"

/* The handlers of single operations. */
call_handler engine__set;

#endif
