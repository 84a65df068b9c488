/*
 * The ring of the latest changes, by what watchers are told: many of them, on loops whose rings
 * have room for all, for a few rows, and for none, join late, read fast and slowly, and are
 * overtaken by trimming, while changes are written. A plain list of the changes says what each of
 * them is to hear, and when nothing is left to hear.
 */
#include "tests/support/watcher.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain.h"
#include "rpc/services/watch.h"
#include "rpc/services/watch_ring.h"
#include "storage/feed.h"
#include "storage/feed_trim.h"

#define STEPS 1500
#define WATCHERS 12
#define ROWS_MOST 8192

static struct world w;
static uint64_t late_seed;

/*
 * -- chance: xorshift, the same in every run -----------------------------------------------------
 */

static uint64_t chance_state;

static unsigned chance(unsigned below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (unsigned)(chance_state >> 33) % below;
}

/*
 * -- the model ------------------------------------------------------------------------------------
 */

struct model_row {
    uint64_t revision;
    unsigned kind; /* of kinds[] */
    uint8_t id;
    enum change_type change;
};

static const char *const kinds[] = {"devices", "directors", "roles"};
static const char *const change_names[] = {"", "CREATED", "UPDATED", "DELETED"};

static struct model_row rows[ROWS_MOST];
static size_t row_count;
static struct uuid organization;

struct model_watcher {
    struct watcher watcher;
    bool open;
    unsigned told_kinds; /* a bit for each of kinds[] */
    size_t next;         /* of rows[]: what is in front of it was told, or is not told */
    uint64_t complete;   /* everything up to it was told */
};

static struct model_watcher watchers[WATCHERS];
static struct chain_loop *loops[1 + WATCHER_LOOPS];
static struct slice device_token; /* of a role that reads devices alone */
static struct account memory;     /* of each loop's ring */

/* The next row that the watcher is to hear of; row_count where there is none. */
static size_t next_told(const struct model_watcher *m, size_t from)
{
    while (from < row_count && (m->told_kinds & (1U << rows[from].kind)) == 0)
        from++;
    return from;
}

/*
 * -- what happens ---------------------------------------------------------------------------------
 */

static void write_changes(unsigned count)
{
    struct commit commit;
    size_t first = row_count;

    if (row_count + count > ROWS_MOST)
        return;
    commit_init(&commit, &w.arena);
    for (unsigned i = 0; i < count; i++) {
        struct model_row *row = &rows[row_count++];
        struct uuid id;

        *row = (struct model_row){0, chance(3), (uint8_t)chance(200),
                                  (enum change_type)(1 + chance(3))};
        id = uuid_of(row->id);
        commit_feed(&commit, &organization,
                    contract_kind(w.contract, slice_from_cstr(kinds[row->kind]))->number, &id,
                    row->change);
    }
    assert_int_equal(commit_in(w.fixture.store, &commit), COMMIT_DONE);
    for (size_t i = first; i < row_count; i++)
        rows[i].revision = commit.revision;
}

static void trim(uint64_t keep_rows)
{
    const struct feed_limits limits = {.keep_ms = (int64_t)1 << 40, .keep_rows = keep_rows};
    struct feed_trimmer *trimmer = feed_trimmer_new(w.fixture.store);

    while (feed_trim(trimmer, &limits, 0))
        continue;
    feed_trimmer_free(trimmer);
}

/* Trimming overtook the watcher, and says how far it came. */
static void check_overtaken(struct model_watcher *m)
{
    struct reply reply = {.status = m->watcher.t.call.status};
    const struct status_detail *detail = find_detail(reply, DETAIL_ERROR_INFO,
                                                     WATCH_REVISION_NOT_KEPT);
    uint64_t oldest = 0;

    assert_int_equal(reply.status.code, STATUS_OUT_OF_RANGE);
    assert_non_null(detail);
    assert_true(slice_to_u64(detail->description, &oldest));
    assert_true(oldest > m->complete);
    watcher_close(&m->watcher);
    m->open = false;
}

/* `told_kinds` are those of the kind, or all that the token's role reads where it is NULL. */
static void open_at(struct model_watcher *m, struct chain_loop *loop, uint64_t from, bool says_from,
                    struct slice token, const char *kind, unsigned told_kinds)
{
    m->told_kinds = told_kinds;
    m->complete = from;
    for (m->next = 0; m->next < row_count && rows[m->next].revision <= from; m->next++)
        continue;
    watcher_open(&m->watcher, &w, loop, token, kind,
                 says_from ? arena_cstr(&w.arena, call_etag(&w.arena, from)) : NULL);
    m->open = true;
    if (m->watcher.t.finished)
        check_overtaken(m);
}

static void open_one(struct model_watcher *m)
{
    unsigned which = chance(5);
    bool from_now = row_count == 0 || chance(2) == 0;
    uint64_t from = from_now ? store_revision(w.fixture.store)
                             : rows[row_count - 1 - chance((unsigned)row_count)].revision - 1;
    struct chain_loop *loop = loops[chance(1 + WATCHER_LOOPS)];

    open_at(m, loop, from, !from_now || chance(2) != 0,
            which == 4 ? device_token : w.made.api_token, which < 3 ? kinds[which] : NULL,
            which < 3    ? 1U << which
            : which == 3 ? 7
                         : 1);
}

/*
 * -- what is told ---------------------------------------------------------------------------------
 */

/* What was kept for others is what this watcher would write; else it keeps that. */
static void check_copy(const struct call *call, const char *text)
{
    struct slice copy;

    if (call_stream__copy(call, STREAM_FORM_SSE, &copy))
        assert_true(slice_equal(copy, slice_from_cstr(text)));
    else
        call_stream__keep(call, STREAM_FORM_SSE, slice_from_cstr(text));
}

static void check_message(struct model_watcher *m, struct reply reply)
{
    size_t at = next_told(m, m->next);
    size_t after = next_told(m, at + 1);
    struct uuid id;
    char text[160], id_text[UUID_TEXT_LEN];
    const char *more = get_cstr(&w, reply, "moreInRevision");

    assert_true(at < row_count);
    id = uuid_of(rows[at].id);
    uuid_format(&id, id_text);
    snprintf(text, sizeof(text), "%s %s %.*s %s %s", change_names[rows[at].change],
             kinds[rows[at].kind], UUID_TEXT_LEN, id_text, get_cstr(&w, reply, "revision"), more);
    assert_field(&w, reply, "type", change_names[rows[at].change]);
    assert_field(&w, reply, "kind", kinds[rows[at].kind]);
    assert_true(slice_equal(world_get(&w, reply, "id"), slice_make(id_text, UUID_TEXT_LEN)));
    assert_true(
        slice_equal(world_get(&w, reply, "revision"), call_etag(&w.arena, rows[at].revision)));
    if (after < row_count && rows[after].revision == rows[at].revision)
        assert_string_equal(more, "1");
    if (*more != '\0') /* it may be said without cause, where the revision has more rows */
        assert_true(at + 1 < row_count && rows[at + 1].revision == rows[at].revision);
    m->next = at + 1;
    m->complete = *more != '\0' ? rows[at].revision - 1 : rows[at].revision;
    check_copy(&m->watcher.t.call, text);
}

/* Nothing up to a heartbeat's revision is still to be told. */
static void check_heartbeat(struct model_watcher *m, struct reply reply)
{
    size_t at = next_told(m, m->next);
    uint64_t revision = 0;

    assert_true(slice_to_u64(world_get(&w, reply, "revision"), &revision));
    assert_true(revision >= m->complete);
    assert_true(at == row_count || rows[at].revision > revision);
    m->complete = revision;
}

/* Pulls some messages, or all; whoever has nothing more to pull has heard everything. */
static void pull_some(struct model_watcher *m, unsigned count)
{
    while (m->open && count-- > 0) {
        struct reply reply;

        switch (watcher_pull(&m->watcher, &reply)) {
        case STREAM_MESSAGE:
            check_message(m, reply);
            break;
        case STREAM_HEARTBEAT:
            check_heartbeat(m, reply);
            break;
        case STREAM_WAIT:
            assert_int_equal(next_told(m, m->next), row_count);
            return;
        case STREAM_END:
            check_overtaken(m);
            return;
        }
    }
}

static void step(void)
{
    struct model_watcher *m = &watchers[chance(WATCHERS)];
    unsigned what = chance(100);

    if (what < 30) {
        write_changes(chance(12) == 0 ? 1 + chance(150) : 1 + chance(3));
    } else if (what < 32) {
        trim(1 + chance(300));
    } else if (!m->open) {
        open_one(m);
    } else if (what < 36) {
        watcher_close(&m->watcher);
        m->open = false;
    } else if (what < 40) {
        call_stream__tick(&m->watcher.t.call);
    } else {
        pull_some(m, chance(4) == 0 ? 1000 : 1 + chance(8));
    }
}

/*
 * -- the test -------------------------------------------------------------------------------------
 */

static void wake(void *context)
{
    struct world *world = context;

    pthread_mutex_lock(&world->mutex);
    world->wakes++;
    pthread_cond_broadcast(&world->cond);
    pthread_mutex_unlock(&world->mutex);
}

static int start(void **state)
{
    static const uint64_t ring_kib[WATCHER_LOOPS] = {0, 3, 64};

    (void)state;
    world_start(&w, late_seed);
    row_count = 0;
    chance_state = 88172645463325252U;
    loops[0] = w.loop;
    for (size_t i = 0; i < WATCHER_LOOPS; i++) {
        w.settings.watch_ring_kib = ring_kib[i];
        loops[i + 1] = watcher_loops[i] = chain_loop_new(w.chain);
        assert_non_null(watcher_loops[i]);
        chain_loop__bind(watcher_loops[i], wake, &w, &memory);
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < WATCHER_LOOPS; i++) {
        chain_loop_free(watcher_loops[i]);
        watcher_loops[i] = NULL;
    }
    assert_int_equal(memory.used, 0);
    world_end(&w);
    return 0;
}

/* A token of a role that reads devices alone, and whose changes the model has. */
static void start_model(void)
{
    struct watcher first;
    struct reply made;

    made = make_token(&w, "Reader of devices", make_role(&w, "Devices", "devices.read", NULL));
    assert_ok(made);
    device_token = token_value(&w, made);
    watcher_open(&first, &w, w.loop, w.made.api_token, NULL, NULL);
    organization = first.t.call.identity.organization;
    watcher_close(&first);
}

static void end_model(void)
{
    for (size_t i = 0; i < WATCHERS; i++)
        pull_some(&watchers[i], ROWS_MOST);
    for (size_t i = 0; i < WATCHERS; i++)
        if (watchers[i].open)
            watcher_close(&watchers[i].watcher);
    memset(watchers, 0, sizeof(watchers));
}

static void each_watcher_hears_all_that_it_may_once_and_in_order(void **state)
{
    (void)state;
    start_model();
    for (int i = 0; i < STEPS; i++)
        step();
    end_model();
}

static void open_for_all(struct model_watcher *m, struct chain_loop *loop, uint64_t from)
{
    open_at(m, loop, from, true, w.made.api_token, NULL, 7);
}

/* It reads without news: as who watches the same loop it takes the ring along. */
static void beat(struct model_watcher *m)
{
    call_stream__tick(&m->watcher.t.call);
    pull_some(m, ROWS_MOST);
}

/*
 * The rest of a slice leaves the ring without news, since it was trimmed: who is in the middle of
 * the slice does not fall asleep there.
 */
static void a_slice_that_left_the_ring_is_read_on_without_news(void **state)
{
    uint64_t from;

    (void)state;
    start_model();
    from = store_revision(w.fixture.store);
    for (int i = 0; i < 20; i++)
        write_changes(1);
    open_for_all(&watchers[0], w.loop, from);
    pull_some(&watchers[0], 1);
    open_for_all(&watchers[1], w.loop, store_revision(w.fixture.store));
    pull_some(&watchers[1], ROWS_MOST);
    trim(1);
    beat(&watchers[1]);
    pull_some(&watchers[0], ROWS_MOST);
    end_model();
}

/* A watch reads so many rows at once. */
#define SLICE_ROWS 64

/*
 * The first row that a cut reading left is trimmed before the ring gets there: who waits in front
 * of the row is not led past the gap.
 */
static void what_was_trimmed_after_a_cut_reading_is_not_passed_over(void **state)
{
    uint64_t from;

    (void)state;
    start_model();
    from = store_revision(w.fixture.store);
    for (int i = 0; i < SLICE_ROWS + 20; i++)
        write_changes(1);
    for (size_t i = 0; i < 2; i++) {
        open_for_all(&watchers[i], w.loop, from);
        pull_some(&watchers[i], SLICE_ROWS);
        assert_int_equal(watchers[i].complete, from + SLICE_ROWS);
    }
    trim(19);
    for (size_t i = 0; i < 2; i++) {
        pull_some(&watchers[i], 1);
        assert_false(watchers[i].open); /* it was told that it was overtaken */
    }
    end_model();
}

/* A place of the ring that has another row now is not taken for the one that was in it. */
static void a_row_that_the_newest_replaced_is_read_from_the_store(void **state)
{
    uint64_t from;

    (void)state;
    start_model();
    from = store_revision(w.fixture.store);
    write_changes(128);
    open_for_all(&watchers[0], w.loop, from);
    open_for_all(&watchers[1], w.loop, from);
    pull_some(&watchers[0], 1);
    for (size_t i = 128; i < WATCH_RING_ROWS; i += 128)
        write_changes(128);
    pull_some(&watchers[1], ROWS_MOST);
    write_changes(2); /* in the places of the row that was told, and of the next one */
    pull_some(&watchers[1], ROWS_MOST);
    end_model();
}

/* A row for which there is no memory is not in the ring: nobody is led past it there. */
static void a_row_that_found_no_memory_is_read_from_the_store(void **state)
{
    (void)state;
    start_model();
    for (size_t i = 0; i < 2; i++)
        open_for_all(&watchers[i], loops[WATCHER_LOOPS], store_revision(w.fixture.store));
    for (unsigned round = 0; round < 6; round++) {
        memory.most = round % 3 == 1 ? 1 : 0; /* none, and no bound */
        write_changes(1 + round);
        for (size_t i = 0; i < 2; i++)
            pull_some(&watchers[i], ROWS_MOST);
    }
    end_model();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_watcher_hears_all_that_it_may_once_and_in_order),
        TEST(a_slice_that_left_the_ring_is_read_on_without_news),
        TEST(what_was_trimmed_after_a_cut_reading_is_not_passed_over),
        TEST(a_row_that_the_newest_replaced_is_read_from_the_store),
        TEST(a_row_that_found_no_memory_is_read_from_the_store),
    };
    int failures = cmocka_run_group_tests_name("RocksDB", tests, NULL, NULL);

#ifdef DATASTREAM_FAULTS
    late_seed = 11;
    failures += cmocka_run_group_tests_name("late", tests, NULL, NULL);
#endif
    return failures;
}
