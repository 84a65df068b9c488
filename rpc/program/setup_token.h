/*
 * The setup token of a store without an organization: "dsu_" and 49 characters, made at each start
 * and told in a file beside the data directory, mode 0600, and to standard error where that is a
 * terminal. Only its hash stays in memory.
 */
#ifndef DATASTREAM_RPC_PROGRAM_SETUP_TOKEN_H
#define DATASTREAM_RPC_PROGRAM_SETUP_TOKEN_H

#include "rpc/call/setup_gate.h"
#include "rpc/program/options.h"

/*
 * Makes the token and shuts the gate, which removes the file when it opens. UNAVAILABLE where the
 * file cannot be written. `ret_gate` borrows from the arena.
 */
struct status setup_token__begin(const struct options *options, struct arena *arena,
                                 struct setup_gate *ret_gate);

/* Removes the file of a server that was killed right after its setup. */
void setup_token__forget(const struct options *options, struct arena *arena);

#endif
