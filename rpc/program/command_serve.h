/*
 * serve: contract, store, chain, frontends and sockets wired together, and the maintenance of each
 * minute.
 */
#ifndef DATASTREAM_RPC_PROGRAM_COMMAND_SERVE_H
#define DATASTREAM_RPC_PROGRAM_COMMAND_SERVE_H

#include "rpc/program/program.h"

/* Each returns the exit code; they print their own errors. */
int command__serve(const struct options *options, struct arena *arena);

#endif
