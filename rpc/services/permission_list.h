/* Every permission that the contract has, for people who choose those of a role. */
#ifndef DATASTREAM_RPC_SERVICES_PERMISSION_LIST_H
#define DATASTREAM_RPC_SERVICES_PERMISSION_LIST_H

#include "rpc/services/role.h"

/* Handlers of methods; services.c names the method of each. */
call_handler permission__list;

#endif
