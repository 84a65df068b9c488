/* Intervals: how often a scheduled thing runs. Pure. */
#ifndef DATASTREAM_RPC_CALL_INTERVAL_H
#define DATASTREAM_RPC_CALL_INTERVAL_H

#include "rpc/call/format_violation.h"

#define INTERVAL_SECONDS_MOST (30 * 86400)

/*
 * Reads decimal digits with at most one suffix: s (seconds, also without), m (minutes), h (hours)
 * or d (days); no sign, no blanks, at most 30 days. The empty text, 0 and 1 second mean real time,
 * and give 0 seconds. False sets *ret_violation as format_check does, and leaves *ret_seconds.
 */
bool interval_parse(struct arena *arena, struct slice text, uint32_t *ret_seconds,
                    struct format_violation *ret_violation);

/* The same for a caller that only asks whether the text is an interval. */
bool interval__check(struct arena *arena, struct slice text,
                     struct format_violation *ret_violation);

#endif
