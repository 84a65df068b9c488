/* The timing wheel, on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/net/timer.h"

struct probe {
    struct timer timer;
    struct timer_wheel *wheel;
    int fired;
    int64_t again_ms;     /* set anew when it fires; 0: not */
    struct timer *victim; /* cancelled when it fires */
};

static void on_fire(struct timer *timer)
{
    struct probe *probe = LIST_ELEMENT(timer, struct probe, timer);

    probe->fired++;
    if (probe->victim != NULL)
        timer__cancel(probe->victim);
    if (probe->again_ms != 0) {
        timer__set(probe->wheel, timer, probe->again_ms);
        probe->again_ms = 0;
    }
}

static struct timer_wheel wheel;

static struct probe probe_make(void)
{
    return (struct probe){.timer.fire = on_fire, .wheel = &wheel};
}

/* Moves the clock in steps of a millisecond and returns when the probe fired. */
static int64_t run_until_fired(struct probe *probe, int64_t from, int64_t to)
{
    for (int64_t now = from; now <= to; now++) {
        timer__wheel_advance(&wheel, now);
        if (probe->fired > 0)
            return now;
    }
    return -1;
}

static void timers_fire_once_never_early_and_at_most_a_grain_late(void **state)
{
    static const int64_t delays[] = {0, 1, 9, 10, 11, 500, 5119, 5120, 5121, 30000, 86400};

    (void)state;
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct probe probe = probe_make();
        int64_t fired;

        timer__wheel_init(&wheel, 1003);
        timer__set(&wheel, &probe.timer, 1003 + delays[i]);
        fired = run_until_fired(&probe, 1003, 100000);
        assert_in_range(fired, 1003 + delays[i], 1003 + delays[i] + 2 * TIMER_GRAIN_MS);
        timer__wheel_advance(&wheel, 200000);
        assert_int_equal(probe.fired, 1);
        assert_false(timer_is_set(&probe.timer));
    }
}

static void a_clock_that_jumps_fires_all_that_is_due(void **state)
{
    struct probe near = probe_make();
    struct probe far = probe_make();

    (void)state;
    timer__wheel_init(&wheel, 0);
    timer__set(&wheel, &near.timer, 100);
    timer__set(&wheel, &far.timer, 1000000);
    timer__wheel_advance(&wheel, 999990);
    assert_int_equal(near.fired, 1);
    assert_int_equal(far.fired, 0);
    timer__wheel_advance(&wheel, 1000000);
    assert_int_equal(far.fired, 1);
}

static void cancelled_timers_never_fire_even_in_the_same_turn(void **state)
{
    struct probe first = probe_make();
    struct probe second = probe_make();

    (void)state;
    timer__wheel_init(&wheel, 0);
    first.victim = &second.timer;
    timer__set(&wheel, &first.timer, 100);
    timer__set(&wheel, &second.timer, 100);
    timer__wheel_advance(&wheel, 200);
    assert_int_equal(first.fired, 1);
    assert_int_equal(second.fired, 0);
}

static void a_timer_may_be_moved_and_set_anew_while_it_fires(void **state)
{
    struct probe probe = probe_make();

    (void)state;
    timer__wheel_init(&wheel, 0);
    timer__set(&wheel, &probe.timer, 100);
    timer__set(&wheel, &probe.timer, 300);
    timer__wheel_advance(&wheel, 200);
    assert_int_equal(probe.fired, 0);
    probe.again_ms = 400;
    timer__wheel_advance(&wheel, 300);
    assert_int_equal(probe.fired, 1);
    timer__wheel_advance(&wheel, 400);
    assert_int_equal(probe.fired, 2);
}

static void the_wake_time_is_no_later_than_the_earliest_timer(void **state)
{
    struct probe near = probe_make();
    struct probe far = probe_make();

    (void)state;
    timer__wheel_init(&wheel, 0);
    assert_true(timer_wheel_wake_ms(&wheel) == INT64_MAX);
    timer__set(&wheel, &far.timer, 20000);
    timer__set(&wheel, &near.timer, 200);
    assert_int_equal(timer_wheel_wake_ms(&wheel), 200);
    timer__wheel_advance(&wheel, 200);
    assert_in_range(timer_wheel_wake_ms(&wheel), 201, 20000);
    timer__cancel(&far.timer);
    for (int64_t now = 200; now < 6000; now += 10)
        timer__wheel_advance(&wheel, now);
    assert_true(timer_wheel_wake_ms(&wheel) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_once_never_early_and_at_most_a_grain_late),
        cmocka_unit_test(a_clock_that_jumps_fires_all_that_is_due),
        cmocka_unit_test(cancelled_timers_never_fire_even_in_the_same_turn),
        cmocka_unit_test(a_timer_may_be_moved_and_set_anew_while_it_fires),
        cmocka_unit_test(the_wake_time_is_no_later_than_the_earliest_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
