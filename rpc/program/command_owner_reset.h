/*
 * owner-reset: exactly one Owner, with a password that is known, in a store that no server has
 * open.
 */
#ifndef DATASTREAM_RPC_PROGRAM_COMMAND_OWNER_RESET_H
#define DATASTREAM_RPC_PROGRAM_COMMAND_OWNER_RESET_H

#include "rpc/program/program.h"

/* Each returns the exit code; they print their own errors. */
int command__owner_reset(const struct options *options, struct arena *arena);

#endif
