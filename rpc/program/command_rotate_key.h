/* rotate-key: another key file for a store, or new data keys for its secrets. */
#ifndef DATASTREAM_RPC_PROGRAM_COMMAND_ROTATE_KEY_H
#define DATASTREAM_RPC_PROGRAM_COMMAND_ROTATE_KEY_H

#include "rpc/program/program.h"

/* Each returns the exit code; they print their own errors. */
int command__rotate_key(const struct options *options, struct arena *arena);

#endif
