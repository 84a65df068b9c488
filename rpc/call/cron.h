/* Cron expressions: when a scheduled thing runs. Pure. */
#ifndef DATASTREAM_RPC_CALL_CRON_H
#define DATASTREAM_RPC_CALL_CRON_H

#include "rpc/call/format_violation.h"

#define CRON_CHARACTERS_MOST 256

/*
 * True for five fields, with one or more blanks (U+0020) between them and none at the ends:
 *
 *   minute 0-59 | hour 0-23 | day of the month 1-31 | month 1-12 | weekday 0-6, 0 is Sunday
 *
 *   field = item *("," item)
 *   item  = ("*" | number | number "-" number) ["/" step]
 *
 * Numbers have one or two digits, and a range's first is at most its last. A step is at least 1 and
 * at most the field's largest value: a larger one would never be reached. "5/10" begins at 5 and
 * goes on to the field's largest value. Whether a date exists is not judged: "0 0 30 2 *" is valid
 * and never fires. Names (MON, JAN) and macros (@daily) are refused.
 *
 * False sets *ret_violation, as format_check does.
 */
bool cron__check(struct arena *arena, struct slice text, struct format_violation *ret_violation);

#endif
