/* Opening what every subcommand works on. */
#include "rpc/program/program.h"

#include <unistd.h>

#include "base/crypto/wipe.h"
#include "base/log.h"
#include "proto/contract/embedded.h"
#include "rpc/call/time_floor.h"
#include "storage/key_ring.h"
#include "storage/record.h"

#define META_KEY_ID SLICE("key_id")

int program_fail(struct status status)
{
    struct arena arena;
    struct slice line;

    arena_init(&arena, NULL, ARENA_FIRST_BLOCK + status.message.len);
    line = arena_printf(&arena, "datastreamd: %.*s\n", SLICE_ARG(status.message));
    log_last_line(arena_failed(&arena) ? SLICE("datastreamd: out of memory\n") : line);
    arena_done(&arena);
    return 1;
}

/*
 * A store remembers the id of the key that it was made with; another key would split its chain.
 * *ret_new when it is being made and remembers none yet.
 */
static struct status key_compare(struct program *program, const struct key_file *key,
                                 enum store_use use, struct arena *arena, bool *ret_new)
{
    struct store_view *view = store_view_open(program->store, arena);
    struct slice value;
    struct record record;
    enum store_found found;

    if (view == NULL)
        return status_out_of_memory();
    found = store_get(view, FAMILY_META, META_KEY_ID, &value);
    *ret_new = found == STORE_ABSENT && use == STORE_FOR_INIT;
    if (*ret_new)
        return status_ok();
    if (found != STORE_FOUND)
        return status_const(
            STATUS_FAILED_PRECONDITION,
            SLICE("The store does not name the key file that it was created with."));
    if (record_parse(value, &record) && slice_equal(record.body, slice_make(key->id, KEY_ID_LEN)))
        return status_ok();
    return status_const(STATUS_FAILED_PRECONDITION,
                        SLICE("The key file is not the one that this store was created with."));
}

/* The key that wraps the store's own, which is derived: the file's key itself encrypts nothing. */
static bool wrapping_of(const struct key_file *key, struct wrapping_key *ret_wrapping)
{
    memcpy(ret_wrapping->id, key->id, sizeof(ret_wrapping->id));
    return key_file_derive(key, "key ring", ret_wrapping->key);
}

/* Writes the id of the key file and the new keys of the store in one commit. */
static struct status key_record(struct program *program, const struct key_file *key,
                                const struct wrapping_key *wrapping, struct arena *arena,
                                struct key_ring *ret_ring)
{
    struct commit commit;
    struct status status;

    commit_init(&commit, arena);
    commit_require_absent(&commit, FAMILY_META, META_KEY_ID);
    commit_put(&commit, FAMILY_META, META_KEY_ID, slice_make(key->id, KEY_ID_LEN));
    status = key_ring_create(&commit, wrapping, ret_ring);
    if (!status_is_ok(status))
        return status;
    if (arena_failed(arena) || store_commit_wait(program->store, &commit) != COMMIT_DONE)
        return status_const(STATUS_UNAVAILABLE, SLICE("The store refused the write."));
    return status_ok();
}

/* Gives the store and the program the keys that the store holds, or makes them for a new one. */
static struct status keys_take(struct program *program, const struct key_file *key, bool store_new,
                               struct arena *arena)
{
    struct wrapping_key wrapping;
    struct key_ring ring = {0};
    struct status status;

    if (!wrapping_of(key, &wrapping))
        status = status_const(STATUS_INTERNAL, SLICE("A key could not be derived."));
    else if (store_new)
        status = key_record(program, key, &wrapping, arena, &ring);
    else
        status = key_ring_read(program->store, &wrapping, arena, &ring);
    if (status_is_ok(status)) {
        store_set_audit_key(program->store, ring.keys[RING_AUDIT]);
        memcpy(program->page_key, ring.keys[RING_PAGE_TOKENS], sizeof(program->page_key));
        memcpy(program->secret_keys.data, ring.keys[RING_SECRETS], sizeof(ring.keys[0]));
        memcpy(program->secret_keys.salts, ring.keys[RING_SALTS], sizeof(ring.keys[0]));
    }
    crypto_wipe(&wrapping, sizeof(wrapping));
    crypto_wipe(&ring, sizeof(ring));
    return status;
}

static struct status key_open(const struct options *options, enum store_use use,
                              struct arena *arena, struct key_file *ret_key, bool *ret_made)
{
    struct status status = key_file_read(options->key_file, arena, ret_key);

    *ret_made = status.code == STATUS_NOT_FOUND && use == STORE_FOR_INIT;
    return *ret_made ? key_file_create(options->key_file, arena, ret_key) : status;
}

/* Who hears of commits; lives as long as the store. */
struct observers {
    struct identity_registry *identities;
    struct news *news;
};

/* Identities first: who wakes by the news finds them published. */
static void observe(void *context, const struct commit *commit)
{
    const struct observers *observers = context;

    identity_observe(observers->identities, commit);
    news_observe(observers->news, commit);
}

static struct status store_open(const struct options *options, enum store_use use,
                                struct program *program, struct arena *arena)
{
    struct observers *observers = arena_alloc(arena, sizeof(*observers));
    struct store_options store = {
        .directory = options->data_dir,
        .create = use == STORE_FOR_INIT,
        .read_only = use == STORE_OFFLINE,
        .block_cache_bytes = (size_t)options->settings.block_cache_mib << 20,
        .now_ms = time_floor_believed_ms,
        .observer = observe,
        .observer_context = observers,
    };

    if (observers == NULL)
        return status_out_of_memory();
    *observers = (struct observers){program->identities, program->news};
    return store_open_rocksdb(&store, arena, &program->store);
}

struct status program_choose_engine(struct program *program, const struct options *options,
                                    struct arena *arena)
{
    if (strcmp(options->store, "rocksdb") == 0)
        return status_ok();
#ifdef DATASTREAM_FAULTS
    if (strcmp(options->store, "late") == 0) {
        program->store = store_wrap_late(program->store, 1);
        return program->store == NULL ? status_out_of_memory() : status_ok();
    }
#endif
    (void)program;
    return status_make(arena, STATUS_INVALID_ARGUMENT,
                       "The flag --store must be rocksdb, not \"%s\".", options->store);
}

struct status program_open(const struct options *options, enum store_use use, struct arena *arena,
                           struct program *ret_program)
{
    struct program program = {0};
    struct key_file key;
    struct status status;
    bool key_made = false;
    bool store_new = false;

    if (options->data_dir == NULL)
        return status_const(STATUS_INVALID_ARGUMENT, SLICE("The flag --data-dir is required."));
    status = contract_load(embedded_contract(), arena, &program.contract);
    if (status_is_ok(status) && use != STORE_FOR_INIT)
        status = store_require_rocksdb(arena, options->data_dir);
    if (status_is_ok(status))
        status = key_open(options, use, arena, &key, &key_made);
    if (!status_is_ok(status))
        return status;
    program.identities = identity_registry_new(program.contract);
    program.news = news_new();
    if (program.identities == NULL || program.news == NULL) {
        program_close(&program);
        return status_out_of_memory();
    }
    status = store_open(options, use, &program, arena);
    if (status_is_ok(status))
        status = key_compare(&program, &key, use, arena, &store_new);
    /* Of no store: it must not pass for the one that is missing. A store in use may have taken it.
     */
    if (!status_is_ok(status) && key_made && program.store != NULL)
        unlink(options->key_file);
    if (status_is_ok(status))
        status = keys_take(&program, &key, store_new, arena);
    crypto_wipe(&key, sizeof(key));
    if (!status_is_ok(status)) {
        program_close(&program);
        return status;
    }
    *ret_program = program;
    return status;
}

void program_close(struct program *program)
{
    crypto_wipe(&program->secret_keys, sizeof(program->secret_keys));
    if (program->store != NULL)
        store_close(program->store);
    if (program->identities != NULL)
        identity_registry_free(program->identities);
    if (program->news != NULL)
        news_free(program->news);
    program->news = NULL;
    program->store = NULL;
    program->identities = NULL;
}
