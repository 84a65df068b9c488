/* Audit rows of changes and of refusals. */
#ifndef DATASTREAM_RPC_CALL_AUDIT_ROW_H
#define DATASTREAM_RPC_CALL_AUDIT_ROW_H

#include "rpc/call/call.h"

/*
 * Notes for an activity log that somebody was refused in the name of an object, who is no caller
 * yet: a user who signs in. Rows of one minute are counted as those of denials are, and written
 * whatever becomes of the call. The status is the one that is answered, with the sentence for the
 * log.
 */
void call_note_refusal(struct call *call, const struct uuid *organization,
                       const struct actor *actor, const struct kind *kind, struct slice name,
                       const struct status *status);

/*
 * Reads the name of a token, a user or a director through the call's view, and nothing else of its
 * record; *ret_name stays as it is where there is none. STORE_AGAIN and STORE_FAILED as of
 * store_get.
 */
enum store_found call_read_name(struct call *call, const struct identity *identity,
                                struct slice *ret_name);

/* Reads the name of the caller through the view, unless it is known or a stream has no view now. */
void audit_row__read_actor(struct call *call);

/* Adds the audit rows of call->audit to the commit. */
void audit_row__add_all(struct call *call);

/* Notes that the caller was refused, for the token's activity log. */
void audit_row__note_denial(struct call *call, const struct status *status);

#endif
