/* Values, keys and names as they might lie in a damaged store or come from outside. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "storage/audit.h"
#include "storage/feed.h"
#include "storage/keys.h"
#include "storage/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_record(struct slice input)
{
    uint8_t header[RECORD_HEADER_LEN];
    struct record record;

    if (!record_parse(input, &record))
        return;
    record_write_header(header, record.revision);
    assert(memcmp(header, input.data, sizeof(header)) == 0);
    assert(record.body.len == input.len - RECORD_HEADER_LEN);
}

static void try_keys(struct arena *arena, struct slice input)
{
    struct uuid organization;
    struct uuid ids[2];
    uint32_t kinds[2];
    uint32_t field;
    uint64_t number;

    if (input.len >= sizeof(organization.bytes))
        memcpy(organization.bytes, input.data, sizeof(organization.bytes));
    if (key_object_parse(input, &ids[0], &kinds[0], &ids[1]))
        assert(slice_equal(input, key_object(arena, &ids[0], kinds[0], &ids[1])));
    if (key_reference_parse(input, &kinds[0], &ids[0], &kinds[1], &field, &ids[1]))
        assert(slice_equal(input, key_reference(arena, &organization, kinds[0], &ids[0], kinds[1],
                                                field, &ids[1])));
    if (key_audit_parse(input, &number))
        assert(slice_equal(input, key_audit(arena, &organization, number)));
    if (key_audit_by_object_parse(input, &number))
        assert(slice_starts_with(input, slice_make(organization.bytes, 16)));
    if (input.len > 0 && input.data[0] != '\xff')
        assert(slice_compare(input, key_prefix_end(arena, input)) < 0);
}

/* As an audit row's value, and as a row of the feed: 26 bytes of key, then the value. */
static void try_rows(struct slice input)
{
    const size_t key_len = 26;
    uint8_t mac[AUDIT_MAC_LEN];
    struct feed_row parsed;
    struct store_row row;
    struct slice body;

    if (audit_parse(input, mac, &body))
        assert(body.len + AUDIT_MAC_LEN + RECORD_HEADER_LEN == input.len);
    if (input.len < key_len)
        return;
    row.key = slice_make(input.data, key_len);
    row.value = slice_from(input, key_len);
    if (feed_parse_row(&row, &parsed)) {
        struct feed_entry entry = {.kind = parsed.kind, .id = parsed.id, .change = parsed.change};
        char written[FEED_BODY_LEN];

        feed__write_body(written, &entry, parsed.time_ms);
        assert(memcmp(written, row.value.data + RECORD_HEADER_LEN, sizeof(written)) == 0);
    }
}

static void try_name(struct arena *arena, struct slice input)
{
    struct slice trimmed;
    struct slice folded;
    struct slice again;

    if (key_fold_name(arena, input, &trimmed, &folded) != NULL)
        return;
    if (key_fold_name(arena, trimmed, &again, &again) != NULL)
        abort();
    assert(slice_equal(folded, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_make(data, size);
    struct arena arena;

    arena_init(&arena, NULL, (size_t)64 << 20);
    try_record(input);
    try_rows(input);
    try_keys(&arena, input);
    try_name(&arena, input);
    arena_done(&arena);
    return 0;
}
