/*
 * Which rows may have been written of late: a row's place tells the newest revision of all rows
 * that share it. So it may say that a row was written that was not, and never the reverse; nothing
 * is ever taken out, and it needs no more room than this however much is written. Internal to
 * storage/.
 */
#ifndef DATASTREAM_STORAGE_RECENT_H
#define DATASTREAM_STORAGE_RECENT_H

#include <stdbool.h>
#include <stdint.h>

/* A power of two. Some 100 commits are written between a call's read and its own commit. */
#define RECENT_PLACES 4096

/* Zero-initialize: nothing was written. */
struct recent {
    uint64_t newest[RECENT_PLACES];
};

/* Revisions rise from call to call. */
static inline void recent__note(struct recent *recent, uint32_t hash, uint64_t revision)
{
    recent->newest[hash % RECENT_PLACES] = revision;
}

/* False where no row of this hash was noted with a newer revision. */
static inline bool recent__may_have_changed(const struct recent *recent, uint32_t hash,
                                            uint64_t since)
{
    return recent->newest[hash % RECENT_PLACES] > since;
}

#endif
