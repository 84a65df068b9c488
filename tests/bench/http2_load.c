/*
 * Reads devices by random ids over cleartext HTTP/2, several streams at once on each connection and
 * all of them in one thread.
 *
 *   http2_load grpc|rest PORT TOKEN CONNECTIONS STREAMS TOTAL LATENCIES-FILE IDS-FILE
 *
 * Prints the seconds. LATENCIES-FILE gets one number (microseconds) a line.
 */
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/load.h"

/* A GetDeviceRequest in its frame: prefix, tag and length of the id, and the id. */
#define MESSAGE_LEN (5 + 2 + LOAD_ID_LEN)

struct request {
    double started_us;
    char message[MESSAGE_LEN];
    char path[64];
    size_t sent;
    bool succeeded;
};

struct connection {
    int fd;
    nghttp2_session *session;
};

static struct {
    bool is_grpc;
    char authorization[128];
    size_t total;
    size_t sent;
    size_t answered;
} work;

static struct connection connections[LOAD_CONNECTIONS_MOST];

static nghttp2_nv pair(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
}

static ssize_t members__read(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t room,
                             uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct request *request = source->ptr;
    size_t left = MESSAGE_LEN - request->sent;
    size_t len = left < room ? left : room;

    (void)session, (void)id, (void)context;
    memcpy(buffer, request->message + request->sent, len);
    request->sent += len;
    if (request->sent == MESSAGE_LEN)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

static void submit(struct connection *connection)
{
    struct request *request = calloc(1, sizeof(*request));
    nghttp2_data_provider provider = {.source.ptr = request, .read_callback = members__read};
    const char *id = load_random_id();
    nghttp2_nv headers[7];

    if (request == NULL)
        load_die("Out of memory.");
    snprintf(request->path, sizeof(request->path), "/api/v1/devices/%s", id);
    memcpy(request->message, "\0\0\0\0\x26\x0a\x24", 7);
    memcpy(request->message + 7, id, LOAD_ID_LEN);
    headers[0] = pair(":method", work.is_grpc ? "POST" : "GET");
    headers[1] = pair(":scheme", "http");
    headers[2] = pair(":authority", "localhost");
    headers[3] = pair(":path",
                      work.is_grpc ? "/datastream.v1.DeviceService/GetDevice" : request->path);
    headers[4] = pair("authorization", work.authorization);
    headers[5] = pair("content-type", "application/grpc");
    headers[6] = pair("te", "trailers");
    work.sent++;
    request->started_us = load_now_us();
    if (nghttp2_submit_request(connection->session, NULL, headers, work.is_grpc ? 7 : 5,
                               work.is_grpc ? &provider : NULL, request) < 0)
        load_die("A request was not accepted.");
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    struct request *request = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    const char *wanted = work.is_grpc ? "grpc-status" : ":status";
    const char *success = work.is_grpc ? "0" : "200";

    (void)flags, (void)context;
    if (request != NULL && name_len == strlen(wanted) && memcmp(name, wanted, name_len) == 0)
        request->succeeded = value_len == strlen(success) && memcmp(value, success, value_len) == 0;
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *context)
{
    struct request *request = nghttp2_session_get_stream_user_data(session, id);

    (void)code;
    if (request == NULL || !request->succeeded)
        load_die("A call failed.");
    load_note(request->started_us);
    free(request);
    work.answered++;
    if (work.sent < work.total)
        submit(context);
    return 0;
}

static void flush(struct connection *connection)
{
    char out[65536];
    size_t len = 0;
    const uint8_t *bytes;
    ssize_t count;

    while ((count = nghttp2_session_mem_send(connection->session, &bytes)) > 0) {
        if (len + (size_t)count > sizeof(out)) {
            load_write(connection->fd, out, len);
            len = 0;
        }
        if ((size_t)count > sizeof(out))
            load_die("A frame is too long.");
        memcpy(out + len, bytes, (size_t)count);
        len += (size_t)count;
    }
    load_write(connection->fd, out, len);
}

static void on_readable(struct connection *connection)
{
    uint8_t in[65536];
    ssize_t got = read(connection->fd, in, sizeof(in));

    if (got <= 0 || nghttp2_session_mem_recv(connection->session, in, (size_t)got) != got)
        load_die("A connection was closed or is broken.");
    flush(connection);
}

static void open_connection(struct connection *connection, unsigned short port)
{
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20};
    nghttp2_session_callbacks *callbacks;

    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_client_new(&connection->session, callbacks, connection);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, &window, 1);
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, 1 << 24);
    connection->fd = load_connect(port);
}

static void run(unsigned short port, size_t count, size_t streams)
{
    struct epoll_event events[64];
    int poll = epoll_create1(0);

    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};

        open_connection(&connections[i], port);
        epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < streams && work.sent < work.total; j++)
            submit(&connections[i]);
        flush(&connections[i]);
    }
    while (work.answered < work.total) {
        int ready = epoll_wait(poll, events, 64, 30000);

        if (ready <= 0)
            load_die("The server fell silent.");
        for (int i = 0; i < ready; i++)
            on_readable(events[i].data.ptr);
    }
    for (size_t i = 0; i < count; i++) {
        nghttp2_session_del(connections[i].session);
        close(connections[i].fd);
    }
    close(poll);
}

int main(int argc, char **argv)
{
    size_t count, streams;
    double start;

    if (argc != 9)
        return 2;
    work.is_grpc = strcmp(argv[1], "grpc") == 0;
    snprintf(work.authorization, sizeof(work.authorization), "Bearer %s", argv[3]);
    count = strtoul(argv[4], NULL, 10);
    streams = strtoul(argv[5], NULL, 10);
    work.total = strtoul(argv[6], NULL, 10);
    if (count < 1 || count > LOAD_CONNECTIONS_MOST)
        return 2;
    load_read_ids(argv[8]);
    load_expect(work.total);
    start = load_now_us();
    run((unsigned short)strtoul(argv[2], NULL, 10), count, streams);
    printf("%.3f\n", (load_now_us() - start) / 1e6);
    load_write_latencies(argv[7]);
    return 0;
}
