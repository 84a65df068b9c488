/* What the help needs of the table of subcommands. */
#ifndef DATASTREAM_RPC_PROGRAM_COMMANDS_INTERNAL_H
#define DATASTREAM_RPC_PROGRAM_COMMANDS_INTERNAL_H

#include "rpc/program/commands.h"

/* All rows; *ret_count says how many. Rows of one subject stand together. */
const struct command *commands__rows(size_t *ret_count);

#endif
