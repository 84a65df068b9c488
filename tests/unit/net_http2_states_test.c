/* HTTP/2 through real sockets: what RFC 9113 demands of frames in each state of a stream. */
#include "rpc/net/http2_bounds.h"
#include "tests/support/http2_raw.h"

#define END_STREAM 1
#define END_HEADERS 4
#define PRIORITY_FLAG 32

/* GET http://a/never, and http://a/echo; the authority is not kept in HPACK's table. */
#define NEVER "\x82\x86\x04\6/never\x01\1a"
#define ECHO "\x82\x86\x04\5/echo\x01\1a"
#define TRAILER "\x00\3x-a\1b"
/* POST http://a/, with a field that no request has: the stream is reset, although more may come. */
#define MALFORMED "\x83\x86\x84\x01\1a\x00\4:x-a\1b"

struct frame {
    int type;
    int flags;
    unsigned id;
    struct slice payload;
};

static const struct case_of_states {
    const char *what;
    struct frame first[3];  /* sent at once; type -1 ends it */
    struct frame second[2]; /* sent after an answer */
    unsigned error;         /* NO_ERROR: nothing is wrong */
} cases[] = {
    {"DATA on half-closed (remote)",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(NEVER)},
      {NGHTTP2_DATA, 0, 1, SLICE_INIT("x")},
      {.type = -1}},
     {{.type = -1}},
     NGHTTP2_STREAM_CLOSED},
    {"HEADERS on half-closed (remote)",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(NEVER)},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(TRAILER)},
      {.type = -1}},
     {{.type = -1}},
     NGHTTP2_STREAM_CLOSED},
    {"DATA after RST_STREAM",
     {{NGHTTP2_HEADERS, END_HEADERS, 1, SLICE_INIT(NEVER)},
      {NGHTTP2_RST_STREAM, 0, 1, SLICE_INIT("\0\0\0\10")},
      {NGHTTP2_DATA, 0, 1, SLICE_INIT("x")}},
     {{.type = -1}},
     NGHTTP2_STREAM_CLOSED},
    {"HEADERS after RST_STREAM",
     {{NGHTTP2_HEADERS, END_HEADERS, 1, SLICE_INIT(NEVER)},
      {NGHTTP2_RST_STREAM, 0, 1, SLICE_INIT("\0\0\0\10")},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(TRAILER)}},
     {{.type = -1}},
     NGHTTP2_STREAM_CLOSED},
    {"DATA on closed",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(ECHO)}, {.type = -1}},
     {{NGHTTP2_DATA, 0, 1, SLICE_INIT("x")}, {.type = -1}},
     NGHTTP2_STREAM_CLOSED},
    {"HEADERS on closed",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(ECHO)}, {.type = -1}},
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(ECHO)}, {.type = -1}},
     NGHTTP2_STREAM_CLOSED},
    {"DATA on a stream that closed 127 streams ago",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(ECHO)},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 255, SLICE_INIT(NEVER)},
      {.type = -1}},
     {{NGHTTP2_DATA, 0, 1, SLICE_INIT("x")}, {.type = -1}},
     NGHTTP2_STREAM_CLOSED},
    {"DATA on one that closed longer ago",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(ECHO)},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 257, SLICE_INIT(NEVER)},
      {.type = -1}},
     {{NGHTTP2_DATA, 0, 1, SLICE_INIT("x")}, {.type = -1}},
     NGHTTP2_NO_ERROR},
    {"DATA on a stream that was reset before its end",
     {{NGHTTP2_HEADERS, END_HEADERS, 1, SLICE_INIT(MALFORMED)}, {.type = -1}},
     {{NGHTTP2_DATA, 0, 1, SLICE_INIT("x")}, {NGHTTP2_DATA, END_STREAM, 1, SLICE_INIT("x")}},
     NGHTTP2_NO_ERROR},
    {"trailers on a stream that was reset before its end",
     {{NGHTTP2_HEADERS, END_HEADERS, 1, SLICE_INIT(MALFORMED)}, {.type = -1}},
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(TRAILER)}, {.type = -1}},
     NGHTTP2_NO_ERROR},
    {"WINDOW_UPDATE and RST_STREAM on closed",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(ECHO)}, {.type = -1}},
     {{NGHTTP2_WINDOW_UPDATE, 0, 1, SLICE_INIT("\0\0\0\1")},
      {NGHTTP2_RST_STREAM, 0, 1, SLICE_INIT("\0\0\0\10")}},
     NGHTTP2_NO_ERROR},
    {"HEADERS with a smaller, never opened identifier",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 5, SLICE_INIT(NEVER)},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 3, SLICE_INIT(NEVER)},
      {.type = -1}},
     {{.type = -1}},
     NGHTTP2_PROTOCOL_ERROR},
    {"PRIORITY on stream 0",
     {{NGHTTP2_PRIORITY, 0, 0, SLICE_INIT("\0\0\0\1\1")}, {.type = -1}},
     {{.type = -1}},
     NGHTTP2_PROTOCOL_ERROR},
    {"PRIORITY on itself",
     {{NGHTTP2_PRIORITY, 0, 3, SLICE_INIT("\0\0\0\3\1")}, {.type = -1}},
     {{.type = -1}},
     NGHTTP2_PROTOCOL_ERROR},
    {"HEADERS that depend on themselves",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS | PRIORITY_FLAG, 1,
       SLICE_INIT("\0\0\0\1\1" NEVER)},
      {.type = -1}},
     {{.type = -1}},
     NGHTTP2_PROTOCOL_ERROR},
    {"identifiers that are left out",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 5, SLICE_INIT(NEVER)},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 11, SLICE_INIT(NEVER)},
      {.type = -1}},
     {{.type = -1}},
     NGHTTP2_NO_ERROR},
    {"trailers on an older stream",
     {{NGHTTP2_HEADERS, END_HEADERS, 1, SLICE_INIT(NEVER)},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 7, SLICE_INIT(NEVER)},
      {NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(TRAILER)}},
     {{.type = -1}},
     NGHTTP2_NO_ERROR},
    {"PRIORITY on closed and on idle",
     {{NGHTTP2_HEADERS, END_STREAM | END_HEADERS, 1, SLICE_INIT(ECHO)},
      {NGHTTP2_PRIORITY, 0, 9, SLICE_INIT("\0\0\0\1\1")},
      {.type = -1}},
     {{NGHTTP2_PRIORITY, 0, 1, SLICE_INIT("\0\0\0\0\1")}, {.type = -1}},
     NGHTTP2_NO_ERROR},
};

static struct slice write_frames(char *bytes, const struct frame *frames, size_t most)
{
    size_t len = 0;

    for (size_t i = 0; i < most && frames[i].type >= 0; i++)
        len = raw_frame(bytes, len, frames[i].type, frames[i].flags, frames[i].id,
                        frames[i].payload);
    return slice_make(bytes, len);
}

static void frames_are_judged_by_the_state_of_their_stream(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_fault = cases[i].error != NGHTTP2_NO_ERROR;
        char first[256], second[256];
        struct raw_answer answer = raw_converse_twice(
            *state, write_frames(first, cases[i].first, 3),
            write_frames(second, cases[i].second, 2), is_fault ? PATIENCE_MS : 100);

        if (is_fault != answer.closed || answer.goaways != (is_fault ? 1 : 0) ||
            (is_fault && answer.goaway_error != cases[i].error))
            fail_msg("%s: wanted error %u, got %u GOAWAY %u, %u RST_STREAM %u", cases[i].what,
                     cases[i].error, answer.goaways, answer.goaway_error, answer.resets,
                     answer.reset_error);
    }
}

/* Against a list of what closed, over identifiers that come in steps of every size. */
static void the_newest_128_streams_are_known_to_have_ended(void **state)
{
    static bool has_ended[2000];
    struct http2_bounds bounds = {0};
    uint32_t random = 1;

    (void)state;
    for (int32_t newest = 1; newest < 2000;) {
        assert_true(http2_bounds__headers(&bounds, newest));
        for (int32_t id = newest; id > 0 && id > newest - 20; id -= 2) {
            random = random * 1103515245 + 12345;
            if (random >> 30 == 0) {
                http2_bounds__ended(&bounds, id);
                has_ended[id] = true;
            }
        }
        for (int32_t id = -1; id <= newest + 3; id++) {
            bool wanted = id > newest - 2 * HTTP2_ENDED_MOST && id > 0 && id <= newest &&
                          has_ended[id];

            if (http2_bounds__has_ended(&bounds, id) != wanted)
                fail_msg("stream %d of %d: wanted %d", id, newest, wanted);
        }
        random = random * 1103515245 + 12345;
        newest += random >> 28 == 0 ? (int32_t)(random >> 16 & 0x1ff) * 2 : 2;
        newest += newest == bounds.newest ? 2 : 0;
    }
}

static int start_default(void **state)
{
    *state = net_fixture_start(test_settings());
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_are_judged_by_the_state_of_their_stream,
                                        start_default, stop),
        cmocka_unit_test(the_newest_128_streams_are_known_to_have_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
