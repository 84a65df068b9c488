/* The writing half of HTTP/1.1. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP1_WRITE_H
#define DATASTREAM_RPC_NET_HTTP1_WRITE_H

#include "rpc/net/http1.h"

/* Of the table: see protocol.h. */
bool http1__write(struct connection *connection, struct buffer *out);

#endif
