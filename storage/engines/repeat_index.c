/*
 * Tables with open addressing, each with a lock of its own and grown by itself, so that no reader
 * waits for a large one to be copied. A place holds the number of a block and a part of the hash.
 */
#include "storage/engines/repeat_index.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "storage/repeats.h"

#define TABLES 256
#define PLACES_FIRST 16 /* of a table; a power of two */
#define TAG_BITS 20     /* beside the 44 of a block */
#define TAG_MASK (((uint64_t)1 << TAG_BITS) - 1)

/* The mutex guards the table. */
struct table {
    _Alignas(64) pthread_mutex_t mutex;
    uint64_t *places; /* block << TAG_BITS | tag; 0: free */
    size_t room;      /* a power of two, or 0 */
    size_t used;
};

struct repeat_index {
    atomic_size_t count;
    struct table tables[TABLES];
};

/* Which table a hash has, and the bits by which its place is found and told from others there. */
struct place {
    struct table *table;
    uint64_t tag;
};

static struct place place_of(struct repeat_index *index, struct slice hash)
{
    uint64_t words[2];

    assert(hash.len == sizeof(words));
    memcpy(words, hash.data, sizeof(words));
    words[0] = (words[0] ^ words[1]) * 0x9e3779b97f4a7c15U; /* also texts of tests may be hashes */
    return (struct place){&index->tables[words[0] >> 56], words[0] >> 32 & TAG_MASK};
}

static uint64_t block_of(uint64_t place)
{
    return place >> TAG_BITS;
}

struct repeat_index *repeat_index__make(void)
{
    struct repeat_index *index = aligned_alloc(64, sizeof(*index));

    if (index == NULL)
        return NULL;
    memset(index, 0, sizeof(*index));
    for (size_t i = 0; i < TABLES; i++)
        pthread_mutex_init(&index->tables[i].mutex, NULL);
    return index;
}

void repeat_index__free(struct repeat_index *index)
{
    if (index == NULL)
        return;
    for (size_t i = 0; i < TABLES; i++) {
        pthread_mutex_destroy(&index->tables[i].mutex);
        free(index->tables[i].places);
    }
    free(index);
}

/* Puts into the first free place from where the tag points to; whether the tag was there. */
static bool put(uint64_t *places, size_t room, uint64_t place)
{
    size_t at = place & TAG_MASK & (room - 1);
    bool was_there = false;

    for (; places[at] != 0; at = (at + 1) & (room - 1))
        was_there |= (places[at] & TAG_MASK) == (place & TAG_MASK);
    places[at] = place;
    return was_there;
}

/* Room for one more, with a quarter left free while there is memory. False when there is none. */
static bool make_room(struct table *table)
{
    size_t larger = table->room == 0 ? PLACES_FIRST : table->room * 2;
    uint64_t *places;

    if (table->used + 1 <= table->room / 4 * 3)
        return true;
    places = calloc(larger, sizeof(*places));
    if (places == NULL)
        return table->used + 1 < table->room; /* a search ends at a place that is free */
    for (size_t i = 0; i < table->room; i++)
        if (table->places[i] != 0)
            put(places, larger, table->places[i]);
    free(table->places);
    table->places = places;
    table->room = larger;
    return true;
}

bool repeat_index__add(struct repeat_index *index, struct slice hash, uint64_t block,
                       bool *ret_is_first)
{
    struct place place = place_of(index, hash);
    bool has_room;

    assert(block > 0 && block < REPEAT_BLOCKS_END);
    pthread_mutex_lock(&place.table->mutex);
    has_room = make_room(place.table);
    if (has_room) {
        *ret_is_first = !put(place.table->places, place.table->room, block << TAG_BITS | place.tag);
        place.table->used++;
        atomic_fetch_add_explicit(&index->count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&place.table->mutex);
    return has_room;
}

/* Frees a place, and moves up what stands after it and would not be found any more. */
static void take_out(struct table *table, size_t at)
{
    const size_t mask = table->room - 1;

    for (size_t next = (at + 1) & mask; table->places[next] != 0; next = (next + 1) & mask) {
        size_t wanted = table->places[next] & TAG_MASK & mask;

        if (((next - wanted) & mask) < ((next - at) & mask))
            continue; /* it would stand before where its search begins */
        table->places[at] = table->places[next];
        at = next;
    }
    table->places[at] = 0;
    table->used--;
}

/* Where a place stands in the table; `room` when it is not there. */
static size_t search(const struct table *table, uint64_t place)
{
    const size_t mask = table->room - 1;

    if (table->room == 0)
        return 0;
    for (size_t at = place & TAG_MASK & mask; table->places[at] != 0; at = (at + 1) & mask)
        if (table->places[at] == place)
            return at;
    return table->room;
}

void repeat_index__remove(struct repeat_index *index, struct slice hash, uint64_t block)
{
    struct place place = place_of(index, hash);
    size_t at;

    pthread_mutex_lock(&place.table->mutex);
    at = search(place.table, block << TAG_BITS | place.tag);
    if (at < place.table->room) {
        take_out(place.table, at);
        atomic_fetch_sub_explicit(&index->count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&place.table->mutex);
}

/* Puts a block in its order among those found; the oldest falls out where there are too many. */
static size_t insert(uint64_t blocks[REPEAT_BLOCKS_MOST], size_t count, uint64_t block)
{
    size_t at = count < REPEAT_BLOCKS_MOST ? count : REPEAT_BLOCKS_MOST - 1;

    if (count == REPEAT_BLOCKS_MOST && blocks[at] > block)
        return count;
    for (; at > 0 && blocks[at - 1] < block; at--)
        blocks[at] = blocks[at - 1];
    blocks[at] = block;
    return count < REPEAT_BLOCKS_MOST ? count + 1 : count;
}

static size_t gather(const struct table *table, uint64_t tag,
                     uint64_t ret_blocks[REPEAT_BLOCKS_MOST])
{
    const size_t mask = table->room - 1;
    size_t count = 0;

    if (table->room == 0)
        return 0;
    for (size_t at = tag & mask; table->places[at] != 0; at = (at + 1) & mask)
        if ((table->places[at] & TAG_MASK) == tag)
            count = insert(ret_blocks, count, block_of(table->places[at]));
    return count;
}

size_t repeat_index__find(struct repeat_index *index, struct slice hash,
                          uint64_t ret_blocks[REPEAT_BLOCKS_MOST])
{
    struct place place = place_of(index, hash);
    size_t count;

    pthread_mutex_lock(&place.table->mutex);
    count = gather(place.table, place.tag, ret_blocks);
    pthread_mutex_unlock(&place.table->mutex);
    return count;
}

size_t repeat_index__count(const struct repeat_index *index)
{
    return atomic_load_explicit(&index->count, memory_order_relaxed);
}
