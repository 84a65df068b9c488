/* Connections at work: the bytes that come, the turns, the bytes that go. */
#include "rpc/net/connection_serve.h"

#include <stdlib.h>
#include <unistd.h>

#include "rpc/net/connection_deadlines.h"
#include "rpc/net/connection_end.h"
#include "rpc/net/loop_relief.h"
#include "rpc/net/transport_plain.h"

/* Writes of one connection in one turn, so that a fast reader leaves time for the others. */
#define WRITES_A_TURN 4
/* What is more than this is written after the short answers of others. */
#define BULKY_BYTES (WRITE_BYTES / 4)
/* Freeing more than this at the end of a connection takes as long. */
#define BULKY_MEMORY 262144

static struct connection *connection_of(struct transport *transport)
{
    return LIST_ELEMENT(transport, struct connection, transport);
}

static void on_closed(struct transport *transport)
{
    struct connection *connection = connection_of(transport);
    struct loop *loop = connection->loop;

    assert(connection->state == CONNECTION_CLOSING && connection->protocol == NULL);
    assert(connection->stream_count == 0 && connection->waiting == 0);
    atomic_fetch_sub(&loop->open, 1);
    source__leave(connection->source);
    list_remove(&connection->link);
    account_give(connection->memory.whole, connection->memory.used);
    free(connection);
}

static void on_written(struct transport *transport, bool ok)
{
    struct connection *connection = connection_of(transport);

    connection->writing = false;
    if (!ok)
        connection->cut = true;
    connection__touch(connection);
}

/* Hands bytes to the system: at once what it takes, the rest when it can. False: it is broken. */
static bool write_bytes(struct connection *connection, struct slice bytes)
{
    size_t kept;

    if (!connection->transport.methods->write(&connection->transport, bytes, &kept))
        return false;
    if (kept == 0)
        return true;
    connection->writing = true;
    connection->write_left = kept;
    connection->write_since_ms = loop_now_ms(connection->loop);
    connection__arm(connection, connection->write_since_ms +
                                    (int64_t)connection_settings(connection)->write_timeout_ms);
    return true;
}

static void write_all(struct connection *connection)
{
    struct buffer *out = &connection->loop->out;
    size_t count;

    if (connection->protocol == NULL)
        return;
    for (int i = 0; i < WRITES_A_TURN && !connection->writing && !connection->cut; i++) {
        if (!connection->protocol->write(connection, out) || out->failed) {
            buffer__empty(out);
            out->failed = false;
            connection->cut = true;
            return;
        }
        count = out->len;
        if (count > 0 && !write_bytes(connection, slice_make(out->data, count)))
            connection->cut = true;
        buffer__empty(out);
        if (count < WRITE_BYTES) /* that was all */
            return;
    }
    connection__touch(connection);
}

void connection__start_next(struct connection *connection)
{
    struct link *link = connection->cut ? NULL : list_pop(&connection->ready);

    if (link != NULL)
        http_stream__start(LIST_ELEMENT(link, struct stream, ready));
}

/* What rested reads on. */
static void end_rest(struct connection *connection)
{
    if (!connection->resting)
        return;
    connection->resting = false;
    if (connection->reading) {
        connection->reading = false;
        connection__read(connection, true);
    }
}

bool connection__is_bulky(const struct connection *connection)
{
    if (connection->cut)
        return connection->memory.used > BULKY_MEMORY;
    return connection->waiting > BULKY_BYTES && !connection->writing;
}

void connection__turn(struct connection *connection)
{
    const struct protocol *protocol = connection->protocol;
    struct link touched;
    struct link *link;

    assert(connection->state != CONNECTION_CLOSING);
    if (connection->cut) {
        connection__close(connection);
        return;
    }
    list_move(&connection->touched, &touched);
    while ((link = list_pop(&touched)) != NULL)
        http_stream__run(LIST_ELEMENT(link, struct stream, touched));
    if (protocol != NULL && protocol->resume != NULL)
        protocol->resume(connection);
    if (!connection->writing)
        write_all(connection);
    if (connection->cut) {
        connection__close(connection);
        return;
    }
    if (protocol != NULL && protocol->set_reading != NULL)
        protocol->set_reading(connection);
    end_rest(connection);
    connection__schedule(connection);
    if (connection->writing)
        return;
    connection__close_finished(connection); /* what they were answered is with the system */
    if (protocol == NULL)
        return;
    if (protocol->is_finished(connection))
        connection__linger(connection);
    else if (protocol->is_settled != NULL && !connection->cut &&
             list_is_empty(&connection->touched) && protocol->is_settled(connection))
        list_remove(&connection->dirty); /* streams that ended in this turn touched it */
}

static void feed(struct connection *connection, struct slice bytes);

static void sniff(struct connection *connection, struct slice bytes)
{
    connection->protocol = protocol__sniff(&bytes, &connection->sniffed);
    if (connection->protocol == NULL)
        return;
    connection__move(connection, CONNECTION_SERVING);
    connection->cut = !connection->protocol->begin(connection);
    feed(connection, protocol__preface(connection->sniffed));
    feed(connection, bytes);
    if (connection->draining)
        connection__drain(connection);
}

static void feed(struct connection *connection, struct slice bytes)
{
    connection__touch(connection);
    if (connection->cut || bytes.len == 0)
        return;
    switch (connection->state) {
    case CONNECTION_SNIFFING:
        sniff(connection, bytes);
        break;
    case CONNECTION_SERVING:
        connection->protocol->read(connection, bytes);
        break;
    case CONNECTION_LINGERING:
        if (!connection->draining)
            connection__linger_on(connection);
        break;
    case CONNECTION_CLOSING:
        break;
    }
}

/* libuv would read up to 32 buffers of one socket in a row: one a turn leaves time for others. */
static void rest(struct connection *connection)
{
    if (!connection->reading || connection->state == CONNECTION_CLOSING)
        return;
    connection->resting = true;
    connection->transport.methods->read(&connection->transport, false);
}

static void on_received(struct transport *transport, struct slice bytes)
{
    struct connection *connection = connection_of(transport);
    struct loop *loop = connection->loop;

    feed(connection, bytes);
    if (bytes.len == READ_BYTES)
        rest(connection);
    loop__relieve(loop);
}

static void on_received_end(struct transport *transport, bool orderly)
{
    struct connection *connection = connection_of(transport);
    const struct protocol *protocol = connection->protocol;

    connection->reading = false;
    connection->peer_ended = true;
    if (orderly && protocol != NULL && protocol->read_end != NULL && !connection->cut)
        protocol->read_end(connection);
    else
        connection->cut = true;
    connection__touch(connection);
}

static const struct transport_owner owner = {
    .received = on_received,
    .received_end = on_received_end,
    .written = on_written,
    .closed = on_closed,
};

void connection__open(struct loop *loop, int fd, const struct listener_profile *listener,
                      const char *peer, struct source *source)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    const struct settings *settings = loop->settings;

    if (connection == NULL) {
        close(fd);
        source__leave(source);
        atomic_fetch_sub(&loop->open, 1);
        return;
    }
    connection->loop = loop;
    connection->source = source;
    connection->listener = listener;
    connection->timer.fire = connection__on_timer;
    loop__share_memory(loop, &connection->memory);
    account_add(&connection->memory, sizeof(*connection));
    connection->deadline_ms = INT64_MAX;
    connection->opened_ms = connection->idle_since_ms = loop_now_ms(loop);
    memcpy(connection->peer, peer, sizeof(connection->peer));
    list_init(&connection->streams);
    list_init(&connection->ready);
    schedule__entry_init(&connection->scheduled);
    list_init(&connection->touched);
    list_init(&connection->finished);
    list_append(&loop->connections, &connection->link);
    connection->transport.owner = &owner;
    connection->transport.memory = &connection->memory;
    connection->transport.read_buffer = loop->read_buffer;
    connection->cut = !transport_plain__open(&connection->transport, &loop->uv, fd,
                                             !listener->is_unix);
    connection__arm(connection, connection->opened_ms + (int64_t)settings->header_timeout_ms);
    if (settings->max_connection_age_ms > 0)
        connection__arm(connection,
                        connection->opened_ms + (int64_t)settings->max_connection_age_ms);
    connection__read(connection, true);
    if (loop->draining)
        connection__drain(connection);
    connection__touch(connection);
}
