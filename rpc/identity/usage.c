/* A small table by token id, taken away whole by the flush. */
#include "rpc/identity/usage.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "storage/keys.h"
#include "storage/record.h"

#define ADDRESS_MOST 46 /* an IPv6 address as text */
#define SLOTS ((size_t)USAGE_TOKENS_MOST * 2)
/* An engine may see conflicts where there are none. */
#define TRIES_MOST 16

struct usage_entry {
    struct uuid organization;
    struct uuid token; /* zero: the slot is free */
    int64_t time_ms;
    uint8_t address_len;
    char address[ADDRESS_MOST];
};

struct usage_table {
    size_t count;
    struct usage_entry slots[SLOTS];
};

struct usage {
    pthread_mutex_t lock;      /* guards `table`; the loop only ever tries it */
    struct usage_table *table; /* NULL until the first note after a flush */
};

struct usage *usage_new(void)
{
    struct usage *usage = calloc(1, sizeof(*usage));

    if (usage != NULL)
        pthread_mutex_init(&usage->lock, NULL);
    return usage;
}

void usage_free(struct usage *usage)
{
    pthread_mutex_destroy(&usage->lock);
    free(usage->table);
    free(usage);
}

/* The token's slot, or a free one; NULL when the table is full. Random bits end a UUID. */
static struct usage_entry *slot_of(struct usage_table *table, const struct uuid *token)
{
    uint32_t hash;
    size_t at;

    assert(!uuid_is_zero(token) && table->count <= USAGE_TOKENS_MOST);
    memcpy(&hash, token->bytes + 12, sizeof(hash));
    for (at = hash % SLOTS; !uuid_is_zero(&table->slots[at].token); at = (at + 1) % SLOTS)
        if (uuid_equal(&table->slots[at].token, token))
            return &table->slots[at];
    if (table->count == USAGE_TOKENS_MOST)
        return NULL;
    table->count++;
    return &table->slots[at];
}

void usage_note(struct usage *usage, const struct identity *identity, struct slice peer,
                int64_t now_ms)
{
    struct usage_entry *entry = NULL;

    if (identity->type != IDENTITY_TOKEN || pthread_mutex_trylock(&usage->lock) != 0)
        return;
    if (usage->table == NULL)
        usage->table = calloc(1, sizeof(*usage->table));
    if (usage->table != NULL)
        entry = slot_of(usage->table, &identity->id);
    if (entry != NULL) {
        entry->organization = identity->organization;
        entry->token = identity->id;
        entry->time_ms = now_ms;
        entry->address_len = (uint8_t)(peer.len < ADDRESS_MOST ? peer.len : ADDRESS_MOST);
        if (peer.len > 0)
            memcpy(entry->address, peer.data, entry->address_len);
    }
    pthread_mutex_unlock(&usage->lock);
}

/* Body: time (8, little-endian), address. */
static void write_entry(const struct usage_entry *entry, struct store *store, uint32_t token_kind)
{
    struct arena arena;
    struct commit commit;
    struct slice key;
    char body[8 + ADDRESS_MOST];
    int tries = 0;

    arena_init(&arena, NULL, 1 << 16);
    commit_init(&commit, &arena);
    key = key_object(&arena, &entry->organization, token_kind, &entry->token);
    for (int i = 0; i < 8; i++)
        body[i] = (char)((uint64_t)entry->time_ms >> (8 * i));
    assert(entry->address_len <= ADDRESS_MOST);
    memcpy(body + 8, entry->address, entry->address_len);
    commit_require_present(&commit, FAMILY_TOKENS, key);
    commit_put(&commit, FAMILY_USAGE, key, slice_make(body, 8u + entry->address_len));
    /* A conflict that stays says that the token is gone. */
    while (!arena_failed(&arena) && tries++ < TRIES_MOST &&
           store_commit_wait(store, &commit) == COMMIT_CONFLICT)
        continue;
    arena_done(&arena);
}

void usage_flush(struct usage *usage, struct store *store, uint32_t token_kind)
{
    struct usage_table *table;

    pthread_mutex_lock(&usage->lock);
    table = usage->table;
    usage->table = NULL;
    pthread_mutex_unlock(&usage->lock);
    if (table == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        if (!uuid_is_zero(&table->slots[i].token))
            write_entry(&table->slots[i], store, token_kind);
    free(table);
}

enum store_found usage_read(struct arena *arena, struct store_view *view,
                            const struct uuid *organization, uint32_t token_kind,
                            const struct uuid *token, int64_t *ret_time_ms, struct slice *ret_ip)
{
    struct slice value;
    struct record record;
    uint64_t time_ms = 0;
    enum store_found found = store_get(view, FAMILY_USAGE,
                                       key_object(arena, organization, token_kind, token), &value);

    if (found != STORE_FOUND)
        return found;
    if (!record_parse(value, &record) || record.body.len < 8)
        return STORE_ABSENT;
    for (int i = 0; i < 8; i++)
        time_ms |= (uint64_t)(unsigned char)record.body.data[i] << (8 * i);
    *ret_time_ms = (int64_t)time_ms;
    *ret_ip = slice_from(record.body, 8);
    return STORE_FOUND;
}
