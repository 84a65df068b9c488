/* The handler of SetupService. */
#ifndef DATASTREAM_RPC_SERVICES_SETUP_H
#define DATASTREAM_RPC_SERVICES_SETUP_H

#include "rpc/call/call.h"

call_handler setup__create_first_organization;

#endif
