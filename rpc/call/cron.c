/* Cron expressions, read in one pass from left to right. */
#include "rpc/call/cron.h"

#include "base/ascii.h"

static const struct cron_field {
    const char *name;
    const char *article;
    unsigned least;
    unsigned most;
} fields[] = {
    {"minute", "a", 0, 59}, {"hour", "an", 0, 23},  {"day of the month", "a", 1, 31},
    {"month", "a", 1, 12},  {"weekday", "a", 0, 6},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

struct cron {
    struct arena *arena;
    struct slice text;
    size_t at;
    struct format_violation *violation;
};

static char peek(const struct cron *cron)
{
    return cron->at < cron->text.len ? cron->text.data[cron->at] : '\0';
}

static bool skip(struct cron *cron, char byte)
{
    if (cron->at >= cron->text.len || cron->text.data[cron->at] != byte)
        return false;
    cron->at++;
    return true;
}

#define REFUSE(cron, at, ...)                                                                \
    format__refuse((cron)->arena, (cron)->violation, text__place_of((cron)->text, at), true, \
                   __VA_ARGS__)

/* A number of one or two digits between the bounds; `what` names it in the refusal. */
static bool number(struct cron *cron, const struct cron_field *field, unsigned least,
                   const char *what, unsigned *ret_value)
{
    size_t start = cron->at;
    unsigned value = 0;

    while (ascii_is_digit(peek(cron)) && cron->at - start < 3)
        value = value * 10 + (unsigned)(cron->text.data[cron->at++] - '0');
    if (cron->at == start && ascii_is_letter(peek(cron)))
        return REFUSE(cron, start, "must have numbers, not names, in the %s field", field->name);
    if (cron->at == start || cron->at - start > 2 || value < least || value > field->most)
        return REFUSE(cron, start, "must have %s from %u to %u in the %s field", what, least,
                      field->most, field->name);
    *ret_value = value;
    return true;
}

static bool item(struct cron *cron, const struct cron_field *field)
{
    size_t start = cron->at;
    unsigned first;
    unsigned last;
    unsigned step;

    if (!skip(cron, '*')) {
        if (!number(cron, field, field->least, "numbers", &first))
            return false;
        if (skip(cron, '-')) {
            if (!number(cron, field, field->least, "numbers", &last))
                return false;
            if (first > last)
                return REFUSE(cron, start, "must have ranges that ascend in the %s field",
                              field->name);
        }
    }
    return !skip(cron, '/') || number(cron, field, 1, "steps", &step);
}

static bool one_field(struct cron *cron, const struct cron_field *field)
{
    do {
        if (!item(cron, field))
            return false;
    } while (skip(cron, ','));
    if (cron->at < cron->text.len && peek(cron) != ' ')
        return REFUSE(
            cron, cron->at,
            "must have only numbers, \"*\", \",\", \"-\" and \"/\", in this order, in the "
            "%s field",
            field->name);
    return true;
}

bool cron__check(struct arena *arena, struct slice text, struct format_violation *ret_violation)
{
    struct cron cron = {arena, text, 0, ret_violation};

    if (text.len > CRON_CHARACTERS_MOST)
        return format__refuse(arena, ret_violation, (struct text_place){0}, true,
                              "must have at most %d characters", CRON_CHARACTERS_MOST);
    if (peek(&cron) == '@')
        return REFUSE(&cron, 0, "must have five fields; macros such as @daily are not accepted");
    if (text.len > 0 && (text.data[0] == ' ' || text.data[text.len - 1] == ' '))
        return REFUSE(&cron, text.data[0] == ' ' ? 0 : text.len - 1,
                      "must not begin or end with a blank");
    for (size_t i = 0; i < FIELDS; i++) {
        if (cron.at == text.len)
            return format__refuse(arena, ret_violation, (struct text_place){0}, true,
                                  "must have five fields, not %zu", i);
        if (!one_field(&cron, &fields[i]))
            return false;
        while (skip(&cron, ' '))
            ;
    }
    if (cron.at < text.len)
        return REFUSE(&cron, cron.at, "must have five fields and nothing after them");
    return true;
}
