#include "rpc/call/bearer.h"

struct slice bearer_parse(struct slice authorization)
{
    const struct slice scheme = SLICE("Bearer"); /* as most write it */
    struct slice rest;

    authorization = slice_trim(authorization);
    if (authorization.len < scheme.len ||
        !slice_equal_ignore_case(slice_make(authorization.data, scheme.len), scheme))
        return SLICE_EMPTY;
    rest = slice_from(authorization, scheme.len);
    if (rest.len == 0)
        return rest;
    return rest.data[0] == ' ' || rest.data[0] == '\t' ? slice_trim(rest) : SLICE_EMPTY;
}
