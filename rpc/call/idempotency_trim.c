/*
 * Rows of idempotency keys that have expired. They lie in blocks in the order of time, so that the
 * oldest are the first: a round looks at some, and ends at one that still counts. No request waits
 * for a row to go, since one that has expired counts for nothing.
 */
#include "rpc/call/idempotency_trim.h"

#include "rpc/call/idempotency.h"
#include "rpc/call/idempotency_row.h"
#include "storage/bytes.h"
#include "storage/record.h"
#include "storage/repeats.h"
#include "storage/store_walk.h"

#define TRIM_BLOCKS 512 /* that one round removes at most */
#define TRIM_ARENA_BYTES ((size_t)4 << 20)

/* One that cannot be read has expired: nothing could be replayed from it. */
static bool has_expired(struct slice body, int64_t now_ms)
{
    struct idempotency_row row;

    return !idempotency_row__read(body, &row) || idempotency__has_expired(row.time_ms, now_ms);
}

static bool all_have_expired(struct slice block, int64_t now_ms)
{
    struct repeat repeat;

    while (repeat_next(&block, &repeat))
        if (!has_expired(repeat.body, now_ms))
            return false;
    return true;
}

/* Puts the oldest blocks that have expired into the commit; the last of them is *ret_last. */
static bool gather(const struct idempotency_trimmer *trimmer, struct store *store, int64_t now_ms,
                   struct commit *commit, struct slice *ret_last)
{
    char from[REPEAT_BLOCK_KEY_LEN];
    struct store_row row;
    struct walk walk;

    bytes_put_u64(from, trimmer->from);
    walk_init(&walk, store, FAMILY_IDEMPOTENCY, slice_make(from, sizeof(from)), SLICE_EMPTY);
    while (commit->operation_count < TRIM_BLOCKS && walk_next(&walk, &row)) {
        struct record record;

        if (record_parse(row.value, &record) && !all_have_expired(record.body, now_ms))
            break;
        *ret_last = arena_copy(commit->arena, row.key);
        commit_delete(commit, FAMILY_IDEMPOTENCY, *ret_last);
    }
    return walk_done(&walk);
}

bool idempotency_trim(struct idempotency_trimmer *trimmer, struct store *store, int64_t now_ms)
{
    struct slice last = SLICE_EMPTY;
    struct commit commit;
    struct arena arena;
    bool is_due = false;

    arena_init(&arena, NULL, TRIM_ARENA_BYTES);
    commit_init(&commit, &arena);
    if (gather(trimmer, store, now_ms, &commit, &last) && !arena_failed(&arena) &&
        !commit_is_empty(&commit) && store_commit_wait(store, &commit) == COMMIT_DONE) {
        is_due = commit.operation_count == TRIM_BLOCKS;
        if (last.len == REPEAT_BLOCK_KEY_LEN)
            trimmer->from = bytes_u64(last.data) + 1;
    }
    arena_done(&arena);
    return is_due;
}
