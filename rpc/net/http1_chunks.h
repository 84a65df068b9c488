/*
 * Chunked bodies (RFC 9112 section 7.1), byte by byte and to the letter: CRLF only, extensions and
 * trailer fields checked, dropped and bounded. /
 */
#ifndef DATASTREAM_RPC_NET_HTTP1_CHUNKS_H
#define DATASTREAM_RPC_NET_HTTP1_CHUNKS_H

#include "rpc/net/http1_check.h"

/*
 * Takes framing, and at most one run of data, from the front of *bytes. HTTP1_DONE: the body has
 * ended, trailers included, and *bytes is what follows. HTTP1_MORE: *ret_data is the run (empty:
 * all bytes were taken).
 */
enum http1_result http1_chunks__next(struct http1_chunks *chunks, struct slice *bytes,
                                     const struct http1_limits *limits, struct slice *ret_data,
                                     struct http1_fault *ret_fault);

#endif
