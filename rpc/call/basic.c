#include "rpc/call/basic.h"

#include "base/text.h"

enum basic_result basic_parse(struct arena *arena, struct slice authorization, struct slice *ret_id,
                              struct slice *ret_secret)
{
    const struct slice scheme = SLICE("basic ");
    struct slice pair;
    size_t colon;

    authorization = slice_trim(authorization);
    if (authorization.len < scheme.len ||
        !slice_equal_ignore_case(slice_make(authorization.data, scheme.len), scheme))
        return BASIC_ABSENT;
    if (!base64_decode(arena, slice_trim(slice_from(authorization, scheme.len)), &pair) ||
        arena_failed(arena))
        return BASIC_MALFORMED;
    colon = slice_find(pair, ':');
    if (colon == pair.len)
        return BASIC_MALFORMED;
    *ret_id = slice_make(pair.data, colon);
    *ret_secret = slice_from(pair, colon + 1);
    return BASIC_FOUND;
}
