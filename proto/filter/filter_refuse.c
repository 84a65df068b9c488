/* How a filter is refused: the first thing that is wrong, with its column. */
#include "proto/filter/filter_refuse.h"

#include "base/text.h"
#include "proto/filter/filter_private.h"

void filter__refuse(struct filter_parser *parser, size_t at, const char *format, ...)
{
    struct slice before = slice_make(parser->text.data, at);
    struct slice sentence;
    va_list args;

    if (!status_is_ok(parser->failure))
        return;
    va_start(args, format);
    sentence = arena_vprintf(parser->arena, format, args);
    va_end(args);
    parser->failure = status_invalid_field(parser->arena, SLICE("filter"), "%.*s (column %zu)",
                                           SLICE_ARG(sentence), utf8_length(before) + 1);
}
