/*
 * Changes of API tokens. The rows of a token's facts change in the same commit as its record, so
 * that no later request is let in on the old ones. /
 */
#ifndef DATASTREAM_RPC_SERVICES_API_TOKEN_CHANGE_H
#define DATASTREAM_RPC_SERVICES_API_TOKEN_CHANGE_H

#include "rpc/services/api_token.h"

/* The handlers. */
call_handler api_token__update, api_token__regenerate, api_token__disable, api_token__enable;

#endif
