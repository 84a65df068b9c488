/*
 * The keys of a store. Each is random and lies in `meta`, wrapped by the key file's key, so that
 * the key file can be replaced without a change of what the keys protect:
 *
 *   key   "key/" | name | "/" | number, decimal; the name of an organization's data keys is
 *         "data/" | its id
 *   body  id of the wrapping key (16) | nonce (12) | AES-256-GCM of the key (32) | tag (16)
 *
 * The nonce is random; authenticated beside the key are, each with its length (4) before it, the
 * words "datastream key", the name, the number (4) and the id of the wrapping key. So no row can
 * pass for another one.
 */
#ifndef DATASTREAM_STORAGE_KEY_RING_H
#define DATASTREAM_STORAGE_KEY_RING_H

#include "storage/secret.h"
#include "storage/store.h"

#define KEY_ID_LEN 16

enum ring_key {
    RING_AUDIT,       /* "audit": the chains of audit rows */
    RING_PAGE_TOKENS, /* "page-tokens": their MAC */
    RING_SALTS,       /* "salts": the salts of secrets */
    RING_CSRF,        /* "csrf": the MAC of values that a browser must send back */
    RING_REPLAY,      /* "replay": what encrypts answers that are given again to an equal request */
    RING_KEYS
};

/* Most data keys that a store may hold: rotation wraps all of them in one commit. */
#define DATA_KEYS_MOST 4000

/* Plain; the holder wipes it. The data keys live in an arena that is wiped. */
struct key_ring {
    uint8_t keys[RING_KEYS][32];
    const struct data_key *data;
    size_t data_count;
};

/* What wraps them, from the key file. */
struct wrapping_key {
    char id[KEY_ID_LEN];
    uint8_t key[32];
};

/*
 * Makes the keys of a new store and puts them into a commit, on condition that there are none.
 * UNAVAILABLE when the system gives no random bytes, INTERNAL when OpenSSL fails. There are no data
 * keys: each comes with its organization.
 */
struct status key_ring_create(struct commit *commit, const struct wrapping_key *wrapping,
                              struct key_ring *ret_ring);

/*
 * Makes a data key of the organization and puts it into the commit, on condition that there is none
 * of the number. Errors as above.
 */
struct status key_ring_add_data_key(struct commit *commit, const struct wrapping_key *wrapping,
                                    const struct uuid *organization, uint32_t number);

/* Has the commit delete a data key, which nothing is encrypted under any more. */
void key_ring_remove_data_key(struct commit *commit, const struct uuid *organization,
                              uint32_t number);

/*
 * Puts every key of the ring into the commit, wrapped by another key. Nothing else of it changes.
 * Errors as of key_ring_create.
 */
struct status key_ring_wrap(struct commit *commit, const struct wrapping_key *wrapping,
                            const struct key_ring *ring);

/*
 * Reads and unwraps the keys of a store. DATA_LOSS, naming the key, when one is missing, is wrapped
 * by another key or was altered; UNAVAILABLE when the store cannot be read; RESOURCE_EXHAUSTED when
 * there are more than DATA_KEYS_MOST. Waits where the engine
 * must fetch: at start-up, never on a loop. `arena` holds the message and the
 * data keys, and is wiped when it ends.
 */
struct status key_ring_read(struct store *store, const struct wrapping_key *wrapping,
                            struct arena *arena, struct key_ring *ret_ring);

#endif
