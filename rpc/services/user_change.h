/*
 * Changes of users. Role, state, address and password end the sessions that began before: they hold
 * the generation under which they began, and the record holds the newest. /
 */
#ifndef DATASTREAM_RPC_SERVICES_USER_CHANGE_H
#define DATASTREAM_RPC_SERVICES_USER_CHANGE_H

#include "rpc/services/user.h"

/*
 * For an answer that is given again (chain_options.show_again): puts the one-time password into it
 * that the request made with the commit of that revision, where it is still the user's and the
 * guard would let the caller set it now.
 */
void user__show_again(struct call *call, uint64_t revision);

/* The handlers. */
call_handler user__create, user__update, user__delete, user__disable, user__enable,
    user__reset_password, user__end_sessions;

#endif
