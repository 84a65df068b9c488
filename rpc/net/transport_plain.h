/* The transport without encryption: the socket's bytes as they are. Internal to rpc/net. */
#ifndef DATASTREAM_RPC_NET_TRANSPORT_PLAIN_H
#define DATASTREAM_RPC_NET_TRANSPORT_PLAIN_H

#include "rpc/net/transport.h"

/*
 * Takes the socket over; `is_tcp`: else a Unix socket. The owner has set `owner`, `memory` and
 * `read_buffer`. False: the socket was closed, and `close` still has to be called.
 */
bool transport_plain__open(struct transport *transport, uv_loop_t *uv, int fd, bool is_tcp);

#endif
