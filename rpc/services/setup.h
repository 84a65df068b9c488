/* The handler of SetupService. */
#ifndef DATASTREAM_RPC_SERVICES_SETUP_H
#define DATASTREAM_RPC_SERVICES_SETUP_H

#include "rpc/call/call.h"

/* The handler of SetupService; see setup.c for what the first caller may do. */
call_handler setup__create_first_organization;

#endif
