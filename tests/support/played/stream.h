/*
 * The chain's streams, played, for tests of the frontends: so many messages as the test says, then
 * a wait or an end.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_PLAYED_STREAM_H
#define DATASTREAM_TESTS_SUPPORT_PLAYED_STREAM_H

#include "proto/message/message.h"
#include "rpc/frontend/frontend_stream.h"

struct stream_played {
    bool opens;          /* `dispatch` opens a stream */
    unsigned messages;   /* left to pull; each tells its number as its revision */
    unsigned heartbeats; /* left to pull behind them */
    struct status end;   /* instead of a wait, unless OK */
    unsigned pulled, ticks, cancels;
    enum stream_result admits; /* what `stream_admit` says */
    unsigned admitted;         /* how often it was asked */
    uint64_t wait_ms;
    struct arena arena; /* of one message */
};

extern struct stream_played stream_played;

extern struct frontend_waker stream_wakers[1];

/* Sets the rows of streams and of their loop. */
void stream_play(struct chain_calls *calls);

#endif
