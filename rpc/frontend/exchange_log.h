/*
 * Builds with faults can write down every call: where DATASTREAM_EXCHANGE_LOG names a file, each
 * finished one becomes one line of JSON in it, so that a checker may hold what tests saw against
 * the contract. Never in a release: bodies hold what only their callers may see.
 */
#ifndef DATASTREAM_RPC_FRONTEND_EXCHANGE_LOG_H
#define DATASTREAM_RPC_FRONTEND_EXCHANGE_LOG_H

#include "rpc/frontend/frontend.h"

/* Bodies beyond it are left out; of a stream there is the first message. */
#define EXCHANGE_LOG_BODY_MOST 65536

/* Writes the line. `status` is the HTTP status or gRPC code that was answered. */
void exchange_log__write(const struct frontend_call *frontend, int status);

#endif
