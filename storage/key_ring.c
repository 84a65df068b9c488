/* Wrapping and unwrapping the keys of a store. */
#include "storage/key_ring.h"

#include <assert.h>

#include "base/crypto/aead.h"
#include "base/crypto/wipe.h"
#include "base/random.h"
#include "storage/bytes.h"
#include "storage/record.h"
#include "storage/store_walk.h"

#define SEALED_LEN (32 + AEAD_TAG_LEN)
#define BODY_LEN (KEY_ID_LEN + AEAD_NONCE_LEN + SEALED_LEN)
/* Of each key but an organization's there is one; to give another one needs the next number. */
#define NUMBER 1
#define DATA_PREFIX "key/data/"
#define DATA_END "key/data0" /* beyond every key of that prefix */

static const struct slice names[RING_KEYS] = {
    [RING_AUDIT] = SLICE_INIT("audit"),   [RING_PAGE_TOKENS] = SLICE_INIT("page-tokens"),
    [RING_SALTS] = SLICE_INIT("salts"),   [RING_CSRF] = SLICE_INIT("csrf"),
    [RING_REPLAY] = SLICE_INIT("replay"),
};

/* One key of the ring: its name and number are authenticated with it. */
struct entry {
    struct slice name;
    uint32_t number;
};

static struct entry entry_of(enum ring_key key)
{
    assert(key < RING_KEYS);
    return (struct entry){names[key], NUMBER};
}

static struct entry entry_of_data(struct arena *arena, const struct uuid *organization,
                                  uint32_t number)
{
    char id[UUID_TEXT_LEN];

    uuid_format(organization, id);
    return (struct entry){arena_printf(arena, "data/%.*s", UUID_TEXT_LEN, id), number};
}

static struct slice row_key(struct arena *arena, struct entry entry)
{
    return arena_printf(arena, "key/%.*s/%u", SLICE_ARG(entry.name), (unsigned)entry.number);
}

static char *put_part(char *at, struct slice part)
{
    at = bytes_put_u32(at, (uint32_t)part.len);
    memcpy(at, part.data, part.len);
    return at + part.len;
}

/* What is authenticated beside the key; empty when the arena failed. */
static struct slice associate(struct arena *arena, struct entry entry, const char *id)
{
    struct slice words = SLICE("datastream key");
    char *bytes = arena_alloc(arena, 4 * 4 + words.len + entry.name.len + 4 + KEY_ID_LEN);
    char number[4];
    char *at = bytes;

    if (bytes == NULL)
        return SLICE_EMPTY;
    bytes_put_u32(number, entry.number);
    at = put_part(at, words);
    at = put_part(at, entry.name);
    at = put_part(at, slice_make(number, sizeof(number)));
    at = put_part(at, slice_make(id, KEY_ID_LEN));
    return slice_make(bytes, (size_t)(at - bytes));
}

/* -- writing ---------------------------------------------------------------------------------- */

static struct status wrap(struct commit *commit, const struct wrapping_key *wrapping,
                          struct entry entry, const uint8_t plain[32])
{
    char *body = arena_alloc(commit->arena, BODY_LEN);
    struct slice row = row_key(commit->arena, entry);
    struct slice beside = associate(commit->arena, entry, wrapping->id);
    uint8_t *nonce;

    if (arena_failed(commit->arena))
        return status_out_of_memory();
    memcpy(body, wrapping->id, KEY_ID_LEN);
    nonce = (uint8_t *)body + KEY_ID_LEN;
    if (!random_fill(nonce, AEAD_NONCE_LEN))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    if (!aead_seal(wrapping->key, nonce, beside, slice_make(plain, 32), nonce + AEAD_NONCE_LEN))
        return status_const(STATUS_INTERNAL, SLICE("A key could not be wrapped."));
    commit_put(commit, FAMILY_META, row, slice_make(body, BODY_LEN));
    return status_ok();
}

static void require_absent(struct commit *commit, struct entry entry)
{
    commit_require_absent(commit, FAMILY_META, row_key(commit->arena, entry));
}

struct status key_ring_create(struct commit *commit, const struct wrapping_key *wrapping,
                              struct key_ring *ret_ring)
{
    struct key_ring ring = {0};
    struct status status = status_ok();

    if (!random_fill(ring.keys, sizeof(ring.keys)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    for (int key = 0; key < RING_KEYS && status_is_ok(status); key++) {
        require_absent(commit, entry_of((enum ring_key)key));
        status = wrap(commit, wrapping, entry_of((enum ring_key)key), ring.keys[key]);
    }
    if (status_is_ok(status))
        *ret_ring = ring;
    crypto_wipe(&ring, sizeof(ring));
    return status;
}

struct status key_ring_add_data_key(struct commit *commit, const struct wrapping_key *wrapping,
                                    const struct uuid *organization, uint32_t number)
{
    struct entry entry = entry_of_data(commit->arena, organization, number);
    struct status status;
    uint8_t key[32];

    if (!random_fill(key, sizeof(key)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    require_absent(commit, entry);
    status = wrap(commit, wrapping, entry, key);
    crypto_wipe(key, sizeof(key));
    return status;
}

void key_ring_remove_data_key(struct commit *commit, const struct uuid *organization,
                              uint32_t number)
{
    commit_delete(commit, FAMILY_META,
                  row_key(commit->arena, entry_of_data(commit->arena, organization, number)));
}

struct status key_ring_wrap(struct commit *commit, const struct wrapping_key *wrapping,
                            const struct key_ring *ring)
{
    struct status status = status_ok();

    for (int key = 0; key < RING_KEYS && status_is_ok(status); key++)
        status = wrap(commit, wrapping, entry_of((enum ring_key)key), ring->keys[key]);
    for (size_t i = 0; i < ring->data_count && status_is_ok(status); i++) {
        const struct data_key *data = &ring->data[i];

        status = wrap(commit, wrapping,
                      entry_of_data(commit->arena, &data->organization, data->number), data->key);
    }
    return status;
}

/* -- reading ---------------------------------------------------------------------------------- */

static struct status unwrap(struct slice value, const struct wrapping_key *wrapping,
                            struct entry entry, struct arena *arena, uint8_t ret_plain[32])
{
    struct slice beside = associate(arena, entry, wrapping->id);
    struct record record;
    const uint8_t *nonce;

    if (arena_failed(arena))
        return status_out_of_memory();
    if (record_parse(value, &record) && record.body.len == BODY_LEN &&
        memcmp(record.body.data, wrapping->id, KEY_ID_LEN) == 0) {
        nonce = (const uint8_t *)record.body.data + KEY_ID_LEN;
        if (aead_open(wrapping->key, nonce, beside, slice_make(nonce + AEAD_NONCE_LEN, SEALED_LEN),
                      ret_plain))
            return status_ok();
    }
    return status_make(arena, STATUS_DATA_LOSS,
                       "The store's key \"%.*s\" was altered, or is wrapped by another key than "
                       "that of the key file.",
                       SLICE_ARG(entry.name));
}

static struct status read_key(struct store *store, const struct wrapping_key *wrapping,
                              struct arena *arena, enum ring_key key, uint8_t ret_plain[32])
{
    struct slice value = SLICE_EMPTY;

    switch (store_walk__get(store, arena, FAMILY_META, row_key(arena, entry_of(key)), &value)) {
    case STORE_FOUND:
        return unwrap(value, wrapping, entry_of(key), arena, ret_plain);
    case STORE_ABSENT:
        return status_make(arena, STATUS_DATA_LOSS, "The store's key \"%.*s\" is missing.",
                           SLICE_ARG(names[key]));
    default:
        return status_const(STATUS_UNAVAILABLE, SLICE("The store's keys cannot be read."));
    }
}

/* The organization and the number in the key of a row. */
static bool parse_data_row(struct slice key, struct data_key *ret_key)
{
    struct slice rest = slice_from(key, sizeof(DATA_PREFIX) - 1);
    uint64_t number;

    if (rest.len < UUID_TEXT_LEN + 2 || rest.data[UUID_TEXT_LEN] != '/' ||
        !uuid_parse(slice_make(rest.data, UUID_TEXT_LEN), &ret_key->organization) ||
        !slice_to_u64(slice_from(rest, UUID_TEXT_LEN + 1), &number) || number == 0 ||
        number > UINT32_MAX)
        return false;
    ret_key->number = (uint32_t)number;
    return true;
}

static struct status read_data_row(const struct store_row *row, const struct wrapping_key *wrapping,
                                   struct arena *arena, struct data_key *ret_key)
{
    if (!parse_data_row(row->key, ret_key))
        return status_make(arena, STATUS_DATA_LOSS, "The row \"%.*s\" is no key of a store.",
                           SLICE_ARG(row->key));
    return unwrap(row->value, wrapping,
                  entry_of_data(arena, &ret_key->organization, ret_key->number), arena,
                  ret_key->key);
}

/* A list of twice the room, with what the old one holds. */
static struct data_key *grow(struct arena *arena, const struct data_key *list, size_t count)
{
    struct data_key *grown = arena_array(arena, count == 0 ? 4 : 2 * count, sizeof(*grown));

    if (grown != NULL && count > 0)
        memcpy(grown, list, count * sizeof(*grown));
    return grown;
}

static struct status read_data_keys(struct store *store, const struct wrapping_key *wrapping,
                                    struct arena *arena, struct key_ring *ring)
{
    struct data_key *list = NULL;
    struct status status = status_ok();
    struct store_row row;
    struct walk walk;
    size_t room = 0;

    walk_init(&walk, store, FAMILY_META, SLICE(DATA_PREFIX), SLICE(DATA_END));
    while (status_is_ok(status) && walk_next(&walk, &row)) {
        if (ring->data_count == DATA_KEYS_MOST)
            status = status_make(arena, STATUS_RESOURCE_EXHAUSTED,
                                 "The store has more than %d data keys.", DATA_KEYS_MOST);
        if (status_is_ok(status) && ring->data_count == room) {
            list = grow(arena, list, room);
            room = room == 0 ? 4 : 2 * room;
            if (list == NULL)
                status = status_out_of_memory();
        }
        assert(!status_is_ok(status) || ring->data_count < room);
        if (status_is_ok(status))
            status = read_data_row(&row, wrapping, arena, &list[ring->data_count]);
        if (status_is_ok(status))
            ring->data_count++;
    }
    ring->data = list;
    if (!walk_done(&walk) && status_is_ok(status))
        return status_const(STATUS_UNAVAILABLE, SLICE("The store's keys cannot be read."));
    return status;
}

struct status key_ring_read(struct store *store, const struct wrapping_key *wrapping,
                            struct arena *arena, struct key_ring *ret_ring)
{
    struct status status = status_ok();
    struct key_ring ring = {0};

    arena_wipe_on_done(arena);
    for (int key = 0; key < RING_KEYS && status_is_ok(status); key++)
        status = read_key(store, wrapping, arena, (enum ring_key)key, ring.keys[key]);
    if (status_is_ok(status))
        status = read_data_keys(store, wrapping, arena, &ring);
    if (status_is_ok(status))
        *ret_ring = ring;
    crypto_wipe(&ring, sizeof(ring));
    return status;
}
