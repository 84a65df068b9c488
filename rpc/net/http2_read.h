/* The reading half of HTTP/2. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP2_READ_H
#define DATASTREAM_RPC_NET_HTTP2_READ_H

#include "rpc/net/http2.h"

/* Sets the callbacks that read requests. */
void http2__set_read_callbacks(nghttp2_session_callbacks *callbacks);

#endif
