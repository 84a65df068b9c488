/* Metadata and message encodings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/grpc/metadata.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

#define HEADER(name, value)                 \
    {                                       \
        SLICE_INIT(name), SLICE_INIT(value) \
    }

static struct status read_headers(const struct header *headers, size_t count,
                                  struct metadata *metadata)
{
    struct request_head head = {.headers = headers, .header_count = count};

    return metadata__read(&arena, &head, 8192, metadata);
}

static void reserved_headers_are_read(void **state)
{
    static const struct header headers[] = {
        HEADER("content-type", "application/grpc"),
        HEADER("grpc-timeout", "3S"),
        HEADER("grpc-encoding", "gzip"),
        HEADER("grpc-accept-encoding", "br, gzip"),
        HEADER("grpc-accept-encoding", "identity"),
        HEADER("grpc-unheard-of", "x"),
        HEADER("grpc-timeout", "9S"),
    };
    struct metadata metadata;

    (void)state;
    assert_int_equal(read_headers(headers, 7, &metadata).code, STATUS_OK);
    assert_true(slice_equal(metadata.timeout, SLICE("3S")));
    assert_int_equal(metadata.encoding, ENCODING_GZIP);
    assert_int_equal(metadata.accepts, 1u << ENCODING_GZIP | 1u << ENCODING_IDENTITY);
}

static void nothing_is_assumed_of_bare_requests(void **state)
{
    static const struct header headers[] = {HEADER("content-type", "application/grpc")};
    struct metadata metadata;

    (void)state;
    assert_int_equal(read_headers(headers, 1, &metadata).code, STATUS_OK);
    assert_null(metadata.timeout.data);
    assert_int_equal(metadata.encoding, ENCODING_IDENTITY);
    assert_int_equal(metadata.accepts, 0);
}

static void foreign_encodings_are_told_apart(void **state)
{
    static const struct {
        struct slice name;
        enum encoding wanted;
    } cases[] = {
        {SLICE_INIT("identity"), ENCODING_IDENTITY}, {SLICE_INIT("gzip"), ENCODING_GZIP},
        {SLICE_INIT("deflate"), ENCODING_DEFLATE},   {SLICE_INIT("snappy"), ENCODING_UNSUPPORTED},
        {SLICE_INIT("GZIP"), ENCODING_UNSUPPORTED},  {SLICE_INIT(""), ENCODING_UNSUPPORTED},
        {SLICE_INIT("gzip "), ENCODING_UNSUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(encoding__by_name(cases[i].name), cases[i].wanted);
    assert_int_equal(encoding__read_list(SLICE(",,deflate ,\tgzip,")),
                     1u << ENCODING_DEFLATE | 1u << ENCODING_GZIP);
    assert_int_equal(encoding__read_list(SLICE_EMPTY), 0);
}

static void binary_metadata_must_be_base64(void **state)
{
    static const struct {
        struct slice value;
        enum status_code wanted;
    } cases[] = {
        {SLICE_INIT("AAEC"), STATUS_OK},
        {SLICE_INIT("AA=="), STATUS_OK},
        {SLICE_INIT("AA"), STATUS_OK},
        {SLICE_INIT("AA,AAEC, AQ=="), STATUS_OK},
        {SLICE_INIT(""), STATUS_OK},
        {SLICE_INIT("A"), STATUS_INTERNAL},
        {SLICE_INIT("AA,*"), STATUS_INTERNAL},
        {SLICE_INIT("AA=="
                    "AA"),
         STATUS_INTERNAL},
        {SLICE_INIT("a b"), STATUS_INTERNAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct header header = {SLICE_INIT("trace-bin"), cases[i].value};
        struct metadata metadata;
        struct status status = read_headers(&header, 1, &metadata);

        if (status.code != cases[i].wanted)
            fail_msg("%.*s: %d", SLICE_ARG(cases[i].value), status.code);
    }
}

static void binary_values_are_split_at_commas(void **state)
{
    struct slice rest = SLICE("AAEC,,/w, _-8=");
    static const struct slice wanted[] = {
        SLICE_INIT("\0\1\2"),
        SLICE_INIT(""),
        SLICE_INIT("\xff"),
        SLICE_INIT("\xff\xef"),
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct slice bytes;

        assert_true(metadata_next_binary(&arena, &rest, &bytes));
        assert_true(slice_equal(bytes, wanted[i]));
    }
    assert_null(rest.data);
}

static void metadata_beyond_the_bound_is_refused(void **state)
{
    struct request_head head = {.header_bytes = 8192};
    struct metadata metadata;

    (void)state;
    assert_int_equal(metadata__read(&arena, &head, 8192, &metadata).code, STATUS_OK);
    head.header_bytes++;
    assert_int_equal(metadata__read(&arena, &head, 8192, &metadata).code,
                     STATUS_RESOURCE_EXHAUSTED);
}

/* -- message encodings ------------------------------------------------------------------------ */

static struct slice sample(size_t len)
{
    char *text = arena_alloc(&arena, len + 1);

    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i * i % 23);
    return slice_make(text, len);
}

static void what_is_compressed_unfolds_again(void **state)
{
    static const size_t lens[] = {0, 1, 1000, 4096, 70000, 1000000};

    (void)state;
    for (unsigned encoding = ENCODING_GZIP; encoding <= ENCODING_DEFLATE; encoding++)
        for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
            struct slice text = sample(lens[i]);
            struct slice packed = compress__deflate(&arena, (enum encoding)encoding, text, 5);
            struct slice back = SLICE_EMPTY;

            assert_true(packed.len > 5);
            assert_int_equal(compress__inflate(&arena, (enum encoding)encoding,
                                               slice_from(packed, 5), lens[i], &back),
                             INFLATE_OK);
            assert_true(slice_equal(back, text));
        }
}

static void unfolding_stops_at_the_bound(void **state)
{
    static const size_t lens[] = {1, 4096, 4097, 50000, 1000000};

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        char *zeros = arena_zalloc(&arena, lens[i]);
        struct slice packed = compress__deflate(&arena, ENCODING_GZIP, slice_make(zeros, lens[i]),
                                                0);
        struct slice back = SLICE_EMPTY;

        assert_int_equal(compress__inflate(&arena, ENCODING_GZIP, packed, lens[i] - 1, &back),
                         INFLATE_TOO_LARGE);
        assert_int_equal(compress__inflate(&arena, ENCODING_GZIP, packed, lens[i], &back),
                         INFLATE_OK);
        assert_int_equal(back.len, lens[i]);
    }
}

static void bad_compressed_data_is_refused(void **state)
{
    struct slice packed = compress__deflate(&arena, ENCODING_GZIP, sample(3000), 0);
    struct slice zlib = compress__deflate(&arena, ENCODING_DEFLATE, sample(3000), 0);
    char *longer = arena_zalloc(&arena, packed.len + 1);
    char *flipped = arena_zalloc(&arena, packed.len);
    struct slice back;

    (void)state;
    memcpy(longer, packed.data, packed.len);
    memcpy(flipped, packed.data, packed.len);
    flipped[packed.len - 6] ^= 1; /* its checksum */
    for (size_t len = 0; len < packed.len; len++)
        assert_int_equal(
            compress__inflate(&arena, ENCODING_GZIP, slice_make(packed.data, len), 65536, &back),
            INFLATE_BAD);
    assert_int_equal(
        compress__inflate(&arena, ENCODING_GZIP, slice_make(longer, packed.len + 1), 65536, &back),
        INFLATE_BAD);
    assert_int_equal(
        compress__inflate(&arena, ENCODING_GZIP, slice_make(flipped, packed.len), 65536, &back),
        INFLATE_BAD);
    assert_int_equal(compress__inflate(&arena, ENCODING_GZIP, zlib, 65536, &back), INFLATE_BAD);
    assert_int_equal(compress__inflate(&arena, ENCODING_DEFLATE, packed, 65536, &back),
                     INFLATE_BAD);
}

#ifdef DATASTREAM_FAULTS
static void every_failed_allocation_is_told(void **state)
{
    struct slice text = sample(20000);
    struct slice packed = compress__deflate(&arena, ENCODING_GZIP, text, 0);

    (void)state;
    for (unsigned long number = 1;; number++) {
        struct arena small;
        struct slice back = SLICE_EMPTY, again = SLICE_EMPTY;
        enum inflate_result result;
        bool failed;

        arena_init(&small, NULL, (size_t)1 << 20);
        arena_fault_set(number, false);
        result = compress__inflate(&small, ENCODING_GZIP, packed, 65536, &back);
        if (result == INFLATE_OK)
            again = compress__deflate(&small, ENCODING_DEFLATE, back, 0);
        failed = arena_failed(&small);
        arena_fault_set(0, false);
        assert_true(result == INFLATE_OK || (failed && result == INFLATE_NO_MEMORY));
        assert_int_equal(failed, again.len == 0);
        arena_done(&small);
        if (!failed)
            break;
    }
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reserved_headers_are_read),         TEST(nothing_is_assumed_of_bare_requests),
        TEST(foreign_encodings_are_told_apart),  TEST(binary_metadata_must_be_base64),
        TEST(binary_values_are_split_at_commas), TEST(metadata_beyond_the_bound_is_refused),
        TEST(what_is_compressed_unfolds_again),  TEST(unfolding_stops_at_the_bound),
        TEST(bad_compressed_data_is_refused),
#ifdef DATASTREAM_FAULTS
        TEST(every_failed_allocation_is_told),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
