/* init and organization-add: an organization with its Owner and first token, without a server. */
#ifndef DATASTREAM_RPC_PROGRAM_COMMAND_INIT_H
#define DATASTREAM_RPC_PROGRAM_COMMAND_INIT_H

#include "rpc/program/program.h"

/* Each returns the exit code; they print their own errors. */
int command__init(const struct options *options, struct arena *arena);
int command__organization_add(const struct options *options, struct arena *arena);

#endif
