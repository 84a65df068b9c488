/*
 * The help: commands, flags and settings under headings, each flag with its value, its text, its
 * default and its range with units. Nothing is told here that the tables do not hold. /
 */
#ifndef DATASTREAM_RPC_PROGRAM_HELP_H
#define DATASTREAM_RPC_PROGRAM_HELP_H

#include "rpc/program/commands.h"

/* The commands, grouped by subject. */
void help__print_usage(FILE *to);

/* The usage, then all flags and settings, grouped by subject. */
void help__print(FILE *to);

/* One command: its usage, what it does, and the flags that concern it. */
void help__print_command(FILE *to, const struct command *command);

#endif
