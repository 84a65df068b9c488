/* grpc-timeout: what PROTOCOL-HTTP2.md allows is read, all else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/grpc/timeout.h"

static void timeouts_become_milliseconds_rounded_up(void **state)
{
    static const struct {
        struct slice text;
        uint64_t ms;
    } cases[] = {
        {SLICE_INIT("1H"), 3600000},
        {SLICE_INIT("2M"), 120000},
        {SLICE_INIT("3S"), 3000},
        {SLICE_INIT("100m"), 100},
        {SLICE_INIT("1000u"), 1},
        {SLICE_INIT("1001u"), 2},
        {SLICE_INIT("1u"), 1},
        {SLICE_INIT("1n"), 1},
        {SLICE_INIT("99999999n"), 100},
        {SLICE_INIT("0n"), 0},
        {SLICE_INIT("0H"), 0},
        {SLICE_INIT("00000000S"), 0},
        {SLICE_INIT("00000010m"), 10},
        {SLICE_INIT("99999999S"), 99999999000},
        {SLICE_INIT("99999999H"), 359999996400000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t ms = 77;

        if (!grpc__timeout_parse(cases[i].text, &ms) || ms != cases[i].ms)
            fail_msg("%.*s: %llu", SLICE_ARG(cases[i].text), (unsigned long long)ms);
    }
}

static void malformed_timeouts_are_refused(void **state)
{
    static const struct slice cases[] = {
        SLICE_INIT(""),     SLICE_INIT("S"),     SLICE_INIT("1"),    SLICE_INIT("123456789S"),
        SLICE_INIT("1s"),   SLICE_INIT("1h"),    SLICE_INIT("1N"),   SLICE_INIT("1U"),
        SLICE_INIT("-1S"),  SLICE_INIT("+1S"),   SLICE_INIT("1.5S"), SLICE_INIT(" 1S"),
        SLICE_INIT("1 S"),  SLICE_INIT("1S "),   SLICE_INIT("0x1S"), SLICE_INIT("1SS"),
        SLICE_INIT("1\0S"), SLICE_INIT("1S\0"),  SLICE_INIT("\0"),   SLICE_INIT("1ms"),
        SLICE_INIT("1e3S"), SLICE_INIT("1S,2S"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t ms = 77;

        if (grpc__timeout_parse(cases[i], &ms) || ms != 77)
            fail_msg("%.*s was taken", SLICE_ARG(cases[i]));
    }
    assert_false(grpc__timeout_parse(SLICE_EMPTY, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeouts_become_milliseconds_rounded_up),
        cmocka_unit_test(malformed_timeouts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
