/* Uses of sessions on their way into the store. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_SESSION_USE_H
#define DATASTREAM_RPC_CALL_SESSION_USE_H

#include "rpc/call/call.h"

/*
 * The caller's session is used: once a minute that is written, by a commit that the call does not
 * wait for. No audit row and no feed row tells of it. Nothing for other callers. The loop's thread.
 */
void session_use__note(struct call *call);

#endif
