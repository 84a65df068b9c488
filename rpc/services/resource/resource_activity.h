/*
 * The activity log of one object of any kind, from the audit rows that name it; readable after its
 * deletion too. /
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_ACTIVITY_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_ACTIVITY_H

#include "rpc/services/resource/resource.h"

/* The activity log of the object that the request's `id` names: of every kind, typed ones too. */
call_handler resource_list_activity;

#endif
