/* HTTP/1.1: its table, and what its files share. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP1_H
#define DATASTREAM_RPC_NET_HTTP1_H

#include "rpc/net/body_clock.h"
#include "rpc/net/connection.h"
#include "rpc/net/http1_check.h"

/* Of a body that nobody wants any more this much is read and dropped to keep the connection. */
#define HTTP1_DROP_MOST 65536

enum http1_state {
    HTTP1_HEAD,    /* a request's head is awaited, or coming */
    HTTP1_LENGTH,  /* a body of known length */
    HTTP1_CHUNKED, /* a chunked body */
    HTTP1_STOPPED, /* nothing more is read: answers are written, then the connection closes */
};

struct http1 {
    enum http1_state state;
    struct http1_limits limits;
    struct http1_scan scan;
    struct http1_chunks chunks;
    uint64_t left;           /* bytes of the body still to come, in HTTP1_LENGTH */
    struct buffer held;      /* read, but not taken yet */
    size_t held_counted;     /* its capacity, as the connection's account has it */
    struct stream *reading;  /* whose body comes; NULL: it is dropped */
    uint64_t dropped;        /* bytes of the body that were */
    bool close;              /* the last request was taken */
    struct body_clock clock; /* of the body that comes */
};

extern const struct protocol http1_protocol;

#endif
