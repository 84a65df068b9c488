/* datastreamd: from the arguments to the subcommand. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "rpc/program/commands.h"
#include "rpc/program/help.h"
#include "rpc/program/help_page.h"
#include "rpc/program/program.h"

/* The contract's model and a command's leavings; far above what they take. */
#define PROGRAM_MEMORY_MOST ((size_t)256 << 20)

/*
 * Large blocks of large calls go back to the system when they are freed. Left to itself glibc
 * raises the size from which it does so with each one, and the peak of a burst stays for ever.
 */
#define MAPPED_FROM_BYTES (256 << 10)
#define TRIMMED_FROM_BYTES (16 << 20)

static bool is_text(const char *argument, const char *text)
{
    return strcmp(argument, text) == 0;
}

static bool asks_for_help(const char *argument)
{
    return is_text(argument, "--help") || is_text(argument, "-h");
}

/* Prints what "help", "help COMMAND", "COMMAND ... --help" and "--version" ask for; the exit code,
 * or -1 when nothing of the kind was asked. */
static int print_text(int argc, char **argv, struct arena *arena)
{
    bool is_help = is_text(argv[1], "help") || asks_for_help(argv[1]);
    bool is_all = is_help && (argc == 2 || asks_for_help(argv[2]));
    struct slice name = slice_from_cstr(argv[is_help && !is_all ? 2 : 1]);
    const struct command *command = command__find(name);

    if (is_text(argv[1], "--version"))
        printf("datastreamd %s\n", DATASTREAM_VERSION);
    else if (is_all)
        help__print(stdout);
    else if (is_help && is_text(argv[2], "configuration"))
        help__print_page(stdout);
    else if (command == NULL) {
        program__fail(command__unknown(arena, name));
        return 2;
    } else {
        for (int i = 2; i < argc && !is_help; i++)
            is_help = asks_for_help(argv[i]);
        if (!is_help)
            return -1;
        help__print_command(stdout, command);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

static int run(int argc, char **argv, struct arena *arena)
{
    const struct command *command = command__find(slice_from_cstr(argv[1]));
    struct options options;
    struct status status = options__read(arena, argc - 2, argv + 2, &options);

    if (!status_is_ok(status)) {
        program__fail(status);
        return 2;
    }
    log_setup(options.log_format, LOG_INFO);
    return command->run(&options, arena);
}

int main(int argc, char **argv)
{
    struct arena arena;
    int code;

    if (argc < 2) {
        help__print_usage(stderr);
        return 2;
    }
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    mallopt(M_TRIM_THRESHOLD, TRIMMED_FROM_BYTES);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write, as a full disk is */
    arena_init(&arena, NULL, PROGRAM_MEMORY_MOST);
    arena_wipe_on_done(&arena);
    code = print_text(argc, argv, &arena);
    if (code < 0)
        code = run(argc, argv, &arena);
    arena_done(&arena);
    return code;
}
