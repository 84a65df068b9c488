/* API tokens through the whole chain: values, time limits, revocation at once, self-service,
 * history. */
#include "tests/support/world.h"

#include "base/clock.h"
#include "datastream/storage/v1/records.pb-c.h"
#include "rpc/call/time_floor.h"
#include "rpc/identity/token_value.h"

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

/* Whether the value lets a caller in. */
static bool is_let_in(struct world *w, struct slice value)
{
    struct reply reply = world_call(w, "ListRoles", value, NULL);

    if (status_is_ok(reply.status) || reply.status.code == STATUS_PERMISSION_DENIED)
        return true;
    assert_status(reply, STATUS_UNAUTHENTICATED);
    return false;
}

static struct reply on_id(struct world *w, const char *method, struct slice caller, const char *id)
{
    return world_call(w, method, caller, world_make(w, method, "id", id, NULL));
}

static struct reply create(struct world *w, const char *path, const char *value)
{
    return world_call(w, "CreateApiToken", w->made.api_token,
                      world_make(w, "CreateApiToken", "apiToken.name", "a token", "apiToken.roleId",
                                 predefined(w, "API Reader"), path, value, NULL));
}

static const char *soon(struct world *w, int64_t in_ms)
{
    return arena_printf(&w->arena, "%lld", (long long)(time_floor_now_ms() + in_ms)).data;
}

/* -- creating --------------------------------------------------------------------------------- */

static void a_value_is_shown_once_and_works(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    struct slice value = token_value(w, made);
    const char *id = get_cstr(w, made, "id");
    struct reply read;

    assert_ok(made);
    assert_true(token_value__is_wellformed(value));
    assert_field(w, made, "status", "ACTIVE");
    assert_field(w, made, "roleName", "API Reader");
    assert_field(w, made, "expireTime", "");
    assert_true(world_get(w, made, "etag").len > 0);
    assert_true(
        slice_ends_with(world_get(w, made, "maskedToken"), slice_from(value, value.len - 4)));
    assert_true(is_let_in(w, value));
    read = on_id(w, "GetApiToken", w->made.api_token, id);
    assert_field(w, read, "token", "");
    assert_string_equal(get_cstr(w, read, "maskedToken"), get_cstr(w, made, "maskedToken"));
    assert_string_equal(get_cstr(w, read, "etag"), get_cstr(w, made, "etag"));
    read = world_call(w, "ListApiTokens", w->made.api_token, NULL);
    assert_field(w, read, "totalSize", "2");
    assert_field(w, read, "apiTokens.0.name", "API Administrator");
    assert_field(w, read, "apiTokens.1.name", "reader");
    assert_field(w, read, "apiTokens.1.roleName", "API Reader");
    assert_field(w, read, "apiTokens.1.token", "");
}

static void the_store_holds_no_value(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    struct slice value = token_value(w, made);

    for (int family = 0; family < FAMILIES; family++) {
        struct store_rows rows = read_rows(&w->fixture, (enum store_family)family, SLICE("\0"),
                                           SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), false,
                                           10000);

        for (size_t i = 0; i < rows.count; i++) {
            struct slice row = rows.rows[i].value;

            assert_null(memmem(row.data, row.len, value.data, value.len));
            assert_null(memmem(row.data, row.len, value.data + 4, 43));
        }
    }
}

static void bad_tokens_are_refused_at_their_fields(void **state)
{
    struct world *w = *state;
    const char *users_only = make_role(w, "For users", "devices.read", NULL);
    struct reply reply;

    assert_violation(create(w, "apiToken.name", "ab"), "name");
    assert_violation(create(w, "apiToken.roleId", "nonsense"), "roleId");
    assert_violation(create(w, "apiToken.roleId", "0192f0c1-2345-7000-8000-00000000dead"),
                     "roleId");
    assert_violation(create(w, "apiToken.roleId", predefined(w, "Owner")), "roleId");
    assert_violation(create(w, "apiToken.roleId", predefined(w, "Admin")), "roleId");
    assert_violation(create(w, "apiToken.expireTime", "1000"), "expireTime");
    assert_violation(create(w, "apiToken.allowedCidrs", "nonsense"), "allowedCidrs[0]");
    reply = world_call(w, "CreateApiToken", w->made.api_token,
                       world_make(w, "CreateApiToken", "apiToken.name", "a token",
                                  "apiToken.roleId", predefined(w, "API Reader"),
                                  "apiToken.expiration", "ONE_WEEK", "apiToken.expireTime",
                                  soon(w, 1000000), NULL));
    assert_violation(reply, "expiration");
    assert_violation(reply, "expireTime");
    assert_ok(world_call(
        w, "UpdateRole", w->made.api_token,
        world_make(w, "UpdateRole", "role.id", users_only, "role.assignableTo", "USERS", NULL)));
    assert_violation(create(w, "apiToken.roleId", users_only), "roleId");
    assert_ok(make_token(w, "A Token", predefined(w, "API Reader")));
    assert_status(create(w, "apiToken.description", "x"), STATUS_ALREADY_EXISTS);
}

/* By protobuf alone: JSON has no way to say such times. */
static void a_time_out_of_range_is_reported_once(void **state)
{
    static const char *const times[] = {"253402300800000", "-62135596801000"}; /* a second beyond */
    struct world *w = *state;

    for (size_t i = 0; i < 2; i++) {
        struct reply reply = create(w, "apiToken.expireTime", times[i]);
        unsigned count = 0;

        assert_violation(reply, "expireTime");
        for (const struct status_detail *d = reply.status.details; d != NULL; d = d->next)
            count++;
        assert_int_equal(count, 1);
    }
}

static void validate_only_makes_no_token(void **state)
{
    struct world *w = *state;
    struct reply reply = create(w, "validateOnly", "true");

    assert_ok(reply);
    assert_field(w, reply, "token", "");
    assert_field(w, reply, "maskedToken", "");
    assert_field(w, world_call(w, "ListApiTokens", w->made.api_token, NULL), "totalSize", "1");
}

static void validate_only_deletes_no_token(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));

    assert_ok(world_call(w, "DeleteApiToken", w->made.api_token,
                         world_make(w, "DeleteApiToken", "id", get_cstr(w, made, "id"),
                                    "validateOnly", "true", NULL)));
    assert_true(is_let_in(w, token_value(w, made)));
}

static void presets_set_the_time_limit(void **state)
{
    struct world *w = *state;
    struct reply reply = create(w, "apiToken.expiration", "EIGHT_HOURS");
    long long limit = strtoll(get_cstr(w, reply, "expireTime"), NULL, 10);
    long long created = strtoll(get_cstr(w, reply, "createTime"), NULL, 10);

    assert_int_equal(limit - created, 8 * 3600 * 1000);
    assert_field(w, reply, "expiration", "");
}

/* -- changing --------------------------------------------------------------------------------- */

static struct reply update(struct world *w, struct slice caller, const char *id, const char *path,
                           const char *value, const char *mask)
{
    const struct message_type *type = world_method(w, "UpdateApiToken")->input;
    ProtobufCMessage *request = world_make(w, "UpdateApiToken", "apiToken.id", id, NULL);

    if (path != NULL)
        world_set(&w->arena, type, request, path, value);
    if (mask != NULL)
        world_set(&w->arena, type, request, "updateMask.paths", mask);
    return world_call(w, "UpdateApiToken", caller, request);
}

static void name_description_role_and_networks_change_and_nothing_else(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    const char *id = get_cstr(w, made, "id");
    struct slice admin = w->made.api_token;
    struct reply reply;

    reply = update(w, admin, id, "apiToken.name", "renamed", "name");
    assert_field(w, reply, "name", "renamed");
    assert_field(w, reply, "token", "");
    assert_string_equal(get_cstr(w, reply, "maskedToken"), get_cstr(w, made, "maskedToken"));
    reply = update(w, admin, id, "apiToken.roleId", predefined(w, "API Contributor"), "roleId");
    assert_field(w, reply, "roleName", "API Contributor");
    assert_violation(update(w, admin, id, "apiToken.expireTime", soon(w, 100000), NULL),
                     "expireTime");
    assert_violation(update(w, admin, id, "apiToken.expiration", "ONE_WEEK", NULL), "expiration");
    assert_violation(update(w, admin, id, "apiToken.roleId", predefined(w, "Owner"), NULL),
                     "roleId");
    reply = update(w, admin, id, "apiToken.maskedToken", "x", "maskedToken");
    assert_string_equal(get_cstr(w, reply, "maskedToken"), get_cstr(w, made, "maskedToken"));
    assert_true(is_let_in(w, token_value(w, made)));
}

static void a_change_of_role_or_networks_holds_at_once(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "worker", predefined(w, "API Contributor"));
    struct slice value = token_value(w, made);
    const char *id = get_cstr(w, made, "id");

    assert_ok(world_call(w, "CreateDirector", value,
                         world_make(w, "CreateDirector", "director.name", "dir-1", NULL)));
    assert_ok(
        update(w, w->made.api_token, id, "apiToken.roleId", predefined(w, "API Reader"), "roleId"));
    assert_status(world_call(w, "CreateDirector", value,
                             world_make(w, "CreateDirector", "director.name", "dir-2", NULL)),
                  STATUS_PERMISSION_DENIED);
    assert_true(is_let_in(w, value));
    assert_ok(update(w, w->made.api_token, id, "apiToken.allowedCidrs", "10.0.0.0/8", NULL));
    assert_false(is_let_in(w, value));
    assert_ok(update(w, w->made.api_token, id, NULL, NULL, "allowedCidrs"));
    assert_true(is_let_in(w, value));
}

static void disabled_and_deleted_tokens_are_out_at_once(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    struct slice value = token_value(w, made);
    const char *id = get_cstr(w, made, "id");
    struct slice admin = w->made.api_token;

    assert_true(is_let_in(w, value));
    assert_field(w, on_id(w, "DisableApiToken", admin, id), "status", "DISABLED");
    assert_false(is_let_in(w, value));
    assert_field(w, on_id(w, "DisableApiToken", admin, id), "status", "DISABLED");
    assert_field(w, on_id(w, "EnableApiToken", admin, id), "status", "ACTIVE");
    assert_true(is_let_in(w, value));
    assert_ok(on_id(w, "DeleteApiToken", admin, id));
    assert_false(is_let_in(w, value));
    assert_status(on_id(w, "GetApiToken", admin, id), STATUS_NOT_FOUND);
    assert_status(on_id(w, "DeleteApiToken", admin, id), STATUS_NOT_FOUND);
    assert_field(w, world_call(w, "ListApiTokens", admin, NULL), "totalSize", "1");
    assert_ok(make_token(w, "reader", predefined(w, "API Reader")));
}

/* -- regenerating ----------------------------------------------------------------------------- */

static struct reply regenerate(struct world *w, const char *id, const char *overlap)
{
    return world_call(
        w, "RegenerateApiToken", w->made.api_token,
        world_make(w, "RegenerateApiToken", "id", id, "overlapSeconds", overlap, NULL));
}

static void a_new_value_ends_the_old_one_at_once(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    struct slice old = token_value(w, made);
    struct reply again = regenerate(w, get_cstr(w, made, "id"), "0");

    assert_ok(again);
    assert_true(token_value__is_wellformed(token_value(w, again)));
    assert_false(slice_equal(old, token_value(w, again)));
    assert_false(is_let_in(w, old));
    assert_true(is_let_in(w, token_value(w, again)));
}

static void an_overlap_keeps_one_old_value(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    const char *id = get_cstr(w, made, "id");
    struct slice first = token_value(w, made);
    struct slice second = token_value(w, regenerate(w, id, "600"));
    struct slice third;

    assert_true(is_let_in(w, first));
    assert_true(is_let_in(w, second));
    /* What is done to the token is done to both values. */
    assert_ok(on_id(w, "DisableApiToken", w->made.api_token, id));
    assert_false(is_let_in(w, first));
    assert_false(is_let_in(w, second));
    assert_ok(on_id(w, "EnableApiToken", w->made.api_token, id));
    assert_true(is_let_in(w, first));
    third = token_value(w, regenerate(w, id, "600"));
    assert_false(is_let_in(w, first));
    assert_true(is_let_in(w, second));
    assert_true(is_let_in(w, third));
    assert_ok(on_id(w, "DeleteApiToken", w->made.api_token, id));
    assert_false(is_let_in(w, second));
    assert_false(is_let_in(w, third));
}

static void a_token_that_works_takes_no_new_time_limit(void **state)
{
    struct world *w = *state;
    struct reply made = create(w, "apiToken.expiration", "ONE_WEEK");
    const char *id = get_cstr(w, made, "id");
    struct reply again;

    assert_violation(
        world_call(w, "RegenerateApiToken", w->made.api_token,
                   world_make(w, "RegenerateApiToken", "id", id, "expiration", "ONE_MONTH", NULL)),
        "expiration");
    assert_violation(world_call(w, "RegenerateApiToken", w->made.api_token,
                                world_make(w, "RegenerateApiToken", "id", id, "expireTime",
                                           soon(w, 1000000), NULL)),
                     "expireTime");
    again = world_call(w, "RegenerateApiToken", w->made.api_token,
                       world_make(w, "RegenerateApiToken", "id", id, "expiration", "ONE_MONTH",
                                  "expireTime", soon(w, 1000000), NULL));
    assert_violation(again, "expiration");
    assert_violation(again, "expireTime");
    again = regenerate(w, id, "0");
    assert_string_equal(get_cstr(w, again, "expireTime"), get_cstr(w, made, "expireTime"));
    assert_int_equal(last_audit(w)->n_changes, 0);
    again = regenerate(w, id, "600");
    assert_non_null(strstr(last_audit(w)->description, "works for 600 more seconds"));
}

/* What no JSON could say is refused once, by the contract's rule. */
static void a_time_beyond_the_calendar_is_refused_once(void **state)
{
    struct world *w = *state;
    struct reply reply = create(w, "apiToken.expireTime", "253402300800000");

    assert_violation(reply, "expireTime");
    assert_null(reply.status.details->next);
}

static void the_audit_log_says_what_a_token_was_given(void **state)
{
    struct world *w = *state;
    struct reply made = create(w, "apiToken.allowedCidrs", "10.0.0.0/8");
    const Datastream__Storage__V1__AuditRecord *row = last_audit(w);
    struct slice value = token_value(w, made);
    static const char *const paths[] = {"name", "roleId", "allowedCidrs"};

    assert_string_equal(row->action, "CreatedApiToken");
    assert_int_equal(row->n_changes, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(row->changes[i]->path, paths[i]);
        assert_string_equal(row->changes[i]->before, "");
        assert_null(memmem(row->changes[i]->after, strlen(row->changes[i]->after), value.data + 4,
                           value.len - 4));
    }
    assert_string_equal(row->changes[2]->after, "[\"10.0.0.0/8\"]");
}

#ifdef DATASTREAM_FAULTS

static void time_passes(int64_t ms)
{
    clock_step_wall_ms(ms);
}

static void an_expired_token_is_out_and_takes_a_new_limit_with_its_value(void **state)
{
    struct world *w = *state;
    struct reply made = create(w, "apiToken.expiration", "EIGHT_HOURS");
    const char *id = get_cstr(w, made, "id");
    struct slice admin = w->made.api_token;
    struct slice old = token_value(w, made);
    const Datastream__Storage__V1__AuditRecord *row;
    struct reply again;

    assert_ok(on_id(w, "DisableApiToken", admin, id));
    assert_ok(on_id(w, "EnableApiToken", admin, id));
    assert_true(is_let_in(w, old));
    time_passes(8 * 3600 * 1000);
    assert_false(is_let_in(w, old));
    assert_field(w, on_id(w, "GetApiToken", admin, id), "status", "EXPIRED");
    assert_field(w, on_id(w, "DisableApiToken", admin, id), "status", "EXPIRED");
    assert_ok(on_id(w, "EnableApiToken", admin, id));
    assert_violation(regenerate(w, id, "0"), "expiration");
    assert_violation(
        world_call(w, "RegenerateApiToken", admin,
                   world_make(w, "RegenerateApiToken", "id", id, "expireTime", "1000", NULL)),
        "expireTime");
    again = world_call(w, "RegenerateApiToken", admin,
                       world_make(w, "RegenerateApiToken", "id", id, "expiration", "ONE_WEEK",
                                  "overlapSeconds", "600", NULL));
    assert_ok(again);
    row = last_audit(w);
    assert_int_equal(row->n_changes, 1);
    assert_string_equal(row->changes[0]->path, "expireTime");
    assert_true(strlen(row->changes[0]->before) == strlen("\"2026-01-31T23:59:59.000Z\""));
    assert_string_not_equal(row->changes[0]->before, row->changes[0]->after);
    assert_field(w, again, "status", "ACTIVE");
    assert_true(is_let_in(w, token_value(w, again)));
    assert_false(is_let_in(w, old));
}

static void an_overlap_ends(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    const char *id = get_cstr(w, made, "id");
    struct slice old = token_value(w, made);
    struct slice fresh = token_value(w, regenerate(w, id, "600"));

    time_passes(599 * 1000);
    assert_true(is_let_in(w, old));
    time_passes(2000);
    assert_false(is_let_in(w, old));
    assert_true(is_let_in(w, fresh));
    /* A later change does not bring it back. */
    assert_ok(update(w, w->made.api_token, id, "apiToken.description", "x", NULL));
    assert_false(is_let_in(w, old));
}

#endif

/* -- self-service ----------------------------------------------------------------------------- */

static void a_token_serves_itself_without_further_permission(void **state)
{
    struct world *w = *state;
    const char *role = make_role(w, "Nearly nothing", "devices.read", NULL);
    struct reply made = make_token(w, "self", role);
    struct reply other = make_token(w, "other", role);
    const char *id = get_cstr(w, made, "id");
    const char *other_id = get_cstr(w, other, "id");
    struct slice value = token_value(w, made);
    static const char *const methods[] = {"RegenerateApiToken", "DisableApiToken",
                                          "DeleteApiToken"};
    struct reply again;

    for (size_t i = 0; i < 3; i++) {
        struct reply reply = on_id(w, methods[i], value, other_id);

        assert_status(reply, STATUS_PERMISSION_DENIED);
        assert_status(on_id(w, methods[i], value, "nonsense"), STATUS_PERMISSION_DENIED);
    }
    assert_status(on_id(w, "GetApiToken", value, id), STATUS_PERMISSION_DENIED);
    assert_status(on_id(w, "EnableApiToken", value, id), STATUS_PERMISSION_DENIED);
    again = on_id(w, "RegenerateApiToken", value, id);
    assert_ok(again);
    assert_false(is_let_in(w, value));
    value = token_value(w, again);
    assert_ok(on_id(w, "DisableApiToken", value, id));
    assert_false(is_let_in(w, value));
    assert_ok(on_id(w, "EnableApiToken", w->made.api_token, id));
    assert_ok(on_id(w, "DeleteApiToken", value, id));
    assert_false(is_let_in(w, value));
}

static void a_token_cannot_change_its_own_role(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "second admin", predefined(w, "API Administrator"));
    const char *id = get_cstr(w, made, "id");
    struct slice value = token_value(w, made);

    assert_status(update(w, value, id, "apiToken.roleId", predefined(w, "API Reader"), "roleId"),
                  STATUS_PERMISSION_DENIED);
    assert_ok(update(w, value, id, "apiToken.description", "mine", NULL));
    assert_ok(
        update(w, w->made.api_token, id, "apiToken.roleId", predefined(w, "API Reader"), "roleId"));
}

static void if_match_guards_each_change(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, make_token(w, "reader", predefined(w, "API Reader")), "id");
    static const char *const methods[] = {"DisableApiToken", "EnableApiToken", "RegenerateApiToken",
                                          "DeleteApiToken"};
    const struct call_extra stale = {.if_match = "\"1\""};

    for (size_t i = 0; i < 4; i++) {
        struct reply reply = world_call_with(w, methods[i], w->made.api_token,
                                             world_make(w, methods[i], "id", id, NULL), stale);

        assert_status(reply, STATUS_ABORTED);
        assert_int_equal(status_http(&reply.status), 412);
    }
}

static void if_match_guards_reads_too(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, make_token(w, "reader", predefined(w, "API Reader")), "id");
    const char *etag = get_cstr(w, on_id(w, "GetApiToken", w->made.api_token, id), "etag");
    const struct call_extra cases[] = {
        {.if_match = "\"1\""},
        {.if_match = "*"},
        {.if_match = arena_printf(&w->arena, "\"1\", \"%s\"", etag).data},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reply reply = world_call_with(w, "GetApiToken", w->made.api_token,
                                             world_make(w, "GetApiToken", "id", id, NULL),
                                             cases[i]);

        if (i > 0)
            assert_ok(reply);
        else
            assert_status(reply, STATUS_ABORTED);
    }
}

/* -- history ---------------------------------------------------------------------------------- */

static struct reply history(struct world *w, const char *id, const char *size, const char *token)
{
    return world_call(w, "ListApiTokenActivityLogs", w->made.api_token,
                      world_make(w, "ListApiTokenActivityLogs", "id", id, "pageSize", size,
                                 "pageToken", token, NULL));
}

static void history_is_newest_first_and_outlives_the_token(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "reader", predefined(w, "API Reader"));
    const char *id = get_cstr(w, made, "id");
    static const char *const actions[] = {"DeletedApiToken", "RegeneratedApiToken",
                                          "EnabledApiToken", "DisabledApiToken", "CreatedApiToken"};
    const char *token = "";
    struct reply reply;

    assert_ok(on_id(w, "DisableApiToken", w->made.api_token, id));
    assert_ok(on_id(w, "EnableApiToken", w->made.api_token, id));
    assert_ok(regenerate(w, id, "0"));
    assert_ok(on_id(w, "DeleteApiToken", w->made.api_token, id));
    for (int i = 0; i < 5; i++) {
        if (i % 2 == 0)
            reply = history(w, id, "2", token);
        assert_field(w, reply, arena_printf(&w->arena, "activityLogs.%d.action", i % 2).data,
                     actions[i]);
        assert_field(w, reply, arena_printf(&w->arena, "activityLogs.%d.outcome", i % 2).data,
                     "OK");
        assert_field(w, reply, arena_printf(&w->arena, "activityLogs.%d.sourceIp", i % 2).data,
                     "127.0.0.1");
        assert_field(w, reply, arena_printf(&w->arena, "activityLogs.%d.count", i % 2).data, "1");
        token = get_cstr(w, reply, "nextPageToken");
    }
    assert_string_equal(token, "");
    assert_status(history(w, "0192f0c1-2345-7000-8000-00000000dead", "2", ""), STATUS_NOT_FOUND);
    assert_status(history(w, "nonsense", "2", ""), STATUS_NOT_FOUND);
}

static void a_page_of_one_history_opens_no_other(void **state)
{
    struct world *w = *state;
    const char *one = get_cstr(w, make_token(w, "one", predefined(w, "API Reader")), "id");
    const char *two = get_cstr(w, make_token(w, "two", predefined(w, "API Reader")), "id");
    const char *token;

    assert_ok(on_id(w, "DisableApiToken", w->made.api_token, one));
    token = get_cstr(w, history(w, one, "1", ""), "nextPageToken");
    assert_true(strlen(token) > 0);
    assert_violation(history(w, two, "1", token), "pageToken");
}

/* -- two at a time, and faults ---------------------------------------------------------------- */

static void a_token_and_the_deletion_of_its_role_never_both_win(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 10; i++) {
        const char *name = arena_printf(&w->arena, "object-%d", i).data;
        const char *role = make_role(w, name, "devices.read", NULL);
        struct test_call calls[2];
        struct reply made, deleted;

        world_begin(
            w, &calls[0], "CreateApiToken", w->made.api_token,
            world_make(w, "CreateApiToken", "apiToken.name", name, "apiToken.roleId", role, NULL),
            (struct call_extra){0});
        world_begin(w, &calls[1], "DeleteRole", w->made.api_token,
                    world_make(w, "DeleteRole", "id", role, NULL), (struct call_extra){0});
        made = world_finish(&calls[0]);
        deleted = world_finish(&calls[1]);
        if (status_is_ok(made.status))
            assert_status(deleted, STATUS_FAILED_PRECONDITION);
        else
            assert_violation(made, "roleId");
        assert_true(status_is_ok(made.status) || status_is_ok(deleted.status));
    }
}

#ifdef DATASTREAM_FAULTS

static void every_failed_allocation_is_answered(void **state)
{
    struct world *w = *state;
    const char *reader = predefined(w, "API Reader");
    const char *id = get_cstr(w, make_token(w, "reader", reader), "id");
    unsigned long number = 0;

    do
        number++;
    while (call_failing(w, number, "CreateApiToken",
                        world_make(w, "CreateApiToken", "apiToken.name",
                                   arena_printf(&w->arena, "token %lu", number).data,
                                   "apiToken.roleId", reader, NULL)));
    assert_true(number > 10);
    number = 0;
    do
        number++;
    while (
        call_failing(w, number, "RegenerateApiToken",
                     world_make(w, "RegenerateApiToken", "id", id, "overlapSeconds", "60", NULL)));
    assert_true(number > 10);
    number = 0;
    do
        number++;
    while (call_failing(w, number, "UpdateApiToken",
                        world_make(w, "UpdateApiToken", "apiToken.id", id, "apiToken.description",
                                   arena_printf(&w->arena, "%lu", number).data, NULL)));
    assert_true(number > 10);
    number = 0;
    do
        number++;
    while (call_failing(w, number, "ListApiTokens", world_make(w, "ListApiTokens", NULL)));
    number = 0;
    do
        number++;
    while (call_failing(w, number, "ListApiTokenActivityLogs",
                        world_make(w, "ListApiTokenActivityLogs", "id", id, NULL)));
}

#endif

/* The whole of a token's life, where the store misses and conflicts. */
static void a_token_lives(void **state)
{
    struct world *w = *state;
    const char *role = make_role(w, "Reader", "devices.read", "roles.read", NULL);
    struct reply made = make_token(w, "reader", role);
    const char *id = get_cstr(w, made, "id");
    struct slice old = token_value(w, made);
    struct slice fresh;

    assert_true(is_let_in(w, old));
    fresh = token_value(w, regenerate(w, id, "600"));
    assert_true(is_let_in(w, old));
    assert_ok(on_id(w, "DisableApiToken", w->made.api_token, id));
    assert_false(is_let_in(w, fresh));
    assert_ok(on_id(w, "EnableApiToken", w->made.api_token, id));
    assert_field(w, world_call(w, "ListApiTokens", w->made.api_token, NULL), "apiTokens.1.roleName",
                 "Reader");
    assert_status(on_id(w, "DeleteRole", w->made.api_token, role), STATUS_FAILED_PRECONDITION);
    assert_ok(on_id(w, "DeleteApiToken", fresh, id));
    assert_false(is_let_in(w, old));
    assert_field(w, history(w, id, "10", ""), "activityLogs.0.action", "DeletedApiToken");
    assert_ok(on_id(w, "DeleteRole", w->made.api_token, role));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        TEST(a_value_is_shown_once_and_works),
        TEST(the_store_holds_no_value),
        TEST(bad_tokens_are_refused_at_their_fields),
        TEST(a_time_out_of_range_is_reported_once),
        TEST(validate_only_makes_no_token),
        TEST(validate_only_deletes_no_token),
        TEST(presets_set_the_time_limit),
        TEST(name_description_role_and_networks_change_and_nothing_else),
        TEST(a_change_of_role_or_networks_holds_at_once),
        TEST(disabled_and_deleted_tokens_are_out_at_once),
        TEST(a_new_value_ends_the_old_one_at_once),
        TEST(an_overlap_keeps_one_old_value),
        TEST(a_token_that_works_takes_no_new_time_limit),
        TEST(a_time_beyond_the_calendar_is_refused_once),
        TEST(the_audit_log_says_what_a_token_was_given),
        TEST(a_token_serves_itself_without_further_permission),
        TEST(a_token_cannot_change_its_own_role),
        TEST(if_match_guards_each_change),
        TEST(if_match_guards_reads_too),
        TEST(history_is_newest_first_and_outlives_the_token),
        TEST(a_page_of_one_history_opens_no_other),
        TEST(a_token_and_the_deletion_of_its_role_never_both_win),
        TEST(a_token_lives),
#ifdef DATASTREAM_FAULTS
        TEST(every_failed_allocation_is_answered),
        TEST(an_overlap_ends),
        TEST(an_expired_token_is_out_and_takes_a_new_limit_with_its_value),
#endif
    };

    const struct CMUnitTest late_tests[] = {
        TEST(a_token_lives),
        TEST(a_token_and_the_deletion_of_its_role_never_both_win),
        TEST(history_is_newest_first_and_outlives_the_token),
    };
    int failures = cmocka_run_group_tests_name("api tokens", tests, NULL, NULL);

    for (seed = 1; seed <= LATE_SEEDS; seed++)
        failures += cmocka_run_group_tests_name("api tokens over the late store", late_tests, NULL,
                                                NULL);
    return failures;
}
