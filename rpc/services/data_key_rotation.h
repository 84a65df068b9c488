/*
 * New data keys for the secrets at rest, on a store that nothing else has open:
 *
 *   1  one commit adds a data key for each organization,
 *   2  every row of secrets is encrypted anew, a slice of rows a commit, each with an audit row,
 *   3  one commit removes the older data keys.
 *
 * An organization with two data keys tells of a rotation that was interrupted: the next one begins
 * at step 2. At each instant every secret opens by a data key that the store has.
 */
#ifndef DATASTREAM_RPC_SERVICES_DATA_KEY_ROTATION_H
#define DATASTREAM_RPC_SERVICES_DATA_KEY_ROTATION_H

#include "storage/key_ring.h"

struct data_key_rotation {
    size_t organizations; /* that have a new data key */
    uint64_t objects;     /* whose secrets this run encrypted anew */
    bool resumed;         /* an interrupted rotation was finished, and no further key was added */
};

/*
 * Rotates the data keys, or finishes a rotation that was interrupted. The store has its audit key.
 * DATA_LOSS when a secret does not open: it stays as it is, and so does its data key; UNAVAILABLE
 * when the store cannot be read or written; RESOURCE_EXHAUSTED for more organizations than the ring
 * holds keys. Waits for the disk. `arena` holds the message and is wiped when it ends.
 */
struct status data_key_rotate(struct store *store, const struct wrapping_key *wrapping,
                              struct arena *arena, struct data_key_rotation *ret_rotation);

#endif
