/*
 * Where the frames of HTTP/2 begin in what a client sends. nghttp2 drops DATA of a stream that has
 * closed without telling us, so that we look at the heads of frames ourselves. Pure. Internal to
 * rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_HTTP2_FRAMES_H
#define DATASTREAM_RPC_NET_HTTP2_FRAMES_H

#include <stdint.h>

#include "base/slice.h"

#define HTTP2_FRAME_HEAD_BYTES 9

/* Between two reads. Zero-initialize, and set `left` to the bytes before the first frame. */
struct http2_frames {
    uint32_t left; /* bytes until the next head begins */
    uint8_t head[HTTP2_FRAME_HEAD_BYTES];
    uint8_t head_len;
};

struct http2_frame_head {
    uint8_t type;
    int32_t stream_id;
};

/* Whether a head ends within the bytes; *bytes is what follows it, or else empty. */
bool http2_frames__next(struct http2_frames *frames, struct slice *bytes,
                        struct http2_frame_head *ret_head);

#endif
