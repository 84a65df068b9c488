/*
 * A bounded map from 32 bytes to entries of one size, for what an event loop remembers. When it is
 * full it forgets an entry that was not found lately (clock). Belongs to one thread.
 */
#ifndef DATASTREAM_RPC_IDENTITY_TABLE_H
#define DATASTREAM_RPC_IDENTITY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_KEY_LEN 32

/* What an entry begins with. Plain; only table.c writes it. */
struct table_entry {
    uint8_t key[TABLE_KEY_LEN];
    uint32_t next; /* of the same bucket, or of the free ones */
    bool live;
    bool used; /* found since the clock's hand passed */
};

/* What an entry costs at most beside its own size: its share of the buckets. */
#define TABLE_SHARE_BYTES 8

struct table;

/*
 * Entries of `entry_size` bytes, at most `entries`. `release` (may be NULL) is told of each entry
 * that is forgotten. Memory is touched only as far as it is used. NULL when memory ends.
 */
struct table *table_new(size_t entries, size_t entry_size,
                        void (*release)(void *context, void *entry), void *context);

/* Forgets all entries and frees the table. */
void table_free(struct table *table);

/* NULL when it is not there. Good until the entry is forgotten: table_add may do that. */
void *table_find(struct table *table, const uint8_t key[TABLE_KEY_LEN]);

/* A new entry, cleared after its head, for a key that is not there. */
void *table_add(struct table *table, const uint8_t key[TABLE_KEY_LEN]);

/* Forgets one; nothing when it is not there. */
void table__remove(struct table *table, const uint8_t key[TABLE_KEY_LEN]);

/* Forgets every entry; the memory is kept. */
void table__clear(struct table *table);

/* Forgets every entry for which `is_over` answers true. */
void table_remove_if(struct table *table, bool (*is_over)(void *context, const void *entry),
                     void *context);

#endif
