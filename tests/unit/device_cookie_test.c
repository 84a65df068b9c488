/* Which device cookies count, for whom, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/call/device_cookie.h"

#define NOW INT64_C(1700000000000)

static const uint8_t key[32] = {1, 2, 3};
static const struct uuid ada = {{1}};
static const struct uuid bob = {{2}};
static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* The value in a Set-Cookie. */
static struct slice value_of(struct slice header)
{
    struct slice rest = slice_from(header, slice_find(header, '=') + 1);

    return slice_make(rest.data, slice_find(rest, ';'));
}

static void the_cookie_is_bound_to_the_host_where_the_scheme_is_https(void **state)
{
    struct slice plain = device_cookie_make(&arena, SLICE("http://127.0.0.1:8080"), key, &ada, NOW);
    struct slice tls = device_cookie_make(&arena, SLICE("https://data.example"), key, &ada, NOW);

    (void)state;
    assert_true(slice_starts_with(plain, SLICE("datastream-device=")));
    assert_true(
        slice_ends_with(plain, SLICE("; Path=/; HttpOnly; SameSite=Strict; Max-Age=7776000")));
    assert_true(slice_starts_with(tls, SLICE("__Host-datastream-device=")));
    assert_true(slice_ends_with(tls, SLICE("; Max-Age=7776000; Secure")));
}

static void a_cookie_counts_for_its_user_for_ninety_days(void **state)
{
    static const uint8_t other_key[32] = {9};
    struct slice value = value_of(
        device_cookie_make(&arena, SLICE("http://127.0.0.1"), key, &ada, NOW));

    (void)state;
    assert_true(device_cookie_counts(value, key, &ada, NOW));
    assert_true(device_cookie_counts(value, key, &ada, NOW + DEVICE_COOKIE_MS - 1));
    assert_false(device_cookie_counts(value, key, &ada, NOW + DEVICE_COOKIE_MS));
    assert_false(device_cookie_counts(value, key, &ada, NOW - 1));
    assert_false(device_cookie_counts(value, key, &bob, NOW));
    assert_false(device_cookie_counts(value, other_key, &ada, NOW));
}

static void a_cookie_that_was_altered_counts_for_nothing(void **state)
{
    struct slice value = value_of(
        device_cookie_make(&arena, SLICE("http://127.0.0.1"), key, &ada, NOW));
    char *bytes = (char *)(uintptr_t)value.data;

    (void)state;
    for (size_t i = 0; i < value.len; i++) {
        char kept = bytes[i];

        bytes[i] = kept == 'A' ? 'B' : 'A';
        assert_false(device_cookie_counts(value, key, &ada, NOW));
        bytes[i] = '\0';
        assert_false(device_cookie_counts(value, key, &ada, NOW));
        bytes[i] = kept;
        assert_false(device_cookie_counts(slice_make(bytes, i), key, &ada, NOW));
    }
    assert_true(device_cookie_counts(value, key, &ada, NOW));
    assert_false(device_cookie_counts(SLICE_EMPTY, key, &ada, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cookie_is_bound_to_the_host_where_the_scheme_is_https),
        cmocka_unit_test(a_cookie_counts_for_its_user_for_ninety_days),
        cmocka_unit_test(a_cookie_that_was_altered_counts_for_nothing),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
