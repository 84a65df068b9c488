/*
 * How long a request's body may take: each piece within body_timeout_ms, and all of it within the
 * same time plus what min_body_bytes_per_second allows for the bytes that came. Only the time in
 * which we wait for the peer counts. Pure: time comes in as an argument. Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_BODY_CLOCK_H
#define DATASTREAM_RPC_NET_BODY_CLOCK_H

#include "base/settings.h"

struct body_clock {
    int64_t since_ms;  /* we wait for the next piece since */
    int64_t waited_ms; /* for all pieces before it */
    uint64_t bytes;    /* that came and count */
};

/* The head came. */
static inline void body_clock_start(struct body_clock *clock, int64_t now_ms)
{
    *clock = (struct body_clock){.since_ms = now_ms};
}

/* Up to now we were not ready to read on: the peer is not to blame. */
static inline void body_clock_excuse(struct body_clock *clock, int64_t now_ms)
{
    clock->since_ms = now_ms;
}

/* A piece came; of bytes that are dropped, none count. */
static inline void body_clock_piece(struct body_clock *clock, int64_t now_ms, uint64_t bytes)
{
    clock->waited_ms += now_ms - clock->since_ms;
    clock->since_ms = now_ms;
    clock->bytes += bytes;
}

/* When the body takes too long. */
int64_t body_clock__due_ms(const struct body_clock *clock, const struct settings *settings);

#endif
