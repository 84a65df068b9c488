/* The floor of time: clocks that step, jump and restart. */
#include "tests/support/store_fixture.h"

#include "base/clock.h"
#include "rpc/call/time_floor.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)

static struct fixture fixture;
static int64_t loaded_us; /* the monotonic clock when the floor was read */

static int start(void **state)
{
    (void)state;
    fixture_make(&fixture, false);
    fixture.options.now_ms = time_floor_believed_ms;
    fixture_open(&fixture);
    loaded_us = clock_monotonic_us();
    assert_true(status_is_ok(time_floor_load(fixture.store, &fixture.arena)));
    return 0;
}

static int end(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

/* A minute's tick after `minutes` of the monotonic clock, with the wall `ahead` of that. */
static int64_t tick(int64_t base, int64_t minutes, int64_t ahead)
{
    return time_floor_tick(base + minutes * MINUTE + ahead, loaded_us + minutes * MINUTE * 1000);
}

static void each_minute_is_persisted(void **state)
{
    int64_t base = clock_wall_ms();

    (void)state;
    for (int64_t minute = 0; minute < 5; minute++)
        assert_int_equal(tick(base, minute, 0), base + minute * MINUTE);
}

static void a_step_back_persists_nothing(void **state)
{
    int64_t base = clock_wall_ms();

    (void)state;
    assert_int_equal(tick(base, 0, 0), base);
    assert_int_equal(tick(base, 1, -10 * MINUTE), 0);
    assert_int_equal(tick(base, 2, -10 * HOUR), 0);
    /* its end is no jump ahead */
    assert_int_equal(tick(base, 3, 0), base + 3 * MINUTE);
    assert_int_equal(time_floor_jumps(), 0);
}

static void a_jump_is_persisted_when_it_has_stood_for_an_hour(void **state)
{
    int64_t base = clock_wall_ms();
    uint64_t jumps = time_floor_jumps();

    (void)state;
    assert_int_equal(tick(base, 0, 0), base);
    for (int64_t minute = 1; minute <= 60; minute++)
        assert_int_equal(tick(base, minute, 48 * HOUR), 0);
    assert_int_equal(time_floor_jumps(), jumps + 1);
    assert_int_equal(tick(base, 61, 48 * HOUR), base + 61 * MINUTE + 48 * HOUR);
    assert_int_equal(tick(base, 62, 48 * HOUR), base + 62 * MINUTE + 48 * HOUR);
}

static void a_jump_that_ends_leaves_no_trace(void **state)
{
    int64_t base = clock_wall_ms();

    (void)state;
    assert_int_equal(tick(base, 0, 0), base);
    assert_int_equal(tick(base, 1, 48 * HOUR), 0);
    assert_int_equal(tick(base, 2, 0), base + 2 * MINUTE);
    /* the next one waits for an hour of its own */
    assert_int_equal(tick(base, 61, 48 * HOUR), 0);
    assert_int_equal(tick(base, 62, 48 * HOUR), 0);
    assert_int_equal(tick(base, 63, 0), base + 63 * MINUTE);
    assert_true(time_floor_now_ms() < base + 2 * HOUR);
}

static void a_jump_within_a_jump_begins_the_hour_anew(void **state)
{
    int64_t base = clock_wall_ms();
    uint64_t jumps = time_floor_jumps();

    (void)state;
    tick(base, 0, 0);
    assert_int_equal(tick(base, 1, 2 * HOUR), 0);
    assert_int_equal(tick(base, 59, 400 * HOUR), 0);
    assert_int_equal(tick(base, 62, 400 * HOUR), 0);
    assert_int_equal(time_floor_jumps(), jumps + 2);
    assert_int_equal(tick(base, 119, 400 * HOUR), base + 119 * MINUTE + 400 * HOUR);
}

#ifdef DATASTREAM_FAULTS
static void the_floor_survives_a_restart(void **state)
{
    int64_t ahead = clock_wall_ms();

    (void)state;
    clock_step_wall_ms(10 * HOUR); /* while no server runs */
    fixture_reopen(&fixture);
    assert_true(status_is_ok(time_floor_load(fixture.store, &fixture.arena)));
    time_floor_persist(fixture.store);
    clock_step_wall_ms(-10 * HOUR);
    fixture_reopen(&fixture);
    assert_true(status_is_ok(time_floor_load(fixture.store, &fixture.arena)));
    assert_true(clock_wall_ms() < ahead + HOUR);
    assert_in_range(time_floor_now_ms(), ahead + 10 * HOUR, ahead + 10 * HOUR + MINUTE);
}

static void restart(void)
{
    fixture_reopen(&fixture);
    assert_true(status_is_ok(time_floor_load(fixture.store, &fixture.arena)));
}

/* 9,000 s for as long as it takes to write once would kill a token of two hours for ever. */
static void a_jump_before_the_first_check_is_held(void **state)
{
    uint64_t jumps = time_floor_jumps();
    int64_t before = time_floor_now_ms();

    (void)state;
    clock_step_wall_ms(9000000);
    put(&fixture, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    time_floor_persist(fixture.store);
    clock_step_wall_ms(-9000000);
    assert_int_equal(time_floor_jumps(), jumps + 1);
    restart();
    assert_in_range(time_floor_now_ms(), before, before + MINUTE);
}

/* Killed between two checks: what was stored last is older than nothing that comes. */
static void the_newest_stored_time_is_a_floor(void **state)
{
    int64_t before;

    (void)state;
    time_floor_persist(fixture.store);
    clock_step_wall_ms(10 * MINUTE);
    put(&fixture, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    before = time_floor_now_ms();
    clock_step_wall_ms(-10 * MINUTE);
    restart();
    assert_in_range(time_floor_now_ms(), before - 100, before + MINUTE);
}

/* The highest time that was told, not what the clock says at the end. */
static void a_clock_that_stepped_back_persists_what_was_told(void **state)
{
    int64_t told;

    (void)state;
    clock_step_wall_ms(5 * MINUTE);
    told = time_floor_now_ms();
    clock_step_wall_ms(-5 * MINUTE);
    time_floor_persist(fixture.store);
    restart();
    assert_true(time_floor_now_ms() >= told);
}

static void now_never_steps_back(void **state)
{
    int64_t before = time_floor_now_ms();

    (void)state;
    clock_step_wall_ms(-5 * MINUTE);
    assert_true(time_floor_now_ms() >= before);
    clock_step_wall_ms(5 * MINUTE);
    assert_true(time_floor_now_ms() >= before);
}

static void a_wrong_clock_counts_only_while_it_is_wrong(void **state)
{
    int64_t before = time_floor_now_ms();

    (void)state;
    clock_step_wall_ms(1000 * HOUR);
    assert_true(time_floor_now_ms() >= before + 1000 * HOUR);
    clock_step_wall_ms(-1000 * HOUR);
    assert_in_range(time_floor_now_ms(), before, before + MINUTE);
}

#endif

static void a_damaged_floor_is_refused(void **state)
{
    struct status status;

    (void)state;
    put(&fixture, FAMILY_META, SLICE("time_floor"), SLICE("soon"));
    status = time_floor_load(fixture.store, &fixture.arena);
    assert_int_equal(status.code, STATUS_DATA_LOSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_minute_is_persisted, start, end),
        cmocka_unit_test_setup_teardown(a_step_back_persists_nothing, start, end),
        cmocka_unit_test_setup_teardown(a_jump_is_persisted_when_it_has_stood_for_an_hour, start,
                                        end),
        cmocka_unit_test_setup_teardown(a_jump_that_ends_leaves_no_trace, start, end),
        cmocka_unit_test_setup_teardown(a_jump_within_a_jump_begins_the_hour_anew, start, end),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test_setup_teardown(the_floor_survives_a_restart, start, end),
        cmocka_unit_test_setup_teardown(a_jump_before_the_first_check_is_held, start, end),
        cmocka_unit_test_setup_teardown(the_newest_stored_time_is_a_floor, start, end),
        cmocka_unit_test_setup_teardown(a_clock_that_stepped_back_persists_what_was_told, start,
                                        end),
        cmocka_unit_test_setup_teardown(now_never_steps_back, start, end),
        cmocka_unit_test_setup_teardown(a_wrong_clock_counts_only_while_it_is_wrong, start, end),
#endif
        cmocka_unit_test_setup_teardown(a_damaged_floor_is_refused, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
