/* Relief of a loop that holds too much memory. Internal to rpc/net; the loop's thread only. */
#ifndef DATASTREAM_RPC_NET_LOOP_RELIEF_H
#define DATASTREAM_RPC_NET_LOOP_RELIEF_H

#include "rpc/net/loop_internal.h"

/*
 * Closes large holders of memory while too much is held: called after whatever may have taken
 * some, never while a connection is at work.
 */
void loop__relieve(struct loop *loop);

#endif
