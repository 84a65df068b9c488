/* Scheme, host and port of an origin, in the one spelling that is compared. */
#include "rpc/net/origin.h"

#include "base/text.h"
#include "rpc/net/http1_check.h"

/* Where the port begins, its colon included; the length where there is none. */
static size_t port_at(struct slice authority)
{
    size_t from = authority.len > 0 && authority.data[0] == '[' ? slice_find(authority, ']') : 0;

    return from + slice_find(slice_from(authority, from), ':');
}

static struct slice lower(struct arena *arena, struct slice text)
{
    char *copy = arena_alloc(arena, text.len);

    if (copy == NULL)
        return SLICE_EMPTY;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return slice_make(copy, text.len);
}

struct slice origin_of(struct arena *arena, struct slice scheme, struct slice authority)
{
    bool is_https = slice_equal(scheme, SLICE("https"));
    struct slice parts[] = {scheme, SLICE("://"), SLICE_EMPTY, SLICE_EMPTY, SLICE_EMPTY};
    struct slice port;
    uint64_t number = 0;
    size_t at;

    if ((!is_https && !slice_equal(scheme, SLICE("http"))) || !http1__host_is_valid(authority))
        return SLICE_EMPTY;
    at = port_at(authority);
    port = slice_from(authority, at < authority.len ? at + 1 : at);
    parts[2] = lower(arena, slice_make(authority.data, at));
    if (slice_to_u64(port, &number) && number != (is_https ? 443 : 80)) {
        parts[3] = SLICE(":");
        parts[4] = decimal_encode(arena, number);
    }
    return text_join(arena, parts, 5);
}

bool origin_parse(struct arena *arena, struct slice text, struct slice *ret_origin)
{
    struct slice scheme = SLICE("https");
    struct slice origin;
    size_t colon = slice_find(text, ':');

    if (slice_equal_ignore_case(slice_make(text.data, colon), SLICE("http")))
        scheme = SLICE("http");
    else if (!slice_equal_ignore_case(slice_make(text.data, colon), SLICE("https")))
        return false;
    if (!slice_starts_with(slice_from(text, colon), SLICE("://")))
        return false;
    origin = origin_of(arena, scheme, slice_from(text, colon + 3));
    if (origin.len == 0)
        return false;
    *ret_origin = origin;
    return true;
}
