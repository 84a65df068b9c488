/* HTTP/2 through real sockets: frames by nghttp2's client, floods by hand. */
#include <nghttp2/nghttp2.h>

#include "net_fixture.h"

#define STREAMS_MOST 4096

/* What came for one stream. */
struct heard {
    int status;
    int headers_frames; /* HEADERS, trailers included */
    int data_frames;
    bool end_on_headers;
    bool end_on_data;
    bool closed;
    uint32_t error;
    size_t bytes;
    char body[256];
    char grpc_status[8];
    char content_type[64];
    char content_length[24];
};

struct client {
    nghttp2_session *session;
    int fd;
    struct heard streams[STREAMS_MOST];
    int goaways;
    int32_t last_stream[4];
    uint32_t goaway_error;
    char goaway_debug[64];
    bool ended; /* the server closed */
    /* The request body being sent. */
    size_t upload_left;
    size_t uploaded;
    bool never_ends;
};

static void copy_text(char *to, size_t size, const uint8_t *from, size_t len)
{
    size_t count = len < size - 1 ? len : size - 1;

    if (count > 0)
        memcpy(to, from, count);
    to[count] = '\0';
}

static struct heard *heard_of(struct client *client, int32_t id)
{
    assert_in_range(id, 0, STREAMS_MOST - 1);
    return &client->streams[id];
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user_data)
{
    struct heard *heard = heard_of(user_data, frame->hd.stream_id);
    struct slice key = slice_make(name, name_len);

    (void)session;
    (void)flags;
    if (slice_equal(key, SLICE(":status")))
        heard->status = (int)strtol((const char *)value, NULL, 10);
    else if (slice_equal(key, SLICE("grpc-status")))
        copy_text(heard->grpc_status, sizeof(heard->grpc_status), value, value_len);
    else if (slice_equal(key, SLICE("content-type")))
        copy_text(heard->content_type, sizeof(heard->content_type), value, value_len);
    else if (slice_equal(key, SLICE("content-length")))
        copy_text(heard->content_length, sizeof(heard->content_length), value, value_len);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct client *client = user_data;
    bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        heard_of(client, frame->hd.stream_id)->headers_frames++;
        heard_of(client, frame->hd.stream_id)->end_on_headers |= end;
    } else if (frame->hd.type == NGHTTP2_DATA) {
        heard_of(client, frame->hd.stream_id)->data_frames++;
        heard_of(client, frame->hd.stream_id)->end_on_data |= end;
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        if (client->goaways < 4)
            client->last_stream[client->goaways] = frame->goaway.last_stream_id;
        client->goaways++;
        client->goaway_error = frame->goaway.error_code;
        copy_text(client->goaway_debug, sizeof(client->goaway_debug), frame->goaway.opaque_data,
                  frame->goaway.opaque_data_len);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *user_data)
{
    struct heard *heard = heard_of(user_data, id);

    (void)session;
    (void)flags;
    if (heard->bytes < sizeof(heard->body) - 1)
        copy_text(heard->body + heard->bytes, sizeof(heard->body) - heard->bytes, data, len);
    heard->bytes += len;
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user_data)
{
    struct heard *heard = heard_of(user_data, id);

    (void)session;
    heard->closed = true;
    heard->error = error;
    return 0;
}

static ssize_t read_upload(nghttp2_session *session, int32_t id, uint8_t *to, size_t most,
                           uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
    struct client *client = user_data;
    size_t count = client->upload_left < most ? client->upload_left : most;

    (void)session;
    (void)id;
    (void)source;
    if (count == 0 && client->never_ends)
        return NGHTTP2_ERR_DEFERRED;
    memset(to, 'u', count);
    client->upload_left -= count;
    client->uploaded += count;
    if (client->upload_left == 0 && !client->never_ends)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)count;
}

/* `window`: the stream window that the client gives; 0: the default. */
static struct client *client_open(const struct fixture *fixture, uint32_t window, bool consumes)
{
    struct client *client = calloc(1, sizeof(*client));
    nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;

    assert_non_null(client);
    client->fd = client_connect(fixture);
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    assert_int_equal(nghttp2_option_new(&option), 0);
    nghttp2_option_set_no_auto_window_update(option, !consumes);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    assert_int_equal(nghttp2_session_client_new2(&client->session, callbacks, client, option), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, &entry, window == 0 ? 0 : 1);
    return client;
}

static void client_close(struct client *client)
{
    nghttp2_session_del(client->session);
    close(client->fd);
    free(client);
}

static void client_flush(struct client *client)
{
    const uint8_t *data;
    ssize_t count;

    while ((count = nghttp2_session_mem_send(client->session, &data)) > 0)
        client_send(client->fd, slice_make(data, (size_t)count));
}

/* Sends what waits and reads what comes within `ms`. False: nothing came. */
static bool client_step(struct client *client, int ms)
{
    struct pollfd poller = {.fd = client->fd, .events = POLLIN};
    static uint8_t bytes[65536];
    ssize_t count;

    client_flush(client);
    if (client->ended || poll(&poller, 1, ms) <= 0)
        return false;
    count = recv(client->fd, bytes, sizeof(bytes), 0);
    if (count <= 0) {
        client->ended = true;
        return false;
    }
    nghttp2_session_mem_recv(client->session, bytes, (size_t)count);
    client_flush(client);
    return true;
}

static void client_until_closed(struct client *client, int32_t id)
{
    while (!heard_of(client, id)->closed && !client->ended)
        assert_true(client_step(client, PATIENCE_MS) || client->ended);
}

static void client_until_end(struct client *client)
{
    while (!client->ended)
        assert_true(client_step(client, PATIENCE_MS) || client->ended);
}

#define NV(n, v)                                                                      \
    {                                                                                 \
        (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), 0 \
    }

/* A request without a body when `upload` is 0; `extra` may be NULL. */
static int32_t request(struct client *client, const char *method, const char *path, size_t upload,
                       const nghttp2_nv *extra, size_t extra_count)
{
    nghttp2_data_provider provider = {{.ptr = NULL}, read_upload};
    nghttp2_nv fields[200] = {NV(":method", method), NV(":path", path), NV(":scheme", "http"),
                              NV(":authority", "a:80")};
    bool has_body = upload > 0 || client->never_ends;
    int32_t id;

    if (extra_count > 0)
        memcpy(fields + 4, extra, extra_count * sizeof(*extra));
    client->upload_left = upload;
    id = nghttp2_submit_request(client->session, NULL, fields, 4 + extra_count,
                                has_body ? &provider : NULL, NULL);
    assert_true(id > 0);
    return id;
}

static int32_t get(struct client *client, const char *path)
{
    return request(client, "GET", path, 0, NULL, 0);
}

/* ---- answers ---- */

static void a_whole_answer_has_its_length(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = request(client, "POST", "/echo", 5, NULL, 0);
    struct heard *heard = heard_of(client, id);

    client_until_closed(client, id);
    assert_int_equal(heard->status, 200);
    assert_string_equal(heard->body, "uuuuu");
    assert_string_equal(heard->content_length, "5");
    assert_int_equal(heard->headers_frames, 1);
    assert_true(heard->end_on_data);
    assert_int_equal(heard->error, NGHTTP2_NO_ERROR);
    client_close(client);
}

static void trailers_only_is_one_frame(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = get(client, "/status-only");
    struct heard *heard = heard_of(client, id);

    client_until_closed(client, id);
    assert_int_equal(heard->status, 200);
    assert_string_equal(heard->grpc_status, "5");
    assert_string_equal(heard->content_length, "");
    assert_int_equal(heard->headers_frames, 1);
    assert_int_equal(heard->data_frames, 0);
    assert_true(heard->end_on_headers);
    client_close(client);
}

static void a_unary_answer_is_headers_data_trailers_in_one_read(void **state)
{
    struct client *client = client_open(*state, 0, true);
    struct heard *heard;
    int32_t id;

    while (client_step(client, 50)) /* settings and their acknowledgements */
        ;
    id = request(client, "POST", "/grpc", 7, NULL, 0);
    heard = heard_of(client, id);
    assert_true(client_step(client, PATIENCE_MS));
    assert_true(heard->closed); /* by one read */
    assert_int_equal(heard->headers_frames, 2);
    assert_int_equal(heard->data_frames, 1);
    assert_false(heard->end_on_data);
    assert_true(heard->end_on_headers);
    assert_string_equal(heard->grpc_status, "0");
    assert_string_equal(heard->content_length, "");
    client_close(client);
}

static void head_and_no_content_end_on_their_headers(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t head = request(client, "HEAD", "/nothing", 0, NULL, 0);
    int32_t empty = get(client, "/empty");

    client_until_closed(client, head);
    client_until_closed(client, empty);
    assert_true(heard_of(client, head)->end_on_headers);
    assert_string_equal(heard_of(client, head)->content_length, "12");
    assert_int_equal(heard_of(client, head)->bytes, 0);
    assert_int_equal(heard_of(client, empty)->status, 204);
    assert_true(heard_of(client, empty)->end_on_headers);
    assert_string_equal(heard_of(client, empty)->content_length, "");
    client_close(client);
}

static void many_streams_run_side_by_side(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t ids[90];
    int32_t wait = get(client, "/wait");

    atomic_store(&seen.release, 0);
    for (size_t i = 0; i < 90; i++)
        ids[i] = get(client, "/grpc");
    for (size_t i = 0; i < 90; i++) {
        client_until_closed(client, ids[i]);
        assert_string_equal(heard_of(client, ids[i])->grpc_status, "0");
    }
    assert_false(heard_of(client, wait)->closed);
    atomic_store(&seen.release, 1);
    client_until_closed(client, wait);
    assert_string_equal(heard_of(client, wait)->body, "late");
    client_close(client);
}

static void an_early_answer_resets_with_no_error(void **state)
{
    struct client *client = client_open(*state, 0, true);
    struct heard *heard;
    int32_t id;

    client->never_ends = true;
    id = request(client, "POST", "/early", 10, NULL, 0);
    heard = heard_of(client, id);
    while (!heard->end_on_data)
        assert_true(client_step(client, PATIENCE_MS));
    assert_false(heard->closed); /* curl would forget an answer that is reset in the same read */
    client_until_closed(client, id);
    assert_int_equal(heard->status, 403);
    assert_string_equal(heard->body, "no");
    assert_true(heard->end_on_data);
    assert_int_equal(heard->error, NGHTTP2_NO_ERROR);
    client_close(client);
}

static void a_reset_by_the_face_is_a_cancel(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = get(client, "/reset");

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->error, NGHTTP2_CANCEL);
    assert_int_equal(heard_of(client, id)->headers_frames, 0);
    client_close(client);
}

static void a_reset_by_the_client_cancels_once(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int begun = atomic_load(&seen.begun);
    int cancelled = atomic_load(&seen.cancelled);
    int32_t id = get(client, "/never");

    client_flush(client);
    wait_for(&seen.begun, begun + 1);
    nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    client_flush(client);
    wait_for(&seen.cancelled, cancelled + 1);
    client_close(client);
}

static void calls_held_beyond_their_connection_are_released_later(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int begun = atomic_load(&seen.begun);
    int cancelled = atomic_load(&seen.cancelled);
    int posted = atomic_load(&seen.posted);

    atomic_store(&seen.release, 0);
    for (int i = 0; i < 20; i++)
        get(client, "/wait");
    client_flush(client);
    wait_for(&seen.begun, begun + 20);
    client_close(client);
    wait_for(&seen.cancelled, cancelled + 20);
    assert_int_equal(atomic_load(&seen.posted), posted);
    atomic_store(&seen.release, 1);
    wait_for(&seen.posted, posted + 20); /* their answers go nowhere, and nothing breaks */
}

static void continue_comes_before_the_body(void **state)
{
    struct client *client = client_open(*state, 0, true);
    const nghttp2_nv expect[] = {NV("expect", "100-continue")};
    const nghttp2_nv unknown[] = {NV("expect", "magic")};
    int32_t id;

    client->never_ends = true; /* nothing of the body, for now */
    id = request(client, "POST", "/echo", 0, expect, 1);
    while (heard_of(client, id)->status == 0)
        assert_true(client_step(client, PATIENCE_MS));
    assert_int_equal(heard_of(client, id)->status, 100);
    client->never_ends = false;
    client->upload_left = 3;
    nghttp2_session_resume_data(client->session, id);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 200);
    assert_string_equal(heard_of(client, id)->body, "uuu");
    id = request(client, "POST", "/echo", 3, unknown, 1);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 417);
    client_close(client);
}

static void a_preface_in_pieces_is_still_http2(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = request(client, "POST", "/echo", 3, NULL, 0);
    const uint8_t *data;
    ssize_t count;

    while ((count = nghttp2_session_mem_send(client->session, &data)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            client_send(client->fd, slice_make(data + i, 1));
            if (i < 30)
                sleep_ms(1);
        }
    }
    client_until_closed(client, id);
    assert_string_equal(heard_of(client, id)->body, "uuu");
    client_close(client);
}

/* ---- heads ---- */

static void heads_that_nghttp2_lets_pass_are_checked(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        int status;
    } cases[] = {
        {"GET", "/echo?a=b", 200},   {"GET", "/echo#a", 400}, {"GET", "/e\\cho", 400},
        {"GET", "/echo?a=<b>", 400}, {"FROB", "/echo", 200},
    };
    struct client *client = client_open(*state, 0, true);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t id = request(client, cases[i].method, cases[i].path, 0, NULL, 0);

        client_until_closed(client, id);
        if (heard_of(client, id)->status != cases[i].status)
            fail_msg("%s: wanted %d, got %d", cases[i].path, cases[i].status,
                     heard_of(client, id)->status);
        if (cases[i].status == 400)
            assert_string_equal(heard_of(client, id)->content_type, "application/problem+json");
    }
    client_close(client);
}

static void too_many_or_too_large_fields_are_431_and_the_connection_lives(void **state)
{
    struct client *client = client_open(*state, 0, true);
    static char large[17000];
    nghttp2_nv many[120];
    nghttp2_nv one[1];
    int32_t id;

    for (size_t i = 0; i < 120; i++)
        many[i] = (nghttp2_nv)NV("x-a", "b");
    memset(large, 'x', sizeof(large) - 1);
    one[0] = (nghttp2_nv)NV("x-large", large);
    id = request(client, "GET", "/echo", 0, many, 120);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 431);
    id = request(client, "GET", "/echo", 0, one, 1);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 431);
    id = request(client, "GET", "/echo", 0, many, 90);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 200);
    client_close(client);
}

/* ---- bodies and flow control ---- */

static void bodies_beyond_what_the_face_takes_are_413(void **state)
{
    struct client *client = client_open(*state, 0, true);
    const nghttp2_nv announced[] = {NV("content-length", "100")};
    int32_t id = request(client, "POST", "/small", 100, announced, 1);

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 413);
    id = request(client, "POST", "/small", 100, NULL, 0);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 413);
    id = request(client, "POST", "/small", 10, NULL, 0);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 404);
    client_close(client);
}

static void a_body_that_is_not_consumed_stops_the_sender(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = request(client, "POST", "/hoard", (size_t)4 << 20, NULL, 0);

    while (client_step(client, 300))
        ;
    assert_int_equal(client->uploaded, 262144);
    assert_int_equal(atomic_load(&seen.body_bytes), 262144);
    nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    client_close(client);
}

static void an_unaccepted_body_keeps_its_credit(void **state)
{
    struct client *client = client_open(*state, 0, true);

    request(client, "POST", "/unaccepted", (size_t)4 << 20, NULL, 0);
    while (client_step(client, 300))
        ;
    assert_int_equal(client->uploaded, 262144);
    assert_int_equal(atomic_load(&seen.body_bytes), 0);
    client_close(client);
}

static void a_body_accepted_later_comes_whole_and_in_order(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = request(client, "POST", "/later", 100000, NULL, 0);

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 200);
    assert_int_equal(heard_of(client, id)->bytes, 100000);
    assert_int_equal(atomic_load(&seen.timeouts), 1);
    client_close(client);
}

static void credit_of_closed_streams_returns_to_the_connection(void **state)
{
    struct client *client = client_open(*state, 0, true);

    /* Twelve times what one stream may hold is three times what the connection may. */
    for (int i = 0; i < 12; i++) {
        int32_t id = request(client, "POST", i % 2 ? "/hoard" : "/unaccepted", (size_t)1 << 20,
                             NULL, 0);

        client->uploaded = 0;
        for (int step = 0; step < 1000 && client->uploaded < 262144; step++)
            client_step(client, 20);
        assert_int_equal(client->uploaded, 262144);
        nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    client_close(client);
}

static void large_bodies_flow_both_ways(void **state)
{
    struct client *client = client_open(*state, 1 << 20, true);
    int32_t id = request(client, "POST", "/small-not", (size_t)3 << 20, NULL, 0);

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 404);
    assert_int_equal(client->uploaded, (size_t)3 << 20);
    id = get(client, "/flood");
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->bytes, (size_t)32 << 20);
    client_close(client);
}

static void a_reader_without_window_holds_the_producer_and_not_the_others(void **state)
{
    struct client *client = client_open(*state, 0, false);
    int32_t flood = get(client, "/flood");
    int32_t other;
    size_t sent;

    while (client_step(client, 200))
        ;
    assert_int_equal(heard_of(client, flood)->bytes, 65535);
    sent = atomic_load(&seen.sent_bytes);
    assert_true(sent < (size_t)1 << 20);
    nghttp2_session_consume_connection(client->session, 65535);
    other = request(client, "POST", "/grpc", 5, NULL, 0);
    client_until_closed(client, other);
    assert_string_equal(heard_of(client, other)->grpc_status, "0");
    client_close(client);
}

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
        int32_t id = get(client, "/never");

        client_flush(client);
        nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
        if (i % 50 == 0)
            client_step(client, 0);
    }
    expect_calm(client, "too many resets");
}

static void repeat(char *bytes, const char *frame, size_t frame_len, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + i * frame_len, frame, frame_len);
}

/* Frames by hand, for what nghttp2's client would not send or not survive. */
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define EMPTY_SETTINGS "\0\0\0\4\0\0\0\0\0"
#define SETTINGS_ACK "\0\0\0\4\1\0\0\0\0"

struct raw_answer {
    unsigned goaways;
    unsigned goaway_error;
    unsigned resets;
    unsigned reset_error;
    bool closed;
};

static unsigned number_of(const unsigned char *bytes, size_t count)
{
    unsigned number = 0;

    while (count-- > 0)
        number = number << 8 | *bytes++;
    return number;
}

/* Sends all, then walks the frames that come until the server closes or is silent for `ms`. */
static struct raw_answer raw_converse(const struct fixture *fixture, struct slice bytes, int ms)
{
    struct raw_answer answer = {0};
    static unsigned char read[1 << 20];
    int fd = client_connect(fixture);
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    ssize_t count = 1;

    client_send(fd, SLICE(PREFACE EMPTY_SETTINGS));
    client_send(fd, bytes);
    while (len < sizeof(read) && poll(&poller, 1, ms) > 0 &&
           (count = recv(fd, read + len, sizeof(read) - len, 0)) > 0)
        len += (size_t)count;
    close(fd);
    answer.closed = count <= 0;
    for (size_t at = 0; at + 9 <= len; at += 9 + number_of(read + at, 3)) {
        if (read[at + 3] == NGHTTP2_GOAWAY) {
            answer.goaways++;
            answer.goaway_error = number_of(read + at + 13, 4);
        } else if (read[at + 3] == NGHTTP2_RST_STREAM) {
            answer.resets++;
            answer.reset_error = number_of(read + at + 9, 4);
        }
    }
    return answer;
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

        repeat(bytes, floods[i].frame.data, floods[i].frame.len, 900);
        answer = raw_converse(fixture, slice_make(bytes, floods[i].frame.len * 900), 100);
        if (answer.goaways != 0)
            fail_msg("%s: GOAWAY %u too early", floods[i].what, answer.goaway_error);
        repeat(bytes, floods[i].frame.data, floods[i].frame.len, 1100);
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
    id = request(client, "POST", "/echo", 1, NULL, 0);
    client_flush(client);
    repeat(bytes, "\0\0\0\0\0\0\0\0\0", 9, 1100);
    for (size_t i = 0; i < 1100; i++)
        bytes[i * 9 + 8] = (char)id;
    client_send(client->fd, slice_make(bytes, sizeof(bytes)));
    expect_calm(client, "too many frames without a use");
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
        int32_t id = get(client, "/grpc");

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
    answer = raw_converse(*state, many_requests(SLICE_EMPTY, 110), 100);
    assert_int_equal(atomic_load(&seen.begun), 100);
    assert_int_equal(answer.resets, 10);
    assert_int_equal(answer.reset_error, NGHTTP2_REFUSED_STREAM);
    assert_int_equal(answer.goaways, 0);
    /* Who has is at fault. */
    answer = raw_converse(*state, many_requests(SLICE(SETTINGS_ACK), 110), PATIENCE_MS);
    assert_int_equal(atomic_load(&seen.begun), 200);
    assert_int_equal(answer.goaways, 1);
    assert_int_equal(answer.goaway_error, NGHTTP2_PROTOCOL_ERROR);
    wait_for(&seen.cancelled, 200);
}

static void continuations_without_end_are_cut(void **state)
{
    static const char headers[] = "\0\0\1\1\0\0\0\0\1\x82";
    static const char more[] = "\0\0\1\11\0\0\0\0\1\x84";
    static char bytes[21 * 10];
    struct raw_answer answer;

    memcpy(bytes, headers, 10);
    repeat(bytes + 10, more, 10, 20);
    answer = raw_converse(*state, slice_make(bytes, sizeof(bytes)), PATIENCE_MS);
    assert_true(answer.closed);
    assert_int_equal(answer.goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_int_equal(atomic_load(&seen.begun), 0);
}

/* ---- deadlines, on a server with short ones ---- */

static void an_idle_connection_gets_goaway(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = get(client, "/grpc");

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
    id = request(client, "POST", "/echo", 5, NULL, 0);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 408);
    client_close(client);
}

static void a_conversation_may_pause(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id;

    client->never_ends = true;
    id = request(client, "POST", "/converse", 5, NULL, 0);
    while (heard_of(client, id)->status == 0)
        assert_true(client_step(client, PATIENCE_MS));
    client_step(client, 400); /* longer than body_timeout_ms */
    assert_false(heard_of(client, id)->closed);
    client_close(client);
}

static void a_stream_whose_window_stays_shut_is_reset(void **state)
{
    struct client *client = client_open(*state, 0, false);
    int32_t id = get(client, "/flood");

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->error, NGHTTP2_CANCEL);
    assert_int_equal(heard_of(client, id)->bytes, 65535);
    client_close(client);
}

static int start_default(void **state)
{
    *state = fixture_start(test_settings());
    return 0;
}

static int start_impatient(void **state)
{
    struct settings settings = test_settings();

    settings.header_timeout_ms = 100;
    settings.body_timeout_ms = 100;
    settings.idle_timeout_ms = 100;
    settings.write_timeout_ms = 200;
    *state = fixture_start(settings);
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest answers[] = {
        cmocka_unit_test(a_whole_answer_has_its_length),
        cmocka_unit_test(trailers_only_is_one_frame),
        cmocka_unit_test(a_unary_answer_is_headers_data_trailers_in_one_read),
        cmocka_unit_test(head_and_no_content_end_on_their_headers),
        cmocka_unit_test(many_streams_run_side_by_side),
        cmocka_unit_test(an_early_answer_resets_with_no_error),
        cmocka_unit_test(a_reset_by_the_face_is_a_cancel),
        cmocka_unit_test(continue_comes_before_the_body),
        cmocka_unit_test(a_preface_in_pieces_is_still_http2),
        cmocka_unit_test(heads_that_nghttp2_lets_pass_are_checked),
        cmocka_unit_test(too_many_or_too_large_fields_are_431_and_the_connection_lives),
        cmocka_unit_test(bodies_beyond_what_the_face_takes_are_413),
    };
    const struct CMUnitTest flow[] = {
        cmocka_unit_test_setup_teardown(calls_held_beyond_their_connection_are_released_later,
                                        start_default, stop),
        cmocka_unit_test_setup_teardown(a_reset_by_the_client_cancels_once, start_default, stop),
        cmocka_unit_test_setup_teardown(a_body_that_is_not_consumed_stops_the_sender, start_default,
                                        stop),
        cmocka_unit_test_setup_teardown(an_unaccepted_body_keeps_its_credit, start_default, stop),
        cmocka_unit_test_setup_teardown(a_body_accepted_later_comes_whole_and_in_order,
                                        start_default, stop),
        cmocka_unit_test_setup_teardown(credit_of_closed_streams_returns_to_the_connection,
                                        start_default, stop),
        cmocka_unit_test_setup_teardown(large_bodies_flow_both_ways, start_default, stop),
        cmocka_unit_test_setup_teardown(
            a_reader_without_window_holds_the_producer_and_not_the_others, start_default, stop),
        cmocka_unit_test_setup_teardown(streams_beyond_the_bound_are_refused, start_default, stop),
        cmocka_unit_test_setup_teardown(continuations_without_end_are_cut, start_default, stop),
    };
    const struct CMUnitTest floods[] = {
        cmocka_unit_test(rapid_resets_end_in_goaway),
        cmocka_unit_test(frames_without_a_use_end_in_goaway),
        cmocka_unit_test(empty_data_ends_in_goaway),
        cmocka_unit_test(invalid_requests_in_number_end_in_goaway),
        cmocka_unit_test(early_pings_end_in_too_many_pings),
        cmocka_unit_test(pings_between_calls_are_welcome),
    };
    const struct CMUnitTest deadlines[] = {
        cmocka_unit_test(an_idle_connection_gets_goaway),
        cmocka_unit_test(a_header_block_that_stalls_is_cut),
        cmocka_unit_test(a_body_that_stalls_is_408),
        cmocka_unit_test(a_conversation_may_pause),
        cmocka_unit_test(a_stream_whose_window_stays_shut_is_reset),
    };

    return cmocka_run_group_tests(answers, start_default, stop) +
           cmocka_run_group_tests(flow, NULL, NULL) +
           cmocka_run_group_tests(floods, start_default, stop) +
           cmocka_run_group_tests(deadlines, start_impatient, stop);
}
