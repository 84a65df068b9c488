/* Subjects and units of settings, for the help and the page of the configuration. */
#ifndef DATASTREAM_RPC_PROGRAM_HELP_WORDS_H
#define DATASTREAM_RPC_PROGRAM_HELP_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define HELP_SPELLINGS                                                                           \
    "Every flag is also a key of the configuration file (\"key = value\" lines) and an "         \
    "environment "                                                                               \
    "variable: --data-dir, data_dir and DATASTREAM_DATA_DIR are the same. A flag overrides the " \
    "environment, which overrides the file."

/* The title of the subject that begins with the setting of this name; NULL when none does. */
const char *help__subject(const char *name);

/* What stands for the setting's value: "MS", "BYTES", "N". */
const char *help__value(const char *name);

/* "10 s", "64 KiB", "16": a value of the setting in the largest unit that divides it. */
void help__quantity(const char *name, uint64_t value, char *to, size_t size);

#endif
