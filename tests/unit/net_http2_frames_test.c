/* Heads of HTTP/2 frames in what comes, wherever a read ends. */
#include "rpc/net/http2_frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Four bytes before the first frame; then SETTINGS, short DATA, longer DATA, RST_STREAM. */
#define BEFORE 4
#define LONG 258

static const struct http2_frame_head wanted[] = {{4, 0}, {0, 1}, {0, 0x01020304}, {3, 0x7fffffff}};
#define WANTED (sizeof(wanted) / sizeof(wanted[0]))

static size_t put(char *to, size_t len, struct slice bytes)
{
    memcpy(to + len, bytes.data, bytes.len);
    return len + bytes.len;
}

static size_t write_frames(char *to)
{
    size_t len = put(to, 0, SLICE("\x09\x09\x09\x09"));

    len = put(to, len, SLICE("\0\0\0\4\0\0\0\0\0"));
    len = put(to, len, SLICE("\0\0\3\0\1\0\0\0\1abc"));
    len = put(to, len, SLICE("\0\1\2\0\0\1\2\3\4"));
    memset(to + len, 3, LONG);
    /* The reserved bit of an identifier is ignored. */
    return put(to, len + LONG, SLICE("\0\0\4\3\0\377\377\377\377\0\0\0\10"));
}

static size_t walk(struct http2_frames *frames, struct slice bytes, size_t seen)
{
    struct http2_frame_head head;

    while (http2_frames__next(frames, &bytes, &head)) {
        assert_true(seen < WANTED);
        assert_int_equal(head.type, wanted[seen].type);
        assert_int_equal(head.stream_id, wanted[seen].stream_id);
        seen++;
    }
    assert_int_equal(bytes.len, 0);
    return seen;
}

static void heads_are_found_wherever_a_read_ends(void **state)
{
    char bytes[512];
    size_t len = write_frames(bytes);

    (void)state;
    for (size_t first = 0; first <= len; first++)
        for (size_t second = first; second <= len; second++) {
            struct http2_frames frames = {.left = BEFORE};
            size_t seen = walk(&frames, slice_make(bytes, first), 0);

            seen = walk(&frames, slice_make(bytes + first, second - first), seen);
            seen = walk(&frames, slice_make(bytes + second, len - second), seen);
            assert_int_equal(seen, WANTED);
            assert_int_equal(frames.left, 0);
        }
}

static void heads_are_found_byte_by_byte(void **state)
{
    struct http2_frames frames = {.left = BEFORE};
    char bytes[512];
    size_t len = write_frames(bytes);
    size_t seen = 0;

    (void)state;
    for (size_t i = 0; i < len; i++)
        seen = walk(&frames, slice_make(bytes + i, 1), seen);
    assert_int_equal(seen, WANTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_found_wherever_a_read_ends),
        cmocka_unit_test(heads_are_found_byte_by_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
