/* Whose request starts next, without a loop: costs are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rpc/net/schedule.h"

static void init(struct schedule *schedule, struct schedule_entry *entries, size_t count)
{
    schedule__init(schedule);
    for (size_t i = 0; i < count; i++)
        schedule__entry_init(&entries[i]);
}

/* Starts the next one, which costs `cost_us`, and wants another turn; returns its number. */
static size_t start(struct schedule *schedule, struct schedule_entry *entries, int64_t cost_us)
{
    struct schedule_entry *entry = schedule__peek(schedule);

    assert_non_null(entry);
    schedule__start(schedule, entry);
    schedule__charge(entry, cost_us);
    schedule__add(schedule, entry);
    return (size_t)(entry - entries);
}

static void equals_take_turns(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[3];

    (void)state;
    init(&schedule, entries, 3);
    assert_true(schedule_is_empty(&schedule));
    assert_null(schedule__peek(&schedule));
    for (size_t i = 0; i < 3; i++)
        schedule__add(&schedule, &entries[i]);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(start(&schedule, entries, 1000), i % 3);
}

/* One that asks for dear things does not come again before the others. */
static void an_entry_is_in_once(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[2];

    (void)state;
    init(&schedule, entries, 2);
    schedule__add(&schedule, &entries[0]);
    schedule__add(&schedule, &entries[1]);
    schedule__add(&schedule, &entries[0]);
    schedule__start(&schedule, schedule__peek(&schedule));
    schedule__start(&schedule, schedule__peek(&schedule));
    assert_true(schedule_is_empty(&schedule));
}

static void the_cheap_come_before_the_dear(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[41];
    int waited = 0;

    (void)state;
    init(&schedule, entries, 41);
    for (size_t i = 0; i < 40; i++)
        schedule__add(&schedule, &entries[i]);
    for (size_t i = 0; i < 200; i++)
        start(&schedule, entries, 4000);
    schedule__charge(&entries[40], 100);
    for (int round = 0; round < 100; round++) {
        schedule__add(&schedule, &entries[40]);
        while (schedule__peek(&schedule) != &entries[40]) {
            start(&schedule, entries, 4000);
            waited++;
        }
        schedule__start(&schedule, &entries[40]);
        schedule__charge(&entries[40], 100);
    }
    assert_in_range(waited, 0, 40); /* one at most, every fourth time */
}

static void the_dear_are_not_forgotten(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[9];
    size_t starts = 0;

    (void)state;
    init(&schedule, entries, 9);
    for (size_t i = 0; i < 9; i++)
        schedule__add(&schedule, &entries[i]);
    for (size_t i = 0; i < 900; i++) {
        struct schedule_entry *entry = schedule__peek(&schedule);
        bool is_dear = entry == &entries[0];

        starts += is_dear;
        start(&schedule, entries, is_dear ? 100000 : 50);
    }
    assert_in_range(starts, 20, 100);
}

static void the_new_come_after_the_cheap_and_before_the_dear(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[3];

    (void)state;
    init(&schedule, entries, 3);
    schedule__charge(&entries[0], 400);
    schedule__charge(&entries[2], 50); /* once is enough to be known */
    for (size_t i = 0; i < 3; i++)
        schedule__add(&schedule, &entries[i]);
    assert_ptr_equal(schedule__peek(&schedule), &entries[2]);
    schedule__start(&schedule, &entries[2]);
    assert_ptr_equal(schedule__peek(&schedule), &entries[1]);
    schedule__start(&schedule, &entries[1]);
    assert_ptr_equal(schedule__peek(&schedule), &entries[0]);
}

/* What has begun is finished before its equals begin: they need not all hold their memory. */
static void what_gave_way_comes_before_its_equals(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[3];

    (void)state;
    init(&schedule, entries, 3);
    schedule__charge(&entries[1], 50);
    schedule__add(&schedule, &entries[0]);
    schedule__add_first(&schedule, &entries[2]);
    assert_ptr_equal(schedule__peek(&schedule), &entries[2]);
    schedule__add(&schedule, &entries[1]);
    assert_ptr_equal(schedule__peek(&schedule), &entries[1]);
}

/* Starts what fits into one turn, each as dear as it is known to be: the turn's length. */
static int64_t run_turn(struct schedule *schedule, size_t *ret_starts)
{
    struct schedule_entry *entry;
    int64_t elapsed = 0;

    *ret_starts = 0;
    while ((entry = schedule__next(schedule, elapsed, *ret_starts == 0)) != NULL) {
        schedule__start(schedule, entry);
        elapsed += entry->cost_us;
        schedule__add(schedule, entry);
        ++*ret_starts;
    }
    return elapsed;
}

/* However many wait, as when 200 clients want long lists that they do not read. */
static void a_turn_runs_one_slice_of_long_work(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[200];
    size_t starts;

    (void)state;
    init(&schedule, entries, 200);
    for (size_t i = 0; i < 200; i++) {
        schedule__charge(&entries[i], 400);
        schedule__add(&schedule, &entries[i]);
    }
    for (int turn = 0; turn < 20; turn++) {
        assert_int_equal(run_turn(&schedule, &starts), 400);
        assert_int_equal(starts, 1);
    }
}

/* The same of new connections, of which nothing is known: what the first one cost counts. */
static void a_turn_runs_one_slice_of_work_that_turns_out_long(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[200];

    (void)state;
    init(&schedule, entries, 200);
    for (size_t i = 0; i < 200; i++)
        schedule__add(&schedule, &entries[i]);
    schedule__start(&schedule, schedule__next(&schedule, 0, true));
    assert_null(schedule__next(&schedule, 400, false));
    assert_non_null(schedule__next(&schedule, 0, true));
}

static void a_turn_runs_many_short_requests(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[64];
    size_t starts;

    (void)state;
    init(&schedule, entries, 64);
    for (size_t i = 0; i < 64; i++) {
        schedule__charge(&entries[i], 20);
        schedule__add(&schedule, &entries[i]);
    }
    assert_int_equal(run_turn(&schedule, &starts), 1000);
    assert_int_equal(starts, 50);
}

/*
 * A slice of long work among short requests ends in the first half of the turn, or waits for the
 * next.
 */
static void long_work_does_not_follow_much_short_work(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[33];
    size_t starts;

    (void)state;
    init(&schedule, entries, 33);
    for (size_t i = 0; i < 32; i++) {
        schedule__charge(&entries[i], 100);
        schedule__add(&schedule, &entries[i]);
    }
    schedule__charge(&entries[32], 400);
    schedule__add(&schedule, &entries[32]);
    for (int turn = 0; turn < 100; turn++)
        assert_in_range(run_turn(&schedule, &starts), 1, 1000);
}

static void what_is_removed_is_not_started(void **state)
{
    struct schedule schedule;
    struct schedule_entry entries[2];

    (void)state;
    init(&schedule, entries, 2);
    schedule__add(&schedule, &entries[0]);
    schedule__add(&schedule, &entries[1]);
    schedule__remove(&entries[0]);
    schedule__remove(&entries[0]);
    assert_ptr_equal(schedule__peek(&schedule), &entries[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_take_turns),
        cmocka_unit_test(an_entry_is_in_once),
        cmocka_unit_test(the_cheap_come_before_the_dear),
        cmocka_unit_test(the_dear_are_not_forgotten),
        cmocka_unit_test(the_new_come_after_the_cheap_and_before_the_dear),
        cmocka_unit_test(what_gave_way_comes_before_its_equals),
        cmocka_unit_test(a_turn_runs_one_slice_of_long_work),
        cmocka_unit_test(a_turn_runs_one_slice_of_work_that_turns_out_long),
        cmocka_unit_test(a_turn_runs_many_short_requests),
        cmocka_unit_test(long_work_does_not_follow_much_short_work),
        cmocka_unit_test(what_is_removed_is_not_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
