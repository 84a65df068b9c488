#include "rpc/call/device_cookie.h"

#include "base/crypto/hmac.h"
#include "base/crypto/wipe.h"
#include "base/text.h"

#define TIME_LEN 8
#define VALUE_LEN (TIME_LEN + HMAC_LEN)
#define TEXT_LEN ((VALUE_LEN * 8 + 5) / 6) /* in base64url */

static bool is_https(struct slice origin)
{
    return slice_starts_with(origin, SLICE("https://"));
}

struct slice device_cookie_name(struct slice own_origin)
{
    return is_https(own_origin) ? SLICE("__Host-datastream-device") : SLICE("datastream-device");
}

/* Time, then the MAC over a purpose of its own, the user and the time. */
static bool write_value(const uint8_t key[32], const struct uuid *user, int64_t created_ms,
                        uint8_t value[VALUE_LEN])
{
    const struct slice parts[] = {SLICE("datastream device 1"),
                                  slice_make(user->bytes, sizeof(user->bytes)),
                                  slice_make(value, TIME_LEN)};

    for (int i = 0; i < TIME_LEN; i++)
        value[i] = (uint8_t)((uint64_t)created_ms >> (8 * (TIME_LEN - 1 - i)));
    return hmac_once(key, parts, 3, value + TIME_LEN);
}

struct slice device_cookie_make(struct arena *arena, struct slice own_origin, const uint8_t key[32],
                                const struct uuid *user, int64_t now_ms)
{
    uint8_t value[VALUE_LEN];
    struct slice parts[] = {
        device_cookie_name(own_origin),
        SLICE("="),
        SLICE_EMPTY,
        SLICE("; Path=/; HttpOnly; SameSite=Strict; Max-Age=7776000"),
        is_https(own_origin) ? SLICE("; Secure") : SLICE_EMPTY,
    };

    if (!write_value(key, user, now_ms, value))
        return SLICE_EMPTY;
    parts[2] = base64url_encode(arena, slice_make(value, sizeof(value)));
    return text_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}

/* Compared as it is written: a cookie has one spelling, since it has one count. */
bool device_cookie_counts(struct slice value, const uint8_t key[32], const struct uuid *user,
                          int64_t now_ms)
{
    struct slice given = SLICE_EMPTY;
    struct slice text;
    uint8_t wanted[VALUE_LEN];
    int64_t created_ms = 0;
    bool is_ours = false;
    struct arena arena;

    arena_init(&arena, NULL, ARENA_FIRST_BLOCK);
    if (value.len == TEXT_LEN && base64_decode(&arena, value, &given) && given.len == VALUE_LEN) {
        for (int i = 0; i < TIME_LEN; i++)
            created_ms = (int64_t)((uint64_t)created_ms << 8 | (uint8_t)given.data[i]);
        if (created_ms >= 0 && created_ms <= now_ms && now_ms - created_ms < DEVICE_COOKIE_MS &&
            write_value(key, user, created_ms, wanted)) {
            text = base64url_encode(&arena, slice_make(wanted, sizeof(wanted)));
            is_ours = text.len == TEXT_LEN && crypto_equal(text.data, value.data, TEXT_LEN);
        }
    }
    arena_done(&arena);
    return is_ours;
}
