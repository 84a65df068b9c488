/* Route filters: a stack of the brackets that are open, one pass. */
#include "rpc/call/route_filter.h"

#include <assert.h>

#include "base/text.h"

struct filter {
    struct arena *arena;
    struct slice text;
    bool one_line;
    struct format_violation *violation;
    size_t depth;
    uint16_t open[ROUTE_FILTER_CHARACTERS_MOST]; /* offsets of the brackets that are open */
};

_Static_assert(ROUTE_FILTER_CHARACTERS_MOST * 4 <= UINT16_MAX, "an offset fits");

#define REFUSE(filter, at, ...)                                                              \
    format__refuse((filter)->arena, (filter)->violation, text__place_of((filter)->text, at), \
                   (filter)->one_line, __VA_ARGS__)

static char closing_of(char opening)
{
    switch (opening) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    default:
        return '\0';
    }
}

/* The offset of the quote that closes the one at `at`, or text.len. */
static size_t quote_end(struct slice text, size_t at)
{
    char quote = text.data[at];

    for (at++; at < text.len && text.data[at] != quote; at++)
        if (text.data[at] == '\\')
            at++;
    return at < text.len ? at : text.len;
}

static bool close_bracket(struct filter *filter, size_t at)
{
    char closing = filter->text.data[at];
    char opening;

    if (filter->depth == 0)
        return REFUSE(filter, at, "must open every \"%c\" that it closes", closing);
    opening = filter->text.data[filter->open[filter->depth - 1]];
    if (closing_of(opening) != closing)
        return REFUSE(filter, at, "must close \"%c\" with \"%c\", not with \"%c\"", opening,
                      closing_of(opening), closing);
    filter->depth--;
    return true;
}

static bool scan(struct filter *filter)
{
    struct slice text = filter->text;

    for (size_t at = 0; at < text.len; at++) {
        char byte = text.data[at];

        if (byte == '\'' || byte == '"') {
            size_t end = quote_end(text, at);

            if (end == text.len)
                return REFUSE(filter, at, "must close every %c that it opens", byte);
            at = end;
        } else if (closing_of(byte) != '\0') {
            assert(filter->depth < ROUTE_FILTER_CHARACTERS_MOST); /* a bracket is a character */
            filter->open[filter->depth++] = (uint16_t)at;
        } else if (byte == ')' || byte == ']' || byte == '}') {
            if (!close_bracket(filter, at))
                return false;
        }
    }
    if (filter->depth > 0) {
        size_t at = filter->open[filter->depth - 1];

        return REFUSE(filter, at, "must close every \"%c\" that it opens", text.data[at]);
    }
    return true;
}

bool route_filter__check(struct arena *arena, struct slice text,
                         struct format_violation *ret_violation)
{
    struct filter filter;

    if (text.len > (size_t)ROUTE_FILTER_CHARACTERS_MOST * 4 ||
        utf8_length(text) > ROUTE_FILTER_CHARACTERS_MOST)
        return format__refuse(arena, ret_violation, (struct text_place){0}, true,
                              "must have at most %d characters", ROUTE_FILTER_CHARACTERS_MOST);
    filter.arena = arena;
    filter.text = text;
    filter.violation = ret_violation;
    filter.one_line = text__place_of(text, text.len).line == 1;
    filter.depth = 0;
    return scan(&filter);
}
