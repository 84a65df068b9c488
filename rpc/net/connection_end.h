/* The way to a connection's end. Internal to rpc/net; the loop's thread only. */
#ifndef DATASTREAM_RPC_NET_CONNECTION_END_H
#define DATASTREAM_RPC_NET_CONNECTION_END_H

#include "rpc/net/connection.h"

/*
 * Cuts what still runs: at once, or where requests without an answer are told 503, once that is
 * written, at the latest after a moment.
 */
void connection__end(struct connection *connection);

/* No new requests; closes once the running ones are answered. */
void connection__drain(struct connection *connection);

/*
 * Nobody who showed credentials waits for it: it is silent, between two requests, inside a head, or
 * serves what anybody may ask for.
 */
bool connection__is_idle(const struct connection *connection);

/* Closes one that is idle: with a word where nothing is under way, else at once. */
void connection__close_idle(struct connection *connection);

/*
 * Closes it now: no callback of a protocol, and none of a frontend but `closed`, comes from here
 * on.
 */
void connection__close(struct connection *connection);

/* Calls `closed` of the streams that have ended. */
void connection__close_finished(struct connection *connection);

/* All is written: says so, and waits a little for the peer to close first. */
void connection__linger(struct connection *connection);

/* The peer still sends: waits for it, from now on. */
void connection__linger_on(struct connection *connection);

#endif
