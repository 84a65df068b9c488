/*
 * A copy of an object under another name. What only the server sets and credentials stay with the
 * source; secrets are encrypted anew. The copy is judged as if it were created. /
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_CLONE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_CLONE_H

#include "rpc/services/resource/resource.h"

/* The handlers of single operations. */
call_handler engine__clone;

#endif
