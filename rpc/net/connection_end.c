/* The way to a connection's end: draining, lingering, closing. */
#include "rpc/net/connection_end.h"

#include <assert.h>

/*
 * A closed connection waits for the peer to close as well: a socket closed with unread bytes is
 * reset, and the peer may lose the answer (RFC 9112 section 9.6). It waits for as long as this
 * after the last byte, and with an upload of HTTP/1.1, which no client interrupts until it has sent
 * all, up to the second in all. (HTTP/2 has told its clients to stop.)
 */
#define LINGER_MS 1000
#define LINGER_UPLOAD_MS 30000

void connection__close_finished(struct connection *connection)
{
    struct link *link;

    while ((link = list_pop(&connection->finished)) != NULL)
        http_stream__close(LIST_ELEMENT(link, struct stream, link));
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
        http_stream__finish(stream, false);
}

void connection__close(struct connection *connection)
{
    connection__move(connection, CONNECTION_CLOSING);
    free_protocol(connection);
    finish_streams(connection);
    connection__close_finished(
        connection); /* their memory is wanted now, not when the socket is closed */
    timer__cancel(&connection->timer);
    list_remove(&connection->dirty);
    schedule__remove(&connection->scheduled);
    account_move(&connection->memory, &connection->loop->leaving);
    connection->transport.methods->close(&connection->transport);
}

void connection__linger_on(struct connection *connection)
{
    int64_t now = loop_now_ms(connection->loop);

    assert(connection->state == CONNECTION_LINGERING);
    connection->deadline_ms = now + LINGER_MS;
    if (connection->deadline_ms > connection->linger_end_ms)
        connection->deadline_ms = connection->linger_end_ms;
    connection__arm(connection, connection->deadline_ms);
}

void connection__linger(struct connection *connection)
{
    finish_streams(connection);
    if (connection->peer_ended) {
        connection__close(connection);
        return;
    }
    connection->linger_end_ms =
        loop_now_ms(connection->loop) +
        (connection->protocol->uploads_whole && !connection->ending ? LINGER_UPLOAD_MS : LINGER_MS);
    connection__move(connection, CONNECTION_LINGERING);
    free_protocol(connection);
    connection__close_finished(connection);
    if (!connection->transport.methods->shutdown(&connection->transport)) {
        connection__close(connection);
        return;
    }
    connection__linger_on(connection);
    connection__read(connection, true);
}

void connection__end(struct connection *connection)
{
    bool was_ending = connection->ending;

    for (struct link *link = connection->streams.next; link != &connection->streams && !was_ending;
         link = link->next)
        connection->ending |= http_stream__end(LIST_ELEMENT(link, struct stream, link));
    if (connection->ending == was_ending) {
        connection__cut(connection);
        return;
    }
    connection->deadline_ms = loop_now_ms(connection->loop) + LINGER_MS;
    connection__arm(connection, connection->deadline_ms);
    connection__touch(connection);
}

void connection__drain(struct connection *connection)
{
    connection->draining = true;
    if (connection->cut)
        return;
    if (connection->state == CONNECTION_SNIFFING && connection->sniffed == 0)
        connection->cut = true;
    else if (connection->protocol != NULL && connection->protocol->shutdown != NULL)
        connection->protocol->shutdown(connection);
    connection__touch(connection);
}

bool connection__is_idle(const struct connection *connection)
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

void connection__close_idle(struct connection *connection)
{
    if (connection->stream_count > 0)
        connection__end(connection);
    else if (connection->state == CONNECTION_SNIFFING || connection->head_since_ms != 0)
        connection__cut(connection);
    else
        connection__drain(connection);
}
