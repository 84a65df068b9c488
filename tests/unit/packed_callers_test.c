/*
 * VerifyToken through the whole chain, answered as bytes and as messages: what a loop remembers of
 * tokens says what the store says, at each question.
 */
#include "rpc/call/packed_callers.h"

#include "base/cache_size.h"
#include "datastream/v1/authorization.pb-c.h"
#include "proto/contract/contract_find.h"
#include "tests/support/world.h"

#define TOKENS 40 /* more than there are places */

#ifdef DATASTREAM_FAULTS
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

/* The answer's messages as bytes, and its records after them, as gRPC sends both. */
static ProtobufCMessage *read_answer(struct world *w, const struct call *call)
{
    ProtobufCMessage *message = call->response;
    const struct message_type *type = call->method->output;
    Datastream__V1__VerifyTokenResponse *read;

    if (call->records == NULL)
        return message;
    assert_int_equal(call->records->count, 1);
    assert_ptr_equal(call->records->field, message_field_by_name(type, SLICE("caller")));
    read = (void *)message_unpack(&w->arena, type, message_pack(&w->arena, message));
    assert_non_null(read);
    assert_null(read->caller);
    read->caller = (void *)message_unpack(&w->arena, call->records->field->message,
                                          call->records->bodies[0]);
    assert_non_null(read->caller);
    assert_int_equal(read->caller->base.n_unknown_fields, 0);
    return &read->base;
}

static struct reply ask(struct world *w, struct slice token, bool accepts_records)
{
    const struct call_extra extra = {.accepts_records = accepts_records};
    struct test_call t;
    struct reply reply;

    world_begin(w, &t, "VerifyToken", w->made.api_token,
                world_make(w, "VerifyToken", "token", token.data, NULL), extra);
    reply = world_finish(&t);
    assert_ok(reply);
    reply.message = read_answer(w, &t.call);
    assert_int_equal(accepts_records &&
                         ((Datastream__V1__VerifyTokenResponse *)reply.message)->active,
                     t.call.records != NULL);
    return reply;
}

/* Asks in both ways, and twice for bytes; the answers are one. */
static struct reply ask_alike(struct world *w, struct slice token)
{
    struct reply plain = ask(w, token, false);
    struct slice wanted = message_pack(&w->arena, plain.message);

    for (int i = 0; i < 2; i++) {
        struct reply packed = ask(w, token, true);

        if (!slice_equal(message_pack(&w->arena, packed.message), wanted))
            fail_msg("answer %d differs: name %s, role %s", i, get_cstr(w, packed, "caller.name"),
                     get_cstr(w, packed, "caller.roleName"));
    }
    return plain;
}

static bool is_kept(struct world *w, struct slice token)
{
    struct identity identity;
    struct test_call t;
    struct slice bytes;
    bool kept;

    world_begin(w, &t, "WhoAmI", token, NULL, (struct call_extra){0});
    identity = t.call.identity;
    kept = packed_callers_find(&t.call, &identity, &bytes);
    assert_ok(world_finish(&t));
    return kept;
}

static void callers_of_every_role_are_told_alike(void **state)
{
    struct world *w = *state;
    const char *const roles[] = {predefined(w, "API Reader"), predefined(w, "API Administrator"),
                                 make_role(w, "nothing", NULL),
                                 make_role(w, "two things", "devices.read", "roles.read", NULL)};

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        struct reply made = make_token(w, arena_printf(&w->arena, "token %zu", i).data, roles[i]);
        struct reply reply = ask_alike(w, token_value(w, made));

        assert_field(w, reply, "active", "1");
        assert_field(w, reply, "caller.roleId", roles[i]);
        assert_string_equal(get_cstr(w, reply, "caller.id"), get_cstr(w, made, "id"));
        assert_int_equal(is_kept(w, token_value(w, made)), cache_size(PACKED_CALLERS) > 0);
    }
}

static struct reply set(struct world *w, const char *method, const char *id_path, const char *id,
                        const char *path, const char *text)
{
    struct reply reply = world_call(w, method, w->made.api_token,
                                    world_make(w, method, id_path, id, path, text, NULL));

    assert_ok(reply);
    return reply;
}

static void a_change_of_token_or_role_is_told_at_once(void **state)
{
    struct world *w = *state;
    const char *role = make_role(w, "first name", "devices.read", NULL);
    struct reply made = make_token(w, "first token", role);
    struct slice token = token_value(w, made);
    const char *id = get_cstr(w, made, "id");
    struct reply reply = ask_alike(w, token);

    assert_field(w, reply, "caller.roleName", "first name");
    assert_field(w, reply, "caller.name", "first token");
    assert_field(w, reply, "caller.permissions.0", "devices.read");
    set(w, "UpdateRole", "role.id", role, "role.name", "second name");
    assert_field(w, ask_alike(w, token), "caller.roleName", "second name");
    set(w, "UpdateRole", "role.id", role, "role.permissions", "roles.read");
    assert_field(w, ask_alike(w, token), "caller.permissions.0", "roles.read");
    set(w, "UpdateApiToken", "apiToken.id", id, "apiToken.name", "second token");
    assert_field(w, ask_alike(w, token), "caller.name", "second token");
    set(w, "UpdateApiToken", "apiToken.id", id, "apiToken.roleId", predefined(w, "API Reader"));
    assert_field(w, ask_alike(w, token), "caller.roleName", "API Reader");
    for (int i = 0; i < 3; i++) {
        assert_ok(world_call(w, "DisableApiToken", w->made.api_token,
                             world_make(w, "DisableApiToken", "id", id, NULL)));
        assert_field(w, ask_alike(w, token), "active", "");
        assert_ok(world_call(w, "EnableApiToken", w->made.api_token,
                             world_make(w, "EnableApiToken", "id", id, NULL)));
        assert_field(w, ask_alike(w, token), "active", "1");
    }
}

static void tokens_that_share_a_place_are_told_apart(void **state)
{
    struct world *w = *state;
    const char *role = predefined(w, "API Reader");
    struct slice tokens[TOKENS];
    const char *names[TOKENS];

    for (int i = 0; i < TOKENS; i++) {
        names[i] = arena_printf(&w->arena, "token %d", i).data;
        tokens[i] = token_value(w, make_token(w, names[i], role));
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < TOKENS; i++)
            assert_field(w, ask_alike(w, tokens[i]), "caller.name", names[i]);
}

/* As if a change had come after the view was reset, and before the token was judged. */
static void what_was_read_before_a_change_is_not_kept(void **state)
{
    struct world *w = *state;
    struct slice token = token_value(w, make_token(w, "a token", predefined(w, "API Reader")));
    struct identity identity;
    struct test_call t;
    struct slice bytes = SLICE_EMPTY;

    world_begin(w, &t, "WhoAmI", token, NULL, (struct call_extra){0});
    identity = t.call.identity;
    t.call.view_epoch = identity.epoch - 1;
    packed_callers_keep(&t.call, &identity, SLICE("stale"));
    assert_false(packed_callers_find(&t.call, &identity, &bytes));
    t.call.view_epoch = identity.epoch;
    packed_callers_keep(&t.call, &identity, SLICE("fresh"));
    assert_int_equal(packed_callers_find(&t.call, &identity, &bytes),
                     cache_size(PACKED_CALLERS) > 0);
    if (cache_size(PACKED_CALLERS) > 0)
        assert_true(slice_equal(bytes, SLICE("fresh")));
    identity.epoch++;
    assert_false(packed_callers_find(&t.call, &identity, &bytes));
    identity.epoch--;
    identity.hash[0] ^= 1;
    assert_false(packed_callers_find(&t.call, &identity, &bytes));
    assert_ok(world_finish(&t));
}

static void callers_that_are_no_tokens_or_too_large_are_not_kept(void **state)
{
    static const char large[PACKED_CALLER_BYTES + 1];
    struct world *w = *state;
    struct slice token = token_value(w, make_token(w, "a token", predefined(w, "API Reader")));
    struct identity identity;
    struct test_call t;
    struct slice bytes;

    world_begin(w, &t, "WhoAmI", token, NULL, (struct call_extra){0});
    identity = t.call.identity;
    packed_callers_keep(&t.call, &identity, slice_make(large, sizeof(large)));
    assert_false(packed_callers_find(&t.call, &identity, &bytes));
    packed_callers_keep(&t.call, &identity, slice_make(large, sizeof(large) - 1));
    assert_int_equal(packed_callers_find(&t.call, &identity, &bytes),
                     cache_size(PACKED_CALLERS) > 0);
    identity.type = IDENTITY_USER;
    assert_false(packed_callers_find(&t.call, &identity, &bytes));
    identity.hash[0] ^= 1;
    packed_callers_keep(&t.call, &identity, SLICE("a user"));
    identity.type = IDENTITY_TOKEN;
    assert_false(packed_callers_find(&t.call, &identity, &bytes));
    assert_ok(world_finish(&t));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, start, end)

static int run(void)
{
    const struct CMUnitTest tests[] = {
        ONE(callers_of_every_role_are_told_alike),
        ONE(a_change_of_token_or_role_is_told_at_once),
        ONE(tokens_that_share_a_place_are_told_apart),
        ONE(what_was_read_before_a_change_is_not_kept),
        ONE(callers_that_are_no_tokens_or_too_large_are_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    int failed = run();

    for (seed = 1; seed <= LATE_SEEDS; seed++)
        failed += run();
    return failed;
}
