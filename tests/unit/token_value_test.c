/* Token values: their shape, their checksum, and what is refused without being looked up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/identity/identity.h"
#include "rpc/identity/token_value.h"

static void fill(uint8_t number[32], uint8_t byte)
{
    memset(number, byte, 32);
}

static void values_have_the_documented_shape(void **state)
{
    static const struct {
        uint8_t byte;
        const char *front;
    } rows[] = {
        {0x00, "dsa_0000000000000000000000000000000000000000000"},
        /* written to base 62, and the CRC-32 below, by another program (Python) */
        {0xff, "dsa_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"},
        {0x01, "dsa_0El6XFXwsUFD8J2vGxsaboW7rZYnQRBP5d9erwRwd29"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char value[TOKEN_VALUE_LEN];
        uint8_t number[32];

        fill(number, rows[i].byte);
        token_value_make(number, value);
        assert_memory_equal(value, rows[i].front, 47);
        assert_true(token_value__is_wellformed(slice_make(value, sizeof(value))));
    }
}

static void the_checksum_is_crc32_in_base62(void **state)
{
    uint8_t number[32];
    char value[TOKEN_VALUE_LEN];

    (void)state;
    fill(number, 0);
    token_value_make(number, value);
    assert_memory_equal(value + 47, "0w1zs1", 6);
}

static void every_altered_character_is_refused(void **state)
{
    char value[TOKEN_VALUE_LEN];
    uint8_t number[32];

    (void)state;
    fill(number, 0x5a);
    token_value_make(number, value);
    for (size_t i = 0; i < sizeof(value); i++) {
        char kept = value[i];

        value[i] = kept == 'x' ? 'y' : 'x';
        assert_false(token_value__is_wellformed(slice_make(value, sizeof(value))));
        value[i] = kept;
    }
    assert_true(token_value__is_wellformed(slice_make(value, sizeof(value))));
}

static void what_is_no_value_is_refused(void **state)
{
    char value[TOKEN_VALUE_LEN + 1];
    uint8_t number[32];

    (void)state;
    fill(number, 0x17);
    token_value_make(number, value);
    value[TOKEN_VALUE_LEN] = '0';
    assert_false(token_value__is_wellformed(SLICE_EMPTY));
    assert_false(token_value__is_wellformed(SLICE("dsa_")));
    assert_false(token_value__is_wellformed(slice_make(value, TOKEN_VALUE_LEN - 1)));
    assert_false(token_value__is_wellformed(slice_make(value, TOKEN_VALUE_LEN + 1)));
    value[3] = '-';
    assert_false(token_value__is_wellformed(slice_make(value, TOKEN_VALUE_LEN)));
    value[3] = '_';
    value[10] = '\0';
    assert_false(token_value__is_wellformed(slice_make(value, TOKEN_VALUE_LEN)));
}

static void the_hash_is_sha256_of_the_whole_value(void **state)
{
    /* FIPS 180-4's example, "abc" */
    static const uint8_t wanted[32] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
    };
    uint8_t hash[32];

    (void)state;
    token_value_hash(SLICE("abc"), hash);
    assert_memory_equal(hash, wanted, sizeof(hash));
}

static void the_mask_shows_prefix_and_last_four(void **state)
{
    struct arena arena;
    struct slice mask;

    (void)state;
    arena_init(&arena, NULL, 4096);
    mask = token_value_mask(&arena, SLICE("dsa_vmMPuJAiiKrXUpgibQIFtFN6J3TxiLPX8DOX7a2Q4HXabWXYZ"));
    assert_memory_equal(mask.data, "dsa_........WXYZ", mask.len);
    assert_int_equal(mask.len, 16);
    mask = token_value_mask(&arena, SLICE("dsd_vmMPuJAiiKrXUpgibQIFtFN6J3TxiLPX8DOX7a2Q4HXabWXYZ"));
    assert_memory_equal(mask.data, "dsd_........WXYZ", mask.len);
    mask = token_value_mask(&arena, SLICE("dsa_")); /* shorter than what is shown: nothing is */
    assert_memory_equal(mask.data, "dsa_........", mask.len);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_documented_shape),
        cmocka_unit_test(the_checksum_is_crc32_in_base62),
        cmocka_unit_test(every_altered_character_is_refused),
        cmocka_unit_test(what_is_no_value_is_refused),
        cmocka_unit_test(the_hash_is_sha256_of_the_whole_value),
        cmocka_unit_test(the_mask_shows_prefix_and_last_four),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
