/*
 * The operator's tools as programs: help and unknown names, the key file, and who may have the
 * store when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "shell.h"

static void a_missing_directory_names_init(void **state)
{
    (void)state;
    assert_int_equal(shell_run(SHELL_SERVE), 1);
    shell_says("create one with \"datastreamd init\"");
    assert_int_equal(shell_run("mkdir data && touch data/other && " SHELL_SERVE), 1);
    shell_says("create one with \"datastreamd init\"");
    assert_int_equal(shell_run("$D check"), 1);
    shell_says("The flag --data-dir is required.");
}

static void unknown_names_say_what_exists(void **state)
{
    static const struct {
        const char *command;
        const char *says;
    } rows[] = {
        {"$D sevre", "Unknown command sevre (did you mean serve?). The commands are serve, init, "
                     "organization-add, check, verify-audit, rotate-key, owner-reset, openapi, "
                     "proto and help."},
        {"$D SERVE", "did you mean serve?"},
        {"$D frobnicate", "Unknown command frobnicate. The commands are serve"},
        {"$D help chekc", "did you mean check?"},
        {"$D chekc --help", "did you mean check?"},
        {"$D serve --data-dri x",
         "Unknown flag --data-dri (did you mean --data-dir?). \"datastreamd help\""},
        {"$D serve --max-boddy-bytes=1", "did you mean --max-body-bytes?"},
        {"$D serve --frobnicate", "Unknown flag --frobnicate. \"datastreamd help\" lists"},
        {"$D serve data", "\"data\" is not a flag"},
        {"echo 'idle_timout_ms = 1' >c; $D serve --config c",
         "c, line 1: Unknown key idle_timout_ms (did you mean idle_timeout_ms?)."},
        {"printf '# a\\n\\nnothing\\n' >c; $D serve --config c",
         "c, line 3: The line must read \"key = value\"."},
        {"DATASTREAM_LOG_FORMAT=xml $D serve",
         "The environment variable DATASTREAM_LOG_FORMAT must be json or text, not \"xml\"."},
        {"$D serve --idle_timeout_ms 1",
         "The flag --idle-timeout-ms must be a number from 100 to 86400000, not \"1\"."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(shell_run("%s", rows[i].command), 2);
        shell_says(rows[i].says);
    }
}

static void help_is_grouped_and_each_command_has_its_own(void **state)
{
    static const char *const commands[] = {"serve",   "init",         "organization-add",
                                           "check",   "verify-audit", "rotate-key",
                                           "openapi", "proto",        NULL};
    static const char *const says[] = {"\nServing:\n", "\nStore:\n", "\nOffline tools:\n",
                                       "\nTimes:\n", "--idle-timeout-ms MS"};
    char usage[64];

    (void)state;
    assert_int_equal(shell_run("$D"), 2);
    shell_says("Usage: datastreamd COMMAND");
    assert_int_equal(shell_run("$D help"), 0);
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
        shell_says(says[i]);
    for (size_t i = 0; commands[i] != NULL; i++) {
        assert_int_equal(shell_run("$D help"), 0);
        shell_says(commands[i]);
        snprintf(usage, sizeof(usage), "Usage: datastreamd %s ", commands[i]);
        assert_int_equal(shell_run("$D help %s", commands[i]), 0);
        assert_int_equal(strncmp(shell_output, usage, strlen(usage)), 0);
        assert_int_equal(shell_run("$D %s --config none --help", commands[i]), 0);
        assert_int_equal(strncmp(shell_output, usage, strlen(usage)), 0);
    }
    assert_int_equal(shell_run("$D help init"), 0);
    shell_says("--owner-email MAIL");
    assert_null(strstr(shell_output, "--listen"));
}

#define KEY "datastream-key-1 0123456789abcdef %%064d\\n"

static void another_key_is_refused(void **state)
{
    static const char *const commands[] = {SHELL_SERVE, SHELL_ADD, SHELL_INIT,
                                           "$D check --data-dir data",
                                           "$D verify-audit --data-dir data"};

    (void)state;
    assert_int_equal(shell_run(SHELL_INIT " && mv data.key kept && printf '" KEY "' 0 >data.key"),
                     0);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        assert_int_equal(shell_run("%s", commands[i]), 1);
        shell_says("but the store wants the key file with the id ");
    }
    assert_int_equal(shell_run("$D check --data-dir data --key-file kept"), 0);
}

static void a_key_that_cannot_be_read_is_told_and_left_alone(void **state)
{
    static const struct {
        const char *make;
        const char *says;
    } rows[] = {
        {":", "cannot be read: No such file"},
        {": >data.key", "is not a key file"},
        {"mkdir data.key", "is not a regular file"},
        {"mkfifo data.key", "is not a regular file"},
        {"cp kept data.key && chmod 440 data.key", "is open to other users"},
        {"printf 'datastream-key-2 0123456789abcdef %064d\\n' 0 >data.key", "is not a key file"},
        {"head -c 60 kept >data.key", "is not a key file"},
        {"tr a-f A-F <kept >data.key", "is not a key file"},
        {"ln -s kept data.key", "is a symbolic link"},
    };

    (void)state;
    assert_int_equal(shell_run(SHELL_INIT " && mv data.key kept"), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(shell_run("rm -rf data.key; %s", rows[i].make), 0);
        assert_int_equal(shell_run(SHELL_SERVE), 1);
        shell_says(rows[i].says);
    }
    /* A new key must not take the place of the lost one. */
    assert_int_equal(shell_run("rm -rf data.key; " SHELL_INIT), 1);
    assert_int_equal(shell_run("ls -A"), 0);
    assert_string_equal(shell_output, "data\nkept\n");
    assert_int_equal(shell_run("mv kept data.key && $D check --data-dir data/"), 0);
}

static void a_store_has_one_user(void **state)
{
    static const char *const commands[] = {"serve --listen 127.0.0.1:0", "check", "verify-audit",
                                           "organization-add --organization X --owner-email a@b.c",
                                           "init --organization X --owner-email a@b.c"};
    struct api_server server;

    (void)state;
    api_start(&server, NULL);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        assert_int_equal(shell_run("$D %s --data-dir %s", commands[i], server.data), 1);
        shell_says("is in use by another process");
    }
    api_check(&server, 200, "GET", "/readyz", NULL, NULL);
    api_check(&server, 201, "POST", "/api/v1/devices", server.token, "{\"name\":\"still here\"}");
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_missing_directory_names_init, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(unknown_names_say_what_exists, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(help_is_grouped_and_each_command_has_its_own, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(another_key_is_refused, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(a_key_that_cannot_be_read_is_told_and_left_alone,
                                        shell_start, shell_end),
        cmocka_unit_test_setup_teardown(a_store_has_one_user, shell_start, shell_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
