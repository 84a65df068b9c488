/*
 * A cache of the heads of audit chains, filled from the last row of each and the row of its head.
 */
#include "storage/heads.h"

#include <assert.h>
#include <stdlib.h>

#include "base/cache_size.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/store_internal.h"

#define HEADS_BUCKETS 1024
#define HEADS_MOST 16384

struct audit_heads {
    struct arena arena;
    struct audit_head *buckets[HEADS_BUCKETS];
    size_t count;
};

struct audit_heads *audit__heads_new(void)
{
    struct audit_heads *heads = calloc(1, sizeof(*heads));

    if (heads == NULL)
        return NULL;
    arena_init(&heads->arena, NULL, SIZE_MAX);
    arena_wipe_on_done(&heads->arena);
    return heads;
}

void audit__heads_free(struct audit_heads *heads)
{
    if (heads == NULL)
        return;
    arena_done(&heads->arena);
    free(heads);
}

void audit__heads_trim(struct audit_heads *heads)
{
    if (heads->count < cache_size(HEADS_MOST) && !arena_failed(&heads->arena))
        return;
    arena_done(&heads->arena);
    memset(heads, 0, sizeof(*heads));
    arena_init(&heads->arena, NULL, SIZE_MAX);
    arena_wipe_on_done(&heads->arena);
}

/* The random bits of a version 7 UUID are its last. */
static struct audit_head **bucket_of(struct audit_heads *heads, const struct uuid *organization)
{
    unsigned hash = (unsigned)organization->bytes[15] << 8 | organization->bytes[14];

    return &heads->buckets[hash % HEADS_BUCKETS];
}

/* Reads the number and mac of the last row; false when it cannot be read. */
static bool load_row(struct store_view *view, struct audit_head *head)
{
    struct slice from = key_audit(view->arena, &head->organization, 0);
    struct slice to = key_prefix_end(
        view->arena, slice_make(head->organization.bytes, sizeof(head->organization.bytes)));
    struct store_rows rows;
    struct slice body;

    if (store_scan(view, FAMILY_AUDIT, from, to, true, 1, &rows) != STORE_FOUND)
        return false;
    if (rows.count == 0)
        return true;
    if (!key_audit_parse(rows.rows[0].key, &head->number) ||
        !audit_parse(rows.rows[0].value, head->mac, &body)) {
        store_log_error("read of an audit chain", "its last row is unreadable");
        return false;
    }
    return true;
}

/*
 * A chain goes on where its head says, also when rows were cut from its end: the gap stays, and
 * audit_verify finds it.
 */
static bool load(struct store_view *view, struct hmac *hmac, struct audit_head *head)
{
    struct slice value;
    uint8_t mac[AUDIT_MAC_LEN];
    uint64_t number;

    if (!load_row(view, head))
        return false;
    switch (
        store_get(view, FAMILY_COUNTS, key__audit_head(view->arena, &head->organization), &value)) {
    case STORE_ABSENT:
        return true;
    case STORE_FOUND:
        break;
    default:
        return false;
    }
    if (!audit__read_head(hmac, head->key, value, &number, mac)) {
        store_log_error("read of an audit chain", "its head was altered");
        return false;
    }
    if (number > head->number) {
        head->number = number;
        memcpy(head->mac, mac, sizeof(mac));
    }
    return true;
}

struct audit_head *audit__heads_find(struct audit_heads *heads, struct store_view *view,
                                     struct hmac *hmac, const struct uuid *organization)
{
    struct audit_head **bucket = bucket_of(heads, organization);
    struct audit_head loaded = {.organization = *organization};
    struct audit_head *head = *bucket;

    while (head != NULL && !uuid_equal(&head->organization, organization))
        head = head->next;
    if (head != NULL)
        return head;
    if (!view->store->has_audit_key) {
        store_log_error("audit chain", "the store was not given its key");
        return NULL;
    }
    if (!audit__derive_key(hmac, view->store->audit_key, organization, loaded.key) ||
        !load(view, hmac, &loaded))
        return NULL;
    assert(!loaded.is_moved); /* as it is stored */
    head = arena_alloc(&heads->arena, sizeof(*head));
    if (head == NULL)
        return NULL;
    *head = loaded;
    head->next = *bucket;
    *bucket = head;
    heads->count++;
    return head;
}
