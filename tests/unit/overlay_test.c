/*
 * The overlay of a batch: what it says of keys and ranges, against a list that is searched whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "storage/overlay.h"

#define KEYS 600
#define STEPS 20000

static struct overlay overlay;
static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, SIZE_MAX);
    return 0;
}

static int end(void **state)
{
    (void)state;
    overlay__clear(&overlay);
    arena_done(&arena);
    return 0;
}

static struct slice key_of(unsigned number)
{
    return arena_printf(&arena, "key %03u", number);
}

static void put(enum store_family family, struct slice key, uint64_t revision)
{
    struct overlay_entry *entry = overlay__touch(&overlay, &arena, family, key);

    assert_non_null(entry);
    assert_true(overlay__put(&overlay, &arena, entry, revision));
}

/* xorshift32: the same choices in each run. */
static unsigned next_number(unsigned *state, unsigned below)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % below;
}

static bool any_present(const bool *present, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (present[i])
            return true;
    return false;
}

static void ranges_are_as_a_search_of_the_whole_batch_says(void **state)
{
    static bool present[KEYS];
    unsigned random = 7;
    unsigned filled = 0;

    (void)state;
    for (int step = 0; step < STEPS; step++) {
        unsigned number = next_number(&random, KEYS);
        unsigned from = next_number(&random, KEYS);
        unsigned to = from + next_number(&random, 12);
        struct overlay_entry *entry;

        to = to < KEYS ? to : KEYS - 1;
        if (next_number(&random, 3) == 0) {
            put(FAMILY_NAMES, key_of(number), (uint64_t)step);
            present[number] = true;
        } else {
            entry = overlay__touch(&overlay, &arena, FAMILY_NAMES, key_of(number));
            overlay__delete(&overlay, entry);
            assert_false(entry->present);
            present[number] = false;
        }
        filled += any_present(present, from, to);
        assert_int_equal(
            overlay__holds_range(&overlay, &arena, FAMILY_NAMES, key_of(from), key_of(to)),
            any_present(present, from, to));
    }
    assert_in_range(filled, STEPS / 10, STEPS - STEPS / 10);
}

static void a_family_is_sorted_at_the_first_question_alone(void **state)
{
    struct overlay_entry *entry;

    (void)state;
    put(FAMILY_NAMES, SLICE("c"), 1);
    put(FAMILY_NAMES, SLICE("a"), 2);
    put(FAMILY_NAMES, SLICE("b"), 3);
    entry = overlay__find(&overlay, FAMILY_NAMES, SLICE("b"));
    assert_null(entry->after);
    overlay__delete(&overlay, entry);
    assert_false(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("b"), SLICE("c")));
    assert_true(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("b"), SLICE("d")));
    put(FAMILY_NAMES, SLICE("b"), 4);
    assert_non_null(entry->after);
    assert_true(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("b"), SLICE("c")));
    put(FAMILY_REFERENCES, SLICE("b"), 5);
    assert_null(overlay__find(&overlay, FAMILY_REFERENCES, SLICE("b"))->after);
}

static void a_range_is_told_where_memory_ends(void **state)
{
    (void)state;
    put(FAMILY_NAMES, SLICE("b"), 1);
    put(FAMILY_NAMES, SLICE("d"), 2);
    overlay__delete(&overlay, overlay__find(&overlay, FAMILY_NAMES, SLICE("d")));
    arena_fail(&arena);
    assert_true(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("a"), SLICE("c")));
    assert_false(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("c"), SLICE("e")));
}

static void what_was_only_read_is_in_no_range(void **state)
{
    struct overlay_entry *entry = overlay__touch(&overlay, &arena, FAMILY_NAMES, SLICE("b"));

    (void)state;
    entry->present = true; /* the store itself tells of it */
    assert_false(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("a"), SLICE("c")));
}

static void families_are_apart_and_clearing_forgets_all(void **state)
{
    (void)state;
    put(FAMILY_NAMES, SLICE("b"), 1);
    assert_false(overlay__holds_range(&overlay, &arena, FAMILY_REFERENCES, SLICE("a"), SLICE("c")));
    assert_true(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("a"), SLICE("c")));
    assert_false(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("a"), SLICE("b")));
    overlay__clear(&overlay);
    assert_null(overlay__find(&overlay, FAMILY_NAMES, SLICE("b")));
    assert_false(overlay__holds_range(&overlay, &arena, FAMILY_NAMES, SLICE("a"), SLICE("c")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ranges_are_as_a_search_of_the_whole_batch_says),
        TEST(a_family_is_sorted_at_the_first_question_alone),
        TEST(a_range_is_told_where_memory_ends),
        TEST(what_was_only_read_is_in_no_range),
        TEST(families_are_apart_and_clearing_forgets_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
