/* See http2_client.h. */
#include "tests/support/http2_client.h"

static void copy_text(char *to, size_t size, const uint8_t *from, size_t len)
{
    size_t count = len < size - 1 ? len : size - 1;

    if (count > 0)
        memcpy(to, from, count);
    to[count] = '\0';
}

struct heard *heard_of(struct client *client, int32_t id)
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

struct client *client_open(const struct fixture *fixture, uint32_t window, bool consumes)
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

void client_close(struct client *client)
{
    nghttp2_session_del(client->session);
    close(client->fd);
    free(client);
}

void client_flush(struct client *client)
{
    const uint8_t *data;
    ssize_t count;

    while ((count = nghttp2_session_mem_send(client->session, &data)) > 0)
        client_send(client->fd, slice_make(data, (size_t)count));
}

bool client_step(struct client *client, int ms)
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

void client_until_closed(struct client *client, int32_t id)
{
    while (!heard_of(client, id)->closed && !client->ended)
        assert_true(client_step(client, PATIENCE_MS) || client->ended);
}

void client_until_end(struct client *client)
{
    while (!client->ended)
        assert_true(client_step(client, PATIENCE_MS) || client->ended);
}

int32_t http2_request(struct client *client, const char *method, const char *path, size_t upload,
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

int32_t http2_get(struct client *client, const char *path)
{
    return http2_request(client, "GET", path, 0, NULL, 0);
}

int http2_start_default(void **state)
{
    *state = net_fixture_start(test_settings());
    return 0;
}

int http2_stop(void **state)
{
    fixture_stop(*state);
    return 0;
}
