/*
 * Between a handler that compares a password and the limits of failed sign-ins: the account is the
 * address, whether anybody has it or not. Where the call's chain has no limits nothing is held.
 */
#ifndef DATASTREAM_RPC_SERVICES_SIGN_IN_GUARD_H
#define DATASTREAM_RPC_SERVICES_SIGN_IN_GUARD_H

#include "rpc/call/call.h"
#include "rpc/services/sign_in_limits.h"

/*
 * Whether a password may be compared for the address now: OK, or RESOURCE_EXHAUSTED with RetryInfo,
 * before any hash. `user` is whose address it is, NULL for nobody's: the device's cookie must be
 * that user's. In the first run of the handler that comes here the try takes its turn.
 */
struct status sign_in__admit(struct call *call, const char *email, const struct uuid *user,
                             struct sign_in_try *ret_try);

/*
 * The same for a user who is signed in and gives the own password once more. Counted by itself:
 * neither do strangers who guess at the address hold the user here, nor others of the same source.
 */
struct status sign_in__admit_user(struct call *call, const struct uuid *user,
                                  struct sign_in_try *ret_try);

/* The password was wrong, or nobody's. */
void sign_in__failed(struct call *call, const struct sign_in_try *try);

/* The password was right: failures are forgotten. */
void sign_in__succeeded(struct call *call, const struct sign_in_try *try);

/* Gives the browser, in the answer, the cookie that makes it a known device of the user. */
void sign_in__remember_device(struct call *call, const struct uuid *user);

#endif
