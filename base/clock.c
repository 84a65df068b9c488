/* clock_gettime under two names. */
#include "base/clock.h"

#include <time.h>

#ifdef DATASTREAM_FAULTS
#include <assert.h>
#include <stdatomic.h>

static atomic_int_least64_t wall_offset_ms;
static atomic_int_least64_t monotonic_offset_us;

void clock_step_wall_ms(int64_t delta)
{
    atomic_fetch_add(&wall_offset_ms, delta);
}

void clock_step_monotonic_us(int64_t delta)
{
    assert(delta >= 0);
    atomic_fetch_add(&monotonic_offset_us, delta);
}
#endif

int64_t clock_wall_ms(void)
{
    struct timespec now;
    int64_t ms;

    clock_gettime(CLOCK_REALTIME, &now);
    ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
#ifdef DATASTREAM_FAULTS
    ms += atomic_load(&wall_offset_ms);
#endif
    return ms;
}

int64_t clock_thread_us(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    int64_t us;

    clock_gettime(CLOCK_MONOTONIC, &now);
    us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
#ifdef DATASTREAM_FAULTS
    us += atomic_load(&monotonic_offset_us);
#endif
    return us;
}
