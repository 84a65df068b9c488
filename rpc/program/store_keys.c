/* Finding, creating and reading the keys of a store. */
#include "rpc/program/store_keys.h"

#include <assert.h>
#include <unistd.h>

#include "base/crypto/wipe.h"
#include "base/random.h"
#include "rpc/call/time_floor.h"
#include "storage/key_ring.h"
#include "storage/record.h"

#define META_KEY_ID SLICE("key_id")

struct status store_keys__check_file(const struct options *options, struct arena *arena)
{
    struct key_file key = {0};
    struct status status = key_file__read(options->key_file, arena, &key);

    crypto_wipe(&key, sizeof(key));
    return status.code == STATUS_NOT_FOUND ? status_ok() : status;
}

struct status store_keys__id(struct store *store, struct arena *arena, struct slice *ret_id)
{
    struct store_view *view = store_view_open(store, arena);
    struct record record;
    struct slice value;

    if (view == NULL)
        return status_out_of_memory();
    switch (store_get(view, FAMILY_META, META_KEY_ID, &value)) {
    case STORE_FOUND:
        if (!record_parse(value, &record) || record.body.len != KEY_ID_LEN)
            return status_const(STATUS_DATA_LOSS, SLICE("The id of the store's key is damaged."));
        *ret_id = record.body;
        return status_ok();
    case STORE_ABSENT:
        *ret_id = SLICE_EMPTY;
        return status_ok();
    default:
        return status_const(STATUS_UNAVAILABLE, SLICE("The store cannot be read."));
    }
}

static bool key_has_id(const struct key_file *key, struct slice id)
{
    return slice_equal(id, slice_make(key->id, KEY_ID_LEN));
}

struct status store_keys__find_file(const struct options *options, enum store_use use,
                                    struct slice id, struct arena *arena, struct key_file *ret_key)
{
    const char *new_path = arena_printf(arena, "%s.new", options->key_file).data;
    struct status status;

    if (arena_failed(arena))
        return status_out_of_memory();
    status = key_file__read(options->key_file, arena, ret_key);
    if (status.code == STATUS_NOT_FOUND && status_is_ok(key_file__read(new_path, arena, ret_key)) &&
        key_has_id(ret_key, id))
        return use == STORE_OFFLINE ? status_ok()
                                    : key_file__move(new_path, options->key_file, arena);
    if (status_is_ok(status) && !key_has_id(ret_key, id))
        return status_make(arena, STATUS_FAILED_PRECONDITION,
                           "The key file %s has the id %.*s, but the store wants the key file with "
                           "the id %.*s. Name that one with --key-file.",
                           options->key_file, KEY_ID_LEN, ret_key->id, SLICE_ARG(id));
    if (status.code == STATUS_NOT_FOUND)
        return status_make(arena, STATUS_NOT_FOUND,
                           "%.*s The store wants the key file with the id %.*s. Name it with "
                           "--key-file.",
                           SLICE_ARG(status.message), SLICE_ARG(id));
    return status;
}

/*
 * The key of a store that has none yet: a new one, under its first name until the store is written,
 * or the file that --key-file names. A file that merely lies in the place of the new one may be
 * known to whoever put it there.
 */
static struct status key_begin(struct program *program, const struct options *options,
                               struct arena *arena, struct key_file *ret_key)
{
    const char *new_path = arena_printf(arena, "%s.new", options->key_file).data;
    struct status status;

    if (arena_failed(arena))
        return status_out_of_memory();
    status = key_file__read(options->key_file, arena, ret_key);
    if (status_is_ok(status) && options->key_file_is_default)
        return status_make(arena, STATUS_FAILED_PRECONDITION,
                           "The key file %s exists already. Move it away, or give --key-file %s to "
                           "use it for the new store.",
                           options->key_file, options->key_file);
    if (status.code != STATUS_NOT_FOUND)
        return status;
    unlink(new_path); /* of an init that was killed before its commit: no store has this key */
    status = key_file__create(new_path, arena, ret_key);
    if (status_is_ok(status)) {
        program->new_key = new_path;
        program->key_file = options->key_file;
    }
    return status;
}

struct status store_keys__wrapping(const struct key_file *key, struct wrapping_key *ret_wrapping)
{
    memcpy(ret_wrapping->id, key->id, sizeof(ret_wrapping->id));
    return key_file__derive(key, "key ring", ret_wrapping->key)
               ? status_ok()
               : status_const(STATUS_INTERNAL, SLICE("A key could not be derived."));
}

void store_keys__put_id(struct commit *commit, const struct key_file *key)
{
    commit_put(commit, FAMILY_META, META_KEY_ID,
               arena_copy(commit->arena, slice_make(key->id, KEY_ID_LEN)));
}

/* Puts the id of the key file and the new keys of the store into the commit that begins it. */
static struct status key_record(struct program *program, const struct key_file *key,
                                struct arena *arena, struct key_ring *ret_ring)
{
    struct commit *commit = arena_alloc(arena, sizeof(*commit));

    assert(program->first_commit == NULL); /* a store gets its keys once */
    if (commit == NULL)
        return status_out_of_memory();
    commit_init(commit, arena);
    commit_require_absent(commit, FAMILY_META, META_KEY_ID);
    store_keys__put_id(commit, key);
    program->first_commit = commit;
    return key_ring_create(commit, &program->wrapping, ret_ring);
}

/* Gives the store and the program the keys that the store holds, or makes them for a new one. */
static struct status keys_take(struct program *program, const struct key_file *key, bool store_new,
                               struct arena *arena)
{
    struct key_ring ring = {0};
    struct status status = store_keys__wrapping(key, &program->wrapping);

    if (status_is_ok(status))
        status = store_new ? key_record(program, key, arena, &ring)
                           : key_ring_read(program->store, &program->wrapping, arena, &ring);
    if (status_is_ok(status)) {
        store_set_audit_key(program->store, ring.keys[RING_AUDIT]);
        memcpy(program->page_key, ring.keys[RING_PAGE_TOKENS], sizeof(program->page_key));
        memcpy(program->csrf_key, ring.keys[RING_CSRF], sizeof(program->csrf_key));
        memcpy(program->replay_key, ring.keys[RING_REPLAY], sizeof(program->replay_key));
        program->secret_keys.data = ring.data;
        program->secret_keys.data_count = ring.data_count;
        memcpy(program->secret_keys.salts, ring.keys[RING_SALTS], sizeof(ring.keys[0]));
    }
    crypto_wipe(&ring, sizeof(ring));
    return status;
}

struct status store_keys__open(struct program *program, const struct options *options,
                               enum store_use use, struct arena *arena)
{
    struct slice id = SLICE_EMPTY;
    struct status status = store_keys__id(program->store, arena, &id);
    struct key_file key = {0};

    if (!status_is_ok(status))
        return status;
    if (id.len > 0)
        status = store_keys__find_file(options, use, id, arena, &key);
    else if (use == STORE_FOR_INIT || use == STORE_FOR_SETUP)
        status = key_begin(program, options, arena, &key);
    else
        status = status_make(arena, STATUS_FAILED_PRECONDITION,
                             "The store in %s is empty. Run datastreamd init first.",
                             options->data_dir);
    if (status_is_ok(status))
        status = keys_take(program, &key, id.len == 0, arena);
    crypto_wipe(&key, sizeof(key));
    return status;
}

struct status store_keys__expect_organization(struct program *program, struct arena *arena)
{
    struct commit commit;
    struct key_ring ring = {0};
    struct uuid organization;
    struct status status;
    uint8_t random[10];

    if (program->secret_keys.data_count > 0)
        return status_ok();
    if (!random_fill(random, sizeof(random)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    organization = uuid_make(time_floor_now_ms(), random);
    commit_init(&commit, arena);
    status = key_ring_add_data_key(&commit, &program->wrapping, &organization, 1);
    if (status_is_ok(status) && arena_failed(arena))
        status = status_out_of_memory();
    if (status_is_ok(status) && store_commit_wait(program->store, &commit) != COMMIT_DONE)
        status = status_const(STATUS_UNAVAILABLE, SLICE("The store could not write its keys."));
    if (status_is_ok(status))
        status = key_ring_read(program->store, &program->wrapping, arena, &ring);
    if (status_is_ok(status)) {
        assert(ring.data_count == 1 && uuid_equal(&ring.data[0].organization, &organization));
        program->secret_keys.data = ring.data;
        program->secret_keys.data_count = ring.data_count;
    }
    crypto_wipe(&ring, sizeof(ring));
    return status;
}
