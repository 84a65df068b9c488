/* The chain of audit rows: its keys and macs, and the walk that proves it whole. */
#include "storage/audit.h"

#include "base/crypto/wipe.h"
#include "storage/bytes.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store_walk.h"

static bool compute(struct hmac *hmac, const uint8_t key[32], const struct slice *parts,
                    size_t count, uint8_t ret_mac[AUDIT_MAC_LEN])
{
    if (hmac_compute(hmac, key, parts, count, ret_mac))
        return true;
    store__log_error("audit chain", "HMAC-SHA256 failed");
    return false;
}

bool audit_derive_key(struct hmac *hmac, const uint8_t audit_key[32],
                      const struct uuid *organization, uint8_t ret_key[32])
{
    const struct slice parts[] = {
        SLICE("datastream audit"),
        slice_make(organization->bytes, sizeof(organization->bytes)),
    };

    return compute(hmac, audit_key, parts, 2, ret_key);
}

bool audit_compute_mac(struct hmac *hmac, const uint8_t key[32],
                       const uint8_t previous[AUDIT_MAC_LEN], uint64_t number, struct slice body,
                       uint8_t ret_mac[AUDIT_MAC_LEN])
{
    char number_bytes[8];
    const struct slice parts[] = {
        slice_make(previous, AUDIT_MAC_LEN),
        slice_make(number_bytes, sizeof(number_bytes)),
        body,
    };

    bytes_put_u64(number_bytes, number);
    return compute(hmac, key, parts, 3, ret_mac);
}

bool audit_parse(struct slice value, uint8_t ret_mac[AUDIT_MAC_LEN], struct slice *ret_body)
{
    struct record record;

    if (!record_parse(value, &record) || record.body.len < AUDIT_MAC_LEN)
        return false;
    memcpy(ret_mac, record.body.data, AUDIT_MAC_LEN);
    *ret_body = slice_from(record.body, AUDIT_MAC_LEN);
    return true;
}

/* Whether a row is the one behind the verdict's head; moves the head on. False: OpenSSL failed. */
static bool verify_row(struct hmac *hmac, const uint8_t key[32], const struct store_row *row,
                       struct audit_verdict *verdict)
{
    uint64_t expected = verdict->rows + 1;
    uint8_t stored[AUDIT_MAC_LEN];
    uint8_t computed[AUDIT_MAC_LEN];
    struct slice body;
    uint64_t number;

    if (!key_audit_parse(row->key, &number) || number != expected ||
        !audit_parse(row->value, stored, &body)) {
        verdict->broken = expected;
        return true;
    }
    if (!audit_compute_mac(hmac, key, verdict->head, number, body, computed))
        return false;
    if (!crypto_equal(stored, computed, AUDIT_MAC_LEN)) {
        verdict->broken = expected;
        return true;
    }
    verdict->rows = expected;
    memcpy(verdict->head, computed, AUDIT_MAC_LEN);
    return true;
}

bool audit_verify(struct store *store, const struct uuid *organization,
                  struct audit_verdict *ret_verdict)
{
    struct slice prefix = slice_make(organization->bytes, sizeof(organization->bytes));
    struct hmac *hmac = hmac_new();
    struct audit_verdict verdict = {0};
    struct store_row row;
    struct arena arena;
    struct walk walk;
    uint8_t key[32];
    bool good;

    if (hmac == NULL)
        return false;
    arena_init(&arena, NULL, ARENA_FIRST_BLOCK);
    walk_init(&walk, store, FAMILY_AUDIT, prefix, key_prefix_end(&arena, prefix));
    good = !arena_failed(&arena) && store->has_audit_key &&
           audit_derive_key(hmac, store->audit_key, organization, key);
    while (good && verdict.broken == 0 && walk_next(&walk, &row))
        good = verify_row(hmac, key, &row, &verdict);
    crypto_wipe(key, sizeof(key));
    hmac_free(hmac);
    arena_done(&arena);
    if (!walk_done(&walk) || !good)
        return false;
    *ret_verdict = verdict;
    return true;
}
