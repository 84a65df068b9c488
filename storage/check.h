/* Proves the invariants of a store that need no contract. */
#ifndef DATASTREAM_STORAGE_CHECK_H
#define DATASTREAM_STORAGE_CHECK_H

#include "storage/store.h"

/*
 * Reads the whole store and calls `report` with a sentence for each thing that is wrong; the
 * sentence lives until `report` returns. It holds that
 *
 *   - every value is a record of a known format, of a revision that was given,
 *   - every name leads to an object, and a kind that has names has one for each object,
 *   - counters of an organization and kind equal the rows,
 *   - every reference has its source and its target,
 *   - audit rows have no gap and their chain is whole; what leads to them finds them,
 *   - the feed is not ahead of the store.
 *
 * Memory stays bounded. Nothing may write meanwhile, or it reports what was only half seen. Waits
 * where the engine must fetch: for tools, never on a loop. OK when nothing was reported, DATA_LOSS
 * with the number of reports, INTERNAL when the store cannot be read; `arena` holds the message.
 */
struct status store_check(struct store *store, struct arena *arena,
                          void (*report)(void *context, struct slice sentence), void *context);

#endif
