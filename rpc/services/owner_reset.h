/*
 * Making an Owner without a server: for an operator who lost the password, and for stores that are
 * older than users. /
 */
#ifndef DATASTREAM_RPC_SERVICES_OWNER_RESET_H
#define DATASTREAM_RPC_SERVICES_OWNER_RESET_H

#include "rpc/services/owner.h"

/*
 * Makes the user of the address the only Owner, in one commit that waits for the disk: with that
 * password, enabled, and all sessions ended. A user whom nobody knows is created; whoever else has
 * the role becomes Admin. ALREADY_EXISTS when the address is used in another organization,
 * DATA_LOSS, UNAVAILABLE by the store. Offline: nothing else may write meanwhile.
 */
struct status owner_reset(const struct owner_reset *reset, struct arena *arena);

#endif
