/*
 * A director's check-in, and what others read of it. The row is apart from the director's record
 * and is written at most every PRESENCE_PACE_MS, without etag, audit or feed; only who was not
 * connected before leaves a row in both. Connected is never stored: it is judged when it is read. /
 */
#ifndef DATASTREAM_RPC_SERVICES_KINDS_DIRECTOR_CHECK_IN_H
#define DATASTREAM_RPC_SERVICES_KINDS_DIRECTOR_CHECK_IN_H

#include "rpc/services/kinds/director.h"

/* Of the director of that id's text, by the call's time. UNAVAILABLE by the store, DATA_LOSS. */
struct status presence__read(struct call *call, const struct kind *directors, struct slice id,
                             struct presence *ret_presence);

/* The key of its row, in FAMILY_USAGE. */
struct slice presence__key(struct call *call, const struct kind *directors, const struct uuid *id);

/* The handler of CheckInDirector: the director alone gets this far, by its own key. */
call_handler director__check_in;

#endif
