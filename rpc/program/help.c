/*
 * The help: commands, flags and settings under headings, each flag with its value, its text, its
 * default and its range with units. Nothing is told here that the tables do not hold.
 */
#include <inttypes.h>

#include "base/settings.h"
#include "rpc/program/commands_private.h"

#define WIDTH 100         /* of a line */
#define FLAG_COLUMN 36    /* where the text beside a flag begins */
#define COMMAND_COLUMN 20 /* where the text beside a command begins */
#define TEXT_BYTES 512

/* The settings of a subject: from this row of the table to the next subject's. */
static const struct subject {
    const char *first;
    const char *title;
} setting_subjects[] = {
    {"workers", "Connections"},
    {"max_header_bytes", "Sizes of requests"},
    {"max_pipelined_requests", "HTTP/1.1 and HTTP/2"},
    {"header_timeout_ms", "Times"},
    {"max_failed_sign_ins", "Sign-in"},
    {"feed_keep_ms", "Change feed"},
    {"keeper_interval_ms", "Maintenance, log and caches"},
};
#define SETTING_SUBJECTS (sizeof(setting_subjects) / sizeof(setting_subjects[0]))

/* What a setting's name says of its unit. */
static const struct unit {
    const char *suffix;
    const char *value;    /* stands for the value in the help */
    uint64_t scale;       /* in base units */
    const char *names[5]; /* base unit and larger ones, for steps[] */
    uint64_t steps[5];
} units[] = {
    {"_ms", "MS", 1, {"ms", "s", "min", "h", "d"}, {1, 1000, 60000, 3600000, 86400000}},
    {"_bytes_per_second", "BYTES", 1, {"bytes/s", "KiB/s", "MiB/s"}, {1, 1 << 10, 1 << 20}},
    {"_bytes", "BYTES", 1, {"bytes", "KiB", "MiB", "GiB"}, {1, 1 << 10, 1 << 20, 1 << 30}},
    {"_kib", "KIB", 1 << 10, {"bytes", "KiB", "MiB", "GiB"}, {1, 1 << 10, 1 << 20, 1 << 30}},
    {"_mib", "MIB", 1 << 20, {"bytes", "KiB", "MiB", "GiB"}, {1, 1 << 10, 1 << 20, 1 << 30}},
    {"_percent", "PERCENT", 1, {"%"}, {1}},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

static const struct unit *unit_of(const char *name)
{
    for (size_t i = 0; i < UNITS; i++)
        if (slice_ends_with(slice_from_cstr(name), slice_from_cstr(units[i].suffix)))
            return &units[i];
    return NULL;
}

/* "10 s", "64 KiB", "16": in the largest unit that divides it. */
static void quantity_write(const char *name, uint64_t value, char *to, size_t size)
{
    const struct unit *unit = unit_of(name);
    size_t step = 0;

    if (unit == NULL) {
        snprintf(to, size, "%" PRIu64, value);
        return;
    }
    value *= unit->scale;
    for (size_t i = 1; value > 0 && i < 5 && unit->names[i] != NULL; i++)
        if (value % unit->steps[i] == 0)
            step = i;
    snprintf(to, size, "%" PRIu64 " %s", value / unit->steps[step], unit->names[step]);
}

static void blanks_print(FILE *to, size_t count)
{
    fprintf(to, "%*s", (int)count, "");
}

/* The text from the column on, cut at blanks; what is left of it stays there on further lines. */
static void text_print(FILE *to, size_t column, const char *text)
{
    struct slice rest = slice_from_cstr(text);
    size_t room = WIDTH - column;

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
    const struct unit *unit = unit_of(row->name);
    char flag[64];
    char initial[32];
    char smallest[32];
    char largest[32];
    char text[TEXT_BYTES];

    snprintf(flag, sizeof(flag), "--%s %s", row->name, unit == NULL ? "N" : unit->value);
    for (char *c = flag; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    quantity_write(row->name, row->initial, initial, sizeof(initial));
    quantity_write(row->name, row->smallest, smallest, sizeof(smallest));
    quantity_write(row->name, row->largest, largest, sizeof(largest));
    snprintf(text, sizeof(text), "%s (default %s; %s to %s)", row->text, initial, smallest,
             largest);
    row_print(to, FLAG_COLUMN, flag, text);
}

/* The options of a use, each subject's together, in the order of the table. */
static void options_print(FILE *to, enum option_use use)
{
    size_t count;
    const struct option_row *rows = options_rows(&count);
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
        for (size_t j = 0; j < SETTING_SUBJECTS; j++)
            if (strcmp(rows[i].name, setting_subjects[j].first) == 0)
                fprintf(to, "\n%s:\n", setting_subjects[j].title);
        setting_print(to, &rows[i]);
    }
}

static void spellings_print(FILE *to)
{
    fputc('\n', to);
    text_print(to, 0,
               "Every flag is also a key of the configuration file (\"key = value\" lines) and an "
               "environment variable: --data-dir, data_dir and DATASTREAM_DATA_DIR are the same. A "
               "flag overrides the environment, which overrides the file.");
}

void help_print_usage(FILE *to)
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

void help_print(FILE *to)
{
    help_print_usage(to);
    spellings_print(to);
    options_print(to, FOR_ALL);
    settings_print(to);
}

void help_print_command(FILE *to, const struct command *command)
{
    fprintf(to, "Usage: datastreamd %s %s\n\n", command->name, command->synopsis);
    text_print(to, 0, command->more);
    spellings_print(to);
    options_print(to, command->use);
    if (command->use == FOR_SERVE)
        settings_print(to);
}
