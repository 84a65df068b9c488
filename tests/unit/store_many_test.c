/*
 * Reads of many keys at once, on RocksDB and, in builds with faults, on the late engine over it.
 */
#include "tests/support/store_fixture.h"

static bool late_engine;
static struct fixture fixture;

static int start(void **state)
{
    fixture_start(&fixture, late_engine);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    return 0;
}

/* One read of several keys, as a handler does it. */
static size_t read_many(struct fixture *f, const struct slice *keys, size_t count, size_t most,
                        struct slice *values)
{
    struct store_view *view = store_view_open(f->store, &f->arena);
    enum store_found found;
    size_t read = 99;
    unsigned fetches = 0;

    while ((found = store_get_many(view, FAMILY_RESOURCES, keys, count, most, values, &read)) ==
           STORE_AGAIN) {
        fetch_and_wait(view);
        fetches++;
    }
    assert_int_equal(found, STORE_FOUND);
    assert_true(fetches <= 1);
    return read;
}

static void many_keys_are_read_at_once_up_to_a_bound(void **state)
{
    struct fixture *f = *state;
    const struct slice keys[] = {SLICE("b"), SLICE("none"), SLICE("a"), SLICE("b")};
    struct slice values[4];
    struct record record;

    put(f, FAMILY_RESOURCES, SLICE("a"), SLICE("first"));
    put(f, FAMILY_RESOURCES, SLICE("b"), SLICE("second"));
    assert_int_equal(read_many(f, keys, 4, 1 << 20, values), 4);
    assert_true(record_parse(values[0], &record) && slice_equal(record.body, SLICE("second")));
    assert_null(values[1].data);
    assert_true(record_parse(values[2], &record) && slice_equal(record.body, SLICE("first")));
    assert_true(slice_equal(values[0], values[3]));
    assert_int_equal(read_many(f, keys, 4, 1, values), 1);
    assert_int_equal(read_many(f, keys, 0, 1, values), 0);
}

/* Rows "row 000", "row 002" and so on up to 398 in one commit. */
static void put_even_rows(struct fixture *f)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    for (int i = 0; i < 400; i += 2)
        commit_put(&commit, FAMILY_RESOURCES, arena_printf(&f->arena, "row %03d", i),
                   arena_printf(&f->arena, "value %d", i));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
}

static void neighbours_and_keys_apart_are_read_alike(void **state)
{
    /* Keys of a read are the number of the one before plus a step: neighbours, apart, backwards. */
    static const int steps[] = {1, 2, 3, 6, 22, 40, -2, 398};
    struct fixture *f = *state;
    uint32_t random = 1;

    put_even_rows(f);
    for (int round = 0; round < 60; round++) {
        struct slice keys[40], values[40];
        size_t most = round % 3 == 2 ? 1 + (size_t)round * 8 : 1 << 20;
        size_t count = 0;
        int numbers[40];
        int number = round * 3;
        size_t bytes = 0;

        for (; count < 40; count++) {
            random = random * 1664525 + 1013904223;
            number += steps[round < 8 ? (uint32_t)round : (random >> 24) % (round < 30 ? 4 : 8)];
            number = (number + 420) % 420;
            numbers[count] = number;
            keys[count] = arena_printf(&f->arena, "row %03d", number);
        }
        count = read_many(f, keys, 40, most, values);
        for (size_t i = 0; i < count; i++) {
            bool is_there = numbers[i] % 2 == 0 && numbers[i] < 400;
            struct record record;

            assert_true(i == 0 || bytes < most);
            assert_int_equal(values[i].data != NULL, is_there);
            assert_true(!is_there || record_parse(values[i], &record));
            assert_true(!is_there ||
                        slice_equal(record.body, arena_printf(&f->arena, "value %d", numbers[i])));
            bytes += values[i].len;
        }
        assert_true(count == 40 || bytes >= most);
    }
}

static void keys_apart_before_and_after_neighbours_are_read_with_them(void **state)
{
    static const int apart[] = {394, 2, 398, 90};
    struct fixture *f = *state;

    put_even_rows(f);
    for (size_t most = 1; most <= 1 << 20; most = most * 4 + 7) {
        struct slice keys[32], values[32];
        size_t bytes = 0;
        size_t count;

        for (int i = 0; i < 32; i++)
            keys[i] = arena_printf(&f->arena, "row %03d", i < 4 ? apart[i] : 200 + i);
        count = read_many(f, keys, 32, most, values);
        for (size_t i = 0; i < count; i++) {
            int number = i < 4 ? apart[i] : 200 + (int)i;
            struct record record;

            assert_true(i == 0 || bytes < most);
            assert_int_equal(values[i].data != NULL, number % 2 == 0);
            bytes += values[i].len;
            if (values[i].data == NULL)
                continue;
            assert_true(record_parse(values[i], &record));
            assert_true(slice_equal(record.body, arena_printf(&f->arena, "value %d", number)));
        }
        assert_true(count == 32 || bytes >= most);
    }
}

/*
 * Rows that were read one by one are in memory, and those that were read together before; what is
 * written between two reads is not.
 */
static void rows_in_memory_are_read_with_those_that_are_not(void **state)
{
    struct fixture *f = *state;

    put_even_rows(f);
    for (int i = 0; i < 400; i += 6)
        assert_true(is_there(f, FAMILY_RESOURCES, arena_printf(&f->arena, "row %03d", i)));
    for (int i = 0; i < 400; i += 12)
        put(f, FAMILY_RESOURCES, arena_printf(&f->arena, "row %03d", i), SLICE("another"));
    for (int i = 0; i < 400; i += 18)
        erase(f, FAMILY_RESOURCES, arena_printf(&f->arena, "row %03d", i));
    for (size_t most = 1; most <= 1 << 20; most = most * 2 + 7) {
        struct slice keys[60], values[60];
        size_t bytes = 0;
        size_t count;

        put(f, FAMILY_RESOURCES, SLICE("row 082"), arena_printf(&f->arena, "of bound %zu", most));
        for (int i = 0; i < 60; i++)
            keys[i] = arena_printf(&f->arena, "row %03d", i * 41 % 400);
        count = read_many(f, keys, 60, most, values);
        for (size_t i = 0; i < count; i++) {
            int number = (int)i * 41 % 400;
            struct slice wanted = number == 82       ? arena_printf(&f->arena, "of bound %zu", most)
                                  : number % 12 == 0 ? SLICE("another")
                                                     : arena_printf(&f->arena, "value %d", number);
            struct record record;

            assert_true(i == 0 || bytes < most);
            assert_int_equal(values[i].data != NULL, number % 2 == 0 && number % 18 != 0);
            bytes += values[i].len;
            if (values[i].data == NULL)
                continue;
            assert_true(record_parse(values[i], &record));
            assert_slice_equal(record.body, wanted);
        }
        assert_true(count == 60 || bytes >= most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_keys_are_read_at_once_up_to_a_bound, start, end),
        cmocka_unit_test_setup_teardown(neighbours_and_keys_apart_are_read_alike, start, end),
        cmocka_unit_test_setup_teardown(keys_apart_before_and_after_neighbours_are_read_with_them,
                                        start, end),
        cmocka_unit_test_setup_teardown(rows_in_memory_are_read_with_those_that_are_not, start,
                                        end),
    };
    int failures = cmocka_run_group_tests_name("RocksDB", tests, NULL, NULL);

#ifdef DATASTREAM_FAULTS
    late_engine = true;
    failures += cmocka_run_group_tests_name("late", tests, NULL, NULL);
#endif
    return failures;
}
