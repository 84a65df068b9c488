/*
 * The table of a protocol: what a connection, its streams and its loop ask of HTTP/1.1 and of
 * HTTP/2. They call no protocol by name; the protocols call them. Internal to rpc/net; the loop's
 * thread only.
 */
#ifndef DATASTREAM_RPC_NET_PROTOCOL_H
#define DATASTREAM_RPC_NET_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buffer;
struct connection;
struct loop;
struct stream;

/* Where it says so, a function is NULL for a protocol that has nothing to do there. */
struct protocol {
    /* What all connections of a loop share; false when memory ended. May be NULL, both. */
    bool (*open_loop)(struct loop *loop);
    void (*close_loop)(struct loop *loop);

    /* Creates the connection's session; false when memory ended, and `free` still follows. */
    bool (*begin)(struct connection *connection);
    void (*free)(struct connection *connection);
    /* Bytes that the peer sent. */
    void (*read)(struct connection *connection, struct slice bytes);
    /* The peer sends no more; the connection is cut where it is NULL. */
    void (*read_end)(struct connection *connection);
    /* Reads on where credit or an answer made that possible; before `write`. May be NULL. */
    void (*resume)(struct connection *connection);
    /* Appends output; stops near WRITE_BYTES. False: the connection is to be closed at once. */
    bool (*write)(struct connection *connection, struct buffer *out);
    /* Reads on or pauses by what still waits to be written; after `write`. May be NULL. */
    void (*set_reading)(struct connection *connection);
    /* Everything is written and no request will come. */
    bool (*is_finished)(const struct connection *connection);
    /*
     * After is_finished: nothing waits to be written and nothing to be read on, so that a turn
     * would do nothing unless a stream is touched. May be NULL: a turn may always do something.
     */
    bool (*is_settled)(const struct connection *connection);
    /* Tells the peer to send no new requests. May be NULL. */
    void (*shutdown)(struct connection *connection);
    /* Ends what takes too long; returns when it is to be called again, INT64_MAX for never. */
    int64_t (*check_deadlines)(struct connection *connection, int64_t now_ms);

    /* Submits what a touched stream's answer has new. May be NULL. */
    void (*run_stream)(struct stream *stream);
    /* Cuts one stream, or the connection where streams cannot be cut alone. */
    void (*reset_stream)(struct stream *stream);
    /*
     * The stream's timer after its answer: the request still goes on, and is to stop. May be NULL.
     */
    void (*stop_sending)(struct stream *stream);
    /* Gives credit back for bytes of the stream's body. May be NULL. */
    void (*consume)(struct stream *stream, size_t bytes);
    /*
     * Gives back the connection's credit, but not a stream's, for bytes that nobody wants. May be
     * NULL.
     */
    void (*consume_rest)(struct connection *connection, size_t bytes);

    /* A client sends its whole upload before it looks at the answer, however long that takes. */
    bool uploads_whole;
};

/*
 * Judges a connection's first bytes. NULL: what came is the beginning of HTTP/2's preface, and more
 * has to come. Else the protocol, which is to read protocol__preface(*seen) first and what is left
 * of *bytes then. *seen is 0 at first.
 */
const struct protocol *protocol__sniff(struct slice *bytes, size_t *seen);

/* The first bytes of HTTP/2's preface; constant. */
struct slice protocol__preface(size_t seen);

/* What the protocols keep for a loop; protocols__close also after false, when memory ended. */
bool protocols__open(struct loop *loop);
void protocols__close(struct loop *loop);

#endif
