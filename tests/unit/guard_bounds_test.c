/* The mint guard for callers with a time limit, with allowed networks, or with both. */
#include "tests/support/world.h"

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

static struct reply on_id(struct world *w, const char *method, struct slice caller, const char *id)
{
    return world_call(w, method, caller, world_make(w, method, "id", id, NULL));
}

/* What bounds a caller, or the token that it works on. */
struct bound {
    const char *name;
    bool expires;
    const char *network; /* NULL: any */
};

/* The fixture calls from 127.0.0.1. */
static const struct bound callers[] = {
    {"no bound", false, NULL},
    {"expiry", true, NULL},
    {"networks", false, "127.0.0.0/8"},
    {"both", true, "127.0.0.0/8"},
};

static const struct bound targets[] = {
    {"no bound", false, NULL},
    {"expiry", true, NULL},
    {"networks", false, "127.1.0.0/16"},
    {"both", true, "127.1.0.0/16"},
    {"wider networks", true, "126.0.0.0/7"},
    {"other networks", true, "10.0.0.0/8"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Whether the target is bounded at least as much as the caller. */
static bool is_within(const struct bound *target, const struct bound *caller)
{
    if (caller->expires && !target->expires)
        return false;
    return caller->network == NULL ||
           (target->network != NULL && strcmp(target->network, "127.1.0.0/16") == 0);
}

static ProtobufCMessage *new_token(struct world *w, const char *name, const char *role,
                                   const struct bound *bound)
{
    const struct message_type *type = world_method(w, "CreateApiToken")->input;
    ProtobufCMessage *request = world_make(w, "CreateApiToken", "apiToken.name", name,
                                           "apiToken.roleId", role, NULL);
    static long long expire_ms;

    if (expire_ms == 0)
        expire_ms = (long long)time_floor_now_ms() + 3600000;
    if (bound->expires)
        world_set(&w->arena, type, request, "apiToken.expireTime",
                  arena_printf(&w->arena, "%lld", expire_ms).data);
    if (bound->network != NULL)
        world_set(&w->arena, type, request, "apiToken.allowedCidrs", bound->network);
    return request;
}

static const char *fresh_name(struct world *w)
{
    static unsigned number;

    return arena_printf(&w->arena, "object-%u", number++).data;
}

/* An administrator that is bounded so. */
static struct reply administrator(struct world *w, const struct bound *bound)
{
    struct reply made = world_call(
        w, "CreateApiToken", w->made.api_token,
        new_token(w, fresh_name(w), predefined(w, "API Administrator"), bound));

    assert_ok(made);
    return made;
}

/* A reader that is bounded so; its id. */
static const char *reader(struct world *w, const struct bound *bound)
{
    struct reply made = world_call(w, "CreateApiToken", w->made.api_token,
                                   new_token(w, fresh_name(w), predefined(w, "API Reader"), bound));

    assert_ok(made);
    return get_cstr(w, made, "id");
}

/* -- the operations: each works on a target that is bounded in some way ------------------------ */

static struct reply create(struct world *w, struct slice caller, const struct bound *target)
{
    return world_call(w, "CreateApiToken", caller,
                      new_token(w, fresh_name(w), predefined(w, "API Reader"), target));
}

static struct reply create_validate_only(struct world *w, struct slice caller,
                                         const struct bound *target)
{
    ProtobufCMessage *request = new_token(w, fresh_name(w), predefined(w, "API Reader"), target);

    world_set(&w->arena, world_method(w, "CreateApiToken")->input, request, "validateOnly", "true");
    return world_call(w, "CreateApiToken", caller, request);
}

static struct reply enable(struct world *w, struct slice caller, const struct bound *target)
{
    const char *id = reader(w, target);

    assert_ok(on_id(w, "DisableApiToken", caller, id)); /* stopping a token is always allowed */
    return on_id(w, "EnableApiToken", caller, id);
}

static struct reply regenerate(struct world *w, struct slice caller, const struct bound *target)
{
    return on_id(w, "RegenerateApiToken", caller, reader(w, target));
}

static struct reply give_more(struct world *w, struct slice caller, const struct bound *target)
{
    return world_call(w, "UpdateApiToken", caller,
                      world_make(w, "UpdateApiToken", "apiToken.id", reader(w, target),
                                 "apiToken.roleId", predefined(w, "API Contributor"), NULL));
}

/* From one address to the target's networks. */
static struct reply widen_networks(struct world *w, struct slice caller, const struct bound *target)
{
    const struct bound narrow = {"narrow", target->expires, "127.1.2.3"};
    const struct message_type *type = world_method(w, "UpdateApiToken")->input;
    ProtobufCMessage *request = world_make(w, "UpdateApiToken", "apiToken.id", reader(w, &narrow),
                                           "updateMask.paths", "allowed_cidrs", NULL);

    if (target->network != NULL)
        world_set(&w->arena, type, request, "apiToken.allowedCidrs", target->network);
    return world_call(w, "UpdateApiToken", caller, request);
}

static const struct {
    const char *name;
    struct reply (*run)(struct world *w, struct slice caller, const struct bound *target);
} operations[] = {
    {"create", create},
    {"create, validate only", create_validate_only},
    {"enable", enable},
    {"regenerate", regenerate},
    {"PATCH of the role", give_more},
    {"PATCH of the networks", widen_networks},
};

static void a_bounded_caller_lets_in_only_what_is_bounded_at_least_as_much(void **state)
{
    struct world *w = *state;

    for (size_t c = 0; c < COUNT(callers); c++) {
        struct slice caller = token_value(w, administrator(w, &callers[c]));

        for (size_t o = 0; o < COUNT(operations); o++)
            for (size_t t = 0; t < COUNT(targets); t++) {
                struct reply reply = operations[o].run(w, caller, &targets[t]);
                bool allowed = is_within(&targets[t], &callers[c]);

                if (status_is_ok(reply.status) != allowed)
                    fail_msg("caller with %s, target with %s, %s: %s", callers[c].name,
                             targets[t].name, operations[o].name,
                             status_code_name(reply.status.code));
                if (!allowed)
                    assert_guarded(reply);
            }
    }
}

static void only_a_caller_without_bounds_widens_a_role_that_somebody_holds(void **state)
{
    struct world *w = *state;

    for (size_t c = 0; c < COUNT(callers); c++) {
        struct slice caller = token_value(w, administrator(w, &callers[c]));
        const char *role = make_role(w, fresh_name(w), "devices.read", "directors.read", NULL);
        ProtobufCMessage *wider = world_make(w, "UpdateRole", "role.id", role, "role.permissions",
                                             "devices.read", "role.permissions", "devices.edit",
                                             NULL);
        struct reply reply;

        assert_ok(world_call(w, "UpdateRole", caller, wider)); /* nobody has it yet */
        assert_ok(world_call(w, "CreateApiToken", w->made.api_token,
                             new_token(w, fresh_name(w), role, &targets[3])));
        assert_ok(world_call(w, "UpdateRole", caller,
                             world_make(w, "UpdateRole", "role.id", role, "role.permissions",
                                        "devices.read", NULL)));
        reply = world_call(w, "UpdateRole", caller, wider);
        if (c == 0)
            assert_ok(reply);
        else
            assert_guarded(reply);
    }
}

static struct reply set_networks(struct world *w, struct slice caller, const char *id,
                                 const char *network)
{
    ProtobufCMessage *request = world_make(w, "UpdateApiToken", "apiToken.id", id,
                                           "updateMask.paths", "allowed_cidrs", NULL);

    if (network != NULL)
        world_set(&w->arena, world_method(w, "UpdateApiToken")->input, request,
                  "apiToken.allowedCidrs", network);
    return world_call(w, "UpdateApiToken", caller, request);
}

static void nobody_widens_its_own_networks(void **state)
{
    struct world *w = *state;
    struct reply made = administrator(w, &callers[2]);
    struct slice caller = token_value(w, made);
    const char *id = get_cstr(w, made, "id");

    assert_guarded(set_networks(w, caller, id, NULL));
    assert_guarded(set_networks(w, caller, id, "0.0.0.0/0"));
    assert_guarded(set_networks(w, caller, id, "126.0.0.0/7"));
    assert_ok(set_networks(w, caller, id, "127.0.0.0/16"));
    assert_guarded(set_networks(w, caller, id, "127.0.0.0/8")); /* not back again either */
    assert_ok(set_networks(w, w->made.api_token, id, "127.0.0.0/8"));
}

static void a_bounded_caller_stops_what_it_could_not_let_in_and_renews_itself(void **state)
{
    struct world *w = *state;

    for (size_t c = 0; c < COUNT(callers); c++) {
        struct reply made = administrator(w, &callers[c]);
        struct slice caller = token_value(w, made);

        for (size_t t = 0; t < COUNT(targets); t++) {
            const char *id = reader(w, &targets[t]);

            assert_ok(world_call(w, "UpdateApiToken", caller,
                                 world_make(w, "UpdateApiToken", "apiToken.id", id,
                                            "apiToken.description", "no wider", NULL)));
            assert_ok(on_id(w, "DisableApiToken", caller, id));
            assert_ok(on_id(w, "DeleteApiToken", caller, id));
        }
        assert_ok(on_id(w, "RegenerateApiToken", caller, get_cstr(w, made, "id")));
    }
}

struct narrowing {
    struct world *world;
    const char *id;
};

static void narrow(void *context)
{
    const struct narrowing *n = context;

    assert_ok(set_networks(n->world, n->world->made.api_token, n->id, "127.0.0.0/24"));
}

/* The networks that count are those of the moment of the commit, not of the request's head. */
static void networks_that_were_narrowed_meanwhile_bind(void **state)
{
    struct world *w = *state;
    struct reply made = administrator(w, &callers[2]);
    struct narrowing narrowing = {w, get_cstr(w, made, "id")};

    assert_guarded(
        world_call_with(w, "CreateApiToken", token_value(w, made),
                        new_token(w, fresh_name(w), predefined(w, "API Reader"), &targets[2]),
                        (struct call_extra){.between = narrow, .context = &narrowing}));
}

/* -- networks, pure --------------------------------------------------------------------------- */

static void networks_lie_within_others_one_by_one(void **state)
{
    static const struct {
        const char *networks[2], *outer[2];
        bool within;
    } cases[] = {
        {{NULL}, {NULL}, true},
        {{"10.0.0.0/8"}, {NULL}, true},
        {{NULL}, {"10.0.0.0/8"}, false},
        {{NULL}, {"0.0.0.0/0", "::/0"}, false},
        {{"10.0.0.0/8"}, {"10.0.0.0/8"}, true},
        {{"10.1.2.3"}, {"10.0.0.0/8"}, true},
        {{"10.0.0.0/7"}, {"10.0.0.0/8"}, false},
        {{"10.1.0.0/16", "192.0.2.0/24"}, {"10.0.0.0/8"}, false},
        {{"10.1.0.0/16", "192.0.2.0/24"}, {"192.0.0.0/16", "10.0.0.0/8"}, true},
        {{"::/0"}, {"0.0.0.0/0"}, false},
        {{"0.0.0.0/0"}, {"::/0"}, false},
        {{"::ffff:10.1.0.0/112"}, {"10.0.0.0/8"}, true},
        {{"2001:db8:1::/48"}, {"2001:db8::/32"}, true},
        {{"nonsense"}, {"0.0.0.0/0"}, false},
        {{"10.0.0.0/8"}, {"nonsense"}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *const *networks = (char *const *)cases[i].networks;
        char *const *outer = (char *const *)cases[i].outer;
        size_t count = cases[i].networks[0] == NULL ? 0 : cases[i].networks[1] == NULL ? 1 : 2;
        size_t outer_count = cases[i].outer[0] == NULL ? 0 : cases[i].outer[1] == NULL ? 1 : 2;

        if (guard__networks_within(networks, count, outer, outer_count) != cases[i].within)
            fail_msg("case %zu: wanted %d", i, cases[i].within);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bounded_caller_lets_in_only_what_is_bounded_at_least_as_much),
        TEST(only_a_caller_without_bounds_widens_a_role_that_somebody_holds),
        TEST(nobody_widens_its_own_networks),
        TEST(a_bounded_caller_stops_what_it_could_not_let_in_and_renews_itself),
        TEST(networks_that_were_narrowed_meanwhile_bind),
        cmocka_unit_test(networks_lie_within_others_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
