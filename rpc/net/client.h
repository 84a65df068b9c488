/*
 * Who sent a request, where proxies stand between: the address, the scheme and the authority of the
 * client, by X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host. They are believed from
 * trusted peers alone. Of X-Forwarded-For the hops are walked from the right, each one believed
 * while the hop that wrote it is trusted; the first that is untrusted is the client, and one that
 * cannot be read ends the walk at its right neighbour. Of the other two the last value counts,
 * which the nearest proxy wrote. `Forwarded` (RFC 7239) is ignored. Pure.
 */
#ifndef DATASTREAM_RPC_NET_CLIENT_H
#define DATASTREAM_RPC_NET_CLIENT_H

#include "base/network.h"
#include "base/status.h"
#include "rpc/net/exchange.h"

#define PROXIES_MOST 64

/* Plain: the peers that are proxies. */
struct proxies {
    struct network networks[PROXIES_MOST];
    size_t count;
    bool has_unix; /* whoever connects to a Unix socket */
};

/*
 * Reads "10.0.0.0/8, 2001:db8::/32, unix": networks, addresses and the word "unix", with commas
 * between. INVALID_ARGUMENT with a message in the arena.
 */
struct status proxies_parse(struct arena *arena, struct slice text, struct proxies *ret_proxies);

/* Plain. */
struct client {
    struct slice address;   /* as the exchange's `peer` */
    struct slice scheme;    /* "http" or "https" */
    struct slice authority; /* empty where the request names none */
};

/*
 * The client of a request that came in from `peer` over `scheme`. Borrows from all that it is
 * given; an address that it read is in the arena, and empty where the arena failed. `proxies` may
 * be NULL: no peer is trusted.
 */
struct client client_find(struct arena *arena, const struct proxies *proxies,
                          const struct request_head *head, struct slice peer, struct slice scheme);

/* Gives the exchange its client: once, when its head is whole. */
void client__of(struct exchange *exchange, const struct proxies *proxies);

#endif
