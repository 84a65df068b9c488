/* The help, from the tables of commands, options and settings, and the nearest name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/program/commands.h"
#include "rpc/program/help.h"
#include "rpc/program/help_page.h"
#include "rpc/program/nearest.h"

/* What the function prints; freed by the caller. */
static char *printed(void (*print)(FILE *to, const struct command *command),
                     const struct command *command)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    print(to, command);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void print_all(FILE *to, const struct command *command)
{
    (void)command;
    help__print(to);
}

/* The flag begins one line of the text. */
static void assert_listed_once(const char *text, const char *name)
{
    char line[64];
    const char *at;

    snprintf(line, sizeof(line), "\n  --%s", name);
    for (char *c = line; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    for (at = strstr(text, line); at != NULL; at = strstr(at + 1, line))
        if (at[strlen(line)] == ' ')
            break;
    if (at == NULL)
        fail_msg("--%s is not listed", name);
    for (at = strstr(at + 1, line); at != NULL; at = strstr(at + 1, line))
        assert_int_not_equal(at[strlen(line)], ' ');
}

static void every_option_and_setting_is_listed_once(void **state)
{
    char *text = printed(print_all, NULL);
    size_t option_count;
    size_t setting_count;
    const struct option_row *options = options__rows(&option_count);
    const struct setting *settings = settings_rows(&setting_count);

    (void)state;
    for (size_t i = 0; i < option_count; i++)
        assert_listed_once(text, options[i].name);
    for (size_t i = 0; i < setting_count; i++)
        assert_listed_once(text, settings[i].name);
    free(text);
}

/* A heading is bound to the first setting of its subject, which may be renamed. */
static void every_subject_has_its_heading(void **state)
{
    static const char *const headings[] = {"Serving",
                                           "Setting up",
                                           "Store",
                                           "Offline tools",
                                           "Documents",
                                           "Help",
                                           "Organization",
                                           "Listening",
                                           "Files",
                                           "Configuration and log",
                                           "Connections",
                                           "Sizes of requests",
                                           "HTTP/1.1 and HTTP/2",
                                           "Times",
                                           "Change feed",
                                           "Maintenance, log and caches"};
    char *text = printed(print_all, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
        char line[64];

        snprintf(line, sizeof(line), "\n\n%s:\n", headings[i]);
        if (strstr(text, line) == NULL)
            fail_msg("no heading \"%s\"", headings[i]);
    }
    free(text);
}

static void lines_are_short_and_defaults_have_units(void **state)
{
    static const char *const says[] = {"default 10 s; 100 ms to 10 min",
                                       "default 5 min; 100 ms to 1 d",
                                       "default 16 KiB;",
                                       "default 1 GiB;",
                                       "default 50 %;",
                                       "default 7 d;",
                                       "default 512 bytes/s;"};
    char *text = printed(print_all, NULL);
    char *folded = strdup(text);
    size_t len = 0;

    (void)state;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_true(strlen(line) <= 100);
        assert_int_not_equal(line[strlen(line) - 1], ' ');
    }
    for (const char *c = folded; *c != '\0'; c++) /* each run of blanks as one */
        if ((*c != ' ' && *c != '\n') || len == 0 || folded[len - 1] != ' ')
            folded[len++] = *c == '\n' ? ' ' : *c;
    folded[len] = '\0';
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
        if (strstr(folded, says[i]) == NULL)
            fail_msg("\"%s\" is not said", says[i]);
    free(folded);
    free(text);
}

static void the_nearest_name_is_found_when_it_is_near(void **state)
{
    static const char *const names[] = {"data-dir", "key-file", "config", "max_body_bytes",
                                        "max_header_bytes"};
    static const struct {
        const char *given;
        const char *nearest;
    } rows[] = {
        {"data-dri", "data-dir"},
        {"datadir", "data-dir"},
        {"DATA_DIR", "data-dir"},
        {"confg", "config"},
        {"max-body-byte", "max_body_bytes"},
        {"max-headers-bytes", "max_header_bytes"},
        {"x", ""},
        {"frobnicate", ""},
        {"", ""},
        {"key", ""},
    };
    char long_name[200];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nearest nearest = nearest__begin(slice_from_cstr(rows[i].given));

        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
            nearest__offer(&nearest, slice_from_cstr(names[j]));
        if (!slice_equal(nearest.name, slice_from_cstr(rows[i].nearest)))
            fail_msg("%s: %.*s", rows[i].given, SLICE_ARG(nearest.name));
    }
    memset(long_name, 'a', sizeof(long_name));
    for (size_t len = 60; len <= sizeof(long_name); len += 4) {
        struct nearest nearest = nearest__begin(slice_make(long_name, len));

        nearest__offer(&nearest, slice_make(long_name, len));
        assert_int_equal(nearest.name.len, len <= 63 ? len : 0);
    }
}

static void print_page(FILE *to, const struct command *command)
{
    (void)command;
    help__print_page(to);
}

/* scripts/documents writes the page anew. */
static void the_page_of_the_configuration_says_what_the_program_does(void **state)
{
    const char *folder = getenv("DOCS");
    char *wanted = printed(print_page, NULL);
    char path[1000];
    char *got = calloc(1, strlen(wanted) + 2);
    size_t len;
    FILE *file;

    (void)state;
    assert_non_null(folder);
    assert_non_null(got);
    snprintf(path, sizeof(path), "%s/configuration.md", folder);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(got, 1, strlen(wanted) + 1, file);
    fclose(file);
    if (len != strlen(wanted) || memcmp(got, wanted, len) != 0)
        fail_msg("docs/configuration.md is not what the program prints: run scripts/documents");
    free(got);
    free(wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_and_setting_is_listed_once),
        cmocka_unit_test(every_subject_has_its_heading),
        cmocka_unit_test(lines_are_short_and_defaults_have_units),
        cmocka_unit_test(the_nearest_name_is_found_when_it_is_near),
        cmocka_unit_test(the_page_of_the_configuration_says_what_the_program_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
