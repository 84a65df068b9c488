/*
 * Reads "name=value; name=value" by its separators alone: what browsers keep is whatever servers of
 * the host once set. A pair without "=" has no name, and is nobody's.
 */
#include "rpc/frontend/cookie.h"

/* NUL and the other control characters are in no cookie (RFC 6265 section 4.1.1). */
static bool has_control(struct slice line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.data[i];

        if (c < 0x20 || c == 0x7f)
            return true;
    }
    return false;
}

/* The pairs of one line; how many have the name. */
static size_t find_in(struct slice line, struct slice name, struct slice *value)
{
    size_t count = 0;

    while (line.len > 0) {
        struct slice pair = slice_make(line.data, slice_find(line, ';'));
        size_t equals;

        line = slice_from(line, pair.len < line.len ? pair.len + 1 : pair.len);
        pair = slice_trim(pair);
        equals = slice_find(pair, '=');
        if (equals == pair.len || !slice_equal(slice_make(pair.data, equals), name))
            continue;
        *value = slice_from(pair, equals + 1);
        count++;
    }
    return count;
}

enum cookie_result cookie__find(const struct request_head *head, struct slice name,
                                struct slice *ret_value)
{
    struct slice value = SLICE_EMPTY;
    size_t bytes = 0;
    size_t count = 0;

    if (!head_may_name(head, SLICE("cookie")))
        return COOKIE_NONE;
    for (size_t i = 0; i < head->header_count; i++) {
        struct slice line = head->headers[i].value;

        if (!slice_equal(head->headers[i].name, SLICE("cookie")))
            continue;
        bytes += line.len;
        if (bytes > COOKIE_BYTES_MOST || has_control(line))
            return COOKIE_MALFORMED;
        count += find_in(line, name, &value);
    }
    if (count > 1)
        return COOKIE_MALFORMED;
    if (count == 0)
        return COOKIE_NONE;
    *ret_value = value;
    return COOKIE_FOUND;
}
