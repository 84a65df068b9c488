/* Any bytes as a query: what is read is UTF-8 without U+0000, and no longer than what was sent. */
#include <assert.h>
#include <stdint.h>

#include "base/text.h"
#include "rest/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct slice text, size_t most)
{
    assert(text.len <= most);
    assert(utf8_is_valid(text));
    assert(slice_find(text, '\0') == text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_make(data, size);
    struct query_parameter *parameters;
    struct arena arena;
    size_t count = 0;
    struct slice text;

    arena_init(&arena, NULL, (size_t)64 << 20);
    if (status_is_ok(query__parse(&arena, input, &parameters, &count))) {
        assert(count <= QUERY_PARAMETERS_MOST);
        for (size_t i = 0; i < count; i++) {
            check_text(parameters[i].name, size);
            check_text(parameters[i].value, size);
        }
    }
    if (query__percent_decode(&arena, input, PERCENT_SEGMENTS, &text) == NULL)
        check_text(text, size);
    arena_done(&arena);
    return 0;
}
