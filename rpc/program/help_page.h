/* docs/configuration.md: the tables of options and settings as a page. */
#ifndef DATASTREAM_RPC_PROGRAM_HELP_PAGE_H
#define DATASTREAM_RPC_PROGRAM_HELP_PAGE_H

#include "rpc/program/commands.h"

/* docs/configuration.md: all options and settings as a page of Markdown. */
void help__print_page(FILE *to);

#endif
