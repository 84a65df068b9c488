/* Time limits of tokens, from their presets. Pure; UTC. */
#ifndef DATASTREAM_RPC_SERVICES_CALENDAR_H
#define DATASTREAM_RPC_SERVICES_CALENDAR_H

#include <stdint.h>

/*
 * One calendar month later at the same time of day; the last day of a shorter month where the day
 * does not exist. Milliseconds since 1970, in and out.
 */
int64_t calendar_add_month(int64_t unix_ms);

/*
 * When a preset (a number of datastream.v1.TokenExpiration.Value) that starts at `now_ms` ends; 0
 * for UNSPECIFIED and for numbers that name none.
 */
int64_t calendar__expire(int32_t preset, int64_t now_ms);

#endif
