/* The chain of audit rows: its keys and macs by OpenSSL, and the walk that proves it whole. */
#include "storage/audit.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "storage/bytes.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store_walk.h"

struct audit_mac {
    EVP_MAC *hmac;
    EVP_MAC_CTX *context; /* keeps its digest when it is given another key */
    bool keyed;           /* the context has this key: setting one costs as much as a short row */
    uint8_t key[32];
};

struct audit_mac *audit_mac_new(void)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    struct audit_mac *mac = calloc(1, sizeof(*mac));

    if (mac == NULL)
        return NULL;
    mac->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    mac->context = mac->hmac == NULL ? NULL : EVP_MAC_CTX_new(mac->hmac);
    if (mac->context == NULL || EVP_MAC_CTX_set_params(mac->context, params) != 1) {
        ERR_clear_error();
        audit_mac_free(mac);
        return NULL;
    }
    return mac;
}

void audit_mac_free(struct audit_mac *mac)
{
    if (mac == NULL)
        return;
    EVP_MAC_CTX_free(mac->context);
    EVP_MAC_free(mac->hmac);
    OPENSSL_cleanse(mac->key, sizeof(mac->key));
    free(mac);
}

/* Begins with the key, or anew with the one that is set. */
static bool begin(struct audit_mac *mac, const uint8_t key[32])
{
    if (mac->keyed && CRYPTO_memcmp(mac->key, key, sizeof(mac->key)) == 0)
        return EVP_MAC_init(mac->context, NULL, 0, NULL) == 1;
    memcpy(mac->key, key, sizeof(mac->key));
    mac->keyed = EVP_MAC_init(mac->context, key, sizeof(mac->key), NULL) == 1;
    return mac->keyed;
}

/* HMAC-SHA256 of the parts, one behind the other; the result may lie in one of them. */
static bool compute(struct audit_mac *mac, const uint8_t key[32], const struct slice *parts,
                    size_t count, uint8_t ret_mac[AUDIT_MAC_LEN])
{
    bool good = begin(mac, key);
    size_t len;

    for (size_t i = 0; good && i < count; i++)
        good = parts[i].len == 0 ||
               EVP_MAC_update(mac->context, (const uint8_t *)parts[i].data, parts[i].len) == 1;
    good = good && EVP_MAC_final(mac->context, ret_mac, &len, AUDIT_MAC_LEN) == 1;
    if (!good) {
        ERR_clear_error();
        store__log_error("audit chain", "HMAC-SHA256 failed");
    }
    return good;
}

bool audit_derive_key(struct audit_mac *mac, const uint8_t audit_key[32],
                      const struct uuid *organization, uint8_t ret_key[32])
{
    const struct slice parts[] = {
        SLICE("datastream audit"),
        slice_make(organization->bytes, sizeof(organization->bytes)),
    };

    return compute(mac, audit_key, parts, 2, ret_key);
}

bool audit_compute_mac(struct audit_mac *mac, const uint8_t key[32],
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
    return compute(mac, key, parts, 3, ret_mac);
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
static bool verify_row(struct audit_mac *mac, const uint8_t key[32], const struct store_row *row,
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
    if (!audit_compute_mac(mac, key, verdict->head, number, body, computed))
        return false;
    if (CRYPTO_memcmp(stored, computed, AUDIT_MAC_LEN) != 0) {
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
    struct audit_mac *mac = audit_mac_new();
    struct audit_verdict verdict = {0};
    struct store_row row;
    struct arena arena;
    struct walk walk;
    uint8_t key[32];
    bool good;

    if (mac == NULL)
        return false;
    arena_init(&arena, NULL, ARENA_FIRST_BLOCK);
    walk_init(&walk, store, FAMILY_AUDIT, prefix, key_prefix_end(&arena, prefix));
    good = !arena_failed(&arena) && audit_derive_key(mac, store->audit_key, organization, key);
    while (good && verdict.broken == 0 && walk_next(&walk, &row))
        good = verify_row(mac, key, &row, &verdict);
    OPENSSL_cleanse(key, sizeof(key));
    audit_mac_free(mac);
    arena_done(&arena);
    if (!walk_done(&walk) || !good)
        return false;
    *ret_verdict = verdict;
    return true;
}
