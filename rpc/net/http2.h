/* What the files of HTTP/2 share. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP2_H
#define DATASTREAM_RPC_NET_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "rpc/net/http2_bounds.h"
#include "rpc/net/protocol.h"
#include "rpc/net/recycle.h"

/* The PING round trip of draining is waited for as long as this. */
#define HTTP2_NOTICE_MS 1000

struct http2_shared {
    struct recycler recycler;
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
    struct recycler *recycler;
    struct account *account; /* of what the session holds */
    enum http2_state state;
    struct http2_bounds bounds;
    struct stream *incoming; /* whose header block is being decoded */
    int64_t notice_since_ms;
    bool failure_sent;
};

static inline struct connection *http2__connection(void *user_data)
{
    return user_data;
}

/* The stream by its number; NULL when it is closed. */
struct stream *http2__find(nghttp2_session *session, int32_t id);

/* Sets the callbacks that read requests, and those that write answers. */
void http2__set_read_callbacks(nghttp2_session_callbacks *callbacks);
void http2__set_write_callbacks(nghttp2_session_callbacks *callbacks);

/*
 * The peer misbehaved: GOAWAY with `error` and `reason`, a constant, then close. Returns what a
 * callback that reads returns, so that nothing more of the buffer is looked at.
 */
int http2__fail(struct connection *connection, uint32_t error, const char *reason);

/* The same with ENHANCE_YOUR_CALM. */
int http2__calm(struct connection *connection, const char *reason);

/* The PING round trip of draining is over: the final GOAWAY. */
void http2__finish_notice(struct connection *connection);

/* The same milliseconds that the loop's timers run by. */
int64_t http2__now(const struct connection *connection);

#endif
