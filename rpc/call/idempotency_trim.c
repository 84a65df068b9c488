/*
 * Rows of idempotency keys that have expired. They lie in blocks in the order of time, so that the
 * oldest are the first: a round ends at one that still counts. No request waits for a row to go,
 * since one that has expired counts for nothing.
 */
#include "rpc/call/idempotency_trim.h"

#include "rpc/call/idempotency.h"
#include "rpc/call/idempotency_row.h"
#include "storage/bytes.h"
#include "storage/record.h"
#include "storage/repeats.h"
#include "storage/store_walk.h"

/* That one round removes at most: the committer forgets each before it takes other commits. */
#define TRIM_ROWS 2048
#define TRIM_ARENA_BYTES ((size_t)4 << 20)

/*
 * What is unknown goes with the first later block that has expired: one that is unreadable, or has
 * rows from a time when the clock was ahead.
 */
enum age { COUNTS, EXPIRED, UNKNOWN };

static enum age age_of(struct slice body, int64_t now_ms)
{
    struct idempotency_row row;

    if (!idempotency_row__read(body, &row) || row.time_ms > now_ms)
        return UNKNOWN;
    return idempotency__has_expired(row.time_ms, now_ms) ? EXPIRED : COUNTS;
}

/* How old the newest row of a block is; *ret_rows is how many it has, at least 1. */
static enum age age_of_block(struct slice value, int64_t now_ms, size_t *ret_rows)
{
    enum age age = EXPIRED;
    struct repeat repeat;
    struct record record;

    *ret_rows = 1;
    if (!record_parse(value, &record))
        return UNKNOWN;
    for (size_t rows = 1; repeat_next(&record.body, &repeat); rows++) {
        enum age other = age_of(repeat.body, now_ms);

        *ret_rows = rows;
        if (other == COUNTS || age == EXPIRED)
            age = other;
        if (age == COUNTS)
            return age;
    }
    return record.body.len > 0 ? UNKNOWN : age;
}

static void walk_blocks(const struct idempotency_trimmer *trimmer, struct store *store,
                        struct walk *walk)
{
    char from[REPEAT_BLOCK_KEY_LEN];

    bytes_put_u64(from, trimmer->from);
    walk_init(walk, store, FAMILY_IDEMPOTENCY, slice_make(from, sizeof(from)), SLICE_EMPTY);
}

/* Which of the next blocks is the last that has expired: its number, or 0. False: not read. */
static bool find_last(const struct idempotency_trimmer *trimmer, struct store *store,
                      int64_t now_ms, uint64_t *ret_last)
{
    size_t expired = 0;
    struct store_row row;
    struct walk walk;

    *ret_last = 0;
    walk_blocks(trimmer, store, &walk);
    while (expired < TRIM_ROWS && walk_next(&walk, &row)) {
        size_t rows;
        enum age age = age_of_block(row.value, now_ms, &rows);

        if (age == COUNTS)
            break;
        if (age == EXPIRED && repeat_block_number(row.key, ret_last))
            expired += rows;
    }
    return walk_done(&walk);
}

/*
 * Puts blocks up to the last one into the commit; *ret_next is where the next round begins, and
 * *ret_rows how many rows they have. False: not read.
 */
static bool gather(const struct idempotency_trimmer *trimmer, struct store *store, uint64_t last,
                   struct commit *commit, uint64_t *ret_next, size_t *ret_rows)
{
    struct store_row row;
    struct walk walk;

    *ret_rows = 0;
    walk_blocks(trimmer, store, &walk);
    while (*ret_rows < TRIM_ROWS && walk_next(&walk, &row)) {
        uint64_t block = 0;
        size_t rows;

        if (repeat_block_number(row.key, &block) && block > last)
            break;
        age_of_block(row.value, INT64_MAX, &rows);
        commit_delete(commit, FAMILY_IDEMPOTENCY, arena_copy(commit->arena, row.key));
        *ret_next = block + 1;
        *ret_rows += rows;
    }
    return walk_done(&walk);
}

bool idempotency_trim(struct idempotency_trimmer *trimmer, struct store *store, int64_t now_ms)
{
    uint64_t next = trimmer->from;
    struct commit commit;
    struct arena arena;
    enum commit_result result = COMMIT_FAILED;
    uint64_t last;
    size_t rows;

    if (!find_last(trimmer, store, now_ms, &last) || last == 0)
        return false;
    arena_init(&arena, NULL, TRIM_ARENA_BYTES);
    commit_init(&commit, &arena);
    if (gather(trimmer, store, last, &commit, &next, &rows) && !arena_failed(&arena))
        result = store_commit_wait(store, &commit);
    arena_done(&arena);
    if (result == COMMIT_DONE)
        trimmer->from = next;
    /* An engine may see conflicts where there are none. */
    return result == COMMIT_CONFLICT || (result == COMMIT_DONE && rows >= TRIM_ROWS);
}
