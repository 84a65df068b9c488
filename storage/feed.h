/*
 * The change feed: which object was changed by which commit, an organization at a time, in the
 * order of revisions. keys.h has the layout. The oldest rows are trimmed away; what is left begins
 * after the floor, so that a reader can tell "nothing happened" from "it is no longer kept".
 */
#ifndef DATASTREAM_STORAGE_FEED_H
#define DATASTREAM_STORAGE_FEED_H

#include "storage/store.h"

struct feed_row {
    uint64_t revision;
    uint16_t index; /* among the rows of the revision */
    uint32_t kind;
    struct uuid id;
    enum change_type change;
    int64_t time_ms; /* wall clock of the commit, milliseconds since 1970 */
};

/* A place in a feed: before the row that has it, or where the row would be. */
struct feed_place {
    uint64_t revision;
    uint16_t index;
};

static inline struct feed_place feed_place_of(const struct feed_row *row)
{
    return (struct feed_place){row->revision, row->index};
}

/* After the row: that of the next index, and after the greatest one, of the next revision. */
static inline struct feed_place feed_place_after(const struct feed_row *row)
{
    if (row->index == UINT16_MAX)
        return (struct feed_place){row->revision + 1, 0};
    return (struct feed_place){row->revision, (uint16_t)(row->index + 1)};
}

/* Below 0, 0, above 0: as memcmp. */
static inline int feed_place_compare(struct feed_place a, struct feed_place b)
{
    if (a.revision != b.revision)
        return a.revision < b.revision ? -1 : 1;
    return (a.index > b.index) - (a.index < b.index);
}

#define FEED_BODY_LEN (4 + 16 + 1 + 8)

/* The body of a row. Pure. */
void feed__write_body(char body[FEED_BODY_LEN], const struct feed_entry *entry, int64_t time_ms);

/* A stored row; false when it is none. Pure. */
bool feed_parse_row(const struct store_row *row, struct feed_row *ret_row);

/*
 * The rows from revision and index on, at most `limit`, in the view's arena. Whoever reads on from
 * an earlier read asks for the floor afterwards: a floor above what it has seen means that rows in
 * between are gone.
 */
enum store_found feed_read(struct store_view *view, const struct uuid *organization,
                           uint64_t revision, uint16_t index, size_t limit,
                           struct store_rows *ret_rows);

/* The newest revision that was trimmed away; 0 when none was. */
enum store_found feed_read_floor(struct store_view *view, const struct uuid *organization,
                                 uint64_t *ret_floor);

/* -- trimming ------------------------------------------------------------------------------ */

struct feed_limits {
    int64_t keep_ms;
    uint64_t keep_rows; /* of one organization */
};

/* Remembers how many rows each organization has. One thread's. */
struct feed_trimmer;

/* Rows that one commit trims. */
#define FEED_TRIM_ROWS 256

#endif
