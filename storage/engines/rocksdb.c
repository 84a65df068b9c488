/*
 * The embedded engine: RocksDB, a column family for each of STORE_FAMILIES.
 *
 * Reads come from any number of threads and take no lock of ours; only the committer's thread
 * writes. `meta` holds the format of the layouts, the version of the folding table and the newest
 * revision; a store of another format or with families that we do not know is left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache_size.h"
#include "base/crypto/wipe.h"
#include "base/folder.h"
#include "base/log.h"
#include "storage/bytes.h"
#include "storage/commit.h"
#include "storage/engines/rocksdb.h"
#include "storage/engines/rocksdb_batch.h"
#include "storage/engines/rocksdb_files.h"
#include "storage/engines/rocksdb_many.h"
#include "storage/engines/rocksdb_options.h"
#include "storage/engines/rocksdb_repeats.h"
#include "storage/engines/row_cache.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store_internal.h"

struct rocksdb_store {
    struct store store;
    rocksdb_t *database;
    rocksdb_column_family_handle_t *unnamed; /* RocksDB's "default", which it insists on */
    /* NULL for one that a store opened read-only does not have: it is empty. */
    rocksdb_column_family_handle_t *families[FAMILIES];
    rocksdb_readoptions_t *read_options;   /* of points; constant, shared by all threads */
    rocksdb_writeoptions_t *write_options; /* synced */
    struct rocksdb_batch batch;            /* the committer's */
    struct row_cache *rows;                /* NULL: none */
    struct rocksdb_repeats *repeats; /* FAMILY_IDEMPOTENCY; NULL where none can be asked for */
    struct committer *committer;
    atomic_bool
        is_full; /* written by the committer's thread, read by any: a write found no space */
    int lock;    /* the file that is locked while the store is open read-only, or -1 */
};

static struct rocksdb_store *of(struct store *store)
{
    return (struct rocksdb_store *)store;
}

/* RocksDB counts each comparison of keys for its statistics unless a thread tells it not to. */
static void settle_thread(void)
{
    static _Thread_local bool settled;

    if (!settled)
        rocksdb_set_perf_level(rocksdb_disable);
    settled = true;
}

/* -- reading ------------------------------------------------------------------------------- */

/* The cache of rows of a family; NULL: none. */
static struct row_cache *rows_of(const struct rocksdb_store *r, enum store_family family)
{
    return rocksdb__is_cached(family) ? r->rows : NULL;
}

static enum store_found engine_get(struct store_view *view, enum store_family family,
                                   struct slice key, struct slice *ret_value)
{
    struct rocksdb_store *r = of(view->store);
    struct row_cache *rows = rows_of(r, family);
    struct row_ticket ticket = {0};
    rocksdb_pinnableslice_t *pinned;
    struct slice value;
    char *error = NULL;
    const char *data;
    size_t len;

    if (r->families[family] == NULL)
        return STORE_ABSENT;
    settle_thread();
    assert(family != FAMILY_IDEMPOTENCY || r->repeats != NULL); /* no offline tool asks for them */
    if (family == FAMILY_IDEMPOTENCY)
        return rocksdb__repeats_get(r->repeats, view->arena, key, ret_value);
    if (rows != NULL && row_cache__find(rows, view->arena, family, key, &value, &ticket)) {
        if (arena_failed(view->arena))
            return STORE_FAILED;
        *ret_value = value;
        return STORE_FOUND;
    }
    pinned = rocksdb_get_pinned_cf(r->database, r->read_options, r->families[family], key.data,
                                   key.len, &error);
    if (rocksdb__take_error("read of a key", &error))
        return STORE_FAILED;
    if (pinned == NULL)
        return STORE_ABSENT;
    data = rocksdb_pinnableslice_value(pinned, &len);
    value = arena_copy(view->arena, slice_make(data, len));
    rocksdb_pinnableslice_destroy(pinned);
    if (arena_failed(view->arena))
        return STORE_FAILED;
    if (rows != NULL)
        row_cache__keep(rows, &ticket, family, key, value);
    *ret_value = value;
    return STORE_FOUND;
}

/* Nothing else is ever missed. */
static void engine_fetch(struct store_view *view, void (*done)(void *context), void *context)
{
    rocksdb__repeats_fetch(of(view->store)->repeats, view->arena, done, context);
}

static enum store_found engine_get_many(struct store_view *view, enum store_family family,
                                        const struct slice *keys, size_t count, size_t most,
                                        struct slice *ret_values, size_t *ret_count)
{
    struct rocksdb_store *r = of(view->store);
    const struct rocksdb_source source = {family, r->database, r->families[family], r->read_options,
                                          rows_of(r, family)};

    if (source.family == NULL) { /* all are absent */
        for (size_t i = 0; i < count; i++)
            ret_values[i] = SLICE_EMPTY;
        *ret_count = count;
        return STORE_FOUND;
    }
    settle_thread();
    return rocksdb__read_many(view->arena, &source, keys, count, most, ret_values, ret_count);
}

static void copy_to(char *to, struct slice bytes, struct slice *ret_copy)
{
    if (bytes.len > 0)
        memcpy(to, bytes.data, bytes.len);
    to[bytes.len] = '\0';
    *ret_copy = slice_make(to, bytes.len);
}

/* Appends the iterator's row; the array doubles, so that a short scan costs little. */
static bool add_row(struct arena *arena, struct store_rows *rows, size_t *capacity,
                    const rocksdb_iterator_t *iterator)
{
    struct slice key;
    struct slice value;
    char *copy;

    if (rows->count == *capacity) {
        size_t larger = *capacity == 0 ? 16 : *capacity * 2;
        struct store_row *grown = arena_alloc(arena, larger * sizeof(*grown));

        if (grown == NULL)
            return false;
        if (rows->count > 0)
            memcpy(grown, rows->rows, rows->count * sizeof(*grown));
        rows->rows = grown;
        *capacity = larger;
    }
    key.data = rocksdb_iter_key(iterator, &key.len);
    value.data = rocksdb_iter_value(iterator, &value.len);
    copy = arena_alloc(arena, key.len + value.len + 2); /* each with a NUL after it */
    if (copy == NULL)
        return false;
    copy_to(copy, key, &rows->rows[rows->count].key);
    copy_to(copy + key.len + 1, value, &rows->rows[rows->count].value);
    rows->count++;
    return true;
}

/* Reads from where the iterator stands. */
static enum store_found collect(struct arena *arena, rocksdb_iterator_t *iterator, bool reverse,
                                size_t limit, struct store_rows *ret_rows)
{
    struct store_rows rows = {0};
    size_t capacity = 0;
    size_t bytes = 0;
    char *error = NULL;

    for (; rows.count < limit && bytes <= STORE_SCAN_BYTES_MOST && rocksdb_iter_valid(iterator);
         reverse ? rocksdb_iter_prev(iterator) : rocksdb_iter_next(iterator)) {
        if (!add_row(arena, &rows, &capacity, iterator))
            return STORE_FAILED;
        bytes += rows.rows[rows.count - 1].value.len;
    }
    rows.more = rocksdb_iter_valid(iterator);
    rocksdb_iter_get_error(iterator, &error);
    if (rocksdb__take_error("scan", &error))
        return STORE_FAILED;
    *ret_rows = rows;
    return STORE_FOUND;
}

static enum store_found engine_scan(struct store_view *view, enum store_family family,
                                    struct slice from, struct slice to, bool reverse, size_t limit,
                                    struct store_rows *ret_rows)
{
    struct rocksdb_store *r = of(view->store);
    rocksdb_readoptions_t *bounds;
    rocksdb_iterator_t *iterator;
    enum store_found found;

    if (r->families[family] == NULL || (to.len > 0 && slice_compare(from, to) >= 0)) {
        *ret_rows = (struct store_rows){0};
        return STORE_FOUND;
    }
    settle_thread();
    /* The iterator points into its options, so that a scan needs some of its own. */
    bounds = rocksdb_readoptions_create();
    /* No range is ever deleted as one (scripts/check-style refuses it): nobody need look for it. */
    rocksdb_readoptions_set_ignore_range_deletions(bounds, 1);
    rocksdb_readoptions_set_iterate_lower_bound(bounds, from.data, from.len);
    if (to.len > 0)
        rocksdb_readoptions_set_iterate_upper_bound(bounds, to.data, to.len);
    iterator = rocksdb_create_iterator_cf(r->database, bounds, r->families[family]);
    if (reverse)
        rocksdb_iter_seek_to_last(iterator);
    else
        rocksdb_iter_seek_to_first(iterator);
    found = collect(view->arena, iterator, reverse, limit, ret_rows);
    rocksdb_iter_destroy(iterator);
    rocksdb_readoptions_destroy(bounds);
    return found;
}

/* -- writing ------------------------------------------------------------------------------- */

/* Nobody finds the row as it was once it is written. */
static void begin_change(struct rocksdb_store *r, enum store_family family, struct slice key)
{
    struct row_cache *rows = rows_of(r, family);

    if (rows != NULL)
        row_cache__begin_change(rows, family, key);
}

/* What was to change is as it will be: written, or left as it was. */
static void end_changes(struct rocksdb_store *r)
{
    if (r->rows != NULL)
        row_cache__end_changes(r->rows);
}

static void batch_put(struct store *store, enum store_family family, struct slice key,
                      uint64_t revision, struct slice first, struct slice second)
{
    struct rocksdb_store *r = of(store);
    char header[RECORD_HEADER_LEN];
    const struct slice value[] = {slice_make(header, sizeof(header)), first, second};

    if (family == FAMILY_IDEMPOTENCY) {
        rocksdb__repeats_put(r->repeats, key, revision, first, second);
        return;
    }
    begin_change(r, family, key);
    record_write_header((uint8_t *)header, revision);
    rocksdb__batch_put(&r->batch, r->families[family], key, value, 3);
}

static void batch_remove(struct store *store, enum store_family family, struct slice key)
{
    struct rocksdb_store *r = of(store);

    if (family == FAMILY_IDEMPOTENCY)
        rocksdb__repeats_forget(r->repeats, key);
    begin_change(r, family, key);
    rocksdb__batch_remove(&r->batch, r->families[family], key);
}

/* RocksDB tells the cause by the system's words alone: ENOSPC, EDQUOT, EFBIG. */
static bool says_full(const char *error)
{
    return strstr(error, "No space left") != NULL || strstr(error, "quota exceeded") != NULL ||
           strstr(error, "File too large") != NULL;
}

static bool batch_write(struct store *store)
{
    struct rocksdb_store *r = of(store);
    bool is_whole = r->repeats == NULL || rocksdb__repeats_end(r->repeats, &r->batch);
    rocksdb_writebatch_t *batch = rocksdb__batch_take(&r->batch);
    char *error = NULL;

    if (batch != NULL && !is_whole) {
        rocksdb_writebatch_destroy(batch);
        batch = NULL;
    }
    if (batch == NULL) {
        store_log_error("write", "there is no memory for the batch");
        end_changes(r);
        return false;
    }
    settle_thread();
    rocksdb_write(r->database, r->write_options, batch, &error);
    rocksdb_writebatch_destroy(batch);
    end_changes(r);
    if (error != NULL && says_full(error))
        atomic_store(&r->is_full, true);
    return !rocksdb__take_error("write", &error);
}

static const struct batch_writer writer = {batch_put, batch_remove, batch_write};

static void engine_commit(struct store *store, const struct commit_queue *queue)
{
    committer_submit(of(store)->committer, queue);
}

static uint64_t engine_revision(struct store *store)
{
    return committer_revision(of(store)->committer);
}

static size_t engine_repeats(struct store *store)
{
    return rocksdb__repeats_count(of(store)->repeats);
}

static const char *engine_read_only_reason(struct store *store)
{
    struct rocksdb_store *r = of(store);

    if (!committer_is_read_only(r->committer))
        return NULL;
    if (atomic_load(&r->is_full))
        return "The disk of the store is full. Make room, then restart the server.";
    return "A write to the store failed. See the log for the cause, then restart the server.";
}

/* What is in memory goes to tables: else the next opening would replay it from the log. */
static void flush(struct rocksdb_store *r)
{
    rocksdb_flushoptions_t *flushing = rocksdb_flushoptions_create();
    bool flushed = true;

    for (size_t i = 0; i < FAMILIES && flushed; i++) {
        char *error = NULL;

        rocksdb_flush_cf(r->database, flushing, r->families[i], &error);
        flushed = !rocksdb__take_error("flush", &error); /* the log has it all the same */
    }
    rocksdb_flushoptions_destroy(flushing);
}

/* Releases what there is, in the order that RocksDB asks for: handles, then the database. */
static void engine_close(struct store *store)
{
    struct rocksdb_store *r = of(store);

    if (r->committer != NULL && committer_stop(r->committer))
        flush(r);
    rocksdb__repeats_stop(r->repeats);
    for (size_t i = 0; i < FAMILIES; i++)
        if (r->families[i] != NULL)
            rocksdb_column_family_handle_destroy(r->families[i]);
    if (r->unnamed != NULL)
        rocksdb_column_family_handle_destroy(r->unnamed);
    if (r->database != NULL)
        rocksdb_close(r->database);
    rocksdb__batch_done(&r->batch);
    rocksdb_writeoptions_destroy(r->write_options);
    rocksdb_readoptions_destroy(r->read_options);
    row_cache__free(r->rows);
    if (r->lock >= 0)
        close(r->lock);
    crypto_wipe(r->store.audit_key, sizeof(r->store.audit_key));
    free(r);
}

static const struct store_engine engine = {
    .view_size = sizeof(struct store_view),
    .get = engine_get,
    .get_many = engine_get_many,
    .scan = engine_scan,
    .fetch = engine_fetch,
    .commit = engine_commit,
    .revision = engine_revision,
    .repeats = engine_repeats,
    .read_only_reason = engine_read_only_reason,
    .close = engine_close,
};

/* -- opening ------------------------------------------------------------------------------- */

#define UNNAMED "default"

/* The families that the files hold, as indexes into STORE_FAMILIES. */
struct present {
    bool unnamed;
    bool families[FAMILIES];
};

static struct status newer_store(struct arena *arena, const char *what)
{
    return status_make(arena, STATUS_FAILED_PRECONDITION,
                       "The store was written by a newer version of datastreamd: %s.", what);
}

static struct status older_store(struct arena *arena, const char *directory, uint64_t format)
{
    return status_make(arena, STATUS_FAILED_PRECONDITION,
                       "The store in %s has format %llu, and this version of datastreamd reads "
                       "format %d: create a new store with \"datastreamd init\".",
                       directory, (unsigned long long)format, STORE_FORMAT);
}

static struct status no_store(struct arena *arena, const char *directory)
{
    return status_make(arena, STATUS_NOT_FOUND,
                       "There is no store in %s: create one with \"datastreamd init\".", directory);
}

static struct status store_in_use(struct arena *arena, const char *directory)
{
    return status_make(arena, STATUS_UNAVAILABLE, "The store in %s is in use by another process.",
                       directory);
}

/* Turns what RocksDB says of an opening into a status, and frees it. */
static struct status open_error(struct arena *arena, const char *directory, char *error)
{
    struct status status;
    uint64_t log;
    uint64_t offset;

    /* RocksDB tells a held lock from other I/O errors by its words alone. */
    if (strstr(error, "lock file") != NULL || strstr(error, "lock hold") != NULL)
        status = store_in_use(arena, directory);
    else if (strstr(error, "Corruption") != NULL &&
             rocksdb__find_damaged_log(directory, &log, &offset))
        status = status_make(arena, STATUS_DATA_LOSS,
                             "The store in %s cannot be opened: its log %06llu.log is damaged at "
                             "byte %llu (RocksDB: %s). Restore the data directory from a backup.",
                             directory, (unsigned long long)log, (unsigned long long)offset, error);
    else
        status = status_make(arena, STATUS_INTERNAL, "The store in %s cannot be opened: %s.",
                             directory, error);
    rocksdb_free(error);
    return status;
}

/* RocksDB would open what is left, without what was answered as durable. */
static struct status check_newest_log(struct arena *arena, const char *directory)
{
    uint64_t log;

    if (!rocksdb__newest_log_is_missing(directory, &log))
        return status_ok();
    return status_make(arena, STATUS_DATA_LOSS,
                       "The store in %s cannot be opened: its newest log, %06llu.log or a later "
                       "one, is missing. Put it back, or restore the data directory from a backup.",
                       directory, (unsigned long long)log);
}

/* Whether RocksDB has made a database there: then there is a file CURRENT. */
static bool exists(struct arena *arena, const char *directory)
{
    struct slice path = arena_printf(arena, "%s/CURRENT", directory);

    return !arena_failed(arena) && access(path.data, F_OK) == 0;
}

/*
 * Shares the database's lock, which a writer takes alone: RocksDB does not when it opens one
 * read-only, and a writer would pull files away from under the reader. This process must not have
 * the database open: closing the file gives up what locks it holds on it. False when a writer has
 * it; *ret_file is -1 where there is no lock.
 */
static bool share_lock(struct arena *arena, const char *directory, int *ret_file)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    struct slice path = arena_printf(arena, "%s/LOCK", directory);
    int file = arena_failed(arena) ? -1 : open(path.data, O_RDONLY | O_CLOEXEC);

    *ret_file = -1;
    if (file < 0)
        return true;
    if (fcntl(file, F_SETLK, &lock) != 0) {
        close(file);
        return false;
    }
    *ret_file = file;
    return true;
}

static void note_family(struct present *present, const char *name, const char **ret_unknown)
{
    if (strcmp(name, UNNAMED) == 0) {
        present->unnamed = true;
        return;
    }
    for (size_t i = 0; i < FAMILIES; i++)
        if (strcmp(name, store_family_name((enum store_family)i)) == 0) {
            present->families[i] = true;
            return;
        }
    *ret_unknown = name;
}

/* Lists the families; a store with one that we do not know is newer than we are. */
static struct status list_families(struct arena *arena, const struct store_options *options,
                                   const rocksdb_options_t *database, struct present *present)
{
    const char *unknown = NULL;
    char *error = NULL;
    size_t count = 0;
    char **names;
    struct status status = status_ok();

    names = rocksdb_list_column_families(database, options->directory, &count, &error);
    if (error != NULL)
        status = open_error(arena, options->directory, error);
    for (size_t i = 0; i < count; i++)
        note_family(present, names[i], &unknown);
    if (unknown != NULL)
        status = status_make(arena, STATUS_FAILED_PRECONDITION,
                             "The store was written by a newer version of datastreamd: it holds "
                             "\"%s\".",
                             unknown);
    rocksdb_list_column_families_destroy(names, count);
    return status;
}

/* Opens the database with the families that are there or, where it may write, with all. */
static struct status open_database(struct rocksdb_store *r, struct arena *arena,
                                   const struct store_options *options,
                                   const struct rocksdb_tuning *tuning,
                                   const struct present *present)
{
    const char *names[FAMILIES + 1] = {UNNAMED};
    const rocksdb_options_t *family_options[FAMILIES + 1] = {tuning->families[FAMILY_META]};
    rocksdb_column_family_handle_t *handles[FAMILIES + 1] = {NULL};
    rocksdb_column_family_handle_t **slots[FAMILIES + 1] = {&r->unnamed};
    char *error = NULL;
    int count = 1;

    for (size_t i = 0; i < FAMILIES; i++) {
        if (options->read_only && !present->families[i])
            continue;
        names[count] = store_family_name((enum store_family)i);
        family_options[count] = tuning->families[i];
        slots[count++] = &r->families[i];
    }
    if (options->read_only)
        r->database = rocksdb_open_for_read_only_column_families(
            tuning->database, options->directory, count, names, family_options, handles, 0, &error);
    else
        r->database = rocksdb_open_column_families(tuning->database, options->directory, count,
                                                   names, family_options, handles, &error);
    if (error != NULL) {
        r->database = NULL;
        return open_error(arena, options->directory, error);
    }
    for (int i = 0; i < count; i++)
        *slots[i] = handles[i];
    return status_ok();
}

enum meta { META_READ, META_MISSING, META_UNREADABLE };

static enum meta read_meta(struct rocksdb_store *r, struct arena *arena, struct slice name,
                           uint64_t *ret_number)
{
    struct store_view view = {.store = &r->store, .arena = arena};
    struct slice value;

    switch (engine_get(&view, FAMILY_META, name, &value)) {
    case STORE_FOUND:
        return store_parse_u64(value, ret_number) ? META_READ : META_UNREADABLE;
    case STORE_ABSENT:
        return META_MISSING;
    default:
        return META_UNREADABLE;
    }
}

static void put_meta(struct rocksdb_store *r, struct slice name, uint64_t number)
{
    char body[8];

    bytes_put_u64(body, number);
    batch_put(&r->store, FAMILY_META, name, 0, slice_make(body, sizeof(body)), SLICE_EMPTY);
}

/* Writes what a new store begins with. */
static struct status begin_store(struct rocksdb_store *r, struct arena *arena)
{
    put_meta(r, SLICE("format"), STORE_FORMAT);
    put_meta(r, SLICE("fold"), KEY_FOLD_VERSION);
    put_meta(r, SLICE("revision"), 0);
    if (!batch_write(&r->store))
        return status_make(arena, STATUS_INTERNAL, "The new store cannot be written.");
    return status_ok();
}

/* Checks that the store is of our format, or begins it where nothing was ever written. */
static struct status check_meta(struct rocksdb_store *r, struct arena *arena,
                                const struct store_options *options, uint64_t *ret_revision)
{
    uint64_t format = 0;
    uint64_t fold = 0;
    enum meta found = read_meta(r, arena, SLICE("format"), &format);

    if (found == META_MISSING && rocksdb_get_latest_sequence_number(r->database) == 0) {
        if (!options->create || options->read_only)
            return no_store(arena, options->directory);
        *ret_revision = 0;
        return begin_store(r, arena);
    }
    if (found != META_READ)
        return newer_store(arena, "its format number cannot be read");
    if (format < STORE_FORMAT)
        return older_store(arena, options->directory, format);
    if (format > STORE_FORMAT)
        return newer_store(arena, "its format is not the one that this version knows");
    if (read_meta(r, arena, SLICE("fold"), &fold) != META_READ || fold != KEY_FOLD_VERSION)
        return newer_store(arena, "its names are folded by another table");
    if (read_meta(r, arena, SLICE("revision"), ret_revision) != META_READ)
        return status_make(arena, STATUS_DATA_LOSS, "The store's revision cannot be read.");
    return status_ok();
}

static struct status open_with(struct rocksdb_store *r, struct arena *arena,
                               const struct store_options *options,
                               const struct rocksdb_tuning *tuning)
{
    struct present present = {0};
    struct committer_options committing = {
        .store = &r->store,
        .writer = &writer,
        .now_ms = options->now_ms,
        .read_only = options->read_only,
        .observer = options->observer,
        .observer_context = options->observer_context,
    };
    struct status status = status_ok();

    if (exists(arena, options->directory))
        status = check_newest_log(arena, options->directory);
    if (status_is_ok(status) && exists(arena, options->directory))
        status = list_families(arena, options, tuning->database, &present);
    if (status_is_ok(status))
        status = open_database(r, arena, options, tuning, &present);
    if (status_is_ok(status))
        status = check_meta(r, arena, options, &committing.revision);
    if (!status_is_ok(status))
        return status;
    if (!options->read_only) {
        r->repeats = rocksdb__repeats_start(r->database, r->families[FAMILY_IDEMPOTENCY], r->rows);
        if (r->repeats == NULL)
            return status_out_of_memory();
    }
    r->committer = committer_start(&committing);
    return r->committer == NULL ? status_out_of_memory() : status_ok();
}

/* Makes the folder where it is missing, before RocksDB does: what is inside is for nobody else. */
static struct status make_folder(struct arena *arena, const char *directory)
{
    if (mkdir(directory, 0700) != 0)
        return errno == EEXIST
                   ? status_ok()
                   : status_make(arena, STATUS_INTERNAL, "The directory %s cannot be created: %s.",
                                 directory, strerror(errno));
    if (!folder_sync_above(directory))
        return status_make(arena, STATUS_INTERNAL,
                           "The directory that contains %s cannot be synced: %s.", directory,
                           strerror(errno));
    return status_ok();
}

/*
 * A store that others could read is closed to them, and somebody may want to know that it was open.
 */
static struct status keep_private(struct arena *arena, const char *directory)
{
    bool was_open = false;

    if (!folder_make_private(directory, &was_open))
        return status_make(
            arena, STATUS_FAILED_PRECONDITION,
            "The data directory %s cannot be kept private: %s. The directory must belong "
            "to the user that runs datastreamd.",
            directory, strerror(errno));
    if (was_open)
        log_event(LOG_WARNING, "store.private", LOG_CSTR("directory", directory),
                  LOG_CSTR("detail",
                           "Other users could enter the data directory; now its mode lets "
                           "in its owner alone."));
    return status_ok();
}

/* An open database is the only user of what this holds except its tuning. */
static struct rocksdb_store *store_new(const struct store_options *options, int lock)
{
    struct rocksdb_store *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->store.engine = &engine;
    r->lock = lock;
    r->read_options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_ignore_range_deletions(r->read_options, 1); /* as in engine_scan */
    r->write_options = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(r->write_options, 1);
    /* Of offline tools no row is asked for twice. */
    if (!options->read_only)
        r->rows = row_cache__make(cache_size(options->row_cache_bytes));
    return r;
}

struct status store_require_rocksdb(struct arena *arena, const char *directory)
{
    if (exists(arena, directory))
        return status_ok();
    if (arena_failed(arena))
        return status_out_of_memory();
    return errno == ENOENT || errno == ENOTDIR ? no_store(arena, directory) : status_ok();
}

bool store_may_begin_rocksdb(const char *directory)
{
    /* A fresh file system has a "lost+found"; the rest is there before CURRENT is. */
    static const char *const patterns[] = {"lost+found", "LOCK",       "IDENTITY",
                                           "LOG*",       "MANIFEST-*", "OPTIONS-*",
                                           "*.dbtmp",    "*.log",      NULL};

    return folder_has_only(directory, patterns);
}

struct status store_open_rocksdb(const struct store_options *options, struct arena *arena,
                                 struct store **ret_store)
{
    struct status status = status_ok();
    struct rocksdb_tuning tuning;
    struct rocksdb_store *r;
    int lock = -1;

    if (options->read_only && !share_lock(arena, options->directory, &lock))
        return store_in_use(arena, options->directory);
    r = store_new(options, lock);
    if (r == NULL) {
        if (lock >= 0)
            close(lock);
        return status_out_of_memory();
    }
    if (!exists(arena, options->directory))
        status = options->create && !options->read_only ? make_folder(arena, options->directory)
                                                        : no_store(arena, options->directory);
    if (status_is_ok(status))
        status = keep_private(arena, options->directory);
    if (status_is_ok(status) && !rocksdb__tuning_init(&tuning, options))
        status = status_make(arena, STATUS_INTERNAL, "RocksDB refuses the store's options.");
    else if (status_is_ok(status)) {
        status = open_with(r, arena, options, &tuning);
        rocksdb__tuning_done(&tuning);
    }
    if (!status_is_ok(status)) {
        engine_close(&r->store);
        return status;
    }
    *ret_store = &r->store;
    return status_ok();
}
