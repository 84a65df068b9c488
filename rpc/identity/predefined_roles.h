/* Computes the predefined roles from a contract. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_IDENTITY_PREDEFINED_ROLES_H
#define DATASTREAM_RPC_IDENTITY_PREDEFINED_ROLES_H

#include "rpc/identity/identity.h"

#define PREDEFINED_ROLES 8

/*
 * Writes all of them, ordered by id, with those permissions of the contract that each has. The
 * texts are constants.
 */
void predefined_roles__make(const struct contract *contract,
                            struct predefined_role ret_roles[PREDEFINED_ROLES]);

#endif
