#include "rpc/call/session_cookie.h"

#include "base/text.h"

static bool is_https(struct slice origin)
{
    return slice_starts_with(origin, SLICE("https://"));
}

struct slice session_cookie_name(struct slice own_origin)
{
    return is_https(own_origin) ? SLICE("__Host-datastream") : SLICE("datastream");
}

struct slice session_cookie_make(struct arena *arena, struct slice own_origin, struct slice value)
{
    const struct slice parts[] = {
        session_cookie_name(own_origin),
        SLICE("="),
        value,
        SLICE("; Path=/; HttpOnly; SameSite=Strict"),
        is_https(own_origin) ? SLICE("; Secure") : SLICE_EMPTY,
        value.len == 0 ? SLICE("; Max-Age=0") : SLICE_EMPTY,
    };

    return text_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}
