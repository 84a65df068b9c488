/* owner-reset on stores that have no Owner, or too many: afterwards there is exactly one. */
#include "tests/support/world.h"

#include "proto/contract/contract_find.h"
#include "rpc/services/check_rules.h"
#include "rpc/services/organization.h"
#include "rpc/services/owner.h"
#include "rpc/services/owner_reset.h"
#include "rpc/services/user.h"

#define PHC "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA" /* nobody signs in with it */
#define OTHER_PHC "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$b3RoZXI"

static struct world world;
static const char *phc; /* of the Owner that the store begins with; NULL: none */

static int start(void **state)
{
    world_start_owned(&world, 0, phc);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_end(*state);
    return 0;
}

static void note(void *context, struct slice sentence)
{
    struct slice *said = context;

    *said = arena_copy(&world.arena, sentence);
}

/* OK, or what `check` says last. */
static const char *check_store(struct world *w)
{
    struct services_check rules = {.contract = w->contract, .identities = w->identities};
    struct check_rules check = services_check_rules(&rules);
    struct slice said = SLICE("OK");

    store_check(w->fixture.store, &check, &w->arena, note, &said);
    return said.data;
}

static struct status reset(struct world *w, const char *email)
{
    const struct owner_reset reset = {
        .store = w->fixture.store,
        .identities = w->identities,
        .contract = w->contract,
        .organization = w->made.organization,
        .email = slice_from_cstr(email),
        .phc = OTHER_PHC,
    };

    return owner_reset(&reset, &w->arena);
}

static void reset_ok(struct world *w, const char *email)
{
    struct status status = reset(w, email);

    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
    assert_string_equal(check_store(w), "OK");
}

static const char *owner_id(struct world *w)
{
    return get_cstr(w, world_call(w, "GetOrganization", w->made.api_token, NULL), "ownerId");
}

static struct reply read_user(struct world *w, const char *id)
{
    return world_call(w, "GetUser", w->made.api_token, world_make(w, "GetUser", "id", id, NULL));
}

static const char *make_user(struct world *w, const char *email, const char *role)
{
    struct reply reply = world_call(w, "CreateUser", w->made.api_token,
                                    world_make(w, "CreateUser", "user.name", "A Person",
                                               "user.email", email, "user.roleId", role, NULL));

    assert_ok(reply);
    return get_cstr(w, reply, "id");
}

/* Gives a user the role Owner behind the back of all rules. */
static void spoil_role(struct world *w, const char *id)
{
    struct uuid parsed;
    struct slice key, body;
    Datastream__Storage__V1__UserRecord *record;

    assert_true(uuid_parse(slice_from_cstr(id), &parsed));
    key = key_object(&w->arena, &w->made.organization,
                     contract_kind(w->contract, SLICE("users"))->number, &parsed);
    body = read_body(&w->fixture, FAMILY_USERS, key);
    record = user__unpack(&w->arena, body);
    assert_non_null(record);
    record->user->role_id = (char *)(uintptr_t)predefined(w, "Owner");
    put(&w->fixture, FAMILY_USERS, key, user__pack(&w->arena, record));
}

/* -- tests ------------------------------------------------------------------------------------ */

static void a_store_that_is_older_than_users_gets_an_owner(void **state)
{
    struct world *w = *state;
    const char *id;

    assert_non_null(strstr(check_store(w), "the organization has no Owner"));
    reset_ok(w, "first@example.com");
    id = owner_id(w);
    assert_field(w, read_user(w, id), "roleName", "Owner");
    assert_field(w, read_user(w, id), "email", "first@example.com");
    assert_field(w, read_user(w, id), "name", "first");
    assert_string_equal(last_audit(w)->action, "ResetOwner");
}

static void a_user_of_such_a_store_can_become_it(void **state)
{
    struct world *w = *state;
    const char *id = make_user(w, "user@example.com", make_role(w, "custom", "devices.read", NULL));

    reset_ok(w, "USER@example.com");
    assert_string_equal(owner_id(w), id);
    assert_field(w, read_user(w, id), "roleName", "Owner");
}

static void of_several_owners_one_stays(void **state)
{
    struct world *w = *state;
    const char *first = owner_id(w);
    const char *second = make_user(w, "second@example.com", predefined(w, "User"));

    spoil_role(w, second);
    assert_non_null(strstr(check_store(w), "several Owners"));
    reset_ok(w, "owner@example.com");
    assert_string_equal(owner_id(w), first);
    assert_field(w, read_user(w, second), "roleName", "Admin");
}

static void the_address_of_another_organization_is_refused(void **state)
{
    struct world *w = *state;
    struct organization_created other;
    struct slice name;
    struct uuid found;
    unsigned least;

    assert_ok(((struct reply){
        owner_find_organization(w->fixture.store, &w->arena, SLICE_EMPTY, &found, &name, &least),
        NULL, NULL}));
    assert_true(uuid_equal(&found, &w->made.organization));
    assert_true(slice_equal(name, SLICE("Acme")));
    assert_int_equal(least, 10);
    assert_ok(((struct reply){organization_create(w->fixture.store, w->identities, w->contract,
                                                  NULL, &w->arena, NULL, SLICE("Other"),
                                                  SLICE("other@example.com"), PHC, false, &other),
                              NULL, NULL}));
    assert_int_equal(reset(w, "other@example.com").code, STATUS_ALREADY_EXISTS);
    assert_string_equal(check_store(w), "OK");
    assert_int_equal(
        owner_find_organization(w->fixture.store, &w->arena, SLICE_EMPTY, &found, &name, &least)
            .code,
        STATUS_INVALID_ARGUMENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest without[] = {
        TEST(a_store_that_is_older_than_users_gets_an_owner),
        TEST(a_user_of_such_a_store_can_become_it),
    };
    const struct CMUnitTest with[] = {
        TEST(of_several_owners_one_stays),
        TEST(the_address_of_another_organization_is_refused),
    };
    int failed = cmocka_run_group_tests_name("stores without an Owner", without, NULL, NULL);

    phc = PHC;
    return failed + cmocka_run_group_tests_name("stores with one", with, NULL, NULL);
}
