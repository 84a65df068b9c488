/*
 * What the program was told: flags, then DATASTREAM_* in the environment, then the configuration
 * file, then defaults; the first that says something counts.
 */
#ifndef DATASTREAM_RPC_PROGRAM_OPTIONS_H
#define DATASTREAM_RPC_PROGRAM_OPTIONS_H

#include "base/arena.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/status.h"

#define OPTIONS_LISTEN_MOST 8

/* Strings are NULL when nothing said them; they live in the arena, the arguments or the
 * environment. */
struct options {
    struct settings settings;
    const char *data_dir;
    const char *key_file; /* by default the data directory with ".key" behind */
    const char *config;
    const char *listen[OPTIONS_LISTEN_MOST];
    size_t listen_count;
    bool insecure_listen;
    enum log_format log_format;
    const char *organization;
    const char *owner_email;
    const char *organization_id;
    const char *out;     /* the directory for proto files */
    const char *version; /* of the OpenAPI document; NULL when not given */
    const char *store;   /* "rocksdb"; builds with faults know "late" too */
};

/*
 * Reads the arguments behind the subcommand. INVALID_ARGUMENT with a sentence that names the flag,
 * variable or line. The configuration file has lines "key = value"; '#' begins a comment.
 */
struct status options_read(struct arena *arena, int argc, char **argv, struct options *ret_options);

/* Prints the flags, one a line with its text, to standard output. */
void options_print(void);

#endif
