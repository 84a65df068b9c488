/* Chained buckets over one array of entries; a clock's hand chooses what is forgotten. */
#include "rpc/identity/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Entries are numbered from 1: buckets that nobody wrote to are empty, and take no memory. */
#define NONE 0

struct table {
    char *entries;
    uint32_t *buckets;
    size_t entry_size;
    uint32_t most;
    uint32_t made; /* entries that were ever handed out */
    uint32_t free; /* entries that are free again */
    uint32_t hand;
    uint32_t mask;
    void (*release)(void *context, void *entry);
    void *context;
};

static struct table_entry *entry_at(const struct table *table, uint32_t number)
{
    assert(number != NONE && number <= table->made);
    return (struct table_entry *)(table->entries + (size_t)(number - 1) * table->entry_size);
}

/* Keys are hashes, or two UUIDs of which the last ends in random bits. */
static uint32_t *bucket_of(const struct table *table, const uint8_t key[TABLE_KEY_LEN])
{
    uint64_t front;
    uint64_t back;

    memcpy(&front, key, sizeof(front));
    memcpy(&back, key + TABLE_KEY_LEN - sizeof(back), sizeof(back));
    front = (front ^ back) * 0x9e3779b97f4a7c15U;
    return &table->buckets[(uint32_t)(front >> 32) & table->mask];
}

struct table *table_new(size_t entries, size_t entry_size,
                        void (*release)(void *context, void *entry), void *context)
{
    struct table *table = calloc(1, sizeof(*table));
    uint32_t buckets = 16;

    assert(entries > 0 && entries < UINT32_MAX / 2 && entry_size >= sizeof(struct table_entry));
    if (table == NULL)
        return NULL;
    while (buckets < entries)
        buckets *= 2;
    table->mask = buckets - 1;
    table->hand = 1;
    table->most = (uint32_t)entries;
    table->entry_size = entry_size;
    table->release = release;
    table->context = context;
    table->buckets = calloc(buckets, sizeof(table->buckets[0]));
    table->entries = calloc(entries, entry_size);
    if (table->buckets == NULL || table->entries == NULL) {
        free(table->buckets);
        free(table->entries);
        free(table);
        return NULL;
    }
    return table;
}

static void release(struct table *table, struct table_entry *entry)
{
    assert(entry->live);
    entry->live = false;
    if (table->release != NULL)
        table->release(table->context, entry);
}

void table__clear(struct table *table)
{
    for (uint32_t i = 1; i <= table->made; i++) {
        struct table_entry *entry = entry_at(table, i);

        *bucket_of(table, entry->key) = NONE;
        if (entry->live)
            release(table, entry);
    }
    table->made = 0;
    table->free = NONE;
    table->hand = 1;
}

void table_free(struct table *table)
{
    table__clear(table);
    free(table->buckets);
    free(table->entries);
    free(table);
}

/* The link that leads to the key's entry, or the NONE at the end of its bucket. */
static uint32_t *link_of(const struct table *table, const uint8_t key[TABLE_KEY_LEN])
{
    uint32_t *link = bucket_of(table, key);

    while (*link != NONE && memcmp(entry_at(table, *link)->key, key, TABLE_KEY_LEN) != 0)
        link = &entry_at(table, *link)->next;
    return link;
}

void *table_find(struct table *table, const uint8_t key[TABLE_KEY_LEN])
{
    uint32_t number = *link_of(table, key);

    if (number == NONE)
        return NULL;
    entry_at(table, number)->used = true;
    return entry_at(table, number);
}

void table__remove(struct table *table, const uint8_t key[TABLE_KEY_LEN])
{
    uint32_t *link = link_of(table, key);
    uint32_t number = *link;

    if (number == NONE)
        return;
    *link = entry_at(table, number)->next;
    release(table, entry_at(table, number));
    entry_at(table, number)->next = table->free;
    table->free = number;
}

/* Every entry is live: the first that was not found since the hand passed it goes. */
static void forget_one(struct table *table)
{
    uint8_t key[TABLE_KEY_LEN];
    struct table_entry *entry;

    assert(table->free == NONE && table->made == table->most);
    while ((entry = entry_at(table, table->hand))->used) {
        entry->used = false;
        table->hand = table->hand % table->most + 1;
    }
    table->hand = table->hand % table->most + 1;
    memcpy(key, entry->key, sizeof(key));
    table__remove(table, key);
}

void *table_add(struct table *table, const uint8_t key[TABLE_KEY_LEN])
{
    struct table_entry *entry;
    uint32_t *bucket;
    uint32_t number;

    assert(*link_of(table, key) == NONE); /* one that is there twice could not be forgotten */
    if (table->free == NONE && table->made == table->most)
        forget_one(table);
    if (table->free != NONE) {
        number = table->free;
        table->free = entry_at(table, number)->next;
    } else {
        number = ++table->made;
    }
    entry = entry_at(table, number);
    memset(entry, 0, table->entry_size);
    memcpy(entry->key, key, TABLE_KEY_LEN);
    entry->live = true;
    entry->used = true;
    bucket = bucket_of(table, key);
    entry->next = *bucket;
    *bucket = number;
    return entry;
}

void table_remove_if(struct table *table, bool (*is_over)(void *context, const void *entry),
                     void *context)
{
    uint8_t key[TABLE_KEY_LEN];

    for (uint32_t i = 1; i <= table->made; i++) {
        const struct table_entry *entry = entry_at(table, i);

        if (!entry->live || !is_over(context, entry))
            continue;
        memcpy(key, entry->key, sizeof(key));
        table__remove(table, key);
    }
}
