/*
 * The heads of the audit chains that the committer has lately extended: number and mac of an
 * organization's last row, and the key of its chain. Internal to storage/; committer's thread only.
 */
#ifndef DATASTREAM_STORAGE_HEADS_H
#define DATASTREAM_STORAGE_HEADS_H

#include "storage/audit.h"

/* Plain; the committer moves number and mac on. */
struct audit_head {
    struct audit_head *next;
    struct audit_head *next_moved; /* of the batch; the committer's */
    bool is_moved;
    struct uuid organization;
    uint64_t number; /* of the last row, 0 when there is none */
    uint8_t mac[AUDIT_MAC_LEN];
    uint8_t key[32];
};

struct audit_heads;

/* NULL when there is no memory. */
struct audit_heads *audit__heads_new(void);
void audit__heads_free(struct audit_heads *heads);

/* Forgets all heads when there are many; only between batches, when the store has every row. */
void audit__heads_trim(struct audit_heads *heads);

/* The head of an organization, read through `view` when it is not known. NULL: failed, logged. */
struct audit_head *audit__heads_find(struct audit_heads *heads, struct store_view *view,
                                     struct hmac *hmac, const struct uuid *organization);

#endif
