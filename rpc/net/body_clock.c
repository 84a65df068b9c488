/* The sum of a request body's time. */
#include "rpc/net/body_clock.h"

int64_t body_clock__due_ms(const struct body_clock *clock, const struct settings *settings)
{
    int64_t timeout = (int64_t)settings->body_timeout_ms;
    uint64_t rate = settings->min_body_bytes_per_second;
    uint64_t seconds = rate == 0 ? 0 : clock->bytes / rate;
    int64_t left;

    if (rate == 0 || seconds > INT32_MAX)
        return clock->since_ms + timeout;
    left = timeout + (int64_t)(seconds * 1000 + clock->bytes % rate * 1000 / rate) -
           clock->waited_ms;
    return clock->since_ms + (left < timeout ? left : timeout);
}
