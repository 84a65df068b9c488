/* Cookies as outsiders send them. Each line of the input is a Cookie line. */
#include <assert.h>
#include <stdint.h>

#include "rpc/frontend/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MOST 16

static const struct slice name = SLICE_INIT("datastream");

/* How often "datastream=" stands in the lines at all. */
static size_t count_names(struct slice input)
{
    size_t count = 0;

    for (; input.len > name.len; input = slice_from(input, 1))
        if (slice_starts_with(input, name) && input.data[name.len] == '=')
            count++;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_make(data, size);
    struct slice rest = input;
    struct header headers[LINES_MOST];
    struct request_head head = {.headers = headers};
    struct slice value = SLICE_EMPTY;
    enum cookie_result result;

    while (rest.len > 0 && head.header_count < LINES_MOST) {
        struct slice line = slice_make(rest.data, slice_find(rest, '\n'));

        headers[head.header_count++] = (struct header){SLICE("cookie"), line};
        rest = slice_from(rest, line.len < rest.len ? line.len + 1 : line.len);
    }
    result = cookie__find(&head, name, &value);
    if (result != COOKIE_FOUND) {
        assert(value.data == NULL);
        return 0;
    }
    assert(count_names(input) >= 1);
    assert(value.data > input.data && value.data + value.len <= input.data + input.len);
    assert(slice_equal(slice_make(value.data - name.len - 1, name.len), name));
    assert(slice_find(value, ';') == value.len && slice_find(value, '\n') == value.len);
    assert(slice_find(value, '\0') == value.len);
    return 0;
}
