/*
 * The cache of rows: what is found in it is what was kept, within its bytes, and never older than
 * what a change left, whichever way reads and writes meet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "storage/engines/row_cache.h"

#define MIB ((size_t)1 << 20)

struct world {
    struct row_cache *cache;
    struct arena arena;
};

static struct world world;

static int start_with(void **state, size_t bytes)
{
    world.cache = row_cache__make(bytes);
    arena_init(&world.arena, NULL, 64 * MIB);
    *state = &world;
    return world.cache == NULL;
}

static int start(void **state)
{
    return start_with(state, 8 * MIB);
}

static int start_small(void **state)
{
    return start_with(state, MIB);
}

static int start_least(void **state)
{
    return start_with(state, 1);
}

static int end(void **state)
{
    struct world *w = *state;

    row_cache__free(w->cache);
    arena_done(&w->arena);
    return 0;
}

/* NULL data when it is not there; a row that is there is not empty. */
static struct slice find(struct world *w, enum store_family family, struct slice key,
                         struct row_ticket *ret_ticket)
{
    struct slice value = SLICE_EMPTY;

    if (!row_cache__find(w->cache, &w->arena, family, key, &value, ret_ticket))
        return SLICE_EMPTY;
    assert_non_null(value.data);
    return value;
}

static bool has(struct world *w, struct slice key, struct slice wanted)
{
    struct row_ticket ticket;
    struct slice value = find(w, FAMILY_RESOURCES, key, &ticket);

    assert_true(value.data == NULL || slice_equal(value, wanted));
    return value.data != NULL;
}

/* Reads the row, as it were, and keeps it. */
static void keep(struct world *w, struct slice key, struct slice value)
{
    struct row_ticket ticket;

    assert_null(find(w, FAMILY_RESOURCES, key, &ticket).data);
    row_cache__keep(w->cache, &ticket, FAMILY_RESOURCES, key, value);
}

static void change(struct world *w, struct slice key)
{
    row_cache__begin_change(w->cache, FAMILY_RESOURCES, key);
    row_cache__end_changes(w->cache);
}

/* -- one thread ------------------------------------------------------------------------------- */

static void a_kept_row_is_found_by_its_family_and_its_whole_key(void **state)
{
    struct world *w = *state;
    struct row_ticket ticket;

    keep(w, SLICE("a key of some length"), SLICE("value"));
    keep(w, SLICE(""), SLICE("of no key"));
    assert_true(has(w, SLICE("a key of some length"), SLICE("value")));
    assert_true(has(w, SLICE(""), SLICE("of no key")));
    assert_false(has(w, SLICE("a key of some lengt"), SLICE_EMPTY));
    assert_false(has(w, SLICE("a key of some length\0"), SLICE_EMPTY));
    assert_null(find(w, FAMILY_NAMES, SLICE("a key of some length"), &ticket).data);
}

static void a_row_that_two_have_read_is_kept_once(void **state)
{
    struct world *w = *state;
    struct row_ticket one, other;

    assert_null(find(w, FAMILY_RESOURCES, SLICE("k"), &one).data);
    assert_null(find(w, FAMILY_RESOURCES, SLICE("k"), &other).data);
    row_cache__keep(w->cache, &one, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    row_cache__keep(w->cache, &other, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    assert_true(has(w, SLICE("k"), SLICE("v")));
    change(w, SLICE("k"));
    assert_false(has(w, SLICE("k"), SLICE_EMPTY));
}

static void what_was_read_before_a_change_ended_is_refused(void **state)
{
    struct world *w = *state;
    struct row_ticket before, during;

    keep(w, SLICE("k"), SLICE("old"));
    keep(w, SLICE("other"), SLICE("stays"));
    assert_true(has(w, SLICE("k"), SLICE("old")));
    change(w, SLICE("k"));
    assert_null(find(w, FAMILY_RESOURCES, SLICE("k"), &before).data);
    row_cache__begin_change(w->cache, FAMILY_RESOURCES, SLICE("k"));
    assert_null(find(w, FAMILY_RESOURCES, SLICE("k"), &during).data);
    row_cache__keep(w->cache, &before, FAMILY_RESOURCES, SLICE("k"), SLICE("old"));
    assert_false(has(w, SLICE("k"), SLICE_EMPTY));
    row_cache__keep(w->cache, &during, FAMILY_RESOURCES, SLICE("k"), SLICE("old"));
    assert_false(has(w, SLICE("k"), SLICE_EMPTY));
    row_cache__end_changes(w->cache);
    row_cache__keep(w->cache, &before, FAMILY_RESOURCES, SLICE("k"), SLICE("old"));
    row_cache__keep(w->cache, &during, FAMILY_RESOURCES, SLICE("k"), SLICE("old"));
    assert_false(has(w, SLICE("k"), SLICE_EMPTY));
    keep(w, SLICE("k"), SLICE("new"));
    assert_true(has(w, SLICE("k"), SLICE("new")));
    assert_true(has(w, SLICE("other"), SLICE("stays")));
}

/* As a batch does: rows of several commits, one of them twice, some in one set. */
static void all_rows_of_a_batch_may_be_kept_again_after_it(void **state)
{
    enum { ROWS = 3000 };
    struct world *w = *state;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < ROWS; i++)
            row_cache__begin_change(w->cache, FAMILY_RESOURCES,
                                    arena_printf(&w->arena, "row %d", i / 2 * 2));
        row_cache__end_changes(w->cache);
        for (int i = 0; i < ROWS; i += 2) {
            struct slice key = arena_printf(&w->arena, "row %d", i);
            struct slice value = arena_printf(&w->arena, "%d in %d", i, round);

            keep(w, key, value);
            assert_true(has(w, key, value));
        }
    }
}

static void a_ticket_tells_that_a_row_was_looked_for_before(void **state)
{
    enum { OTHERS = 500000 };
    struct world *w = *state;
    struct row_ticket ticket;
    int again = 0;

    find(w, FAMILY_RESOURCES, SLICE("k"), &ticket);
    assert_false(ticket.is_second);
    find(w, FAMILY_RESOURCES, SLICE("k"), &ticket);
    assert_true(ticket.is_second);
    for (int i = 0; i < OTHERS; i++) {
        find(w, FAMILY_RESOURCES, slice_make((const char *)&i, sizeof(i)), &ticket);
        again += ticket.is_second;
    }
    assert_true(again < OTHERS / 1000);
    find(w, FAMILY_RESOURCES, SLICE("k"), &ticket);
    assert_false(ticket.is_second); /* so long ago that it is forgotten */
}

/* -- room ------------------------------------------------------------------------------------- */

/* Of rows that are larger than usual its bytes are the bound, of smaller ones its places. */
static const size_t sizes[] = {1000, 300};

static void its_bytes_are_a_bound(void **state)
{
    enum { ROWS = 20000 };
    struct world *w = *state;
    char bytes[1000];

    memset(bytes, 'v', sizeof(bytes));
    for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
        struct slice value = slice_make(bytes, sizes[k]);
        size_t found = 0;

        for (int i = 0; i < ROWS; i++)
            keep(w, arena_printf(&w->arena, "row %d of %zu", i, k), value);
        for (int i = 0; i < ROWS; i++)
            found += has(w, arena_printf(&w->arena, "row %d of %zu", i, k), value);
        assert_true(found * value.len <= MIB);
        assert_true(found * value.len > MIB / 2);
    }
}

static void rows_that_are_asked_for_stay_while_others_pass(void **state)
{
    enum { ASKED = 20, PASSING = 20000 };
    struct world *w = *state;
    char bytes[1000];

    memset(bytes, 'v', sizeof(bytes));
    for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
        struct slice value = slice_make(bytes, sizes[k]);
        int found = 0;

        for (int i = 0; i < ASKED; i++)
            keep(w, arena_printf(&w->arena, "asked %d of %zu", i, k), value);
        for (int i = 0; i < PASSING; i++) {
            keep(w, arena_printf(&w->arena, "row %d of %zu", i, k), value);
            for (int n = 0; i % 50 == 0 && n < ASKED; n++)
                has(w, arena_printf(&w->arena, "asked %d of %zu", n, k), value);
        }
        for (int i = 0; i < ASKED; i++)
            found += has(w, arena_printf(&w->arena, "asked %d of %zu", i, k), value);
        assert_true(found >= ASKED * 9 / 10);
    }
}

static void a_large_row_is_not_kept(void **state)
{
    struct world *w = *state;
    struct slice large = slice_make(arena_zalloc(&w->arena, 16384), 16384);

    keep(w, SLICE("large"), large);
    assert_false(has(w, SLICE("large"), large));
    keep(w, SLICE("less"), slice_make(large.data, 16000));
    assert_true(has(w, SLICE("less"), slice_make(large.data, 16000)));
}

static void the_least_cache_holds_one_row(void **state)
{
    struct world *w = *state;

    keep(w, SLICE("one"), SLICE("1"));
    assert_true(has(w, SLICE("one"), SLICE("1")));
    keep(w, SLICE("other"), SLICE("2"));
    assert_true(has(w, SLICE("other"), SLICE("2")));
    assert_false(has(w, SLICE("one"), SLICE_EMPTY));
    assert_null(row_cache__make(0));
}

static void a_row_that_an_arena_has_no_room_for_is_there_without_data(void **state)
{
    struct world *w = *state;
    struct slice value = SLICE("untouched");
    struct row_ticket ticket;
    struct arena failed;

    keep(w, SLICE("k"), SLICE("v"));
    arena_init(&failed, NULL, MIB);
    arena_fail(&failed);
    assert_true(row_cache__find(w->cache, &failed, FAMILY_RESOURCES, SLICE("k"), &value, &ticket));
    assert_null(value.data);
    arena_done(&failed);
}

/* -- threads ---------------------------------------------------------------------------------- */

#define RACED 24
#define READERS 3
#define CHANGES 4000

/* What stands in for the store: numbers that rise, and those that somebody was told of. */
struct race {
    struct row_cache *cache;
    _Atomic uint64_t stored[RACED];
    _Atomic uint64_t told[RACED];
    atomic_bool is_over;
    atomic_int stale;
    atomic_int found;
};

static struct slice key_of(const size_t *row)
{
    return slice_make((const char *)row, sizeof(*row));
}

static void *read_rows(void *context)
{
    struct race *race = context;
    uint64_t random = (uintptr_t)&race;
    struct arena arena;

    arena_init(&arena, NULL, MIB);
    while (!atomic_load(&race->is_over)) {
        struct row_ticket ticket;
        struct slice value;
        size_t row;
        uint64_t told, number;

        random = random * 6364136223846793005u + 1442695040888963407u;
        row = (random >> 33) % RACED;
        told = atomic_load(&race->told[row]);
        if (row_cache__find(race->cache, &arena, FAMILY_RESOURCES, key_of(&row), &value, &ticket)) {
            memcpy(&number, value.data, sizeof(number));
            atomic_fetch_add(&race->found, 1);
        } else {
            number = atomic_load(&race->stored[row]);
            row_cache__keep(race->cache, &ticket, FAMILY_RESOURCES, key_of(&row),
                            slice_make((const char *)&number, sizeof(number)));
        }
        if (number < told)
            atomic_fetch_add(&race->stale, 1);
        arena_reset(&arena);
    }
    arena_done(&arena);
    return NULL;
}

/* Batches of three rows, of which all are told of once the batch has ended. */
static void write_rows(struct race *race)
{
    for (size_t i = 0; i < CHANGES; i++) {
        for (size_t k = 0; k < 3; k++) {
            size_t row = (i + k * 5) % RACED;

            row_cache__begin_change(race->cache, FAMILY_RESOURCES, key_of(&row));
        }
        for (size_t k = 0; k < 3; k++)
            atomic_fetch_add(&race->stored[(i + k * 5) % RACED], 1);
        row_cache__end_changes(race->cache);
        for (size_t k = 0; k < 3; k++) {
            size_t row = (i + k * 5) % RACED;

            atomic_store(&race->told[row], atomic_load(&race->stored[row]));
        }
    }
}

static void nobody_finds_a_row_that_is_older_than_what_was_told(void **state)
{
    static struct race race;
    struct world *w = *state;
    pthread_t readers[READERS];

    memset(&race, 0, sizeof(race));
    race.cache = w->cache;
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_rows, &race), 0);
    while (atomic_load(&race.found) == 0)
        sched_yield();
    write_rows(&race);
    atomic_store(&race.is_over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(race.stale, 0);
    for (size_t row = 0; row < RACED; row++) {
        struct row_ticket ticket;
        struct slice value = find(w, FAMILY_RESOURCES, key_of(&row), &ticket);

        assert_true(value.data == NULL ||
                    memcmp(value.data, &race.stored[row], sizeof(uint64_t)) == 0);
    }
}

#define TEST(name, start) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_kept_row_is_found_by_its_family_and_its_whole_key, start),
        TEST(a_row_that_two_have_read_is_kept_once, start),
        TEST(what_was_read_before_a_change_ended_is_refused, start),
        TEST(all_rows_of_a_batch_may_be_kept_again_after_it, start),
        TEST(a_ticket_tells_that_a_row_was_looked_for_before, start),
        TEST(its_bytes_are_a_bound, start_small),
        TEST(rows_that_are_asked_for_stay_while_others_pass, start_small),
        TEST(a_large_row_is_not_kept, start),
        TEST(the_least_cache_holds_one_row, start_least),
        TEST(a_row_that_an_arena_has_no_room_for_is_there_without_data, start),
        TEST(nobody_finds_a_row_that_is_older_than_what_was_told, start),
        TEST(nobody_finds_a_row_that_is_older_than_what_was_told, start_least),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
