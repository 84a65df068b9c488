/* The writing half of HTTP/2. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP2_WRITE_H
#define DATASTREAM_RPC_NET_HTTP2_WRITE_H

#include "rpc/net/http2.h"

/* Sets the callbacks that write answers. */
void http2__set_write_callbacks(nghttp2_session_callbacks *callbacks);

/* Of the table: see protocol.h. */
void http2__run_stream(struct stream *stream);
void http2__stop_sending(struct stream *stream);

#endif
