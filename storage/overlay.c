/*
 * The overlay of a batch: a hash table for points, a skip list for ranges of a family. Most batches
 * ask for no range, so that a family is sorted at the first question.
 */
#include "storage/overlay.h"

#include <assert.h>

/* Eight bytes a step. A batch bounds how long a chain can be made. */
uint32_t overlay__hash(enum store_family family, struct slice key)
{
    const uint64_t factor = 0x9e3779b97f4a7c15U;
    uint64_t hash = ((uint64_t)family + 1) * factor;
    uint64_t word;

    for (; key.len >= sizeof(word); key = slice_from(key, sizeof(word))) {
        memcpy(&word, key.data, sizeof(word));
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
    }
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * factor;
    return (uint32_t)(hash >> 32);
}

void overlay__clear(struct overlay *overlay)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        for (const struct overlay_entry *e = overlay->families[i]; e != NULL; e = e->next_in_family)
            overlay->buckets[e->hash % OVERLAY_BUCKETS] = NULL;
        overlay->families[i] = NULL;
        if (overlay->is_sorted[i])
            memset(overlay->sorted[i], 0, sizeof(overlay->sorted[i]));
        overlay->is_sorted[i] = false;
    }
}

static struct overlay_entry *find(const struct overlay *overlay, enum store_family family,
                                  struct slice key, uint32_t hash)
{
    struct overlay_entry *entry = overlay->buckets[hash % OVERLAY_BUCKETS];

    while (entry != NULL &&
           !(entry->hash == hash && entry->family == family && slice_equal(entry->key, key)))
        entry = entry->next;
    return entry;
}

struct overlay_entry *overlay__find(const struct overlay *overlay, enum store_family family,
                                    struct slice key)
{
    return find(overlay, family, key, overlay__hash(family, key));
}

struct overlay_entry *overlay__touch(struct overlay *overlay, struct arena *arena,
                                     enum store_family family, struct slice key)
{
    uint32_t hash = overlay__hash(family, key);
    struct overlay_entry **bucket = &overlay->buckets[hash % OVERLAY_BUCKETS];
    struct overlay_entry *entry = find(overlay, family, key, hash);

    assert((unsigned)family < FAMILIES);
    if (entry != NULL)
        return entry;
    entry = arena_zalloc(arena, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->family = family;
    entry->key = key;
    entry->hash = hash;
    entry->next = *bucket;
    *bucket = entry;
    entry->next_in_family = overlay->families[family];
    overlay->families[family] = entry;
    return entry;
}

/* -- ranges -------------------------------------------------------------------------------- */

/* The pointer of a level that leads on from `entry`, or from the head of the list. */
static struct overlay_entry **link_of(struct overlay *overlay, enum store_family family,
                                      struct overlay_entry *entry, int level)
{
    return entry == NULL ? &overlay->sorted[family][level] : &entry->after[level];
}

/* Fills, for each level, the pointer that leads to the first key that is not below `key`. */
static void seek(struct overlay *overlay, enum store_family family, struct slice key,
                 struct overlay_entry **links[OVERLAY_LEVELS])
{
    struct overlay_entry *before = NULL;

    for (int level = OVERLAY_LEVELS - 1; level >= 0; level--) {
        struct overlay_entry *next;

        while ((next = *link_of(overlay, family, before, level)) != NULL &&
               slice_compare(next->key, key) < 0)
            before = next;
        links[level] = link_of(overlay, family, before, level);
    }
}

/* Levels of a new entry: 1, and another one with a chance of a quarter each (xorshift64). */
static int choose_levels(struct overlay *overlay)
{
    uint64_t bits = overlay->random == 0 ? 0x9e3779b97f4a7c15U : overlay->random;
    int levels = 1;

    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    overlay->random = bits;
    for (; levels < OVERLAY_LEVELS && (bits >> 20 & 3) == 0; bits >>= 2)
        levels++;
    return levels;
}

/* Adds an entry to its skip list. False when the arena failed. */
static bool add_sorted(struct overlay *overlay, struct arena *arena, struct overlay_entry *entry)
{
    struct overlay_entry **links[OVERLAY_LEVELS];
    int levels;

    if (entry->after != NULL)
        return true;
    levels = choose_levels(overlay);
    entry->after = arena_array(arena, (size_t)levels, sizeof(*entry->after));
    if (entry->after == NULL)
        return false;
    seek(overlay, entry->family, entry->key, links);
    assert(*links[0] == NULL || slice_compare((*links[0])->key, entry->key) > 0);
    for (int level = 0; level < levels; level++) {
        entry->after[level] = *links[level];
        *links[level] = entry;
    }
    return true;
}

static void remove_sorted(struct overlay *overlay, struct overlay_entry *entry)
{
    struct overlay_entry **links[OVERLAY_LEVELS];

    if (entry->after == NULL)
        return;
    seek(overlay, entry->family, entry->key, links);
    assert(*links[0] == entry);
    for (int level = 0; level < OVERLAY_LEVELS && *links[level] == entry; level++)
        *links[level] = entry->after[level];
    entry->after = NULL;
}

bool overlay__put(struct overlay *overlay, struct arena *arena, struct overlay_entry *entry,
                  uint64_t revision)
{
    entry->present = true;
    entry->is_put = true;
    entry->revision = revision;
    return !overlay->is_sorted[entry->family] || add_sorted(overlay, arena, entry);
}

void overlay__delete(struct overlay *overlay, struct overlay_entry *entry)
{
    entry->present = false;
    entry->is_put = false;
    entry->revision = 0;
    remove_sorted(overlay, entry);
}

/* False when the arena failed: what was sorted until then is left to a walk. */
static bool sort_family(struct overlay *overlay, struct arena *arena, enum store_family family)
{
    struct overlay_entry *entry;

    if (overlay->is_sorted[family])
        return true;
    overlay->is_sorted[family] = true; /* the list may be filled */
    for (entry = overlay->families[family]; entry != NULL; entry = entry->next_in_family)
        if (entry->is_put && !add_sorted(overlay, arena, entry))
            return false;
    return true;
}

static bool walk_range(const struct overlay *overlay, enum store_family family, struct slice from,
                       struct slice end)
{
    const struct overlay_entry *entry = overlay->families[family];

    while (entry != NULL && !(entry->is_put && slice_compare(entry->key, from) >= 0 &&
                              slice_compare(entry->key, end) < 0))
        entry = entry->next_in_family;
    return entry != NULL;
}

bool overlay__holds_range(struct overlay *overlay, struct arena *arena, enum store_family family,
                          struct slice from, struct slice end)
{
    struct overlay_entry **links[OVERLAY_LEVELS];

    if (!sort_family(overlay, arena, family) || arena_failed(arena))
        return walk_range(overlay, family, from, end);
    seek(overlay, family, from, links);
    return *links[0] != NULL && slice_compare((*links[0])->key, end) < 0;
}
