/* The plain transport: a TCP or Unix socket of libuv. */
#include "rpc/net/transport_plain.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/erase.h"
#include "rpc/net/link.h"

/* The system queues no more than this beyond the peer's window: what nobody reads waits with us. */
#define UNSENT_BYTES 131072

/* Bytes that the system did not take at once. */
struct write {
    uv_write_t request;
    struct transport *transport;
    size_t len;
    char bytes[];
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct transport *transport = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(transport->read_buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct transport *transport = stream->data;

    if (count > 0) {
        transport->owner->received(transport, slice_make(buffer->base, (size_t)count));
        erase(buffer->base, (size_t)count); /* it may hold a secret */
    } else if (count < 0) {
        uv_read_stop(stream);
        transport->owner->received_end(transport, count == UV_EOF);
    }
}

static bool set_reading(struct transport *transport, bool want)
{
    if (want)
        return uv_read_start(&transport->socket.stream, on_alloc, on_read) == 0;
    uv_read_stop(&transport->socket.stream);
    return true;
}

/* What was answered may be a value that is shown once. */
static void write_free(struct write *write)
{
    erase(write->bytes, write->len);
    free(write);
}

static void on_written(uv_write_t *request, int status)
{
    struct write *write = LIST_ELEMENT(request, struct write, request);
    struct transport *transport = write->transport;

    account_give(transport->memory, sizeof(*write) + write->len);
    transport->owner->written(transport, status == 0);
    write_free(write);
}

static bool write_later(struct transport *transport, struct slice bytes)
{
    struct write *write = malloc(sizeof(*write) + bytes.len);
    uv_buf_t buffer;

    if (write == NULL)
        return false;
    write->transport = transport;
    write->len = bytes.len;
    memcpy(write->bytes, bytes.data, bytes.len);
    buffer = uv_buf_init(write->bytes, (unsigned)bytes.len);
    if (uv_write(&write->request, &transport->socket.stream, &buffer, 1, on_written) != 0) {
        write_free(write);
        return false;
    }
    account_add(transport->memory, sizeof(*write) + write->len);
    return true;
}

static bool write_bytes(struct transport *transport, struct slice bytes, size_t *ret_kept)
{
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.len);
    int taken = uv_try_write(&transport->socket.stream, &buffer, 1);

    if (taken < 0 && taken != UV_EAGAIN)
        return false;
    if (taken > 0)
        bytes = slice_from(bytes, (size_t)taken);
    if (bytes.len > 0 && !write_later(transport, bytes))
        return false;
    *ret_kept = bytes.len;
    return true;
}

static size_t unwritten(const struct transport *transport)
{
    return uv_stream_get_write_queue_size(&transport->socket.stream);
}

/* Without libuv, whose request for it would be a part of each connection from its beginning. */
static bool shut_down(struct transport *transport)
{
    uv_os_fd_t fd;

    assert(unwritten(transport) == 0);
    return uv_fileno(&transport->socket.handle, &fd) == 0 && shutdown(fd, SHUT_WR) == 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct transport *transport = handle->data;

    transport->owner->closed(transport);
}

static void close_socket(struct transport *transport)
{
    assert(!uv_is_closing(&transport->socket.handle));
    uv_close(&transport->socket.handle, on_closed);
}

static const struct transport_methods plain = {
    .read = set_reading,
    .write = write_bytes,
    .unwritten = unwritten,
    .shutdown = shut_down,
    .close = close_socket,
};

static bool open_socket(struct transport *transport, uv_loop_t *uv, int fd, bool is_tcp)
{
    if (is_tcp)
        return uv_tcp_init(uv, &transport->socket.tcp) == 0 &&
               uv_tcp_open(&transport->socket.tcp, fd) == 0;
    return uv_pipe_init(uv, &transport->socket.pipe, 0) == 0 &&
           uv_pipe_open(&transport->socket.pipe, fd) == 0;
}

static void set_options(struct transport *transport, int fd)
{
    int unsent = UNSENT_BYTES;

    uv_tcp_nodelay(&transport->socket.tcp, 1);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

bool transport_plain__open(struct transport *transport, uv_loop_t *uv, int fd, bool is_tcp)
{
    bool is_open = open_socket(transport, uv, fd, is_tcp);

    transport->methods = &plain;
    transport->socket.handle.data = transport;
    if (!is_open)
        close(fd);
    else if (is_tcp)
        set_options(transport, fd);
    return is_open;
}
