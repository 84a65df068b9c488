/*
 * A time that never steps back, for judging expiry: the wall clock, but never below the highest
 * time that was persisted: at the start, each minute, at the shutdown, and with every commit. So an
 * expired token stays expired when a clock is set back, restart included. A jump ahead of more than
 * an hour against the monotonic clock is logged and not persisted until it has stood for an hour:
 * one wrong clock does not kill every token for ever.
 */
#ifndef DATASTREAM_RPC_CALL_TIME_FLOOR_H
#define DATASTREAM_RPC_CALL_TIME_FLOOR_H

#include <stdint.h>

#include "storage/store.h"

/*
 * Reads the persisted floor (family meta, the higher of "time_floor" and "newest_time"). Before the
 * loops start. From here on a clock that jumps ahead is told from time that passes.
 */
struct status time_floor_load(struct store *store, struct arena *arena);

/* Milliseconds since 1970. Any thread; no lock. */
int64_t time_floor_now_ms(void);

/*
 * The highest time that is believed: what commits store as theirs. Like time_floor_now_ms, but a
 * jump ahead does not count; 0 before time_floor_load.
 */
int64_t time_floor_believed_ms(void);

/* How many jumps ahead were seen. Any thread. */
uint64_t time_floor_jumps(void);

/*
 * What to persist now, or 0 when nothing: called each minute with both clocks; pure, except for its
 * own state. `time_floor_persist` commits it.
 */
int64_t time_floor_tick(int64_t wall_ms, int64_t monotonic_us);

/* One tick with the real clocks, and the commit. Waits for the disk: never on a loop. */
void time_floor_persist(struct store *store);

#endif
