/* The questions of other services: who is this, and may they? */
#ifndef DATASTREAM_RPC_SERVICES_AUTHORIZATION_H
#define DATASTREAM_RPC_SERVICES_AUTHORIZATION_H

#include "rpc/call/call.h"

/* Sets a repeated field of texts to the names of the permissions, in their order. */
void authorization__name_permissions(struct call *call, const struct permission_set *permissions,
                                     char ***ret_names, size_t *ret_count);

/* The handlers. */
call_handler authorization__who_am_i, authorization__verify_token, authorization__check_permissions;

#endif
