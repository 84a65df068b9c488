/*
 * The committer. For each batch of commits that has gathered, in the order of submission:
 *
 *   conditions checked against the store plus the batch so far -> conflict, or
 *   revision given, operations, counters, feed and audit rows put into the batch;
 *   one synced write; the observer of each commit, then `done` of each.
 *
 * A write that fails closes a latch: its batch fails and so does everything later, until a restart.
 * A failed sync says nothing about what reached the disk, so trying again could hide a loss.
 */
#include "storage/commit.h"

#include <assert.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "storage/bytes.h"
#include "storage/feed.h"
#include "storage/heads.h"
#include "storage/keys.h"
#include "storage/overlay.h"
#include "storage/recent.h"
#include "storage/record.h"
#include "storage/store_internal.h"

/* A batch ends when it passes either: one write must neither take long nor hold much. */
#define BATCH_OPERATIONS_MOST 4096
#define BATCH_BYTES_MOST ((size_t)4 << 20)
/* Rows of a range that are looked at in one go for one that the batch did not delete. */
#define RANGE_ROWS 16

/*
 * What counters of the batches before stood at: this thread alone moves them, so that a read would
 * find the same. A power of two.
 */
#define COUNTERS_KEPT 256
#define COUNTER_KEY_MOST 32

struct kept_counter {
    uint64_t count;
    uint64_t revision; /* of its record */
    uint8_t key_len;   /* 0: nothing is kept */
    char key[COUNTER_KEY_MOST];
};

struct committer {
    struct committer_options options;
    pthread_t thread;

    pthread_mutex_t mutex; /* guards the three fields below */
    struct commit_queue queue;
    bool waiting; /* the thread waits for `wake`, and nobody raised it yet */
    bool stopping;
    /*
     * A semaphore, and no condition: it is raised when the mutex is free again, so that the thread
     * does not wake to wait for the mutex. Whoever raised it touches it no more, so that the store
     * may be closed as soon as the commit is answered.
     */
    sem_t wake;

    _Atomic uint64_t revision; /* written by the thread, read by all */
    atomic_bool read_only;     /* the same */

    /* The rest is the thread's alone. */
    struct arena arena; /* of the batch */
    struct arena_cache cache;
    struct store_view *view;
    struct overlay overlay;
    struct audit_heads *heads;
    struct audit_head *moved; /* those that the batch moves */
    struct hmac *hmac;
    struct recent keys_used;                     /* rows of FAMILY_IDEMPOTENCY */
    struct kept_counter counters[COUNTERS_KEPT]; /* by a hash of the key */
    uint64_t next_revision;
    int64_t now_ms; /* wall clock, read once a batch */
    size_t written; /* commits in the batch that write */
};

/* -- conditions ---------------------------------------------------------------------------- */

enum verdict { HOLDS, FAILS, UNKNOWN };

/*
 * The entry of a key, read from the store where the batch does not know it yet. NULL when the store
 * could not be read, or the record could not: of that nothing is known.
 */
static const struct overlay_entry *look_up(struct committer *c, enum store_family family,
                                           struct slice key)
{
    struct overlay_entry *entry = overlay__find(&c->overlay, family, key);
    struct record record = {0};
    enum store_found found;
    struct slice value;

    if (entry != NULL)
        return entry;
    while ((found = store_get(c->view, family, key, &value)) == STORE_AGAIN)
        store__wait_for_fetch(c->view); /* the blocks of idempotency keys, after the opening */
    if (found != STORE_FOUND && found != STORE_ABSENT)
        return NULL;
    if (found == STORE_FOUND && !record_parse(value, &record)) {
        store_log_error("check of a condition", "the record is unreadable");
        return NULL;
    }
    entry = overlay__touch(&c->overlay, &c->arena, family, key);
    if (entry != NULL) {
        entry->present = found == STORE_FOUND;
        entry->revision = record.revision;
    }
    return entry;
}

static enum verdict check_empty(struct committer *c, const struct condition *condition)
{
    struct slice from = condition->key;
    const struct overlay_entry *entry;

    if (overlay__holds_range(&c->overlay, &c->arena, condition->family, from, condition->end))
        return FAILS;
    for (;;) {
        struct store_rows rows;
        struct slice last;
        char *next;

        if (store_scan(c->view, condition->family, from, condition->end, false, RANGE_ROWS,
                       &rows) != STORE_FOUND)
            return UNKNOWN;
        /* The store still shows what the batch deleted. */
        for (size_t i = 0; i < rows.count; i++) {
            entry = overlay__find(&c->overlay, condition->family, rows.rows[i].key);
            if (entry == NULL || entry->present)
                return FAILS;
        }
        if (!rows.more)
            return HOLDS;
        last = rows.rows[rows.count - 1].key;
        next = arena_zalloc(&c->arena, last.len + 1);
        if (next == NULL)
            return UNKNOWN;
        memcpy(next, last.data, last.len);
        from = slice_make(next, last.len + 1);
    }
}

/* Whether the caller saw that the row is absent, and nobody has written it since: no read then. */
static bool is_known_absent(const struct committer *c, const struct condition *condition)
{
    return condition->type == CONDITION_ABSENT && condition->revision > 0 &&
           !recent__may_have_changed(&c->keys_used,
                                     overlay__hash(condition->family, condition->key),
                                     condition->revision);
}

static enum verdict check(struct committer *c, const struct condition *condition)
{
    const struct overlay_entry *entry;

    if (condition->type == CONDITION_RANGE_EMPTY)
        return check_empty(c, condition);
    if (is_known_absent(c, condition))
        return HOLDS;
    entry = look_up(c, condition->family, condition->key);
    if (entry == NULL)
        return UNKNOWN;
    switch (condition->type) {
    case CONDITION_AT_REVISION:
        return entry->present && entry->revision == condition->revision ? HOLDS : FAILS;
    case CONDITION_PRESENT:
        return entry->present ? HOLDS : FAILS;
    case CONDITION_ABSENT:
        return entry->present ? FAILS : HOLDS;
    default:
        return UNKNOWN;
    }
}

/* -- counters and chains ------------------------------------------------------------------- */

/* Where a counter is kept whose key has the hash. */
static struct kept_counter *kept_at(struct committer *c, uint32_t hash)
{
    return &c->counters[hash % COUNTERS_KEPT];
}

/* The counter as it was kept; NULL where it was not. */
static const struct kept_counter *find_kept(struct committer *c, struct slice key)
{
    const struct kept_counter *kept = kept_at(c, overlay__hash(FAMILY_COUNTS, key));

    return kept->key_len > 0 && slice_equal(slice_make(kept->key, kept->key_len), key) ? kept
                                                                                       : NULL;
}

/* Keeps what the batch moved, once it is written. */
static void keep_counters(struct committer *c)
{
    for (const struct overlay_entry *e = c->overlay.families[FAMILY_COUNTS]; e != NULL;
         e = e->next_in_family) {
        struct kept_counter *kept = kept_at(c, e->hash);

        if (!e->counted || e->key.len > sizeof(kept->key))
            continue;
        kept->count = e->count;
        kept->revision = e->revision;
        kept->key_len = (uint8_t)e->key.len;
        memcpy(kept->key, e->key.data, e->key.len);
    }
}

/* Notes in the overlay what a counter stands at. NULL when the arena failed. */
static struct overlay_entry *note_counter(struct committer *c, struct slice counter, bool present,
                                          uint64_t revision, uint64_t count)
{
    struct overlay_entry *entry = overlay__touch(&c->overlay, &c->arena, FAMILY_COUNTS, counter);

    if (entry == NULL)
        return NULL;
    entry->present = present;
    entry->revision = revision;
    entry->count = count;
    entry->count_known = true;
    return entry;
}

/* A counter's entry in the overlay, read from the store the first time. NULL: failed, logged. */
static struct overlay_entry *load_counter(struct committer *c, struct slice counter)
{
    struct overlay_entry *entry = overlay__find(&c->overlay, FAMILY_COUNTS, counter);
    const struct kept_counter *kept;
    struct record record = {0};
    enum store_found found;
    struct slice value;

    if (entry != NULL && entry->count_known)
        return entry;
    kept = find_kept(c, counter);
    if (kept != NULL)
        return note_counter(c, counter, true, kept->revision, kept->count);
    found = store_get(c->view, FAMILY_COUNTS, counter, &value);
    if (found != STORE_FOUND && found != STORE_ABSENT)
        return NULL;
    if (found == STORE_FOUND && (!record_parse(value, &record) || record.body.len != 8)) {
        store_log_error("move of a counter", "its record is unreadable");
        return NULL;
    }
    return note_counter(c, counter, found == STORE_FOUND, record.revision,
                        found == STORE_FOUND ? bytes_u64(record.body.data) : 0);
}

/*
 * Reads all that applying needs, so that applying cannot fail half-way on a row that is damaged:
 * then only this commit fails.
 */
static bool prepare(struct committer *c, const struct commit *commit)
{
    for (const struct counter_delta *d = commit->counts; d != NULL; d = d->next)
        if (load_counter(c, d->counter) == NULL)
            return false;
    for (const struct audit_entry *a = commit->audit; a != NULL; a = a->next)
        if (audit__heads_find(c->heads, c->view, c->hmac, &a->organization) == NULL)
            return false;
    return true;
}

/* -- applying ------------------------------------------------------------------------------ */

/* Puts a record whose body has two parts. False when the key is empty: the arena failed. */
static bool put_record(struct committer *c, enum store_family family, struct slice key,
                       uint64_t revision, struct slice first, struct slice second)
{
    if (key.len == 0)
        return false;
    c->options.writer->put(c->options.store, family, key, revision, first, second);
    return true;
}

static bool put_number(struct committer *c, enum store_family family, struct slice key,
                       uint64_t revision, uint64_t number)
{
    char body[8];

    bytes_put_u64(body, number);
    return put_record(c, family, key, revision, slice_make(body, sizeof(body)), SLICE_EMPTY);
}

/*
 * Puts a row whose key has a number that was given just now. No condition of the same batch asks
 * for it (store.h), so that the overlay need not know of it. False when the arena failed.
 */
static bool put_numbered(struct committer *c, enum store_family family, struct slice key,
                         struct slice first, struct slice second)
{
    return put_record(c, family, key, c->next_revision, first, second);
}

static bool apply_operation(struct committer *c, const struct operation *operation)
{
    struct overlay_entry *entry;

    if (operation->is_delete) {
        entry = overlay__touch(&c->overlay, &c->arena, operation->family, operation->key);
        if (entry == NULL)
            return false;
        overlay__delete(&c->overlay, entry);
        c->options.writer->remove(c->options.store, operation->family, operation->key);
    } else {
        entry = overlay__touch(&c->overlay, &c->arena, operation->family, operation->key);
        if (entry == NULL || operation->key.len == 0 ||
            !overlay__put(&c->overlay, &c->arena, entry, c->next_revision) ||
            !put_record(c, operation->family, operation->key, c->next_revision, operation->body,
                        SLICE_EMPTY))
            return false;
    }
    if (operation->family == FAMILY_IDEMPOTENCY)
        recent__note(&c->keys_used, entry->hash, c->next_revision);
    if (operation->family == FAMILY_COUNTS) { /* a tool's repair, say: it has the last word */
        entry->count = entry->present && operation->body.len == 8 ? bytes_u64(operation->body.data)
                                                                  : 0;
        entry->count_known = true;
        entry->counted = false;
        kept_at(c, entry->hash)->key_len = 0; /* what was put may be no number */
    }
    return true;
}

/* Only the number at the end of the batch is put: most commits of a batch move the same one. */
static bool apply_count(struct committer *c, const struct counter_delta *delta)
{
    struct overlay_entry *entry = load_counter(c, delta->counter);
    uint64_t down = delta->delta < 0 ? 0 - (uint64_t)delta->delta : 0;

    if (entry == NULL)
        return false;
    if (down > entry->count) {
        store_log_error("move of a counter", "it would fall below zero");
        down = entry->count;
    }
    entry->count = delta->delta < 0 ? entry->count - down : entry->count + (uint64_t)delta->delta;
    entry->counted = true;
    return overlay__put(&c->overlay, &c->arena, entry, c->next_revision);
}

static bool apply_feed(struct committer *c, const struct feed_entry *feed, uint16_t index)
{
    char body[FEED_BODY_LEN];

    feed__write_body(body, feed, c->now_ms);
    return put_numbered(c, FAMILY_FEED,
                        key__feed(&c->arena, &feed->organization, c->next_revision, index),
                        slice_make(body, sizeof(body)), SLICE_EMPTY);
}

/* The rows by which an audit row is found. */
static bool index_audit(struct committer *c, const struct audit_entry *audit, uint64_t number)
{
    const struct uuid *organization = &audit->organization;

    if (!put_numbered(c, FAMILY_AUDIT_BY_TIME,
                      key_audit_by_time(&c->arena, organization, audit->time_ms, number),
                      SLICE_EMPTY, SLICE_EMPTY))
        return false;
    if (audit->kind != 0 &&
        !put_numbered(c, FAMILY_AUDIT_BY_OBJECT,
                      key_audit_by_object(&c->arena, organization, audit->kind, &audit->id, number),
                      SLICE_EMPTY, SLICE_EMPTY))
        return false;
    return audit->actor.type == ACTOR_NONE ||
           put_numbered(c, FAMILY_AUDIT_BY_ACTOR,
                        key_audit_by_actor(&c->arena, organization, &audit->actor, number),
                        SLICE_EMPTY, SLICE_EMPTY);
}

static bool apply_audit(struct committer *c, const struct audit_entry *audit)
{
    struct audit_head *head = audit__heads_find(c->heads, c->view, c->hmac, &audit->organization);
    uint64_t number;

    if (head == NULL)
        return false;
    number = head->number + 1;
    if (!audit__compute_mac(c->hmac, head->key, head->mac, number, audit->body, head->mac))
        return false;
    head->number = number;
    if (!head->is_moved) {
        head->is_moved = true;
        head->next_moved = c->moved;
        c->moved = head;
    }
    if (!put_numbered(c, FAMILY_AUDIT, key_audit(&c->arena, &audit->organization, number),
                      slice_make(head->mac, sizeof(head->mac)), audit->body))
        return false;
    return index_audit(c, audit, number);
}

static bool apply(struct committer *c, const struct commit *commit)
{
    uint16_t index = 0;

    for (const struct operation *o = commit->operations; o != NULL; o = o->next)
        if (!apply_operation(c, o))
            return false;
    for (const struct counter_delta *d = commit->counts; d != NULL; d = d->next)
        if (!apply_count(c, d))
            return false;
    for (const struct feed_entry *f = commit->feed; f != NULL; f = f->next)
        if (!apply_feed(c, f, index++))
            return false;
    for (const struct audit_entry *a = commit->audit; a != NULL; a = a->next)
        if (!apply_audit(c, a))
            return false;
    return true;
}

/* -- batches ------------------------------------------------------------------------------- */

/*
 * Tries one commit: leaves COMMIT_DONE (once the batch is written), COMMIT_CONFLICT or
 * COMMIT_FAILED in it. False when the batch as a whole is lost.
 */
static bool try_commit(struct committer *c, struct commit *commit)
{
    assert(commit->result == COMMIT_PENDING);
    for (const struct condition *k = commit->conditions; k != NULL; k = k->next) {
        enum verdict verdict = check(c, k);

        if (verdict == HOLDS)
            continue;
        commit->result = verdict == FAILS ? COMMIT_CONFLICT : COMMIT_FAILED;
        commit->conflict = verdict == FAILS ? k : NULL;
        return true;
    }
    if (commit->operation_count == 0) {
        commit->result = COMMIT_DONE;
        commit->revision = c->next_revision - 1;
        return true;
    }
    if (!prepare(c, commit)) {
        commit->result = COMMIT_FAILED;
        return true;
    }
    if (!apply(c, commit))
        return false;
    commit->result = COMMIT_DONE;
    commit->revision = c->next_revision++;
    c->written++;
    return true;
}

/* Once a batch: most commits of a batch move the same one. */
static bool put_heads(struct committer *c, uint64_t revision)
{
    for (struct audit_head *head = c->moved; head != NULL; head = head->next_moved) {
        char body[AUDIT_HEAD_LEN];

        assert(head->is_moved);
        head->is_moved = false;
        if (!audit__write_head(c->hmac, head->key, head->number, head->mac, body) ||
            !put_record(c, FAMILY_COUNTS, key__audit_head(&c->arena, &head->organization), revision,
                        slice_make(body, sizeof(body)), SLICE_EMPTY))
            return false;
    }
    c->moved = NULL;
    return true;
}

static bool write_batch(struct committer *c)
{
    uint64_t revision = c->next_revision - 1;
    int64_t now_ms = c->options.now_ms == NULL ? 0 : c->options.now_ms();

    if (c->written == 0)
        return true;
    for (const struct overlay_entry *e = c->overlay.families[FAMILY_COUNTS]; e != NULL;
         e = e->next_in_family)
        if (e->counted && !put_number(c, FAMILY_COUNTS, e->key, e->revision, e->count))
            return false;
    if (!put_heads(c, revision))
        return false;
    if (now_ms > 0 && !put_number(c, FAMILY_META, SLICE("newest_time"), revision, (uint64_t)now_ms))
        return false;
    assert(revision == atomic_load(&c->revision) + c->written);
    return put_number(c, FAMILY_META, SLICE("revision"), revision, revision) &&
           c->options.writer->write(c->options.store);
}

/* Tries commits from the front of the list; returns those after the batch. */
static struct commit *try_batch(struct committer *c, struct commit *list, bool *ret_lost)
{
    size_t operations = 0;
    size_t bytes = 0;

    overlay__clear(&c->overlay);
    arena_reset(&c->arena);
    audit__heads_trim(c->heads);
    c->written = 0;
    c->now_ms = clock_wall_ms();
    c->view = store_view_open(c->options.store, &c->arena);
    *ret_lost = c->view == NULL || atomic_load(&c->read_only);
    while (list != NULL && operations < BATCH_OPERATIONS_MOST && bytes < BATCH_BYTES_MOST) {
        if (!*ret_lost && !try_commit(c, list))
            *ret_lost = true;
        operations += list->operation_count + list->condition_count;
        bytes += list->bytes;
        list = list->queue_next;
    }
    return list;
}

/* Fails the batch and closes the latch. */
static void lose_batch(struct committer *c, struct commit *list, const struct commit *end)
{
    if (!atomic_exchange(&c->read_only, true))
        store_log_error("commit", "no more writes are accepted until a restart");
    for (; list != end; list = list->queue_next) {
        list->result = COMMIT_FAILED;
        list->conflict = NULL;
        list->revision = 0;
    }
}

static void answer(struct committer *c, struct commit *list, const struct commit *end)
{
    if (c->options.observer != NULL)
        for (const struct commit *k = list; k != end; k = k->queue_next)
            if (k->result == COMMIT_DONE && k->operation_count > 0)
                c->options.observer(c->options.observer_context, k);
    while (list != end) {
        struct commit *next = list->queue_next; /* `done` may free the commit */

        assert(list->result != COMMIT_PENDING);
        list->done(list, list->context);
        list = next;
    }
}

/* Runs one batch; returns the commits after it. */
static struct commit *run_batch(struct committer *c, struct commit *list)
{
    bool lost;
    struct commit *end;

    assert(pthread_equal(pthread_self(), c->thread));
    end = try_batch(c, list, &lost);
    assert(end != list); /* at least one, however large */
    if (lost || !write_batch(c))
        lose_batch(c, list, end);
    else {
        keep_counters(c);
        atomic_store(&c->revision, c->next_revision - 1);
    }
    answer(c, list, end);
    return end;
}

/* -- the thread ---------------------------------------------------------------------------- */

/* Takes all that has gathered; NULL when the committer stops and nothing is left. */
static struct commit *take(struct committer *c)
{
    struct commit *list;

    pthread_mutex_lock(&c->mutex);
    while (c->queue.first == NULL && !c->stopping) {
        c->waiting = true;
        pthread_mutex_unlock(&c->mutex);
        while (sem_wait(&c->wake) != 0) /* a signal came */
            continue;
        pthread_mutex_lock(&c->mutex);
        assert(!c->waiting);
    }
    list = c->queue.first;
    c->queue = (struct commit_queue){0};
    pthread_mutex_unlock(&c->mutex);
    return list;
}

static void *run(void *context)
{
    struct committer *c = context;
    struct commit *list;

    while ((list = take(c)) != NULL)
        while (list != NULL)
            list = run_batch(c, list);
    return NULL;
}

static void release(struct committer *c)
{
    arena_done(&c->arena);
    arena_cache_done(&c->cache);
    audit__heads_free(c->heads);
    hmac_free(c->hmac);
    sem_destroy(&c->wake);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

struct committer *committer_start(const struct committer_options *options)
{
    struct committer *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->options = *options;
    c->next_revision = options->revision + 1;
    atomic_init(&c->revision, options->revision);
    atomic_init(&c->read_only, options->read_only);
    pthread_mutex_init(&c->mutex, NULL);
    sem_init(&c->wake, 0, 0);
    arena_init(&c->arena, &c->cache, SIZE_MAX);
    c->heads = audit__heads_new();
    c->hmac = hmac_new();
    if (c->heads == NULL || c->hmac == NULL || pthread_create(&c->thread, NULL, run, c) != 0) {
        release(c);
        return NULL;
    }
    return c;
}

void committer_submit(struct committer *c, const struct commit_queue *queue)
{
    bool wakes;

    assert(queue->first->result == COMMIT_PENDING && queue->first->done != NULL);
    assert(queue->last->queue_next == NULL);
    pthread_mutex_lock(&c->mutex);
    assert(!c->stopping);
    if (c->queue.first == NULL)
        c->queue.first = queue->first;
    else
        c->queue.last->queue_next = queue->first;
    c->queue.last = queue->last;
    wakes = c->waiting;
    c->waiting = false;
    pthread_mutex_unlock(&c->mutex);
    /*
     * The thread sleeps until this, so that the commits are not answered nor the store closed yet.
     */
    if (wakes)
        sem_post(&c->wake);
}

uint64_t committer_revision(struct committer *c)
{
    return atomic_load(&c->revision);
}

bool committer_is_read_only(struct committer *c)
{
    return atomic_load(&c->read_only);
}

bool committer_stop(struct committer *c)
{
    bool wrote;
    bool wakes;

    pthread_mutex_lock(&c->mutex);
    c->stopping = true;
    wakes = c->waiting;
    c->waiting = false;
    pthread_mutex_unlock(&c->mutex);
    if (wakes)
        sem_post(&c->wake);
    pthread_join(c->thread, NULL);
    assert(c->queue.first == NULL); /* the thread answers all before it ends */
    wrote = !atomic_load(&c->read_only);
    release(c);
    return wrote;
}
