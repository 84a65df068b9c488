/*
 * The life of a row: the thread that writes notes it in the index, under the block of its batch,
 * then writes the block; the trimmer has the block removed, and its rows are forgotten just before.
 * So a row that is stored is always noted, and one that is noted may not be stored. The index's
 * locks, that of the cache of rows and the mutex here are never held together.
 */
#include "storage/engines/rocksdb_repeats.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/engines/repeat_index.h"
#include "storage/engines/rocksdb_options.h"
#include "storage/record.h"
#include "storage/repeats.h"
#include "storage/store_internal.h"

#define BLOCK_BYTES_FIRST ((size_t)4 << 10)

enum state { READING, READ, UNREADABLE };

/* In the arena of whoever waits. */
struct waiting {
    struct waiting *next;
    void (*done)(void *context);
    void *context;
};

struct rocksdb_repeats {
    rocksdb_t *database;
    rocksdb_column_family_handle_t *family;
    rocksdb_readoptions_t *read_options; /* constant, shared by all threads */
    struct repeat_index *index;
    struct row_cache *rows; /* NULL: none */

    pthread_t thread;
    rocksdb_readoptions_t *iterator_options;
    rocksdb_iterator_t *iterator; /* the thread's: of what was there before anything is written */
    atomic_bool stops;            /* read by the thread */
    _Atomic uint8_t state;        /* written by the thread under the mutex, read by any */
    pthread_mutex_t mutex;        /* guards the rest of this part */
    pthread_cond_t ended;
    struct waiting *waiting;

    /* The block of the batch: of the thread that writes. */
    uint64_t block; /* 0: none */
    char *bytes;
    size_t len;
    size_t capacity;
    bool failed; /* there was no memory for a row */
};

/* -- reading the blocks ----------------------------------------------------------------------- */

/* NULL, or why the rows of the block cannot be known. */
static const char *note_block(struct rocksdb_repeats *repeats, struct slice key, struct slice value)
{
    struct record record;
    struct repeat repeat;
    bool is_first;
    uint64_t block;

    if (!repeat_block_number(key, &block) || !record_parse(value, &record))
        return "a block is unreadable: see datastreamd check";
    while (repeat_next(&record.body, &repeat))
        if (!repeat_index__add(repeats->index, repeat.hash, block, &is_first))
            return "there is no memory";
    return record.body.len == 0 ? NULL : "a block is unreadable: see datastreamd check";
}

/* Notes all rows; false when it was told to stop, or could not read or keep all. */
static bool read_blocks(struct rocksdb_repeats *repeats)
{
    rocksdb_iterator_t *iterator = repeats->iterator;
    const char *reason = NULL;
    char *error = NULL;

    rocksdb_iter_seek_to_first(iterator);
    while (reason == NULL && rocksdb_iter_valid(iterator) && !atomic_load(&repeats->stops)) {
        struct slice value;
        struct slice key;

        key.data = rocksdb_iter_key(iterator, &key.len);
        value.data = rocksdb_iter_value(iterator, &value.len);
        reason = note_block(repeats, key, value);
        rocksdb_iter_next(iterator);
    }
    rocksdb_iter_get_error(iterator, &error);
    if (reason != NULL)
        store_log_error("reading of idempotency keys", reason);
    return !rocksdb__take_error("reading of idempotency keys", &error) && reason == NULL &&
           !atomic_load(&repeats->stops);
}

static void *run(void *context)
{
    struct rocksdb_repeats *repeats = context;
    bool done = read_blocks(repeats);
    struct waiting *waiting;

    rocksdb_iter_destroy(repeats->iterator); /* it keeps files and memory from going */
    repeats->iterator = NULL;
    pthread_mutex_lock(&repeats->mutex);
    atomic_store(&repeats->state, done ? READ : UNREADABLE);
    waiting = repeats->waiting;
    repeats->waiting = NULL;
    pthread_cond_broadcast(&repeats->ended);
    pthread_mutex_unlock(&repeats->mutex);
    while (waiting != NULL) {
        struct waiting *next = waiting->next; /* whoever waits may free its arena when it is told */

        waiting->done(waiting->context);
        waiting = next;
    }
    return NULL;
}

/* The thread has ended, or never began. */
static void release(struct rocksdb_repeats *repeats)
{
    repeat_index__free(repeats->index);
    if (repeats->iterator != NULL)
        rocksdb_iter_destroy(repeats->iterator);
    rocksdb_readoptions_destroy(repeats->iterator_options);
    rocksdb_readoptions_destroy(repeats->read_options);
    pthread_cond_destroy(&repeats->ended);
    pthread_mutex_destroy(&repeats->mutex);
    free(repeats->bytes);
    free(repeats);
}

struct rocksdb_repeats *rocksdb__repeats_start(rocksdb_t *database,
                                               rocksdb_column_family_handle_t *family,
                                               struct row_cache *rows)
{
    struct rocksdb_repeats *repeats = calloc(1, sizeof(*repeats));

    if (repeats == NULL)
        return NULL;
    repeats->database = database;
    repeats->family = family;
    repeats->rows = rows;
    pthread_mutex_init(&repeats->mutex, NULL);
    pthread_cond_init(&repeats->ended, NULL);
    repeats->read_options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_ignore_range_deletions(repeats->read_options, 1);
    repeats->iterator_options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_fill_cache(repeats->iterator_options, 0);
    rocksdb_readoptions_set_ignore_range_deletions(repeats->iterator_options, 1);
    repeats->iterator = rocksdb_create_iterator_cf(database, repeats->iterator_options, family);
    repeats->index = repeat_index__make();
    if (repeats->index != NULL && pthread_create(&repeats->thread, NULL, run, repeats) == 0)
        return repeats;
    release(repeats);
    return NULL;
}

void rocksdb__repeats_stop(struct rocksdb_repeats *repeats)
{
    if (repeats == NULL)
        return;
    atomic_store(&repeats->stops, true);
    pthread_join(repeats->thread, NULL);
    assert(repeats->waiting == NULL);
    release(repeats);
}

void rocksdb__repeats_fetch(struct rocksdb_repeats *repeats, struct arena *arena,
                            void (*done)(void *context), void *context)
{
    struct waiting *waiting = arena_alloc(arena, sizeof(*waiting));
    bool waits;

    pthread_mutex_lock(&repeats->mutex);
    waits = waiting != NULL && atomic_load(&repeats->state) == READING;
    if (waits) {
        *waiting = (struct waiting){repeats->waiting, done, context};
        repeats->waiting = waiting;
    }
    pthread_mutex_unlock(&repeats->mutex);
    if (!waits)
        done(context);
}

/* -- reading a row ---------------------------------------------------------------------------- */

/* The last row of a hash in a block, of which some is left where it is damaged. */
static bool find_row(struct slice *block, struct slice hash, struct repeat *ret_row)
{
    struct repeat repeat;
    bool found = false;

    while (repeat_next(block, &repeat))
        if (slice_equal(repeat.hash, hash)) {
            *ret_row = repeat;
            found = true;
        }
    return found;
}

static enum store_found copy_row(struct arena *arena, const struct repeat *row,
                                 struct slice *ret_value)
{
    size_t len = RECORD_HEADER_LEN + row->body.len;
    char *value = arena_alloc(arena, len + 1); /* with a NUL after it, as in engine_get */

    if (value == NULL)
        return STORE_FAILED;
    record_write_header((uint8_t *)value, row->revision);
    memcpy(value + RECORD_HEADER_LEN, row->body.data, row->body.len);
    value[len] = '\0';
    *ret_value = slice_make(value, len);
    return STORE_FOUND;
}

/* The block, whose value is released by the caller; NULL where there is none. False: logged. */
static bool get_block(struct rocksdb_repeats *repeats, const char key[REPEAT_BLOCK_KEY_LEN],
                      rocksdb_pinnableslice_t **ret_pinned, struct slice *ret_body)
{
    struct record record;
    struct slice value;
    char *error = NULL;

    *ret_pinned = rocksdb_get_pinned_cf(repeats->database, repeats->read_options, repeats->family,
                                        key, REPEAT_BLOCK_KEY_LEN, &error);
    if (rocksdb__take_error("read of an idempotency key", &error))
        return false;
    if (*ret_pinned == NULL)
        return true;
    value.data = rocksdb_pinnableslice_value(*ret_pinned, &value.len);
    if (record_parse(value, &record)) {
        *ret_body = record.body;
        return true;
    }
    store_log_error("read of an idempotency key", "the record is unreadable");
    rocksdb_pinnableslice_destroy(*ret_pinned);
    return false;
}

static enum store_found get_in(struct rocksdb_repeats *repeats, struct arena *arena, uint64_t block,
                               struct slice hash, struct slice *ret_value)
{
    enum store_found found = STORE_ABSENT;
    char key[REPEAT_BLOCK_KEY_LEN];
    rocksdb_pinnableslice_t *pinned;
    struct repeat row;
    struct slice body;

    bytes_put_u64(key, block);
    if (!get_block(repeats, key, &pinned, &body))
        return STORE_FAILED;
    if (pinned == NULL) /* it is not written yet, or any more */
        return STORE_ABSENT;
    if (find_row(&body, hash, &row))
        found = copy_row(arena, &row, ret_value);
    else if (body.len > 0) {
        store_log_error("read of an idempotency key", "its block is unreadable");
        found = STORE_FAILED;
    }
    rocksdb_pinnableslice_destroy(pinned);
    return found;
}

enum store_found rocksdb__repeats_get(struct rocksdb_repeats *repeats, struct arena *arena,
                                      struct slice hash, struct slice *ret_value)
{
    const uint8_t state = atomic_load(&repeats->state);
    struct row_cache *rows = repeats->rows;
    struct row_ticket ticket = {0};
    uint64_t blocks[REPEAT_BLOCKS_MOST];
    size_t count;

    assert(hash.len == REPEAT_HASH_LEN);
    if (state != READ) /* the newest row may not be noted yet */
        return state == READING ? STORE_AGAIN : STORE_FAILED;
    count = repeat_index__find(repeats->index, hash, blocks);
    if (count > 0 && rows != NULL) {
        if (row_cache__find(rows, arena, FAMILY_IDEMPOTENCY, hash, ret_value, &ticket))
            return arena_failed(arena) ? STORE_FAILED : STORE_FOUND;
        /* Again: the ticket does not tell of a block that came before it. */
        count = repeat_index__find(repeats->index, hash, blocks);
    }
    for (size_t i = 0; i < count; i++) {
        enum store_found found = get_in(repeats, arena, blocks[i], hash, ret_value);

        if (found == STORE_FOUND && rows != NULL)
            row_cache__keep(rows, &ticket, FAMILY_IDEMPOTENCY, hash, *ret_value);
        if (found != STORE_ABSENT)
            return found;
    }
    return STORE_ABSENT;
}

size_t rocksdb__repeats_count(const struct rocksdb_repeats *repeats)
{
    return repeat_index__count(repeats->index);
}

/* -- writing ---------------------------------------------------------------------------------- */

static bool make_room(struct rocksdb_repeats *repeats, size_t len)
{
    size_t larger = repeats->capacity == 0 ? BLOCK_BYTES_FIRST : repeats->capacity;
    char *grown;

    while (larger - repeats->len < len)
        larger *= 2;
    if (larger == repeats->capacity)
        return true;
    grown = realloc(repeats->bytes, larger);
    if (grown == NULL)
        return false;
    repeats->bytes = grown;
    repeats->capacity = larger;
    return true;
}

static char *put_bytes(char *at, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

/*
 * The row is noted before it is written, so that the batch fails where there is no memory. Who
 * finds it until then finds no block.
 */
void rocksdb__repeats_put(struct rocksdb_repeats *repeats, struct slice hash, uint64_t revision,
                          struct slice first, struct slice second)
{
    const struct repeat repeat = {hash, revision, slice_make(NULL, first.len + second.len)};
    bool is_first = false;
    char *at;

    if (repeats->block == 0)
        repeats->block = revision;
    if (!make_room(repeats, REPEAT_FRONT_LEN + repeat.body.len) ||
        !repeat_index__add(repeats->index, hash, repeats->block, &is_first)) {
        repeats->failed = true;
        return;
    }
    if (repeats->rows != NULL && !is_first)
        row_cache__begin_change(repeats->rows, FAMILY_IDEMPOTENCY, hash);
    at = repeat_write_front(repeats->bytes + repeats->len, &repeat);
    at = put_bytes(put_bytes(at, first), second);
    repeats->len = (size_t)(at - repeats->bytes);
}

bool rocksdb__repeats_end(struct rocksdb_repeats *repeats, struct rocksdb_batch *batch)
{
    char header[RECORD_HEADER_LEN];
    char key[REPEAT_BLOCK_KEY_LEN];
    const struct slice value[] = {slice_make(header, sizeof(header)),
                                  slice_make(repeats->bytes, repeats->len)};
    bool good = !repeats->failed;

    if (repeats->block != 0 && good) {
        record_write_header((uint8_t *)header, repeats->block);
        bytes_put_u64(key, repeats->block);
        rocksdb__batch_put(batch, repeats->family, slice_make(key, sizeof(key)), value, 2);
    }
    repeats->block = 0;
    repeats->len = 0;
    repeats->failed = false;
    return good;
}

/* Else the thread would note what is removed meanwhile. */
static void wait_until_read(struct rocksdb_repeats *repeats)
{
    pthread_mutex_lock(&repeats->mutex);
    while (atomic_load(&repeats->state) == READING)
        pthread_cond_wait(&repeats->ended, &repeats->mutex);
    pthread_mutex_unlock(&repeats->mutex);
}

void rocksdb__repeats_forget(struct rocksdb_repeats *repeats, struct slice block_key)
{
    rocksdb_pinnableslice_t *pinned;
    struct repeat repeat;
    struct slice body;
    uint64_t block;

    wait_until_read(repeats);
    if (!repeat_block_number(block_key, &block) ||
        !get_block(repeats, block_key.data, &pinned, &body) || pinned == NULL)
        return;
    while (repeat_next(&body, &repeat)) {
        repeat_index__remove(repeats->index, repeat.hash, block);
        if (repeats->rows != NULL)
            row_cache__begin_change(repeats->rows, FAMILY_IDEMPOTENCY, repeat.hash);
    }
    rocksdb_pinnableslice_destroy(pinned);
}
