/*
 * The organization and its settings through the whole chain: what they may be, and what they
 * forbid.
 */
#include "tests/support/world.h"

#include "rpc/call/time_floor.h"

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

static struct reply read_as(struct world *w, struct slice token)
{
    return world_call(w, "GetOrganization", token, NULL);
}

static struct reply read_settings(struct world *w)
{
    return read_as(w, w->made.api_token);
}

/* Sets one field, named by the mask. */
static struct reply set_one(struct world *w, struct slice token, const char *field,
                            const char *value)
{
    const char *path = arena_printf(&w->arena, "organization.%s", field).data;

    return world_call(
        w, "UpdateOrganization", token,
        world_make(w, "UpdateOrganization", path, value, "updateMask.paths", field, NULL));
}

static void allow(struct world *w, const char *field, const char *value)
{
    assert_ok(set_one(w, w->made.api_token, field, value));
}

static const char *soon(struct world *w, int64_t in_ms)
{
    return arena_printf(&w->arena, "%lld", (long long)(time_floor_now_ms() + in_ms)).data;
}

/* -- reading and changing --------------------------------------------------------------------- */

static void settings_read_as_their_defaults_until_they_are_set(void **state)
{
    struct world *w = *state;
    struct reply reply = read_settings(w);

    assert_field(w, reply, "name", "Acme");
    assert_field(w, reply, "ownerId", "");
    assert_field(w, reply, "maximalTokenLifetimeSeconds", "");
    assert_field(w, reply, "defaultTokenExpiration", "");
    assert_field(w, reply, "sessionIdleSeconds", "1800");
    assert_field(w, reply, "sessionAbsoluteSeconds", "43200");
    assert_field(w, reply, "minimalPasswordLength", "10");
    assert_true(world_get(w, reply, "etag").len > 0);
    assert_string_equal(get_cstr(w, reply, "createTime"), get_cstr(w, reply, "updateTime"));
}

static void an_update_touches_only_the_named_fields_and_is_audited(void **state)
{
    struct world *w = *state;
    struct reply before = read_settings(w);
    Datastream__Storage__V1__AuditRecord *row;
    struct reply after;

    next_millisecond();
    after = world_call(w, "UpdateOrganization", w->made.api_token,
                       world_make(w, "UpdateOrganization", "organization.name", "  Ajax ",
                                  "organization.minimalPasswordLength", "12",
                                  "organization.sessionIdleSeconds", "60", "updateMask.paths",
                                  "name", "updateMask.paths", "minimalPasswordLength", NULL));
    assert_field(w, after, "name", "Ajax");
    assert_field(w, after, "minimalPasswordLength", "12");
    assert_field(w, after, "sessionIdleSeconds", "1800");
    assert_string_not_equal(get_cstr(w, after, "etag"), get_cstr(w, before, "etag"));
    assert_string_not_equal(get_cstr(w, after, "updateTime"), get_cstr(w, before, "updateTime"));
    assert_string_equal(get_cstr(w, read_settings(w), "etag"), get_cstr(w, after, "etag"));
    assert_field(w, read_settings(w), "name", "Ajax");
    row = last_audit(w);
    assert_string_equal(row->action, "UpdatedOrganization");
    assert_string_equal(row->kind, "organization");
    assert_string_equal(row->object_id, get_cstr(w, after, "id"));
    assert_string_equal(row->description, "Updated the organization \"Ajax\".");
    assert_int_equal(row->n_changes, 2);
    assert_string_equal(row->changes[0]->path, "name");
    assert_string_equal(row->changes[0]->before, "\"Acme\"");
    assert_string_equal(row->changes[1]->path, "minimalPasswordLength");
    assert_string_equal(row->changes[1]->before, "10");
    assert_string_equal(row->changes[1]->after, "12");
}

static void wrong_values_change_nothing(void **state)
{
    static const struct {
        const char *field, *value;
    } rows[] = {
        {"name", ""},
        {"name", "   "},
        {"maximalTokenLifetimeSeconds", "-1"},
        {"maximalTokenLifetimeSeconds", "3599"},
        {"maximalTokenLifetimeSeconds", "315360001"},
        {"sessionIdleSeconds", "59"},
        {"sessionIdleSeconds", "-1800"},
        {"sessionIdleSeconds", "86401"},
        {"sessionAbsoluteSeconds", "299"},
        {"sessionAbsoluteSeconds", "2592001"},
        {"sessionAbsoluteSeconds", "1799"},
        {"minimalPasswordLength", "9"},
        {"minimalPasswordLength", "257"},
    };
    struct world *w = *state;
    const char *etag = get_cstr(w, read_settings(w), "etag");
    char long_name[130];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_violation(set_one(w, w->made.api_token, rows[i].field, rows[i].value),
                         rows[i].field);
    memset(long_name, 'n', 129);
    long_name[129] = '\0';
    assert_violation(set_one(w, w->made.api_token, "name", long_name), "name");
    assert_violation(set_one(w, w->made.api_token, "sessionIdleSeconds", "50000"),
                     "sessionAbsoluteSeconds");
    assert_violation(world_call(w, "UpdateOrganization", w->made.api_token,
                                world_make(w, "UpdateOrganization", "organization.name", "Ajax",
                                           "updateMask.paths", "nothing", NULL)),
                     "updateMask");
    assert_violation(world_call(w, "UpdateOrganization", w->made.api_token, NULL), "organization");
    assert_string_equal(get_cstr(w, read_settings(w), "etag"), etag);
}

static void bounds_belong_to_the_range(void **state)
{
    struct world *w = *state;

    allow(w, "maximalTokenLifetimeSeconds", "3600");
    allow(w, "maximalTokenLifetimeSeconds", "315360000");
    allow(w, "maximalTokenLifetimeSeconds", "0");
    allow(w, "sessionIdleSeconds", "60");
    allow(w, "sessionAbsoluteSeconds", "300");
    allow(w, "sessionAbsoluteSeconds", "2592000");
    allow(w, "sessionIdleSeconds", "86400");
    allow(w, "minimalPasswordLength", "256");
    allow(w, "minimalPasswordLength", "10");
    allow(w, "defaultTokenExpiration", "ONE_WEEK");
    assert_field(w, read_settings(w), "defaultTokenExpiration", "ONE_WEEK");
}

static void a_stale_etag_is_refused_and_an_update_to_the_same_writes_nothing(void **state)
{
    struct world *w = *state;
    const char *etag = get_cstr(w, read_settings(w), "etag");
    struct reply reply;

    assert_string_equal(get_cstr(w, set_one(w, w->made.api_token, "name", "Acme"), "etag"), etag);
    assert_string_equal(get_cstr(w, read_settings(w), "etag"), etag);
    allow(w, "name", "Ajax");
    reply = world_call_with(
        w, "UpdateOrganization", w->made.api_token,
        world_make(w, "UpdateOrganization", "organization.name", "Other", "updateMask.paths",
                   "name", NULL),
        (struct call_extra){.if_match = arena_printf(&w->arena, "\"%s\"", etag).data});
    assert_status(reply, STATUS_ABORTED);
    assert_field(w, read_settings(w), "name", "Ajax");
}

static void validate_only_answers_as_if_and_changes_nothing(void **state)
{
    struct world *w = *state;
    struct reply reply = world_call(w, "UpdateOrganization", w->made.api_token,
                                    world_make(w, "UpdateOrganization", "organization.name", "Ajax",
                                               "validateOnly", "true", NULL));

    assert_field(w, reply, "name", "Ajax");
    assert_field(w, read_settings(w), "name", "Acme");
}

static void permissions_are_those_of_settings(void **state)
{
    struct world *w = *state;
    struct slice reader = token_value(
        w, make_token(w, "reads", make_role(w, "reads", "settings.read", NULL)));
    struct slice editor = token_value(
        w, make_token(w, "edits", make_role(w, "edits", "settings.edit", NULL)));
    struct reply reply;

    assert_ok(read_as(w, reader));
    assert_status(set_one(w, reader, "name", "Ajax"), STATUS_PERMISSION_DENIED);
    assert_status(read_as(w, editor), STATUS_PERMISSION_DENIED);
    reply = set_one(w, editor, "name", "Ajax");
    assert_field(w, reply, "name", "Ajax");
    assert_field(w, reply, "sessionIdleSeconds", ""); /* who may not read is not told */
    assert_string_equal(get_cstr(w, reply, "etag"), get_cstr(w, read_settings(w), "etag"));
}

/* -- what settings forbid --------------------------------------------------------------------- */

static struct reply create_token(struct world *w, const char *path, const char *value)
{
    return world_call(w, "CreateApiToken", w->made.api_token,
                      world_make(w, "CreateApiToken", "apiToken.name",
                                 arena_printf(&w->arena, "token %s %s", path, value).data,
                                 "apiToken.roleId", predefined(w, "API Reader"), path, value,
                                 NULL));
}

static void assert_names_the_maximum(struct world *w, struct reply reply, const char *field)
{
    const struct status_detail *detail = find_detail(reply, DETAIL_FIELD_VIOLATION, field);

    assert_status(reply, STATUS_INVALID_ARGUMENT);
    assert_non_null(detail);
    assert_non_null(strstr(arena_cstr(&w->arena, detail->description), "86400 seconds"));
}

static void the_maximal_lifetime_bounds_new_tokens_and_no_old_ones(void **state)
{
    struct world *w = *state;
    struct reply old = create_token(w, "apiToken.description", "no end");

    assert_ok(old);
    allow(w, "maximalTokenLifetimeSeconds", "86400");
    assert_names_the_maximum(w, create_token(w, "apiToken.description", "none"), "expireTime");
    assert_names_the_maximum(w, create_token(w, "apiToken.expiration", "ONE_WEEK"), "expiration");
    assert_names_the_maximum(
        w, create_token(w, "apiToken.expireTime", soon(w, 86400 * 1000 + 60000)), "expireTime");
    assert_ok(create_token(w, "apiToken.expiration", "TWENTY_FOUR_HOURS"));
    assert_ok(create_token(w, "apiToken.expireTime", soon(w, 86400 * 1000 - 60000)));
    assert_status(world_call(w, "ListRoles", token_value(w, old), NULL), STATUS_OK);
    assert_ok(world_call(w, "RegenerateApiToken", w->made.api_token,
                         world_make(w, "RegenerateApiToken", "id", get_cstr(w, old, "id"), NULL)));
    allow(w, "maximalTokenLifetimeSeconds", "0");
    assert_ok(create_token(w, "apiToken.description", "again"));
}

static void the_maximal_lifetime_bounds_the_new_end_of_an_expired_token(void **state)
{
    struct world *w = *state;
    struct reply token = create_token(w, "apiToken.expireTime", soon(w, 100));
    const char *id = get_cstr(w, token, "id");

    allow(w, "maximalTokenLifetimeSeconds", "86400");
    while (time_floor_now_ms() <= strtoll(get_cstr(w, token, "expireTime"), NULL, 10))
        next_millisecond();
    assert_names_the_maximum(
        w,
        world_call(w, "RegenerateApiToken", w->made.api_token,
                   world_make(w, "RegenerateApiToken", "id", id, "expiration", "ONE_MONTH", NULL)),
        "expiration");
    assert_ok(world_call(
        w, "RegenerateApiToken", w->made.api_token,
        world_make(w, "RegenerateApiToken", "id", id, "expiration", "EIGHT_HOURS", NULL)));
}

static void the_default_expiration_is_no_ones_but_the_forms(void **state)
{
    struct world *w = *state;

    allow(w, "defaultTokenExpiration", "ONE_WEEK");
    assert_field(w, create_token(w, "apiToken.description", "none"), "expireTime", "");
}

static struct reply create_user(struct world *w, const char *email, const char *password)
{
    return world_call(w, "CreateUser", w->made.api_token,
                      world_make(w, "CreateUser", "user.name", "A Person", "user.email", email,
                                 "user.roleId", predefined(w, "User"), "user.password", password,
                                 NULL));
}

static void passwords_have_the_least_length_of_the_settings(void **state)
{
    struct world *w = *state;

    allow(w, "minimalPasswordLength", "14");
    assert_violation(create_user(w, "a@example.com", "thirteen-char"), "password");
    assert_ok(create_user(w, "a@example.com", "fourteen-chars"));
    allow(w, "minimalPasswordLength", "10");
    assert_ok(create_user(w, "b@example.com", "thirteen-char"));
}

#ifdef DATASTREAM_FAULTS

static void every_failed_allocation_of_an_update_is_answered(void **state)
{
    struct world *w = *state;
    unsigned long number = 1;

    while (call_failing(w, number, "UpdateOrganization",
                        world_make(w, "UpdateOrganization", "organization.name",
                                   arena_printf(&w->arena, "Name %lu", number).data,
                                   "updateMask.paths", "name", NULL)))
        number++;
    assert_true(number > 10);
    assert_string_equal(get_cstr(w, read_settings(w), "name"),
                        arena_printf(&w->arena, "Name %lu", number).data);
}

#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_read_as_their_defaults_until_they_are_set),
        TEST(an_update_touches_only_the_named_fields_and_is_audited),
        TEST(wrong_values_change_nothing),
        TEST(bounds_belong_to_the_range),
        TEST(a_stale_etag_is_refused_and_an_update_to_the_same_writes_nothing),
        TEST(validate_only_answers_as_if_and_changes_nothing),
        TEST(permissions_are_those_of_settings),
        TEST(the_maximal_lifetime_bounds_new_tokens_and_no_old_ones),
        TEST(the_maximal_lifetime_bounds_the_new_end_of_an_expired_token),
        TEST(the_default_expiration_is_no_ones_but_the_forms),
        TEST(passwords_have_the_least_length_of_the_settings),
#ifdef DATASTREAM_FAULTS
        TEST(every_failed_allocation_of_an_update_is_answered),
#endif
    };
    const struct CMUnitTest late_tests[] = {
        TEST(an_update_touches_only_the_named_fields_and_is_audited),
        TEST(the_maximal_lifetime_bounds_new_tokens_and_no_old_ones),
        TEST(passwords_have_the_least_length_of_the_settings),
    };
    int failed = cmocka_run_group_tests_name("organization", tests, NULL, NULL);

    for (seed = 1; seed <= LATE_SEEDS; seed++)
        failed += cmocka_run_group_tests_name("organization over the late store", late_tests, NULL,
                                              NULL);
    return failed;
}
