/*
 * What a client may do that costs us and gives it nothing: counted here, so that floods end in
 * GOAWAY. Pure: time comes in as an argument. Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_HTTP2_BOUNDS_H
#define DATASTREAM_RPC_NET_HTTP2_BOUNDS_H

#include "base/settings.h"

struct http2_bounds {
    uint64_t idle_frames;  /* since the last useful one */
    uint64_t reset_tokens; /* resets that are still free, thousandths */
    int64_t reset_at_ms;   /* when the tokens were last filled up */
    int64_t pinged_at_ms;  /* the last PING; 0: none since something was sent */
    unsigned ping_strikes;
};

/* Fills the buckets. */
void http2_bounds_init(struct http2_bounds *bounds, const struct settings *settings,
                       int64_t now_ms);

/* A frame that moves nothing forward. False: more than max_idle_frames in a row. */
bool http2_bounds_idle_frame(struct http2_bounds *bounds, const struct settings *settings);

/* A frame that did: a request, or body bytes either way. */
void http2_bounds_useful_frame(struct http2_bounds *bounds);

/*
 * A stream was reset by the client, or by us for its fault. False: oftener than
 * max_resets_per_second, after a burst of ten times that.
 */
bool http2_bounds_reset(struct http2_bounds *bounds, const struct settings *settings,
                        int64_t now_ms);

/* A PING. False: the third one that came too early, without data in between. */
bool http2_bounds_ping(struct http2_bounds *bounds, const struct settings *settings,
                       int64_t now_ms);

/* HEADERS or DATA were sent: pings may come again. */
void http2_bounds_sent(struct http2_bounds *bounds);

#endif
