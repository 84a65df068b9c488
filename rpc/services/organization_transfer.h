/*
 * Handing the organization to another Owner: one commit changes both users and who owns, so that
 * there is exactly one Owner at every revision. /
 */
#ifndef DATASTREAM_RPC_SERVICES_ORGANIZATION_TRANSFER_H
#define DATASTREAM_RPC_SERVICES_ORGANIZATION_TRANSFER_H

#include "rpc/services/organization.h"

/* The handlers. */
call_handler organization__transfer;

#endif
