/*
 * Who calls, and may they: from the head of the request alone, and again before the method runs.
 */
#ifndef DATASTREAM_RPC_CALL_AUTHORIZE_H
#define DATASTREAM_RPC_CALL_AUTHORIZE_H

#include "rpc/call/call.h"

/*
 * The token that a page must send with each unsafe request of the caller's session, in the arena:
 * MAC of the session's hash. Empty when the arena or OpenSSL failed, or the caller has no session.
 */
struct slice call_csrf_token(struct call *call, const uint8_t session_hash[32]);

/* Whether the caller's role holds the method's permission. */
bool call_may(const struct call *call);

/* PERMISSION_DENIED that names a permission. */
struct status call_denied(struct call *call, struct slice permission);

/*
 * The one UNAUTHENTICATED of every cause, for a caller whose credential counts no longer: its
 * activity log gets the description, a sentence that is borrowed.
 */
struct status call_refuse_credential(struct call *call, struct slice description);

/*
 * Judges the value of an API token as if it called from `peer` now: for handlers that answer
 * questions about other tokens. IDENTITY_AGAIN: return anything, the handler runs again. The result
 * may be of another organization than the caller's.
 */
enum identity_result call_inspect(struct call *call, struct slice value, struct slice peer,
                                  struct identity *ret_identity);

/* Notes that a token which was judged so was used, from `peer` (empty where nobody said). */
void call_note_use(struct call *call, const struct identity *identity, struct slice peer);

/*
 * Whether there is anything to judge: the bearer value alone counts where one was sent, be it
 * empty.
 */
bool authorize__is_signed(const struct call_credentials *credentials);

/* The one status of every cause. */
struct status authorize__unauthenticated(void);

/*
 * Resolves the bearer value and judges whether the method may be called: *ret_status. False when
 * the view must be fetched first.
 */
bool authorize__judge(struct call *call, struct status *ret_status);

/*
 * Whether what the call was allowed by needs no second look: its identity has not expired, and
 * nothing that it was read from has changed. Always of a public method.
 */
bool authorize__still_holds(const struct call *call);

/* Judges again where it does not hold any more; else OK. */
bool authorize__judge_again(struct call *call, struct status *ret_status);

/*
 * Of a method that an object calls by its own credential: PERMISSION_DENIED unless the request
 * names the caller.
 */
struct status authorize__check_own(struct call *call);

/* Forgets what the view fetched, and notes the identity epoch. */
void call__reset_view(struct call *call);

#endif
