/*
 * Shell commands in a temporary folder, their output kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "shell.h"
#include "tests/support/scratch.h"

char shell_folder[64];
char shell_output[65536];

int shell_run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    size_t len;
    FILE *pipe;
    int prefix = snprintf(command, sizeof(command),
                          "exec 2>&1; umask 077; cd %s && D=$DATASTREAMD; ", shell_folder);

    va_start(arguments, format);
    vsnprintf(command + prefix, sizeof(command) - (size_t)prefix, format, arguments);
    va_end(arguments);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(shell_output, 1, sizeof(shell_output) - 1, pipe);
    shell_output[len] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

void shell_says(const char *text)
{
    if (strstr(shell_output, text) == NULL)
        fail_msg("\"%s\" is not said: %s", text, shell_output);
}

int shell_start(void **state)
{
    (void)state;
    return !scratch_make("operator", shell_folder, sizeof(shell_folder));
}

int shell_end(void **state)
{
    (void)state;
    return shell_run("rm -rf %s", shell_folder);
}
