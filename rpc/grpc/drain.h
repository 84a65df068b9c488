/*
 * Streams that would outlive a draining server, told when the draining begins so that they end by
 * themselves. One list for all loops, since draining begins on another thread; a lock guards it.
 */
#ifndef DATASTREAM_RPC_GRPC_DRAIN_H
#define DATASTREAM_RPC_GRPC_DRAIN_H

#include <pthread.h>

#include "rpc/net/exchange.h"

struct drain_entry;

/* Initialize with drain__init. */
struct drain {
    pthread_mutex_t lock; /* guards the rest, and the links and `listed` of the entries */
    struct drain_entry *first;
    bool begun;
};

/* Part of the stream's own structure, in the exchange's arena. */
struct drain_entry {
    struct loop_task task; /* first, so that one is the other */
    struct drain_entry *next, *previous;
    bool listed;
    struct drain *drain;
    struct exchange *exchange;
    /* On the exchange's loop, once, unless the exchange closed before. */
    void (*begun)(struct exchange *exchange);
};

/* A list without entries, before the draining begins. */
void drain__init(struct drain *drain);

/* Has `begun` called when the draining begins, soon if it has. Holds the exchange. Its loop. */
void drain__add(struct drain *drain, struct drain_entry *entry, struct exchange *exchange,
                void (*begun)(struct exchange *exchange));

/* For `closed`: lets the exchange go. */
void drain__remove(struct drain_entry *entry);

/* The draining begins. Any thread; the loops must not have ended. */
void drain__begin(struct drain *drain);

#endif
