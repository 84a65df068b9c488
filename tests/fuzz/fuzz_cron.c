/*
 * Any text as a cron expression, an interval and a route filter: a refusal has a sentence and a
 * place within the text, an interval is within its bound, a filter has as many opening as closing
 * brackets where it has no quotes.
 */
#include <assert.h>
#include <stdint.h>

#include "rpc/call/formats.h"
#include "rpc/call/interval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check(struct arena *arena, enum format format, struct slice text)
{
    struct text_place end = text__place_of(text, text.len);
    struct format_violation violation;

    if (format_check(arena, format, text, &violation))
        return true;
    assert(violation.description.len > 0);
    assert(violation.place.line <= end.line);
    assert((violation.place.line == 0) == (violation.place.column == 0));
    assert(violation.place.column <= text.len + 1);
    return false;
}

static size_t count(struct slice text, char byte)
{
    size_t found = 0;

    for (size_t i = 0; i < text.len; i++)
        found += text.data[i] == byte;
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_make(data, size);
    struct format_violation violation;
    uint32_t seconds;
    struct arena arena;

    arena_init(&arena, NULL, 1 << 20);
    if (check(&arena, FORMAT_CRON, text))
        assert(count(text, ' ') >= 4 && size >= 9);
    if (check(&arena, FORMAT_INTERVAL, text)) {
        assert(interval_parse(&arena, text, &seconds, &violation));
        assert(seconds != 1 && seconds <= INTERVAL_SECONDS_MOST);
    }
    if (check(&arena, FORMAT_ROUTE_FILTER, text) && count(text, '\'') + count(text, '"') == 0) {
        assert(count(text, '(') == count(text, ')'));
        assert(count(text, '[') == count(text, ']'));
        assert(count(text, '{') == count(text, '}'));
    }
    arena_done(&arena);
    return 0;
}
