/*
 * Signing in. Whether the address is unknown, the password wrong or the user disabled, the answer
 * is the same, after the same work; the user's activity log tells which. /
 */
#ifndef DATASTREAM_RPC_SERVICES_SIGN_IN_H
#define DATASTREAM_RPC_SERVICES_SIGN_IN_H

#include "rpc/services/session.h"

/* The handlers. */
call_handler session__sign_in;

#endif
