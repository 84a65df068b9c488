/* Wrapping and unwrapping the keys of a store. */
#include "storage/key_ring.h"

#include "base/crypto/aead.h"
#include "base/crypto/wipe.h"
#include "base/random.h"
#include "storage/bytes.h"
#include "storage/record.h"
#include "storage/store_walk.h"

#define SEALED_LEN (32 + AEAD_TAG_LEN)
#define BODY_LEN (KEY_ID_LEN + AEAD_NONCE_LEN + SEALED_LEN)
/* Of each key there is one for now; rotation of a single key gives the next number. */
#define NUMBER 1
#define ASSOCIATED_MOST 128

static const char *const names[RING_KEYS] = {
    [RING_AUDIT] = "audit",     [RING_PAGE_TOKENS] = "page-tokens",
    [RING_SECRETS] = "secrets", [RING_SALTS] = "salts",
    [RING_CSRF] = "csrf",       [RING_REPLAY] = "replay",
};

static struct slice row_key(struct arena *arena, enum ring_key key)
{
    return arena_printf(arena, "key/%s/%d", names[key], NUMBER);
}

static char *put_part(char *at, struct slice part)
{
    at = bytes_put_u32(at, (uint32_t)part.len);
    memcpy(at, part.data, part.len);
    return at + part.len;
}

/* What is authenticated beside the key. */
static struct slice associate(char bytes[ASSOCIATED_MOST], enum ring_key key, const char *id)
{
    char number[4];
    char *at = bytes;

    bytes_put_u32(number, NUMBER);
    at = put_part(at, SLICE("datastream key"));
    at = put_part(at, slice_from_cstr(names[key]));
    at = put_part(at, slice_make(number, sizeof(number)));
    at = put_part(at, slice_make(id, KEY_ID_LEN));
    return slice_make(bytes, (size_t)(at - bytes));
}

static struct status wrap(struct commit *commit, const struct wrapping_key *wrapping,
                          enum ring_key key, const uint8_t plain[32])
{
    char *body = arena_alloc(commit->arena, BODY_LEN);
    struct slice row = row_key(commit->arena, key);
    char associated[ASSOCIATED_MOST];
    uint8_t *nonce;

    if (body == NULL || arena_failed(commit->arena))
        return status_out_of_memory();
    memcpy(body, wrapping->id, KEY_ID_LEN);
    nonce = (uint8_t *)body + KEY_ID_LEN;
    if (!random_fill(nonce, AEAD_NONCE_LEN))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    if (!aead_seal(wrapping->key, nonce, associate(associated, key, wrapping->id),
                   slice_make(plain, 32), nonce + AEAD_NONCE_LEN))
        return status_const(STATUS_INTERNAL, SLICE("A key could not be wrapped."));
    commit_require_absent(commit, FAMILY_META, row);
    commit_put(commit, FAMILY_META, row, slice_make(body, BODY_LEN));
    return status_ok();
}

struct status key_ring_create(struct commit *commit, const struct wrapping_key *wrapping,
                              struct key_ring *ret_ring)
{
    struct key_ring ring;
    struct status status = status_ok();

    if (!random_fill(&ring, sizeof(ring)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    for (int key = 0; key < RING_KEYS && status_is_ok(status); key++)
        status = wrap(commit, wrapping, (enum ring_key)key, ring.keys[key]);
    if (status_is_ok(status))
        *ret_ring = ring;
    crypto_wipe(&ring, sizeof(ring));
    return status;
}

static bool unwrap(struct slice value, const struct wrapping_key *wrapping, enum ring_key key,
                   uint8_t ret_plain[32])
{
    char associated[ASSOCIATED_MOST];
    struct record record;
    const uint8_t *nonce;

    if (!record_parse(value, &record) || record.body.len != BODY_LEN ||
        memcmp(record.body.data, wrapping->id, KEY_ID_LEN) != 0)
        return false;
    nonce = (const uint8_t *)record.body.data + KEY_ID_LEN;
    return aead_open(wrapping->key, nonce, associate(associated, key, wrapping->id),
                     slice_make(nonce + AEAD_NONCE_LEN, SEALED_LEN), ret_plain);
}

struct status key_ring_read(struct store *store, const struct wrapping_key *wrapping,
                            struct arena *arena, struct key_ring *ret_ring)
{
    struct status status = status_ok();
    struct key_ring ring;

    for (int key = 0; key < RING_KEYS && status_is_ok(status); key++) {
        struct slice value = SLICE_EMPTY;
        enum store_found found = walk_get(store, arena, FAMILY_META,
                                          row_key(arena, (enum ring_key)key), &value);

        if (found == STORE_ABSENT)
            status = status_make(arena, STATUS_DATA_LOSS, "The store's key \"%s\" is missing.",
                                 names[key]);
        else if (found != STORE_FOUND)
            status = status_const(STATUS_UNAVAILABLE, SLICE("The store's keys cannot be read."));
        else if (!unwrap(value, wrapping, (enum ring_key)key, ring.keys[key]))
            status = status_make(arena, STATUS_DATA_LOSS,
                                 "The store's key \"%s\" was altered, or is wrapped by another "
                                 "key than that of the key file.",
                                 names[key]);
    }
    if (status_is_ok(status))
        *ret_ring = ring;
    crypto_wipe(&ring, sizeof(ring));
    return status;
}
