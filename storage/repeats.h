/*
 * Blocks of FAMILY_IDEMPOTENCY. A commit puts a row under a hash of 16 bytes, and a get finds it by
 * that; stored are all rows of a batch as one, their block, under the revision of the first. For
 * hashes lie at random, and a store that keeps its rows sorted would look for the place of each:
 * blocks lie in the order of time, and the oldest are the first.
 *
 * The body of a block is its rows, one after the other, the numbers big-endian:
 *
 *   hash (16) | revision (8) | length of the body (4) | body
 */
#ifndef DATASTREAM_STORAGE_REPEATS_H
#define DATASTREAM_STORAGE_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define REPEAT_HASH_LEN 16
#define REPEAT_FRONT_LEN (REPEAT_HASH_LEN + 8 + 4) /* of a row in a block, without its body */
#define REPEAT_BLOCK_KEY_LEN 8
/* Blocks have numbers below this: enough revisions for 5 years of 100,000 a second. */
#define REPEAT_BLOCKS_END ((uint64_t)1 << 44)

struct repeat {
    struct slice hash;
    uint64_t revision;
    struct slice body;
};

/* Writes what stands before the row's body, and returns the place after it. */
char *repeat_write_front(char *at, const struct repeat *repeat);

/* The number of a block; false for a key that is none. */
bool repeat_block_number(struct slice key, uint64_t *ret_number);

/* Takes the next row off the block. False at its end; of a damaged block some is left then. */
bool repeat_next(struct slice *block, struct repeat *ret_repeat);

#endif
