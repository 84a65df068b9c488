/*
 * Streams of the chain, by the one that there is: what a watch tells and when it sleeps, wakes and
 * ends, over a store that answers at once and one that answers late.
 */
#include "tests/support/watcher.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/watch.h"
#include "storage/feed.h"
#include "storage/feed_trim.h"

static struct world w;
static uint64_t late_seed;

static int start(void **state)
{
    (void)state;
    world_start(&w, late_seed);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

/* -- a watch, pulled by the test -------------------------------------------------------------- */

static void open_watch(struct watcher *watch, struct slice token, const char *kind,
                       const char *from)
{
    watcher_open(watch, &w, w.loop, token, kind, from);
}

static void assert_heartbeat(struct watcher *watch)
{
    struct reply reply;

    assert_int_equal(watcher_pull(watch, &reply), STREAM_HEARTBEAT);
    assert_field(&w, reply, "type", "HEARTBEAT");
    assert_field(&w, reply, "id", "");
}

static void assert_asleep(struct watcher *watch)
{
    struct reply reply;

    assert_int_equal(watcher_pull(watch, &reply), STREAM_WAIT);
}

static void assert_ended(struct watcher *watch, enum status_code code)
{
    struct reply reply;

    while (watcher_pull(watch, &reply) != STREAM_END)
        continue;
    assert_int_equal(watch->t.call.status.code, code);
}

/* -- what happens in the organization ---------------------------------------------------------- */

static struct uuid organization_of(struct slice token)
{
    struct watcher watch;
    struct uuid organization;

    open_watch(&watch, token, NULL, NULL);
    organization = watch.t.call.identity.organization;
    watcher_close(&watch);
    return organization;
}

/* A commit of `count` changes to objects of a kind; its revision. */
static void add_changes(struct commit *commit, const struct uuid *organization,
                        const char *collection, int count)
{
    const struct kind *kind = contract_kind(w.contract, slice_from_cstr(collection));

    for (int i = 0; i < count; i++) {
        struct uuid id = uuid_of((uint8_t)i);

        commit_feed(commit, organization, kind->number, &id, CHANGE_UPDATED);
    }
}

static uint64_t change(const struct uuid *organization, const char *collection, int count)
{
    struct commit commit;

    commit_init(&commit, &w.arena);
    add_changes(&commit, organization, collection, count);
    assert_int_equal(commit_in(w.fixture.store, &commit), COMMIT_DONE);
    return commit.revision;
}

/* An organization whose changes wake nobody of another: the tables of news are shared by hash. */
static struct uuid other_organization(const struct uuid *organization)
{
    struct uuid other = *organization;

    other.bytes[15] ^= 1;
    return other;
}

/* -- tests --------------------------------------------------------------------------------------
 */

static void a_watch_begins_with_a_heartbeat_tells_and_sleeps(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watcher watch;
    struct reply reply;
    uint64_t revision;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    revision = change(&organization, "devices", 1);
    reply = watcher_next(&watch);
    assert_field(&w, reply, "type", "UPDATED");
    assert_field(&w, reply, "kind", "devices");
    assert_field(&w, reply, "id", "00000000-0000-0000-0000-000000000000");
    assert_true(slice_equal(world_get(&w, reply, "revision"), call_etag(&w.arena, revision)));
    assert_true(
        field_get_timestamp(reply.message, message_field_by_name(reply.type, SLICE("time"))) > 0);
    assert_asleep(&watch);
    watcher_close(&watch);
}

static void news_that_nobody_looked_at_are_one_wake(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watcher watch;
    struct reply reply;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    for (int i = 0; i < 10; i++)
        change(&organization, "devices", 1);
    assert_int_equal(w.wakes, 1);
    for (int i = 0; i < 10; i++)
        reply = watcher_next(&watch);
    assert_asleep(&watch);
    assert_non_null(reply.message);
    watcher_close(&watch);
}

/* Hears of news; `epoch` is the identities' when it did. */
struct ear {
    struct news_listener listener;
    uint64_t epoch;
};

static void hear(struct news_listener *listener)
{
    ((struct ear *)(void *)listener)->epoch = identity_epoch(w.identities);
}

static const char *new_reader(void)
{
    struct reply made = make_token(&w, "Reader", make_role(&w, "Reads", "devices.read", NULL));

    assert_ok(made);
    return get_cstr(&w, made, "id");
}

/* Else a stream would be judged by what its caller was before the commit that woke it. */
static void identities_are_published_before_the_news(void **state)
{
    struct ear ear = {.listener = {.wake = hear}};
    const char *id = new_reader();
    uint64_t before = identity_epoch(w.identities);

    (void)state;
    news__join(w.news, &ear.listener);
    news__listen(w.news, &ear.listener, true);
    assert_ok(world_call(&w, "DisableApiToken", w.made.api_token,
                         world_make(&w, "DisableApiToken", "id", id, NULL)));
    news__leave(w.news, &ear.listener);
    assert_true(ear.epoch > before);
}

static void commits_wake_nobody_when_nobody_watches(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);

    (void)state;
    w.wakes = 0;
    change(&organization, "devices", 1);
    assert_int_equal(w.wakes, 0);
}

static void changes_of_others_let_a_watch_sleep(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct uuid other = other_organization(&organization);
    struct watcher watch;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    watch.ready = 0;
    change(&other, "devices", 1);
    assert_true(watcher_turn(&watch));
    assert_int_equal(watch.ready, 0);
    watcher_close(&watch);
}

static void a_feed_of_other_kinds_is_read_in_turns(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    ProtobufCMessage *message;
    struct watcher watch;
    struct reply reply;
    uint64_t newest = 0;
    int turns = 0;

    (void)state;
    for (int i = 0; i < 5; i++)
        newest = change(&organization, "devices", 100);
    open_watch(&watch, w.made.api_token, "roles", from);
    assert_heartbeat(&watch); /* it says how far the first slice came */
    while (call_stream__next(&watch.t.call, &message) == STREAM_WAIT && watch.t.call.view != NULL) {
        turns++;
        watcher_wait_ready(&watch);
    }
    assert_true(turns >= 6); /* 500 rows, 64 at a time */
    call_stream__tick(&watch.t.call);
    call_stream__tick(&watch.t.call);
    assert_int_equal(watcher_pull(&watch, &reply), STREAM_HEARTBEAT);
    assert_true(slice_equal(world_get(&w, reply, "revision"), call_etag(&w.arena, newest)));
    watcher_close(&watch);
}

static void rows_of_one_revision_are_told_to_belong_together(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    struct watcher watch;
    uint64_t first, second;

    (void)state;
    first = change(&organization, "devices", 150); /* more than two slices */
    second = change(&organization, "devices", 1);
    open_watch(&watch, w.made.api_token, NULL, from);
    for (int i = 0; i < 151; i++) {
        struct reply reply = watcher_next(&watch);
        bool is_last = i >= 149;

        assert_true(slice_equal(world_get(&w, reply, "revision"),
                                call_etag(&w.arena, i < 150 ? first : second)));
        assert_field(&w, reply, "moreInRevision", is_last ? "" : "1");
    }
    assert_asleep(&watch);
    watcher_close(&watch);
}

/* What the caller is not told of is not announced either: nobody waits for it to resume. */
static void rows_of_other_kinds_do_not_belong_to_what_is_told(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    struct commit commit;
    struct watcher watch;

    (void)state;
    commit_init(&commit, &w.arena);
    add_changes(&commit, &organization, "directors", 1);
    add_changes(&commit, &organization, "devices", 2);
    add_changes(&commit, &organization, "directors", 2);
    assert_int_equal(commit_in(w.fixture.store, &commit), COMMIT_DONE);
    open_watch(&watch, w.made.api_token, "devices", from);
    assert_field(&w, watcher_next(&watch), "moreInRevision", "1");
    assert_field(&w, watcher_next(&watch), "moreInRevision", "");
    assert_asleep(&watch);
    watcher_close(&watch);
}

static void a_long_watch_holds_no_more_memory(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watcher watch;
    size_t reserved;
    char *at;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    reserved = watch.arena.reserved;
    at = watch.arena.at;
    for (int i = 0; i < 20; i++) {
        change(&organization, "devices", 100);
        for (int j = 0; j < 100; j++)
            watcher_next(&watch);
        call_stream__tick(&watch.t.call);
    }
    assert_int_equal(watch.arena.reserved, reserved);
    assert_ptr_equal(watch.arena.at, at);
    watcher_close(&watch);
}

static void heartbeats_come_where_nothing_was_sent(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watcher watch;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    call_stream__tick(&watch.t.call);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    change(&organization, "devices", 1);
    watcher_next(&watch);
    call_stream__tick(&watch.t.call);
    assert_asleep(&watch);
    assert_int_equal(call_stream__wait_ms(&watch.t.call), w.settings.stream_heartbeat_ms);
    watcher_close(&watch);
}

static void a_watch_may_be_cancelled_at_any_time(void **state)
{
    (void)state;
    for (int pulls = 0; pulls < 6; pulls++) {
        struct watcher watch;
        ProtobufCMessage *message;

        open_watch(&watch, w.made.api_token, NULL, pulls % 2 == 0 ? "1" : NULL);
        for (int i = 0; i < pulls; i++)
            call_stream__next(&watch.t.call, &message);
        watcher_close(&watch);
        assert_int_equal(watch.t.call.status.code, STATUS_CANCELLED);
    }
}

static void draining_ends_watches_and_opens_none(void **state)
{
    struct watcher asleep, awake, later;

    (void)state;
    open_watch(&asleep, w.made.api_token, NULL, NULL);
    assert_heartbeat(&asleep);
    assert_asleep(&asleep);
    open_watch(&awake, w.made.api_token, NULL, NULL);
    chain_drain(w.chain);
    assert_ended(&awake, STATUS_UNAVAILABLE);
    w.wakes++;
    assert_ended(&asleep, STATUS_UNAVAILABLE);
    open_watch(&later, w.made.api_token, NULL, NULL);
    assert_true(later.t.finished);
    assert_int_equal(later.t.call.status.code, STATUS_UNAVAILABLE);
    watcher_close(&asleep);
    watcher_close(&awake);
    watcher_close(&later);
}

/* -- conversations: methods that a frontend answers by itself
 * -------------------------------------- */

static void open_talk(struct watcher *talk, struct slice token)
{
    const struct method *method = world_method(&w, "ServerReflectionInfo");

    watcher_open_stream(talk, &w, w.loop, token, method, message_new(&w.arena, method->input));
}

/* Whether the next answer may be told, once that is known. */
static enum stream_result admit(struct watcher *talk)
{
    enum stream_result result;

    while ((result = call_stream__admit(&talk->t.call)) == STREAM_WAIT) {
        watcher_wait_ready(talk);
        if (talk->t.finished)
            return STREAM_END;
    }
    return result;
}

static struct slice new_token(const char *name, const char **ret_id)
{
    struct reply made = make_token(&w, name, predefined(&w, "API Reader"));

    assert_ok(made);
    *ret_id = get_cstr(&w, made, "id");
    return token_value(&w, made);
}

static void disable(const char *id)
{
    assert_ok(world_call(&w, "DisableApiToken", w.made.api_token,
                         world_make(&w, "DisableApiToken", "id", id, NULL)));
}

static void a_conversation_is_judged_before_each_answer(void **state)
{
    struct watcher talk;
    const char *id;

    (void)state;
    open_talk(&talk, new_token("Talker", &id));
    for (int i = 0; i < 3; i++)
        assert_int_equal(admit(&talk), STREAM_MESSAGE);
    disable(id);
    assert_int_equal(admit(&talk), STREAM_END); /* nobody woke the loop */
    assert_int_equal(talk.t.call.status.code, STATUS_UNAUTHENTICATED);
    watcher_close(&talk);
}

static void a_silent_conversation_is_judged_when_identities_change(void **state)
{
    struct watcher revoked, other;
    const char *id;

    (void)state;
    open_talk(&revoked, new_token("Talker", &id));
    open_talk(&other, w.made.api_token);
    disable(id);
    while (!revoked.t.finished)
        watcher_wait_ready(&revoked);
    assert_int_equal(revoked.t.call.status.code, STATUS_UNAUTHENTICATED);
    assert_int_equal(admit(&other), STREAM_MESSAGE);
    call_stream__tick(&other.t.call);
    assert_int_equal(admit(&other), STREAM_MESSAGE);
    watcher_close(&revoked);
    watcher_close(&other);
}

static void draining_ends_conversations_and_opens_none(void **state)
{
    struct watcher open, later;

    (void)state;
    open_talk(&open, w.made.api_token);
    chain_drain(w.chain);
    assert_int_equal(admit(&open), STREAM_END);
    assert_int_equal(open.t.call.status.code, STATUS_UNAVAILABLE);
    open_talk(&later, w.made.api_token);
    assert_true(later.t.finished);
    assert_int_equal(later.t.call.status.code, STATUS_UNAVAILABLE);
    watcher_close(&open);
    watcher_close(&later);
}

/* -- trimming ---------------------------------------------------------------------------------- */

static void trim_all(void)
{
    const struct feed_limits limits = {.keep_ms = (int64_t)1 << 40, .keep_rows = 1};
    struct feed_trimmer *trimmer = feed_trimmer_new(w.fixture.store);

    while (feed_trim(trimmer, &limits, 0))
        continue;
    feed_trimmer_free(trimmer);
}

static void a_watch_that_trimming_overtook_ends(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    const struct status_detail *detail;
    struct watcher slow, fast, later;
    uint64_t newest = 0;

    (void)state;
    open_watch(&fast, w.made.api_token, NULL, from);
    assert_heartbeat(&fast);
    open_watch(&slow, w.made.api_token, NULL, from);
    for (int i = 0; i < 200; i++)
        newest = change(&organization, "devices", 1);
    for (int i = 0; i < 200; i++)
        watcher_next(&fast);
    watcher_next(&slow);
    trim_all();
    change(&organization, "devices", 1);
    watcher_next(&fast);
    assert_ended(&slow, STATUS_OUT_OF_RANGE);
    open_watch(&later, w.made.api_token, NULL, from);
    assert_true(later.t.finished);
    detail = find_detail((struct reply){.status = later.t.call.status}, DETAIL_ERROR_INFO,
                         WATCH_REVISION_NOT_KEPT);
    assert_non_null(detail);
    assert_true(slice_equal(detail->kind, SLICE("oldestRevision")));
    assert_true(slice_equal(detail->description, call_etag(&w.arena, newest - 1)));
    watcher_close(&slow);
    watcher_close(&fast);
    watcher_close(&later);
}

static void a_damaged_feed_is_said_to_be(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watcher watch;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    put(&w.fixture, FAMILY_FEED,
        key__feed(&w.arena, &organization, store_revision(w.fixture.store) + 1, 0), SLICE("x"));
    call_stream__tick(&watch.t.call);
    call_stream__tick(&watch.t.call);
    assert_ended(&watch, STATUS_DATA_LOSS);
    watcher_close(&watch);
}

#ifdef DATASTREAM_FAULTS
static void a_watch_survives_each_failed_allocation(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    bool failed = true;

    (void)state;
    change(&organization, "devices", 3);
    for (unsigned long number = 1; failed; number++) {
        struct watcher watch;
        struct reply reply;

        open_watch(&watch, w.made.api_token, NULL, from);
        arena_fault_set(number, number % 2 == 0);
        for (int i = 0; i < 4; i++)
            watcher_pull(&watch, &reply);
        failed = arena_fault_count() >= number;
        arena_fault_set(0, false);
        if (watch.t.finished)
            assert_int_equal(watch.t.call.status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_true(watch.t.finished == failed);
        watcher_close(&watch);
    }
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_watch_begins_with_a_heartbeat_tells_and_sleeps),
        TEST(news_that_nobody_looked_at_are_one_wake),
        TEST(identities_are_published_before_the_news),
        TEST(commits_wake_nobody_when_nobody_watches),
        TEST(changes_of_others_let_a_watch_sleep),
        TEST(a_feed_of_other_kinds_is_read_in_turns),
        TEST(rows_of_one_revision_are_told_to_belong_together),
        TEST(rows_of_other_kinds_do_not_belong_to_what_is_told),
        TEST(a_long_watch_holds_no_more_memory),
        TEST(heartbeats_come_where_nothing_was_sent),
        TEST(a_watch_may_be_cancelled_at_any_time),
        TEST(draining_ends_watches_and_opens_none),
        TEST(a_conversation_is_judged_before_each_answer),
        TEST(a_silent_conversation_is_judged_when_identities_change),
        TEST(draining_ends_conversations_and_opens_none),
        TEST(a_watch_that_trimming_overtook_ends),
        TEST(a_damaged_feed_is_said_to_be),
#ifdef DATASTREAM_FAULTS
        TEST(a_watch_survives_each_failed_allocation),
#endif
    };
    int failures = cmocka_run_group_tests_name("RocksDB", tests, NULL, NULL);

#ifdef DATASTREAM_FAULTS
    late_seed = 11;
    failures += cmocka_run_group_tests_name("late", tests, NULL, NULL);
#endif
    return failures;
}
