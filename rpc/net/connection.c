/*
 * Connections: the socket's bytes, the deadlines, the way to the end. States move in move_to alone.
 */
#include "rpc/net/connection.h"

#include <stdlib.h>
#include <unistd.h>

#include "rpc/net/transport_plain.h"

/*
 * A closed connection waits for the peer to close as well: a socket closed with unread bytes is
 * reset, and the peer may lose the answer (RFC 9112 section 9.6). It waits for as long as this
 * after the last byte, and with an upload of HTTP/1.1, which no client interrupts until it has sent
 * all, up to the second in all. (HTTP/2 has told its clients to stop.)
 */
#define LINGER_MS 1000
#define LINGER_UPLOAD_MS 30000

/* Writes of one connection in one turn, so that a fast reader leaves time for the others. */
#define WRITES_A_TURN 16

static struct connection *connection_of(struct transport *transport)
{
    return LIST_ELEMENT(transport, struct connection, transport);
}

static void move_to(struct connection *connection, enum connection_state state)
{
    static const uint8_t legal[] = {
        [CONNECTION_SNIFFING] = 1 << CONNECTION_SERVING | 1 << CONNECTION_CLOSING,
        [CONNECTION_SERVING] = 1 << CONNECTION_LINGERING | 1 << CONNECTION_CLOSING,
        [CONNECTION_LINGERING] = 1 << CONNECTION_CLOSING,
    };

    assert(connection->state != CONNECTION_CLOSING && (legal[connection->state] >> state & 1));
    connection->state = state;
}

static const struct settings *settings_of(const struct connection *connection)
{
    return connection->loop->settings;
}

void connection_touch(struct connection *connection)
{
    if (!link_is_listed(&connection->dirty) && connection->state != CONNECTION_CLOSING)
        list_append(&connection->loop->dirty, &connection->dirty);
}

void connection_cut(struct connection *connection)
{
    connection->cut = true;
    connection_touch(connection);
}

void connection_end(struct connection *connection)
{
    bool was_ending = connection->ending;

    for (struct link *link = connection->streams.next; link != &connection->streams && !was_ending;
         link = link->next)
        connection->ending |= stream_end(LIST_ELEMENT(link, struct stream, link));
    if (connection->ending == was_ending) {
        connection_cut(connection);
        return;
    }
    connection->deadline_ms = loop_now_ms(connection->loop) + LINGER_MS;
    connection_arm(connection, connection->deadline_ms);
    connection_touch(connection);
}

void connection_arm(struct connection *connection, int64_t due_ms)
{
    if (due_ms == INT64_MAX || connection->state == CONNECTION_CLOSING)
        return;
    if (!timer_is_set(&connection->timer) || due_ms < connection->timer.due_ms)
        timer_set(&connection->loop->wheel, &connection->timer, due_ms);
}

static void close_finished(struct connection *connection)
{
    struct link *link;

    while ((link = list_pop(&connection->finished)) != NULL)
        stream_close(LIST_ELEMENT(link, struct stream, link));
}

static void free_protocol(struct connection *connection)
{
    if (connection->protocol == NULL)
        return;
    connection->protocol->free(connection);
    connection->protocol = NULL;
}

static void finish_streams(struct connection *connection)
{
    struct stream *stream;

    while ((stream = connection_first_stream(connection)) != NULL)
        stream_finish(stream, false);
}

static void on_closed(struct transport *transport)
{
    struct connection *connection = connection_of(transport);
    struct loop *loop = connection->loop;

    atomic_fetch_sub(&loop->open, 1);
    source_leave(connection->source);
    list_remove(&connection->link);
    account_give(connection->memory.whole, connection->memory.used);
    free(connection);
}

/* The end: no callback of a protocol, and none of a frontend but `closed`, comes from here on. */
static void close_now(struct connection *connection)
{
    move_to(connection, CONNECTION_CLOSING);
    free_protocol(connection);
    finish_streams(connection);
    close_finished(connection); /* their memory is wanted now, not when the socket is closed */
    timer_cancel(&connection->timer);
    list_remove(&connection->dirty);
    schedule_remove(&connection->scheduled);
    account_move(&connection->memory, &connection->loop->leaving);
    connection->transport.methods->close(&connection->transport);
}

/* Waits for the peer, from now on. */
static void linger_on(struct connection *connection)
{
    int64_t now = loop_now_ms(connection->loop);

    connection->deadline_ms = now + LINGER_MS;
    if (connection->deadline_ms > connection->linger_end_ms)
        connection->deadline_ms = connection->linger_end_ms;
    connection_arm(connection, connection->deadline_ms);
}

/* All is written: says so, and waits a little for the peer to close first. */
static void linger(struct connection *connection)
{
    finish_streams(connection);
    if (connection->peer_ended ||
        !connection->transport.methods->shutdown(&connection->transport)) {
        close_now(connection);
        return;
    }
    connection->linger_end_ms =
        loop_now_ms(connection->loop) +
        (connection->protocol->uploads_whole && !connection->ending ? LINGER_UPLOAD_MS : LINGER_MS);
    move_to(connection, CONNECTION_LINGERING);
    free_protocol(connection);
    close_finished(connection);
    linger_on(connection);
    connection_read(connection, true);
}

static void on_written(struct transport *transport, bool ok)
{
    struct connection *connection = connection_of(transport);

    connection->writing = false;
    if (!ok)
        connection->cut = true;
    connection_touch(connection);
}

/* Hands bytes to the system: at once what it takes, the rest when it can. False: it is broken. */
static bool connection_write(struct connection *connection, struct slice bytes)
{
    size_t kept;

    if (!connection->transport.methods->write(&connection->transport, bytes, &kept))
        return false;
    if (kept == 0)
        return true;
    connection->writing = true;
    connection->write_left = kept;
    connection->write_since_ms = loop_now_ms(connection->loop);
    connection_arm(connection,
                   connection->write_since_ms + (int64_t)settings_of(connection)->write_timeout_ms);
    return true;
}

static void write_all(struct connection *connection)
{
    struct buffer *out = &connection->loop->out;

    if (connection->protocol == NULL)
        return;
    for (int i = 0; i < WRITES_A_TURN && !connection->writing && !connection->cut; i++) {
        if (!connection->protocol->write(connection, out) || out->failed) {
            buffer_empty(out);
            out->failed = false;
            connection->cut = true;
            return;
        }
        if (out->len == 0)
            return;
        if (!connection_write(connection, slice_make(out->data, out->len)))
            connection->cut = true;
        buffer_empty(out);
    }
    connection_touch(connection);
}

/* Answer bytes that the peer has not read, as far as they are here and not with the system. */
static size_t unread_bytes(struct connection *connection)
{
    struct transport *transport = &connection->transport;
    size_t queued = connection->writing ? transport->methods->unwritten(transport) : 0;

    return connection->waiting + queued;
}

void connection_schedule(struct connection *connection)
{
    struct schedule *schedule = &connection->loop->schedule;

    if (list_is_empty(&connection->ready) || connection->cut ||
        unread_bytes(connection) > settings_of(connection)->max_write_buffer_bytes)
        return;
    if (LIST_ELEMENT(connection->ready.next, struct stream, ready)->gave_way)
        schedule_add_first(schedule, &connection->scheduled);
    else
        schedule_add(schedule, &connection->scheduled);
}

void connection_start_next(struct connection *connection)
{
    struct link *link = connection->cut ? NULL : list_pop(&connection->ready);

    if (link != NULL)
        stream_start(LIST_ELEMENT(link, struct stream, ready));
}

/* What rested reads on. */
static void end_rest(struct connection *connection)
{
    if (!connection->resting)
        return;
    connection->resting = false;
    if (connection->reading) {
        connection->reading = false;
        connection_read(connection, true);
    }
}

void connection_turn(struct connection *connection)
{
    const struct protocol *protocol = connection->protocol;
    struct link touched;
    struct link *link;

    if (connection->cut) {
        close_now(connection);
        return;
    }
    list_move(&connection->touched, &touched);
    while ((link = list_pop(&touched)) != NULL)
        stream_run(LIST_ELEMENT(link, struct stream, touched));
    if (protocol != NULL && protocol->resume != NULL)
        protocol->resume(connection);
    if (!connection->writing)
        write_all(connection);
    if (connection->cut) {
        close_now(connection);
        return;
    }
    if (protocol != NULL && protocol->set_reading != NULL)
        protocol->set_reading(connection);
    end_rest(connection);
    connection_schedule(connection);
    if (connection->writing)
        return;
    close_finished(connection); /* what they were answered is with the system */
    if (protocol != NULL && protocol->is_finished(connection))
        linger(connection);
}

static void sniff(struct connection *connection, struct slice bytes)
{
    connection->protocol = protocol_sniff(&bytes, &connection->sniffed);
    if (connection->protocol == NULL)
        return;
    move_to(connection, CONNECTION_SERVING);
    connection->cut = !connection->protocol->begin(connection);
    connection_feed(connection, protocol_preface(connection->sniffed));
    connection_feed(connection, bytes);
    if (connection->draining)
        connection_drain(connection);
}

void connection_feed(struct connection *connection, struct slice bytes)
{
    connection_touch(connection);
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
            linger_on(connection);
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

    connection_feed(connection, bytes);
    if (bytes.len == READ_BYTES)
        rest(connection);
    loop_relieve(loop);
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
    connection_touch(connection);
}

static const struct transport_owner owner = {
    .received = on_received,
    .received_end = on_received_end,
    .written = on_written,
    .closed = on_closed,
};

void connection_read(struct connection *connection, bool want)
{
    if (connection->reading == want || connection->peer_ended ||
        connection->state == CONNECTION_CLOSING)
        return;
    connection->reading = want;
    if (connection->resting)
        return;
    if (!connection->transport.methods->read(&connection->transport, want))
        connection_cut(connection);
}

void connection_drain(struct connection *connection)
{
    connection->draining = true;
    if (connection->cut)
        return;
    if (connection->state == CONNECTION_SNIFFING && connection->sniffed == 0)
        connection->cut = true;
    else if (connection->protocol != NULL && connection->protocol->shutdown != NULL)
        connection->protocol->shutdown(connection);
    connection_touch(connection);
}

bool connection_is_idle(const struct connection *connection)
{
    switch (connection->state) {
    case CONNECTION_SNIFFING:
        return true;
    case CONNECTION_SERVING:
        return connection->claimed_count == 0 && !connection->draining;
    case CONNECTION_LINGERING:
    case CONNECTION_CLOSING:
        break;
    }
    return false;
}

void connection_close_idle(struct connection *connection)
{
    if (connection->stream_count > 0)
        connection_end(connection);
    else if (connection->state == CONNECTION_SNIFFING || connection->head_since_ms != 0)
        connection_cut(connection);
    else
        connection_drain(connection);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When a write makes no progress; INT64_MAX while none waits. */
static int64_t write_deadline(struct connection *connection, int64_t now)
{
    size_t left;

    if (!connection->writing)
        return INT64_MAX;
    left = connection->transport.methods->unwritten(&connection->transport);
    if (left < connection->write_left) {
        connection->write_left = left;
        connection->write_since_ms = now;
    }
    return connection->write_since_ms + (int64_t)settings_of(connection)->write_timeout_ms;
}

/* Maximal age: asks the client to go elsewhere, then gives it the grace to finish. */
static int64_t check_age(struct connection *connection, int64_t now)
{
    const struct settings *settings = settings_of(connection);
    int64_t due = connection->opened_ms + (int64_t)settings->max_connection_age_ms;

    if (settings->max_connection_age_ms == 0 || connection->draining ||
        connection->state == CONNECTION_LINGERING)
        return INT64_MAX;
    if (now < due)
        return due;
    connection_drain(connection);
    connection->deadline_ms = now + (int64_t)settings->max_connection_age_grace_ms;
    return connection->deadline_ms;
}

/* A connection without a request: closed with a word where the protocol has one. */
static int64_t check_idle(struct connection *connection, int64_t now)
{
    int64_t due = connection->idle_since_ms + (int64_t)settings_of(connection)->idle_timeout_ms;

    if (connection->stream_count > 0 || connection->head_since_ms != 0)
        return INT64_MAX;
    if (now < due)
        return due;
    if (!connection->draining)
        connection_drain(connection);
    return INT64_MAX;
}

static int64_t check_protocol(struct connection *connection, int64_t now)
{
    int64_t due;

    switch (connection->state) {
    case CONNECTION_SNIFFING:
        due = connection->opened_ms + (int64_t)settings_of(connection)->header_timeout_ms;
        if (now >= due)
            connection->cut = true;
        return due;
    case CONNECTION_SERVING:
        due = check_idle(connection, now);
        return earlier(due, connection->protocol->check_deadlines(connection, now));
    case CONNECTION_LINGERING:
    case CONNECTION_CLOSING:
        break;
    }
    return INT64_MAX;
}

static void on_timer(struct timer *timer)
{
    struct connection *connection = LIST_ELEMENT(timer, struct connection, timer);
    int64_t now = loop_now_ms(connection->loop);
    int64_t next = write_deadline(connection, now);

    if (connection->cut)
        return;
    if (now >= next)
        connection->cut = true;
    else if (now >= connection->deadline_ms)
        connection_end(connection);
    next = earlier(next, check_protocol(connection, now));
    next = earlier(next, check_age(connection, now));
    next = earlier(next, connection->deadline_ms);
    connection_touch(connection);
    if (!connection->cut)
        connection_arm(connection, next);
}

void connection_open(struct loop *loop, int fd, bool is_tcp, const char *peer,
                     struct source *source)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    const struct settings *settings = loop->settings;

    if (connection == NULL) {
        close(fd);
        source_leave(source);
        atomic_fetch_sub(&loop->open, 1);
        return;
    }
    connection->loop = loop;
    connection->source = source;
    connection->timer.fire = on_timer;
    loop_share_memory(loop, &connection->memory);
    account_add(&connection->memory, sizeof(*connection));
    connection->deadline_ms = INT64_MAX;
    connection->opened_ms = connection->idle_since_ms = loop_now_ms(loop);
    memcpy(connection->peer, peer, sizeof(connection->peer));
    list_init(&connection->streams);
    list_init(&connection->ready);
    schedule_entry_init(&connection->scheduled);
    list_init(&connection->touched);
    list_init(&connection->finished);
    list_append(&loop->connections, &connection->link);
    connection->transport.owner = &owner;
    connection->transport.memory = &connection->memory;
    connection->transport.read_buffer = loop->read_buffer;
    connection->cut = !transport_plain_open(&connection->transport, &loop->uv, fd, is_tcp);
    connection_arm(connection, connection->opened_ms + (int64_t)settings->header_timeout_ms);
    if (settings->max_connection_age_ms > 0)
        connection_arm(connection,
                       connection->opened_ms + (int64_t)settings->max_connection_age_ms);
    connection_read(connection, true);
    if (loop->draining)
        connection_drain(connection);
    connection_touch(connection);
}
