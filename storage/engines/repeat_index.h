/*
 * In which blocks the rows of hashes are (storage/repeats.h), in memory: about 16 bytes a row. It
 * may name a block that has no row of the hash, and never leaves one out. Knows no engine.
 *
 * Hashes are at random, and nobody can choose them.
 */
#ifndef DATASTREAM_STORAGE_ENGINES_REPEAT_INDEX_H
#define DATASTREAM_STORAGE_ENGINES_REPEAT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Of one hash; an expired row has a newer one beside it when its key was used again. More would
 * need as many other hashes that agree with it in 28 bits: with 100 million rows one time in 10^20.
 */
#define REPEAT_BLOCKS_MOST 16

struct repeat_index;

/* Empty; NULL when memory ends. Release with repeat_index__free; NULL is allowed there. */
struct repeat_index *repeat_index__make(void);
void repeat_index__free(struct repeat_index *index);

/*
 * Notes that a block has a row; *ret_is_first says that the hash certainly had none. False when
 * memory ends.
 */
bool repeat_index__add(struct repeat_index *index, struct slice hash, uint64_t block,
                       bool *ret_is_first);

/* Forgets what was noted; the row need not be there. */
void repeat_index__remove(struct repeat_index *index, struct slice hash, uint64_t block);

/* Which blocks may have a row of the hash, the newest first; returns how many. Any thread. */
size_t repeat_index__find(struct repeat_index *index, struct slice hash,
                          uint64_t ret_blocks[REPEAT_BLOCKS_MOST]);

/* How many rows are noted. Any thread. */
size_t repeat_index__count(const struct repeat_index *index);

#endif
