/* rotate-key: another key file for a store, or new data keys for its secrets. */
#include "rpc/program/command_rotate_key.h"

#include <assert.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/crypto/wipe.h"
#include "rpc/call/time_floor.h"
#include "rpc/program/program.h"
#include "rpc/program/store_keys.h"
#include "rpc/services/data_key_rotation.h"

/* -- the key file ----------------------------------------------------------------------------- */

static bool has_id(const struct key_file *key, struct slice id)
{
    return slice_equal(slice_make(key->id, sizeof(key->id)), id);
}

/*
 * The file that is named, or a new one, which gets the name once it is whole. One that a run left
 * that was killed is finished; the store's present key, `id`, is never touched.
 */
static struct status read_or_create(const char *path, struct slice id, struct arena *arena,
                                    struct key_file *ret_key)
{
    const char *part = arena_printf(arena, "%s.part", path).data;
    struct status status = key_file__read(path, arena, ret_key);

    if (arena_failed(arena))
        return status_out_of_memory();
    if (status.code != STATUS_NOT_FOUND)
        return status;
    status = key_file__read(part, arena, ret_key);
    if (!status_is_ok(status) || has_id(ret_key, id)) {
        status = status.code == STATUS_NOT_FOUND ? status_ok()
                                                 : key_file__discard_part(part, arena);
        if (status_is_ok(status))
            status = key_file__create(part, arena, ret_key);
    }
    return status_is_ok(status) ? key_file__move(part, path, arena) : status;
}

static struct status read_ring(struct store *store, const struct key_file *key, struct arena *arena,
                               struct key_ring *ret_ring)
{
    struct wrapping_key wrapping;
    struct status status = store_keys__wrapping(key, &wrapping);

    if (status_is_ok(status))
        status = key_ring_read(store, &wrapping, arena, ret_ring);
    crypto_wipe(&wrapping, sizeof(wrapping));
    return status;
}

/* One commit: the whole ring under the new key, and the id of the new key file. */
static struct status write_ring(struct store *store, const struct key_ring *ring,
                                const struct key_file *key, struct arena *arena)
{
    struct wrapping_key wrapping;
    struct commit commit;
    struct status status = store_keys__wrapping(key, &wrapping);

    commit_init(&commit, arena);
    store_keys__put_id(&commit, key);
    if (status_is_ok(status))
        status = key_ring_wrap(&commit, &wrapping, ring);
    crypto_wipe(&wrapping, sizeof(wrapping));
    if (!status_is_ok(status))
        return status;
    if (arena_failed(arena))
        return status_out_of_memory();
    return store_commit_wait(store, &commit) == COMMIT_DONE
               ? status_ok()
               : status_const(STATUS_UNAVAILABLE,
                              SLICE("The store could not be written. A start says which of the two "
                                    "key files it wants."));
}

static void say_key_file(const char *path, const struct key_file *key, const char *when)
{
    printf("The store's keys are wrapped with the key file %s %s (id %.*s). Start with --key-file "
           "%s.\n",
           path, when, KEY_ID_LEN, key->id, path);
}

static struct status rotate_key_file(const struct options *options, struct store *store,
                                     struct slice id, struct arena *arena)
{
    struct key_file old = {0};
    struct key_file new = {0};
    struct key_ring ring = {0};
    struct status status = key_file__read(options->new_key_file, arena, &new);

    if (status_is_ok(status) && has_id(&new, id)) {
        status = read_ring(store, &new, arena, &ring);
        if (status_is_ok(status))
            say_key_file(options->new_key_file, &new, "already");
    } else {
        status = store_keys__find_file(options, STORE_OFFLINE, id, arena, &old);
        if (status_is_ok(status))
            status = read_ring(store, &old, arena, &ring);
        if (status_is_ok(status))
            status = read_or_create(options->new_key_file, id, arena, &new);
        if (status_is_ok(status))
            status = write_ring(store, &ring, &new, arena);
        assert(!status_is_ok(status) || (has_id(&old, id) && !has_id(&new, id)));
        if (status_is_ok(status))
            say_key_file(options->new_key_file, &new, "now");
    }
    crypto_wipe(&old, sizeof(old));
    crypto_wipe(&new, sizeof(new));
    crypto_wipe(&ring, sizeof(ring));
    return status;
}

/* -- data keys -------------------------------------------------------------------------------- */

static struct status rotate_data_keys(const struct options *options, struct store *store,
                                      struct slice id, struct arena *arena)
{
    struct data_key_rotation done;
    struct wrapping_key wrapping = {0};
    struct key_file key = {0};
    struct key_ring ring = {0};
    struct status status = store_keys__find_file(options, STORE_OFFLINE, id, arena, &key);

    if (status_is_ok(status))
        status = time_floor_load(store, arena);
    if (status_is_ok(status))
        status = store_keys__wrapping(&key, &wrapping);
    if (status_is_ok(status))
        status = key_ring_read(store, &wrapping, arena, &ring);
    if (status_is_ok(status)) {
        store_set_audit_key(store, ring.keys[RING_AUDIT]);
        status = data_key_rotate(store, &wrapping, arena, &done);
    }
    crypto_wipe(&key, sizeof(key));
    crypto_wipe(&wrapping, sizeof(wrapping));
    crypto_wipe(&ring, sizeof(ring));
    if (status_is_ok(status))
        printf("%s%zu organization%s a new data key. The secrets of %llu object%s were encrypted "
               "anew.\n",
               done.resumed ? "A rotation that had been interrupted is finished. " : "",
               done.organizations, done.organizations == 1 ? " has" : "s have",
               (unsigned long long)done.objects, done.objects == 1 ? "" : "s");
    return status;
}

/* -- the command ------------------------------------------------------------------------------ */

static struct status check_options(const struct options *options)
{
    if (options->data_dir == NULL)
        return status_const(STATUS_INVALID_ARGUMENT, SLICE("The flag --data-dir is required."));
    if ((options->new_key_file != NULL) == options->data_keys)
        return status_const(STATUS_INVALID_ARGUMENT,
                            SLICE("Give either --new-key-file FILE or --data-keys."));
    return status_ok();
}

static struct status rotate(const struct options *options, struct store *store, struct arena *arena)
{
    struct slice id = SLICE_EMPTY;
    struct status status = store_keys__id(store, arena, &id);

    if (!status_is_ok(status))
        return status;
    if (id.len == 0)
        return status_make(arena, STATUS_FAILED_PRECONDITION,
                           "The store in %s is empty. Run datastreamd init first.",
                           options->data_dir);
    return options->data_keys ? rotate_data_keys(options, store, id, arena)
                              : rotate_key_file(options, store, id, arena);
}

int command__rotate_key(const struct options *options, struct arena *arena)
{
    const struct store_options opening = {
        .directory = options->data_dir,
        .block_cache_bytes = (size_t)options->settings.block_cache_mib << 20,
        .row_cache_bytes = (size_t)options->settings.row_cache_mib << 20,
        .now_ms = time_floor_believed_ms,
    };
    struct store *store;
    struct status status = check_options(options);

    umask(S_IRWXG | S_IRWXO); /* whatever is created beside a store is for nobody else */
    if (status_is_ok(status))
        status = store_require_rocksdb(arena, options->data_dir);
    if (!status_is_ok(status))
        return program__fail(status);
    status = store_open_rocksdb(&opening, arena, &store);
    if (!status_is_ok(status)) {
        program__fail(status);
        return status.code == STATUS_UNAVAILABLE ? EXIT_IN_USE : 1;
    }
    status = rotate(options, store, arena);
    store_close(store);
    return status_is_ok(status) ? 0 : program__fail(status);
}
