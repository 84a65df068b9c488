/* Length-prefixed messages: any cut of the stream gives the same messages, bounds hold by prefix.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/grpc/frame.h"

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

#define MESSAGES_MOST 8

struct outcome {
    enum frame_result last; /* FRAME_MORE at the stream's end, or an error */
    struct frame frames[MESSAGES_MOST];
    size_t count;
    bool whole;
};

/* Reads `stream` in pieces of `size` bytes, the first of `first` bytes. */
static struct outcome read_stream(struct slice stream, size_t first, size_t size, size_t most)
{
    struct outcome outcome = {.last = FRAME_MORE};
    struct frame_reader reader;
    size_t next = first;

    frame__reader_init(&reader, &arena, most);
    while (stream.len > 0) {
        size_t len = next < stream.len ? next : stream.len;
        struct slice piece = slice_make(stream.data, len);

        stream = slice_from(stream, len);
        next = size;
        while (piece.len > 0) {
            struct frame frame;

            outcome.last = frame__read(&reader, &piece, &frame);
            if (outcome.last == FRAME_MESSAGE)
                outcome.frames[outcome.count++] = frame;
            else if (outcome.last != FRAME_MORE)
                return outcome;
        }
    }
    outcome.whole = frame__is_whole(&reader);
    return outcome;
}

static const struct slice three = SLICE_INIT("\0\0\0\0\3abc"
                                             "\1\0\0\0\0"
                                             "\0\0\0\0\12"
                                             "0123456789");

static void assert_three(const struct outcome *outcome)
{
    assert_int_equal(outcome->count, 3);
    assert_true(outcome->whole);
    assert_false(outcome->frames[0].compressed);
    assert_true(slice_equal(outcome->frames[0].bytes, SLICE("abc")));
    assert_true(outcome->frames[1].compressed);
    assert_int_equal(outcome->frames[1].bytes.len, 0);
    assert_false(outcome->frames[2].compressed);
    assert_true(slice_equal(outcome->frames[2].bytes, SLICE("0123456789")));
}

static void every_cut_of_the_stream_gives_the_same_messages(void **state)
{
    (void)state;
    for (size_t first = 1; first <= three.len; first++)
        for (size_t size = 1; size <= three.len; size++) {
            struct outcome outcome = read_stream(three, first, size, 10);

            assert_three(&outcome);
        }
}

static void stream_that_ends_within_a_message_is_not_whole(void **state)
{
    static const size_t ends[] = {0, 8, 13, 28}; /* of whole messages */

    (void)state;
    for (size_t len = 0; len <= three.len; len++) {
        struct outcome outcome = read_stream(slice_make(three.data, len), 3, 3, 10);
        bool wanted = false;

        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
            wanted = wanted || ends[i] == len;
        if (outcome.whole != wanted)
            fail_msg("cut at %zu: whole %d", len, outcome.whole);
    }
}

static void empty_pieces_change_nothing(void **state)
{
    struct frame_reader reader;
    struct slice nothing = SLICE_EMPTY;
    struct slice piece = SLICE("\0\0\0\0\1x");
    struct frame frame;

    (void)state;
    frame__reader_init(&reader, &arena, 10);
    assert_int_equal(frame__read(&reader, &nothing, &frame), FRAME_MORE);
    assert_true(frame__is_whole(&reader));
    assert_int_equal(frame__read(&reader, &piece, &frame), FRAME_MESSAGE);
    assert_true(slice_equal(frame.bytes, SLICE("x")));
}

static void other_flags_are_refused(void **state)
{
    (void)state;
    for (unsigned flag = 0; flag < 256; flag++) {
        char stream[] = "\0\0\0\0\1x";
        struct outcome outcome;

        stream[0] = (char)flag;
        outcome = read_stream(slice_make(stream, 6), 6, 6, 10);
        assert_int_equal(outcome.last, flag <= 1 ? FRAME_MESSAGE : FRAME_BAD_FLAG);
    }
}

static void size_is_judged_by_the_prefix_alone(void **state)
{
    static const struct {
        struct slice stream;
        size_t most;
        enum frame_result wanted;
    } cases[] = {
        {SLICE_INIT("\0\0\0\0\4"), 3, FRAME_TOO_LARGE},
        {SLICE_INIT("\0\0\0\0\4"), 4, FRAME_MORE},
        {SLICE_INIT("\0\0\1\0\0"), 65535, FRAME_TOO_LARGE},
        {SLICE_INIT("\0\0\1\0\0"), 65536, FRAME_MORE},
        {SLICE_INIT("\1\xff\xff\xff\xff"), 0xfffffffe, FRAME_TOO_LARGE},
        {SLICE_INIT("\0\x80\0\0\0"), 0x7fffffff, FRAME_TOO_LARGE},
        {SLICE_INIT("\0\0\0\0\0"), 0, FRAME_MESSAGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = read_stream(cases[i].stream, 5, 5, cases[i].most);

        if (outcome.last != cases[i].wanted)
            fail_msg("case %zu: %d", i, outcome.last);
    }
    assert_int_equal(arena.reserved, 0);
}

static void memory_grows_with_what_came_not_with_what_was_announced(void **state)
{
    (void)state;
    read_stream(SLICE("\0\3\0\0\0abc"), 8, 8, (size_t)64 << 20);
    assert_true(arena.reserved < 65536);
}

static void large_message_in_small_pieces_is_kept_whole(void **state)
{
    enum { LEN = 300000 };
    char *stream = test_malloc(FRAME_PREFIX_LEN + LEN);
    struct outcome outcome;

    (void)state;
    frame__write_prefix(stream, true, LEN);
    for (size_t i = 0; i < LEN; i++)
        stream[FRAME_PREFIX_LEN + i] = (char)(i * 7 % 251);
    outcome = read_stream(slice_make(stream, FRAME_PREFIX_LEN + LEN), 1000, 16384, LEN);
    assert_int_equal(outcome.count, 1);
    assert_true(outcome.frames[0].compressed);
    assert_int_equal(outcome.frames[0].bytes.len, LEN);
    assert_memory_equal(outcome.frames[0].bytes.data, stream + FRAME_PREFIX_LEN, LEN);
    test_free(stream);
}

static void prefix_that_is_written_is_read(void **state)
{
    static const size_t lens[] = {0, 1, 255, 256, 65536, 0x01020304};

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        char prefix[FRAME_PREFIX_LEN];
        struct slice piece = slice_make(prefix, sizeof(prefix));
        struct frame_reader reader;
        struct frame frame;

        frame__write_prefix(prefix, i % 2 == 1, lens[i]);
        frame__reader_init(&reader, &arena, SIZE_MAX);
        frame__read(&reader, &piece, &frame);
        assert_int_equal(prefix[0], i % 2);
        if (lens[i] > 0)
            assert_int_equal(reader.len, lens[i]);
    }
}

static void failed_arena_is_told(void **state)
{
    struct arena small;
    struct frame_reader reader;
    struct slice piece = SLICE("\0\0\0\0\3abc");
    struct frame frame;

    (void)state;
    arena_init(&small, NULL, (size_t)1 << 20);
    arena_fail(&small);
    frame__reader_init(&reader, &small, 10);
    assert_int_equal(frame__read(&reader, &piece, &frame), FRAME_NO_MEMORY);
    arena_done(&small);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_cut_of_the_stream_gives_the_same_messages),
        TEST(stream_that_ends_within_a_message_is_not_whole),
        TEST(empty_pieces_change_nothing),
        TEST(other_flags_are_refused),
        TEST(size_is_judged_by_the_prefix_alone),
        TEST(memory_grows_with_what_came_not_with_what_was_announced),
        TEST(large_message_in_small_pieces_is_kept_whole),
        TEST(prefix_that_is_written_is_read),
        TEST(failed_arena_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
