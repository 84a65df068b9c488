/*
 * The help: commands, flags and settings under headings, each flag with its value, its text, its
 * default and its range with units. Nothing is told here that the tables do not hold.
 */
#include "rpc/program/help.h"

#include <assert.h>

#include "base/settings.h"
#include "rpc/program/commands_internal.h"
#include "rpc/program/help_words.h"

#define WIDTH 100         /* of a line */
#define FLAG_COLUMN 36    /* where the text beside a flag begins */
#define COMMAND_COLUMN 20 /* where the text beside a command begins */
#define TEXT_BYTES 512

static void blanks_print(FILE *to, size_t count)
{
    fprintf(to, "%*s", (int)count, "");
}

/* The text from the column on, cut at blanks; what is left of it stays there on further lines. */
static void text_print(FILE *to, size_t column, const char *text)
{
    struct slice rest = slice_from_cstr(text);
    size_t room = WIDTH - column;

    assert(column < WIDTH);
    while (rest.len > room) {
        size_t cut = room;

        while (cut > 0 && rest.data[cut] != ' ')
            cut--;
        if (cut == 0)
            break;
        fprintf(to, "%.*s\n", (int)cut, rest.data);
        blanks_print(to, column);
        rest = slice_from(rest, cut + 1);
    }
    fprintf(to, "%.*s\n", SLICE_ARG(rest));
}

/* "  name   text", the text on a line of its own where the name is too long. */
static void row_print(FILE *to, size_t column, const char *name, const char *text)
{
    size_t len = strlen(name) + 2;

    fprintf(to, "  %s", name);
    if (len >= column) {
        fputc('\n', to);
        len = 0;
    }
    blanks_print(to, column - len);
    text_print(to, column, text);
}

static void option_print(FILE *to, const struct option_row *row)
{
    char flag[64];

    snprintf(flag, sizeof(flag), "--%s%s%s", row->name, row->value == NULL ? "" : " ",
             row->value == NULL ? "" : row->value);
    row_print(to, FLAG_COLUMN, flag, row->text);
}

static void setting_print(FILE *to, const struct setting *row)
{
    char flag[64];
    char initial[32];
    char smallest[32];
    char largest[32];
    char text[TEXT_BYTES];

    snprintf(flag, sizeof(flag), "--%s %s", row->name, help__value(row->name));
    for (char *c = flag; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    help__quantity(row->name, row->initial, initial, sizeof(initial));
    help__quantity(row->name, row->smallest, smallest, sizeof(smallest));
    help__quantity(row->name, row->largest, largest, sizeof(largest));
    snprintf(text, sizeof(text), "%s (default %s; %s to %s)", row->text, initial, smallest,
             largest);
    row_print(to, FLAG_COLUMN, flag, text);
}

/* The options of a use, each subject's together, in the order of the table. */
static void options_print(FILE *to, enum option_use use)
{
    size_t count;
    const struct option_row *rows = options__rows(&count);
    const char *subject = "";

    for (size_t i = 0; i < count; i++) {
        if ((rows[i].use & use) == 0)
            continue;
        if (strcmp(subject, rows[i].subject) != 0)
            fprintf(to, "\n%s:\n", rows[i].subject);
        subject = rows[i].subject;
        option_print(to, &rows[i]);
    }
}

static void settings_print(FILE *to)
{
    size_t count;
    const struct setting *rows = settings_rows(&count);

    for (size_t i = 0; i < count; i++) {
        const char *subject = help__subject(rows[i].name);

        if (subject != NULL)
            fprintf(to, "\n%s:\n", subject);
        setting_print(to, &rows[i]);
    }
}

static void spellings_print(FILE *to)
{
    fputc('\n', to);
    text_print(to, 0, HELP_SPELLINGS);
}

void help__print_usage(FILE *to)
{
    size_t count;
    const struct command *rows = commands__rows(&count);
    const char *subject = "";

    fprintf(to, "Usage: datastreamd COMMAND [flags]\n       datastreamd --version\n");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(subject, rows[i].subject) != 0)
            fprintf(to, "\n%s:\n", rows[i].subject);
        subject = rows[i].subject;
        row_print(to, COMMAND_COLUMN, rows[i].name, rows[i].text);
    }
    fprintf(to, "\nHelp:\n");
    row_print(to, COMMAND_COLUMN, "help", "print all commands, flags and settings");
    row_print(to, COMMAND_COLUMN, "help COMMAND", "print one command with its flags");
}

void help__print(FILE *to)
{
    help__print_usage(to);
    spellings_print(to);
    options_print(to, FOR_ALL);
    settings_print(to);
}

void help__print_command(FILE *to, const struct command *command)
{
    fprintf(to, "Usage: datastreamd %s %s\n\n", command->name, command->synopsis);
    text_print(to, 0, command->more);
    spellings_print(to);
    options_print(to, command->use);
    if (command->use == FOR_SERVE)
        settings_print(to);
}
