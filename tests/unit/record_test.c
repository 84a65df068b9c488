/* Record headers: what is written is read, what is foreign is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/record.h"

static void header_and_body_are_read_back(void **state)
{
    static const uint64_t revisions[] = {0, 1, 255, 256, 0x0102030405060708, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(revisions) / sizeof(revisions[0]); i++) {
        uint8_t value[RECORD_HEADER_LEN + 3] = {0};
        struct record record = {0};

        record_write_header(value, revisions[i]);
        memcpy(value + RECORD_HEADER_LEN, "abc", 3);
        assert_true(record_parse(slice_make(value, sizeof(value)), &record));
        assert_true(record.revision == revisions[i]);
        assert_true(slice_equal(record.body, SLICE("abc")));
    }
}

static void header_has_the_documented_bytes(void **state)
{
    static const uint8_t wanted[RECORD_HEADER_LEN] = {1, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
    uint8_t header[RECORD_HEADER_LEN];

    (void)state;
    memset(header, 0xee, sizeof(header));
    record_write_header(header, 0x0102030405060708);
    assert_memory_equal(header, wanted, sizeof(wanted));
}

static void body_may_be_empty(void **state)
{
    uint8_t header[RECORD_HEADER_LEN];
    struct record record;

    (void)state;
    record_write_header(header, 9);
    assert_true(record_parse(slice_make(header, sizeof(header)), &record));
    assert_int_equal(record.body.len, 0);
}

static void foreign_headers_are_refused(void **state)
{
    (void)state;
    for (size_t byte = 0; byte < 4; byte++) {
        uint8_t header[RECORD_HEADER_LEN];
        struct record record = {.revision = 77};

        record_write_header(header, 5);
        header[byte] ^= 0x40;
        assert_false(record_parse(slice_make(header, sizeof(header)), &record));
        assert_int_equal(record.revision, 77);
    }
}

static void short_values_are_refused(void **state)
{
    uint8_t header[RECORD_HEADER_LEN];
    struct record record;

    (void)state;
    record_write_header(header, 5);
    for (size_t len = 0; len < RECORD_HEADER_LEN; len++)
        assert_false(record_parse(slice_make(header, len), &record));
    assert_false(record_parse(SLICE_EMPTY, &record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_body_are_read_back),
        cmocka_unit_test(header_has_the_documented_bytes),
        cmocka_unit_test(body_may_be_empty),
        cmocka_unit_test(foreign_headers_are_refused),
        cmocka_unit_test(short_values_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
