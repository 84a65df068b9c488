/* HTTP/2 through real sockets: floods, made by hand, and deadlines. */
#include "tests/support/http2_client.h"
#include "tests/support/http2_raw.h"

/* ---- floods ---- */

static struct client *client_ready(const struct fixture *fixture)
{
    struct client *client = client_open(fixture, 0, true);

    while (client_step(client, 50))
        ;
    return client;
}

static void expect_calm(struct client *client, const char *reason)
{
    client_until_end(client);
    assert_int_equal(client->goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_string_equal(client->goaway_debug, reason);
    client_close(client);
}

static void rapid_resets_end_in_goaway(void **state)
{
    struct client *client = client_ready(*state);

    for (int i = 0; i < 1500 && !client->ended; i++) {
        int32_t id = http2_get(client, "/never");

        client_flush(client);
        nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
        if (i % 50 == 0)
            client_step(client, 0);
    }
    expect_calm(client, "too many resets");
}

static void frames_without_a_use_end_in_goaway(void **state)
{
    static const struct {
        const char *what;
        struct slice frame;
    } floods[] = {
        {"PRIORITY", SLICE_INIT("\0\0\5\2\0\0\0\0\1\0\0\0\0\1")},
        {"unknown", SLICE_INIT("\0\0\0\xbb\0\0\0\0\0")},
        {"WINDOW_UPDATE", SLICE_INIT("\0\0\4\10\0\0\0\0\0\0\0\0\1")},
        {"SETTINGS", SLICE_INIT("\0\0\6\4\0\0\0\0\0\0\4\0\0\377\377")},
    };
    struct fixture *fixture = *state;
    static char bytes[1100 * 16];

    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
        struct raw_answer answer;

        raw_repeat(bytes, floods[i].frame.data, floods[i].frame.len, 900);
        answer = raw_converse(fixture, slice_make(bytes, floods[i].frame.len * 900), 100);
        if (answer.goaways != 0)
            fail_msg("%s: GOAWAY %u too early", floods[i].what, answer.goaway_error);
        raw_repeat(bytes, floods[i].frame.data, floods[i].frame.len, 1100);
        answer = raw_converse(fixture, slice_make(bytes, floods[i].frame.len * 1100), PATIENCE_MS);
        if (answer.goaways != 1 || answer.goaway_error != NGHTTP2_ENHANCE_YOUR_CALM)
            fail_msg("%s: %u GOAWAY %u", floods[i].what, answer.goaways, answer.goaway_error);
    }
}

static void empty_data_ends_in_goaway(void **state)
{
    struct client *client = client_ready(*state);
    static char bytes[1100 * 9];
    int32_t id;

    client->never_ends = true;
    id = http2_request(client, "POST", "/echo", 1, NULL, 0);
    client_flush(client);
    raw_repeat(bytes, "\0\0\0\0\0\0\0\0\0", 9, 1100);
    for (size_t i = 0; i < 1100; i++)
        bytes[i * 9 + 8] = (char)id;
    client_send(client->fd, slice_make(bytes, sizeof(bytes)));
    expect_calm(client, "too many useless frames");
}

static void invalid_requests_in_number_end_in_goaway(void **state)
{
    struct client *client = client_ready(*state);
    /* HTTP/2 has no connection fields (RFC 9113 section 8.2.2). */
    nghttp2_nv fields[] = {NV(":method", "GET"), NV(":path", "/"), NV(":scheme", "http"),
                           NV("connection", "close")};

    for (int i = 0; i < 1500 && !client->ended; i++) {
        nghttp2_submit_request(client->session, NULL, fields, 4, NULL, NULL);
        client_flush(client);
        if (i % 20 == 0)
            client_step(client, 0);
    }
    client_until_end(client);
    assert_int_equal(client->goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    client_close(client);
}

/* RFC 9113 section 8.1.1; each is the error of one stream, and the connection goes on. */
static void malformed_requests_are_reset_and_others_are_served(void **state)
{
    const struct {
        const char *path;
        size_t upload;
        nghttp2_nv extra;
        uint32_t error;
    } rows[] = {
        {"/echo", 0, NV("content-length", "1"), NGHTTP2_PROTOCOL_ERROR},
        {"/echo", 2, NV("content-length", "3"), NGHTTP2_PROTOCOL_ERROR},
        {"/echo", 3, NV("content-length", "2"), NGHTTP2_PROTOCOL_ERROR},
        {"/echo", 3, NV("content-length", "3"), NGHTTP2_NO_ERROR},
        {"/echo", 0, NV("te", "gzip"), NGHTTP2_PROTOCOL_ERROR},
        {"/echo", 0, NV(":path", "/echo"), NGHTTP2_PROTOCOL_ERROR},
        {"echo", 0, NV("x", "1"), NGHTTP2_PROTOCOL_ERROR},
        {"/echo", 0, NV("x", "1"), NGHTTP2_NO_ERROR},
    };
    struct client *client = client_ready(*state);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t id = http2_request(client, "POST", rows[i].path, rows[i].upload, &rows[i].extra, 1);

        client_until_closed(client, id);
        if (heard_of(client, id)->error != rows[i].error)
            fail_msg("row %zu: error %u", i, heard_of(client, id)->error);
    }
    client_close(client);
}

/* Trailers come with the end of the body, and have no pseudo-headers. */
static void malformed_trailers_are_reset(void **state)
{
    static const struct {
        char flags;
        const char *block;
        size_t len;
    } rows[] = {
        {4, "\0\1x\1y", 5}, /* literal x: y, without END_STREAM */
        {5, "\x82", 1},     /* :method GET */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client *client = client_ready(*state);
        char frame[32] = {0};
        int32_t id;

        client->never_ends = true;
        id = http2_request(client, "POST", "/echo", 0, NULL, 0);
        client_flush(client);
        frame[2] = (char)rows[i].len;
        frame[3] = NGHTTP2_HEADERS;
        frame[4] = rows[i].flags;
        frame[8] = (char)id;
        memcpy(frame + 9, rows[i].block, rows[i].len);
        client_send(client->fd, slice_make(frame, 9 + rows[i].len));
        client_until_closed(client, id);
        assert_int_equal(heard_of(client, id)->error, NGHTTP2_PROTOCOL_ERROR);
        client_close(client);
    }
}

/*
 * Each of these has us reset a stream that runs already ("MadeYouReset", CVE-2025-8671): a body
 * that is not as long as it was said, and a window beyond what it may be.
 */
static void resets_that_the_client_provokes_end_in_goaway(void **state)
{
    struct client *client = client_ready(*state);
    nghttp2_nv length = NV("content-length", "1");

    for (int i = 0; i < 1500 && !client->ended; i++)
        client_until_closed(client, http2_request(client, "POST", "/echo", 2, &length, 1));
    expect_calm(client, "too many invalid frames");
    client = client_ready(*state);
    for (int i = 0; i < 1500 && !client->ended; i++) {
        int32_t id = http2_get(client, "/never");
        char frame[] = "\0\0\4\10\0\0\0\0\0\x7f\xff\xff\xff";

        client_flush(client);
        frame[7] = (char)(id >> 8);
        frame[8] = (char)id;
        client_send(client->fd, slice_make(frame, sizeof(frame) - 1));
        client_until_closed(client, id);
    }
    expect_calm(client, "too many invalid frames");
}

static void early_pings_end_in_too_many_pings(void **state)
{
    struct client *client = client_ready(*state);

    for (int i = 0; i < 4; i++) {
        nghttp2_submit_ping(client->session, NGHTTP2_FLAG_NONE, NULL);
        client_step(client, 20);
    }
    expect_calm(client, "too_many_pings");
}

static void pings_between_calls_are_welcome(void **state)
{
    struct client *client = client_ready(*state);

    for (int i = 0; i < 20; i++) {
        int32_t id = http2_get(client, "/grpc");

        nghttp2_submit_ping(client->session, NGHTTP2_FLAG_NONE, NULL);
        client_until_closed(client, id);
    }
    assert_int_equal(client->goaways, 0);
    client_close(client);
}

/* GET http://a/never, whole, `count` times behind `before`. */
static struct slice many_requests(struct slice before, int count)
{
    static const char frame[] = "\0\0\15\1\5\0\0\0\0\x82\x86\x04\6/never\x41\1a";
    static char bytes[200 * 22 + 9];
    size_t len = before.len;

    if (len > 0)
        memcpy(bytes, before.data, len);
    for (int i = 0; i < count; i++) {
        memcpy(bytes + len, frame, 22);
        bytes[len + 7] = (char)((2 * i + 1) >> 8);
        bytes[len + 8] = (char)(2 * i + 1);
        len += 22;
    }
    return slice_make(bytes, len);
}

static void streams_beyond_the_bound_are_refused(void **state)
{
    struct raw_answer answer;

    /* Who has not acknowledged our settings may not know the bound. */
    answer = raw_converse(*state, many_requests(SLICE_EMPTY, 110), 300);
    wait_for(&seen.begun, 100);
    assert_int_equal(answer.resets, 10);
    assert_int_equal(answer.reset_error, NGHTTP2_REFUSED_STREAM);
    assert_int_equal(answer.goaways, 0);
    /* Who has is at fault; which requests start before the fault is seen, the time budget says. */
    answer = raw_converse(*state, many_requests(SLICE(SETTINGS_ACK), 110), PATIENCE_MS);
    assert_int_equal(answer.goaways, 1);
    assert_int_equal(answer.goaway_error, NGHTTP2_PROTOCOL_ERROR);
    assert_in_range(atomic_load(&seen.begun), 100, 200);
    wait_for(&seen.cancelled, atomic_load(&seen.begun));
}

static void continuations_without_end_are_cut(void **state)
{
    static const char headers[] = "\0\0\1\1\0\0\0\0\1\x82";
    static const char more[] = "\0\0\1\11\0\0\0\0\1\x84";
    static char bytes[21 * 10];
    struct raw_answer answer;

    memcpy(bytes, headers, 10);
    raw_repeat(bytes + 10, more, 10, 20);
    answer = raw_converse(*state, slice_make(bytes, sizeof(bytes)), PATIENCE_MS);
    assert_true(answer.closed);
    assert_int_equal(answer.goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_int_equal(atomic_load(&seen.begun), 0);
}

/* ---- header blocks that unfold, on a server whose heads have 1,024 bytes at most ---- */

#define BIG 900

/* A field of 900 bytes that HPACK's table keeps, as entry 62; `last` ends its value. */
static size_t put_big(char *bytes, size_t len, char last)
{
    static const char name[] = "\x40\3x-a\x7f\x85\6"; /* 127 + 5 + 6 * 128 */

    memcpy(bytes + len, name, sizeof(name) - 1);
    memset(bytes + len + sizeof(name) - 1, 'y', BIG);
    bytes[len + sizeof(name) - 1 + BIG - 1] = last;
    return len + sizeof(name) - 1 + BIG;
}

/* GET http://a/never, without a trace in the table; then the big field, then `times` its entry. */
static struct slice unfolding_block(char *bytes, bool is_head, const char *extra, bool is_new,
                                    char last, size_t times)
{
    static const char head[] = "\x82\x86\x04\6/never\x01\1a";
    size_t len = 0;

    if (is_head) {
        memcpy(bytes, head, sizeof(head) - 1);
        len = sizeof(head) - 1;
    }
    memcpy(bytes + len, extra, strlen(extra));
    len += strlen(extra);
    if (is_new)
        len = put_big(bytes, len, last);
    memset(bytes + len, '\xbe', times);
    return slice_make(bytes, len + times);
}

static void expect_unfolded(const char *what, struct raw_answer answer, bool calm)
{
    if (calm != answer.closed || answer.goaways != (calm ? 1 : 0) ||
        (calm && answer.goaway_error != NGHTTP2_ENHANCE_YOUR_CALM))
        fail_msg("%s: %u GOAWAY %u, %s", what, answer.goaways, answer.goaway_error,
                 answer.closed ? "closed" : "open");
}

static void header_blocks_that_unfold_end_in_goaway(void **state)
{
    static const struct {
        const char *what;
        bool is_trailers;
        const char *extra;
        char last;
        size_t times;
        bool calm;
    } blocks[] = {
        {"too large, but not by far", false, "", 'y', 2, false},
        {"a request", false, "", 'y', 4, true},
        {"trailers", true, "", 'y', 4, true},
        {"trailers of some size", true, "", 'y', 2, false},
        {"values that are refused", false, "", '\1', 4, true},
    };
    static char bytes[8192], payload[4096];

    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        size_t len = 0;

        if (blocks[i].is_trailers)
            len = raw_frame(bytes, 0, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
                            unfolding_block(payload, true, "", false, 'y', 0));
        len = raw_frame(bytes, len, NGHTTP2_HEADERS,
                        NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                        unfolding_block(payload, !blocks[i].is_trailers, blocks[i].extra, true,
                                        blocks[i].last, blocks[i].times));
        expect_unfolded(
            blocks[i].what,
            raw_converse(*state, slice_make(bytes, len), blocks[i].calm ? PATIENCE_MS : 100),
            blocks[i].calm);
    }
}

/*
 * The rest of a malformed block is decoded without a word to us: it may fill a frame, no more.
 * Likewise a block for a stream that is gone.
 */
static void header_blocks_end_with_their_frame_after_a_refusal(void **state)
{
    static char bytes[16384], payload[8192];
    size_t len;

    len = raw_frame(bytes, 0, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
                    1, unfolding_block(payload, true, "\x10\3:zz\1a", true, 'y', 1000));
    expect_unfolded("a malformed head", raw_converse(*state, slice_make(bytes, len), 100), false);
    len = raw_frame(bytes, 0, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1,
                    unfolding_block(payload, true, "\x10\3:zz\1a", true, 'y', 1000));
    len = raw_frame(bytes, len, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1,
                    unfolding_block(payload, false, "", false, 'y', 2500));
    expect_unfolded("a malformed head that goes on",
                    raw_converse(*state, slice_make(bytes, len), PATIENCE_MS), true);
    len = raw_frame(bytes, 0, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
                    unfolding_block(payload, true, "\x10\3:zz\1a", true, 'y', 0));
    len = raw_frame(bytes, len, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1,
                    unfolding_block(payload, false, "", false, 'y', 2500));
    expect_unfolded("trailers of a stream that is gone",
                    raw_converse(*state, slice_make(bytes, len), PATIENCE_MS), true);
}

/* Nothing after the fault is decoded: a request behind it in the same read does not begin. */
static void nothing_behind_a_fault_is_looked_at(void **state)
{
    static char bytes[16384], payload[8192];
    size_t len;

    len = raw_frame(bytes, 0, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
                    1, unfolding_block(payload, true, "", true, 'y', 4));
    len = raw_frame(bytes, len, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
                    3, unfolding_block(payload, true, "", false, 'y', 0));
    expect_unfolded("a request behind", raw_converse(*state, slice_make(bytes, len), PATIENCE_MS),
                    true);
    assert_int_equal(atomic_load(&seen.begun), 0);
}

/* ---- deadlines, on a server with short ones ---- */

static void an_idle_connection_gets_goaway(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = http2_get(client, "/grpc");

    client_until_closed(client, id);
    client_until_end(client);
    assert_true(client->goaways >= 1);
    assert_int_equal(client->goaway_error, NGHTTP2_NO_ERROR);
    client_close(client);
}

static void a_header_block_that_stalls_is_cut(void **state)
{
    struct client *client = client_ready(*state);

    client_send(client->fd, slice_make("\0\0\1\1\0\0\0\0\1\x82", 10));
    client_until_end(client);
    client_close(client);
}

static void a_body_that_stalls_is_408(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id;

    client->never_ends = true;
    id = http2_request(client, "POST", "/echo", 5, NULL, 0);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 408);
    client_close(client);
}

/* The deadline was looked at, in vain, while the body was not wanted yet. */
static void a_body_that_stalls_once_it_is_wanted_is_408(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id;

    client->never_ends = true;
    id = http2_request(client, "POST", "/later?400", 5, NULL, 0);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 408);
    client_close(client);
}

static void a_conversation_may_pause(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id;

    client->never_ends = true;
    id = http2_request(client, "POST", "/converse", 5, NULL, 0);
    while (heard_of(client, id)->status == 0)
        assert_true(client_step(client, PATIENCE_MS));
    client_step(client, 400); /* longer than body_timeout_ms */
    assert_false(heard_of(client, id)->closed);
    client_close(client);
}

static void a_stream_whose_window_stays_shut_is_reset(void **state)
{
    struct client *client = client_open(*state, 0, false);
    int32_t id = http2_get(client, "/flood");

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->error, NGHTTP2_CANCEL);
    assert_int_equal(heard_of(client, id)->bytes, 65535);
    client_close(client);
}

static int start_impatient(void **state)
{
    struct settings settings = test_settings();

    settings.header_timeout_ms = 100;
    settings.body_timeout_ms = 100;
    settings.idle_timeout_ms = 100;
    settings.write_timeout_ms = 200;
    *state = net_fixture_start(settings);
    return 0;
}

static int start_small_heads(void **state)
{
    struct settings settings = test_settings();

    settings.max_header_bytes = 1024;
    *state = net_fixture_start(settings);
    return 0;
}

static int start_strict(void **state)
{
    struct settings settings = test_settings();

    settings.max_resets_per_second = 10;
    *state = net_fixture_start(settings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest floods[] = {
        cmocka_unit_test(rapid_resets_end_in_goaway),
        cmocka_unit_test(frames_without_a_use_end_in_goaway),
        cmocka_unit_test(empty_data_ends_in_goaway),
        cmocka_unit_test(invalid_requests_in_number_end_in_goaway),
        cmocka_unit_test(malformed_requests_are_reset_and_others_are_served),
        cmocka_unit_test(malformed_trailers_are_reset),
        cmocka_unit_test(early_pings_end_in_too_many_pings),
        cmocka_unit_test(pings_between_calls_are_welcome),
    };
    const struct CMUnitTest deadlines[] = {
        cmocka_unit_test(an_idle_connection_gets_goaway),
        cmocka_unit_test(a_header_block_that_stalls_is_cut),
        cmocka_unit_test(a_body_that_stalls_is_408),
        cmocka_unit_test(a_body_that_stalls_once_it_is_wanted_is_408),
        cmocka_unit_test(a_conversation_may_pause),
        cmocka_unit_test(a_stream_whose_window_stays_shut_is_reset),
    };
    const struct CMUnitTest frames[] = {
        cmocka_unit_test_setup_teardown(streams_beyond_the_bound_are_refused, http2_start_default,
                                        http2_stop),
        cmocka_unit_test_setup_teardown(resets_that_the_client_provokes_end_in_goaway, start_strict,
                                        http2_stop),
        cmocka_unit_test_setup_teardown(continuations_without_end_are_cut, http2_start_default,
                                        http2_stop),
        cmocka_unit_test_setup_teardown(header_blocks_that_unfold_end_in_goaway, start_small_heads,
                                        http2_stop),
        cmocka_unit_test_setup_teardown(header_blocks_end_with_their_frame_after_a_refusal,
                                        start_small_heads, http2_stop),
        cmocka_unit_test_setup_teardown(nothing_behind_a_fault_is_looked_at, start_small_heads,
                                        http2_stop),
    };

    return cmocka_run_group_tests(floods, http2_start_default, http2_stop) +
           cmocka_run_group_tests(frames, NULL, NULL) +
           cmocka_run_group_tests(deadlines, start_impatient, http2_stop);
}
