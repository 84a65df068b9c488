/* Rows of the change feed: their bodies, and reading them in order. */
#include "storage/feed.h"

#include <assert.h>

#include "storage/bytes.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store_internal.h"

void feed__write_body(char body[FEED_BODY_LEN], const struct feed_entry *entry, int64_t time_ms)
{
    char *at = bytes_put_u32(body, entry->kind);

    assert(entry->change >= CHANGE_CREATED && entry->change <= CHANGE_DELETED);
    memcpy(at, entry->id.bytes, sizeof(entry->id.bytes));
    at += sizeof(entry->id.bytes);
    *at++ = (char)entry->change;
    at = bytes_put_u64(at, (uint64_t)time_ms);
    assert(at == body + FEED_BODY_LEN);
}

bool feed_parse_row(const struct store_row *row, struct feed_row *ret_row)
{
    struct uuid organization;
    struct feed_row parsed;
    struct record record;
    const char *at;

    if (!key__feed_parse(row->key, &organization, &parsed.revision, &parsed.index) ||
        !record_parse(row->value, &record) || record.body.len != FEED_BODY_LEN)
        return false;
    at = record.body.data;
    parsed.kind = bytes_u32(at);
    memcpy(parsed.id.bytes, at + 4, sizeof(parsed.id.bytes));
    at += 4 + sizeof(parsed.id.bytes);
    parsed.change = (enum change_type)(unsigned char)*at++;
    parsed.time_ms = (int64_t)bytes_u64(at);
    if (parsed.change < CHANGE_CREATED || parsed.change > CHANGE_DELETED)
        return false;
    *ret_row = parsed;
    return true;
}

enum store_found feed_read(struct store_view *view, const struct uuid *organization,
                           uint64_t revision, uint16_t index, size_t limit,
                           struct store_rows *ret_rows)
{
    struct slice from = key__feed(view->arena, organization, revision, index);
    struct slice to = key_prefix_end(view->arena, key_organization(view->arena, organization));

    return store_scan(view, FAMILY_FEED, from, to, false, limit, ret_rows);
}

enum store_found feed_read_floor(struct store_view *view, const struct uuid *organization,
                                 uint64_t *ret_floor)
{
    struct slice value;
    enum store_found found = store_get(view, FAMILY_FEED,
                                       key__feed_floor(view->arena, organization), &value);

    if (found == STORE_ABSENT) {
        *ret_floor = 0;
        return STORE_FOUND;
    }
    if (found != STORE_FOUND)
        return found;
    if (!store_parse_u64(value, ret_floor)) {
        store_log_error("read of a feed's beginning", "its record is unreadable");
        return STORE_FAILED;
    }
    return STORE_FOUND;
}
