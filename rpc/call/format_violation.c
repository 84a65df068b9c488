/* How violations of named formats are worded, and places in texts. */
#include "rpc/call/format_violation.h"

#include <assert.h>

size_t format__line_break(struct slice text)
{
    static const struct slice breaks[] = {
        SLICE_INIT("\r\n"),     SLICE_INIT("\n"),           SLICE_INIT("\r"),
        SLICE_INIT("\xc2\x85"), SLICE_INIT("\xe2\x80\xa8"), SLICE_INIT("\xe2\x80\xa9"),
    };
    unsigned char first = text.len == 0 ? 'a' : (unsigned char)text.data[0];

    if (first != '\n' && first != '\r' && first < 0x80)
        return 0;
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
        if (slice_starts_with(text, breaks[i]))
            return breaks[i].len;
    return 0;
}

struct text_place text__place_of(struct slice text, size_t offset)
{
    struct text_place place = {1, 1};
    size_t at = 0;

    assert(offset <= text.len);
    while (at < offset) {
        size_t line_break = format__line_break(slice_from(text, at));

        if (line_break > 0) {
            if (at + line_break > offset)
                break;
            at += line_break;
            place = (struct text_place){place.line + 1, 1};
            continue;
        }
        at++;
        while (at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80)
            at++;
        if (at <= offset)
            place.column++;
    }
    return place;
}

bool format__refuse(struct arena *arena, struct format_violation *ret_violation,
                    struct text_place place, bool one_line, const char *format, ...)
{
    struct slice sentence;
    va_list args;

    va_start(args, format);
    sentence = arena_vprintf(arena, format, args);
    va_end(args);
    if (place.line != 0 && one_line)
        sentence = arena_printf(arena, "%.*s (column %zu)", SLICE_ARG(sentence), place.column);
    else if (place.line != 0)
        sentence = arena_printf(arena, "%.*s (line %zu, column %zu)", SLICE_ARG(sentence),
                                place.line, place.column);
    *ret_violation = (struct format_violation){sentence, place};
    return false;
}
