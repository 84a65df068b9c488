/*
 * Handing the organization over, by an Owner who is signed in: who may, to whom, and what changes.
 */
#include "tests/support/world.h"

#include "base/crypto/password.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/time_floor.h"
#include "rpc/identity/token_value.h"
#include "rpc/services/check_rules.h"
#include "rpc/services/organization.h"
#include "storage/keys.h"

#ifdef DATASTREAM_FAULTS
#define LATE_SEEDS 3
#else
#define LATE_SEEDS 0
#endif

#define PASSWORD "the owner's password"

static struct world world;
static uint64_t seed;

/* -- the Owner -------------------------------------------------------------------------------- */

static const char *owner_id(struct world *w)
{
    return get_cstr(w, world_call(w, "GetOrganization", w->made.api_token, NULL), "ownerId");
}

static struct reply read_user(struct world *w, const char *id)
{
    return world_call(w, "GetUser", w->made.api_token, world_make(w, "GetUser", "id", id, NULL));
}

static struct slice user_key(struct world *w, const char *id)
{
    struct uuid parsed;

    assert_true(uuid_parse(slice_from_cstr(id), &parsed));
    return key_object(&w->arena, &w->made.organization,
                      contract_kind(w->contract, SLICE("users"))->number, &parsed);
}

static uint32_t generation_of(struct world *w, const char *id)
{
    struct slice body = read_body(&w->fixture, FAMILY_USERS, user_key(w, id));
    ProtobufCAllocator allocator = message_allocator(&w->arena);

    return datastream__storage__v1__user_record__unpack(&allocator, body.len,
                                                        (const uint8_t *)body.data)
        ->generation;
}

static struct slice binary_slice(ProtobufCBinaryData bytes)
{
    return slice_make(bytes.data, bytes.len);
}

static ProtobufCBinaryData binary_of(struct world *w, const void *bytes, size_t len)
{
    struct slice copy = arena_copy(&w->arena, slice_make(bytes, len));

    return (ProtobufCBinaryData){copy.len, (uint8_t *)copy.data};
}

/* Signs the user in, as far as the store knows of it: the session's value. */
static struct slice sign_in(struct world *w, const char *id, uint8_t number)
{
    Datastream__Storage__V1__SessionFacts facts = DATASTREAM__STORAGE__V1__SESSION_FACTS__INIT;
    Datastream__Storage__V1__SessionRecord record = DATASTREAM__STORAGE__V1__SESSION_RECORD__INIT;
    int64_t now_ms = time_floor_now_ms();
    uint8_t random[32] = {number};
    char value[TOKEN_VALUE_LEN], none[] = "";
    uint8_t hash[32];
    struct uuid user;

    assert_true(uuid_parse(slice_from_cstr(id), &user));
    credential_value_make(SLICE("dss_"), random, value);
    token_value_hash(slice_make(value, sizeof(value)), hash);
    facts.organization = binary_of(w, w->made.organization.bytes, 16);
    facts.user_id = binary_of(w, user.bytes, 16);
    facts.session_id = binary_of(w, user.bytes, 16);
    facts.generation = generation_of(w, id);
    facts.create_time_ms = now_ms;
    facts.absolute_end_ms = now_ms + 3600000;
    facts.idle_end_ms = now_ms + 3600000;
    facts.idle_ms = 3600000;
    put(&w->fixture, FAMILY_SESSION_HASHES, slice_make(hash, sizeof(hash)),
        message_pack(&w->arena, &facts.base));
    record.hash = (ProtobufCBinaryData){sizeof(hash), hash};
    record.create_time_ms = now_ms;
    record.source_ip = record.user_agent = none;
    put(&w->fixture, FAMILY_SESSIONS, key_session(&w->arena, &w->made.organization, &user, &user),
        message_pack(&w->arena, &record.base));
    return arena_copy(&w->arena, slice_make(value, sizeof(value)));
}

/* The same in every world: made once. */
static const char *hash_of_password(void)
{
    static const uint8_t salt[PASSWORD_SALT_LEN] = "salt of a test.";
    static char phc[PASSWORD_PHC_SIZE];

    if (phc[0] == '\0')
        assert_true(password_hash(SLICE(PASSWORD), salt, password_cost_of_new(), phc));
    return phc;
}

static int start(void **state)
{
    world_start_owned(&world, seed, hash_of_password());
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_end(*state);
    return 0;
}

static const char *make_user(struct world *w, const char *email, const char *role)
{
    struct reply reply = world_call(w, "CreateUser", w->made.api_token,
                                    world_make(w, "CreateUser", "user.name", "A Person",
                                               "user.email", email, "user.roleId", role, NULL));

    assert_ok(reply);
    return get_cstr(w, reply, "id");
}

static ProtobufCMessage *request_to(struct world *w, const char *id, const char *password)
{
    return world_make(w, "TransferOwnership", "userId", id, "currentPassword", password, NULL);
}

static struct reply transfer(struct world *w, struct slice session, const char *id,
                             const char *password)
{
    return world_call_with(w, "TransferOwnership", SLICE_EMPTY, request_to(w, id, password),
                           (struct call_extra){.session = session});
}

static void assert_unchanged(struct world *w, const char *owner)
{
    assert_string_equal(owner_id(w), owner);
    assert_field(w, read_user(w, owner), "roleName", "Owner");
}

/* -- tests ------------------------------------------------------------------------------------ */

static void a_transfer_changes_both_users_and_the_organization_at_once(void **state)
{
    struct world *w = *state;
    const char *old = owner_id(w);
    const char *next = make_user(w, "next@example.com",
                                 make_role(w, "custom", "devices.read", NULL));
    uint32_t old_generation = generation_of(w, old), next_generation = generation_of(w, next);
    struct slice session = sign_in(w, old, 1), other = sign_in(w, next, 2);
    Datastream__Storage__V1__AuditRecord *row;
    struct reply reply = transfer(w, session, next, PASSWORD);

    assert_field(w, reply, "ownerId", next);
    assert_string_equal(
        get_cstr(w, reply, "etag"),
        get_cstr(w, world_call(w, "GetOrganization", w->made.api_token, NULL), "etag"));
    assert_string_equal(owner_id(w), next);
    assert_field(w, read_user(w, next), "roleName", "Owner");
    assert_field(w, read_user(w, old), "roleName", "Admin");
    assert_int_equal(generation_of(w, old), old_generation + 1);
    assert_int_equal(generation_of(w, next), next_generation + 1);
    assert_string_equal(get_cstr(w, read_user(w, old), "etag"),
                        get_cstr(w, read_user(w, next), "etag")); /* one commit */
    assert_status(transfer(w, session, old, PASSWORD), STATUS_UNAUTHENTICATED);
    assert_status(transfer(w, other, old, PASSWORD), STATUS_UNAUTHENTICATED);
    row = last_audit(w);
    assert_string_equal(row->action, "TransferredOwnership");
    assert_string_equal(row->object_id, old);
    assert_int_equal(row->n_changes, 1);
    assert_string_equal(row->changes[0]->path, "roleId");
    assert_true(slice_starts_with(slice_from_cstr(row->actor), SLICE("user:")));
}

static void nothing_changes_without_the_password(void **state)
{
    struct world *w = *state;
    const char *old = owner_id(w);
    const char *next = make_user(w, "next@example.com", predefined(w, "User"));
    struct slice session = sign_in(w, old, 1);

    assert_violation(transfer(w, session, next, "another password"), "currentPassword");
    assert_violation(transfer(w, session, next, ""), "currentPassword");
    assert_unchanged(w, old);
    assert_ok(transfer(w, session, next, PASSWORD));
}

static void only_another_active_user_can_own(void **state)
{
    struct world *w = *state;
    const char *old = owner_id(w);
    const char *next = make_user(w, "next@example.com", predefined(w, "User"));
    struct slice session = sign_in(w, old, 1);

    assert_violation(transfer(w, session, old, PASSWORD), "userId");
    assert_violation(transfer(w, session, "", PASSWORD), "userId");
    assert_violation(transfer(w, session, "x", PASSWORD), "userId");
    assert_violation(transfer(w, session, predefined(w, "User"), PASSWORD), "userId");
    assert_ok(world_call(w, "DisableUser", w->made.api_token,
                         world_make(w, "DisableUser", "id", next, NULL)));
    assert_violation(transfer(w, session, next, PASSWORD), "userId");
    assert_unchanged(w, old);
}

static void no_token_and_no_other_user_can_transfer(void **state)
{
    struct world *w = *state;
    const char *old = owner_id(w);
    const char *next = make_user(w, "next@example.com", predefined(w, "Admin"));
    struct reply reply = world_call(w, "TransferOwnership", w->made.api_token,
                                    request_to(w, next, PASSWORD));

    assert_status(reply, STATUS_PERMISSION_DENIED);
    assert_true(reply.status.details != NULL);
    assert_status(transfer(w, sign_in(w, next, 1), old, PASSWORD), STATUS_PERMISSION_DENIED);
    assert_unchanged(w, old);
}

static void a_stale_etag_is_refused(void **state)
{
    struct world *w = *state;
    const char *old = owner_id(w);
    const char *next = make_user(w, "next@example.com", predefined(w, "User"));
    struct reply reply = world_call_with(
        w, "TransferOwnership", SLICE_EMPTY, request_to(w, next, PASSWORD),
        (struct call_extra){.session = sign_in(w, old, 1), .if_match = "\"1000000\""});

    assert_status(reply, STATUS_ABORTED);
    assert_unchanged(w, old);
}

static void of_two_transfers_at_once_one_wins(void **state)
{
    struct world *w = *state;
    const char *old = owner_id(w);
    const char *ids[] = {make_user(w, "one@example.com", predefined(w, "User")),
                         make_user(w, "two@example.com", predefined(w, "User"))};
    struct test_call calls[2];
    struct slice session = sign_in(w, old, 1);
    unsigned done = 0;

    for (size_t i = 0; i < 2; i++)
        world_begin(w, &calls[i], "TransferOwnership", SLICE_EMPTY, request_to(w, ids[i], PASSWORD),
                    (struct call_extra){.session = session});
    for (size_t i = 0; i < 2; i++) {
        struct reply reply = world_finish(&calls[i]);

        if (!status_is_ok(reply.status)) {
            assert_status(reply, STATUS_UNAUTHENTICATED);
            assert_field(w, read_user(w, ids[i]), "roleName", "User");
            continue;
        }
        done++;
        assert_string_equal(owner_id(w), ids[i]);
        assert_field(w, read_user(w, ids[i]), "roleName", "Owner");
    }
    assert_int_equal(done, 1);
    assert_field(w, read_user(w, old), "roleName", "Admin");
}

static void note(void *context, struct slice sentence)
{
    (void)context;
    print_error("%.*s\n", SLICE_ARG(sentence));
}

static struct status check_store(struct world *w)
{
    struct services_check rules = {w->contract, w->identities};
    struct check_rules check = services_check_rules(&rules);

    return store_check(w->fixture.store, &check, &w->arena, note, NULL);
}

static void the_store_is_sound_after_a_transfer_and_check_finds_a_second_owner(void **state)
{
    struct world *w = *state;
    const char *old = owner_id(w);
    const char *next = make_user(w, "next@example.com",
                                 make_role(w, "custom", "devices.read", NULL));
    struct slice body;

    assert_ok(transfer(w, sign_in(w, old, 1), next, PASSWORD));
    assert_ok(((struct reply){check_store(w), NULL, NULL}));
    body = read_body(&w->fixture, FAMILY_ORGANIZATIONS,
                     key_organization(&w->arena, &w->made.organization));
    {
        ProtobufCAllocator allocator = message_allocator(&w->arena);
        Datastream__Storage__V1__OrganizationRecord *record =
            datastream__storage__v1__organization_record__unpack(&allocator, body.len,
                                                                 (const uint8_t *)body.data);

        assert_int_equal(binary_slice(record->owner_id).len, 16);
        record->owner_id.len = 0;
        put(&w->fixture, FAMILY_ORGANIZATIONS, key_organization(&w->arena, &w->made.organization),
            message_pack(&w->arena, &record->base));
    }
    assert_int_equal(check_store(w).code, STATUS_DATA_LOSS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_transfer_changes_both_users_and_the_organization_at_once),
        TEST(nothing_changes_without_the_password),
        TEST(only_another_active_user_can_own),
        TEST(no_token_and_no_other_user_can_transfer),
        TEST(a_stale_etag_is_refused),
        TEST(of_two_transfers_at_once_one_wins),
        TEST(the_store_is_sound_after_a_transfer_and_check_finds_a_second_owner),
    };
    const struct CMUnitTest late_tests[] = {
        TEST(a_transfer_changes_both_users_and_the_organization_at_once),
        TEST(of_two_transfers_at_once_one_wins),
    };
    int failed;

    setenv("DATASTREAM_PASSWORD_KIB", "8", 1); /* no test here is about the cost of a hash */
    failed = cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
    for (seed = 1; seed <= LATE_SEEDS; seed++)
        failed += cmocka_run_group_tests_name("transfer over the late store", late_tests, NULL,
                                              NULL);
    return failed;
}
