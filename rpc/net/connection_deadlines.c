/* The deadlines of a connection: of writing, of its protocol, of idleness and of age. */
#include "rpc/net/connection_deadlines.h"

#include "rpc/net/connection_end.h"

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
    return connection->write_since_ms + (int64_t)connection_settings(connection)->write_timeout_ms;
}

/* Maximal age: asks the client to go elsewhere, then gives it the grace to finish. */
static int64_t check_age(struct connection *connection, int64_t now)
{
    const struct settings *settings = connection_settings(connection);
    int64_t due = connection->opened_ms + (int64_t)settings->max_connection_age_ms;

    if (settings->max_connection_age_ms == 0 || connection->draining ||
        connection->state == CONNECTION_LINGERING)
        return INT64_MAX;
    if (now < due)
        return due;
    connection__drain(connection);
    connection->deadline_ms = now + (int64_t)settings->max_connection_age_grace_ms;
    return connection->deadline_ms;
}

/* A connection without a request: closed with a word where the protocol has one. */
static int64_t check_idle(struct connection *connection, int64_t now)
{
    int64_t due = connection->idle_since_ms +
                  (int64_t)connection_settings(connection)->idle_timeout_ms;

    if (connection->stream_count > 0 || connection->head_since_ms != 0)
        return INT64_MAX;
    if (now < due)
        return due;
    if (!connection->draining)
        connection__drain(connection);
    return INT64_MAX;
}

static int64_t check_protocol(struct connection *connection, int64_t now)
{
    int64_t due;

    switch (connection->state) {
    case CONNECTION_SNIFFING:
        due = connection->opened_ms + (int64_t)connection_settings(connection)->header_timeout_ms;
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

void connection__on_timer(struct timer *timer)
{
    struct connection *connection = LIST_ELEMENT(timer, struct connection, timer);
    int64_t now = loop_now_ms(connection->loop);
    int64_t next = write_deadline(connection, now);

    if (connection->cut)
        return;
    if (now >= next)
        connection->cut = true;
    else if (now >= connection->deadline_ms)
        connection__end(connection);
    next = earlier(next, check_protocol(connection, now));
    next = earlier(next, check_age(connection, now));
    next = earlier(next, connection->deadline_ms);
    connection__touch(connection);
    if (!connection->cut)
        connection__arm(connection, next);
}
