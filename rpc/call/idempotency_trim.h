/*
 * Rows of idempotency keys that have expired. The family is read in slices from its front to its
 * end, and then left alone for a while: no request waits for a row to go, since one that has
 * expired counts for nothing. /
 */
#ifndef DATASTREAM_RPC_CALL_IDEMPOTENCY_TRIM_H
#define DATASTREAM_RPC_CALL_IDEMPOTENCY_TRIM_H

#include "rpc/call/idempotency.h"

/*
 * One round: looks at some rows and deletes those that have expired. True when another round is due
 * at once. Waits for the disk: never on a loop.
 */
bool idempotency_trim(struct idempotency_trimmer *trimmer, struct store *store, int64_t now_ms);

#endif
