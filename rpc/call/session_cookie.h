/* The cookie that a browser keeps its session in (RFC 6265). Pure. */
#ifndef DATASTREAM_RPC_CALL_SESSION_COOKIE_H
#define DATASTREAM_RPC_CALL_SESSION_COOKIE_H

#include "base/arena.h"
#include "base/slice.h"

/*
 * The cookie's name for clients of the origin: "__Host-datastream", which no other host and no
 * plain connection can set, where its scheme is https, else "datastream".
 */
struct slice session_cookie_name(struct slice own_origin);

/*
 * The value of Set-Cookie that gives a client of the origin the session's value; an empty one takes
 * the cookie away. In the arena; empty when that failed. The cookie has no end of its own: the
 * browser drops it when it closes, and the server knows when the session ends.
 */
struct slice session_cookie_make(struct arena *arena, struct slice own_origin, struct slice value);

#endif
