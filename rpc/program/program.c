/* Opening what every subcommand works on. */
#include "rpc/program/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto/wipe.h"
#include "base/log.h"
#include "proto/contract/embedded.h"
#include "rpc/call/time_floor.h"
#include "rpc/services/index_build.h"
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

/* The id of the key that the store was made with, which it remembers; empty where it has none. */
static struct status stored_key_id(struct program *program, struct arena *arena,
                                   struct slice *ret_id)
{
    struct store_view *view = store_view_open(program->store, arena);
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

/*
 * The key of a store that has one. An init that was killed after its commit left it under its first
 * name: then it gets the right one here.
 */
static struct status key_find(const struct options *options, enum store_use use, struct slice id,
                              const char *new_path, struct arena *arena, struct key_file *ret_key)
{
    struct status status = key_file_read(options->key_file, arena, ret_key);

    if (status.code == STATUS_NOT_FOUND && status_is_ok(key_file_read(new_path, arena, ret_key)) &&
        key_has_id(ret_key, id))
        return use == STORE_OFFLINE ? status_ok()
                                    : key_file_move(new_path, options->key_file, arena);
    if (status_is_ok(status) && !key_has_id(ret_key, id))
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The key file is not the one that this store was created with."));
    return status;
}

/*
 * The key of a store that has none yet: a new one, under its first name until the store is written,
 * or the file that --key-file names. A file that merely lies in the place of the new one may be
 * known to whoever put it there.
 */
static struct status key_begin(struct program *program, const struct options *options,
                               const char *new_path, struct arena *arena, struct key_file *ret_key)
{
    struct status status = key_file_read(options->key_file, arena, ret_key);

    if (status_is_ok(status) && options->key_file_is_default)
        return status_make(arena, STATUS_FAILED_PRECONDITION,
                           "The key file %s exists already. Move it away, or give --key-file %s to "
                           "use it for the new store.",
                           options->key_file, options->key_file);
    if (status.code != STATUS_NOT_FOUND)
        return status;
    unlink(new_path); /* of an init that was killed before its commit: no store has this key */
    status = key_file_create(new_path, arena, ret_key);
    if (status_is_ok(status)) {
        program->new_key = new_path;
        program->key_file = options->key_file;
    }
    return status;
}

/* The key that wraps the store's own, which is derived: the file's key itself encrypts nothing. */
static bool wrapping_of(const struct key_file *key, struct wrapping_key *ret_wrapping)
{
    memcpy(ret_wrapping->id, key->id, sizeof(ret_wrapping->id));
    return key_file_derive(key, "key ring", ret_wrapping->key);
}

/* Puts the id of the key file and the new keys of the store into the commit that begins it. */
static struct status key_record(struct program *program, const struct key_file *key,
                                const struct wrapping_key *wrapping, struct arena *arena,
                                struct key_ring *ret_ring)
{
    struct commit *commit = arena_alloc(arena, sizeof(*commit));

    if (commit == NULL)
        return status_out_of_memory();
    commit_init(commit, arena);
    commit_require_absent(commit, FAMILY_META, META_KEY_ID);
    commit_put(commit, FAMILY_META, META_KEY_ID,
               arena_copy(arena, slice_make(key->id, KEY_ID_LEN)));
    program->first_commit = commit;
    return key_ring_create(commit, wrapping, ret_ring);
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
        memcpy(program->csrf_key, ring.keys[RING_CSRF], sizeof(program->csrf_key));
        memcpy(program->replay_key, ring.keys[RING_REPLAY], sizeof(program->replay_key));
        memcpy(program->secret_keys.data, ring.keys[RING_SECRETS], sizeof(ring.keys[0]));
        memcpy(program->secret_keys.salts, ring.keys[RING_SALTS], sizeof(ring.keys[0]));
    }
    crypto_wipe(&wrapping, sizeof(wrapping));
    crypto_wipe(&ring, sizeof(ring));
    return status;
}

/* Finds or makes the key file of the open store, and the store's own keys. */
static struct status keys_open(struct program *program, const struct options *options,
                               enum store_use use, struct arena *arena)
{
    const char *new_path = arena_printf(arena, "%s.new", options->key_file).data;
    struct slice id = SLICE_EMPTY;
    struct status status = stored_key_id(program, arena, &id);
    struct key_file key = {0};

    if (arena_failed(arena))
        return status_out_of_memory();
    if (!status_is_ok(status))
        return status;
    if (id.len > 0)
        status = key_find(options, use, id, new_path, arena, &key);
    else if (use == STORE_FOR_INIT)
        status = key_begin(program, options, new_path, arena, &key);
    else
        status = status_make(arena, STATUS_FAILED_PRECONDITION,
                             "The store in %s is empty. Run datastreamd init first.",
                             options->data_dir);
    if (status_is_ok(status))
        status = keys_take(program, &key, id.len == 0, arena);
    crypto_wipe(&key, sizeof(key));
    return status;
}

/* A key file that cannot be the right one is refused before a store is created or opened. */
static struct status key_check(const struct options *options, struct arena *arena)
{
    struct key_file key = {0};
    struct status status = key_file_read(options->key_file, arena, &key);

    crypto_wipe(&key, sizeof(key));
    return status.code == STATUS_NOT_FOUND ? status_ok() : status;
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
    struct status status;

    umask(S_IRWXG | S_IRWXO); /* whatever is created beside a store is for nobody else */
    if (options->data_dir == NULL)
        return status_const(STATUS_INVALID_ARGUMENT, SLICE("The flag --data-dir is required."));
    status = contract_load(embedded_contract(), arena, &program.contract);
    if (status_is_ok(status) && use != STORE_FOR_INIT)
        status = store_require_rocksdb(arena, options->data_dir);
    if (status_is_ok(status))
        status = key_check(options, arena);
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
        status = keys_open(&program, options, use, arena);
    if (status_is_ok(status) && program.first_commit != NULL)
        index_build_nothing(program.first_commit, program.contract);
    if (status_is_ok(status) && use == STORE_FOR_SERVE)
        status = index_build(program.store, program.contract, arena);
    if (!status_is_ok(status)) {
        program_close(&program);
        return status;
    }
    *ret_program = program;
    return status;
}

struct status program_keep_key(struct program *program, struct arena *arena)
{
    const char *new_key = program->new_key;

    program->new_key = NULL; /* the store has it: it stays, whatever happens */
    return new_key == NULL ? status_ok() : key_file_move(new_key, program->key_file, arena);
}

void program_close(struct program *program)
{
    crypto_wipe(program->page_key, sizeof(program->page_key));
    crypto_wipe(program->csrf_key, sizeof(program->csrf_key));
    crypto_wipe(program->replay_key, sizeof(program->replay_key));
    crypto_wipe(&program->secret_keys, sizeof(program->secret_keys));
    if (program->new_key != NULL) /* while the store is open: nobody else has a file of that name */
        unlink(program->new_key);
    program->new_key = NULL;
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
