/*
 * The table that tells which blocks have a row: against a list that is searched from end to end,
 * with hashes at random and with hashes that meet where the table keeps them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "storage/engines/repeat_index.h"

struct hash {
    uint64_t words[2];
};

static uint64_t random_state;

static int start(void **state)
{
    *state = repeat_index__make();
    random_state = 0x5eed;
    return *state == NULL;
}

static int end(void **state)
{
    repeat_index__free(*state);
    repeat_index__free(NULL);
    return 0;
}

static uint64_t random_word(void)
{
    uint64_t word = random_state += 0x9e3779b97f4a7c15u;

    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

static size_t random_below(size_t limit)
{
    return (size_t)(random_word() % limit);
}

static struct slice bytes_of(const struct hash *hash)
{
    return slice_make((const char *)hash, sizeof(*hash));
}

/* The number by which another is multiplied to undo a product with an odd one. */
static uint64_t inverse_of(uint64_t odd)
{
    uint64_t inverse = odd;

    for (int i = 0; i < 6; i++) /* each step doubles how many bits are right */
        inverse *= 2 - odd * inverse;
    return inverse;
}

/*
 * One of many hashes that have this table (8 bits) and this tag (20): see place_of in
 * repeat_index.c. hashes_that_meet_are_not_told_apart shows that they have.
 */
static struct hash hash_at(uint64_t table, uint64_t tag)
{
    uint64_t other = random_word();
    uint64_t product = table << 56 | tag << 32 | (random_word() & UINT32_MAX);

    return (struct hash){{(product * inverse_of(0x9e3779b97f4a7c15u)) ^ other, other}};
}

static bool add(struct repeat_index *index, const struct hash *hash, uint64_t block)
{
    bool is_first = false;

    assert_true(repeat_index__add(index, bytes_of(hash), block, &is_first));
    return is_first;
}

/* What is found must be these blocks, in their order. */
static void assert_blocks(struct repeat_index *index, const struct hash *hash, size_t count,
                          const uint64_t *blocks)
{
    uint64_t found[REPEAT_BLOCKS_MOST];

    assert_int_equal(repeat_index__find(index, bytes_of(hash), found), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(found[i], blocks[i]);
}

/* -- few rows --------------------------------------------------------------------------------- */

static void an_empty_table_finds_and_removes_nothing(void **state)
{
    struct repeat_index *index = *state;
    struct hash hash = {{1, 2}};

    assert_blocks(index, &hash, 0, NULL);
    repeat_index__remove(index, bytes_of(&hash), 1);
    assert_int_equal(repeat_index__count(index), 0);
    assert_true(add(index, &hash, 1));
    repeat_index__remove(index, bytes_of(&hash), 2);
    assert_int_equal(repeat_index__count(index), 1);
    assert_blocks(index, &hash, 1, (const uint64_t[]){1});
    repeat_index__remove(index, bytes_of(&hash), 1);
    assert_int_equal(repeat_index__count(index), 0);
    assert_blocks(index, &hash, 0, NULL);
    assert_true(add(index, &hash, ((uint64_t)1 << 44) - 1));
    assert_blocks(index, &hash, 1, (const uint64_t[]){((uint64_t)1 << 44) - 1});
}

static void the_newest_block_is_the_first_in_whatever_order_they_came(void **state)
{
    struct repeat_index *index = *state;
    struct hash hash = {{random_word(), random_word()}};
    struct hash other = {{random_word(), random_word()}};

    assert_true(add(index, &hash, 5));
    assert_true(add(index, &other, 8));
    assert_false(add(index, &hash, 9));
    assert_false(add(index, &hash, 2));
    assert_false(add(index, &hash, 7));
    assert_blocks(index, &hash, 4, (const uint64_t[]){9, 7, 5, 2});
    assert_blocks(index, &other, 1, (const uint64_t[]){8});
    repeat_index__remove(index, bytes_of(&hash), 9);
    repeat_index__remove(index, bytes_of(&hash), 5);
    assert_blocks(index, &hash, 2, (const uint64_t[]){7, 2});
    assert_int_equal(repeat_index__count(index), 3);
}

static void of_more_blocks_than_are_told_the_newest_are(void **state)
{
    static const uint64_t rising[] = {1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
                                      11, 12, 13, 14, 15, 16, 17, 18, 19};
    static const uint64_t mixed[] = {6, 19, 1, 17, 3,  2,  18, 5,  7, 4,
                                     8, 16, 9, 15, 10, 14, 11, 13, 12};
    const uint64_t *const orders[] = {rising, mixed};

    for (size_t k = 0; k < 2; k++) {
        struct hash hash = {{random_word(), random_word()}};

        for (size_t i = 0; i < 19; i++)
            add(*state, &hash, orders[k][i]);
        assert_blocks(*state, &hash, REPEAT_BLOCKS_MOST,
                      (const uint64_t[]){19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4});
        for (uint64_t block = 8; block <= 19; block++)
            repeat_index__remove(*state, bytes_of(&hash), block);
        assert_blocks(*state, &hash, 7, (const uint64_t[]){7, 6, 5, 4, 3, 2, 1});
    }
}

static void a_row_that_a_block_has_twice_is_removed_twice(void **state)
{
    struct hash hash = {{3, 4}};

    assert_true(add(*state, &hash, 6));
    assert_false(add(*state, &hash, 6));
    assert_blocks(*state, &hash, 2, (const uint64_t[]){6, 6});
    repeat_index__remove(*state, bytes_of(&hash), 6);
    assert_blocks(*state, &hash, 1, (const uint64_t[]){6});
    repeat_index__remove(*state, bytes_of(&hash), 6);
    assert_blocks(*state, &hash, 0, NULL);
    assert_int_equal(repeat_index__count(*state), 0);
}

/* It names the block of another hash rather than to leave one out. */
static void hashes_that_meet_are_not_told_apart(void **state)
{
    for (uint64_t table = 0; table < 256; table += 51) {
        uint64_t tag = random_below((size_t)1 << 20);
        struct hash one = hash_at(table, tag);
        struct hash two = hash_at(table, tag);
        struct hash in_another_table = hash_at(table ^ 1, tag);
        struct hash of_another_tag = hash_at(table, tag ^ (uint64_t)1 << 19);

        assert_memory_not_equal(&one, &two, sizeof(one));
        assert_true(add(*state, &one, table + 1));
        assert_false(add(*state, &two, table + 2));
        assert_true(add(*state, &in_another_table, 1000));
        assert_true(add(*state, &of_another_tag, 2000));
        assert_blocks(*state, &one, 2, (const uint64_t[]){table + 2, table + 1});
        assert_blocks(*state, &two, 2, (const uint64_t[]){table + 2, table + 1});
        repeat_index__remove(*state, bytes_of(&two), table + 2);
        assert_blocks(*state, &one, 1, (const uint64_t[]){table + 1});
        repeat_index__remove(*state, bytes_of(&one), table + 1);
        repeat_index__remove(*state, bytes_of(&in_another_table), 1000);
        repeat_index__remove(*state, bytes_of(&of_another_tag), 2000);
    }
    assert_int_equal(repeat_index__count(*state), 0);
}

/* -- against a list --------------------------------------------------------------------------- */

struct row {
    struct hash hash;
    uint64_t tag; /* where the test made it; two rows of one have one hash or hashes that meet */
    uint64_t block;
};

struct list {
    struct row *rows;
    size_t count;
};

static int newer(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one;
    uint64_t b = *(const uint64_t *)other;

    return (a < b) - (a > b);
}

static void assert_as_in_list(struct repeat_index *index, const struct list *list,
                              const struct hash *hash, uint64_t tag)
{
    uint64_t wanted[64];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].tag == tag)
            wanted[count++] = list->rows[i].block;
    qsort(wanted, count, sizeof(*wanted), newer);
    assert_blocks(index, hash, count < REPEAT_BLOCKS_MOST ? count : REPEAT_BLOCKS_MOST, wanted);
}

static bool list_has_tag(const struct list *list, uint64_t tag)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].tag == tag)
            return true;
    return false;
}

/*
 * In one table of few places, rows whose search begins at its end or at its begin: runs of them go
 * on from the last place to the first, and what is removed from a run moves up the rest of it.
 */
static void what_is_removed_from_a_run_hides_nothing(void **state)
{
    enum { ROUNDS = 3000, STEPS = 40, HOMES = 5, TAGS = 10, ROWS_MOST = 12 };
    struct repeat_index *index = *state;
    struct row rows[ROWS_MOST];
    struct hash hashes[TAGS];
    uint64_t tags[TAGS];
    uint64_t block = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct list list = {rows, 0};
        uint64_t table = (uint64_t)round % 200;
        size_t first = random_below(16);

        for (size_t i = 0; i < TAGS; i++) { /* pairs differ in their high bits alone */
            tags[i] = ((uint64_t)i << 12) | ((first + i / 2) % 16);
            hashes[i] = hash_at(table, tags[i]);
        }
        for (int step = 0; step < STEPS; step++) {
            size_t i = random_below(TAGS);

            if (list.count < ROWS_MOST && random_below(3) > 0) {
                struct row row = {random_below(2) > 0 ? hashes[i] : hash_at(table, tags[i]),
                                  tags[i], ++block};

                assert_int_equal(add(index, &row.hash, row.block), !list_has_tag(&list, row.tag));
                rows[list.count++] = row;
            } else if (list.count > 0) {
                size_t gone = random_below(list.count);

                repeat_index__remove(index, bytes_of(&rows[gone].hash), rows[gone].block);
                rows[gone] = rows[--list.count];
            }
            for (size_t tag = 0; tag < TAGS; tag++)
                assert_as_in_list(index, &list, &hashes[tag], tags[tag]);
            assert_int_equal(repeat_index__count(index), list.count);
        }
        while (list.count > 0) {
            list.count--;
            repeat_index__remove(index, bytes_of(&rows[list.count].hash), rows[list.count].block);
        }
    }
    assert_int_equal(repeat_index__count(index), 0);
}

/* Grows one table again and again, with all rows looked for in between. */
static void rows_of_one_table_are_found_while_it_grows(void **state)
{
    enum { ROWS = 1600 };
    struct repeat_index *index = *state;
    struct hash *hashes = calloc(ROWS, sizeof(*hashes));

    assert_non_null(hashes);
    for (size_t i = 0; i < ROWS; i++) {
        /* Half of them are crowded where the search of few places begins. */
        hashes[i] = hash_at(7, i % 2 == 0 ? (uint64_t)i << 8 | 0xfd : random_below(1 << 20) | 1);
        add(index, &hashes[i], i + 1);
        assert_int_equal(repeat_index__count(index), i + 1);
        for (size_t k = 0; k <= i; k += i % 97 == 0 ? 1 : 61) {
            uint64_t found[REPEAT_BLOCKS_MOST];
            size_t count = repeat_index__find(index, bytes_of(&hashes[k]), found);
            bool has = false;

            for (size_t at = 0; at < count; at++)
                has |= found[at] == k + 1;
            assert_true(has);
        }
    }
    free(hashes);
}

/* Memory that is allocated; 0 where a sanitizer allocates it. */
static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void rows_that_come_and_go_need_no_more_memory(void **state)
{
    enum { ROWS = 300000, AT_ONCE = 10, GROWN_MOST = 1 << 20 };
    struct hash hashes[AT_ONCE];
    size_t before = allocated();

    for (size_t i = 0; i < ROWS; i++) {
        if (i >= AT_ONCE)
            repeat_index__remove(*state, bytes_of(&hashes[i % AT_ONCE]), i - AT_ONCE + 1);
        hashes[i % AT_ONCE] = hash_at(5, random_below((size_t)1 << 20));
        add(*state, &hashes[i % AT_ONCE], i + 1);
    }
    assert_int_equal(repeat_index__count(*state), AT_ONCE);
    assert_true(allocated() <= before + GROWN_MOST);
}

/* What the test knows of a hash at random: a bit for each of the blocks that it may be in. */
#define BLOCKS 4 /* two hashes that meet are told all of theirs */

struct known {
    struct hash hash;
    uint8_t blocks;
};

/* Hash k may be in these; they differ, so that few hashes share a block. */
static uint64_t block_number(size_t k, size_t n)
{
    return k * BLOCKS + n + 1;
}

/* Returns how many blocks were told that are none of the hash's. */
static size_t assert_as_known(struct repeat_index *index, const struct known *known, size_t k)
{
    uint64_t found[REPEAT_BLOCKS_MOST];
    size_t count = repeat_index__find(index, bytes_of(&known->hash), found);
    size_t own = 0;
    uint8_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || found[i] < found[i - 1]);
        if (found[i] < block_number(k, 0) || found[i] > block_number(k, BLOCKS - 1))
            continue;
        seen = (uint8_t)(seen | 1u << (found[i] - block_number(k, 0)));
        own++;
    }
    assert_int_equal(seen, known->blocks);
    return count - own;
}

static void any_order_of_adds_removes_and_finds_is_as_known(void **state)
{
    enum { HASHES = 60000, STEPS = 900000, TOLD_MOST = 1000 };
    struct repeat_index *index = *state;
    struct known *known = calloc(HASHES, sizeof(*known));
    size_t strangers = 0;
    size_t not_first = 0;
    size_t count = 0;

    assert_non_null(known);
    for (size_t k = 0; k < HASHES; k++)
        known[k].hash = (struct hash){{random_word(), random_word()}};
    for (int step = 0; step < STEPS; step++) {
        size_t k = random_below(HASHES);
        size_t n = random_below(BLOCKS);
        unsigned bit = 1u << n;
        /* First it grows, then it holds its size, then it shrinks. */
        bool adds = random_below(100) < (step < STEPS / 3 ? 90 : step < STEPS / 3 * 2 ? 50 : 10);

        if (adds && !(known[k].blocks & bit)) {
            bool is_first = add(index, &known[k].hash, block_number(k, n));

            if (known[k].blocks != 0)
                assert_false(is_first);
            else
                not_first += !is_first;
            known[k].blocks = (uint8_t)(known[k].blocks | bit);
            count++;
        } else if (!adds) { /* also where it is not there */
            repeat_index__remove(index, bytes_of(&known[k].hash), block_number(k, n));
            count -= (known[k].blocks & bit) != 0;
            known[k].blocks = (uint8_t)(known[k].blocks & ~bit);
        }
        assert_int_equal(repeat_index__count(index), count);
        strangers += assert_as_known(index, &known[k], k);
        k = random_below(HASHES);
        strangers += assert_as_known(index, &known[k], k);
    }
    for (size_t k = 0; k < HASHES; k++)
        assert_as_known(index, &known[k], k);
    /* 28 bits are compared: of hashes at random few meet. */
    assert_true(strangers < TOLD_MOST);
    assert_true(not_first < TOLD_MOST);
    free(known);
}

/* -- threads ---------------------------------------------------------------------------------- */

#define RACED 6000
#define READERS 3

/* Rows with even numbers stay once they were told of; odd ones go again. */
struct race {
    struct repeat_index *index;
    struct hash hashes[RACED];
    atomic_size_t told;
    atomic_size_t found;
    atomic_size_t lost;
    atomic_bool is_over;
};

static void *find_told(void *context)
{
    struct race *race = context;
    uint64_t random = (uintptr_t)&race;

    while (!atomic_load(&race->is_over)) {
        size_t told = atomic_load(&race->told);
        uint64_t blocks[REPEAT_BLOCKS_MOST];
        bool has = false;
        size_t count;
        size_t row;

        if (told == 0)
            continue;
        random = random * 6364136223846793005u + 1442695040888963407u;
        row = (random >> 33) % told / 2 * 2;
        count = repeat_index__find(race->index, bytes_of(&race->hashes[row]), blocks);
        for (size_t i = 0; i < count; i++)
            has |= blocks[i] == row + 1;
        atomic_fetch_add(has ? &race->found : &race->lost, 1);
        if (repeat_index__count(race->index) < told / 2)
            atomic_fetch_add(&race->lost, 1);
    }
    return NULL;
}

static void who_finds_misses_no_row_that_was_told_of(void **state)
{
    static struct race race;
    pthread_t readers[READERS];

    memset(&race, 0, sizeof(race));
    race.index = *state;
    for (size_t i = 0; i < RACED; i++) /* in few tables, which grow the more */
        race.hashes[i] = hash_at(i % 3, random_below(1 << 20));
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, find_told, &race), 0);
    for (size_t i = 0; i < RACED; i++) {
        add(race.index, &race.hashes[i], i + 1);
        atomic_store(&race.told, i + 1);
        if (i % 40 == 39)
            for (size_t gone = i - 38; gone <= i; gone += 2)
                repeat_index__remove(race.index, bytes_of(&race.hashes[gone]), gone + 1);
        while (atomic_load(&race.found) < i) /* the readers keep up */
            sched_yield();
    }
    atomic_store(&race.is_over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(race.lost, 0);
    assert_int_equal(repeat_index__count(race.index), RACED / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_table_finds_and_removes_nothing),
        TEST(the_newest_block_is_the_first_in_whatever_order_they_came),
        TEST(of_more_blocks_than_are_told_the_newest_are),
        TEST(a_row_that_a_block_has_twice_is_removed_twice),
        TEST(hashes_that_meet_are_not_told_apart),
        TEST(what_is_removed_from_a_run_hides_nothing),
        TEST(rows_of_one_table_are_found_while_it_grows),
        TEST(rows_that_come_and_go_need_no_more_memory),
        TEST(any_order_of_adds_removes_and_finds_is_as_known),
        TEST(who_finds_misses_no_row_that_was_told_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
