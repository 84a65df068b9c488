/*
 * Secrets at rest. Each is encrypted under a key of its own, which is derived from a data key of
 * the organization by HKDF-SHA256 (RFC 5869) with the secret's salt, for the place where it stands.
 * What an organization encrypts anew gets its newest data key; older ones open what they sealed.
 *
 *   place   the words "datastream secret 1", organization (16), kind (4), object (16), path (4 for
 *           each field number), key of a map's entry, number of the data key (4), each after its
 *           length (4)
 *   salt    the first 16 bytes of HMAC-SHA256 under a key of the ring over 16 random bytes, the
 *           place and the plaintext
 *   sealed  AES-256-GCM under HKDF(data key, salt, place), nonce 0, the place authenticated; and
 *           the tag
 *
 * A handler may run again with the same random bytes over another plaintext or place: it gets
 * another salt, so a key never serves two plaintexts. A row that is moved to another object does
 * not open.
 */
#ifndef DATASTREAM_STORAGE_SECRET_H
#define DATASTREAM_STORAGE_SECRET_H

#include "base/arena.h"
#include "base/crypto/aead.h"
#include "base/uuid.h"

#define SECRET_SALT_LEN 16
#define SECRET_RANDOM_LEN 16

/* Bounds of what one object may hold. */
#define SECRETS_MOST 64
#define SECRET_BYTES_MOST 65536
#define SECRETS_BYTES_MOST 262144
#define SECRET_PATH_MOST 16

/* A key that an organization's secrets are encrypted under. */
struct data_key {
    struct uuid organization;
    uint32_t number; /* from 1; the largest is the newest */
    uint8_t key[32];
};

/* Plain; the list is borrowed, in any order. The holder wipes it. */
struct secret_keys {
    const struct data_key *data;
    size_t data_count;
    uint8_t salts[32];
};

/* The organization's newest data key, or the one of that number; NULL when there is none. */
const struct data_key *secret_newest_key(const struct secret_keys *keys,
                                         const struct uuid *organization);
const struct data_key *secret_find_key(const struct secret_keys *keys,
                                       const struct uuid *organization, uint32_t number);

/* Where a secret stands. Plain; borrowed. */
struct secret_place {
    struct uuid organization;
    uint32_t kind;
    struct uuid id;
    const uint32_t *path; /* field numbers from the resource down to the secret field */
    size_t path_len;
    struct slice map_key; /* of an entry of a map of secrets; empty for others */
    uint32_t data_key;    /* its number */
};

/*
 * Seals a text: *ret_salt and *ret_sealed in the arena. False when the place's data key is not
 * there, and when OpenSSL or the arena failed. Wipes what it derived.
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
