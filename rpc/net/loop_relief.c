/* Relief: large holders of memory go while a loop holds too much. */
#include "rpc/net/loop_relief.h"

#include "base/log.h"
#include "rpc/net/connection_end.h"

static size_t largest_holding(struct loop *loop)
{
    size_t most = 0;

    for (struct link *link = loop->connections.next; link != &loop->connections;
         link = link->next) {
        const struct connection *connection = LIST_ELEMENT(link, struct connection, link);

        if (connection->state != CONNECTION_CLOSING && connection->memory.used > most)
            most = connection->memory.used;
    }
    return most;
}

static void shed(struct connection *connection)
{
    log_event(LOG_WARNING, "connection_shed", LOG_STR("peer", connection_peer(connection)),
              LOG_INT("bytes", (int64_t)connection->memory.used));
    atomic_fetch_add_explicit(&connection->loop->shed, 1, memory_order_relaxed);
    connection__close(connection); /* it stays listed until its socket is closed */
}

/*
 * Those that hold at least half as much as the largest, the oldest first, and a little more than is
 * needed: two looks at all connections are dear where these are thousands.
 */
static void shed_largest(struct loop *loop)
{
    size_t least = largest_holding(loop) / 2;

    for (struct link *link = loop->connections.next; link != &loop->connections;
         link = link->next) {
        struct connection *connection = LIST_ELEMENT(link, struct connection, link);

        if (connection->state != CONNECTION_CLOSING && connection->memory.used >= least)
            shed(connection);
        if (loop->memory.used - loop->leaving.used <= MEMORY_RELIEVED(loop->memory_most))
            return;
    }
}

void loop__relieve(struct loop *loop)
{
    while (loop->memory.used - loop->leaving.used > MEMORY_HELD(loop->memory_most))
        shed_largest(loop);
}
