/* Adding data keys, encrypting under them, removing the older ones. */
#include "rpc/services/data_key_rotation.h"

#include <assert.h>

#include "base/crypto/wipe.h"
#include "base/random.h"
#include "datastream/storage/v1/records.pb-c.h"
#include "proto/message/message.h"
#include "rpc/call/time_floor.h"
#include "rpc/services/resource/secrets.h"
#include "storage/keys.h"
#include "storage/record.h"

#define SLICE_ROWS 128
/* Room for the rows of one slice as they were, as they open and as they become. */
#define SCRATCH_BYTES ((size_t)64 << 20)

struct rotation {
    struct store *store;
    const struct secret_keys *keys;
    struct arena scratch; /* of the slice; wiped */
    struct commit commit; /* of the slice */
    struct uuid organization;
    unsigned changed; /* rows of the organization in the slice */
    uint64_t objects;
};

static struct status write(struct store *store, struct commit *commit)
{
    if (arena_failed(commit->arena))
        return status_out_of_memory();
    if (commit_is_empty(commit) || store_commit_wait(store, commit) == COMMIT_DONE)
        return status_ok();
    return status_const(STATUS_UNAVAILABLE,
                        SLICE("The store could not be written. Run the command again."));
}

/* -- one row ---------------------------------------------------------------------------------- */

typedef Datastream__Storage__V1__EncryptedSecret encrypted_secret;

static ProtobufCBinaryData binary(struct slice bytes)
{
    return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
}

/* Opens a secret and seals it under the newest key, unless it is already. */
static struct status encrypt_anew(struct rotation *rotation, uint32_t kind, const struct uuid *id,
                                  encrypted_secret *secret, bool *changed)
{
    const struct data_key *newest = secret_newest_key(rotation->keys, &rotation->organization);
    struct secret_place place = secrets_place(&rotation->organization, kind, id, secret);
    struct slice text, salt, sealed;
    uint8_t random[SECRET_RANDOM_LEN];

    if (newest != NULL && secret->data_key == newest->number)
        return status_ok();
    if (newest == NULL ||
        !secret_open(&rotation->scratch, rotation->keys, &place,
                     slice_make(secret->salt.data, secret->salt.len),
                     slice_make(secret->ciphertext.data, secret->ciphertext.len), &text))
        return arena_failed(&rotation->scratch)
                   ? status_out_of_memory()
                   : status_const(STATUS_DATA_LOSS, SLICE("A stored secret does not open. Run "
                                                          "\"datastreamd check\"."));
    place.data_key = newest->number;
    if (!random_fill(random, sizeof(random)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    if (!secret_seal(&rotation->scratch, rotation->keys, &place, random, text, &salt, &sealed))
        return arena_failed(&rotation->scratch)
                   ? status_out_of_memory()
                   : status_const(STATUS_INTERNAL, SLICE("A secret could not be encrypted."));
    secret->data_key = newest->number;
    secret->salt = binary(salt);
    secret->ciphertext = binary(sealed);
    *changed = true;
    return status_ok();
}

/* Ends the part of the slice that belongs to one organization with its audit row. */
static void end_organization(struct rotation *rotation)
{
    Datastream__Storage__V1__AuditRecord record = DATASTREAM__STORAGE__V1__AUDIT_RECORD__INIT;
    struct arena *arena = &rotation->scratch;
    char id[UUID_TEXT_LEN];

    if (rotation->changed == 0)
        return;
    uuid_format(&rotation->organization, id);
    record.time_ms = time_floor_now_ms();
    record.actor = (char *)"system";
    record.action = (char *)"RotatedDataKey";
    record.kind = (char *)"organization";
    record.object_id = arena_cstr(arena, slice_make(id, sizeof(id)));
    record.description = arena_cstr(
        arena,
        arena_printf(arena, "The secrets of %u objects were encrypted anew.", rotation->changed));
    rotation->changed = 0;
    if (!arena_failed(arena))
        commit_audit(&rotation->commit, &rotation->organization, record.time_ms,
                     &(struct actor){.type = ACTOR_SYSTEM}, 0, &rotation->organization,
                     message_pack(arena, &record.base));
}

static struct status visit_row(struct rotation *rotation, const struct store_row *row)
{
    Datastream__Storage__V1__SecretsRecord *secrets;
    struct status status = status_ok();
    struct uuid organization, id;
    struct record record;
    bool changed = false;
    uint32_t kind;

    if (!key_object_parse(row->key, &organization, &kind, &id) ||
        !record_parse(row->value, &record) ||
        (secrets = secrets_unpack(&rotation->scratch, record.body)) == NULL)
        return arena_failed(&rotation->scratch)
                   ? status_out_of_memory()
                   : status_const(STATUS_DATA_LOSS,
                                  SLICE("A row of secrets is damaged. Run \"datastreamd check\"."));
    if (!uuid_equal(&organization, &rotation->organization))
        end_organization(rotation);
    rotation->organization = organization;
    for (size_t i = 0; status_is_ok(status) && i < secrets->n_secrets; i++)
        status = encrypt_anew(rotation, kind, &id, secrets->secrets[i], &changed);
    if (!status_is_ok(status) || !changed)
        return status;
    commit_put(&rotation->commit, FAMILY_SECRETS, row->key,
               secrets_pack(&rotation->scratch, secrets));
    rotation->changed++;
    rotation->objects++;
    return status_ok();
}

/* -- all rows --------------------------------------------------------------------------------- */

static struct status visit_slice(struct rotation *rotation, struct slice from,
                                 struct store_rows *ret_rows)
{
    static const uint8_t end[9] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct store_view *view = store_view_open(rotation->store, &rotation->scratch);
    struct status status = status_ok();

    assert(rotation->changed == 0); /* the slice before it has its audit rows */
    commit_init(&rotation->commit, &rotation->scratch);
    if (view == NULL)
        return status_out_of_memory();
    if (store_scan(view, FAMILY_SECRETS, from, slice_make(end, sizeof(end)), false, SLICE_ROWS,
                   ret_rows) != STORE_FOUND)
        return status_const(STATUS_UNAVAILABLE, SLICE("The store cannot be read."));
    for (size_t i = 0; status_is_ok(status) && i < ret_rows->count; i++)
        status = visit_row(rotation, &ret_rows->rows[i]);
    end_organization(rotation);
    return status_is_ok(status) ? write(rotation->store, &rotation->commit) : status;
}

static struct status visit_all(struct rotation *rotation)
{
    char place[KEY_OBJECT_LEN + 1] = {0}; /* the key after the last one of a slice */
    struct slice from = SLICE("\0");
    struct store_rows rows = {.more = true};
    struct status status = status_ok();

    while (rows.more && status_is_ok(status)) {
        arena_reset(&rotation->scratch);
        arena_wipe_on_done(&rotation->scratch);
        status = visit_slice(rotation, from, &rows);
        if (!status_is_ok(status) || rows.count == 0)
            break;
        assert(rows.rows[rows.count - 1].key.len == KEY_OBJECT_LEN); /* it was visited */
        memcpy(place, rows.rows[rows.count - 1].key.data, KEY_OBJECT_LEN);
        from = slice_make(place, sizeof(place));
    }
    return status;
}

/* -- keys ------------------------------------------------------------------------------------- */

static bool is_newest(const struct secret_keys *keys, const struct data_key *key)
{
    return secret_newest_key(keys, &key->organization) == key;
}

static struct status read_keys(struct store *store, const struct wrapping_key *wrapping,
                               struct arena *arena, struct secret_keys *ret_keys)
{
    struct key_ring ring;
    struct status status = key_ring_read(store, wrapping, arena, &ring);

    if (!status_is_ok(status))
        return status;
    ret_keys->data = ring.data;
    ret_keys->data_count = ring.data_count;
    memcpy(ret_keys->salts, ring.keys[RING_SALTS], sizeof(ret_keys->salts));
    crypto_wipe(&ring, sizeof(ring));
    return status_ok();
}

static struct status add_keys(struct store *store, const struct wrapping_key *wrapping,
                              const struct secret_keys *keys, struct arena *arena)
{
    struct status status = status_ok();
    struct commit commit;

    if (2 * keys->data_count > DATA_KEYS_MOST)
        return status_make(arena, STATUS_RESOURCE_EXHAUSTED,
                           "The store has %zu organizations; data keys are rotated for at most %d.",
                           keys->data_count, DATA_KEYS_MOST / 2);
    commit_init(&commit, arena);
    for (size_t i = 0; status_is_ok(status) && i < keys->data_count; i++)
        status = key_ring_add_data_key(&commit, wrapping, &keys->data[i].organization,
                                       keys->data[i].number + 1);
    return status_is_ok(status) ? write(store, &commit) : status;
}

static struct status remove_keys(struct store *store, const struct secret_keys *keys,
                                 struct arena *arena, size_t *ret_removed)
{
    struct commit commit;

    *ret_removed = 0;
    commit_init(&commit, arena);
    for (size_t i = 0; i < keys->data_count; i++)
        if (!is_newest(keys, &keys->data[i])) {
            key_ring_remove_data_key(&commit, &keys->data[i].organization, keys->data[i].number);
            (*ret_removed)++;
        }
    return write(store, &commit);
}

static struct status encrypt_all(struct store *store, const struct secret_keys *keys,
                                 struct arena *arena, uint64_t *ret_objects)
{
    struct rotation rotation = {.store = store, .keys = keys};
    struct status status;

    arena_init(&rotation.scratch, NULL, SCRATCH_BYTES);
    status = visit_all(&rotation);
    if (status.message.len > 0)
        status.message = arena_copy(arena, status.message);
    arena_done(&rotation.scratch);
    *ret_objects = rotation.objects;
    return status;
}

struct status data_key_rotate(struct store *store, const struct wrapping_key *wrapping,
                              struct arena *arena, struct data_key_rotation *ret_rotation)
{
    struct data_key_rotation rotation = {0};
    struct secret_keys keys = {0};
    struct status status = read_keys(store, wrapping, arena, &keys);

    for (size_t i = 0; i < keys.data_count; i++)
        rotation.resumed |= !is_newest(&keys, &keys.data[i]);
    if (status_is_ok(status) && !rotation.resumed) {
        status = add_keys(store, wrapping, &keys, arena);
        if (status_is_ok(status))
            status = read_keys(store, wrapping, arena, &keys);
    }
    if (status_is_ok(status))
        status = encrypt_all(store, &keys, arena, &rotation.objects);
    if (status_is_ok(status))
        status = remove_keys(store, &keys, arena, &rotation.organizations);
    crypto_wipe(&keys, sizeof(keys));
    if (status_is_ok(status))
        *ret_rotation = rotation;
    return status;
}
