/*
 * Builds the rows of indexes that the contract has and the store does not, and removes those of
 * indexes that the contract dropped. `meta` has a row "index/" | kind | "/" | number for each index
 * that is whole; it is written last and deleted last, so what was killed on its way is done again.
 */
#ifndef DATASTREAM_RPC_SERVICES_INDEX_BUILD_H
#define DATASTREAM_RPC_SERVICES_INDEX_BUILD_H

#include "proto/contract/contract.h"
#include "storage/store.h"

/*
 * Before the store is served, while nothing else writes; logs what it builds and removes. Memory
 * stays bounded. Waits for the disk, and for an engine that never answers STORE_AGAIN alone.
 * UNAVAILABLE when the store cannot be read or written, DATA_LOSS for a record that cannot be read.
 */
struct status index_build(struct store *store, const struct contract *contract,
                          struct arena *arena);

/* Notes in the first commit of a new store that all indexes are whole. */
void index_build_nothing(struct commit *commit, const struct contract *contract);

#endif
