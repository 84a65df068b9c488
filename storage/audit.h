/*
 * The chain of audit rows. Each organization has a chain of its own, keyed by
 *
 *   organization key = HMAC-SHA256(audit key, "datastream audit" | organization)
 *   mac of row n     = HMAC-SHA256(organization key, mac of row n-1 | n (8, big-endian) | body)
 *
 * where the row before the first has 32 zero bytes for its mac. A row that is edited, left out or
 * moved breaks the chain from there on. Where the chain ends is said by its head, a row of `counts`
 * that changes with it:
 *
 *   body = n (8) | mac of row n | HMAC-SHA256(organization key, "datastream audit head" | both)
 */
#ifndef DATASTREAM_STORAGE_AUDIT_H
#define DATASTREAM_STORAGE_AUDIT_H

#include "base/crypto/hmac.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "storage/store.h"

#define AUDIT_MAC_LEN HMAC_LEN

/* Derives the key of an organization's chain. False when OpenSSL failed. */
bool audit__derive_key(struct hmac *hmac, const uint8_t audit_key[32],
                       const struct uuid *organization, uint8_t ret_key[32]);

/* The mac of row `number`, from that of the row before it. False when OpenSSL failed. */
bool audit__compute_mac(struct hmac *hmac, const uint8_t key[32],
                        const uint8_t previous[AUDIT_MAC_LEN], uint64_t number, struct slice body,
                        uint8_t ret_mac[AUDIT_MAC_LEN]);

/* Splits an audit row's value into its mac and its packed AuditRecord; false: unreadable. */
bool audit_parse(struct slice value, uint8_t ret_mac[AUDIT_MAC_LEN], struct slice *ret_body);

#define AUDIT_HEAD_LEN (8 + 2 * AUDIT_MAC_LEN)

/* Writes the body of a head. False when OpenSSL failed. */
bool audit__write_head(struct hmac *hmac, const uint8_t key[32], uint64_t number,
                       const uint8_t mac[AUDIT_MAC_LEN], char ret_body[AUDIT_HEAD_LEN]);

/*
 * Reads the record of a head; false when it is unreadable, another key wrote it, or OpenSSL failed.
 */
bool audit__read_head(struct hmac *hmac, const uint8_t key[32], struct slice value,
                      uint64_t *ret_number, uint8_t ret_mac[AUDIT_MAC_LEN]);

/* What audit_verify found. */
struct audit_verdict {
    uint64_t rows;               /* rows that hold, counted from the front */
    uint64_t broken;             /* number of the first row that does not hold, 0 when all do */
    uint8_t head[AUDIT_MAC_LEN]; /* of the last row that holds, zero when there is none */
    uint64_t revision;           /* of the commit that wrote that row, 0 when there is none */
    uint64_t written;            /* number of the last row, as the chain's head says; 0: no head */
    bool is_head_bad;            /* the head is there and was not written by this store */
};

/*
 * Walks an organization's chain from its first row, in slices of bounded memory; numbers must have
 * no gap. The chain is whole when nothing is broken, its head is good, and rows == written. Waits
 * where the engine must fetch: for tools, never on a loop. False when the store or OpenSSL failed,
 * and *ret_verdict is untouched then.
 */
bool audit_verify(struct store *store, const struct uuid *organization,
                  struct audit_verdict *ret_verdict);

/* An organization's chain, to prove rows that come from elsewhere. Zero-initialize. */
struct audit_chain {
    struct hmac *hmac;
    uint8_t key[32];
};

/* False, with nothing to close, when the store has no audit key or OpenSSL failed. */
bool audit_chain_open(struct audit_chain *chain, const struct store *store,
                      const struct uuid *organization);
void audit_chain_close(struct audit_chain *chain);

/*
 * Whether the mac is that of row `number` with this body, after the row with the mac `previous` (32
 * zero bytes before the first). False also when OpenSSL failed.
 */
bool audit_chain_proves(const struct audit_chain *chain, const uint8_t previous[AUDIT_MAC_LEN],
                        uint64_t number, struct slice body, const uint8_t mac[AUDIT_MAC_LEN]);

/* What other rows of an organization say of its chain. */
struct audit_trace {
    uint64_t number;   /* the highest of an audit row that a row leads to */
    uint64_t revision; /* the newest at which anything was changed that is audited */
};

/*
 * Reads all rows of an organization for what audit rows there must have been: a chain that was cut,
 * or removed, together with its head, still differs from what the trace says. As audit_verify.
 */
bool audit_find_trace(struct store *store, const struct uuid *organization,
                      struct audit_trace *ret_trace);

#endif
