/* The reading half of HTTP/1.1. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_HTTP1_READ_H
#define DATASTREAM_RPC_NET_HTTP1_READ_H

#include "rpc/net/http1.h"

/* Moves to another state; the only place that does. */
void http1__move(struct connection *connection, enum http1_state state);

/* The stream's answer is written whole. */
void http1__finish(struct stream *stream);

/* Of the table: see protocol.h. */
void http1__read(struct connection *connection, struct slice bytes);
void http1__read_end(struct connection *connection);
void http1__resume(struct connection *connection);
int64_t http1__check_deadlines(struct connection *connection, int64_t now_ms);

#endif
