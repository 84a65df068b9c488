/*
 * Secrets at rest. Each is encrypted under a key of its own, which is derived from a data key of the
 * store's ring by HKDF-SHA256 (RFC 5869) with the secret's salt, for the place where it stands:
 *
 *   place   the words "datastream secret 1", organization (16), kind (4), object (16), path (4 for each
 *           field number), key of a map's entry, number of the data key (4), each after its length (4)
 *   salt    the first 16 bytes of HMAC-SHA256 under a key of the ring over 16 random bytes, the place
 *           and the plaintext
 *   sealed  AES-256-GCM under HKDF(data key, salt, place), nonce 0, the place authenticated; and the tag
 *
 * A handler may run again with the same random bytes over another plaintext or place: it gets another
 * salt, so a key never serves two plaintexts. A row that is moved to another object does not open.
 */
#ifndef DATASTREAM_STORAGE_SECRET_H
#define DATASTREAM_STORAGE_SECRET_H

#include "base/arena.h"
#include "base/crypto/aead.h"
#include "base/uuid.h"

#define SECRET_SALT_LEN 16
#define SECRET_RANDOM_LEN 16
#define SECRET_DATA_KEY 1 /* number of the one data key that there is */

/* Bounds of what one object may hold. */
#define SECRETS_MOST 64
#define SECRET_BYTES_MOST 65536
#define SECRETS_BYTES_MOST 262144
#define SECRET_PATH_MOST 16

/* Plain; the holder wipes it. */
struct secret_keys {
    uint8_t data[32];
    uint8_t salts[32];
};

/* Where a secret stands. Plain; borrowed. */
struct secret_place {
    struct uuid organization;
    uint32_t kind;
    struct uuid id;
    const uint32_t *path; /* field numbers from the resource down to the secret field */
    size_t path_len;
    struct slice map_key; /* of an entry of a map of secrets; empty for others */
    uint32_t data_key;    /* number */
};

/*
 * Seals a text: *ret_salt and *ret_sealed in the arena. False when OpenSSL or the arena failed.
 * Wipes what it derived.
 */
bool secret_seal(struct arena *arena, const struct secret_keys *keys,
                 const struct secret_place *place, const uint8_t random[SECRET_RANDOM_LEN],
                 struct slice text, struct slice *ret_salt, struct slice *ret_sealed);

/*
 * The reverse, into the arena, which is wiped when it ends. False when key, place or bytes are not
 * those of secret_seal, or OpenSSL or the arena failed.
 */
bool secret_open(struct arena *arena, const struct secret_keys *keys,
                 const struct secret_place *place, struct slice salt, struct slice sealed,
                 struct slice *ret_text);

#endif
