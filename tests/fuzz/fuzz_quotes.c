/* Any text's quotes: each lies within the text, after the one before it, and is whole by itself. */
#include <assert.h>
#include <stdint.h>

#include "rpc/call/quotes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_quote(struct slice text, const struct quote *quote, size_t from, size_t to)
{
    struct slice alone = slice_make(text.data + quote->offset, quote->len);
    struct quote again;

    assert(quote->offset >= from && quote->offset + quote->len == to && to <= text.len);
    assert(quote_is_whole(alone, &again));
    assert(again.kind == quote->kind && again.len == quote->len);
    assert(slice_equal(again.store, quote->store));
    assert(slice_equal(again.reference, quote->reference));
    assert(slice_equal(again.variable, quote->variable));
    assert(uuid_equal(&again.id, &quote->id));
    assert(quote_is_whole(text, NULL) == (quote->len == text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_make(data, size);
    struct format_violation violation;
    enum quote_found found;
    const char *problem = NULL;
    struct quote quote;
    struct arena arena;
    size_t from = 0;
    size_t at = 0;

    while ((found = quote_next(text, &at, &quote, &problem)) == QUOTE_FOUND) {
        check_quote(text, &quote, from, at);
        from = at;
    }
    assert((found == QUOTE_BAD) == (problem != NULL));
    arena_init(&arena, NULL, 1 << 20);
    assert(quotes_check(&arena, text, &violation) == (found == QUOTE_NONE));
    arena_done(&arena);
    return 0;
}
