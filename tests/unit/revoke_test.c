/* Revoking what a filter matches: many tokens, in slices, over both engines and without memory. */
#include "proto/contract/contract_find.h"
#include "tests/support/world.h"

#ifdef DATASTREAM_FAULTS
#define LATE_SEEDS 2
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

static void make_tokens(struct world *w, const char *front, int count)
{
    const char *role = predefined(w, "API Reader");

    for (int i = 0; i < count; i++)
        assert_ok(make_token(w, arena_printf(&w->arena, "%s-%d", front, i).data, role));
}

static const char *token_count(struct world *w)
{
    return get_cstr(w, world_call(w, "ListApiTokens", w->made.api_token, NULL), "totalSize");
}

static struct reply revoke_by(struct world *w, struct slice by, const char *filter, const char *dry)
{
    return world_call(
        w, "RevokeMatchingApiTokens", by,
        world_make(w, "RevokeMatchingApiTokens", "filter", filter, "dryRun", dry, NULL));
}

static size_t lines_with(struct world *w, const char *action)
{
    ProtobufCMessage *request = world_make(w, "ListAuditLogs", "action", action, "pageSize", "1000",
                                           NULL);
    size_t count = 0;

    for (;;) {
        struct reply reply = world_call(w, "ListAuditLogs", w->made.api_token, request);

        assert_ok(reply);
        count += field_count(reply.message, message_field_by_name(reply.type, SLICE("auditLogs")));
        if (world_get(w, reply, "nextPageToken").len == 0)
            return count;
        request = world_make(w, "ListAuditLogs", "action", action, "pageSize", "1000", "pageToken",
                             get_cstr(w, reply, "nextPageToken"), NULL);
    }
}

static void all_that_match_are_deleted_in_slices(void **state)
{
    struct world *w = *state;
    const int many = seed == 0 ? 3000 : 150;
    struct reply left, reply;
    struct slice value;

    make_tokens(w, "ci", many);
    left = make_token(w, "person", predefined(w, "API Reader"));
    value = token_value(w, left);
    reply = revoke_by(w, w->made.api_token, "name:\"ci-*\"", "true");
    assert_ok(reply);
    assert_int_equal(atoi(get_cstr(w, reply, "matched")), many);
    assert_int_equal(atoi(token_count(w)), many + 2);
    assert_int_equal(lines_with(w, "RevokedMatchingApiTokens"), 0);
    reply = revoke_by(w, w->made.api_token, "name:\"ci-*\"", "false");
    assert_ok(reply);
    assert_int_equal(atoi(get_cstr(w, reply, "matched")), many);
    assert_string_equal(token_count(w), "2");
    assert_int_equal(lines_with(w, "RevokedMatchingApiTokens"), 1);
    assert_int_equal(lines_with(w, "DeletedApiToken"), many);
    assert_ok(world_call(w, "ListDevices", value, NULL));
    print_message("longest %ld us\n", w->longest_us);
    assert_true(w->longest_us < 50000);
}

static void the_token_that_calls_is_left_out(void **state)
{
    struct world *w = *state;
    struct reply reply;

    make_tokens(w, "ci", 3);
    reply = revoke_by(w, w->made.api_token, "status = \"ACTIVE\"", "false");
    assert_ok(reply);
    assert_string_equal(get_cstr(w, reply, "matched"), "3");
    assert_string_equal(token_count(w), "1");
}

static void what_is_no_filter_is_refused(void **state)
{
    struct world *w = *state;

    make_tokens(w, "ci", 2);
    assert_violation(revoke_by(w, w->made.api_token, "", "false"), "filter");
    assert_violation(revoke_by(w, w->made.api_token, "colour = \"red\"", "false"), "filter");
    assert_string_equal(token_count(w), "3");
}

static void who_may_not_delete_revokes_nothing(void **state)
{
    struct world *w = *state;
    struct reply reader = make_token(w, "reader", predefined(w, "API Reader"));

    assert_status(revoke_by(w, token_value(w, reader), "name:\"reader\"", "false"),
                  STATUS_PERMISSION_DENIED);
    assert_string_equal(token_count(w), "2");
}

static void a_caller_who_is_revoked_meanwhile_ends_between_two_slices(void **state)
{
    struct world *w = *state;
    struct reply other = make_token(w, "other", predefined(w, "API Administrator"));
    struct test_call t;
    int left;

    make_tokens(w, "ci", 200);
    world_begin(w, &t, "RevokeMatchingApiTokens", token_value(w, other),
                world_make(w, "RevokeMatchingApiTokens", "filter", "name:\"ci-*\"", NULL),
                (struct call_extra){0});
    assert_ok(world_call(w, "DeleteApiToken", w->made.api_token,
                         world_make(w, "DeleteApiToken", "id", get_cstr(w, other, "id"), NULL)));
    assert_status(world_finish(&t), STATUS_UNAUTHENTICATED);
    left = atoi(token_count(w)) - 1;
    assert_true(left > 0 && left <= 200);
    assert_int_equal(left % 64, 200 % 64); /* whole slices */
    assert_int_equal(lines_with(w, "DeletedApiToken"), 200 - left + 1);
}

static void a_repeated_revocation_with_a_key_answers_as_the_first(void **state)
{
    struct world *w = *state;
    const struct call_extra extra = {.idempotency_key = "revoke-1"};
    struct reply first, again;

    make_tokens(w, "ci", 130);
    first = world_call_with(
        w, "RevokeMatchingApiTokens", w->made.api_token,
        world_make(w, "RevokeMatchingApiTokens", "filter", "name:\"ci-*\"", NULL), extra);
    make_tokens(w, "ci", 2);
    again = world_call_with(
        w, "RevokeMatchingApiTokens", w->made.api_token,
        world_make(w, "RevokeMatchingApiTokens", "filter", "name:\"ci-*\"", NULL), extra);
    assert_ok(first);
    assert_ok(again);
    assert_string_equal(get_cstr(w, first, "matched"), "130");
    assert_string_equal(get_cstr(w, again, "matched"), "130");
    assert_string_equal(token_count(w), "3");
}

#ifdef DATASTREAM_FAULTS

static void a_revocation_without_memory_can_be_repeated(void **state)
{
    struct world *w = *state;

    make_tokens(w, "ci", 70);
    for (unsigned long number = 1;; number += 37) {
        struct reply reply;
        struct arena arena;
        unsigned long made;

        arena_init(&arena, NULL, (size_t)1 << 26);
        reply = world_call_with(
            w, "RevokeMatchingApiTokens", w->made.api_token,
            world_make(w, "RevokeMatchingApiTokens", "filter", "name:\"ci-*\"", NULL),
            (struct call_extra){.arena = &arena, .between = world_fail_from, .context = &number});
        made = arena_fault_count();
        arena_fault_set(0, false);
        assert_int_equal(reply.status.code, made < number ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
        arena_done(&arena);
        if (made < number)
            break;
    }
    assert_string_equal(token_count(w), "1");
}

#endif

#define ONE(f) cmocka_unit_test_setup_teardown(f, start, end)

static int run(void)
{
    const struct CMUnitTest tests[] = {
        ONE(all_that_match_are_deleted_in_slices),
        ONE(the_token_that_calls_is_left_out),
        ONE(what_is_no_filter_is_refused),
        ONE(who_may_not_delete_revokes_nothing),
        ONE(a_caller_who_is_revoked_meanwhile_ends_between_two_slices),
        ONE(a_repeated_revocation_with_a_key_answers_as_the_first),
#ifdef DATASTREAM_FAULTS
        ONE(a_revocation_without_memory_can_be_repeated),
#endif
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
