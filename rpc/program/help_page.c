/* docs/configuration.md: the tables of options and settings as a page. */
#include "rpc/program/help_page.h"

#include "base/settings.h"
#include "rpc/program/commands_internal.h"
#include "rpc/program/help_words.h"

/* A cell of a table: what would end it is escaped. */
static void cell_print(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            fputc('\\', to);
        fputc(*text, to);
    }
}

static void option_print(FILE *to, const struct option_row *row)
{
    fprintf(to, "| `--%s%s%s` | ", row->name, row->value == NULL ? "" : " ",
            row->value == NULL ? "" : row->value);
    cell_print(to, row->text);
    fprintf(to, " |\n");
}

static void options_print(FILE *to)
{
    size_t count;
    const struct option_row *rows = options__rows(&count);
    const char *subject = "";

    for (size_t i = 0; i < count; i++) {
        if (strcmp(subject, rows[i].subject) != 0)
            fprintf(to, "\n### %s\n\n| flag | what it says |\n| --- | --- |\n", rows[i].subject);
        subject = rows[i].subject;
        option_print(to, &rows[i]);
    }
}

static void setting_print(FILE *to, const struct setting *row)
{
    const uint64_t values[] = {row->initial, row->smallest, row->largest};

    fprintf(to, "| `%s` |", row->name);
    for (size_t i = 0; i < 3; i++) {
        char text[32];

        help__quantity(row->name, values[i], text, sizeof(text));
        fprintf(to, " %s |", text);
    }
    fputc(' ', to);
    cell_print(to, row->text);
    fprintf(to, " |\n");
}

static void settings_print(FILE *to)
{
    size_t count;
    const struct setting *rows = settings_rows(&count);

    for (size_t i = 0; i < count; i++) {
        const char *subject = help__subject(rows[i].name);

        if (subject != NULL)
            fprintf(to,
                    "\n### %s\n\n| setting | default | smallest | largest | what it is, and which "
                    "behaviour of a peer it answers |\n| --- | --- | --- | --- | --- |\n",
                    subject);
        setting_print(to, &rows[i]);
    }
}

void help__print_page(FILE *to)
{
    fprintf(to, "# Configuration\n\n"
                "Written by `datastreamd help configuration` from the tables of the program; "
                "`scripts/documents` writes it anew.\n\n" HELP_SPELLINGS
                " Values of settings are whole numbers in the unit that the name ends with.\n");
    fprintf(to, "\n## Options\n");
    options_print(to);
    fprintf(to, "\n## Settings\n");
    settings_print(to);
}
