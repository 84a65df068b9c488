/*
 * Origins (RFC 6454): scheme, host and port, written as browsers write them in Origin. Pure.
 */
#ifndef DATASTREAM_RPC_NET_ORIGIN_H
#define DATASTREAM_RPC_NET_ORIGIN_H

#include "base/arena.h"
#include "base/slice.h"

/*
 * The origin of a scheme ("http" or "https") and an authority: in lower case, without the scheme's
 * own port. In the arena; empty where they make none, or the arena failed.
 */
struct slice origin_of(struct arena *arena, struct slice scheme, struct slice authority);

/*
 * Reads "https://data.example.com:8443": a scheme and an authority, and nothing after them. False,
 * and *ret_origin untouched, for anything else and where the arena failed.
 */
bool origin_parse(struct arena *arena, struct slice text, struct slice *ret_origin);

#endif
