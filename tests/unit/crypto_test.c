/* The cryptographic functions, by published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto/aead.h"
#include "base/crypto/hkdf.h"
#include "base/crypto/hmac.h"
#include "base/crypto/password.h"
#include "base/crypto/sha256.h"
#include "base/crypto/siphash.h"
#include "base/crypto/wipe.h"

/* Bytes of a hexadecimal text. */
static size_t bytes_of(const char *hex, uint8_t *to)
{
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        to[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return len;
}

static void assert_bytes(const uint8_t *got, const char *hex)
{
    uint8_t wanted[256];
    size_t len = bytes_of(hex, wanted);

    assert_memory_equal(got, wanted, len);
}

/* FIPS 180-4, the examples of NIST. */
static void sha256_gives_the_published_hashes(void **state)
{
    uint8_t hash[SHA256_LEN];

    (void)state;
    assert_true(sha256(SLICE("abc"), hash));
    assert_bytes(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(sha256(SLICE(""), hash));
    assert_bytes(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* The same code as for one text, in parts, with the context keyed again and kept. */
static void hmac_takes_parts_and_other_keys(void **state)
{
    const uint8_t key[32] = {1, 2, 3};
    const uint8_t other[32] = {4};
    const struct slice whole[] = {SLICE_INIT("one two")};
    const struct slice parts[] = {SLICE_INIT("one"), SLICE_INIT(""), SLICE_INIT(" two")};
    struct hmac *hmac = hmac_new();
    uint8_t first[HMAC_LEN];
    uint8_t second[HMAC_LEN];

    (void)state;
    assert_non_null(hmac);
    assert_true(hmac_compute(hmac, key, whole, 1, first));
    assert_true(hmac_compute(hmac, key, parts, 3, second));
    assert_memory_equal(first, second, HMAC_LEN);
    assert_true(hmac_once(key, parts, 3, second));
    assert_memory_equal(first, second, HMAC_LEN);
    assert_true(hmac_compute(hmac, other, whole, 1, second));
    assert_memory_not_equal(first, second, HMAC_LEN);
    assert_true(hmac_compute(hmac, key, whole, 1, second));
    assert_memory_equal(first, second, HMAC_LEN);
    hmac_free(hmac);
}

/* RFC 4231 case 4 has a key of 25 bytes; with zeros behind it HMAC's key is the same. */
static void hmac_gives_the_published_codes(void **state)
{
    uint8_t key[32] = {0};
    char data[50] = {0};
    const struct slice part = slice_make(data, sizeof(data));
    struct hmac *hmac = hmac_new();
    uint8_t code[HMAC_LEN];

    (void)state;
    bytes_of("0102030405060708090a0b0c0d0e0f10111213141516171819", key);
    memset(data, 0xcd, sizeof(data));
    assert_non_null(hmac);
    assert_true(hmac_compute(hmac, key, &part, 1, code));
    assert_bytes(code, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    hmac_free(hmac);
}

/* The vectors of its authors for a key, and texts, whose bytes rise from 0. */
static void siphash_gives_the_published_hashes(void **state)
{
    const struct slice parts[] = {SLICE_INIT("\0"), SLICE_INIT(""), SLICE_INIT("\1\2")};
    const struct slice whole = SLICE("\0\1\2");
    struct siphash *siphash = siphash_new();
    uint8_t key[SIPHASH_KEY_LEN];
    uint8_t hash[SIPHASH_LEN];
    uint8_t other[SIPHASH_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    assert_non_null(siphash);
    assert_true(siphash_compute(siphash, key, NULL, 0, hash));
    assert_bytes(hash, "a3817f04ba25a8e66df67214c7550293");
    assert_true(siphash_compute(siphash, key, parts, 1, hash));
    assert_bytes(hash, "da87c1d86b99af44347659119b22fc45");
    assert_true(siphash_compute(siphash, key, parts, 3, hash));
    assert_true(siphash_compute(siphash, key, &whole, 1, other));
    assert_memory_equal(hash, other, SIPHASH_LEN);
    siphash_free(siphash);
}

/* HKDF is HMAC twice (RFC 5869 section 2): computed here by hand. */
static void hkdf_extracts_and_expands(void **state)
{
    const uint8_t key[32] = "the key of the file";
    const uint8_t zeros[32] = {0};
    const struct slice extract[] = {slice_make(key, sizeof(key))};
    const struct slice expand[] = {SLICE_INIT("audit"), SLICE_INIT("\x01")};
    struct hmac *hmac = hmac_new();
    uint8_t pseudorandom[32];
    uint8_t wanted[32];
    uint8_t got[32];

    (void)state;
    assert_non_null(hmac);
    assert_true(hmac_compute(hmac, zeros, extract, 1, pseudorandom));
    assert_true(hmac_compute(hmac, pseudorandom, expand, 2, wanted));
    assert_true(hkdf_sha256(key, SLICE_EMPTY, SLICE("audit"), got));
    assert_memory_equal(got, wanted, 32);
    memcpy(pseudorandom, zeros, 32);
    memcpy(pseudorandom, "salt", 4); /* a short key of HMAC is filled up with zeros */
    assert_true(hmac_compute(hmac, pseudorandom, extract, 1, pseudorandom));
    assert_true(hmac_compute(hmac, pseudorandom, expand, 2, wanted));
    assert_true(hkdf_sha256(key, SLICE("salt"), SLICE("audit"), got));
    assert_memory_equal(got, wanted, 32);
    hmac_free(hmac);
}

/* The specification of GCM (McGrew and Viega), test case 16. */
static void aead_gives_the_published_bytes(void **state)
{
    uint8_t key[32], nonce[AEAD_NONCE_LEN], associated[64], text[64], sealed[80], opened[64];
    size_t associated_len, len;

    (void)state;
    bytes_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key);
    bytes_of("cafebabefacedbaddecaf888", nonce);
    associated_len = bytes_of("feedfacedeadbeeffeedfacedeadbeefabaddad2", associated);
    len = bytes_of("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                   "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                   text);
    assert_true(aead_seal(key, nonce, slice_make(associated, associated_len), slice_make(text, len),
                          sealed));
    assert_bytes(sealed, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                         "76fc6ece0f4e1768cddf8853bb2d551b");
    assert_true(aead_open(key, nonce, slice_make(associated, associated_len),
                          slice_make(sealed, len + AEAD_TAG_LEN), opened));
    assert_memory_equal(opened, text, len);
}

static void whatever_is_altered_does_not_open(void **state)
{
    uint8_t key[32] = {7}, nonce[AEAD_NONCE_LEN] = {8}, opened[32], sealed[32 + AEAD_TAG_LEN];
    const uint8_t text[32] = "32 bytes that somebody keeps";
    char associated[] = "name";
    struct slice beside = slice_make(associated, 4);
    struct slice whole = slice_make(sealed, sizeof(sealed));

    (void)state;
    assert_true(aead_seal(key, nonce, beside, slice_make(text, 32), sealed));
    for (size_t at = 0; at < sizeof(sealed); at++) {
        sealed[at] ^= 1;
        memset(opened, 0xee, sizeof(opened));
        assert_false(aead_open(key, nonce, beside, whole, opened));
        for (size_t i = 0; i < sizeof(opened); i++) /* nothing of the text is left behind */
            assert_int_equal(opened[i], 0);
        sealed[at] ^= 1;
    }
    for (size_t len = 0; len < sizeof(sealed); len++)
        assert_false(aead_open(key, nonce, beside, slice_make(sealed, len), opened));
    key[31] ^= 1;
    assert_false(aead_open(key, nonce, beside, whole, opened));
    key[31] ^= 1;
    nonce[0] ^= 1;
    assert_false(aead_open(key, nonce, beside, whole, opened));
    nonce[0] ^= 1;
    associated[0] ^= 1;
    assert_false(aead_open(key, nonce, beside, whole, opened));
    associated[0] ^= 1;
    assert_true(aead_open(key, nonce, beside, whole, opened));
}

static void an_empty_text_is_authenticated(void **state)
{
    const uint8_t key[32] = {0}, nonce[AEAD_NONCE_LEN] = {0};
    uint8_t tag[AEAD_TAG_LEN], nothing[1];

    (void)state;
    assert_true(aead_seal(key, nonce, SLICE_EMPTY, SLICE_EMPTY, tag));
    assert_bytes(tag, "530f8afbc74536b9a963b4f1c4cb738b"); /* GCM's test case 13 */
    assert_true(aead_open(key, nonce, SLICE_EMPTY, slice_make(tag, sizeof(tag)), nothing));
    assert_false(aead_open(key, nonce, SLICE("x"), slice_make(tag, sizeof(tag)), nothing));
}

static void equal_bytes_are_equal(void **state)
{
    uint8_t bytes[4] = {1, 2, 3, 4};

    (void)state;
    assert_true(crypto_equal(bytes, "\1\2\3\4", 4));
    assert_false(crypto_equal(bytes, "\1\2\3\5", 4));
    assert_true(crypto_equal(bytes, "x", 0));
    crypto_wipe(bytes, sizeof(bytes));
    assert_true(crypto_equal(bytes, "\0\0\0\0", 4));
}

/* Each place of a difference, in each length, at each alignment of a word. */
static void bytes_that_differ_in_one_bit_are_not_equal(void **state)
{
    uint8_t a[80], b[80];

    (void)state;
    for (size_t i = 0; i < sizeof(a); i++)
        a[i] = b[i] = (uint8_t)(i * 7 + 1);
    for (size_t start = 0; start < 8; start++)
        for (size_t len = 0; start + len < sizeof(a); len++) {
            assert_true(crypto_equal(a + start, b + start, len));
            b[start + len] ^= 0xff; /* the byte after the last */
            assert_true(crypto_equal(a + start, b + start, len));
            b[start + len] ^= 0xff;
            for (size_t bit = 0; bit < len * 8; bit++) {
                b[start + bit / 8] ^= (uint8_t)(1u << bit % 8);
                if (crypto_equal(a + start, b + start, len))
                    fail_msg("bit %zu of %zu bytes at %zu does not count", bit, len, start);
                b[start + bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        }
}

/* The string is of the reference implementation's own tests. */
static void passwords_are_compared_with_phc_strings(void **state)
{
    static const char phc[] = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"
                              "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    const struct password_cost cheap = {64, 1, 1};
    const uint8_t salt[PASSWORD_SALT_LEN] = {1, 2, 3};
    char made[PASSWORD_PHC_SIZE];

    (void)state;
    assert_int_equal(password_verify(SLICE("password"), phc), PASSWORD_RIGHT);
    assert_int_equal(password_verify(SLICE("Password"), phc), PASSWORD_WRONG);
    assert_int_equal(password_verify(SLICE("password"), "nonsense"), PASSWORD_FAILED);
    assert_true(password_hash(SLICE("a longer one"), salt, cheap, made));
    assert_memory_equal(made, "$argon2id$v=19$m=64,t=1,p=1$", 28);
    assert_int_equal(password_verify(SLICE("a longer one"), made), PASSWORD_RIGHT);
    assert_int_equal(password_verify(SLICE("a longer one "), made), PASSWORD_WRONG);
    assert_false(password_is_cheaper(made, cheap));
    assert_true(password_is_cheaper(made, PASSWORD_COST_DEFAULT));
    assert_true(password_is_cheaper("nonsense", cheap));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_compared_with_phc_strings),
        cmocka_unit_test(sha256_gives_the_published_hashes),
        cmocka_unit_test(hmac_takes_parts_and_other_keys),
        cmocka_unit_test(hmac_gives_the_published_codes),
        cmocka_unit_test(siphash_gives_the_published_hashes),
        cmocka_unit_test(hkdf_extracts_and_expands),
        cmocka_unit_test(aead_gives_the_published_bytes),
        cmocka_unit_test(whatever_is_altered_does_not_open),
        cmocka_unit_test(an_empty_text_is_authenticated),
        cmocka_unit_test(equal_bytes_are_equal),
        cmocka_unit_test(bytes_that_differ_in_one_bit_are_not_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
