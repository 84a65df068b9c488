/* The state of an HTTP/2 session, and how it ends. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP2_STATE_H
#define DATASTREAM_RPC_NET_HTTP2_STATE_H

#include "rpc/net/http2.h"

static inline struct connection *http2__connection(void *user_data)
{
    return user_data;
}

/* The stream by its number; NULL when it is closed. */
struct stream *http2__find(nghttp2_session *session, int32_t id);

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

/* Of the table: see protocol.h. */
void http2__shutdown(struct connection *connection);
void http2__reset_stream(struct stream *stream);

#endif
