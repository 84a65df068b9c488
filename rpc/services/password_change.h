/*
 * A user changes the own password. What costs a hash each is done one after the other, off the
 * loop: the current password, the older ones, the new hash. /
 */
#ifndef DATASTREAM_RPC_SERVICES_PASSWORD_CHANGE_H
#define DATASTREAM_RPC_SERVICES_PASSWORD_CHANGE_H

#include "rpc/services/session.h"

/* The handlers. */
call_handler session__change_password;

#endif
