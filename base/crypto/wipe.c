/* Wiping by OpenSSL, and comparing by words: OpenSSL compares byte by byte. */
#include "base/crypto/wipe.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <string.h>

void crypto_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}

/* Bits that differ, as nothing that a compiler knows: it could end a loop at the first of them. */
static inline uint64_t hide(uint64_t bits)
{
    __asm__ volatile("" : "+r"(bits));
    return bits;
}

static inline uint64_t differing_bits(const char *a, const char *b)
{
    uint64_t word_a;
    uint64_t word_b;

    memcpy(&word_a, a, sizeof(word_a));
    memcpy(&word_b, b, sizeof(word_b));
    return word_a ^ word_b;
}

/*
 * All bytes are looked at, whatever was found: only `len` decides what is executed. What does not
 * fill a word is in one that ends with the last byte, or is short.
 */
bool crypto_equal(const void *a, const void *b, size_t len)
{
    const char *bytes_a = a;
    const char *bytes_b = b;
    uint64_t bits = 0;
    size_t at = 0;

    for (; len - at >= sizeof(bits); at += sizeof(bits))
        bits = hide(bits | differing_bits(bytes_a + at, bytes_b + at));
    if (at > 0 && at < len) {
        at = len - sizeof(bits);
        return hide(bits | differing_bits(bytes_a + at, bytes_b + at)) == 0;
    }
    for (; at < len; at++)
        bits = hide(bits | (uint64_t)(unsigned char)(bytes_a[at] ^ bytes_b[at]));
    return bits == 0;
}
