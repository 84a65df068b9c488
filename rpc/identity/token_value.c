/*
 * The value of a token: "dsa_", 43 base62 digits of a 256-bit number, 6 base62 digits of the CRC-32
 * of the 47 characters before them; both with leading zeros, most significant digit first.
 */
#include "rpc/identity/token_value.h"

#include <assert.h>
#include <sys/random.h>
#include <zlib.h>

#include "base/ascii.h"
#include "base/crypto/sha256.h"
#include "rpc/identity/identity.h"

#define PREFIX SLICE("dsa_")
#define DIRECTOR_PREFIX SLICE("dsd_")
#define RANDOM_DIGITS 43
#define CHECK_DIGITS 6
#define CHECKED (TOKEN_VALUE_LEN - CHECK_DIGITS)
#define SHOWN 4

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static uint32_t checksum(const char *value)
{
    return (uint32_t)crc32(0, (const unsigned char *)value, CHECKED);
}

static void write_checksum(uint32_t sum, char at[CHECK_DIGITS])
{
    for (int i = CHECK_DIGITS - 1; i >= 0; i--) {
        at[i] = digits[sum % 62];
        sum /= 62;
    }
}

/* 62^43 > 2^256, so that each number has digits of its own: writing it is unbiased. */
static void write_number(const uint8_t number[32], char at[RANDOM_DIGITS])
{
    uint8_t left[32];

    memcpy(left, number, sizeof(left));
    for (int i = RANDOM_DIGITS - 1; i >= 0; i--) {
        unsigned remainder = 0;

        for (size_t k = 0; k < sizeof(left); k++) {
            unsigned part = remainder << 8 | left[k];

            left[k] = (uint8_t)(part / 62);
            remainder = part % 62;
        }
        assert(remainder < 62);
        at[i] = digits[remainder];
    }
}

void credential_value_make(struct slice prefix, const uint8_t random[32],
                           char value[TOKEN_VALUE_LEN])
{
    assert(prefix.len == PREFIX.len);
    memcpy(value, prefix.data, PREFIX.len);
    write_number(random, value + PREFIX.len);
    write_checksum(checksum(value), value + CHECKED);
}

void token_value_make(const uint8_t random[32], char value[TOKEN_VALUE_LEN])
{
    credential_value_make(PREFIX, random, value);
}

static bool is_wellformed(struct slice value, struct slice prefix)
{
    char sum[CHECK_DIGITS];

    if (value.len != TOKEN_VALUE_LEN || !slice_starts_with(value, prefix))
        return false;
    for (size_t i = prefix.len; i < value.len; i++)
        if (!ascii_is_letter_or_digit(value.data[i]))
            return false;
    write_checksum(checksum(value.data), sum);
    return memcmp(sum, value.data + CHECKED, sizeof(sum)) == 0;
}

bool token_value__is_wellformed(struct slice value)
{
    return is_wellformed(value, PREFIX);
}

bool director_key__is_wellformed(struct slice value)
{
    return is_wellformed(value, DIRECTOR_PREFIX);
}

bool session_value_is_wellformed(struct slice value)
{
    return is_wellformed(value, SESSION_VALUE_PREFIX);
}

/* A hash that cannot be had for want of memory is replaced by one that fits no value. */
void token_value_hash(struct slice value, uint8_t hash[32])
{
    if (sha256(value, hash))
        return;
    memset(hash, 0, 32);
    while (getrandom(hash, 32, 0) != 32)
        continue;
}

struct slice token_value_mask(struct arena *arena, struct slice value)
{
    size_t hidden = value.len > SHOWN ? value.len - SHOWN : value.len;

    size_t prefix = value.len < PREFIX.len ? value.len : PREFIX.len;

    return arena_printf(arena, "%.*s........%.*s", (int)prefix, value.data,
                        SLICE_ARG(slice_from(value, hidden)));
}
