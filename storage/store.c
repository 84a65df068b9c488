/* The front of the store that all engines share: dispatch, the building of commits, their limits.
 */
#include "storage/store.h"

#include <assert.h>

#include "base/log.h"
#include "storage/bytes.h"
#include "storage/engine.h"
#include "storage/record.h"
#include "storage/store_internal.h"

const char *store_family_name(enum store_family family)
{
    static const char *const names[FAMILIES] = {
#define X(name, text) [FAMILY_##name] = (text),
        STORE_FAMILIES(X)
#undef X
    };

    assert((unsigned)family < FAMILIES);
    return names[family];
}

void store_log_error(const char *what, const char *message)
{
    log_event(LOG_ERROR, "store.failed", LOG_CSTR("what", what),
              LOG_CSTR("error", message == NULL ? "unknown" : message));
}

bool store_parse_u64(struct slice value, uint64_t *ret_number)
{
    struct record record;

    if (!record_parse(value, &record) || record.body.len != 8)
        return false;
    *ret_number = bytes_u64(record.body.data);
    return true;
}

/* -- reading ------------------------------------------------------------------------------- */

struct store_view *store_view_open(struct store *store, struct arena *arena)
{
    struct store_view *view = arena_zalloc(arena, store->engine->view_size);

    assert(store->engine->view_size >= sizeof(*view));
    if (view == NULL)
        return NULL;
    view->store = store;
    view->arena = arena;
    view->revision = store_revision(store);
    return view;
}

void store_view_reset(struct store_view *view)
{
    assert(view->store != NULL && view->arena != NULL);
    view->missed = false;
    view->revision = store_revision(view->store);
    if (view->store->engine->view_reset != NULL)
        view->store->engine->view_reset(view);
}

/* Notes a miss, so that the caller need not. */
static enum store_found note(struct store_view *view, enum store_found found)
{
    if (found == STORE_AGAIN)
        view->missed = true;
    return found;
}

enum store_found store_get(struct store_view *view, enum store_family family, struct slice key,
                           struct slice *ret_value)
{
    if (arena_failed(view->arena))
        return STORE_FAILED;
    return note(view, view->store->engine->get(view, family, key, ret_value));
}

enum store_found store_get_many(struct store_view *view, enum store_family family,
                                const struct slice *keys, size_t count, size_t most,
                                struct slice *ret_values, size_t *ret_count)
{
    if (arena_failed(view->arena))
        return STORE_FAILED;
    *ret_count = 0;
    if (count == 0)
        return STORE_FOUND;
    return note(view, view->store->engine->get_many(view, family, keys, count, most, ret_values,
                                                    ret_count));
}

enum store_found store_scan(struct store_view *view, enum store_family family, struct slice from,
                            struct slice to, bool reverse, size_t limit,
                            struct store_rows *ret_rows)
{
    if (arena_failed(view->arena))
        return STORE_FAILED;
    return note(view, view->store->engine->scan(view, family, from, to, reverse, limit, ret_rows));
}

enum store_found store_count(struct store_view *view, struct slice counter, uint64_t *ret_count)
{
    struct slice value;
    enum store_found found = store_get(view, FAMILY_COUNTS, counter, &value);

    if (found == STORE_ABSENT) {
        *ret_count = 0;
        return STORE_FOUND;
    }
    if (found != STORE_FOUND)
        return found;
    if (!store_parse_u64(value, ret_count)) {
        store_log_error("read of a counter", "its record is unreadable");
        return STORE_FAILED;
    }
    return STORE_FOUND;
}

uint64_t store_view_revision(const struct store_view *view)
{
    return view->revision;
}

bool store_view_missed(const struct store_view *view)
{
    return view->missed;
}

size_t store_repeats(struct store *store)
{
    return store->engine->repeats(store);
}

void store_fetch(struct store_view *view, void (*done)(void *context), void *context)
{
    assert(done != NULL);
    view->missed = false; /* what is not here on the next run will say so again */
    if (view->store->engine->fetch == NULL)
        done(context);
    else
        view->store->engine->fetch(view, done, context);
}

/* -- building commits ---------------------------------------------------------------------- */

void commit_init(struct commit *commit, struct arena *arena)
{
    *commit = (struct commit){.arena = arena};
    commit->conditions_tail = &commit->conditions;
    commit->operations_tail = &commit->operations;
    commit->feed_tail = &commit->feed;
    commit->audit_tail = &commit->audit;
    commit->counts_tail = &commit->counts;
}

bool commit_is_empty(const struct commit *commit)
{
    return commit->operations == NULL && commit->audit == NULL && commit->feed == NULL;
}

static void require(struct commit *commit, struct condition condition)
{
    struct condition *copy = arena_alloc(commit->arena, sizeof(*copy));

    assert(commit->done == NULL); /* it is not submitted yet */
    assert(condition.family != FAMILY_AUDIT && condition.family != FAMILY_AUDIT_BY_OBJECT &&
           condition.family != FAMILY_AUDIT_BY_ACTOR && condition.family != FAMILY_AUDIT_BY_TIME &&
           !(condition.family == FAMILY_FEED && condition.type == CONDITION_RANGE_EMPTY));
    if (copy == NULL)
        return;
    *copy = condition;
    *commit->conditions_tail = copy;
    commit->conditions_tail = &copy->next;
    commit->condition_count++;
    commit->bytes += condition.key.len + condition.end.len;
}

void commit_require_revision(struct commit *commit, enum store_family family, struct slice key,
                             uint64_t revision)
{
    require(commit,
            (struct condition){
                .type = CONDITION_AT_REVISION, .family = family, .key = key, .revision = revision});
}

void commit_require_present(struct commit *commit, enum store_family family, struct slice key)
{
    require(commit, (struct condition){.type = CONDITION_PRESENT, .family = family, .key = key});
}

void commit_require_absent(struct commit *commit, enum store_family family, struct slice key)
{
    commit_require_absent_since(commit, family, key, 0);
}

void commit_require_absent_since(struct commit *commit, enum store_family family, struct slice key,
                                 uint64_t revision)
{
    assert(revision == 0 || family == FAMILY_IDEMPOTENCY);
    require(commit,
            (struct condition){
                .type = CONDITION_ABSENT, .family = family, .key = key, .revision = revision});
}

void commit_require_empty(struct commit *commit, enum store_family family, struct slice from,
                          struct slice to)
{
    require(commit, (struct condition){
                        .type = CONDITION_RANGE_EMPTY, .family = family, .key = from, .end = to});
}

void commit_require_only(struct commit *commit, enum store_family family, struct slice from,
                         struct slice to, struct slice own)
{
    char *next = arena_alloc(commit->arena, own.len + 1); /* own and a NUL: the key after it */

    if (own.len == 0) /* an arena had no memory for it */
        arena_fail(commit->arena);
    if (next == NULL || own.len == 0)
        return;
    memcpy(next, own.data, own.len);
    next[own.len] = '\0';
    commit_require_empty(commit, family, from, slice_make(next, own.len));
    commit_require_empty(commit, family, slice_make(next, own.len + 1), to);
}

bool commit_fits(const struct commit *commit)
{
    return commit->operation_count + commit->condition_count <= COMMIT_OPERATIONS_MOST &&
           commit->bytes <= COMMIT_BYTES_MOST;
}

size_t commit_objects_that_fit(const struct commit *commit, size_t objects)
{
    size_t rows = commit->operation_count + commit->condition_count;
    size_t by_rows = rows == 0 ? objects : objects * COMMIT_OPERATIONS_MOST / rows;
    size_t by_bytes = commit->bytes == 0 ? objects : objects * COMMIT_BYTES_MOST / commit->bytes;

    return by_rows < by_bytes ? by_rows : by_bytes;
}

static void operate(struct commit *commit, struct operation operation)
{
    struct operation *copy = arena_alloc(commit->arena, sizeof(*copy));

    assert(commit->done == NULL); /* it is not submitted yet */
    if (operation.key.len == 0)   /* an arena had no memory for it */
        arena_fail(commit->arena);
    if (copy == NULL)
        return;
    *copy = operation;
    *commit->operations_tail = copy;
    commit->operations_tail = &copy->next;
    commit->operation_count++;
    commit->bytes += operation.key.len + operation.body.len;
}

void commit_put(struct commit *commit, enum store_family family, struct slice key,
                struct slice body)
{
    operate(commit, (struct operation){.family = family, .key = key, .body = body});
}

void commit_delete(struct commit *commit, enum store_family family, struct slice key)
{
    operate(commit, (struct operation){.family = family, .is_delete = true, .key = key});
}

void commit_count(struct commit *commit, struct slice counter, int64_t delta)
{
    struct counter_delta *entry = arena_alloc(commit->arena, sizeof(*entry));

    if (counter.len == 0) /* an arena had no memory for it */
        arena_fail(commit->arena);
    if (entry == NULL)
        return;
    *entry = (struct counter_delta){.counter = counter, .delta = delta};
    *commit->counts_tail = entry;
    commit->counts_tail = &entry->next;
    commit->operation_count++;
    commit->bytes += counter.len + sizeof(delta);
}

void commit_feed(struct commit *commit, const struct uuid *organization, uint32_t kind,
                 const struct uuid *id, enum change_type change)
{
    struct feed_entry *entry = arena_alloc(commit->arena, sizeof(*entry));

    if (entry == NULL)
        return;
    *entry = (struct feed_entry){
        .organization = *organization, .kind = kind, .id = *id, .change = change};
    *commit->feed_tail = entry;
    commit->feed_tail = &entry->next;
    commit->operation_count++;
    commit->bytes += sizeof(*entry);
}

void commit_audit(struct commit *commit, const struct uuid *organization, int64_t time_ms,
                  const struct actor *actor, uint32_t kind, const struct uuid *id,
                  struct slice body)
{
    struct audit_entry *entry = arena_alloc(commit->arena, sizeof(*entry));

    if (entry == NULL)
        return;
    *entry = (struct audit_entry){
        .organization = *organization, .kind = kind, .time_ms = time_ms, .body = body};
    if (id != NULL)
        entry->id = *id;
    if (actor != NULL)
        entry->actor = *actor;
    *commit->audit_tail = entry;
    commit->audit_tail = &entry->next;
    commit->operation_count++;
    commit->bytes += sizeof(*entry) + body.len;
}

/* -- committing ---------------------------------------------------------------------------- */

/* A commit that may be tried: within the limits, and no part of it was lost for want of memory. */
static bool is_legal(const struct commit *commit)
{
    return !arena_failed(commit->arena) && commit_fits(commit);
}

void store_commit_later(struct commit_queue *queue, struct commit *commit,
                        void (*done)(struct commit *commit, void *context), void *context)
{
    assert(done != NULL && commit->arena != NULL);
    commit->done = done;
    commit->context = context;
    commit->queue_next = NULL;
    commit->result = COMMIT_PENDING;
    commit->conflict = NULL;
    commit->revision = 0;
    if (!is_legal(commit)) {
        commit->result = COMMIT_FAILED;
        done(commit, context);
        return;
    }
    assert((queue->first == NULL) == (queue->last == NULL));
    if (queue->first == NULL)
        queue->first = commit;
    else
        queue->last->queue_next = commit;
    queue->last = commit;
}

void store_commit_queued(struct store *store, struct commit_queue *queue)
{
    const struct commit_queue submitted = *queue;

    *queue = (struct commit_queue){0};
    if (submitted.first != NULL)
        store->engine->commit(store, &submitted);
}

void store_commit(struct store *store, struct commit *commit,
                  void (*done)(struct commit *commit, void *context), void *context)
{
    struct commit_queue alone = {0};

    store_commit_later(&alone, commit, done, context);
    store_commit_queued(store, &alone);
}

void store__waiter_init(struct waiter *waiter)
{
    pthread_mutex_init(&waiter->mutex, NULL);
    pthread_cond_init(&waiter->cond, NULL);
    waiter->done = false;
}

void store__waiter_signal(void *context)
{
    struct waiter *waiter = context;

    pthread_mutex_lock(&waiter->mutex);
    assert(!waiter->done);
    waiter->done = true;
    pthread_cond_signal(&waiter->cond);
    pthread_mutex_unlock(&waiter->mutex);
}

void store__waiter_wait(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->mutex);
    while (!waiter->done)
        pthread_cond_wait(&waiter->cond, &waiter->mutex);
    pthread_mutex_unlock(&waiter->mutex);
    pthread_cond_destroy(&waiter->cond);
    pthread_mutex_destroy(&waiter->mutex);
}

void store__wait_for_fetch(struct store_view *view)
{
    struct waiter waiter;

    store__waiter_init(&waiter);
    store_fetch(view, store__waiter_signal, &waiter);
    store__waiter_wait(&waiter);
}

static void wake(struct commit *commit, void *context)
{
    (void)commit;
    store__waiter_signal(context);
}

enum commit_result store_commit_wait(struct store *store, struct commit *commit)
{
    struct waiter waiter;

    store__waiter_init(&waiter);
    store_commit(store, commit, wake, &waiter);
    store__waiter_wait(&waiter);
    return commit->result;
}

uint64_t store_revision(struct store *store)
{
    return store->engine->revision(store);
}

bool store_is_read_only(struct store *store)
{
    return store_read_only_reason(store) != NULL;
}

const char *store_read_only_reason(struct store *store)
{
    return store->engine->read_only_reason(store);
}

void store_set_audit_key(struct store *store, const uint8_t key[32])
{
    memcpy(store->audit_key, key, sizeof(store->audit_key));
    store->has_audit_key = true;
}

void store_close(struct store *store)
{
    store->engine->close(store);
}
