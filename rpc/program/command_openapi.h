/* openapi: prints the document that a server would serve. */
#ifndef DATASTREAM_RPC_PROGRAM_COMMAND_OPENAPI_H
#define DATASTREAM_RPC_PROGRAM_COMMAND_OPENAPI_H

#include "rpc/program/program.h"

/* Each returns the exit code; they print their own errors. */
int command__openapi(const struct options *options, struct arena *arena);

#endif
