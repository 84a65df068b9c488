/* The table of subcommands, and the program's help, which is written from the tables alone. */
#ifndef DATASTREAM_RPC_PROGRAM_COMMANDS_H
#define DATASTREAM_RPC_PROGRAM_COMMANDS_H

#include <stdio.h>

#include "rpc/program/options.h"

/* One subcommand. */
struct command {
    const char *name;
    const char *subject; /* the heading under which the help lists it */
    enum option_use use; /* which options its help lists */
    int (*run)(const struct options *options, struct arena *arena);
    const char *synopsis; /* what follows its name in the usage */
    const char *text;     /* one line, without a full stop */
    const char *more;     /* sentences for its own help */
};

/* The command of this name; NULL when none has it. */
const struct command *command__find(struct slice name);

/* "Unknown command sevre (did you mean serve?). The commands are ...": INVALID_ARGUMENT. */
struct status command__unknown(struct arena *arena, struct slice name);

#endif
