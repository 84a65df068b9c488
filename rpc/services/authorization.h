/* The questions of other services: who is this, and may they? */
#ifndef DATASTREAM_RPC_SERVICES_AUTHORIZATION_H
#define DATASTREAM_RPC_SERVICES_AUTHORIZATION_H

#include "rpc/call/call.h"

/* The handlers. */
call_handler authorization__who_am_i, authorization__verify_token, authorization__check_permissions;

#endif
