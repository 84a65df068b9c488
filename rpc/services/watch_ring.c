/*
 * Rows are numbered for as long as the ring lives: row n is in slots[n % WATCH_RING_ROWS], and
 * those from `first` on, before `last`, are there. In the feed their stretch is [from, to): every
 * row with a place in it is in the ring, and nothing else.
 */
#include "rpc/services/watch_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cache_size.h"
#include "proto/contract/contract_find.h"

struct watch_ring {
    const struct contract *contract;
    struct uuid organization;
    struct account account;
    uint64_t first, last;
    size_t most; /* rows */
    struct feed_place from, to;
    uint64_t complete; /* nothing up to this revision is after `to` */
    uint64_t rest;     /* of the first row that the last filling left; 0: none */
    struct watch_entry *slots[WATCH_RING_ROWS];
};

struct watch_ring *watch_ring__new(const struct contract *contract, const struct uuid *organization,
                                   struct feed_place place, size_t bytes, struct account *memory)
{
    struct watch_ring *ring;

    if (bytes == 0 || cache_size(WATCH_RING_ROWS) == 0 || !account_take(memory, sizeof(*ring)))
        return NULL;
    ring = calloc(1, sizeof(*ring));
    if (ring == NULL) {
        account_give(memory, sizeof(*ring));
        return NULL;
    }
    ring->contract = contract;
    ring->most = cache_size(WATCH_RING_ROWS);
    assert(ring->most <= WATCH_RING_ROWS);
    ring->organization = *organization;
    ring->account = (struct account){.whole = memory, .most = bytes};
    watch_ring__restart(ring, place);
    return ring;
}

static void drop_first(struct watch_ring *ring)
{
    struct watch_entry **slot = &ring->slots[ring->first % WATCH_RING_ROWS];
    struct watch_entry *entry = *slot;

    assert(ring->first < ring->last && entry != NULL);
    ring->from = feed_place_after(&entry->row);
    stream_copies_clear(&entry->copies[0]);
    stream_copies_clear(&entry->copies[1]);
    account_give(&ring->account, entry->size);
    free(entry);
    *slot = NULL;
    ring->first++;
}

void watch_ring__free(struct watch_ring *ring)
{
    struct account *memory = ring->account.whole;

    while (ring->first < ring->last)
        drop_first(ring);
    assert(ring->account.used == 0);
    account_give(memory, sizeof(*ring));
    free(ring);
}

const struct uuid *watch_ring__organization(const struct watch_ring *ring)
{
    return &ring->organization;
}

struct feed_place watch_ring__end(const struct watch_ring *ring)
{
    return ring->to;
}

uint64_t watch_ring__complete(const struct watch_ring *ring)
{
    return ring->complete;
}

uint64_t watch_ring__rest(const struct watch_ring *ring)
{
    return ring->rest;
}

int watch_ring__compare(const struct watch_ring *ring, struct feed_place place)
{
    if (feed_place_compare(place, ring->from) < 0)
        return -1;
    return feed_place_compare(place, ring->to) > 0;
}

void watch_ring__restart(struct watch_ring *ring, struct feed_place place)
{
    while (ring->first < ring->last)
        drop_first(ring);
    ring->from = ring->to = place;
    /* Rows of the place's own revision may be after it. */
    ring->complete = place.revision == 0 ? 0 : place.revision - 1;
    ring->rest = 0;
}

static struct watch_entry *entry_of(struct watch_ring *ring, const struct feed_row *row)
{
    const struct kind *kind = contract_kind_by_number(ring->contract, row->kind);
    struct slice collection = kind == NULL ? SLICE_EMPTY : kind->collection;
    size_t size = sizeof(struct watch_entry) + collection.len + 1;
    struct watch_entry *entry = calloc(1, size);

    if (entry == NULL)
        return NULL;
    entry->size = size;
    entry->row = *row;
    entry->kind = kind;
    if (collection.len > 0)
        memcpy(entry->collection, collection.data, collection.len);
    google__protobuf__timestamp__init(&entry->time);
    entry->time.seconds = row->time_ms / 1000;
    entry->time.nanos = (int32_t)(row->time_ms % 1000) * 1000000;
    uuid_format(&row->id, entry->id);
    datastream__v1__change__init(&entry->change);
    entry->change.revision = row->revision;
    entry->change.type = (Datastream__V1__ChangeType__Value)row->change;
    entry->change.kind = entry->collection;
    entry->change.id = entry->id;
    entry->change.time = &entry->time;
    entry->copies[0].account = entry->copies[1].account = &ring->account;
    return entry;
}

/* Without memory for it the ring becomes empty, and begins after the row. */
static void add(struct watch_ring *ring, const struct feed_row *row)
{
    struct watch_entry *entry = entry_of(ring, row);

    if (ring->last - ring->first == ring->most)
        drop_first(ring);
    while (entry != NULL && !account_take(&ring->account, entry->size)) {
        if (ring->first == ring->last) {
            free(entry);
            entry = NULL;
        } else {
            drop_first(ring);
        }
    }
    ring->to = feed_place_after(row);
    if (entry != NULL) {
        assert(ring->slots[ring->last % WATCH_RING_ROWS] == NULL);
        ring->slots[ring->last++ % WATCH_RING_ROWS] = entry;
        return;
    }
    while (ring->first < ring->last)
        drop_first(ring);
    ring->from = ring->to;
}

void watch_ring__fill(struct watch_ring *ring, const struct feed_row *rows, size_t count,
                      uint64_t rest, uint64_t complete, uint64_t floor)
{
    assert(floor <= ring->complete);
    for (size_t i = 0; i < count; i++) {
        assert(feed_place_compare(feed_place_of(&rows[i]), ring->to) >= 0);
        add(ring, &rows[i]);
    }
    if (rest != 0)
        complete = rest - 1;
    else if (count > 0 && complete < rows[count - 1].revision)
        complete = rows[count - 1].revision;
    if (ring->complete < complete)
        ring->complete = complete;
    ring->rest = rest;
    if (rest == 0)
        ring->to = (struct feed_place){ring->complete + 1, 0};
    while (ring->first < ring->last && watch_ring__entry(ring, ring->first)->row.revision <= floor)
        drop_first(ring);
}

uint64_t watch_ring__find(const struct watch_ring *ring, struct feed_place place)
{
    uint64_t low = ring->first, high = ring->last;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const struct feed_row *row = &ring->slots[middle % WATCH_RING_ROWS]->row;

        if (feed_place_compare(feed_place_of(row), place) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t watch_ring__last(const struct watch_ring *ring)
{
    return ring->last;
}

struct watch_entry *watch_ring__entry(const struct watch_ring *ring, uint64_t number)
{
    if (number < ring->first || number >= ring->last)
        return NULL;
    return ring->slots[number % WATCH_RING_ROWS];
}
