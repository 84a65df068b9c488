/* The overlay of a batch: a hash table for points, a list a family for ranges. */
#include "storage/overlay.h"

/* Eight bytes a step. A batch bounds how long a chain can be made. */
static uint32_t hash_key(enum store_family family, struct slice key)
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

void overlay_clear(struct overlay *overlay)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        for (const struct overlay_entry *e = overlay->families[i]; e != NULL; e = e->next_in_family)
            overlay->buckets[e->hash % OVERLAY_BUCKETS] = NULL;
        overlay->families[i] = NULL;
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

struct overlay_entry *overlay_find(const struct overlay *overlay, enum store_family family,
                                   struct slice key)
{
    return find(overlay, family, key, hash_key(family, key));
}

struct overlay_entry *overlay_touch(struct overlay *overlay, struct arena *arena,
                                    enum store_family family, struct slice key)
{
    uint32_t hash = hash_key(family, key);
    struct overlay_entry **bucket = &overlay->buckets[hash % OVERLAY_BUCKETS];
    struct overlay_entry *entry = find(overlay, family, key, hash);

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

bool overlay_holds_range(const struct overlay *overlay, enum store_family family, struct slice from,
                         struct slice end)
{
    for (const struct overlay_entry *e = overlay->families[family]; e != NULL;
         e = e->next_in_family)
        if (e->present && slice_compare(from, e->key) <= 0 && slice_compare(e->key, end) < 0)
            return true;
    return false;
}
