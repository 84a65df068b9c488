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
    const char *key_file;     /* by default the data directory with ".key" appended */
    bool key_file_is_default; /* nothing named it */
    const char *config;
    const char *listen[OPTIONS_LISTEN_MOST];
    size_t listen_count;
    bool insecure_listen;
    const char *public_url;      /* scheme and authority */
    const char *trusted_proxies; /* networks, with commas between, or "unix" */
    enum log_format log_format;
    const char *new_key_file;
    bool data_keys;
    const char *organization;
    const char *owner_email;
    const char *owner_password_file;
    const char *organization_id;
    const char *file;    /* of an exported audit log; NULL when not given */
    bool allow_gaps;     /* in that file */
    const char *out;     /* the directory for proto files */
    const char *version; /* of the OpenAPI document; NULL when not given */
    const char *store;   /* "rocksdb"; builds with faults know "late" too */
};

/* The subcommands that an option concerns, as bits. */
enum option_use {
    FOR_SERVE = 1 << 0,
    FOR_INIT = 1 << 1,
    FOR_ORGANIZATION_ADD = 1 << 2,
    FOR_CHECK = 1 << 3,
    FOR_VERIFY_AUDIT = 1 << 4,
    FOR_OPENAPI = 1 << 5,
    FOR_PROTO = 1 << 6,
    FOR_ROTATE_KEY = 1 << 7,
    FOR_OWNER_RESET = 1 << 8,
    FOR_ALL = (1 << 9) - 1,
    FOR_STORES = FOR_ALL & ~(FOR_OPENAPI | FOR_PROTO),
    FOR_CREATION = FOR_INIT | FOR_ORGANIZATION_ADD,
    FOR_OWNERS = FOR_CREATION | FOR_OWNER_RESET,
};

enum option_type { OPTION_TEXT, OPTION_LISTEN, OPTION_FLAG, OPTION_LOG_FORMAT };

/* An option that is no setting: one row each. Rows of one subject stand together. */
struct option_row {
    const char *name; /* with dashes, as a flag */
    enum option_type type;
    size_t offset;       /* in struct options, of texts and flags */
    const char *subject; /* the heading under which the help lists it */
    enum option_use use;
    const char *value; /* stands for the value in the help; NULL when the flag needs none */
    const char *text;
};

/* All rows; *ret_count says how many. */
const struct option_row *options__rows(size_t *ret_count);

/*
 * Reads the arguments after the subcommand. INVALID_ARGUMENT with a sentence that names the flag,
 * variable, or key and line, and for an unknown one the nearest that exists. The configuration file
 * has lines "key = value"; '#' begins a comment.
 */
struct status options__read(struct arena *arena, int argc, char **argv,
                            struct options *ret_options);

#endif
