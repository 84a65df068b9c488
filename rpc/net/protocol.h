/*
 * What a connection asks of the protocol that it speaks, and what an exchange does. Internal to
 * rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_PROTOCOL_H
#define DATASTREAM_RPC_NET_PROTOCOL_H

#include "rpc/net/connection.h"

/* Starts HTTP/1.1; false when memory ended. */
bool http1_start(struct connection *connection);
void http1_done(struct connection *connection);
void http1_feed(struct connection *connection, struct slice bytes);
/* Goes on with held bytes where credit or an answer made that possible. */
void http1_resume(struct connection *connection);
/* Appends output; stops near WRITE_BYTES. False: close at once. */
bool http1_produce(struct connection *connection, struct buffer *out);
/* Everything is written and no request will come: close. */
bool http1_is_finished(const struct connection *connection);
/* A request's head, or body, took too long. */
void http1_expire_head(struct connection *connection);
/* The time when the current body is too slow; INT64_MAX when none is awaited. Looks at the clock:
 * while a frontend is not ready for it the client is not to blame. */
int64_t http1_body_deadline(struct connection *connection);
void http1_expire_body(struct connection *connection);
/* The peer sends no more. */
void http1_receive_end(struct connection *connection);

/* The same of HTTP/2. */
bool http2_start(struct connection *connection);
void http2_done(struct connection *connection);
void http2_feed(struct connection *connection, struct slice bytes);
bool http2_produce(struct connection *connection, struct buffer *out);
bool http2_is_finished(const struct connection *connection);
/* Stops reading while too much waits to be written, and goes on when it does not. */
void http2_set_reading(struct connection *connection);
void http2_drain(struct connection *connection);
/* Looks at all streams; returns when it is to be called again. */
int64_t http2_check_deadlines(struct connection *connection, int64_t now_ms);
/* Submits what a touched stream's answer has new. */
void http2_run_stream(struct stream *stream);
void http2_consume(struct stream *stream, size_t bytes);
/* Gives back the connection's credit, but not the stream's, for bytes that nobody wants. */
void http2_consume_rest(struct connection *connection, size_t bytes);
void http2_reset(struct stream *stream);
/* The answer was sent a while ago and the request still goes on: RST_STREAM(NO_ERROR). */
void http2_stop_sending(struct stream *stream);

/* What the sessions of one loop share. NULL when memory ended. */
struct http2_shared *http2_shared_make(const struct settings *settings);
void http2_shared_free(struct http2_shared *shared);

#endif
