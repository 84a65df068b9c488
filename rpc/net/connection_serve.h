/* Connections at work. Internal to rpc/net; the loop's thread only. */
#ifndef DATASTREAM_RPC_NET_CONNECTION_SERVE_H
#define DATASTREAM_RPC_NET_CONNECTION_SERVE_H

#include "rpc/net/connection.h"

/*
 * Takes the socket over, and its place with its source (NULL: has none). It is closed when memory
 * ended. `listener` lives as long as the loop.
 */
void connection__open(struct loop *loop, int fd, const struct listener_profile *listener,
                      const char *peer, struct source *source);

/* Runs touched streams, writes what there is, calls `closed`. */
void connection__turn(struct connection *connection);

/* Whether a turn would write, or free, so much that the short answers of others come first. */
bool connection__is_bulky(const struct connection *connection);

/* Starts the next one. */
void connection__start_next(struct connection *connection);

#endif
