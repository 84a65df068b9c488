/*
 * What a client may do that costs us and gives it nothing: counted here, so that floods end in
 * GOAWAY. Pure: time comes in as an argument. Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_HTTP2_BOUNDS_H
#define DATASTREAM_RPC_NET_HTTP2_BOUNDS_H

#include "base/settings.h"

/* Ranges of stream identifiers that a client left out, of which the latest are remembered. */
#define HTTP2_SKIPPED_MOST 8

/* Of so many of the newest streams it is known that the client had ended them when they closed. */
#define HTTP2_ENDED_MOST 128

/* A header block may unfold to so many times max_header_bytes before the connection ends. */
#define HTTP2_UNFOLD_MOST 4

struct http2_bounds {
    uint64_t idle_frames;  /* since the last useful one */
    uint64_t reset_tokens; /* resets that are still free, thousandths */
    int64_t reset_at_ms;   /* when the tokens were last filled up */
    int64_t pinged_at_ms;  /* the last PING; 0: none since something was sent */
    unsigned ping_strikes;
    size_t block_bytes;  /* of the header block that is coming, name + value + 32 each */
    int32_t newest;      /* the largest stream identifier of a HEADERS frame */
    unsigned skip_count; /* of all identifiers that were ever skipped */
    struct http2_skipped {
        int32_t first;
        int32_t last;
    } skipped[HTTP2_SKIPPED_MOST];         /* a ring: the latest ranges */
    uint64_t ended[HTTP2_ENDED_MOST / 64]; /* bit n: of stream newest - 2 * n */
};

/* Fills the buckets. */
void http2_bounds__init(struct http2_bounds *bounds, const struct settings *settings,
                        int64_t now_ms);

/* A frame that moves nothing forward. False: more than max_idle_frames in a row. */
bool http2_bounds__idle_frame(struct http2_bounds *bounds, const struct settings *settings);

/* A frame that did: a request, or body bytes either way. */
void http2_bounds__useful_frame(struct http2_bounds *bounds);

/*
 * A stream was reset by the client, or by us for its fault. False: oftener than
 * max_resets_per_second, after a burst of ten times that.
 */
bool http2_bounds__reset(struct http2_bounds *bounds, const struct settings *settings,
                         int64_t now_ms);

/* A PING. False: the third one that came too early, without data in between. */
bool http2_bounds__ping(struct http2_bounds *bounds, const struct settings *settings,
                        int64_t now_ms);

/*
 * A header block begins; one of its fields was decoded. Fields of trailers and of requests that are
 * refused count too: a block of one-byte references to a large entry of HPACK's table unfolds to
 * thousands of times its size. False: more than HTTP2_UNFOLD_MOST times max_header_bytes.
 */
void http2_bounds__block(struct http2_bounds *bounds);
bool http2_bounds__field(struct http2_bounds *bounds, const struct settings *settings,
                         size_t name_len, size_t value_len);

/*
 * A HEADERS frame names stream `id`. False: the identifier is smaller than one that was used before
 * and was never used itself (RFC 9113 section 5.1.1).
 */
bool http2_bounds__headers(struct http2_bounds *bounds, int32_t id);

/*
 * The stream `id` closed, and the client had ended it, by END_STREAM or RST_STREAM. From then on
 * HEADERS and DATA of it are an error of the connection (RFC 9113 section 5.1), other than those of
 * a stream that we reset, which may have been on their way.
 */
void http2_bounds__ended(struct http2_bounds *bounds, int32_t id);
bool http2_bounds__has_ended(const struct http2_bounds *bounds, int32_t id);

/* HEADERS or DATA were sent: pings may come again. */
void http2_bounds__sent(struct http2_bounds *bounds);

#endif
