/* What a listener is like: the facts that each exchange which came in by it has. */
#ifndef DATASTREAM_RPC_NET_LISTENER_H
#define DATASTREAM_RPC_NET_LISTENER_H

#include <stdbool.h>

/* Plain; owned by the server, which does not change it while a connection lives. */
struct listener_profile {
    enum { LISTENER_PUBLIC, LISTENER_ADMIN } role;
    bool is_unix;    /* a Unix socket, else TCP */
    bool is_tls;     /* its connections are encrypted: their own scheme is https */
    bool is_proxied; /* a proxy in front of it says, before all else, who connects */
};

#endif
