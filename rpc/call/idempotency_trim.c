/*
 * Rows of idempotency keys that have expired. The family is read in slices from its front to its
 * end, and then left alone for a while: no request waits for a row to go, since one that has
 * expired counts for nothing.
 */
#include "rpc/call/idempotency_trim.h"

#include <datastream/storage/v1/records.pb-c.h>

#include "proto/message/message.h"
#include "rpc/call/idempotency.h"
#include "storage/record.h"

#define TRIM_ROWS 512 /* that one round looks at */
#define TRIM_ARENA_BYTES ((size_t)4 << 20)
/* After every key: the organization that keys begin with is a UUID of version 7. */
#define FAMILY_END SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff")
/* A row is read at each round of its day: rounds that followed soon would cost more than it did. */
#define REST_MS ((int64_t)6 * 60 * 60 * 1000)

/* One that cannot be read has expired: nothing could be replayed from it. */
static bool has_expired(struct arena *arena, struct slice body, int64_t now_ms)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    const Datastream__Storage__V1__IdempotencyRecord *row =
        datastream__storage__v1__idempotency_record__unpack(&allocator, body.len,
                                                            (const uint8_t *)body.data);

    return row == NULL || idempotency__has_expired(row->time_ms, now_ms);
}

/* Begins the next round after this row. */
static void advance(struct idempotency_trimmer *trimmer, struct slice key)
{
    if (key.len + 1 > sizeof(trimmer->from))
        return;
    memcpy(trimmer->from, key.data, key.len);
    trimmer->from[key.len] = '\0';
    trimmer->from_len = key.len + 1;
}

/* Puts what has expired among the next rows into the commit; whether there are rows after them. */
static bool gather(struct idempotency_trimmer *trimmer, struct store *store, int64_t now_ms,
                   struct commit *commit)
{
    struct store_view *view = store_view_open(store, commit->arena);
    struct store_rows rows = {0};

    if (view == NULL ||
        store_scan(view, FAMILY_IDEMPOTENCY, slice_make(trimmer->from, trimmer->from_len),
                   FAMILY_END, false, TRIM_ROWS, &rows) != STORE_FOUND)
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct store_row *row = &rows.rows[i];
        struct record record;

        if (record_parse(row->value, &record) && has_expired(commit->arena, record.body, now_ms)) {
            commit_require_revision(commit, FAMILY_IDEMPOTENCY, row->key, record.revision);
            commit_delete(commit, FAMILY_IDEMPOTENCY, row->key);
        }
        advance(trimmer, row->key);
    }
    return rows.more;
}

bool idempotency_trim(struct idempotency_trimmer *trimmer, struct store *store, int64_t now_ms)
{
    struct commit commit;
    struct arena arena;
    bool more;

    if (now_ms < trimmer->rest_until_ms)
        return false;
    arena_init(&arena, NULL, TRIM_ARENA_BYTES);
    commit_init(&commit, &arena);
    more = gather(trimmer, store, now_ms, &commit);
    if (!arena_failed(&arena) && !commit_is_empty(&commit))
        store_commit_wait(store, &commit);
    arena_done(&arena);
    if (more)
        return true;
    trimmer->from_len = 0;
    trimmer->rest_until_ms = now_ms + REST_MS;
    return false;
}
