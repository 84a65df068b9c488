/* datastreamd: the table of subcommands. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "rpc/program/program.h"

/* The contract's model and a command's leavings; far above what they take. */
#define PROGRAM_MEMORY_MOST ((size_t)256 << 20)

static const struct command {
    const char *name;
    int (*run)(const struct options *options, struct arena *arena);
    const char *text;
} commands[] = {
    {"serve", command_serve, "serve the API"},
    {"init", command_init, "create a store, its first organization and an API token"},
    {"organization-add", command_organization_add, "create a further organization"},
    {"check", command_check, "read a store that is not being served and prove its invariants"},
    {"verify-audit", command_verify_audit, "prove that no audit row was edited, left out or moved"},
    {"openapi", command_openapi, "print the OpenAPI document"},
    {"proto", command_proto, "write the proto files of the API to a directory"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/*
 * Large blocks of large calls go back to the system when they are freed. Left to itself glibc
 * raises the size from which it does so with each one, and the peak of a burst stays for ever.
 */
#define MAPPED_FROM_BYTES (256 << 10)
#define TRIMMED_FROM_BYTES (16 << 20)

static int usage(FILE *to)
{
    fprintf(to, "usage: datastreamd COMMAND [flags]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-18s %s\n", commands[i].name, commands[i].text);
    fprintf(to, "\ndatastreamd help prints the flags too.\n");
    return to == stdout ? 0 : 2;
}

/* "datastreamd help", or --help in place of a command or behind one. */
static bool is_help(int argc, char **argv)
{
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
        return true;
    return argc > 2 && strcmp(argv[2], "--help") == 0;
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct options options;
    struct status status;
    int code = 2;

    if (argc < 2)
        return usage(stderr);
    if (is_help(argc, argv)) {
        usage(stdout);
        printf(
            "\nflags, also DATASTREAM_* in the environment and keys of the configuration file:\n");
        options_print();
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("datastreamd %s\n", DATASTREAM_VERSION);
        return 0;
    }
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    mallopt(M_TRIM_THRESHOLD, TRIMMED_FROM_BYTES);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write, as a full disk is */
    arena_init(&arena, NULL, PROGRAM_MEMORY_MOST);
    arena_wipe_on_done(&arena);
    status = options_read(&arena, argc - 2, argv + 2, &options);
    if (!status_is_ok(status)) {
        program_fail(status);
        arena_done(&arena);
        return 2;
    }
    log_setup(options.log_format, LOG_INFO);
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            code = commands[i].run(&options, &arena);
            arena_done(&arena);
            return code;
        }
    arena_done(&arena);
    return usage(stderr);
}
