/* Batches of rows: the same bytes as those that RocksDB gathers, and rows that it writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "storage/engines/rocksdb_batch.h"
#include "tests/support/scratch.h"

/* Around the ends of varints of one, two and three bytes, and beyond the first room of a batch. */
static const size_t lengths[] = {0, 1, 127, 128, 129, 16383, 16384, 70000};
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))
#define LENGTH_MOST 70000

struct fixture {
    char folder[64];
    char text[LENGTH_MOST];
    rocksdb_options_t *options;
    rocksdb_t *database;
    rocksdb_column_family_handle_t *families[2]; /* with the numbers 0 and 1 */
    struct rocksdb_batch batch;
    rocksdb_writebatch_t *wanted;
};

static int start(void **state)
{
    static const char *const names[] = {"default", "second"};
    struct fixture *f = calloc(1, sizeof(*f));
    const rocksdb_options_t *options[2];
    char *error = NULL;

    assert_non_null(f);
    assert_true(scratch_make("batch", f->folder, sizeof(f->folder)));
    for (size_t i = 0; i < sizeof(f->text); i++)
        f->text[i] = (char)(i * 7);
    f->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(f->options, 1);
    rocksdb_options_set_create_missing_column_families(f->options, 1);
    options[0] = options[1] = f->options;
    f->database = rocksdb_open_column_families(f->options, f->folder, 2, names, options,
                                               f->families, &error);
    assert_null(error);
    f->wanted = rocksdb_writebatch_create();
    *state = f;
    return 0;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    char *error = NULL;

    rocksdb__batch_done(&f->batch);
    rocksdb_writebatch_destroy(f->wanted);
    for (int i = 0; i < 2; i++)
        rocksdb_column_family_handle_destroy(f->families[i]);
    rocksdb_close(f->database);
    rocksdb_destroy_db(f->options, f->folder, &error);
    assert_null(error);
    rocksdb_options_destroy(f->options);
    free(f);
    return 0;
}

static void put(struct fixture *f, int family, struct slice key, struct slice value)
{
    const struct slice parts[] = {slice_make(value.data, value.len / 3), SLICE_EMPTY,
                                  slice_from(value, value.len / 3)};

    rocksdb__batch_put(&f->batch, f->families[family], key, parts, 3);
    rocksdb_writebatch_put_cf(f->wanted, f->families[family], key.data, key.len, value.data,
                              value.len);
}

static void take_out(struct fixture *f, int family, struct slice key)
{
    rocksdb__batch_remove(&f->batch, f->families[family], key);
    rocksdb_writebatch_delete_cf(f->wanted, f->families[family], key.data, key.len);
}

/* Takes the batch, compares its bytes, and has RocksDB write it. */
static void write_it(struct fixture *f)
{
    rocksdb_writebatch_t *taken = rocksdb__batch_take(&f->batch);
    rocksdb_writeoptions_t *options = rocksdb_writeoptions_create();
    char *error = NULL;
    size_t wanted_len;
    size_t len;
    const char *wanted = rocksdb_writebatch_data(f->wanted, &wanted_len);
    const char *bytes;

    assert_non_null(taken);
    bytes = rocksdb_writebatch_data(taken, &len);
    assert_int_equal(len, wanted_len);
    assert_memory_equal(bytes, wanted, len);
    assert_int_equal(rocksdb_writebatch_count(taken), rocksdb_writebatch_count(f->wanted));
    rocksdb_write(f->database, options, taken, &error);
    assert_null(error);
    rocksdb_writebatch_destroy(taken);
    rocksdb_writebatch_clear(f->wanted);
    rocksdb_writeoptions_destroy(options);
}

static void assert_value(struct fixture *f, int family, struct slice key, struct slice wanted)
{
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    char *error = NULL;
    size_t len = 0;
    char *value = rocksdb_get_cf(f->database, options, f->families[family], key.data, key.len, &len,
                                 &error);

    assert_null(error);
    if (wanted.data == NULL) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_int_equal(len, wanted.len);
        assert_memory_equal(value, wanted.data, len);
    }
    rocksdb_free(value);
    rocksdb_readoptions_destroy(options);
}

static void rows_of_every_length_are_the_bytes_of_rocksdb(void **state)
{
    struct fixture *f = *state;

    for (int family = 0; family < 2; family++)
        for (size_t i = 1; i < LENGTHS; i++)
            for (size_t j = 0; j < LENGTHS; j++)
                put(f, family, slice_make(f->text, lengths[i]), slice_make(f->text, lengths[j]));
    write_it(f);
    for (int family = 0; family < 2; family++)
        for (size_t i = 1; i < LENGTHS; i++)
            assert_value(f, family, slice_make(f->text, lengths[i]),
                         slice_make(f->text, lengths[LENGTHS - 1]));
}

static void a_batch_that_was_taken_begins_anew(void **state)
{
    struct fixture *f = *state;

    put(f, 0, SLICE("a"), SLICE("1"));
    put(f, 1, SLICE("a"), SLICE("2"));
    write_it(f);
    take_out(f, 0, SLICE("a"));
    put(f, 1, SLICE("a"), SLICE("3"));
    take_out(f, 1, SLICE("b"));
    write_it(f);
    assert_value(f, 0, SLICE("a"), SLICE_EMPTY);
    assert_value(f, 1, SLICE("a"), SLICE("3"));
}

static void a_batch_of_nothing_is_written(void **state)
{
    write_it(*state);
    write_it(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_every_length_are_the_bytes_of_rocksdb),
        TEST(a_batch_that_was_taken_begins_anew),
        TEST(a_batch_of_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
