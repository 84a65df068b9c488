/* Up to 100 objects at once: read at one moment, or deleted all together or not at all. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_BATCH_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_BATCH_H

#include "rpc/services/resource/resource.h"

/* The handlers of single operations. */
call_handler engine__batch_get, engine__batch_delete;

#endif
