/*
 * Bytes of a long answer that the exchange still borrows. What was written is given back, so that
 * memory is bounded by what waits and not by what was sent.
 */
#ifndef DATASTREAM_RPC_FRONTEND_OUTBOX_H
#define DATASTREAM_RPC_FRONTEND_OUTBOX_H

#include "rpc/net/exchange.h"

struct outbox_block;

/* Zero-initialize but the exchange, whose whole body goes through the outbox. */
struct outbox {
    struct exchange *exchange;
    struct outbox_block *first, *last;
    size_t flushed;  /* bytes of the last block that were handed over */
    uint64_t handed; /* bytes in all */
    bool full;       /* exchange_send_body said false; whoever hears `writable` clears it */
};

/*
 * Takes a copy of the bytes; outbox__flush sends them with what else has gathered. False when
 * memory ends: nothing was taken then.
 */
bool outbox__put(struct outbox *outbox, struct slice bytes);

/* Bytes that have gathered since the last flush. */
size_t outbox__gathered(const struct outbox *outbox);

/* Hands over what has gathered. */
void outbox__flush(struct outbox *outbox);

/* Frees what the exchange no longer borrows. */
void outbox__trim(struct outbox *outbox);

/* Frees all, once the exchange is closed. */
void outbox__done(struct outbox *outbox);

#endif
