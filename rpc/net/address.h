/* Addresses to listen on. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_ADDRESS_H
#define DATASTREAM_RPC_NET_ADDRESS_H

#include <sys/socket.h>

#include "base/status.h"

/* "127.0.0.1:8080", "[::1]:8080", "unix:/run/name", with room for a Unix socket's path. */
#define ADDRESS_TEXT_MOST 128

struct address {
    struct sockaddr_storage storage;
    socklen_t len;
    bool is_unix;
    bool is_loopback; /* a Unix socket is */
};

/*
 * Reads "HOST:PORT", "[IPv6]:PORT" or "unix:PATH". A host is an address, or "localhost", or empty
 * for all. INVALID_ARGUMENT with a message in the arena.
 */
struct status address__parse(struct arena *arena, struct slice text, struct address *ret_address);

/* Writes it back, with the port. */
void address__format(const struct address *address, char text[ADDRESS_TEXT_MOST]);

/*
 * The address of a peer without its port; "unix" for a Unix socket; IPv4 as such, also where it
 * came in by a listener for both. `text` has PEER_MOST bytes.
 */
void address__format_peer(const struct sockaddr_storage *storage, char *text, size_t size);

#endif
