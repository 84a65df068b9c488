/* Secrets at rest: what opens them, and that no key serves two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "storage/secret.h"

static const struct data_key data_keys[] = {
    {{.bytes = {1}}, 1, "a data key"},
    {{.bytes = {1}}, 3, "the newest data key"},
    {{.bytes = {9}}, 4, "another organization's"},
};
static const struct secret_keys keys = {.data = data_keys, .data_count = 3, .salts = "a salt key"};
static const uint8_t some_random[SECRET_RANDOM_LEN] = "0123456789abcde";
static const uint32_t path[] = {100, 7};

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 1 << 22);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct secret_place place(void)
{
    return (struct secret_place){.organization = {.bytes = {1}},
                                 .kind = 11,
                                 .id = {.bytes = {2}},
                                 .path = path,
                                 .path_len = 2,
                                 .data_key = 1};
}

static void seal(const struct secret_place *where, struct slice text, struct slice *salt,
                 struct slice *sealed)
{
    assert_true(secret_seal(&arena, &keys, where, some_random, text, salt, sealed));
}

static void what_was_sealed_opens(void **state)
{
    const struct slice texts[] = {SLICE("x"), SLICE("a secret \xe2\x82\xac"), SLICE_EMPTY};
    struct secret_place where = place();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct slice salt, sealed, text;

        seal(&where, texts[i], &salt, &sealed);
        assert_int_equal(sealed.len, texts[i].len + AEAD_TAG_LEN);
        assert_true(secret_open(&arena, &keys, &where, salt, sealed, &text));
        assert_true(slice_equal(text, texts[i]));
    }
}

static void a_secret_opens_nowhere_else(void **state)
{
    static const uint32_t other_path[] = {100, 8};
    struct secret_place where = place();
    struct secret_place others[6];
    struct slice salt, sealed, text;

    (void)state;
    seal(&where, SLICE("secret"), &salt, &sealed);
    for (int i = 0; i < 6; i++)
        others[i] = where;
    others[0].organization.bytes[0] = 9;
    others[1].kind = 14;
    others[2].id.bytes[15] = 1;
    others[3].path = other_path;
    others[4].path_len = 1;
    others[5].map_key = SLICE("a");
    for (int i = 0; i < 6; i++)
        assert_false(secret_open(&arena, &keys, &others[i], salt, sealed, &text));
    where.data_key = 2;
    assert_false(secret_open(&arena, &keys, &where, salt, sealed, &text));
    where.data_key = 3;
    assert_false(secret_open(&arena, &keys, &where, salt, sealed, &text));
}

static void an_organization_seals_with_its_own_keys_alone(void **state)
{
    const struct uuid organizations[] = {{.bytes = {1}}, {.bytes = {9}}, {.bytes = {2}}};
    struct secret_place where = place();
    struct slice salt, sealed;

    (void)state;
    assert_int_equal(secret_newest_key(&keys, &organizations[0])->number, 3);
    assert_int_equal(secret_newest_key(&keys, &organizations[1])->number, 4);
    assert_null(secret_newest_key(&keys, &organizations[2]));
    where.data_key = 4;
    assert_false(secret_seal(&arena, &keys, &where, some_random, SLICE("secret"), &salt, &sealed));
}

static void another_text_or_place_gets_another_salt_under_the_same_random_bytes(void **state)
{
    struct secret_place where = place(), other = place();
    struct slice salts[3], sealed;

    (void)state;
    other.id.bytes[0] = 3;
    seal(&where, SLICE("one"), &salts[0], &sealed);
    seal(&where, SLICE("two"), &salts[1], &sealed);
    seal(&other, SLICE("one"), &salts[2], &sealed);
    assert_false(slice_equal(salts[0], salts[1]));
    assert_false(slice_equal(salts[0], salts[2]));
    /* A handler that runs again over the same gets the same: its commit is the same commit. */
    seal(&where, SLICE("one"), &salts[1], &sealed);
    assert_true(slice_equal(salts[0], salts[1]));
}

static void altered_bytes_do_not_open(void **state)
{
    struct secret_place where = place();
    struct data_key other = data_keys[0];
    struct secret_keys wrong = {.data = &other, .data_count = 1};
    struct slice salt, sealed, text;

    (void)state;
    seal(&where, SLICE("secret"), &salt, &sealed);
    other.key[0] ^= 1;
    assert_false(secret_open(&arena, &wrong, &where, salt, sealed, &text));
    for (size_t i = 0; i < sealed.len; i++) {
        char *bytes = arena_cstr(&arena, sealed);

        bytes[i] ^= 1;
        assert_false(
            secret_open(&arena, &keys, &where, salt, slice_make(bytes, sealed.len), &text));
    }
    assert_false(secret_open(&arena, &keys, &where, slice_make(salt.data, 15), sealed, &text));
    assert_false(secret_open(&arena, &keys, &where, salt, slice_make(sealed.data, 15), &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens),
        cmocka_unit_test(a_secret_opens_nowhere_else),
        cmocka_unit_test(an_organization_seals_with_its_own_keys_alone),
        cmocka_unit_test(another_text_or_place_gets_another_salt_under_the_same_random_bytes),
        cmocka_unit_test(altered_bytes_do_not_open),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
