/*
 * Cloning a role, and what has a role. References to predefined roles have no rows: who has one is
 * found by looking at the objects of the kinds that may. /
 */
#ifndef DATASTREAM_RPC_SERVICES_ROLE_CLONE_H
#define DATASTREAM_RPC_SERVICES_ROLE_CLONE_H

#include "rpc/services/role.h"

/* Handlers of methods; services.c names the method of each. */
call_handler role__clone, role__usage;

#endif
