/*
 * The chain of audit rows. Each organization has a chain of its own, keyed by
 *
 *   organization key = HMAC-SHA256(audit key, "datastream audit" | organization)
 *   mac of row n     = HMAC-SHA256(organization key, mac of row n-1 | n (8, big-endian) | body)
 *
 * where the row before the first has 32 zero bytes for its mac. A row that is edited, left out or
 * moved breaks the chain from there on.
 */
#ifndef DATASTREAM_STORAGE_AUDIT_H
#define DATASTREAM_STORAGE_AUDIT_H

#include "base/crypto/hmac.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "storage/store.h"

#define AUDIT_MAC_LEN HMAC_LEN

/* Derives the key of an organization's chain. False when OpenSSL failed. */
bool audit_derive_key(struct hmac *hmac, const uint8_t audit_key[32],
                      const struct uuid *organization, uint8_t ret_key[32]);

/* The mac of row `number`, from that of the row before it. False when OpenSSL failed. */
bool audit_compute_mac(struct hmac *hmac, const uint8_t key[32],
                       const uint8_t previous[AUDIT_MAC_LEN], uint64_t number, struct slice body,
                       uint8_t ret_mac[AUDIT_MAC_LEN]);

/* Splits an audit row's value into its mac and its packed AuditRecord; false: unreadable. */
bool audit_parse(struct slice value, uint8_t ret_mac[AUDIT_MAC_LEN], struct slice *ret_body);

/* What audit_verify found. */
struct audit_verdict {
    uint64_t rows;               /* rows that hold, counted from the front */
    uint64_t broken;             /* number of the first row that does not hold, 0 when all do */
    uint8_t head[AUDIT_MAC_LEN]; /* of the last row that holds, zero when there is none */
};

/*
 * Walks an organization's chain from its first row, in slices of bounded memory; numbers must have
 * no gap. Waits where the engine must fetch: for tools, never on a loop. False when the store or
 * OpenSSL failed, and *ret_verdict is untouched then.
 */
bool audit_verify(struct store *store, const struct uuid *organization,
                  struct audit_verdict *ret_verdict);

#endif
