/* The chain of audit rows: its keys and macs, and the walk that proves it whole. */
#include "storage/audit.h"

#include "base/crypto/wipe.h"
#include "storage/bytes.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store_internal.h"
#include "storage/store_walk.h"

static bool compute(struct hmac *hmac, const uint8_t key[32], const struct slice *parts,
                    size_t count, uint8_t ret_mac[AUDIT_MAC_LEN])
{
    if (hmac_compute(hmac, key, parts, count, ret_mac))
        return true;
    store_log_error("audit chain", "HMAC-SHA256 failed");
    return false;
}

bool audit__derive_key(struct hmac *hmac, const uint8_t audit_key[32],
                       const struct uuid *organization, uint8_t ret_key[32])
{
    const struct slice parts[] = {
        SLICE("datastream audit"),
        slice_make(organization->bytes, sizeof(organization->bytes)),
    };

    return compute(hmac, audit_key, parts, 2, ret_key);
}

bool audit__compute_mac(struct hmac *hmac, const uint8_t key[32],
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

/* -- the head ------------------------------------------------------------------------------ */

static bool seal_head(struct hmac *hmac, const uint8_t key[32], const char *body,
                      uint8_t ret_seal[AUDIT_MAC_LEN])
{
    const struct slice parts[] = {
        SLICE("datastream audit head"),
        slice_make(body, AUDIT_HEAD_LEN - AUDIT_MAC_LEN),
    };

    return compute(hmac, key, parts, 2, ret_seal);
}

bool audit__write_head(struct hmac *hmac, const uint8_t key[32], uint64_t number,
                       const uint8_t mac[AUDIT_MAC_LEN], char ret_body[AUDIT_HEAD_LEN])
{
    char *seal = ret_body + 8 + AUDIT_MAC_LEN;

    bytes_put_u64(ret_body, number);
    memcpy(ret_body + 8, mac, AUDIT_MAC_LEN);
    return seal_head(hmac, key, ret_body, (uint8_t *)seal);
}

bool audit__read_head(struct hmac *hmac, const uint8_t key[32], struct slice value,
                      uint64_t *ret_number, uint8_t ret_mac[AUDIT_MAC_LEN])
{
    uint8_t seal[AUDIT_MAC_LEN];
    struct record record;
    const char *body;

    if (!record_parse(value, &record) || record.body.len != AUDIT_HEAD_LEN)
        return false;
    body = record.body.data;
    if (!seal_head(hmac, key, body, seal) ||
        !crypto_equal(seal, body + 8 + AUDIT_MAC_LEN, AUDIT_MAC_LEN))
        return false;
    *ret_number = bytes_u64(body);
    memcpy(ret_mac, body + 8, AUDIT_MAC_LEN);
    return true;
}

/* -- verifying ----------------------------------------------------------------------------- */

/* Reads the head into the verdict. False when the store failed. */
static bool verify_head(struct store *store, struct hmac *hmac, const uint8_t key[32],
                        const struct uuid *organization, struct arena *arena,
                        struct audit_verdict *verdict)
{
    uint8_t mac[AUDIT_MAC_LEN];
    struct slice value;

    switch (store_walk__get(store, arena, FAMILY_COUNTS, key__audit_head(arena, organization),
                            &value)) {
    case STORE_FOUND:
        verdict->is_head_bad = !audit__read_head(hmac, key, value, &verdict->written, mac);
        return !arena_failed(arena);
    case STORE_ABSENT:
        return !arena_failed(arena);
    default:
        return false;
    }
}

/* Whether a row is the one after the verdict's head; moves the head on. False: OpenSSL failed. */
static bool verify_row(struct hmac *hmac, const uint8_t key[32], const struct store_row *row,
                       struct audit_verdict *verdict)
{
    uint64_t expected = verdict->rows + 1;
    uint8_t stored[AUDIT_MAC_LEN];
    uint8_t computed[AUDIT_MAC_LEN];
    struct record record = {0};
    struct slice body;
    uint64_t number;

    if (!key_audit_parse(row->key, &number) || number != expected ||
        !audit_parse(row->value, stored, &body)) {
        verdict->broken = expected;
        return true;
    }
    if (!audit__compute_mac(hmac, key, verdict->head, number, body, computed))
        return false;
    if (!crypto_equal(stored, computed, AUDIT_MAC_LEN)) {
        verdict->broken = expected;
        return true;
    }
    verdict->rows = expected;
    if (record_parse(row->value, &record))
        verdict->revision = record.revision;
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
           audit__derive_key(hmac, store->audit_key, organization, key) &&
           verify_head(store, hmac, key, organization, &arena, &verdict);
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

/* -- rows from elsewhere ------------------------------------------------------------------- */

bool audit_chain_open(struct audit_chain *chain, const struct store *store,
                      const struct uuid *organization)
{
    if (!store->has_audit_key)
        return false;
    chain->hmac = hmac_new();
    if (chain->hmac == NULL)
        return false;
    if (audit__derive_key(chain->hmac, store->audit_key, organization, chain->key))
        return true;
    audit_chain_close(chain);
    return false;
}

void audit_chain_close(struct audit_chain *chain)
{
    crypto_wipe(chain->key, sizeof(chain->key));
    hmac_free(chain->hmac);
    chain->hmac = NULL;
}

bool audit_chain_proves(const struct audit_chain *chain, const uint8_t previous[AUDIT_MAC_LEN],
                        uint64_t number, struct slice body, const uint8_t mac[AUDIT_MAC_LEN])
{
    uint8_t computed[AUDIT_MAC_LEN];

    return audit__compute_mac(chain->hmac, chain->key, previous, number, body, computed) &&
           crypto_equal(computed, mac, AUDIT_MAC_LEN);
}

/* -- the trace ----------------------------------------------------------------------------- */

/*
 * The families whose rows change with an audit row in the same commit. Not those of uses, nor the
 * feed, which also tells of uses, nor indexes: those of a new index are built without an audit row.
 */
static const enum store_family audited_families[] = {
    FAMILY_ORGANIZATIONS, FAMILY_TOKENS,          FAMILY_USERS,          FAMILY_ROLES,
    FAMILY_RESOURCES,     FAMILY_NAMES,           FAMILY_REFERENCES,     FAMILY_SECRETS,
    FAMILY_COUNTS,        FAMILY_AUDIT_BY_OBJECT, FAMILY_AUDIT_BY_ACTOR, FAMILY_AUDIT_BY_TIME,
};

static void trace_row(enum store_family family, const struct store_row *row,
                      struct audit_trace *trace)
{
    struct record record = {0};
    struct actor actor;
    uint64_t number = 0;

    if (!record_parse(row->value, &record) || key__is_audit_head(row->key))
        return;
    if (family == FAMILY_AUDIT_BY_OBJECT && !key_audit_by_object_parse(row->key, &number))
        return;
    if (family == FAMILY_AUDIT_BY_ACTOR && !key_audit_by_actor_parse(row->key, &actor, &number))
        return;
    if (family == FAMILY_AUDIT_BY_TIME && !key_audit_by_time_parse(row->key, &number))
        return;
    if (number > trace->number)
        trace->number = number;
    if (record.revision > trace->revision)
        trace->revision = record.revision;
}

bool audit_find_trace(struct store *store, const struct uuid *organization,
                      struct audit_trace *ret_trace)
{
    struct slice prefix = slice_make(organization->bytes, sizeof(organization->bytes));
    struct audit_trace trace = {0};
    struct arena arena;
    struct slice end;
    bool good;

    arena_init(&arena, NULL, ARENA_FIRST_BLOCK);
    end = key_prefix_end(&arena, prefix);
    good = !arena_failed(&arena);
    for (size_t i = 0; good && i < sizeof(audited_families) / sizeof(audited_families[0]); i++) {
        struct store_row row;
        struct walk walk;

        walk_init(&walk, store, audited_families[i], prefix, end);
        while (walk_next(&walk, &row))
            trace_row(audited_families[i], &row, &trace);
        good = walk_done(&walk);
    }
    arena_done(&arena);
    if (good)
        *ret_trace = trace;
    return good;
}
