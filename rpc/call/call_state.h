/*
 * The states of a call, and what leads from one to another in calls of every kind. Internal to
 * rpc/call/.
 */
#ifndef DATASTREAM_RPC_CALL_CALL_STATE_H
#define DATASTREAM_RPC_CALL_CALL_STATE_H

#include "rpc/call/call.h"

/* The one place where a call's state moves. */
void call__move(struct call *call, int state);

/* Ends the call, which may be gone when this returns. */
void call__finish(struct call *call, struct status status);

/* What a call ends with that its caller gave up. */
struct status call__cancelled(void);

/* Hands over the commit of what the handler, or a stream that opens, has filled it with. */
void call__submit(struct call *call);

/* Fetches what the view missed; false when the store is not worth more tries: call__never_there. */
bool call__fetch(struct call *call);
struct status call__never_there(void);

#endif
