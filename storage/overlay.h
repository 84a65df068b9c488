/*
 * What a batch has changed and read so far, laid over the store: conditions and counters of a
 * commit must see the commits before it in the same batch, which no read sees yet; and what many
 * commits ask for, such as the facts of their caller, is read once. Internal to storage/.
 */
#ifndef DATASTREAM_STORAGE_OVERLAY_H
#define DATASTREAM_STORAGE_OVERLAY_H

#include "storage/store.h"

/* One key. Plain; the key is borrowed. */
struct overlay_entry {
    struct overlay_entry *next;           /* of the same bucket */
    struct overlay_entry *next_in_family; /* newest first */
    struct overlay_entry **after;         /* in the order of keys, by level; NULL when not in it */
    enum store_family family;
    struct slice key;
    uint32_t hash;
    bool present;
    bool is_put;       /* by the batch, and not deleted since: ranges tell of it */
    uint64_t revision; /* of the record, when present */
    uint64_t count;    /* of a counter, when it is known */
    bool count_known;
    bool counted; /* the counter was moved: its row is put at the end of the batch */
};

#define OVERLAY_BUCKETS 4096 /* a power of two, near the most operations of a batch */
#define OVERLAY_LEVELS 8     /* of a skip list where each level holds a quarter of the one below */

/* Zero-initialize. */
struct overlay {
    struct overlay_entry *buckets[OVERLAY_BUCKETS];
    struct overlay_entry *families[FAMILIES];
    /*
     * What the batch put and did not delete since, sorted, once a range was asked for: a skip list.
     */
    struct overlay_entry *sorted[FAMILIES][OVERLAY_LEVELS];
    bool is_sorted[FAMILIES];
    uint64_t random; /* of the levels */
};

/* Forgets everything. The entries' memory is the arena's, which must still hold them. */
void overlay__clear(struct overlay *overlay);

/* By which entries are found, and told apart before their keys are compared. */
uint32_t overlay__hash(enum store_family family, struct slice key);

/* The entry of a key, or NULL when the batch neither changed nor read it. */
struct overlay_entry *overlay__find(const struct overlay *overlay, enum store_family family,
                                    struct slice key);

/*
 * The entry of a key, a new one (absent, all zero) when there is none; NULL when the arena failed.
 * The key is borrowed until overlay__clear.
 */
struct overlay_entry *overlay__touch(struct overlay *overlay, struct arena *arena,
                                     enum store_family family, struct slice key);

/*
 * Notes that the batch put or deleted the entry's key, in logarithmic time where a range of its
 * family was asked for, so that the next range costs no walk over the batch. False when the arena
 * failed.
 */
bool overlay__put(struct overlay *overlay, struct arena *arena, struct overlay_entry *entry,
                  uint64_t revision);
void overlay__delete(struct overlay *overlay, struct overlay_entry *entry);

/*
 * Whether the batch put a key with from <= key < end that it did not delete since. The first
 * question of a family sorts what is known of it; when the arena fails it is searched whole.
 */
bool overlay__holds_range(struct overlay *overlay, struct arena *arena, enum store_family family,
                          struct slice from, struct slice end);

#endif
