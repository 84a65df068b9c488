/* The deadlines of a connection. Internal to rpc/net; the loop's thread only. */
#ifndef DATASTREAM_RPC_NET_CONNECTION_DEADLINES_H
#define DATASTREAM_RPC_NET_CONNECTION_DEADLINES_H

#include "rpc/net/connection.h"

/* Its timer fires: ends what took too long, and arms the timer for what is next. */
void connection__on_timer(struct timer *timer);

#endif
