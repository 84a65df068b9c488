/*
 * Trimming. A commit deletes the oldest rows of one organization and raises its floor, on condition
 * that the floor is as it was read: so the floor only rises, whoever else trims.
 */
#include "storage/feed_trim.h"

#include <stdlib.h>

#include "storage/feed.h"

#include "storage/bytes.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store_internal.h"
#include "storage/store_walk.h"

#define COMMIT_ARENA_BYTES ((size_t)1 << 20)

struct organization_feed {
    struct uuid organization;
    uint64_t counted; /* revision up to which rows were counted */
    uint64_t rows;
};

struct feed_trimmer {
    struct store *store;
    struct organization_feed *feeds;
    size_t count;
    size_t capacity;
};

struct feed_trimmer *feed_trimmer_new(struct store *store)
{
    struct feed_trimmer *trimmer = calloc(1, sizeof(*trimmer));

    if (trimmer != NULL)
        trimmer->store = store;
    return trimmer;
}

void feed_trimmer_free(struct feed_trimmer *trimmer)
{
    free(trimmer->feeds);
    free(trimmer);
}

/* NULL when memory ends. */
static struct organization_feed *find_feed(struct feed_trimmer *trimmer,
                                           const struct uuid *organization)
{
    struct organization_feed *feeds = trimmer->feeds;

    for (size_t i = 0; i < trimmer->count; i++)
        if (uuid_equal(&feeds[i].organization, organization))
            return &feeds[i];
    if (trimmer->count == trimmer->capacity) {
        size_t capacity = trimmer->capacity == 0 ? 8 : trimmer->capacity * 2;

        feeds = realloc(feeds, capacity * sizeof(feeds[0]));
        if (feeds == NULL)
            return NULL;
        trimmer->feeds = feeds;
        trimmer->capacity = capacity;
    }
    feeds[trimmer->count] = (struct organization_feed){.organization = *organization};
    return &feeds[trimmer->count++];
}

/* A walk over the rows of an organization from a revision on. */
static void walk_feed(struct feed_trimmer *trimmer, const struct uuid *organization,
                      uint64_t revision, struct walk *walk)
{
    struct arena arena;
    struct slice prefix;

    arena_init(&arena, NULL, ARENA_FIRST_BLOCK);
    prefix = key_organization(&arena, organization);
    walk_init(walk, trimmer->store, FAMILY_FEED,
              key__feed(&arena, organization, revision == 0 ? 1 : revision, 0),
              key_prefix_end(&arena, prefix));
    walk->failed = arena_failed(&arena);
    arena_done(&arena);
}

/* Counts the rows that came since the last time. */
static bool count_rows(struct feed_trimmer *trimmer, struct organization_feed *feed)
{
    struct organization_feed counted = *feed;
    struct store_row row;
    struct walk walk;

    walk_feed(trimmer, &feed->organization, feed->counted + 1, &walk);
    while (walk_next(&walk, &row)) {
        struct uuid organization;
        uint16_t index;

        if (key__feed_parse(row.key, &organization, &counted.counted, &index))
            counted.rows++;
    }
    if (!walk_done(&walk))
        return false;
    *feed = counted;
    return true;
}

/* What one commit is to delete. */
struct trimming {
    struct arena arena;
    struct commit commit;
    uint64_t floor; /* as it will be */
    size_t rows;
};

/* Begins the commit with the floor as it is. */
static bool begin(struct feed_trimmer *trimmer, const struct uuid *organization,
                  struct trimming *trimming)
{
    struct slice key = key__feed_floor(&trimming->arena, organization);
    struct record record;
    struct slice value;

    commit_init(&trimming->commit, &trimming->arena);
    if (arena_failed(&trimming->arena))
        return false;
    switch (store_walk__get(trimmer->store, &trimming->arena, FAMILY_FEED, key, &value)) {
    case STORE_ABSENT:
        commit_require_absent(&trimming->commit, FAMILY_FEED, key);
        return true;
    case STORE_FOUND:
        if (!record_parse(value, &record) || record.body.len != 8) {
            store_log_error("trimming of a feed", "its beginning is unreadable");
            return false;
        }
        trimming->floor = bytes_u64(record.body.data);
        commit_require_revision(&trimming->commit, FAMILY_FEED, key, record.revision);
        return true;
    default:
        return false;
    }
}

/* Gathers the oldest rows that pass a limit. A row that cannot be read has passed every age. */
static bool gather(struct feed_trimmer *trimmer, const struct organization_feed *feed,
                   const struct feed_limits *limits, int64_t now_ms, struct trimming *trimming)
{
    struct store_row row;
    struct walk walk;

    walk_feed(trimmer, &feed->organization, trimming->floor, &walk);
    while (trimming->rows < FEED_TRIM_ROWS && walk_next(&walk, &row)) {
        struct feed_row parsed;
        struct uuid organization;
        uint64_t revision;
        uint16_t index;

        if (feed_parse_row(&row, &parsed) && feed->rows - trimming->rows <= limits->keep_rows &&
            parsed.time_ms > now_ms - limits->keep_ms)
            break;
        commit_delete(&trimming->commit, FAMILY_FEED, arena_copy(&trimming->arena, row.key));
        if (key__feed_parse(row.key, &organization, &revision, &index) &&
            revision > trimming->floor)
            trimming->floor = revision;
        trimming->rows++;
    }
    return walk_done(&walk);
}

static bool trim(struct feed_trimmer *trimmer, struct organization_feed *feed,
                 const struct feed_limits *limits, int64_t now_ms)
{
    struct trimming trimming = {.floor = 0};
    enum commit_result result = COMMIT_FAILED;
    char body[8];

    arena_init(&trimming.arena, NULL, COMMIT_ARENA_BYTES);
    if (begin(trimmer, &feed->organization, &trimming) &&
        gather(trimmer, feed, limits, now_ms, &trimming) && trimming.rows > 0) {
        bytes_put_u64(body, trimming.floor);
        commit_put(&trimming.commit, FAMILY_FEED,
                   key__feed_floor(&trimming.arena, &feed->organization),
                   slice_make(body, sizeof(body)));
        if (!arena_failed(&trimming.arena))
            result = store_commit_wait(trimmer->store, &trimming.commit);
    }
    arena_done(&trimming.arena);
    if (result == COMMIT_DONE)
        feed->rows -= trimming.rows < feed->rows ? trimming.rows : feed->rows;
    return result == COMMIT_CONFLICT || (result == COMMIT_DONE && trimming.rows == FEED_TRIM_ROWS);
}

bool feed_trim(struct feed_trimmer *trimmer, const struct feed_limits *limits, int64_t now_ms)
{
    struct store_row row;
    struct walk walk;
    bool more = false;

    walk_init(&walk, trimmer->store, FAMILY_ORGANIZATIONS, SLICE_EMPTY, SLICE_EMPTY);
    while (walk_next(&walk, &row)) {
        struct organization_feed *feed;
        struct uuid organization;

        if (row.key.len != sizeof(organization.bytes))
            continue;
        memcpy(organization.bytes, row.key.data, sizeof(organization.bytes));
        feed = find_feed(trimmer, &organization);
        if (feed != NULL && count_rows(trimmer, feed) && trim(trimmer, feed, limits, now_ms))
            more = true;
    }
    walk_done(&walk);
    return more;
}
