/* The audit log of an organization. */
#ifndef DATASTREAM_RPC_SERVICES_AUDIT_LOG_H
#define DATASTREAM_RPC_SERVICES_AUDIT_LOG_H

#include "rpc/call/call.h"

/* The handler. */
call_handler audit_log__list;

#endif
