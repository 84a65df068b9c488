/*
 * Streams of the chain, by the one that there is: what a watch tells and when it sleeps, wakes and
 * ends, over a store that answers at once and one that answers late.
 */
#include "tests/support/world.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
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

struct watch {
    struct test_call t;
    struct arena arena; /* of the call */
    unsigned ready;
};

static void on_ready(struct call *call)
{
    ((struct watch *)(void *)call)->ready++;
}

static void on_open(void *context)
{
    ((struct watch *)context)->t.call.ready = on_ready;
}

static ProtobufCMessage *watch_request(const char *kind, const char *from)
{
    const struct message_type *type = contract_message(w.contract,
                                                       SLICE("datastream.v1.WatchRequest"));
    ProtobufCMessage *message = message_new(&w.arena, type);

    if (kind != NULL)
        world_set(&w.arena, type, message, "kinds", kind);
    if (from != NULL)
        world_set(&w.arena, type, message, "fromRevision", from);
    return message;
}

static const struct method *watch_method(void)
{
    return contract_method(w.contract, SLICE("/datastream.v1.ChangeService/Watch"));
}

/* Runs what was posted and wakes the loop; false when there was nothing to do. */
static bool turn(struct watch *watch)
{
    bool resumes, wakes;

    pthread_mutex_lock(&w.mutex);
    resumes = watch->t.posted > 0;
    watch->t.posted -= resumes;
    wakes = w.wakes > 0;
    w.wakes = 0;
    pthread_mutex_unlock(&w.mutex);
    if (resumes)
        call_resume(&watch->t.call);
    if (wakes)
        chain_loop_wake(w.loop);
    return resumes || wakes;
}

/* Turns until the stream is ready anew or has ended. */
static void wait_ready(struct watch *watch)
{
    watch->ready = 0;
    while (watch->ready == 0 && !watch->t.finished) {
        pthread_mutex_lock(&w.mutex);
        while (watch->t.posted == 0 && w.wakes == 0)
            pthread_cond_wait(&w.cond, &w.mutex);
        pthread_mutex_unlock(&w.mutex);
        turn(watch);
    }
}

/* Opens a stream; whether it could be opened is told by t.finished. */
static void open_stream(struct watch *watch, struct slice token, const struct method *method,
                        ProtobufCMessage *request)
{
    struct slice header = arena_printf(&w.arena, "Bearer %.*s", SLICE_ARG(token));

    memset(watch, 0, sizeof(*watch));
    arena_init(&watch->arena, NULL, (size_t)1 << 24);
    watch->t.world = &w;
    watch->t.call = (struct call){
        .loop = w.loop,
        .method = method,
        .arena = &watch->arena,
        .peer = SLICE("127.0.0.1"),
        .request_id = SLICE("0192f0c1-2345-7000-8000-000000000002"),
        .post = test_call_post,
        .opened = test_call_opened,
        .finish = test_call_finish,
    };
    call_open(&watch->t.call, &(struct call_credentials){.bearer = bearer_parse(header)});
    test_call_wait(&watch->t, &watch->t.opened);
    assert_int_equal(watch->t.call.status.code, STATUS_OK);
    watch->t.call.request = request;
    on_open(watch);
    call_dispatch(&watch->t.call);
    if (watch->ready == 0 && !watch->t.finished)
        wait_ready(watch);
}

static void open_watch(struct watch *watch, struct slice token, const char *kind, const char *from)
{
    open_stream(watch, token, watch_method(), watch_request(kind, from));
}

static void close_watch(struct watch *watch)
{
    if (!watch->t.finished)
        call_stream_cancel(&watch->t.call);
    while (!watch->t.finished)
        wait_ready(watch);
    arena_done(&watch->arena);
}

/* The next message or heartbeat, or STREAM_WAIT once the stream sleeps, or STREAM_END. */
static enum stream_result pull(struct watch *watch, struct reply *ret_reply)
{
    *ret_reply = (struct reply){status_ok(), watch_method()->output, NULL};
    for (;;) {
        enum stream_result result;

        if (watch->t.finished)
            return STREAM_END;
        result = call_stream_next(&watch->t.call, &ret_reply->message);
        if (result != STREAM_WAIT)
            return result;
        pthread_mutex_lock(&w.mutex);
        while (watch->t.posted == 0 && w.wakes == 0 && watch->t.call.view != NULL)
            pthread_cond_wait(&w.cond, &w.mutex);
        pthread_mutex_unlock(&w.mutex);
        if (!turn(watch))
            return STREAM_WAIT; /* asleep: it holds no view */
    }
}

/* The next change, whatever time it takes. */
static struct reply next_change(struct watch *watch)
{
    struct reply reply;
    enum stream_result result;

    while ((result = pull(watch, &reply)) != STREAM_MESSAGE) {
        assert_int_not_equal(result, STREAM_END);
        if (result == STREAM_WAIT)
            wait_ready(watch);
    }
    return reply;
}

static void assert_heartbeat(struct watch *watch)
{
    struct reply reply;

    assert_int_equal(pull(watch, &reply), STREAM_HEARTBEAT);
    assert_field(&w, reply, "type", "HEARTBEAT");
    assert_field(&w, reply, "id", "");
}

static void assert_asleep(struct watch *watch)
{
    struct reply reply;

    assert_int_equal(pull(watch, &reply), STREAM_WAIT);
}

static void assert_ended(struct watch *watch, enum status_code code)
{
    struct reply reply;

    while (pull(watch, &reply) != STREAM_END)
        continue;
    assert_int_equal(watch->t.call.status.code, code);
}

/* -- what happens in the organization ---------------------------------------------------------- */

static struct uuid organization_of(struct slice token)
{
    struct watch watch;
    struct uuid organization;

    open_watch(&watch, token, NULL, NULL);
    organization = watch.t.call.identity.organization;
    close_watch(&watch);
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
    struct watch watch;
    struct reply reply;
    uint64_t revision;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    revision = change(&organization, "devices", 1);
    reply = next_change(&watch);
    assert_field(&w, reply, "type", "UPDATED");
    assert_field(&w, reply, "kind", "devices");
    assert_field(&w, reply, "id", "00000000-0000-0000-0000-000000000000");
    assert_true(slice_equal(world_get(&w, reply, "revision"), call_etag(&w.arena, revision)));
    assert_true(
        field_get_timestamp(reply.message, message_field_by_name(reply.type, SLICE("time"))) > 0);
    assert_asleep(&watch);
    close_watch(&watch);
}

static void news_that_nobody_looked_at_are_one_wake(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watch watch;
    struct reply reply;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    for (int i = 0; i < 10; i++)
        change(&organization, "devices", 1);
    assert_int_equal(w.wakes, 1);
    for (int i = 0; i < 10; i++)
        reply = next_change(&watch);
    assert_asleep(&watch);
    assert_non_null(reply.message);
    close_watch(&watch);
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
    struct watch watch;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    watch.ready = 0;
    change(&other, "devices", 1);
    assert_true(turn(&watch));
    assert_int_equal(watch.ready, 0);
    close_watch(&watch);
}

static void a_feed_of_other_kinds_is_read_in_turns(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    ProtobufCMessage *message;
    struct watch watch;
    struct reply reply;
    uint64_t newest = 0;
    int turns = 0;

    (void)state;
    for (int i = 0; i < 5; i++)
        newest = change(&organization, "devices", 100);
    open_watch(&watch, w.made.api_token, "roles", from);
    assert_heartbeat(&watch); /* it says how far the first slice came */
    while (call_stream_next(&watch.t.call, &message) == STREAM_WAIT && watch.t.call.view != NULL) {
        turns++;
        wait_ready(&watch);
    }
    assert_true(turns >= 6); /* 500 rows, 64 at a time */
    call_stream_tick(&watch.t.call);
    call_stream_tick(&watch.t.call);
    assert_int_equal(pull(&watch, &reply), STREAM_HEARTBEAT);
    assert_true(slice_equal(world_get(&w, reply, "revision"), call_etag(&w.arena, newest)));
    close_watch(&watch);
}

static void rows_of_one_revision_are_told_to_belong_together(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    struct watch watch;
    uint64_t first, second;

    (void)state;
    first = change(&organization, "devices", 150); /* more than two slices */
    second = change(&organization, "devices", 1);
    open_watch(&watch, w.made.api_token, NULL, from);
    for (int i = 0; i < 151; i++) {
        struct reply reply = next_change(&watch);
        bool is_last = i >= 149;

        assert_true(slice_equal(world_get(&w, reply, "revision"),
                                call_etag(&w.arena, i < 150 ? first : second)));
        assert_field(&w, reply, "moreInRevision", is_last ? "" : "1");
    }
    assert_asleep(&watch);
    close_watch(&watch);
}

/* What the caller is not told of is not announced either: nobody waits for it to resume. */
static void rows_of_other_kinds_do_not_belong_to_what_is_told(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    const char *from = arena_cstr(&w.arena, call_etag(&w.arena, store_revision(w.fixture.store)));
    struct commit commit;
    struct watch watch;

    (void)state;
    commit_init(&commit, &w.arena);
    add_changes(&commit, &organization, "directors", 1);
    add_changes(&commit, &organization, "devices", 2);
    add_changes(&commit, &organization, "directors", 2);
    assert_int_equal(commit_in(w.fixture.store, &commit), COMMIT_DONE);
    open_watch(&watch, w.made.api_token, "devices", from);
    assert_field(&w, next_change(&watch), "moreInRevision", "1");
    assert_field(&w, next_change(&watch), "moreInRevision", "");
    assert_asleep(&watch);
    close_watch(&watch);
}

static void a_long_watch_holds_no_more_memory(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watch watch;
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
            next_change(&watch);
        call_stream_tick(&watch.t.call);
    }
    assert_int_equal(watch.arena.reserved, reserved);
    assert_ptr_equal(watch.arena.at, at);
    close_watch(&watch);
}

static void heartbeats_come_where_nothing_was_sent(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watch watch;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    call_stream_tick(&watch.t.call);
    assert_heartbeat(&watch);
    assert_asleep(&watch);
    change(&organization, "devices", 1);
    next_change(&watch);
    call_stream_tick(&watch.t.call);
    assert_asleep(&watch);
    assert_int_equal(call_stream_wait_ms(&watch.t.call), w.settings.stream_heartbeat_ms);
    close_watch(&watch);
}

static void a_watch_may_be_cancelled_at_any_time(void **state)
{
    (void)state;
    for (int pulls = 0; pulls < 6; pulls++) {
        struct watch watch;
        ProtobufCMessage *message;

        open_watch(&watch, w.made.api_token, NULL, pulls % 2 == 0 ? "1" : NULL);
        for (int i = 0; i < pulls; i++)
            call_stream_next(&watch.t.call, &message);
        close_watch(&watch);
        assert_int_equal(watch.t.call.status.code, STATUS_CANCELLED);
    }
}

static void draining_ends_watches_and_opens_none(void **state)
{
    struct watch asleep, awake, later;

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
    close_watch(&asleep);
    close_watch(&awake);
    close_watch(&later);
}

/* -- conversations: methods that a frontend answers by itself
 * -------------------------------------- */

static void open_talk(struct watch *talk, struct slice token)
{
    const struct method *method = world_method(&w, "ServerReflectionInfo");

    open_stream(talk, token, method, message_new(&w.arena, method->input));
}

/* Whether the next answer may be told, once that is known. */
static enum stream_result admit(struct watch *talk)
{
    enum stream_result result;

    while ((result = call_stream_admit(&talk->t.call)) == STREAM_WAIT) {
        wait_ready(talk);
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
    struct watch talk;
    const char *id;

    (void)state;
    open_talk(&talk, new_token("Talker", &id));
    for (int i = 0; i < 3; i++)
        assert_int_equal(admit(&talk), STREAM_MESSAGE);
    disable(id);
    assert_int_equal(admit(&talk), STREAM_END); /* nobody woke the loop */
    assert_int_equal(talk.t.call.status.code, STATUS_UNAUTHENTICATED);
    close_watch(&talk);
}

static void a_silent_conversation_is_judged_when_identities_change(void **state)
{
    struct watch revoked, other;
    const char *id;

    (void)state;
    open_talk(&revoked, new_token("Talker", &id));
    open_talk(&other, w.made.api_token);
    disable(id);
    while (!revoked.t.finished)
        wait_ready(&revoked);
    assert_int_equal(revoked.t.call.status.code, STATUS_UNAUTHENTICATED);
    assert_int_equal(admit(&other), STREAM_MESSAGE);
    call_stream_tick(&other.t.call);
    assert_int_equal(admit(&other), STREAM_MESSAGE);
    close_watch(&revoked);
    close_watch(&other);
}

static void draining_ends_conversations_and_opens_none(void **state)
{
    struct watch open, later;

    (void)state;
    open_talk(&open, w.made.api_token);
    chain_drain(w.chain);
    assert_int_equal(admit(&open), STREAM_END);
    assert_int_equal(open.t.call.status.code, STATUS_UNAVAILABLE);
    open_talk(&later, w.made.api_token);
    assert_true(later.t.finished);
    assert_int_equal(later.t.call.status.code, STATUS_UNAVAILABLE);
    close_watch(&open);
    close_watch(&later);
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
    struct watch slow, fast, later;
    uint64_t newest = 0;

    (void)state;
    open_watch(&fast, w.made.api_token, NULL, from);
    assert_heartbeat(&fast);
    open_watch(&slow, w.made.api_token, NULL, from);
    for (int i = 0; i < 200; i++)
        newest = change(&organization, "devices", 1);
    for (int i = 0; i < 200; i++)
        next_change(&fast);
    next_change(&slow);
    trim_all();
    change(&organization, "devices", 1);
    next_change(&fast);
    assert_ended(&slow, STATUS_OUT_OF_RANGE);
    open_watch(&later, w.made.api_token, NULL, from);
    assert_true(later.t.finished);
    detail = find_detail((struct reply){.status = later.t.call.status}, DETAIL_ERROR_INFO,
                         WATCH_REVISION_NOT_KEPT);
    assert_non_null(detail);
    assert_true(slice_equal(detail->kind, SLICE("oldestRevision")));
    assert_true(slice_equal(detail->description, call_etag(&w.arena, newest - 1)));
    close_watch(&slow);
    close_watch(&fast);
    close_watch(&later);
}

static void a_damaged_feed_is_said_to_be(void **state)
{
    struct uuid organization = organization_of(w.made.api_token);
    struct watch watch;

    (void)state;
    open_watch(&watch, w.made.api_token, NULL, NULL);
    assert_heartbeat(&watch);
    put(&w.fixture, FAMILY_FEED,
        key__feed(&w.arena, &organization, store_revision(w.fixture.store) + 1, 0), SLICE("x"));
    call_stream_tick(&watch.t.call);
    call_stream_tick(&watch.t.call);
    assert_ended(&watch, STATUS_DATA_LOSS);
    close_watch(&watch);
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
        struct watch watch;
        struct reply reply;

        open_watch(&watch, w.made.api_token, NULL, from);
        arena_fault_set(number, number % 2 == 0);
        for (int i = 0; i < 4; i++)
            pull(&watch, &reply);
        failed = arena_fault_count() >= number;
        arena_fault_set(0, false);
        if (watch.t.finished)
            assert_int_equal(watch.t.call.status.code, STATUS_RESOURCE_EXHAUSTED);
        assert_true(watch.t.finished == failed);
        close_watch(&watch);
    }
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_watch_begins_with_a_heartbeat_tells_and_sleeps),
        TEST(news_that_nobody_looked_at_are_one_wake),
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
