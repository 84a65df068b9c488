/*
 * Editing a custom role. It holds at once for all who have the role, so it is guarded like minting
 * one.
 */
#ifndef DATASTREAM_RPC_SERVICES_ROLE_UPDATE_H
#define DATASTREAM_RPC_SERVICES_ROLE_UPDATE_H

#include "rpc/services/role.h"

/* Handlers of methods; services.c names the method of each. */
call_handler role__update;

#endif
