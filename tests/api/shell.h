/*
 * The program as an operator runs it: shell commands in a temporary folder of the test's own.
 */
#ifndef DATASTREAM_TESTS_API_SHELL_H
#define DATASTREAM_TESTS_API_SHELL_H

/* Commands for shell_run: $D is the program, and the store is the folder's "data". */
#define SHELL_INIT "$D init --data-dir data --organization Acme --owner-email owner@acme.example"
#define SHELL_ADD \
    "$D organization-add --data-dir data --organization Two --owner-email two@acme.example"
#define SHELL_SERVE "$D serve --data-dir data --listen 127.0.0.1:0 </dev/null"

/* The temporary folder; valid between shell_start and shell_end. */
extern char shell_folder[64];
/* What the last command printed, standard error included; cut at its size. */
extern char shell_output[65536];

/* Set-up and tear-down of a test: create the folder, and remove it with all that is in it. */
int shell_start(void **state);
int shell_end(void **state);

/*
 * Runs a shell command in which $D is the program, from within the folder; returns its exit code.
 */
int shell_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails the test unless the last command printed this text. */
void shell_says(const char *text);

#endif
