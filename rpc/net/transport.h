/*
 * A transport: what carries a connection's bytes, a socket as it is or one with TLS on top. Its
 * owner asks it through the table; it tells its owner through the owner's, and never from inside a
 * function of the table. Internal to rpc/net; the loop's thread only.
 */
#ifndef DATASTREAM_RPC_NET_TRANSPORT_H
#define DATASTREAM_RPC_NET_TRANSPORT_H

#include <stdbool.h>
#include <uv.h>

#include "base/account.h"
#include "base/slice.h"

/* One read; what is larger comes in several. */
#define READ_BYTES 65536

struct transport;

struct transport_methods {
    /* Has `received` called, or not any more. False: it cannot read. */
    bool (*read)(struct transport *transport, bool want);
    /*
     * Hands bytes to the system: at once what it takes; a copy of the rest, *ret_kept bytes, is
     * kept until it can. While any is kept, which ends with `written`, nothing more may be written.
     * False: it is broken.
     */
    bool (*write)(struct transport *transport, struct slice bytes, size_t *ret_kept);
    /* Of the bytes that are kept, those that the system has not taken yet. */
    size_t (*unwritten)(const struct transport *transport);
    /* Tells the peer that no more comes; nothing is kept then. False: it is broken. */
    bool (*shutdown)(struct transport *transport);
    /* Frees what it has; `closed` follows. Nothing else may be called from here on. */
    void (*close)(struct transport *transport);
};

/* What the owner is told. */
struct transport_owner {
    /* Bytes came, READ_BYTES at most; they live only during the call. */
    void (*received)(struct transport *transport, struct slice bytes);
    /* No more come: the peer has closed its side (`orderly`), or the transport is broken. */
    void (*received_end)(struct transport *transport, bool orderly);
    /* What was kept is with the system (`ok`), or lost. */
    void (*written)(struct transport *transport, bool ok);
    /* The last call. */
    void (*closed)(struct transport *transport);
};

/* Part of its owner. */
struct transport {
    const struct transport_methods *methods;
    const struct transport_owner *owner;
    struct account *memory; /* counts what is kept */
    char *read_buffer;      /* of READ_BYTES, shared with other transports of the loop */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
};

#endif
