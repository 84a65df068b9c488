/* proto: writes the proto files of the API, for protoc, buf and the gRPC tools. */
#ifndef DATASTREAM_RPC_PROGRAM_COMMAND_PROTO_H
#define DATASTREAM_RPC_PROGRAM_COMMAND_PROTO_H

#include "rpc/program/program.h"

/* Each returns the exit code; they print their own errors. */
int command__proto(const struct options *options, struct arena *arena);

#endif
