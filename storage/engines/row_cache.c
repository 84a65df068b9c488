/*
 * Places of rows are found by a hash: each of many sets has a few places, so that nothing is
 * chained and the table never grows. Sets are shared out to shards, each with a lock, a share of
 * the bytes, and a hand that goes round its sets for rows that nobody asked for since it last came
 * by. The hash has no key: who chooses names that meet in one set pushes their rows out, no more.
 */
#include "storage/engines/row_cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 8
/* A larger row would push out many, and costs more to copy than to find. */
#define ROW_BYTES_MOST ((size_t)16384)
/* There is a place for each so many bytes. */
#define ROW_BYTES_USUAL 256
/* What the C library adds to an allocation. */
#define ALLOCATION_BYTES 16
#define SHARDS 64
/* A smaller cache has one shard. */
#define SHARDED_FROM ((size_t)4 << 20)

struct row {
    uint32_t value_len;
    uint16_t family;
    uint16_t key_len;
    bool is_used; /* it was asked for since the hand came by */
    char bytes[]; /* key and value */
};

struct set {
    uint32_t tags[PLACES]; /* of hashes; meaningless where there is no row */
    struct row *rows[PLACES];
    uint32_t epoch;   /* rises with each write of a row that would stand here */
    bool is_changing; /* such a write is under way */
    uint8_t hand;     /* which place is next, where all are taken */
    uint8_t missed_hand;
    uint16_t missed[PLACES]; /* of hashes whose rows were looked for in vain last */
};

/* The mutex guards the shard and its sets. */
struct shard {
    _Alignas(64) pthread_mutex_t mutex;
    size_t bytes;
    size_t most;
    size_t hand; /* which of its sets is next */
};

struct row_cache {
    struct set *sets;
    size_t set_count; /* a power of two, as is the number of shards */
    size_t shard_count;
    struct shard shards[SHARDS];
    /* Sets that are changing: of the thread that writes alone. */
    size_t *changing;
    size_t changing_count;
    size_t changing_room;
};

struct row_cache *row_cache__make(size_t bytes)
{
    size_t sets = 1;
    struct row_cache *cache = bytes == 0 ? NULL : aligned_alloc(64, sizeof(*cache));

    if (cache == NULL)
        return NULL;
    memset(cache, 0, sizeof(*cache));
    cache->shard_count = bytes < SHARDED_FROM ? 1 : SHARDS;
    while (sets < cache->shard_count || sets < bytes / ROW_BYTES_USUAL / PLACES)
        sets *= 2;
    /* What is never used of it takes no memory. */
    cache->sets = calloc(sets, sizeof(*cache->sets));
    if (cache->sets == NULL) {
        free(cache);
        return NULL;
    }
    cache->set_count = sets;
    for (size_t i = 0; i < cache->shard_count; i++) {
        pthread_mutex_init(&cache->shards[i].mutex, NULL);
        cache->shards[i].most = bytes / cache->shard_count;
    }
    return cache;
}

void row_cache__free(struct row_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < cache->set_count; i++)
        for (size_t place = 0; place < PLACES; place++)
            free(cache->sets[i].rows[place]);
    for (size_t i = 0; i < cache->shard_count; i++)
        pthread_mutex_destroy(&cache->shards[i].mutex);
    free(cache->sets);
    free(cache->changing);
    free(cache);
}

/* -- places ----------------------------------------------------------------------------------- */

/* Each bit of the word reaches the low bits of the hash, which choose the set. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    word *= 0x9e3779b97f4a7c15u;
    hash = (hash ^ word ^ word >> 32) * 0xd6e8feb86659fd93u;
    return hash ^ hash >> 32;
}

static uint64_t hash_of(enum store_family family, struct slice key)
{
    uint64_t hash = mix(family, key.len);
    uint64_t word = 0;

    for (; key.len >= sizeof(word); key = slice_from(key, sizeof(word))) {
        memcpy(&word, key.data, sizeof(word));
        hash = mix(hash, word);
    }
    word = 0;
    if (key.len > 0)
        memcpy(&word, key.data, key.len);
    return mix(hash, word);
}

/* The set is chosen by the low bits. */
static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static struct set *set_of(struct row_cache *cache, uint64_t hash)
{
    return &cache->sets[hash & (cache->set_count - 1)];
}

static struct shard *shard_of(struct row_cache *cache, uint64_t hash)
{
    return &cache->shards[hash & (cache->shard_count - 1)];
}

static size_t bytes_of(size_t key_len, size_t value_len)
{
    return ALLOCATION_BYTES + sizeof(struct row) + key_len + value_len;
}

/* The place of the row in the set; PLACES when it is not there. */
static size_t find(const struct set *set, uint64_t hash, enum store_family family, struct slice key)
{
    for (size_t place = 0; place < PLACES; place++) {
        const struct row *row = set->rows[place];

        if (row != NULL && set->tags[place] == tag_of(hash) && row->family == family &&
            slice_equal(slice_make(row->bytes, row->key_len), key))
            return place;
    }
    return PLACES;
}

static void drop(struct shard *shard, struct set *set, size_t place)
{
    struct row *row = set->rows[place];

    shard->bytes -= bytes_of(row->key_len, row->value_len);
    set->rows[place] = NULL;
    free(row);
}

/* Whether a row was looked for in vain lately; from now on it was. */
static bool note_miss(struct set *set, uint64_t hash)
{
    uint16_t tag = (uint16_t)(hash >> 48);
    bool was_missed = false;

    for (size_t i = 0; i < PLACES; i++)
        was_missed |= set->missed[i] == tag;
    if (!was_missed)
        set->missed[set->missed_hand++ % PLACES] = tag;
    return was_missed;
}

/* -- reading ---------------------------------------------------------------------------------- */

bool row_cache__find(struct row_cache *cache, struct arena *arena, enum store_family family,
                     struct slice key, struct slice *ret_value, struct row_ticket *ret_ticket)
{
    uint64_t hash = hash_of(family, key);
    struct shard *shard = shard_of(cache, hash);
    struct set *set = set_of(cache, hash);
    size_t place;

    pthread_mutex_lock(&shard->mutex);
    place = find(set, hash, family, key);
    if (place < PLACES) {
        struct row *row = set->rows[place];

        row->is_used = true;
        *ret_value = arena_copy(arena, slice_make(row->bytes + row->key_len, row->value_len));
    } else {
        *ret_ticket = (struct row_ticket){hash, set->epoch, note_miss(set, hash)};
    }
    pthread_mutex_unlock(&shard->mutex);
    return place < PLACES;
}

/* -- keeping ---------------------------------------------------------------------------------- */

/* Lets the hand drop what was not asked for, until there is room or nothing is left. */
static void make_room(struct row_cache *cache, struct shard *shard, size_t bytes)
{
    const size_t first = (size_t)(shard - cache->shards);
    const size_t sets = cache->set_count / cache->shard_count;

    while (shard->bytes > 0 && shard->bytes + bytes > shard->most) {
        struct set *set = &cache->sets[first + shard->hand * cache->shard_count];

        for (size_t place = 0; place < PLACES; place++) {
            struct row *row = set->rows[place];

            if (row != NULL && !row->is_used)
                drop(shard, set, place);
            else if (row != NULL)
                row->is_used = false;
        }
        shard->hand = (shard->hand + 1) % sets;
    }
}

/* A free place, or that of the next row that nobody asked for since the set's hand came by. */
static size_t free_place(struct shard *shard, struct set *set)
{
    size_t chosen;

    for (size_t place = 0; place < PLACES; place++)
        if (set->rows[place] == NULL)
            return place;
    for (;; set->hand = (uint8_t)((set->hand + 1) % PLACES)) {
        struct row *row = set->rows[set->hand];

        if (!row->is_used)
            break;
        row->is_used = false;
    }
    chosen = set->hand;
    set->hand = (uint8_t)((chosen + 1) % PLACES);
    drop(shard, set, chosen);
    return chosen;
}

static struct row *row_new(enum store_family family, struct slice key, struct slice value)
{
    struct row *row = malloc(sizeof(*row) + key.len + value.len);

    if (row == NULL)
        return NULL;
    *row = (struct row){(uint32_t)value.len, (uint16_t)family, (uint16_t)key.len, false};
    memcpy(row->bytes, key.data, key.len);
    memcpy(row->bytes + key.len, value.data, value.len);
    return row;
}

void row_cache__keep(struct row_cache *cache, const struct row_ticket *ticket,
                     enum store_family family, struct slice key, struct slice value)
{
    struct shard *shard = shard_of(cache, ticket->hash);
    struct set *set = set_of(cache, ticket->hash);
    size_t bytes = bytes_of(key.len, value.len);
    struct row *row;

    assert(ticket->hash == hash_of(family, key));
    if (bytes > ROW_BYTES_MOST)
        return;
    row = row_new(family, key, value); /* before the lock: allocating may take long */
    if (row == NULL)
        return;
    pthread_mutex_lock(&shard->mutex);
    if (!set->is_changing && set->epoch == ticket->epoch &&
        find(set, ticket->hash, family, key) == PLACES) {
        size_t place;

        make_room(cache, shard, bytes);
        place = free_place(shard, set);
        set->rows[place] = row;
        set->tags[place] = tag_of(ticket->hash);
        shard->bytes += bytes;
        row = NULL;
    }
    pthread_mutex_unlock(&shard->mutex);
    free(row);
}

/* -- changing --------------------------------------------------------------------------------- */

/* Notes the set for row_cache__end_changes(). One that found no memory takes no rows any more. */
static void note(struct row_cache *cache, size_t set)
{
    if (cache->changing_count == cache->changing_room) {
        size_t room = cache->changing_room == 0 ? 64 : cache->changing_room * 2;
        size_t *larger = realloc(cache->changing, room * sizeof(*larger));

        if (larger == NULL)
            return;
        cache->changing = larger;
        cache->changing_room = room;
    }
    cache->changing[cache->changing_count++] = set;
}

void row_cache__begin_change(struct row_cache *cache, enum store_family family, struct slice key)
{
    uint64_t hash = hash_of(family, key);
    struct shard *shard = shard_of(cache, hash);
    struct set *set = set_of(cache, hash);
    size_t place;
    bool was_changing;

    pthread_mutex_lock(&shard->mutex);
    was_changing = set->is_changing;
    set->is_changing = true;
    place = find(set, hash, family, key);
    if (place < PLACES)
        drop(shard, set, place);
    pthread_mutex_unlock(&shard->mutex);
    if (!was_changing)
        note(cache, (size_t)(set - cache->sets));
}

void row_cache__end_changes(struct row_cache *cache)
{
    for (size_t i = 0; i < cache->changing_count; i++) {
        struct set *set = &cache->sets[cache->changing[i]];
        struct shard *shard = shard_of(cache, cache->changing[i]);

        pthread_mutex_lock(&shard->mutex);
        assert(set->is_changing);
        set->epoch++;
        set->is_changing = false;
        pthread_mutex_unlock(&shard->mutex);
    }
    cache->changing_count = 0;
}
