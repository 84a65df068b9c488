/* The mint guard: nobody makes, learns, re-activates or edits what may do more than they. */
#include "tests/support/world.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/time_floor.h"
#include "rpc/services/guard.h"

static struct world world;

static int start(void **state)
{
    world_start(&world, 0);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_end(*state);
    return 0;
}

/* A caller that may do everything with tokens and roles, but only read devices. */
static struct slice governor(struct world *w)
{
    const char *role = make_role(w, "Governor", "api-tokens.create", "api-tokens.edit",
                                 "api-tokens.delete", "api-tokens.read", "roles.create",
                                 "roles.edit", "roles.delete", "roles.read", "devices.read", NULL);

    return token_value(w, make_token(w, "governor", role));
}

static struct reply on_id(struct world *w, const char *method, struct slice caller, const char *id)
{
    return world_call(w, method, caller, world_make(w, method, "id", id, NULL));
}

static void sets_are_compared_by_permission(void **state)
{
    const struct contract *contract = world_contract();
    const struct permission *read = contract_permission(contract, SLICE("devices.read"));
    const struct permission *create = contract_permission(contract, SLICE("devices.create"));
    const struct permission *transfer = contract_permission(contract, SLICE("owner.transfer"));
    struct permission_set held = {{0}};
    struct permission_set holder = {{0}};

    (void)state;
    assert_null(guard__lacking(contract, &held, &holder));
    permission_set_add(&held, read->bit);
    permission_set_add(&held, create->bit);
    assert_ptr_equal(guard__lacking(contract, &held, &holder), create);
    permission_set_add(&holder, create->bit);
    assert_ptr_equal(guard__lacking(contract, &held, &holder), read);
    permission_set_add(&holder, read->bit);
    permission_set_add(&holder, transfer->bit);
    assert_null(guard__lacking(contract, &held, &holder));
    assert_false(guard__has_owner_only(contract, &held));
    assert_true(guard__has_owner_only(contract, &holder));
}

static void nobody_makes_a_token_that_may_do_more(void **state)
{
    struct world *w = *state;
    struct slice caller = governor(w);
    const char *less = make_role(w, "Less", "devices.read", NULL);
    struct reply reply;

    reply = world_call(w, "CreateApiToken", caller,
                       world_make(w, "CreateApiToken", "apiToken.name", "strong", "apiToken.roleId",
                                  predefined(w, "API Administrator"), NULL));
    assert_guarded(reply);
    assert_int_equal(find_detail(reply, DETAIL_ERROR_INFO, "MINT_GUARD")->kind.len,
                     sizeof("permission") - 1);
    assert_ok(world_call(
        w, "CreateApiToken", caller,
        world_make(w, "CreateApiToken", "apiToken.name", "weak", "apiToken.roleId", less, NULL)));
}

static void nobody_touches_a_token_that_may_do_more_but_to_stop_it(void **state)
{
    struct world *w = *state;
    struct slice caller = governor(w);
    struct reply strong = make_token(w, "strong", predefined(w, "API Administrator"));
    const char *id = get_cstr(w, strong, "id");

    assert_guarded(on_id(w, "RegenerateApiToken", caller, id));
    assert_guarded(world_call(
        w, "UpdateApiToken", caller,
        world_make(w, "UpdateApiToken", "apiToken.id", id, "apiToken.description", "x", NULL)));
    assert_guarded(world_call(w, "UpdateApiToken", caller,
                              world_make(w, "UpdateApiToken", "apiToken.id", id,
                                         "apiToken.allowedCidrs", "0.0.0.0/0", NULL)));
    assert_ok(on_id(w, "DisableApiToken", caller, id));
    assert_guarded(on_id(w, "EnableApiToken", caller, id));
    assert_ok(on_id(w, "DeleteApiToken", caller, id));
}

static void nobody_gives_a_token_a_role_that_may_do_more(void **state)
{
    struct world *w = *state;
    struct slice caller = governor(w);
    const char *less = make_role(w, "Less", "devices.read", NULL);
    const char *id = get_cstr(w, make_token(w, "weak", less), "id");

    assert_guarded(world_call(w, "UpdateApiToken", caller,
                              world_make(w, "UpdateApiToken", "apiToken.id", id, "apiToken.roleId",
                                         predefined(w, "API Contributor"), NULL)));
    assert_ok(world_call(
        w, "UpdateApiToken", caller,
        world_make(w, "UpdateApiToken", "apiToken.id", id, "apiToken.description", "x", NULL)));
}

static void nobody_makes_or_edits_a_role_that_may_do_more(void **state)
{
    struct world *w = *state;
    struct slice caller = governor(w);
    const char *more = make_role(w, "More", "devices.read", "devices.create", NULL);
    const char *less = make_role(w, "Less", "devices.read", NULL);

    assert_guarded(world_call(w, "CreateRole", caller,
                              world_make(w, "CreateRole", "role.name", "bad", "role.permissions",
                                         "devices.create", NULL)));
    assert_guarded(world_call(w, "CreateRole", caller,
                              world_make(w, "CreateRole", "role.name", "bad", "role.cloneFrom",
                                         predefined(w, "API Administrator"), NULL)));
    assert_guarded(
        world_call(w, "UpdateRole", caller,
                   world_make(w, "UpdateRole", "role.id", more, "role.description", "x", NULL)));
    assert_guarded(world_call(
        w, "UpdateRole", caller,
        world_make(w, "UpdateRole", "role.id", more, "role.permissions", "devices.read", NULL)));
    assert_guarded(world_call(
        w, "UpdateRole", caller,
        world_make(w, "UpdateRole", "role.id", less, "role.permissions", "devices.create", NULL)));
    assert_ok(world_call(
        w, "UpdateRole", caller,
        world_make(w, "UpdateRole", "role.id", less, "role.permissions", "roles.read", NULL)));
    assert_ok(on_id(w, "DeleteRole", caller, more));
}

static void not_even_the_administrator_mints_what_is_the_owners(void **state)
{
    struct world *w = *state;

    assert_guarded(world_call(w, "CreateRole", w->made.api_token,
                              world_make(w, "CreateRole", "role.name", "bad", "role.permissions",
                                         "owner.transfer", NULL)));
}

static void a_token_with_an_end_hands_out_none_that_ends_later(void **state)
{
    struct world *w = *state;
    const char *role = predefined(w, "API Administrator");
    const char *reader = predefined(w, "API Reader");
    long long now = (long long)time_floor_now_ms();
    struct reply brief;
    struct slice caller;
    const char *id;

    brief = world_call(w, "CreateApiToken", w->made.api_token,
                       world_make(w, "CreateApiToken", "apiToken.name", "brief", "apiToken.roleId",
                                  role, "apiToken.expireTime",
                                  arena_printf(&w->arena, "%lld", now + 3600000).data, NULL));
    caller = token_value(w, brief);
    assert_guarded(world_call(w, "CreateApiToken", caller,
                              world_make(w, "CreateApiToken", "apiToken.name", "lasting",
                                         "apiToken.roleId", reader, NULL)));
    assert_guarded(
        world_call(w, "CreateApiToken", caller,
                   world_make(w, "CreateApiToken", "apiToken.name", "lasting", "apiToken.roleId",
                              reader, "apiToken.expireTime",
                              arena_printf(&w->arena, "%lld", now + 3600001).data, NULL)));
    assert_ok(world_call(w, "CreateApiToken", caller,
                         world_make(w, "CreateApiToken", "apiToken.name", "brief too",
                                    "apiToken.roleId", reader, "apiToken.expireTime",
                                    arena_printf(&w->arena, "%lld", now + 3600000).data, NULL)));
    id = get_cstr(w, make_token(w, "lasting", reader), "id");
    assert_guarded(on_id(w, "RegenerateApiToken", caller, id));
    assert_ok(on_id(w, "RegenerateApiToken", caller, get_cstr(w, brief, "id")));
}

static void a_token_with_an_end_widens_none_that_ends_later(void **state)
{
    struct world *w = *state;
    const char *reader = predefined(w, "API Reader");
    const char *contributor = predefined(w, "API Contributor");
    long long end = (long long)time_floor_now_ms() + 3600000;
    struct slice caller = token_value(
        w, world_call(w, "CreateApiToken", w->made.api_token,
                      world_make(w, "CreateApiToken", "apiToken.name", "brief", "apiToken.roleId",
                                 predefined(w, "API Administrator"), "apiToken.expireTime",
                                 arena_printf(&w->arena, "%lld", end).data, NULL)));
    const char *lasting = get_cstr(w, make_token(w, "lasting", reader), "id");
    const char *briefer = get_cstr(
        w,
        world_call(w, "CreateApiToken", w->made.api_token,
                   world_make(w, "CreateApiToken", "apiToken.name", "briefer", "apiToken.roleId",
                              reader, "apiToken.expireTime",
                              arena_printf(&w->arena, "%lld", end).data, NULL)),
        "id");

    assert_guarded(world_call(w, "UpdateApiToken", caller,
                              world_make(w, "UpdateApiToken", "apiToken.id", lasting,
                                         "apiToken.roleId", contributor, NULL)));
    assert_ok(world_call(w, "UpdateApiToken", caller,
                         world_make(w, "UpdateApiToken", "apiToken.id", briefer, "apiToken.roleId",
                                    contributor, NULL)));
    assert_ok(world_call(w, "UpdateApiToken", caller,
                         world_make(w, "UpdateApiToken", "apiToken.id", lasting,
                                    "apiToken.description", "Reads", NULL)));
}

/* An administrator that ends in an hour. */
static struct slice brief_administrator(struct world *w)
{
    long long end = (long long)time_floor_now_ms() + 3600000;

    return token_value(
        w, world_call(w, "CreateApiToken", w->made.api_token,
                      world_make(w, "CreateApiToken", "apiToken.name", "brief", "apiToken.roleId",
                                 predefined(w, "API Administrator"), "apiToken.expireTime",
                                 arena_printf(&w->arena, "%lld", end).data, NULL)));
}

static void a_token_with_an_end_enables_none_that_ends_later(void **state)
{
    struct world *w = *state;
    struct slice caller = brief_administrator(w);
    const char *lasting = get_cstr(w, make_token(w, "lasting", predefined(w, "API Reader")), "id");

    assert_ok(on_id(w, "DisableApiToken", caller, lasting));
    assert_guarded(on_id(w, "EnableApiToken", caller, lasting));
    assert_ok(on_id(w, "EnableApiToken", w->made.api_token, lasting));
}

static struct reply set_networks(struct world *w, struct slice caller, const char *id,
                                 const char *one, const char *two)
{
    ProtobufCMessage *request = world_make(w, "UpdateApiToken", "apiToken.id", id,
                                           "updateMask.paths", "allowed_cidrs", NULL);
    const struct message_type *type = world_method(w, "UpdateApiToken")->input;

    if (one != NULL)
        world_set(&w->arena, type, request, "apiToken.allowedCidrs", one);
    if (two != NULL)
        world_set(&w->arena, type, request, "apiToken.allowedCidrs", two);
    return world_call(w, "UpdateApiToken", caller, request);
}

static void a_token_with_an_end_opens_none_that_ends_later_to_more_networks(void **state)
{
    struct world *w = *state;
    struct slice caller = brief_administrator(w);
    const char *id = get_cstr(w, make_token(w, "lasting", predefined(w, "API Reader")), "id");

    assert_ok(set_networks(w, caller, id, "10.0.0.0/8", "2001:db8::/32"));
    assert_guarded(set_networks(w, caller, id, NULL, NULL));
    assert_guarded(set_networks(w, caller, id, "10.0.0.0/7", NULL));
    assert_guarded(set_networks(w, caller, id, "10.1.0.0/16", "192.0.2.1"));
    assert_guarded(set_networks(w, caller, id, "::/0", NULL));
    assert_ok(set_networks(w, caller, id, "2001:db8:1::/48", "10.1.0.0/16"));
    assert_ok(set_networks(w, w->made.api_token, id, NULL, NULL));
}

static void a_token_with_an_end_widens_no_role_that_others_have(void **state)
{
    struct world *w = *state;
    struct slice caller = brief_administrator(w);
    const char *role = make_role(w, "Reader", "devices.read", "directors.read", NULL);
    ProtobufCMessage *wider = world_make(w, "UpdateRole", "role.id", role, "role.permissions",
                                         "devices.read", "role.permissions", "devices.edit", NULL);

    assert_ok(world_call(w, "UpdateRole", caller, wider));
    assert_ok(make_token(w, "lasting", role));
    assert_ok(world_call(
        w, "UpdateRole", caller,
        world_make(w, "UpdateRole", "role.id", role, "role.permissions", "devices.read", NULL)));
    assert_ok(world_call(
        w, "UpdateRole", caller,
        world_make(w, "UpdateRole", "role.id", role, "role.description", "Reads devices", NULL)));
    assert_guarded(world_call(w, "UpdateRole", caller, wider));
    assert_ok(world_call(w, "UpdateRole", w->made.api_token, wider));
}

/* A token that is made meanwhile had its role before it was widened, or gets what its maker saw. */
static void a_role_is_not_widened_behind_the_making_of_a_token(void **state)
{
    struct world *w = *state;
    struct slice caller = brief_administrator(w);

    for (int i = 0; i < 20; i++) {
        const char *name = arena_printf(&w->arena, "object-%d", i).data;
        const char *role = make_role(w, name, "devices.read", NULL);
        struct test_call calls[2];
        struct reply made, widened;

        world_begin(
            w, &calls[0], "CreateApiToken", w->made.api_token,
            world_make(w, "CreateApiToken", "apiToken.name", name, "apiToken.roleId", role, NULL),
            (struct call_extra){0});
        world_begin(
            w, &calls[1], "UpdateRole", caller,
            world_make(w, "UpdateRole", "role.id", role, "role.permissions", "devices.edit", NULL),
            (struct call_extra){0});
        made = world_finish(&calls[0]);
        widened = world_finish(&calls[1]);
        assert_ok(made);
        if (!status_is_ok(widened.status))
            assert_guarded(widened);
        else
            assert_true(strtoull(get_cstr(w, widened, "etag"), NULL, 10) <
                        strtoull(get_cstr(w, made, "etag"), NULL, 10));
    }
}

static void a_value_in_its_overlap_gets_no_new_one(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    const char *id = get_cstr(w, made, "id");
    struct slice old = token_value(w, made);

    assert_ok(
        world_call(w, "RegenerateApiToken", w->made.api_token,
                   world_make(w, "RegenerateApiToken", "id", id, "overlapSeconds", "600", NULL)));
    assert_guarded(on_id(w, "RegenerateApiToken", old, id));
}

/* -- between reading the head and running the method ------------------------------------------ */

struct interruption {
    struct world *world;
    const char *method;
    ProtobufCMessage *request;
};

static void interrupt(void *context)
{
    const struct interruption *interruption = context;

    assert_ok(world_call(interruption->world, interruption->method,
                         interruption->world->made.api_token, interruption->request));
}

static void a_caller_that_loses_a_permission_meanwhile_is_refused(void **state)
{
    struct world *w = *state;
    const char *role = make_role(w, "Maker", "devices.create", "devices.read", NULL);
    struct slice caller = token_value(w, make_token(w, "maker", role));
    struct interruption narrowed = {
        w, "UpdateRole",
        world_make(w, "UpdateRole", "role.id", role, "role.permissions", "devices.read", NULL)};
    struct reply reply = world_call_with(
        w, "CreateDevice", caller, world_make(w, "CreateDevice", "device.name", "edge-1", NULL),
        (struct call_extra){.between = interrupt, .context = &narrowed});

    assert_status(reply, STATUS_PERMISSION_DENIED);
    assert_field(w, world_call(w, "ListDevices", caller, NULL), "totalSize", "0");
}

static void a_caller_that_is_disabled_meanwhile_is_refused(void **state)
{
    struct world *w = *state;
    struct reply token = make_token(w, "maker", predefined(w, "API Contributor"));
    struct interruption disabled = {
        w, "DisableApiToken",
        world_make(w, "DisableApiToken", "id", get_cstr(w, token, "id"), NULL)};
    struct reply reply = world_call_with(
        w, "CreateDevice", token_value(w, token),
        world_make(w, "CreateDevice", "device.name", "edge-1", NULL),
        (struct call_extra){.between = interrupt, .context = &disabled});

    assert_status(reply, STATUS_UNAUTHENTICATED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_compared_by_permission),
        TEST(nobody_makes_a_token_that_may_do_more),
        TEST(nobody_touches_a_token_that_may_do_more_but_to_stop_it),
        TEST(nobody_gives_a_token_a_role_that_may_do_more),
        TEST(nobody_makes_or_edits_a_role_that_may_do_more),
        TEST(not_even_the_administrator_mints_what_is_the_owners),
        TEST(a_token_with_an_end_hands_out_none_that_ends_later),
        TEST(a_token_with_an_end_widens_none_that_ends_later),
        TEST(a_token_with_an_end_enables_none_that_ends_later),
        TEST(a_token_with_an_end_opens_none_that_ends_later_to_more_networks),
        TEST(a_token_with_an_end_widens_no_role_that_others_have),
        TEST(a_role_is_not_widened_behind_the_making_of_a_token),
        TEST(a_value_in_its_overlap_gets_no_new_one),
        TEST(a_caller_that_loses_a_permission_meanwhile_is_refused),
        TEST(a_caller_that_is_disabled_meanwhile_is_refused),
    };

    return cmocka_run_group_tests_name("mint guard", tests, NULL, NULL);
}
