/*
 * The two clocks. `now` is an argument everywhere below the loops; only what starts a call, a timer
 * or a flush asks here. In builds with faults both clocks can be stepped by a test.
 */
#ifndef DATASTREAM_BASE_CLOCK_H
#define DATASTREAM_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since 1970, UTC, as the machine's clock has it; it may step back. */
int64_t clock_wall_ms(void);

/* Microseconds of a clock that never steps; its zero means nothing. */
int64_t clock_monotonic_us(void);

/* Microseconds that the calling thread has run on a processor. */
int64_t clock_thread_us(void);

/* Whether what expires at `expire_ms` (0: never) has expired: in that very millisecond it has. */
static inline bool clock_has_expired(int64_t expire_ms, int64_t now_ms)
{
    return expire_ms != 0 && now_ms >= expire_ms;
}

#ifdef DATASTREAM_FAULTS
/* Adds to what clock_wall_ms answers from now on, in all threads. */
void clock_step_wall_ms(int64_t delta);
/* The same of clock_monotonic_us; `delta` is not negative. Timers of a loop go by its own clock. */
void clock_step_monotonic_us(int64_t delta);
#endif

#endif
