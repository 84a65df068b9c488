/*
 * Judges random header blocks twice, by nghttp2's own checks and by ours, in sessions that live for
 * many blocks: each field, each block and each trailer must meet the same verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/net/http2_fields.h"

#define SESSIONS 60
#define BLOCKS 100
#define FIELDS_MOST 14
#define VERDICTS_MOST 64

struct side {
    nghttp2_session *session;
    struct http2_fields fields;
    struct http2_known known;
    size_t place;
    char verdicts[VERDICTS_MOST];
    size_t count;
};

struct pair {
    const char *name;
    const char *value;
};

static const struct pair usual[] = {
    {":method", "POST"},
    {":scheme", "http"},
    {":path", "/a.B/C"},
    {":authority", "localhost"},
    {"authorization", "Bearer 0123456789abcdef"},
    {"content-type", "application/grpc"},
    {"te", "trailers"},
};
#define USUAL (sizeof(usual) / sizeof(usual[0]))

static const struct pair tunnel[] = {
    {":method", "CONNECT"},
    {":authority", "localhost:1"},
    {"content-length", "5"},
};
#define TUNNEL (sizeof(tunnel) / sizeof(tunnel[0]))

static const struct pair others[] = {
    {":method", "GET"},
    {":method", "OPTIONS"},
    {":method", "CONNECT"},
    {":method", "PO ST"},
    {":method", ""},
    {":scheme", "HTTPS"},
    {":scheme", "ftp"},
    {":scheme", "1a"},
    {":scheme", ""},
    {":path", "*"},
    {":path", "a"},
    {":path", "/a b"},
    {":path", "/\x7f"},
    {":path", ""},
    {":path", "/other?x=1"},
    {":authority", "a b"},
    {":authority", "[::1]:80"},
    {":authority", ""},
    {":status", "200"},
    {":protocol", "websocket"},
    {":unknown", "1"},
    {":", "1"},
    {":Path", "/"},
    {"host", "localhost"},
    {"host", "other"},
    {"host", "a/b"},
    {"host", ""},
    {"content-length", "0"},
    {"content-length", "5"},
    {"content-length", "-1"},
    {"content-length", ""},
    {"content-length", "9223372036854775807"},
    {"content-length", "9223372036854775808"},
    {"te", "Trailers"},
    {"te", "gzip"},
    {"te", "\x01"},
    {"connection", "close"},
    {"connection", "\x01"},
    {"keep-alive", "1"},
    {"proxy-connection", "1"},
    {"transfer-encoding", "chunked"},
    {"upgrade", "h2c"},
    {"X-Capital", "1"},
    {"X capital", "1"},
    {"a b", "1"},
    {"a:b", "1"},
    {"\x80", "1"},
    {"x", ""},
    {"x", " 1"},
    {"x", "1 "},
    {"x", "\t1"},
    {"x", "a\tb"},
    {"x", "a\rb"},
    {"x", "\xff"},
    {"x", "1"},
    {"priority", "u=1"},
    {"cookie", "a=b"},
};
#define OTHERS (sizeof(others) / sizeof(others[0]))

static uint64_t state = 88172645463325252U;

static size_t random_below(size_t most)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % most);
}

static void note(struct side *side, char verdict)
{
    assert_true(side->count < VERDICTS_MOST);
    side->verdicts[side->count++] = verdict;
}

/* -- nghttp2's verdicts ----------------------------------------------------------------------- */

static int on_theirs(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user_data)
{
    (void)session, (void)frame, (void)name, (void)name_len, (void)value, (void)value_len;
    (void)flags;
    note(user_data, 'g');
    return 0;
}

static int on_their_invalid(nghttp2_session *session, const nghttp2_frame *frame,
                            const uint8_t *name, size_t name_len, const uint8_t *value,
                            size_t value_len, uint8_t flags, void *user_data)
{
    (void)session, (void)frame, (void)name, (void)name_len, (void)value, (void)value_len;
    (void)flags;
    note(user_data, 'i');
    return 0;
}

static int on_their_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS)
        note(user_data, 'k');
    return 0;
}

static int on_their_error(nghttp2_session *session, const nghttp2_frame *frame, int error,
                          void *user_data)
{
    (void)session, (void)frame, (void)error;
    note(user_data, 'r');
    return 0;
}

/* -- ours ------------------------------------------------------------------------------------- */

static int on_our_begin(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct side *side = user_data;

    (void)session;
    side->place = 0;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        side->fields = (struct http2_fields){0};
    return 0;
}

static int on_ours(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                   nghttp2_rcbuf *value, uint8_t flags, void *user_data)
{
    struct side *side = user_data;
    struct http2_field field = http2_field_of(name, value);
    enum http2_verdict verdict;

    (void)session, (void)flags;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        verdict = http2_fields__add(&side->fields, &side->known, side->place++, &field);
    else
        verdict = http2_fields__add_trailer(&side->fields, field.name_bytes, field.bytes);
    note(side, "gir"[verdict]);
    return verdict == HTTP2_FIELD_MALFORMED ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

static int on_our_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct side *side = user_data;
    bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    bool is_good;

    (void)session;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    is_good = frame->headers.cat == NGHTTP2_HCAT_REQUEST ? http2_fields__are_request(&side->fields)
                                                         : ended;
    note(side, is_good && http2_fields__allow_length(&side->fields, 0, ended) ? 'k' : 'r');
    return 0;
}

/* -- blocks ----------------------------------------------------------------------------------- */

static void open_side(struct side *side, bool is_ours)
{
    static const uint8_t settings[9] = {0, 0, 0, NGHTTP2_SETTINGS};
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;

    *side = (struct side){0};
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    assert_int_equal(nghttp2_option_new(&option), 0);
    nghttp2_option_set_no_recv_client_magic(option, 1);
    nghttp2_option_set_no_http_messaging(option, is_ours);
    if (is_ours) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_our_begin);
        nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_ours);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_our_frame);
    } else {
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_theirs);
        nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_their_invalid);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_their_frame);
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_their_error);
    }
    assert_int_equal(nghttp2_session_server_new2(&side->session, callbacks, side, option), 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_session_mem_recv(side->session, settings, sizeof(settings)),
                     sizeof(settings));
}

static void close_side(struct side *side)
{
    http2_fields__forget(&side->known);
    nghttp2_session_del(side->session);
}

/* The usual fields, with some of them left out, and others put in anywhere. */
static size_t draw_fields(struct pair *fields)
{
    size_t count = 0;
    size_t changes = random_below(4);
    bool is_tunnel = random_below(8) == 0;

    for (size_t i = 0; i < (is_tunnel ? TUNNEL : USUAL); i++)
        if (random_below(40) != 0)
            fields[count++] = is_tunnel ? tunnel[i] : usual[i];
    for (size_t i = 0; i < changes; i++) {
        size_t at = random_below(count + 1);

        if (at < count && random_below(2) == 0) {
            fields[at] = others[random_below(OTHERS)];
            continue;
        }
        memmove(fields + at + 1, fields + at, (count - at) * sizeof(*fields));
        fields[at] = others[random_below(OTHERS)];
        count++;
    }
    return count;
}

static size_t draw_trailers(struct pair *fields)
{
    size_t count = random_below(3);

    for (size_t i = 0; i < count; i++)
        fields[i] = random_below(3) == 0 ? usual[random_below(USUAL)]
                                         : others[random_below(OTHERS)];
    return count;
}

static void send_block(struct side sides[2], nghttp2_hd_deflater *deflater, int32_t id, bool ended,
                       const struct pair *fields, size_t count)
{
    uint8_t frame[9 + 4096] = {0};
    nghttp2_nv pairs[FIELDS_MOST];
    ssize_t len;

    for (size_t i = 0; i < count; i++)
        pairs[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)fields[i].name,
                                (uint8_t *)(uintptr_t)fields[i].value, strlen(fields[i].name),
                                strlen(fields[i].value), 0};
    len = nghttp2_hd_deflate_hd(deflater, frame + 9, sizeof(frame) - 9, pairs, count);
    assert_true(len >= 0);
    frame[1] = (uint8_t)(len >> 8);
    frame[2] = (uint8_t)len;
    frame[3] = NGHTTP2_HEADERS;
    frame[4] = NGHTTP2_FLAG_END_HEADERS | (ended ? NGHTTP2_FLAG_END_STREAM : 0);
    frame[7] = (uint8_t)(id >> 8);
    frame[8] = (uint8_t)id;
    for (int i = 0; i < 2; i++)
        assert_int_equal(nghttp2_session_mem_recv(sides[i].session, frame, (size_t)len + 9),
                         len + 9);
}

static void judge_session(unsigned seen[256])
{
    nghttp2_hd_deflater *deflater;
    struct side sides[2];

    open_side(&sides[0], false);
    open_side(&sides[1], true);
    assert_int_equal(nghttp2_hd_deflate_new(&deflater, 4096), 0);
    for (int32_t id = 1; id < BLOCKS * 2; id += 2) {
        struct pair fields[FIELDS_MOST];
        size_t count = draw_fields(fields);
        bool has_trailers = random_below(3) == 0;

        sides[0].count = sides[1].count = 0;
        send_block(sides, deflater, id, !has_trailers, fields, count);
        if (has_trailers && sides[0].count > 0 && sides[0].verdicts[sides[0].count - 1] == 'k') {
            count = draw_trailers(fields);
            send_block(sides, deflater, id, random_below(8) != 0, fields, count);
        }
        assert_int_equal(sides[0].count, sides[1].count);
        assert_memory_equal(sides[0].verdicts, sides[1].verdicts, sides[0].count);
        for (size_t i = 0; i < sides[0].count; i++)
            seen[(unsigned char)sides[0].verdicts[i]]++;
    }
    nghttp2_hd_deflate_del(deflater);
    close_side(&sides[0]);
    close_side(&sides[1]);
}

static void fields_meet_the_verdict_of_nghttp2(void **unused)
{
    unsigned seen[256] = {0};

    (void)unused;
    for (int i = 0; i < SESSIONS; i++)
        judge_session(seen);
    /* Each verdict was among them, often. */
    assert_true(seen['g'] > 1000 && seen['i'] > 100 && seen['r'] > 100 && seen['k'] > 100);
}

static void a_length_is_compared_with_what_came(void **unused)
{
    struct http2_fields fields = {0};

    (void)unused;
    assert_true(http2_fields__allow_length(&fields, 7, true));
    assert_int_equal(http2_fields__add_trailer(&fields, SLICE("content-length"), SLICE("5")),
                     HTTP2_FIELD_GOOD);
    assert_true(http2_fields__allow_length(&fields, 4, false));
    assert_true(http2_fields__allow_length(&fields, 5, false));
    assert_false(http2_fields__allow_length(&fields, 6, false));
    assert_false(http2_fields__allow_length(&fields, 4, true));
    assert_true(http2_fields__allow_length(&fields, 5, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_meet_the_verdict_of_nghttp2),
        cmocka_unit_test(a_length_is_compared_with_what_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
