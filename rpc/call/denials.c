/*
 * A table of windows, and commits of their own for the rows. The loop notes; whoever comes first
 * once a window is over, the loop or the thread that flushes, writes what it counted.
 */
#include "rpc/call/denials.h"

#include <datastream/storage/v1/records.pb-c.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "proto/message/message.h"
#include "rpc/call/audit_text.h"
#include "rpc/identity/table.h"
#include "storage/actor.h"

#define PEER_MOST 64
#define TEXT_MOST 200
#define NAME_MOST 512 /* 128 characters of 4 bytes */
#define ROW_BYTES ((size_t)64 << 10)
/* An engine may see conflicts where there are none; this many in a row are its failure. */
#define TRIES_MOST 16

_Static_assert(PEER_MOST <= UINT8_MAX && TEXT_MOST <= UINT8_MAX && NAME_MOST <= UINT16_MAX,
               "a length does not fit");

/* A window, keyed by caller, method, code and reason. The address is that of the last refusal. */
struct window {
    struct table_entry entry;
    struct uuid organization;
    struct actor actor;
    const struct kind *kind;
    const struct method *method;
    enum status_code code;
    int64_t start_ms;
    int64_t last_ms;
    uint64_t count; /* refusals that are not written */
    uint8_t peer_len;
    uint8_t description_len;
    uint16_t actor_name_len;
    char actor_name[NAME_MOST];
    char peer[PEER_MOST];
    char description[TEXT_MOST];
};

struct denials {
    struct store *store;
    pthread_mutex_t lock; /* guards the windows */
    struct table *windows;
    /* No window ends before. Written under the lock, read by all: no call waits to learn it. */
    atomic_int_least64_t next_end_ms;
};

/* A row under way; it frees itself. */
struct row {
    struct arena arena;
    struct commit commit;
    struct store *store;
    unsigned tries;
};

/* -- rows ---------------------------------------------------------------------------------- */

static void row_free(struct row *row)
{
    arena_done(&row->arena);
    free(row);
}

static void log_lost(const struct method *method)
{
    log_event(LOG_ERROR, "audit.denial_lost", LOG_STR("method", method->full_name));
}

/* The engine's thread. */
static void row_done(struct commit *commit, void *context)
{
    struct row *row = context;

    if (commit->result == COMMIT_CONFLICT && ++row->tries < TRIES_MOST) {
        store_commit(row->store, &row->commit, row_done, row);
        return;
    }
    if (commit->result != COMMIT_DONE)
        log_event(LOG_ERROR, "audit.denial_lost", LOG_INT("result", commit->result));
    row_free(row);
}

/* What both the first row and the counted one say; the rest is for the caller to add. */
static void fill_record(struct arena *arena, Datastream__Storage__V1__AuditRecord *record,
                        const struct actor *actor, const struct kind *kind,
                        const struct method *method, enum status_code code, int64_t time_ms)
{
    char id[UUID_TEXT_LEN];

    uuid_format(&actor->id, id);
    datastream__storage__v1__audit_record__init(record);
    record->time_ms = time_ms;
    record->object_id = audit_text(arena, slice_make(id, sizeof(id)));
    record->actor = audit_text(arena, actor_text(arena, actor));
    record->action = audit_text(arena, arena_printf(arena, "Denied%.*s", SLICE_ARG(method->name)));
    record->method = audit_text(arena, slice_from(method->path, 1));
    record->kind = audit_text(arena, kind->collection);
    record->outcome = (int32_t)code;
}

static struct row *row_new(struct denials *denials)
{
    struct row *row = calloc(1, sizeof(*row));

    if (row == NULL)
        return NULL;
    arena_init(&row->arena, NULL, ROW_BYTES);
    row->store = denials->store;
    commit_init(&row->commit, &row->arena);
    return row;
}

static void row_submit(struct denials *denials, struct row *row, const struct uuid *organization,
                       const struct actor *actor, const struct kind *kind,
                       const struct method *method, Datastream__Storage__V1__AuditRecord *record)
{
    struct slice body = message_pack(&row->arena, &record->base);

    commit_audit(&row->commit, organization, record->time_ms, actor, kind->number, &actor->id,
                 body);
    if (arena_failed(&row->arena)) {
        log_lost(method);
        row_free(row);
        return;
    }
    store_commit(denials->store, &row->commit, row_done, row);
}

static void write_first(struct denials *denials, const struct denial *denial, int64_t now_ms)
{
    Datastream__Storage__V1__AuditRecord record;
    struct row *row = row_new(denials);

    if (row == NULL) {
        log_lost(denial->method);
        return;
    }
    fill_record(&row->arena, &record, &denial->actor, denial->kind, denial->method, denial->code,
                now_ms);
    record.source_ip = audit_text(&row->arena, denial->peer);
    record.user_agent = audit_text(&row->arena, denial->user_agent);
    record.actor_name = audit_text(&row->arena, denial->actor_name);
    record.request_id = audit_text(&row->arena, denial->request_id);
    record.description = audit_text(&row->arena, denial->description);
    row_submit(denials, row, &denial->organization, &denial->actor, denial->kind, denial->method,
               &record);
}

static void write_counted(struct denials *denials, const struct window *window)
{
    Datastream__Storage__V1__AuditRecord record;
    struct row *row = row_new(denials);

    if (row == NULL) {
        log_lost(window->method);
        return;
    }
    fill_record(&row->arena, &record, &window->actor, window->kind, window->method, window->code,
                window->last_ms);
    record.source_ip = audit_text(&row->arena, slice_make(window->peer, window->peer_len));
    record.description = audit_text(&row->arena,
                                    slice_make(window->description, window->description_len));
    record.actor_name = audit_text(&row->arena,
                                   slice_make(window->actor_name, window->actor_name_len));
    record.count = window->count > INT32_MAX ? INT32_MAX : (int32_t)window->count;
    row_submit(denials, row, &window->organization, &window->actor, window->kind, window->method,
               &record);
}

/* -- windows ------------------------------------------------------------------------------- */

static void release_window(void *context, void *entry)
{
    const struct window *window = entry;

    if (window->count > 0)
        write_counted(context, window);
}

struct denials *denials__new(struct store *store)
{
    struct denials *denials = calloc(1, sizeof(*denials));

    if (denials == NULL)
        return NULL;
    denials->store = store;
    pthread_mutex_init(&denials->lock, NULL);
    atomic_init(&denials->next_end_ms, INT64_MAX);
    denials->windows = table_new(DENIALS_MOST, sizeof(struct window), release_window, denials);
    if (denials->windows != NULL)
        return denials;
    pthread_mutex_destroy(&denials->lock);
    free(denials);
    return NULL;
}

void denials__free(struct denials *denials)
{
    table_free(denials->windows);
    pthread_mutex_destroy(&denials->lock);
    free(denials);
}

static uint16_t keep_text(char *kept, size_t most, struct slice text)
{
    size_t len = text.len < most ? text.len : most;

    if (len > 0)
        memcpy(kept, text.data, len);
    return (uint16_t)len;
}

static void make_key(const struct denial *denial, uint8_t key[TABLE_KEY_LEN])
{
    uint64_t rest[2] = {(uint64_t)denial->method->index << 32 | denial->actor.type << 8 |
                            denial->code,
                        hash_add(HASH_BEGIN, denial->description)};

    memcpy(key, rest, sizeof(rest));
    memcpy(key + sizeof(rest), denial->actor.id.bytes, 16);
}

static bool is_over(void *context, const void *entry)
{
    const struct window *window = entry;

    return *(const int64_t *)context - window->start_ms >= DENIALS_WINDOW_MS;
}

/* The first end among the windows; found by the way, by a question that is always answered no. */
static bool find_end(void *context, const void *entry)
{
    const struct window *window = entry;
    int64_t *first = context;

    if (window->start_ms + DENIALS_WINDOW_MS < *first)
        *first = window->start_ms + DENIALS_WINDOW_MS;
    return false;
}

static bool is_due(const struct denials *denials, int64_t now_ms)
{
    return now_ms >= atomic_load_explicit(&denials->next_end_ms, memory_order_relaxed);
}

/* Under the lock. */
static void end_windows(struct denials *denials, int64_t now_ms)
{
    int64_t first = INT64_MAX;

    if (!is_due(denials, now_ms))
        return;
    table_remove_if(denials->windows, is_over, &now_ms);
    table_remove_if(denials->windows, find_end, &first);
    atomic_store_explicit(&denials->next_end_ms, first, memory_order_relaxed);
}

void denials__tick(struct denials *denials, int64_t now_ms)
{
    if (!is_due(denials, now_ms))
        return;
    pthread_mutex_lock(&denials->lock);
    end_windows(denials, now_ms);
    pthread_mutex_unlock(&denials->lock);
}

static void open_window(struct denials *denials, const uint8_t key[TABLE_KEY_LEN],
                        const struct denial *denial, int64_t now_ms)
{
    struct window *window = table_add(denials->windows, key);

    window->organization = denial->organization;
    window->actor = denial->actor;
    window->kind = denial->kind;
    window->method = denial->method;
    window->code = denial->code;
    window->start_ms = now_ms;
    window->description_len = (uint8_t)keep_text(window->description, TEXT_MOST,
                                                 denial->description);
    window->actor_name_len = keep_text(window->actor_name, NAME_MOST, denial->actor_name);
    if (is_due(denials, now_ms + DENIALS_WINDOW_MS))
        return;
    atomic_store_explicit(&denials->next_end_ms, now_ms + DENIALS_WINDOW_MS, memory_order_relaxed);
}

void denials__note(struct denials *denials, const struct denial *denial, int64_t now_ms)
{
    uint8_t key[TABLE_KEY_LEN];
    struct window *window;

    make_key(denial, key);
    pthread_mutex_lock(&denials->lock);
    end_windows(denials, now_ms);
    window = table_find(denials->windows, key);
    if (window == NULL) {
        open_window(denials, key, denial, now_ms);
        write_first(denials, denial, now_ms);
    } else {
        window->count++;
        window->last_ms = now_ms;
        window->peer_len = (uint8_t)keep_text(window->peer, PEER_MOST, denial->peer);
    }
    pthread_mutex_unlock(&denials->lock);
}
