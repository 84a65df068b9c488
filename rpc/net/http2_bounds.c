/*
 * Counting floods: idle frames in a row, a token bucket of resets, pings by gRPC's keepalive rule,
 * decoded bytes of a header block, stream identifiers that were left out or have ended.
 */
#include "rpc/net/http2_bounds.h"

#include <assert.h>

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

/* The newest stream is another one, `count` identifiers of clients later. */
static void move_ended(uint64_t ended[2], uint32_t count)
{
    _Static_assert(HTTP2_ENDED_MOST == 128, "two words");
    if (count >= 64) {
        ended[1] = count < 128 ? ended[0] << (count - 64) : 0;
        ended[0] = 0;
    } else if (count > 0) {
        ended[1] = ended[1] << count | ended[0] >> (64 - count);
        ended[0] <<= count;
    }
}

bool http2_bounds__headers(struct http2_bounds *bounds, int32_t id)
{
    if (id > bounds->newest) {
        int32_t expected = bounds->newest == 0 ? 1 : bounds->newest + 2;

        if (id > expected)
            bounds->skipped[bounds->skip_count++ % HTTP2_SKIPPED_MOST] = (struct http2_skipped){
                expected, id - 2};
        move_ended(bounds->ended, (uint32_t)(id - bounds->newest) / 2);
        bounds->newest = id;
        return true;
    }
    for (size_t i = 0; i < HTTP2_SKIPPED_MOST && i < bounds->skip_count; i++)
        if (id >= bounds->skipped[i].first && id <= bounds->skipped[i].last)
            return false;
    return true;
}

void http2_bounds__ended(struct http2_bounds *bounds, int32_t id)
{
    uint32_t place = (uint32_t)(bounds->newest - id) / 2;

    assert(id % 2 == 1 && id <= bounds->newest);
    if (place < HTTP2_ENDED_MOST)
        bounds->ended[place / 64] |= UINT64_C(1) << place % 64;
}

bool http2_bounds__has_ended(const struct http2_bounds *bounds, int32_t id)
{
    uint32_t place = (uint32_t)(bounds->newest - id) / 2;

    return id % 2 == 1 && id <= bounds->newest && place < HTTP2_ENDED_MOST &&
           (bounds->ended[place / 64] >> place % 64 & 1) != 0;
}

void http2_bounds__sent(struct http2_bounds *bounds)
{
    bounds->ping_strikes = 0;
    bounds->pinged_at_ms = 0;
}
