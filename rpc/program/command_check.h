/*
 * check and verify-audit: reading a store that no server has open, and proving what it promises.
 */
#ifndef DATASTREAM_RPC_PROGRAM_COMMAND_CHECK_H
#define DATASTREAM_RPC_PROGRAM_COMMAND_CHECK_H

#include "rpc/program/program.h"

/* Each returns the exit code; they print their own errors. */
int command__check(const struct options *options, struct arena *arena);
int command__verify_audit(const struct options *options, struct arena *arena);

#endif
