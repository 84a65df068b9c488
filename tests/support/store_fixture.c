/* See store_fixture.h. */
#include "tests/support/store_fixture.h"

#include "tests/support/scratch.h"

/* Whether the folder is there and without a store, so that opening it would create one. */
static bool fixture_is_empty(const struct fixture *f)
{
    char current[96];

    snprintf(current, sizeof(current), "%s/CURRENT", f->directory);
    return f->options.create && access(f->directory, F_OK) == 0 && access(current, F_OK) != 0;
}

void fixture_open(struct fixture *f)
{
    struct status status;
    uint8_t audit_key[32];

    if (fixture_is_empty(f))
        template_copy(f->directory, &f->arena);
    status = store_open_rocksdb(&f->options, &f->arena, &f->store);
    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
    memset(audit_key, 0x5a, sizeof(audit_key));
    store_set_audit_key(f->store, audit_key);
#ifdef DATASTREAM_FAULTS
    if (f->late)
        f->store = store_wrap_late(f->store, 7);
#endif
}

/* The default, unless a run of the test asks for another one. */
static size_t fixture_row_cache_bytes(void)
{
    const char *text = getenv("ROW_CACHE_BYTES");

    return text == NULL ? (size_t)64 << 20 : strtoul(text, NULL, 10);
}

void fixture_make(struct fixture *f, bool late)
{
    *f = (struct fixture){.late = late};
    assert_true(scratch_make("store", f->directory, sizeof(f->directory)));
    f->options = (struct store_options){.directory = f->directory,
                                        .create = true,
                                        .block_cache_bytes = 1 << 20,
                                        .row_cache_bytes = fixture_row_cache_bytes()};
    arena_init(&f->arena, NULL, FIXTURE_ARENA);
}

void fixture_start(struct fixture *f, bool late)
{
    fixture_make(f, late);
    fixture_open(f);
}

void fixture_reopen(struct fixture *f)
{
    store_close(f->store);
    fixture_open(f);
}

static int fixture_remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void fixture_end(struct fixture *f)
{
    if (f->store != NULL)
        store_close(f->store);
    arena_done(&f->arena);
    assert_int_equal(nftw(f->directory, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* -- waiting ------------------------------------------------------------------------------- */

void signal_raise(void *context)
{
    struct signal *signal = context;

    pthread_mutex_lock(&signal->mutex);
    signal->count++;
    pthread_cond_signal(&signal->cond);
    pthread_mutex_unlock(&signal->mutex);
}

void signal_wait(struct signal *signal, int count)
{
    pthread_mutex_lock(&signal->mutex);
    while (signal->count < count)
        pthread_cond_wait(&signal->cond, &signal->mutex);
    pthread_mutex_unlock(&signal->mutex);
}

void fetch_and_wait(struct store_view *view)
{
    struct signal signal = SIGNAL_INIT;

    assert_true(store_view_missed(view));
    store_fetch(view, signal_raise, &signal);
    signal_wait(&signal, 1);
    assert_false(store_view_missed(view));
}

/* -- reading as a handler does ------------------------------------------------------------- */

enum store_found read_in(struct store *store, struct arena *arena, enum store_family family,
                         struct slice key, struct slice *ret_value)
{
    struct store_view *view = store_view_open(store, arena);
    enum store_found found;

    while ((found = store_get(view, family, key, ret_value)) == STORE_AGAIN)
        fetch_and_wait(view);
    return found;
}

struct slice read_body(struct fixture *f, enum store_family family, struct slice key)
{
    struct record record;
    struct slice value;
    enum store_found found = read_in(f->store, &f->arena, family, key, &value);

    if (found == STORE_ABSENT)
        return slice_make(NULL, SIZE_MAX);
    assert_int_equal(found, STORE_FOUND);
    assert_true(record_parse(value, &record));
    return record.body;
}

bool is_there(struct fixture *f, enum store_family family, struct slice key)
{
    return read_body(f, family, key).len != SIZE_MAX;
}

uint64_t revision_of(struct fixture *f, enum store_family family, struct slice key)
{
    struct record record = {0};
    struct slice value;

    assert_int_equal(read_in(f->store, &f->arena, family, key, &value), STORE_FOUND);
    assert_true(record_parse(value, &record));
    return record.revision;
}

struct store_rows read_rows(struct fixture *f, enum store_family family, struct slice from,
                            struct slice to, bool reverse, size_t limit)
{
    struct store_view *view = store_view_open(f->store, &f->arena);
    struct store_rows rows = {0};
    enum store_found found;

    while ((found = store_scan(view, family, from, to, reverse, limit, &rows)) == STORE_AGAIN)
        fetch_and_wait(view);
    assert_int_equal(found, STORE_FOUND);
    return rows;
}

uint64_t read_count(struct fixture *f, struct slice counter)
{
    struct store_view *view = store_view_open(f->store, &f->arena);
    uint64_t count = 0;
    enum store_found found;

    while ((found = store_count(view, counter, &count)) == STORE_AGAIN)
        fetch_and_wait(view);
    assert_int_equal(found, STORE_FOUND);
    return count;
}

/* -- committing as a handler does ---------------------------------------------------------- */

enum commit_result commit_in(struct store *store, struct commit *commit)
{
    enum commit_result result = COMMIT_CONFLICT;

    for (int run = 0; run < RUNS_MOST && result == COMMIT_CONFLICT; run++)
        result = store_commit_wait(store, commit);
    return result;
}

void put(struct fixture *f, enum store_family family, struct slice key, struct slice body)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_put(&commit, family, key, body);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
}

void erase(struct fixture *f, enum store_family family, struct slice key)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_delete(&commit, family, key);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
}

void assert_slice_equal(struct slice got, struct slice wanted)
{
    if (!slice_equal(got, wanted))
        fail_msg("got \"%.*s\", wanted \"%.*s\"", SLICE_ARG(got), SLICE_ARG(wanted));
}

struct uuid uuid_of(uint8_t byte)
{
    struct uuid id;

    memset(id.bytes, byte, sizeof(id.bytes));
    return id;
}

/* -- behind the store's back --------------------------------------------------------------- */

void raw_put(const char *directory, const char *family, struct slice key, const char *value,
             size_t len)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_writeoptions_t *writing = rocksdb_writeoptions_create();
    rocksdb_column_family_handle_t *handles[FAMILIES + 1];
    const rocksdb_options_t *family_options[FAMILIES + 1];
    char *error = NULL;
    size_t count = 0;
    char **names = rocksdb_list_column_families(options, directory, &count, &error);
    rocksdb_column_family_handle_t *wanted = NULL;
    rocksdb_t *database;

    assert_null(error);
    assert_true(count <= FAMILIES + 1);
    for (size_t i = 0; i < count; i++)
        family_options[i] = options;
    database = rocksdb_open_column_families(options, directory, (int)count,
                                            (const char *const *)names, family_options, handles,
                                            &error);
    assert_null(error);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], family) == 0)
            wanted = handles[i];
    if (value != NULL)
        rocksdb_put_cf(database, writing, wanted, key.data, key.len, value, len, &error);
    else
        rocksdb_column_family_handle_destroy(
            rocksdb_create_column_family(database, options, family, &error));
    assert_null(error);
    for (size_t i = 0; i < count; i++)
        rocksdb_column_family_handle_destroy(handles[i]);
    rocksdb_list_column_families_destroy(names, count);
    rocksdb_close(database);
    rocksdb_writeoptions_destroy(writing);
    rocksdb_options_destroy(options);
}
