/*
 * What repeated requests leave in the store: blocks of rows, and the bodies of the rows. What was
 * written is read again, and nothing is read beyond the end of what was cut or says too much.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "rpc/call/idempotency_row.h"
#include "storage/bytes.h"
#include "storage/repeats.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void assert_bytes(struct slice got, struct slice wanted)
{
    assert_int_equal(got.len, wanted.len);
    if (wanted.len > 0)
        assert_memory_equal(got.data, wanted.data, wanted.len);
}

/* A copy that ends where its memory ends, so that sanitizers see who reads on. */
static char *copy_of(struct slice bytes, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, bytes.data, len);
    return copy;
}

/* -- blocks ----------------------------------------------------------------------------------- */

static const struct repeat rows[] = {
    {SLICE_INIT("the first of all"), 1, SLICE_INIT("body")},
    {SLICE_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), UINT64_MAX, SLICE_INIT("")},
    {SLICE_INIT("a third one here"), 0x0102030405060708, SLICE_INIT("a body with\0 what not")},
    {SLICE_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 0,
     SLICE_INIT("the last of all")},
};
#define ROWS (sizeof(rows) / sizeof(*rows))

/* All rows as a block; where each of them ends goes to `ret_ends`. */
static struct slice write_block(size_t ret_ends[ROWS])
{
    char *block = arena_alloc(&arena, 1000);
    char *at = block;

    for (size_t i = 0; i < ROWS; i++) {
        char *body = repeat_write_front(at, &rows[i]);

        assert_int_equal(body - at, REPEAT_FRONT_LEN);
        if (rows[i].body.len > 0)
            memcpy(body, rows[i].body.data, rows[i].body.len);
        at = body + rows[i].body.len;
        ret_ends[i] = (size_t)(at - block);
    }
    return slice_make(block, (size_t)(at - block));
}

/* Takes off as many rows as there are; those that are must be the first ones. */
static size_t take_rows(struct slice *block)
{
    struct repeat repeat;
    size_t count = 0;

    for (; repeat_next(block, &repeat); count++) {
        assert_true(count < ROWS);
        assert_bytes(repeat.hash, rows[count].hash);
        assert_int_equal(repeat.revision, rows[count].revision);
        assert_bytes(repeat.body, rows[count].body);
    }
    return count;
}

static void rows_are_taken_off_a_block_as_they_were_written(void **state)
{
    size_t ends[ROWS];
    struct slice block = write_block(ends);
    struct slice empty = SLICE_EMPTY;

    (void)state;
    assert_int_equal(take_rows(&block), ROWS);
    assert_int_equal(block.len, 0);
    assert_int_equal(take_rows(&empty), 0);
}

static void a_row_is_stored_in_the_order_that_is_documented(void **state)
{
    const struct repeat row = {SLICE("0123456789abcdef"), 0x0102030405060708,
                               slice_make(NULL, 0x0a0b0c0d)};
    char front[REPEAT_FRONT_LEN];

    (void)state;
    assert_ptr_equal(repeat_write_front(front, &row), front + sizeof(front));
    assert_memory_equal(front, "0123456789abcdef\1\2\3\4\5\6\7\10\12\13\14\15", sizeof(front));
}

/* The rows before the cut are there, and what is left says that there was more. */
static void a_block_that_is_cut_ends_at_its_last_whole_row(void **state)
{
    size_t ends[ROWS];
    struct slice block = write_block(ends);

    (void)state;
    for (size_t len = 0; len < block.len; len++) {
        char *copy = copy_of(block, len);
        struct slice cut = slice_make(copy, len);
        size_t whole = 0;

        while (ends[whole] <= len)
            whole++;
        assert_int_equal(take_rows(&cut), whole);
        assert_int_equal(cut.len, len - (whole == 0 ? 0 : ends[whole - 1]));
        free(copy);
    }
}

static void a_length_that_points_beyond_the_end_ends_the_block(void **state)
{
    static const uint32_t lengths[] = {5, 6, 28, 0x7fffffff, 0x80000000, UINT32_MAX};
    size_t ends[ROWS];
    struct slice block = write_block(ends);

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        char *copy = copy_of(block, ends[0]); /* the first row alone, whose body has 4 bytes */
        struct slice one = slice_make(copy, ends[0]);
        struct repeat untouched = {0};

        bytes_put_u32(copy + REPEAT_HASH_LEN + 8, lengths[i]);
        assert_false(repeat_next(&one, &untouched));
        assert_int_equal(one.len, ends[0]);
        assert_null(untouched.hash.data);
        bytes_put_u32(copy + REPEAT_HASH_LEN + 8, 4);
        assert_int_equal(take_rows(&one), 1);
        free(copy);
    }
}

/* -- bodies ----------------------------------------------------------------------------------- */

#define ID "an object's id.."

static const struct idempotency_row bodies[] = {
    {(const uint8_t *)"fingerprint of i", (const uint8_t *)"a nonce of 16 b.", 1796000000123, 7,
     SLICE_INIT(ID)},
    {(const uint8_t *)"\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17",
     (const uint8_t *)"another nonce...", INT64_MIN, UINT32_MAX, SLICE_INIT(ID)},
    {(const uint8_t *)"fingerprint of i", (const uint8_t *)"a nonce of 16 b.", -1, 0,
     SLICE_INIT("an answer that is sealed\0, longer than an id")},
    {(const uint8_t *)"fingerprint of i", (const uint8_t *)"a nonce of 16 b.", 0, 0,
     SLICE_INIT("")},
};
#define BODIES (sizeof(bodies) / sizeof(*bodies))
#define REST_AT (IDEMPOTENCY_FINGERPRINT_LEN + IDEMPOTENCY_NONCE_LEN + 8 + 4)

static void assert_body(const struct idempotency_row *got, const struct idempotency_row *wanted)
{
    assert_memory_equal(got->fingerprint, wanted->fingerprint, IDEMPOTENCY_FINGERPRINT_LEN);
    assert_memory_equal(got->nonce, wanted->nonce, IDEMPOTENCY_NONCE_LEN);
    assert_int_equal(got->time_ms, wanted->time_ms);
    assert_int_equal(got->kind, wanted->kind);
}

static void a_body_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < BODIES; i++) {
        struct slice body = idempotency_row__write(&arena, &bodies[i]);
        struct idempotency_row row;

        assert_int_equal(body.len, REST_AT + bodies[i].rest.len);
        assert_true(idempotency_row__read(body, &row));
        assert_body(&row, &bodies[i]);
        assert_bytes(row.rest, bodies[i].rest);
    }
}

static void a_body_is_stored_in_the_order_that_is_documented(void **state)
{
    const struct idempotency_row row = {(const uint8_t *)"fingerprint of i",
                                        (const uint8_t *)"a nonce of 16 b.", 0x0102030405060708,
                                        0x0a0b0c0d, SLICE(ID)};

    (void)state;
    assert_bytes(idempotency_row__write(&arena, &row),
                 SLICE("fingerprint of ia nonce of 16 b.\1\2\3\4\5\6\7\10\12\13\14\15" ID));
}

/* Of a kind the id must be whole; an answer may be of any length, and its seal tells of a cut. */
static void a_body_that_is_cut_has_all_that_its_kind_needs_or_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < BODIES; i++) {
        struct slice body = idempotency_row__write(&arena, &bodies[i]);

        for (size_t len = 0; len < body.len; len++) {
            char *copy = copy_of(body, len);
            struct idempotency_row row;

            assert_int_equal(idempotency_row__read(slice_make(copy, len), &row),
                             bodies[i].kind == 0 && len >= REST_AT);
            if (bodies[i].kind == 0 && len >= REST_AT) {
                assert_body(&row, &bodies[i]);
                assert_bytes(row.rest, slice_make(bodies[i].rest.data, len - REST_AT));
            }
            free(copy);
        }
    }
}

static void a_kind_with_none_or_more_than_an_id_is_refused(void **state)
{
    static const struct slice rests[] = {SLICE_INIT(""), SLICE_INIT("too short an id"),
                                         SLICE_INIT(ID "."), SLICE_INIT(ID ID)};

    (void)state;
    for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++) {
        struct idempotency_row row = bodies[0];
        struct idempotency_row read;

        row.rest = rests[i];
        assert_false(idempotency_row__read(idempotency_row__write(&arena, &row), &read));
        row.kind = 0;
        assert_true(idempotency_row__read(idempotency_row__write(&arena, &row), &read));
        assert_bytes(read.rest, rests[i]);
    }
}

static void a_body_that_an_arena_has_no_room_for_is_empty(void **state)
{
    struct arena failed;

    (void)state;
    arena_init(&failed, NULL, (size_t)1 << 20);
    arena_fail(&failed);
    assert_int_equal(idempotency_row__write(&failed, &bodies[0]).len, 0);
    arena_done(&failed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_taken_off_a_block_as_they_were_written),
        TEST(a_row_is_stored_in_the_order_that_is_documented),
        TEST(a_block_that_is_cut_ends_at_its_last_whole_row),
        TEST(a_length_that_points_beyond_the_end_ends_the_block),
        TEST(a_body_is_read_as_it_was_written),
        TEST(a_body_is_stored_in_the_order_that_is_documented),
        TEST(a_body_that_is_cut_has_all_that_its_kind_needs_or_is_refused),
        TEST(a_kind_with_none_or_more_than_an_id_is_refused),
        TEST(a_body_that_an_arena_has_no_room_for_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
