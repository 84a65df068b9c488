/* The questions of other services: who is this, and may they? */
#ifndef DATASTREAM_RPC_SERVICES_AUTHORIZATION_H
#define DATASTREAM_RPC_SERVICES_AUTHORIZATION_H

#include "rpc/call/call.h"

/* Sets a repeated field of texts to the names of the permissions, in their order. */
void authorization__name_permissions(struct call *call, const struct permission_set *permissions,
                                     char ***ret_names, size_t *ret_count);

/*
 * Whether the value is that of an API token of the caller's organization which works now, used from
 * `source_ip` ("" where nobody said). *ret_source_required: it only lacks that address. *ret_status
 * is OK unless that is unknown yet, or the store failed.
 */
bool authorization__judge(struct call *call, const char *token, const char *source_ip,
                          struct identity *ret_identity, bool *ret_source_required,
                          struct status *ret_status);

/* The handlers. */
call_handler authorization__who_am_i, authorization__verify_token, authorization__check_permissions;

#endif
