/* Sealing and opening secrets. */
#include "storage/secret.h"

#include <assert.h>
#include <string.h>

#include "base/crypto/hkdf.h"
#include "base/crypto/hmac.h"
#include "base/crypto/wipe.h"
#include "storage/bytes.h"

static const uint8_t nonce[AEAD_NONCE_LEN]; /* a key serves one text */

const struct data_key *secret_newest_key(const struct secret_keys *keys,
                                         const struct uuid *organization)
{
    const struct data_key *newest = NULL;

    for (size_t i = 0; i < keys->data_count; i++)
        if (uuid_equal(&keys->data[i].organization, organization) &&
            (newest == NULL || keys->data[i].number > newest->number))
            newest = &keys->data[i];
    return newest;
}

const struct data_key *secret_find_key(const struct secret_keys *keys,
                                       const struct uuid *organization, uint32_t number)
{
    for (size_t i = 0; i < keys->data_count; i++)
        if (uuid_equal(&keys->data[i].organization, organization) && keys->data[i].number == number)
            return &keys->data[i];
    return NULL;
}

static char *put_part(char *at, struct slice part)
{
    at = bytes_put_u32(at, (uint32_t)part.len);
    if (part.len > 0)
        memcpy(at, part.data, part.len);
    return at + part.len;
}

static char *put_number(char *at, uint32_t number)
{
    char bytes[4];

    bytes_put_u32(bytes, number);
    return put_part(at, slice_make(bytes, sizeof(bytes)));
}

/* The place as bytes, in the arena; empty when that failed. */
static struct slice place_bytes(struct arena *arena, const struct secret_place *place)
{
    struct slice words = SLICE("datastream secret 1");
    size_t len = 4 + words.len + 2 * (4 + sizeof(place->id.bytes)) + 2 * 8 + 4 +
                 4 * place->path_len + 4 + place->map_key.len;
    char *bytes = arena_alloc(arena, len);
    char *at = bytes;

    if (bytes == NULL)
        return SLICE_EMPTY;
    at = put_part(at, words);
    at = put_part(at, slice_make(place->organization.bytes, sizeof(place->organization.bytes)));
    at = put_number(at, place->kind);
    at = put_part(at, slice_make(place->id.bytes, sizeof(place->id.bytes)));
    at = bytes_put_u32(at, (uint32_t)(4 * place->path_len));
    for (size_t i = 0; i < place->path_len; i++)
        at = bytes_put_u32(at, place->path[i]);
    at = put_part(at, place->map_key);
    at = put_number(at, place->data_key);
    assert((size_t)(at - bytes) == len);
    return slice_make(bytes, (size_t)(at - bytes));
}

static bool make_salt(const struct secret_keys *keys, struct slice where,
                      const uint8_t random[SECRET_RANDOM_LEN], struct slice text,
                      uint8_t ret_salt[SECRET_SALT_LEN])
{
    const struct slice parts[] = {slice_make(random, SECRET_RANDOM_LEN), where, text};
    uint8_t code[HMAC_LEN];
    bool made = hmac_once(keys->salts, parts, 3, code);

    if (made)
        memcpy(ret_salt, code, SECRET_SALT_LEN);
    crypto_wipe(code, sizeof(code));
    return made;
}

bool secret_seal(struct arena *arena, const struct secret_keys *keys,
                 const struct secret_place *place, const uint8_t random[SECRET_RANDOM_LEN],
                 struct slice text, struct slice *ret_salt, struct slice *ret_sealed)
{
    const struct data_key *data_key = secret_find_key(keys, &place->organization, place->data_key);
    struct slice where = place_bytes(arena, place);
    uint8_t *salt = arena_alloc(arena, SECRET_SALT_LEN);
    uint8_t *sealed = arena_alloc(arena, text.len + AEAD_TAG_LEN);
    uint8_t key[32];
    bool done = data_key != NULL && where.len > 0 && salt != NULL && sealed != NULL &&
                make_salt(keys, where, random, text, salt) &&
                hkdf_sha256(data_key->key, slice_make(salt, SECRET_SALT_LEN), where, key) &&
                aead_seal(key, nonce, where, text, sealed);

    crypto_wipe(key, sizeof(key));
    if (!done)
        return false;
    *ret_salt = slice_make(salt, SECRET_SALT_LEN);
    *ret_sealed = slice_make(sealed, text.len + AEAD_TAG_LEN);
    return true;
}

bool secret_open(struct arena *arena, const struct secret_keys *keys,
                 const struct secret_place *place, struct slice salt, struct slice sealed,
                 struct slice *ret_text)
{
    const struct data_key *data_key = secret_find_key(keys, &place->organization, place->data_key);
    struct slice where = place_bytes(arena, place);
    uint8_t key[32];
    uint8_t *text;
    bool done;

    if (salt.len != SECRET_SALT_LEN || sealed.len < AEAD_TAG_LEN ||
        sealed.len > SECRET_BYTES_MOST + AEAD_TAG_LEN || data_key == NULL)
        return false;
    arena_wipe_on_done(arena);
    text = arena_zalloc(arena, sealed.len - AEAD_TAG_LEN + 1); /* ends in a NUL */
    done = where.len > 0 && text != NULL && hkdf_sha256(data_key->key, salt, where, key) &&
           aead_open(key, nonce, where, sealed, text);
    crypto_wipe(key, sizeof(key));
    if (done)
        *ret_text = slice_make(text, sealed.len - AEAD_TAG_LEN);
    return done;
}
