/* Removes the rows of idempotency keys that have expired. */
#ifndef DATASTREAM_RPC_CALL_IDEMPOTENCY_TRIM_H
#define DATASTREAM_RPC_CALL_IDEMPOTENCY_TRIM_H

#include "rpc/call/idempotency.h"

/*
 * One round: deletes some rows that have expired. True when another round is due at once. Waits for
 * the disk: never on a loop.
 */
bool idempotency_trim(struct idempotency_trimmer *trimmer, struct store *store, int64_t now_ms);

#endif
