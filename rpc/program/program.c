/* Opening what every subcommand works on. */
#include "rpc/program/program.h"

#include <assert.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto/wipe.h"
#include "base/log.h"
#include "proto/contract/embedded.h"
#include "rpc/call/observers.h"
#include "rpc/call/time_floor.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/program/store_keys.h"
#include "rpc/services/index_build.h"
#include "rpc/services/services.h"

/* Of the message of a store that cannot be opened, and what reading its families takes. */
#define OPENING_BYTES_MOST ((size_t)64 << 20)

int program__fail(struct status status)
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
 * The opening of a store, on a thread of its own while the contract is loaded: they need nothing of
 * each other, and are most of the time until a server is ready.
 */
struct opening {
    struct store_options options;
    struct arena arena; /* the message of the status */
    struct store *store;
    struct status status;
    pthread_t thread;
    bool is_thread;
};

static void *store_open(void *context)
{
    struct opening *opening = context;

    assert(opening->store == NULL);
    opening->status = store_open_rocksdb(&opening->options, &opening->arena, &opening->store);
    return NULL;
}

/* Without a thread it is opened at once. */
static void opening_begin(struct opening *opening, const struct options *options,
                          const struct program *program, bool read_only,
                          struct observers *observers)
{
    *opening = (struct opening){
        .options =
            {
                .directory = options->data_dir,
                .create = program->create,
                .read_only = read_only,
                .block_cache_bytes = (size_t)options->settings.block_cache_mib << 20,
                .row_cache_bytes = (size_t)options->settings.row_cache_mib << 20,
                .now_ms = time_floor_believed_ms,
                .observer = observers_observe,
                .observer_context = observers,
            },
    };
    arena_init(&opening->arena, NULL, OPENING_BYTES_MOST);
    opening->is_thread = pthread_create(&opening->thread, NULL, store_open, opening) == 0;
    if (!opening->is_thread)
        store_open(opening);
}

/* Waits for it. The message moves to `arena`. */
static struct status opening_end(struct opening *opening, struct arena *arena,
                                 struct store **ret_store)
{
    struct status status;

    if (opening->is_thread)
        pthread_join(opening->thread, NULL);
    status = opening->status;
    status.message = arena_copy(arena, status.message);
    arena_done(&opening->arena);
    *ret_store = opening->store;
    return status;
}

struct status program__choose_engine(struct program *program, const struct options *options,
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

/* A store that gets its organization later begins with its keys. */
static struct status store_begin(struct program *program, struct arena *arena)
{
    struct commit *commit = program->first_commit;

    if (arena_failed(arena))
        return status_out_of_memory();
    assert(!commit_is_empty(commit));
    if (store_commit_wait(program->store, commit) != COMMIT_DONE)
        return status_const(STATUS_UNAVAILABLE, SLICE("The store could not write its keys."));
    program->first_commit = NULL;
    return program__keep_key(program, arena);
}

/* What needs the store and the contract: identities and news, which hear of its commits. */
static struct status observers_make(struct program *program, struct observers *observers)
{
    program->identities = identity_registry_new(program->contract);
    program->news = news_new();
    *observers = (struct observers){program->identities, program->news};
    return program->identities == NULL || program->news == NULL ? status_out_of_memory()
                                                                : status_ok();
}

/* Loads the contract and opens the store, at once. No commit is before the observers are made. */
static struct status load_and_open(struct program *program, const struct options *options,
                                   enum store_use use, struct arena *arena)
{
    struct observers *observers = arena_zalloc(arena, sizeof(*observers));
    struct opening opening;
    struct status loaded;
    struct status status;

    if (observers == NULL)
        return status_out_of_memory();
    opening_begin(&opening, options, program, use == STORE_OFFLINE, observers);
    loaded = contract_load(embedded_contract(), arena, &program->contract);
    status = opening_end(&opening, arena, &program->store);
    if (status.code == STATUS_NOT_FOUND && use == STORE_FOR_SETUP && !program->create) {
        program->create = true; /* a first start was killed before it wrote anything */
        opening_begin(&opening, options, program, false, observers);
        status = opening_end(&opening, arena, &program->store);
    }
    if (!status_is_ok(loaded))
        return loaded;
    return status_is_ok(status) ? observers_make(program, observers) : status;
}

struct status program__open(const struct options *options, enum store_use use, struct arena *arena,
                            struct program *ret_program)
{
    struct program program = {0};
    struct status status = status_ok();

    umask(S_IRWXG | S_IRWXO); /* whatever is created beside a store is for nobody else */
    if (options->data_dir == NULL)
        return status_const(STATUS_INVALID_ARGUMENT, SLICE("The flag --data-dir is required."));
    services_register_kinds();
    program.create = use == STORE_FOR_INIT ||
                     (use == STORE_FOR_SETUP && store_may_begin_rocksdb(options->data_dir));
    if (!program.create)
        status = store_require_rocksdb(arena, options->data_dir);
    if (status_is_ok(status))
        status = store_keys__check_file(options, arena);
    if (!status_is_ok(status))
        return status;
    status = load_and_open(&program, options, use, arena);
    if (status_is_ok(status))
        status = store_keys__open(&program, options, use, arena);
    if (status_is_ok(status) && program.first_commit != NULL)
        index_build_nothing(program.first_commit, program.contract);
    if (status_is_ok(status) && program.first_commit != NULL && use == STORE_FOR_SETUP)
        status = store_begin(&program, arena);
    if (status_is_ok(status) && (use == STORE_FOR_SERVE || use == STORE_FOR_SETUP))
        status = index_build(program.store, program.contract, arena);
    if (!status_is_ok(status)) {
        program__close(&program);
        return status;
    }
    *ret_program = program;
    return status;
}

struct status program__keep_key(struct program *program, struct arena *arena)
{
    const char *new_key = program->new_key;

    program->new_key = NULL; /* the store has it: it stays, whatever happens */
    return new_key == NULL ? status_ok() : key_file__move(new_key, program->key_file, arena);
}

void program__close(struct program *program)
{
    crypto_wipe(program->page_key, sizeof(program->page_key));
    crypto_wipe(program->csrf_key, sizeof(program->csrf_key));
    crypto_wipe(program->replay_key, sizeof(program->replay_key));
    crypto_wipe(&program->secret_keys, sizeof(program->secret_keys));
    crypto_wipe(&program->wrapping, sizeof(program->wrapping));
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
