/*
 * How many connections each source holds: an address of IPv4, a /64 of IPv6. One of them may hold
 * a part of the table only, so that the rest stays for others. Internal to rpc/net; the acceptor's
 * thread only, except source__leave and source__is_pressed.
 */
#ifndef DATASTREAM_RPC_NET_SOURCE_H
#define DATASTREAM_RPC_NET_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define SOURCE_BUCKETS 1024

struct source {
    struct source *next;
    uint64_t key;
    bool is_v6;
    unsigned most;
    atomic_uint open; /* the acceptor adds, loops take away; at 0 nobody but the table knows it */
};

struct sources {
    struct source *buckets[SOURCE_BUCKETS];
    uint64_t seed;
    unsigned most;
};

/* `most`: what one source may hold, 1 at least. */
void sources__init(struct sources *sources, unsigned most);

/* Once every connection has left. */
void sources__done(struct sources *sources);

/*
 * Counts a connection; *ret_source is its source until source__leave, and NULL for a Unix socket,
 * which has none. False: the source holds its part already (*ret_source is set), or memory ended
 * (NULL).
 */
bool source__enter(struct sources *sources, const struct sockaddr_storage *peer,
                   struct source **ret_source);

/* The connection is closed. Any thread; NULL is allowed. */
void source__leave(struct source *source);

/* Whether the source is close to its bound, so that its idle connections are to go. Any thread. */
bool source__is_pressed(const struct source *source);

#endif
