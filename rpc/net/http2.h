/* HTTP/2: its table, and what its files share. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP2_H
#define DATASTREAM_RPC_NET_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "rpc/net/connection.h"
#include "rpc/net/http2_bounds.h"
#include "rpc/net/http2_fields.h"
#include "rpc/net/http2_frames.h"
#include "rpc/net/recycle.h"

/* The PING round trip of draining is waited for as long as this. */
#define HTTP2_NOTICE_MS 1000

/* Why HEADERS and DATA of a stream that has ended are refused. */
#define HTTP2_STREAM_ENDED "the stream has ended"

struct http2_shared {
    struct recycler recycler;
    char *frame;     /* FRAME_BYTES that all sessions of the loop build frames in */
    bool is_opening; /* a session is being made, which asks for its own */
    nghttp2_option *option;
    nghttp2_session_callbacks *callbacks;
    nghttp2_nv *fields; /* of the answer that is being submitted */
    size_t field_capacity;
};

enum http2_state {
    HTTP2_SERVING,
    HTTP2_NOTICE, /* GOAWAY with the largest stream and a PING were sent */
    HTTP2_LAST,   /* the final GOAWAY was sent; running streams end */
    HTTP2_FAILED, /* the peer misbehaved: GOAWAY, then close */
};

struct http2 {
    nghttp2_session *session;
    struct http2_shared *shared;
    struct account *account; /* of what the session holds */
    size_t held;             /* by the session */
    size_t told;             /* of it, in the account */
    enum http2_state state;
    struct http2_bounds bounds;
    struct http2_frames frames;
    struct stream *incoming;   /* whose header block is being decoded */
    size_t field_count;        /* of that block until now */
    struct http2_known *known; /* NULL until a second request, and where memory ended */
    int64_t notice_since_ms;
    bool failure_sent;
    bool has_asked;  /* a request came */
    bool is_settled; /* nothing was left to write when that was last asked */
};

extern const struct protocol http2_protocol;

#endif
