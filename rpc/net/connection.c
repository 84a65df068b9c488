/*
 * Connections: what streams and protocols ask of theirs. Nothing here calls a stream or a protocol.
 * States move in connection__move alone.
 */
#include "rpc/net/connection.h"

void connection__move(struct connection *connection, enum connection_state state)
{
    static const uint8_t legal[] = {
        [CONNECTION_SNIFFING] = 1 << CONNECTION_SERVING | 1 << CONNECTION_CLOSING,
        [CONNECTION_SERVING] = 1 << CONNECTION_LINGERING | 1 << CONNECTION_CLOSING,
        [CONNECTION_LINGERING] = 1 << CONNECTION_CLOSING,
    };

    assert(connection->state != CONNECTION_CLOSING && (legal[connection->state] >> state & 1));
    connection->state = state;
}

void connection__touch(struct connection *connection)
{
    if (!link_is_listed(&connection->dirty) && connection->state != CONNECTION_CLOSING)
        list_append(&connection->loop->dirty, &connection->dirty);
}

void connection__cut(struct connection *connection)
{
    connection->cut = true;
    connection__touch(connection);
}

void connection__arm(struct connection *connection, int64_t due_ms)
{
    if (due_ms == INT64_MAX || connection->state == CONNECTION_CLOSING)
        return;
    if (!timer_is_set(&connection->timer) || due_ms < connection->timer.due_ms)
        timer__set(&connection->loop->wheel, &connection->timer, due_ms);
}

void connection__read(struct connection *connection, bool want)
{
    if (connection->reading == want || connection->peer_ended ||
        connection->state == CONNECTION_CLOSING)
        return;
    connection->reading = want;
    if (connection->resting)
        return;
    if (!connection->transport.methods->read(&connection->transport, want))
        connection__cut(connection);
}

/* Answer bytes that the peer has not read, as far as they are here and not with the system. */
static size_t unread_bytes(struct connection *connection)
{
    struct transport *transport = &connection->transport;
    size_t queued = connection->writing ? transport->methods->unwritten(transport) : 0;

    return connection->waiting + queued;
}

void connection__schedule(struct connection *connection)
{
    struct schedule *schedule = &connection->loop->schedule;

    if (list_is_empty(&connection->ready) || connection->cut ||
        unread_bytes(connection) > connection_settings(connection)->max_write_buffer_bytes)
        return;
    if (LIST_ELEMENT(connection->ready.next, struct stream, ready)->gave_way)
        schedule__add_first(schedule, &connection->scheduled);
    else
        schedule__add(schedule, &connection->scheduled);
}
