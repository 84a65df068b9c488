/*
 * Idempotency keys through the whole chain, over both engines: what is done once, and answered
 * twice.
 */
#include "tests/support/world.h"

#include "rpc/call/idempotency.h"
#include "rpc/call/time_floor.h"

#ifdef DATASTREAM_FAULTS
#include "base/clock.h"
#include "rpc/call/idempotency_trim.h"
#define LATE_SEEDS 3
#else
#define LATE_SEEDS 0
#endif

static struct world world;
static uint64_t seed;

static int start(void **state)
{
    world_start(&world, seed);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_end(*state);
    return 0;
}

static bool is_replayed(const struct call *call)
{
    for (const struct call_metadata *m = call->answer_metadata; m != NULL; m = m->next)
        if (slice_equal(m->name, SLICE("idempotency-replayed")))
            return true;
    return false;
}

/* A call with a key, whether its answer was one that is given again, and whether it drew bytes. */
struct keyed {
    struct reply reply;
    bool replayed;
    bool drew_random;
};

static bool has_random(const struct call *call)
{
    for (size_t i = RANDOM_NUMBER_LEN; i < RANDOM_BYTES; i++)
        if (call->random[i] != 0)
            return true;
    return false;
}

static struct keyed call_as(struct world *w, struct slice token, const char *key,
                            const char *method, ProtobufCMessage *request)
{
    struct call_extra extra = {.idempotency_key = key};
    struct test_call t;
    struct reply reply;

    world_begin(w, &t, method, token, request, extra);
    reply = world_finish(&t);
    return (struct keyed){reply, is_replayed(&t.call), has_random(&t.call)};
}

static struct keyed call_keyed(struct world *w, const char *key, const char *method,
                               ProtobufCMessage *request)
{
    return call_as(w, w->made.api_token, key, method, request);
}

static struct keyed create(struct world *w, const char *key, const char *name)
{
    return call_keyed(w, key, "CreateDevice",
                      world_make(w, "CreateDevice", "device.name", name, NULL));
}

static size_t device_count(struct world *w)
{
    return (size_t)atoi(
        get_cstr(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize"));
}

#define assert_reason(w, keyed, code, wanted)                                     \
    do {                                                                          \
        assert_status((keyed).reply, code);                                       \
        assert_non_null((keyed).reply.status.details);                            \
        assert_slice_equal((keyed).reply.status.details->subject, SLICE(wanted)); \
    } while (0)

/* -- what is done once ------------------------------------------------------------------------ */

static void a_repeated_create_makes_one_object_and_answers_with_it_again(void **state)
{
    struct world *w = *state;
    struct keyed first = create(w, "key-1", "edge");
    struct keyed again = create(w, "key-1", "edge");

    assert_ok(first.reply);
    assert_false(first.replayed);
    assert_ok(again.reply);
    assert_true(again.replayed);
    assert_string_equal(get_cstr(w, first.reply, "id"), get_cstr(w, again.reply, "id"));
    assert_string_equal(get_cstr(w, first.reply, "etag"), get_cstr(w, again.reply, "etag"));
    assert_int_equal(device_count(w), 1);
}

/* The system's generator costs a twentieth of a replay, which has no use for it. */
static void a_replay_draws_no_random_bytes(void **state)
{
    struct world *w = *state;

    assert_true(create(w, "key-1", "edge").drew_random);
    assert_false(create(w, "key-1", "edge").drew_random);
    assert_true(create(w, "key-2", "core").drew_random);
}

static void another_request_under_the_key_is_refused(void **state)
{
    struct world *w = *state;
    struct keyed other;

    assert_ok(create(w, "key-1", "edge").reply);
    other = create(w, "key-1", "core");
    assert_reason(w, other, STATUS_INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED");
    assert_int_equal(status_http(&other.reply.status), 422);
    assert_int_equal(device_count(w), 1);
}

static void keys_are_of_one_caller_and_one_method(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "second", predefined(w, "API Administrator"));
    struct keyed second;
    ProtobufCMessage *request = world_make(w, "CreateDevice", "device.name", "core", NULL);

    assert_ok(create(w, "key-1", "edge").reply);
    second = call_as(w, token_value(w, made), "key-1", "CreateDevice", request);
    assert_ok(second.reply);
    assert_false(second.replayed);
    assert_ok(call_keyed(w, "key-1", "CreateRole",
                         world_make(w, "CreateRole", "role.name", "a role", NULL))
                  .reply);
}

static void failures_and_trials_are_not_remembered(void **state)
{
    struct world *w = *state;

    assert_status(create(w, "key-1", "x").reply, STATUS_INVALID_ARGUMENT);
    assert_ok(call_keyed(w, "key-1", "CreateDevice",
                         world_make(w, "CreateDevice", "device.name", "edge", "validateOnly",
                                    "true", NULL))
                  .reply);
    assert_ok(create(w, "key-1", "edge").reply);
    assert_status(create(w, "key-2", "edge").reply, STATUS_ALREADY_EXISTS);
    assert_status(create(w, "key-2", "edge").reply, STATUS_ALREADY_EXISTS);
    assert_ok(create(w, "key-2", "core").reply);
}

static void an_action_that_changes_nothing_is_remembered(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create(w, "key-1", "edge").reply, "id");
    ProtobufCMessage *request = world_make(w, "EnableDevice", "id", id, NULL);
    struct keyed again;

    assert_false(call_keyed(w, "key-2", "EnableDevice", request).replayed);
    assert_ok(world_call(w, "DisableDevice", w->made.api_token,
                         world_make(w, "DisableDevice", "id", id, NULL)));
    again = call_keyed(w, "key-2", "EnableDevice", world_make(w, "EnableDevice", "id", id, NULL));
    assert_true(again.replayed);
    assert_field(w, again.reply, "status", "DISABLED");
}

static void a_repeated_deletion_of_many_answers_as_the_first(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create(w, "key-1", "edge").reply, "id");
    struct keyed again;

    assert_ok(call_keyed(w, "key-2", "BatchDeleteDevices",
                         world_make(w, "BatchDeleteDevices", "ids", id, NULL))
                  .reply);
    again = call_keyed(w, "key-2", "BatchDeleteDevices",
                       world_make(w, "BatchDeleteDevices", "ids", id, NULL));
    assert_ok(again.reply);
    assert_true(again.replayed);
}

static void an_object_that_was_deleted_since_is_gone(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create(w, "key-1", "edge").reply, "id");
    struct keyed again;

    assert_ok(world_call(w, "DeleteDevice", w->made.api_token,
                         world_make(w, "DeleteDevice", "id", id, NULL)));
    again = create(w, "key-1", "edge");
    assert_reason(w, again, STATUS_ABORTED, "IDEMPOTENT_RESULT_GONE");
    assert_int_equal(status_http(&again.reply.status), 409);
    assert_int_equal(device_count(w), 0);
}

static void keys_of_other_methods_are_ignored(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create(w, "key-1", "edge").reply, "id");
    struct keyed update = call_keyed(w, "not a key", "UpdateDevice",
                                     world_make(w, "UpdateDevice", "device.id", id,
                                                "device.description", "in the cellar", NULL));

    assert_ok(update.reply);
    assert_false(update.replayed);
}

static void a_key_that_is_none_is_refused(void **state)
{
    static const char *const keys[] = {"", "two words", "caf\xc3\xa9", "key-1, key-1", "a\tb"};
    struct world *w = *state;
    char most[257];

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_violation(create(w, keys[i], "edge").reply, "Idempotency-Key");
    memset(most, 'k', 256);
    most[256] = '\0';
    assert_violation(create(w, most, "edge").reply, "Idempotency-Key");
    assert_int_equal(device_count(w), 0);
    most[255] = '\0';
    assert_ok(create(w, most, "edge").reply);
}

/* -- two at once ------------------------------------------------------------------------------ */

static void beyond_the_most_keys_new_ones_are_refused(void **state)
{
    struct world *w = *state;
    struct keyed refused;

    w->settings.max_idempotency_keys = 2;
    assert_ok(create(w, "key-1", "first").reply);
    assert_ok(create(w, "key-2", "second").reply);
    refused = create(w, "key-3", "third");
    assert_status(refused.reply, STATUS_RESOURCE_EXHAUSTED);
    assert_true(create(w, "key-2", "second").replayed);
    w->settings.max_idempotency_keys = 3;
    assert_false(create(w, "key-3", "third").replayed);
    assert_true(create(w, "key-3", "third").replayed);
}

static void two_at_once_get_one_result(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 20; i++) {
        const struct call_extra extra = {
            .idempotency_key = arena_printf(&w->arena, "key-%d", i).data};
        const char *name = arena_printf(&w->arena, "device %d", i).data;
        struct test_call first, second;
        struct reply one, two;

        world_begin(w, &first, "CreateDevice", w->made.api_token,
                    world_make(w, "CreateDevice", "device.name", name, NULL), extra);
        world_begin(w, &second, "CreateDevice", w->made.api_token,
                    world_make(w, "CreateDevice", "device.name", name, NULL), extra);
        one = world_finish(&first);
        two = world_finish(&second);
        assert_ok(one);
        assert_ok(two);
        assert_string_equal(get_cstr(w, one, "id"), get_cstr(w, two, "id"));
        assert_int_equal(is_replayed(&first.call) + is_replayed(&second.call), 1);
    }
    assert_int_equal(device_count(w), 20);
}

/* -- values that are shown once --------------------------------------------------------------- */

static struct keyed create_token(struct world *w, struct slice by, const char *key)
{
    return call_as(w, by, key, "CreateApiToken",
                   world_make(w, "CreateApiToken", "apiToken.name", "a token", "apiToken.roleId",
                              predefined(w, "API Reader"), NULL));
}

static void a_value_is_shown_again_while_it_is_current(void **state)
{
    struct world *w = *state;
    struct keyed first = create_token(w, w->made.api_token, "key-1");
    struct keyed again = create_token(w, w->made.api_token, "key-1");
    const char *id = get_cstr(w, first.reply, "id");

    assert_ok(again.reply);
    assert_true(again.replayed);
    assert_string_equal(get_cstr(w, first.reply, "token"), get_cstr(w, again.reply, "token"));
    assert_ok(world_call(w, "ListDevices", world_get(w, again.reply, "token"), NULL));
    assert_ok(world_call(w, "RegenerateApiToken", w->made.api_token,
                         world_make(w, "RegenerateApiToken", "id", id, NULL)));
    again = create_token(w, w->made.api_token, "key-1");
    assert_ok(again.reply);
    assert_field(w, again.reply, "token", "");
}

static void a_director_key_is_shown_again(void **state)
{
    struct world *w = *state;
    struct keyed first = call_keyed(
        w, "key-1", "CreateDirector",
        world_make(w, "CreateDirector", "director.name", "north", NULL));
    struct keyed again = call_keyed(
        w, "key-1", "CreateDirector",
        world_make(w, "CreateDirector", "director.name", "north", NULL));
    const char *id = get_cstr(w, first.reply, "id");

    assert_ok(again.reply);
    assert_true(world_get(w, first.reply, "apiKey").len > 0);
    assert_string_equal(get_cstr(w, first.reply, "apiKey"), get_cstr(w, again.reply, "apiKey"));
    first = call_keyed(w, "key-2", "RegenerateDirectorKey",
                       world_make(w, "RegenerateDirectorKey", "id", id, NULL));
    assert_ok(first.reply);
    assert_string_not_equal(get_cstr(w, first.reply, "apiKey"), get_cstr(w, again.reply, "apiKey"));
    again = call_keyed(w, "key-2", "RegenerateDirectorKey",
                       world_make(w, "RegenerateDirectorKey", "id", id, NULL));
    assert_string_equal(get_cstr(w, first.reply, "apiKey"), get_cstr(w, again.reply, "apiKey"));
}

static struct keyed create_user(struct world *w, const char *key)
{
    return call_keyed(w, key, "CreateUser",
                      world_make(w, "CreateUser", "user.name", "Ada", "user.email",
                                 "ada@example.com", "user.roleId", predefined(w, "User"), NULL));
}

static void a_one_time_password_is_shown_again_until_another_is_set(void **state)
{
    struct world *w = *state;
    struct keyed first = create_user(w, "key-1");
    struct keyed again = create_user(w, "key-1");
    const char *id = get_cstr(w, first.reply, "id");

    assert_ok(first.reply);
    assert_true(world_get(w, first.reply, "oneTimePassword").len > 0);
    assert_string_equal(get_cstr(w, first.reply, "oneTimePassword"),
                        get_cstr(w, again.reply, "oneTimePassword"));
    assert_ok(world_call(w, "ResetUserPassword", w->made.api_token,
                         world_make(w, "ResetUserPassword", "id", id, NULL)));
    again = create_user(w, "key-1");
    assert_ok(again.reply);
    assert_field(w, again.reply, "oneTimePassword", "");
}

static void a_token_that_regenerates_itself_with_a_key_must_keep_its_value_for_a_while(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    struct slice value = token_value(w, made);
    const char *id = get_cstr(w, made, "id");
    struct keyed first, again;

    assert_violation(
        call_as(w, value, "key-1", "RegenerateApiToken",
                world_make(w, "RegenerateApiToken", "id", id, "overlapSeconds", "59", NULL))
            .reply,
        "overlapSeconds");
    first = call_as(w, value, "key-1", "RegenerateApiToken",
                    world_make(w, "RegenerateApiToken", "id", id, "overlapSeconds", "60", NULL));
    again = call_as(w, value, "key-1", "RegenerateApiToken",
                    world_make(w, "RegenerateApiToken", "id", id, "overlapSeconds", "60", NULL));
    assert_ok(first.reply);
    assert_ok(again.reply);
    assert_true(again.replayed);
    assert_string_equal(get_cstr(w, first.reply, "token"), get_cstr(w, again.reply, "token"));
}

/* -- who asks again may do less ---------------------------------------------------------------- */

static void who_may_not_read_sees_no_change_of_another(void **state)
{
    struct world *w = *state;
    const char *role = make_role(w, "creates", "devices.create", NULL);
    struct slice token = token_value(w, make_token(w, "creator", role));
    ProtobufCMessage *request = world_make(w, "CreateDevice", "device.name", "edge", NULL);
    struct keyed made = call_as(w, token, "key-1", "CreateDevice", request);
    const char *id = get_cstr(w, made.reply, "id");
    struct keyed again = call_as(w, token, "key-1", "CreateDevice",
                                 world_make(w, "CreateDevice", "device.name", "edge", NULL));

    assert_ok(made.reply);
    assert_field(w, again.reply, "name", "edge");
    assert_ok(world_call(w, "UpdateDevice", w->made.api_token,
                         world_make(w, "UpdateDevice", "device.id", id, "device.description",
                                    "a secret place", NULL)));
    again = call_as(w, token, "key-1", "CreateDevice",
                    world_make(w, "CreateDevice", "device.name", "edge", NULL));
    assert_ok(again.reply);
    assert_string_equal(get_cstr(w, again.reply, "id"), id);
    assert_field(w, again.reply, "description", "");
    assert_field(w, again.reply, "name", "");
}

/* As over gRPC, whose answers are records where they can be. */
static bool is_answered_by_record(struct world *w, struct slice token)
{
    struct call_extra extra = {.idempotency_key = "key-1", .accepts_records = true};
    struct test_call t;
    struct reply reply;

    world_begin(w, &t, "CreateDevice", token,
                world_make(w, "CreateDevice", "device.name", "edge", NULL), extra);
    reply = world_finish(&t);
    assert_ok(reply);
    assert_true(is_replayed(&t.call));
    return t.call.records != NULL;
}

static void who_may_not_read_is_answered_by_no_record(void **state)
{
    struct world *w = *state;
    struct slice blind = token_value(
        w, make_token(w, "blind", make_role(w, "creates", "devices.create", NULL)));
    struct slice tokens[] = {blind, w->made.api_token};

    for (size_t i = 0; i < 2; i++) {
        const char *id;
        struct keyed made = call_as(w, tokens[i], "key-1", "CreateDevice",
                                    world_make(w, "CreateDevice", "device.name", "edge", NULL));

        assert_ok(made.reply);
        assert_false(made.replayed);
        id = get_cstr(w, made.reply, "id");
        assert_int_equal(is_answered_by_record(w, tokens[i]), i == 1);
        assert_ok(world_call(w, "UpdateDevice", w->made.api_token,
                             world_make(w, "UpdateDevice", "device.id", id, "device.name",
                                        i == 0 ? "moved" : "again", NULL)));
        assert_int_equal(is_answered_by_record(w, tokens[i]), i == 1);
    }
}

static void a_value_is_not_shown_again_to_who_could_not_have_it_made_now(void **state)
{
    struct world *w = *state;
    const char *role = make_role(w, "mints", "api-tokens.create", "devices.read", NULL);
    const char *small = make_role(w, "reads", "devices.read", NULL);
    struct slice token = token_value(w, make_token(w, "minter", role));
    struct keyed made, again;

    made = call_as(
        w, token, "key-1", "CreateApiToken",
        world_make(w, "CreateApiToken", "apiToken.name", "small", "apiToken.roleId", small, NULL));
    assert_ok(made.reply);
    assert_true(world_get(w, made.reply, "token").len > 0);
    assert_ok(world_call(w, "UpdateRole", w->made.api_token,
                         world_make(w, "UpdateRole", "role.id", role, "role.permissions",
                                    "api-tokens.create", NULL)));
    again = call_as(
        w, token, "key-1", "CreateApiToken",
        world_make(w, "CreateApiToken", "apiToken.name", "small", "apiToken.roleId", small, NULL));
    assert_ok(again.reply);
    assert_true(again.replayed);
    assert_field(w, again.reply, "token", "");
}

/* -- time ------------------------------------------------------------------------------------- */

#ifdef DATASTREAM_FAULTS

/* Rounds follow each other while one is due: the late engine draws conflicts. */
static void trim(struct world *w, struct idempotency_trimmer *trimmer, int64_t now_ms)
{
    while (idempotency_trim(trimmer, w->fixture.store, now_ms))
        continue;
}

static void values_are_shown_again_for_ten_minutes_and_keys_count_for_a_day(void **state)
{
    const int64_t minutes = 60 * 1000;
    struct idempotency_trimmer trimmer = {.from = 0};
    struct world *w = *state;
    struct keyed first = create_token(w, w->made.api_token, "key-1");
    struct keyed again;

    clock_step_wall_ms(9 * minutes);
    again = create_token(w, w->made.api_token, "key-1");
    assert_string_equal(get_cstr(w, first.reply, "token"), get_cstr(w, again.reply, "token"));
    clock_step_wall_ms(2 * minutes);
    again = create_token(w, w->made.api_token, "key-1");
    assert_true(again.replayed);
    assert_field(w, again.reply, "token", "");
    trim(w, &trimmer, time_floor_now_ms());
    assert_true(create_token(w, w->made.api_token, "key-1").replayed);
    clock_step_wall_ms(24 * 60 * minutes);
    trim(w, &trimmer, time_floor_now_ms());
    assert_int_equal(store_repeats(w->fixture.store), 0);
    assert_status(create_token(w, w->made.api_token, "key-1").reply, STATUS_ALREADY_EXISTS);
}

/* A row from then would count for a month. */
static void keys_from_when_the_clock_was_ahead_go_with_later_ones(void **state)
{
    const int64_t day = 24 * 60 * 60 * 1000;
    struct idempotency_trimmer trimmer = {.from = 0};
    struct world *w = *state;
    int64_t now;

    assert_ok(create(w, "key-1", "first").reply);
    clock_step_wall_ms(30 * day);
    assert_ok(create(w, "key-2", "ahead").reply);
    clock_step_wall_ms(-30 * day);
    assert_ok(create(w, "key-3", "third").reply);
    now = clock_wall_ms();
    trim(w, &trimmer, now + day / 2);
    assert_int_equal(store_repeats(w->fixture.store), 3);
    assert_true(create(w, "key-2", "ahead").replayed);
    trim(w, &trimmer, now + day + 1000);
    assert_int_equal(store_repeats(w->fixture.store), 0);
}

static void a_key_that_has_expired_serves_another_request(void **state)
{
    const int64_t day = 24 * 60 * 60 * 1000;
    struct idempotency_trimmer trimmer = {.from = 0};
    struct world *w = *state;

    assert_ok(create(w, "key-1", "first").reply);
    assert_ok(create(w, "key-2", "second").reply);
    clock_step_wall_ms(day / 2);
    assert_ok(create(w, "key-3", "third").reply);
    clock_step_wall_ms(day / 2);
    assert_false(create(w, "key-1", "fourth").replayed);
    assert_true(create(w, "key-1", "fourth").replayed);
    for (int round = 0; round < 2; round++) {
        assert_status(create(w, "key-1", "first").reply, STATUS_INVALID_ARGUMENT);
        assert_true(create(w, "key-3", "third").replayed);
        trim(w, &trimmer, time_floor_now_ms());
        assert_int_equal(store_repeats(w->fixture.store), 2);
    }
    assert_true(create(w, "key-1", "fourth").replayed);
    assert_status(create(w, "key-2", "second").reply, STATUS_ALREADY_EXISTS);
}

#endif

/* -- out of memory ---------------------------------------------------------------------------- */

#ifdef DATASTREAM_FAULTS

static void a_replay_without_memory_is_refused_and_works_afterwards(void **state)
{
    struct world *w = *state;
    struct arena arena;

    assert_ok(create_token(w, w->made.api_token, "key-1").reply);
    for (unsigned long number = 1;; number++) {
        struct reply reply;
        unsigned long made;

        arena_init(&arena, NULL, (size_t)1 << 26);
        reply = world_call_with(w, "CreateApiToken", w->made.api_token,
                                world_make(w, "CreateApiToken", "apiToken.name", "a token",
                                           "apiToken.roleId", predefined(w, "API Reader"), NULL),
                                (struct call_extra){.arena = &arena,
                                                    .between = world_fail_from,
                                                    .context = &number,
                                                    .idempotency_key = "key-1"});
        made = arena_fault_count();
        arena_fault_set(0, false);
        assert_int_equal(reply.status.code, made < number ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
        arena_done(&arena);
        if (made < number)
            break;
    }
    assert_true(create_token(w, w->made.api_token, "key-1").replayed);
}

#endif

#define ONE(f) cmocka_unit_test_setup_teardown(f, start, end)

static int run(void)
{
    const struct CMUnitTest tests[] = {
        ONE(a_repeated_create_makes_one_object_and_answers_with_it_again),
        ONE(a_replay_draws_no_random_bytes),
        ONE(another_request_under_the_key_is_refused),
        ONE(keys_are_of_one_caller_and_one_method),
        ONE(failures_and_trials_are_not_remembered),
        ONE(an_action_that_changes_nothing_is_remembered),
        ONE(a_repeated_deletion_of_many_answers_as_the_first),
        ONE(an_object_that_was_deleted_since_is_gone),
        ONE(keys_of_other_methods_are_ignored),
        ONE(a_key_that_is_none_is_refused),
        ONE(two_at_once_get_one_result),
        ONE(beyond_the_most_keys_new_ones_are_refused),
        ONE(a_value_is_shown_again_while_it_is_current),
        ONE(a_director_key_is_shown_again),
        ONE(a_one_time_password_is_shown_again_until_another_is_set),
        ONE(a_token_that_regenerates_itself_with_a_key_must_keep_its_value_for_a_while),
        ONE(who_may_not_read_sees_no_change_of_another),
        ONE(who_may_not_read_is_answered_by_no_record),
        ONE(a_value_is_not_shown_again_to_who_could_not_have_it_made_now),
#ifdef DATASTREAM_FAULTS
        ONE(values_are_shown_again_for_ten_minutes_and_keys_count_for_a_day),
        ONE(a_key_that_has_expired_serves_another_request),
        ONE(keys_from_when_the_clock_was_ahead_go_with_later_ones),
        ONE(a_replay_without_memory_is_refused_and_works_afterwards),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    int failed;

    setenv("DATASTREAM_PASSWORD_KIB", "8", 1); /* no test here is about the cost of a hash */
    failed = run();
    for (seed = 1; seed <= LATE_SEEDS; seed++)
        failed += run();
    return failed;
}
