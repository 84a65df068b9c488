/*
 * Trimming. A commit deletes the oldest rows of one organization and raises its floor, on condition
 * that the floor is as it was read: so the floor only rises, whoever else trims. /
 */
#ifndef DATASTREAM_STORAGE_FEED_TRIM_H
#define DATASTREAM_STORAGE_FEED_TRIM_H

#include "storage/feed.h"

/* NULL when memory ends. The store is borrowed. */
struct feed_trimmer *feed_trimmer_new(struct store *store);
void feed_trimmer_free(struct feed_trimmer *trimmer);

/*
 * One round: in each organization what passes a limit is trimmed, at most FEED_TRIM_ROWS rows. True
 * when there is more to trim. The first round counts all rows. Waits for the disk: never on a loop.
 */
bool feed_trim(struct feed_trimmer *trimmer, const struct feed_limits *limits, int64_t now_ms);

#endif
