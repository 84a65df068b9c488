/*
 * A connection: bytes in, bytes out, deadlines, and the streams in it. The protocol that it speaks
 * is asked through its table (protocol.h). Internal to rpc/net; the loop's thread only.
 */
#ifndef DATASTREAM_RPC_NET_CONNECTION_H
#define DATASTREAM_RPC_NET_CONNECTION_H

#include "rpc/net/loop_internal.h"
#include "rpc/net/protocol.h"
#include "rpc/net/source.h"
#include "rpc/net/transport.h"

#define PEER_MOST 46 /* an IPv6 address with its NUL */

enum connection_state {
    CONNECTION_SNIFFING,  /* the first bytes tell HTTP/2 from HTTP/1.1 */
    CONNECTION_SERVING,   /* its protocol reads and writes */
    CONNECTION_LINGERING, /* all is written; reads and drops until the peer closes too */
    CONNECTION_CLOSING,   /* the socket is being closed; nothing more happens */
};

struct http1;
struct http2;

struct connection {
    struct loop *loop;
    struct transport transport;
    enum connection_state state;
    struct link link;  /* in the loop's connections */
    struct link dirty; /* in the loop's dirty ones, or in its bulky ones */
    struct timer timer;
    struct account memory; /* of its calls, of what waits to be written, of the protocol */
    struct source *source; /* NULL for a Unix socket */
    const struct listener_profile *listener;
    char peer[PEER_MOST];

    size_t sniffed;                  /* bytes, all of them of HTTP/2's preface */
    const struct protocol *protocol; /* NULL: not known yet, or all is written */
    union {                          /* the protocol's own */
        struct http1 *http1;
        struct http2 *http2;
    };

    struct link streams; /* open ones, oldest first */
    struct link ready;   /* of these, those whose request may start, in the order of coming */
    struct schedule_entry scheduled;
    struct link touched;  /* of these, those with something to do */
    struct link finished; /* `closed` is to be called */
    size_t stream_count;
    size_t claimed_count; /* of these, those whose caller showed credentials */
    size_t waiting;       /* answer bytes of all streams that wait */

    bool reading;    /* wanted, or wanted again once it has rested */
    bool resting;    /* has read a full buffer: the others first */
    bool peer_ended; /* the other side sends no more */
    bool writing;    /* the transport keeps bytes: the socket is full */
    bool cut;        /* to be closed at once, at the end of the turn */
    bool draining;   /* no new requests */
    bool ending;     /* what had no answer was told so: a last moment to take it */

    int64_t opened_ms;
    int64_t deadline_ms; /* lingering or grace: then it is closed; INT64_MAX: none */
    int64_t linger_end_ms;
    int64_t idle_since_ms;
    int64_t head_since_ms;  /* a request's head is coming since; 0: none is */
    int64_t write_since_ms; /* the socket took nothing since */
    size_t write_left;
};

/* Moves to another state; the only place that does. */
void connection__move(struct connection *connection, enum connection_state state);

/* Has connection__turn called at the end of the loop's turn. */
void connection__touch(struct connection *connection);

/* Has the loop start the connection's requests, unless too much of its answers is not read. */
void connection__schedule(struct connection *connection);

/* Closes at the end of the turn, whatever is unfinished. Callable from anywhere. */
void connection__cut(struct connection *connection);

/* Reading may have become possible or pointless. */
void connection__read(struct connection *connection, bool want);

/* Makes sure that deadlines are looked at by then. */
void connection__arm(struct connection *connection, int64_t due_ms);

static inline const struct settings *connection_settings(const struct connection *connection)
{
    return connection->loop->settings;
}

/* The address without port. */
static inline struct slice connection_peer(const struct connection *connection)
{
    return slice_from_cstr(connection->peer);
}

static inline struct stream *connection_first_stream(struct connection *connection)
{
    return list_is_empty(&connection->streams)
               ? NULL
               : LIST_ELEMENT(connection->streams.next, struct stream, link);
}

#endif
