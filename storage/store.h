/*
 * The store's interface: what every engine promises, embedded or distributed.
 *
 * A handler is a pure function of its request, identity, time, random bytes and what it reads
 * through a view; it returns an answer or fills a commit, and may be run again after a conflict or
 * after the engine fetched a key that it missed. So handlers have no other effect.
 *
 * Values are records (storage/record.h): a header with the revision of the commit that wrote them,
 * then the body. The engine, not the handler, gives revisions, audit numbers, chain hashes and
 * counts.
 *
 * Threads: views belong to the thread that opened them. store_commit and store_fetch may be called
 * from any thread; their callbacks come on a thread of the engine's and must only hand over.
 */
#ifndef DATASTREAM_STORAGE_STORE_H
#define DATASTREAM_STORAGE_STORE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/uuid.h"

/* Column families. The name is what the engine's files carry: never change one. */
#define STORE_FAMILIES(X)                 \
    X(META, "meta")                       \
    X(ORGANIZATIONS, "organizations")     \
    X(TOKEN_HASHES, "token_hashes")       \
    X(SESSION_HASHES, "session_hashes")   \
    X(EMAILS, "emails")                   \
    X(USERS, "users")                     \
    X(SESSIONS, "sessions")               \
    X(ROLES, "roles")                     \
    X(TOKENS, "tokens")                   \
    X(RESOURCES, "resources")             \
    X(NAMES, "names")                     \
    X(REFERENCES, "references")           \
    X(INDEXES, "indexes")                 \
    X(COUNTS, "counts")                   \
    X(AUDIT, "audit")                     \
    X(AUDIT_BY_OBJECT, "audit_by_object") \
    X(AUDIT_BY_ACTOR, "audit_by_actor")   \
    X(AUDIT_BY_TIME, "audit_by_time")     \
    X(FEED, "feed")                       \
    X(IDEMPOTENCY, "idempotency")         \
    X(SECRETS, "secrets")                 \
    X(USAGE, "usage")

enum store_family {
#define X(name, text) FAMILY_##name,
    STORE_FAMILIES(X)
#undef X
        FAMILIES
};

struct store;
struct store_view;
struct commit;

/* What a read found. */
enum store_found {
    STORE_FOUND,
    STORE_ABSENT,
    STORE_AGAIN,  /* not here yet: return, store_fetch the view, run again */
    STORE_FAILED, /* the engine failed; it has logged why */
};

/* One row of a scan. Both slices live as long as the view's arena. */
struct store_row {
    struct slice key;
    struct slice value; /* a whole record, header included */
};

struct store_rows {
    struct store_row *rows;
    size_t count;
    bool more; /* the range holds further rows */
};

/* -- reading ------------------------------------------------------------------------------- */

/*
 * A view whose results live in `arena`, itself included; nothing to close. NULL when the arena
 * fails. Points read the newest committed state each; one scan is consistent in itself.
 */
struct store_view *store_view_open(struct store *store, struct arena *arena);

/* Forgets what was found, so that the next run of a handler reads anew. */
void store_view_reset(struct store_view *view);

/*
 * The record under a key; *ret_value is a whole record and lives as long as the arena. Rows of
 * FAMILY_IDEMPOTENCY are got and put by a hash of 16 bytes, and scanned and deleted by blocks
 * (repeats.h).
 */
enum store_found store_get(struct store_view *view, enum store_family family, struct slice key,
                           struct slice *ret_value);

/*
 * The records under `count` keys of one family, in their order, as many as about `most` bytes hold
 * and at least one: their number goes to *ret_count, a record that is absent has NULL data. One
 * fetch for all of them, so STORE_AGAIN says that any is not here yet. `ret_values` has room for
 * `count`.
 */
enum store_found store_get_many(struct store_view *view, enum store_family family,
                                const struct slice *keys, size_t count, size_t most,
                                struct slice *ret_values, size_t *ret_count);

/*
 * A scan ends after the row that passes this: large records must neither exhaust a call's memory
 * nor keep its loop for long.
 */
#define STORE_SCAN_BYTES_MOST ((size_t)256 << 10)

/*
 * The records with from <= key < to, at most `limit` and about STORE_SCAN_BYTES_MOST bytes, from
 * the end when `reverse`. STORE_FOUND also when there are none.
 */
enum store_found store_scan(struct store_view *view, enum store_family family, struct slice from,
                            struct slice to, bool reverse, size_t limit,
                            struct store_rows *ret_rows);

/* The counter that commit_count moves; 0 when it was never moved. */
enum store_found store_count(struct store_view *view, struct slice counter, uint64_t *ret_count);

/*
 * The newest revision that was written when the view was opened or last reset: everything up to it
 * is seen by the reads of the view, and what has no newer revision was the same at that moment.
 */
uint64_t store_view_revision(const struct store_view *view);

/* Whether a read of this view answered STORE_AGAIN since it was opened or reset. */
bool store_view_missed(const struct store_view *view);

/* How many rows FAMILY_IDEMPOTENCY has. Any thread. */
size_t store_repeats(struct store *store);

/* Fetches what the view missed, then calls `done` once, from any thread. */
void store_fetch(struct store_view *view, void (*done)(void *context), void *context);

/* -- writing ------------------------------------------------------------------------------- */

/*
 * Most operations and conditions together, and most bytes, of one commit; beyond them it fails
 * before it is tried. So no commit holds the committer for long: 100 objects with 30 rows each fit.
 */
#define COMMIT_OPERATIONS_MOST 4096
#define COMMIT_BYTES_MOST (1 << 20)

enum condition_type {
    CONDITION_AT_REVISION, /* the key's record was written by that revision */
    CONDITION_PRESENT,
    CONDITION_ABSENT,
    CONDITION_RANGE_EMPTY, /* no key with key <= k < end */
};

struct condition {
    struct condition *next;
    enum condition_type type;
    enum store_family family;
    struct slice key;
    struct slice end;
    uint64_t revision; /* of CONDITION_ABSENT, unless it is 0: the caller saw that it was so then */
};

struct operation {
    struct operation *next;
    enum store_family family;
    bool is_delete;
    struct slice key;
    struct slice body; /* without header: the engine writes it */
};

enum change_type { CHANGE_CREATED = 1, CHANGE_UPDATED = 2, CHANGE_DELETED = 3 };

/* One row of the change feed, read back by watchers in the order of revisions. */
struct feed_entry {
    struct feed_entry *next;
    struct uuid organization;
    uint32_t kind;
    struct uuid id;
    enum change_type change;
};

/* Who does things, as numbers in keys: they never change. */
enum actor_type {
    ACTOR_NONE = 0,
    ACTOR_SYSTEM = 1, /* the operator's tools; its id is nil */
    ACTOR_TOKEN = 2,
    ACTOR_USER = 3,
    ACTOR_DIRECTOR = 4,
    ACTOR_ENROLLMENT = 5, /* by an enrollment token */
};

struct actor {
    enum actor_type type;
    struct uuid id;
};

/* One audit row; the engine numbers and chains it per organization. */
struct audit_entry {
    struct audit_entry *next;
    struct uuid organization;
    struct actor actor;
    uint32_t kind;     /* of the object, 0 when there is none */
    struct uuid id;    /* of the object */
    int64_t time_ms;   /* that the row tells, milliseconds since 1970 */
    struct slice body; /* a packed datastream.storage.v1.AuditRecord */
};

struct counter_delta {
    struct counter_delta *next;
    struct slice counter;
    int64_t delta;
};

enum commit_result {
    COMMIT_PENDING,
    COMMIT_DONE,
    COMMIT_CONFLICT, /* a condition does not hold: see `conflict` */
    COMMIT_FAILED,   /* the engine could not write, and takes no more writes */
};

/*
 * A conditional commit: all conditions hold and everything is written, or nothing is. Everything in
 * it is borrowed from `arena` or longer-lived and must stay until `done` was called. Plain:
 * handlers fill it with the functions below, in order of need; the lists keep the order of the
 * calls.
 */
struct commit {
    struct arena *arena;
    struct condition *conditions, **conditions_tail;
    struct operation *operations, **operations_tail;
    struct feed_entry *feed, **feed_tail;
    struct audit_entry *audit, **audit_tail;
    struct counter_delta *counts, **counts_tail;
    size_t operation_count; /* operations, feed, audit and counts together */
    size_t condition_count;
    size_t bytes; /* keys and bodies */

    /* Set by the engine before `done`. */
    enum commit_result result;
    const struct condition *conflict; /* the first that did not hold */
    uint64_t revision;                /* of a commit that is done */

    /* Set by store_commit. */
    void (*done)(struct commit *commit, void *context);
    void *context;
    struct commit *queue_next; /* of a commit_queue, then the engine's */
};

/* An empty commit. */
void commit_init(struct commit *commit, struct arena *arena);

/* Nothing to write: no operation, audit row or feed row. */
bool commit_is_empty(const struct commit *commit);

/*
 * Conditions, checked in order. Keys are borrowed. No condition may ask for a row that the engine
 * keys by a number of its own (of an audit row, or of a change in the feed): it does not see those
 * that were given a moment ago.
 */
void commit_require_revision(struct commit *commit, enum store_family family, struct slice key,
                             uint64_t revision);
void commit_require_present(struct commit *commit, enum store_family family, struct slice key);
void commit_require_absent(struct commit *commit, enum store_family family, struct slice key);
/*
 * The same for a caller that found it absent, by a view that was of this revision at that time: the
 * engine takes its word, and need only know that nobody has written the row since. Of
 * FAMILY_IDEMPOTENCY alone: of it the engine remembers what was written. 0: nothing was found.
 */
void commit_require_absent_since(struct commit *commit, enum store_family family, struct slice key,
                                 uint64_t revision);
void commit_require_empty(struct commit *commit, enum store_family family, struct slice from,
                          struct slice to);
/* No key of the range but `own`, whether or not that is there. Copies `own` into the arena. */
void commit_require_only(struct commit *commit, enum store_family family, struct slice from,
                         struct slice to, struct slice own);

/* Whether the commit is within the limits above. */
bool commit_fits(const struct commit *commit);

/*
 * How many of the commit's objects would fit into one, when it is of `objects` that are alike; 0
 * when not even one does.
 */
size_t commit_objects_that_fit(const struct commit *commit, size_t objects);

/* Operations. Keys and bodies are borrowed. Each may fail the arena; check it once at the end. */
void commit_put(struct commit *commit, enum store_family family, struct slice key,
                struct slice body);
void commit_delete(struct commit *commit, enum store_family family, struct slice key);
void commit_count(struct commit *commit, struct slice counter, int64_t delta);
void commit_feed(struct commit *commit, const struct uuid *organization, uint32_t kind,
                 const struct uuid *id, enum change_type change);
/*
 * The row is found by its time, by its actor, unless that is NULL, and by its object, unless `kind`
 * is 0.
 */
void commit_audit(struct commit *commit, const struct uuid *organization, int64_t time_ms,
                  const struct actor *actor, uint32_t kind, const struct uuid *id,
                  struct slice body);

/*
 * Submits the commit. `done` is called exactly once, on a thread of the engine's (or, where the
 * commit is refused for its size, on this one), after the write is durable and its observers ran.
 * Calls from one thread are tried in order. Never blocks on the disk.
 */
void store_commit(struct store *store, struct commit *commit,
                  void (*done)(struct commit *commit, void *context), void *context);

/*
 * Commits that one thread gathers to hand them over together: the engine is woken once for all of
 * them, and they share a synced write. Plain; {0} is an empty one.
 */
struct commit_queue {
    struct commit *first, *last;
};

/* As store_commit, except that the commit waits in the queue for store_commit_queued. */
void store_commit_later(struct commit_queue *queue, struct commit *commit,
                        void (*done)(struct commit *commit, void *context), void *context);

/* Submits what the queue holds, in its order, and leaves the queue empty. */
void store_commit_queued(struct store *store, struct commit_queue *queue);

/* As store_commit, waiting for the result: for tools and start-up, never on a loop. */
enum commit_result store_commit_wait(struct store *store, struct commit *commit);

/* -- observing ----------------------------------------------------------------------------- */

/*
 * Called on the engine's thread for each commit that was written, in order of revisions, before any
 * `done` of it is called: what it publishes is visible to whoever hears of the commit.
 */
typedef void store_observer(void *context, const struct commit *commit);

/* Newest revision written. */
uint64_t store_revision(struct store *store);

/* Whether writes are refused since one failed (the latch opens only with a restart). */
bool store_is_read_only(struct store *store);

/* The same as a constant sentence that says why and what to do; NULL when writes are accepted. */
const char *store_read_only_reason(struct store *store);

/* -- opening ------------------------------------------------------------------------------- */

struct store_options {
    const char *directory; /* of the engine's files */
    bool create;           /* make it when it is missing, else refuse */
    bool read_only;        /* for offline tools: writes are refused, nothing is changed */
    size_t block_cache_bytes;
    size_t row_cache_bytes; /* single rows that were read from tables; 0: none are cached */
    /*
     * The time that each batch is stored with ("newest_time" in the family meta), in ms since 1970;
     * may be NULL, and 0 stores none. Called on the committer's thread.
     */
    int64_t (*now_ms)(void);
    store_observer *observer; /* may be NULL */
    void *observer_context;
};

/*
 * NOT_FOUND with a sentence for people when no embedded store is in the directory; OK when one is,
 * or when it cannot be told (the opening says why). `arena` holds the message.
 */
struct status store_require_rocksdb(struct arena *arena, const char *directory);

/*
 * Whether the directory exists and holds nothing, or only what a creation of an embedded store left
 * that was killed before there was a store.
 */
bool store_may_begin_rocksdb(const char *directory);

/*
 * Opens the embedded engine (RocksDB). On failure *ret_store is untouched and the status says why:
 * FAILED_PRECONDITION for a store of a newer or unknown format, UNAVAILABLE when the files are in
 * use, NOT_FOUND when there is none. `arena` holds the message.
 */
struct status store_open_rocksdb(const struct store_options *options, struct arena *arena,
                                 struct store **ret_store);

#ifdef DATASTREAM_FAULTS
/*
 * The test engine: wraps `inner`, which it owns from then on. Reads answer STORE_AGAIN until they
 * were fetched; fetches and commits are answered late, from another thread; every so often a commit
 * conflicts for no reason. `seed` makes the choices repeatable.
 */
struct store *store_wrap_late(struct store *inner, uint64_t seed);
#endif

/*
 * Gives the store the key of its audit chains (key_ring.h has it). Before anything is audited or
 * verified, which fails without it.
 */
void store_set_audit_key(struct store *store, const uint8_t key[32]);

/* Finishes what was submitted, flushes and closes. No view may be used afterwards. */
void store_close(struct store *store);

#endif
