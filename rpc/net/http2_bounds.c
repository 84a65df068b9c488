/*
 * Counting floods: idle frames in a row, a token bucket of resets, pings by gRPC's keepalive rule,
 * decoded bytes of a header block, stream identifiers that were left out.
 */
#include "rpc/net/http2_bounds.h"

#define RESET_BURST UINT64_C(10)
/* gRPC's servers allow two early pings (grpc/doc/keepalive.md) and end the connection at the third.
 */
#define PING_STRIKES_MOST 2

static uint64_t bucket_size(const struct settings *settings)
{
    return settings->max_resets_per_second * RESET_BURST * 1000;
}

void http2_bounds__init(struct http2_bounds *bounds, const struct settings *settings,
                        int64_t now_ms)
{
    *bounds = (struct http2_bounds){.reset_tokens = bucket_size(settings), .reset_at_ms = now_ms};
}

bool http2_bounds__idle_frame(struct http2_bounds *bounds, const struct settings *settings)
{
    return ++bounds->idle_frames <= settings->max_idle_frames;
}

void http2_bounds__useful_frame(struct http2_bounds *bounds)
{
    bounds->idle_frames = 0;
}

bool http2_bounds__reset(struct http2_bounds *bounds, const struct settings *settings,
                         int64_t now_ms)
{
    uint64_t elapsed = now_ms > bounds->reset_at_ms ? (uint64_t)(now_ms - bounds->reset_at_ms) : 0;
    uint64_t most = bucket_size(settings);

    /* max_resets_per_second tokens a second are as many thousandths a millisecond. */
    if (elapsed > RESET_BURST * 1000)
        elapsed = RESET_BURST * 1000;
    bounds->reset_at_ms = now_ms;
    bounds->reset_tokens += elapsed * settings->max_resets_per_second;
    if (bounds->reset_tokens > most)
        bounds->reset_tokens = most;
    if (bounds->reset_tokens < 1000)
        return false;
    bounds->reset_tokens -= 1000;
    return true;
}

bool http2_bounds__ping(struct http2_bounds *bounds, const struct settings *settings,
                        int64_t now_ms)
{
    int64_t before = bounds->pinged_at_ms;

    bounds->pinged_at_ms = now_ms > 0 ? now_ms : 1;
    if (before == 0 || now_ms - before >= (int64_t)settings->min_ping_interval_ms)
        return true;
    return ++bounds->ping_strikes <= PING_STRIKES_MOST;
}

void http2_bounds__block(struct http2_bounds *bounds)
{
    bounds->block_bytes = 0;
}

bool http2_bounds__field(struct http2_bounds *bounds, const struct settings *settings,
                         size_t name_len, size_t value_len)
{
    bounds->block_bytes += name_len + value_len + 32;
    return bounds->block_bytes <= settings->max_header_bytes * HTTP2_UNFOLD_MOST;
}

bool http2_bounds__headers(struct http2_bounds *bounds, int32_t id)
{
    if (id > bounds->newest) {
        int32_t expected = bounds->newest == 0 ? 1 : bounds->newest + 2;

        if (id > expected)
            bounds->skipped[bounds->skip_count++ % HTTP2_SKIPPED_MOST] = (struct http2_skipped){
                expected, id - 2};
        bounds->newest = id;
        return true;
    }
    for (size_t i = 0; i < HTTP2_SKIPPED_MOST && i < bounds->skip_count; i++)
        if (id >= bounds->skipped[i].first && id <= bounds->skipped[i].last)
            return false;
    return true;
}

void http2_bounds__sent(struct http2_bounds *bounds)
{
    bounds->ping_strikes = 0;
    bounds->pinged_at_ms = 0;
}
