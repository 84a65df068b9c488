/* Failed sign-ins on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rpc/services/sign_in_limits.h"

static const uint8_t seed[32] = {7};
static struct sign_in_limits *limits;
static int64_t now;

static int start(void **state)
{
    const struct sign_in_bounds bounds = {.account = 5, .source = 30};

    (void)state;
    now = INT64_C(1700000000000);
    limits = sign_in_limits_new(&bounds, seed);
    return limits == NULL;
}

static int stop(void **state)
{
    (void)state;
    sign_in_limits_free(limits);
    return 0;
}

static struct sign_in_try try_of(const char *account, const char *device, const char *peer)
{
    return (struct sign_in_try){slice_from_cstr(account), slice_from_cstr(device),
                                slice_from_cstr(peer)};
}

/* A try with a wrong password: what it has to wait for, or 0. */
static int64_t fail_once(const char *account, const char *device, const char *peer)
{
    struct sign_in_try try = try_of(account, device, peer);
    int64_t wait = sign_in_limits__admit(limits, &try, now);

    if (wait == 0)
        sign_in_limits__fail(limits, &try, now);
    return wait;
}

static int64_t wait_of(const char *account, const char *device, const char *peer)
{
    struct sign_in_try try = try_of(account, device, peer);

    return sign_in_limits__admit(limits, &try, now);
}

#define HOME "198.51.100.7"

static void after_five_failures_each_try_waits_twice_as_long(void **state)
{
    static const int64_t seconds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        assert_int_equal(fail_once("ada@acme", NULL, HOME), seconds[i] * 1000);
        now += seconds[i] * 1000 - 1;
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 1);
        now += 1;
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
    }
}

static void failures_count_for_a_quarter_of_an_hour(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
    now += SIGN_IN_WINDOW_MS - 1;
    assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
    now += 1; /* the first four are over */
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
    now += SIGN_IN_WINDOW_MS;
    for (int i = 0; i < 5; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
}

static void a_pause_of_guessing_begins_with_one_second_again(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        int64_t wait = fail_once("ada@acme", NULL, HOME);

        if (wait > 0) {
            now += wait;
            assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
        }
    }
    now += SIGN_IN_WINDOW_MS;
    for (int i = 0; i < 5; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
}

/* Whoever guesses slows an account, and no other one, from wherever the guesses come. */
static void accounts_are_counted_apart_and_sources_together(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char peer[32];

        snprintf(peer, sizeof(peer), "203.0.113.%d", i);
        assert_int_equal(fail_once("ada@acme", NULL, peer), 0);
    }
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
    assert_int_equal(wait_of("bob@acme", NULL, HOME), 0);
}

static void tries_that_are_held_count_as_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        fail_once("ada@acme", NULL, HOME);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 1000);
    now += 1000;
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 0);
}

static void of_many_tries_at_once_one_takes_the_turn(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        fail_once("ada@acme", NULL, HOME);
    now += 1000;
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 0);
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
    now += 400;
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 600);
    now += 600;
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 0);
}

static void a_good_sign_in_forgets_the_failures(void **state)
{
    struct sign_in_try try = try_of("ada@acme", NULL, HOME);

    (void)state;
    for (int i = 0; i < 5; i++)
        fail_once("ada@acme", NULL, HOME);
    now += 1000;
    assert_int_equal(sign_in_limits__admit(limits, &try, now), 0);
    sign_in_limits__succeed(limits, &try);
    for (int i = 0; i < 5; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
}

/* Neither do strangers slow the person's own browser, nor does it slow or free the account. */
static void a_known_device_has_a_count_of_its_own(void **state)
{
    struct sign_in_try own = try_of("ada@acme", "cookie", HOME);

    (void)state;
    for (int i = 0; i < 5; i++)
        fail_once("ada@acme", NULL, HOME);
    assert_int_equal(wait_of("ada@acme", "cookie", HOME), 0);
    sign_in_limits__succeed(limits, &own);
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(fail_once("bob@acme", "another cookie", HOME), 0);
    assert_int_equal(wait_of("bob@acme", "another cookie", HOME), 1000);
    assert_int_equal(wait_of("bob@acme", NULL, HOME), 0);
    assert_int_equal(wait_of("ada@acme", "cookie", HOME), 0);
}

static void fail_by_many(int count, const char *peer)
{
    for (int i = 0; i < count; i++) {
        char account[32];

        snprintf(account, sizeof(account), "user%d@acme", i);
        assert_int_equal(fail_once(account, NULL, peer), 0);
        now += 1000;
    }
}

static void a_source_has_thirty_failures_in_a_quarter_of_an_hour(void **state)
{
    (void)state;
    fail_by_many(30, HOME);
    assert_int_equal(wait_of("new@acme", NULL, HOME), SIGN_IN_WINDOW_MS - 30000);
    assert_int_equal(wait_of("new@acme", NULL, "198.51.100.8"), 0);
    assert_int_equal(wait_of("new@acme", "cookie", HOME), 0);
    now += SIGN_IN_WINDOW_MS - 30000;
    assert_int_equal(fail_once("new@acme", NULL, HOME), 0);
    assert_int_equal(wait_of("newer@acme", NULL, HOME), 1000);
}

static void a_source_of_ipv6_is_a_network_of_64_bits(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        char account[32];
        char peer[64];

        snprintf(account, sizeof(account), "user%d@acme", i);
        snprintf(peer, sizeof(peer), "2001:db8:0:7:%x::1", i);
        assert_int_equal(fail_once(account, NULL, peer), 0);
    }
    assert_int_equal(wait_of("new@acme", NULL, "2001:db8:0:7::99"), SIGN_IN_WINDOW_MS);
    assert_int_equal(wait_of("new@acme", NULL, "2001:db8:0:8::99"), 0);
}

static void a_bound_of_zero_holds_nobody(void **state)
{
    const struct sign_in_bounds none = {.account = 0, .source = 0};

    (void)state;
    sign_in_limits_free(limits);
    limits = sign_in_limits_new(&none, seed);
    assert_non_null(limits);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(fail_once("ada@acme", NULL, HOME), 0);
}

/* A hundred thousand accounts that nobody has do not push out one that is guessed at. */
static void a_full_table_keeps_the_counts_that_matter(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        fail_once("ada@acme", NULL, HOME);
    for (int i = 0; i < 100000; i++) {
        char account[32];
        char peer[64];

        snprintf(account, sizeof(account), "user%d@acme", i);
        snprintf(peer, sizeof(peer), "2001:db8:%x:%x::1", i >> 8, i & 0xff);
        assert_int_equal(fail_once(account, NULL, peer), 0);
    }
    assert_int_equal(wait_of("ada@acme", NULL, HOME), 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(after_five_failures_each_try_waits_twice_as_long),
        TEST(failures_count_for_a_quarter_of_an_hour),
        TEST(a_pause_of_guessing_begins_with_one_second_again),
        TEST(accounts_are_counted_apart_and_sources_together),
        TEST(tries_that_are_held_count_as_nothing),
        TEST(of_many_tries_at_once_one_takes_the_turn),
        TEST(a_good_sign_in_forgets_the_failures),
        TEST(a_known_device_has_a_count_of_its_own),
        TEST(a_source_has_thirty_failures_in_a_quarter_of_an_hour),
        TEST(a_source_of_ipv6_is_a_network_of_64_bits),
        TEST(a_bound_of_zero_holds_nobody),
        TEST(a_full_table_keeps_the_counts_that_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
