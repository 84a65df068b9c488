/* Deletes the API tokens that a filter matches, slice by slice. */
#ifndef DATASTREAM_RPC_SERVICES_API_TOKEN_REVOKE_H
#define DATASTREAM_RPC_SERVICES_API_TOKEN_REVOKE_H

#include "rpc/services/api_token.h"

/* The handlers. */
call_handler api_token__revoke_matching;

#endif
