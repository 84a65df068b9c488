/* The header traceparent (W3C Trace Context, section 3.2). Pure. */
#ifndef DATASTREAM_RPC_FRONTEND_TRACEPARENT_H
#define DATASTREAM_RPC_FRONTEND_TRACEPARENT_H

#include "rpc/net/exchange.h"

/*
 * Whether the text parses: a version other than ff, a trace id and a parent id that are not all
 * zeros, and flags, in lower-case hexadecimal. Versions above 00 may have more after a further '-'.
 */
bool traceparent_is_valid(struct slice text);

/* The request's, where it has exactly one line of it and that one parses; false otherwise. */
bool traceparent__of(const struct request_head *head, struct slice *ret_traceparent);

#endif
