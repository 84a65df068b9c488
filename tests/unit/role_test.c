/* Roles through the whole chain: predefined ones, custom ones, and what holds them. */
#include "datastream/v1/role.pb-c.h"
#include "rpc/call/chain.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/permission_list.h"
#include "tests/support/world.h"

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

static struct reply create(struct world *w, const char *path, const char *value)
{
    return world_call(w, "CreateRole", w->made.api_token,
                      world_make(w, "CreateRole", "role.name", "a role", path, value, NULL));
}

static struct reply update(struct world *w, const char *id, const char *path, const char *value,
                           const char *mask)
{
    const struct message_type *type = world_method(w, "UpdateRole")->input;
    ProtobufCMessage *request = world_make(w, "UpdateRole", "role.id", id, NULL);

    if (path != NULL)
        world_set(&w->arena, type, request, path, value);
    if (mask != NULL)
        world_set(&w->arena, type, request, "updateMask.paths", mask);
    return world_call(w, "UpdateRole", w->made.api_token, request);
}

static struct reply on_id(struct world *w, const char *method, const char *id)
{
    return world_call(w, method, w->made.api_token, world_make(w, method, "id", id, NULL));
}

static size_t predefined_count(struct world *w)
{
    size_t count;

    identity_predefined_roles(w->identities, &count);
    return count;
}

static void the_predefined_roles_are_there_and_fixed(void **state)
{
    struct world *w = *state;
    const char *id = predefined(w, "API Reader");
    struct reply role = on_id(w, "GetRole", id);
    struct reply reply;

    assert_ok(role);
    assert_field(w, role, "name", "API Reader");
    assert_field(w, role, "predefined", "1");
    assert_field(w, role, "assignableTo", "TOKENS");
    assert_true(world_get(w, role, "permissions.0").len > 0);
    reply = update(w, id, "role.name", "renamed", NULL);
    assert_status(reply, STATUS_FAILED_PRECONDITION);
    assert_non_null(find_detail(reply, DETAIL_ERROR_INFO, "PREDEFINED_ROLE"));
    assert_int_equal(status_http(&reply.status), 400);
    reply = on_id(w, "DeleteRole", id);
    assert_status(reply, STATUS_FAILED_PRECONDITION);
    assert_non_null(find_detail(reply, DETAIL_ERROR_INFO, "PREDEFINED_ROLE"));
}

static void a_role_is_created_read_and_deleted(void **state)
{
    struct world *w = *state;
    const char *id = make_role(w, "Reader", "devices.read", "directors.read", NULL);
    struct reply role = on_id(w, "GetRole", id);

    assert_field(w, role, "name", "Reader");
    assert_field(w, role, "permissions.0", "devices.read");
    assert_field(w, role, "permissions.1", "directors.read");
    assert_field(w, role, "assignableTo", "BOTH");
    assert_field(w, role, "predefined", "");
    assert_true(world_get(w, role, "etag").len > 0);
    assert_ok(on_id(w, "DeleteRole", id));
    assert_status(on_id(w, "GetRole", id), STATUS_NOT_FOUND);
}

static void a_name_alone_creates_a_role_that_permits_nothing(void **state)
{
    struct world *w = *state;
    struct reply role = world_call(w, "CreateRole", w->made.api_token,
                                   world_make(w, "CreateRole", "role.name", "Nothing yet", NULL));

    assert_ok(role);
    assert_field(w, role, "permissions.0", "");
    assert_field(w, role, "assignableTo", "BOTH");
}

static void bad_roles_are_refused_at_their_fields(void **state)
{
    struct world *w = *state;

    assert_violation(create(w, "role.permissions", "devices.fly"), "permissions[0]");
    assert_violation(create(w, "role.cloneFrom", "nonsense"), "cloneFrom");
    assert_violation(create(w, "role.cloneFrom", "0192f0c1-2345-7000-8000-00000000dead"),
                     "cloneFrom");
    assert_violation(world_call(w, "CreateRole", w->made.api_token,
                                world_make(w, "CreateRole", "role.name", "a role", "role.cloneFrom",
                                           predefined(w, "API Reader"), "role.permissions",
                                           "devices.read", NULL)),
                     "cloneFrom");
    assert_violation(
        world_call(w, "CreateRole", w->made.api_token,
                   world_make(w, "CreateRole", "role.name", "a role", "role.permissions",
                              "owner.transfer", "role.assignableTo", "BOTH", NULL)),
        "assignableTo");
}

static void names_of_predefined_roles_are_taken(void **state)
{
    struct world *w = *state;
    struct reply reply = world_call(w, "CreateRole", w->made.api_token,
                                    world_make(w, "CreateRole", "role.name", "api READER",
                                               "role.permissions", "devices.read", NULL));
    const char *id = make_role(w, "Reader", "devices.read", NULL);

    assert_status(reply, STATUS_ALREADY_EXISTS);
    assert_status(update(w, id, "role.name", "owner", NULL), STATUS_ALREADY_EXISTS);
    assert_status(world_call(w, "CreateRole", w->made.api_token,
                             world_make(w, "CreateRole", "role.name", "READER", "role.permissions",
                                        "devices.read", NULL)),
                  STATUS_ALREADY_EXISTS);
}

static void look_alikes_of_a_taken_name_are_taken_or_refused(void **state)
{
    static const struct {
        const char *name;
        enum status_code wanted;
    } cases[] = {
        {"api  reader", STATUS_ALREADY_EXISTS},
        {"\xef\xbc\xafwner", STATUS_ALREADY_EXISTS},  /* a full-width O */
        {"Ow\xe2\x80\x8bner", STATUS_ALREADY_EXISTS}, /* a zero-width space */
        {"API\xc2\xa0"
         "Administrator",
         STATUS_INVALID_ARGUMENT},                      /* a no-break space */
        {"Owner\xee\x80\x80", STATUS_INVALID_ARGUMENT}, /* private use */
        {"Ow\xef\xbf\xb9ner", STATUS_INVALID_ARGUMENT}, /* interlinear annotation */
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reply reply = world_call(w, "CreateRole", w->made.api_token,
                                        world_make(w, "CreateRole", "role.name", cases[i].name,
                                                   "role.permissions", "devices.read", NULL));

        assert_status(reply, cases[i].wanted);
    }
}

static void a_clone_has_the_permissions_of_its_source(void **state)
{
    struct world *w = *state;
    struct reply source = on_id(w, "GetRole", predefined(w, "API Reader"));
    struct reply clone = create(w, "role.cloneFrom", predefined(w, "API Reader"));
    struct reply second;

    assert_ok(clone);
    assert_field(w, clone, "cloneFrom", "");
    for (int i = 0; i < 64; i++) {
        const char *path = arena_printf(&w->arena, "permissions.%d", i).data;

        assert_string_equal(get_cstr(w, clone, path), get_cstr(w, source, path));
    }
    second = world_call(w, "CreateRole", w->made.api_token,
                        world_make(w, "CreateRole", "role.name", "second", "role.cloneFrom",
                                   get_cstr(w, clone, "id"), NULL));
    assert_ok(second);
    assert_string_equal(get_cstr(w, second, "permissions.0"), get_cstr(w, clone, "permissions.0"));
    assert_violation(
        update(w, get_cstr(w, clone, "id"), "role.cloneFrom", predefined(w, "API Reader"), NULL),
        "cloneFrom");
}

static void lists_show_the_predefined_roles_first_on_pages_of_any_size(void **state)
{
    struct world *w = *state;
    size_t fixed = predefined_count(w);

    make_role(w, "custom 0", "devices.read", NULL);
    next_millisecond();
    make_role(w, "custom 1", "devices.read", NULL);
    next_millisecond();
    make_role(w, "custom 2", "devices.read", NULL);
    for (size_t size = 1; size <= fixed + 4; size++) {
        const char *token = "";
        size_t seen = 0;

        do {
            struct reply reply = world_call(w, "ListRoles", w->made.api_token,
                                            world_make(w, "ListRoles", "pageSize",
                                                       arena_printf(&w->arena, "%zu", size).data,
                                                       "pageToken", token, NULL));

            assert_ok(reply);
            assert_int_equal(strtol(get_cstr(w, reply, "totalSize"), NULL, 10), fixed + 3);
            for (size_t i = 0; i < size && seen < fixed + 3; i++, seen++) {
                const char *name = get_cstr(w, reply,
                                            arena_printf(&w->arena, "roles.%zu.name", i).data);

                if (seen >= fixed)
                    assert_string_equal(name,
                                        arena_printf(&w->arena, "custom %zu", seen - fixed).data);
                else
                    assert_true(strlen(name) > 0);
            }
            token = get_cstr(w, reply, "nextPageToken");
        } while (strlen(token) > 0);
        assert_int_equal(seen, fixed + 3);
    }
}

static void
a_page_that_ends_with_the_predefined_roles_is_the_last_when_there_are_no_others(void **state)
{
    struct world *w = *state;
    const char *size = arena_printf(&w->arena, "%zu", predefined_count(w)).data;
    struct reply reply = world_call(w, "ListRoles", w->made.api_token,
                                    world_make(w, "ListRoles", "pageSize", size, NULL));

    assert_field(w, reply, "nextPageToken", "");
    make_role(w, "custom 0", "devices.read", NULL);
    reply = world_call(w, "ListRoles", w->made.api_token,
                       world_make(w, "ListRoles", "pageSize", size, NULL));
    assert_string_not_equal(get_cstr(w, reply, "nextPageToken"), "");
}

static void an_edited_role_holds_at_once(void **state)
{
    struct world *w = *state;
    const char *id = make_role(w, "Reader", "devices.read", NULL);
    struct slice value = token_value(w, make_token(w, "reader", id));

    assert_ok(world_call(w, "ListDevices", value, NULL));
    assert_status(world_call(w, "ListDirectors", value, NULL), STATUS_PERMISSION_DENIED);
    assert_ok(update(w, id, "role.permissions", "directors.read", "permissions"));
    assert_status(world_call(w, "ListDevices", value, NULL), STATUS_PERMISSION_DENIED);
    assert_ok(world_call(w, "ListDirectors", value, NULL));
}

static void a_role_in_use_cannot_be_deleted(void **state)
{
    struct world *w = *state;
    const char *id = make_role(w, "Reader", "devices.read", NULL);
    struct reply one = make_token(w, "one", id);
    struct reply two = make_token(w, "two", id);
    struct reply reply = on_id(w, "DeleteRole", id);

    assert_status(reply, STATUS_FAILED_PRECONDITION);
    assert_int_equal(status_http(&reply.status), 409);
    assert_non_null(memmem(reply.status.message.data, reply.status.message.len, "2", 1));
    assert_non_null(
        find_detail(reply, DETAIL_PRECONDITION_VIOLATION,
                    arena_printf(&w->arena, "api-tokens/%s", get_cstr(w, one, "id")).data));
    assert_ok(on_id(w, "DeleteApiToken", get_cstr(w, one, "id")));
    assert_ok(world_call(w, "UpdateApiToken", w->made.api_token,
                         world_make(w, "UpdateApiToken", "apiToken.id", get_cstr(w, two, "id"),
                                    "apiToken.roleId", predefined(w, "API Reader"), NULL)));
    assert_ok(on_id(w, "DeleteRole", id));
}

static void a_role_that_tokens_have_stays_theirs(void **state)
{
    struct world *w = *state;
    const char *id = make_role(w, "Reader", "devices.read", NULL);
    struct reply token = make_token(w, "one", id);

    assert_violation(update(w, id, "role.assignableTo", "USERS", NULL), "assignableTo");
    assert_ok(update(w, id, "role.assignableTo", "TOKENS", NULL));
    assert_ok(on_id(w, "DeleteApiToken", get_cstr(w, token, "id")));
    assert_ok(update(w, id, "role.assignableTo", "USERS", NULL));
}

static void updates_follow_the_mask(void **state)
{
    struct world *w = *state;
    const char *id = make_role(w, "Reader", "devices.read", NULL);
    struct reply reply = update(w, id, "role.description", "new", NULL);

    assert_field(w, reply, "description", "new");
    assert_field(w, reply, "permissions.0", "devices.read");
    assert_field(w, update(w, id, NULL, NULL, "permissions"), "permissions.0", "");
    assert_violation(update(w, id, "role.permissions", "devices.fly", NULL), "permissions[0]");
    assert_field(w, update(w, id, NULL, NULL, "assignableTo"), "assignableTo", "BOTH");
    assert_status(update(w, "0192f0c1-2345-7000-8000-00000000dead", "role.name", "abc", NULL),
                  STATUS_NOT_FOUND);
}

/* Left out it is what the permissions allow, as at creation; then the guard has the word. */
static void a_cleared_assignable_to_follows_the_permissions(void **state)
{
    struct world *w = *state;
    const char *id = make_role(w, "Reader", "devices.read", NULL);
    struct reply reply = world_call(w, "UpdateRole", w->made.api_token,
                                    world_make(w, "UpdateRole", "role.id", id, "role.permissions",
                                               "owner.transfer", "updateMask.paths", "permissions",
                                               "updateMask.paths", "assignable_to", NULL));

    assert_guarded(reply);
}

static void validate_only_makes_no_role(void **state)
{
    struct world *w = *state;

    assert_ok(world_call(w, "CreateRole", w->made.api_token,
                         world_make(w, "CreateRole", "role.name", "a role", "role.permissions",
                                    "devices.read", "validateOnly", "true", NULL)));
    assert_int_equal(
        strtol(get_cstr(w, world_call(w, "ListRoles", w->made.api_token, NULL), "totalSize"), NULL,
               10),
        predefined_count(w));
}

static void validate_only_deletes_no_role(void **state)
{
    struct world *w = *state;
    const char *id = make_role(w, "Reader", "devices.read", NULL);
    ProtobufCMessage *try = world_make(w, "DeleteRole", "id", id, "validateOnly", "true", NULL);

    assert_ok(world_call(w, "DeleteRole", w->made.api_token, try));
    assert_ok(on_id(w, "GetRole", id));
    assert_ok(make_token(w, "reader", id));
    assert_status(world_call(w, "DeleteRole", w->made.api_token, try), STATUS_FAILED_PRECONDITION);
}

/* More of the last kind's group that are of no kind, and then the contract's permissions. */
static void add_permissions(struct world *w, struct contract *contract, struct slice group)
{
    struct permission *list = arena_array(&w->arena, contract->permission_count + 16,
                                          sizeof(*list));

    memcpy(list + 16, contract->permissions, contract->permission_count * sizeof(*list));
    for (unsigned i = 0; i < 16; i++) {
        struct permission *more = &list[i];

        *more = list[16];
        more->kind = NULL;
        more->name = arena_printf(&w->arena, "%.*s.more%02u", SLICE_ARG(group), i);
    }
    contract->permissions = list;
    contract->permission_count += 16;
}

static void a_group_of_permissions_holds_those_of_no_kind_too(void **state)
{
    struct world *w = *state;
    struct contract contract = *w->contract;
    const struct kind *last = contract.kinds[contract.kind_count - 1];
    struct slice name = last->permissions[VERB_READ]->name;
    struct chain chain = {.contract = &contract};
    struct chain_loop loop = {.chain = &chain};
    struct call call = {.arena = &w->arena, .loop = &loop};
    const Datastream__V1__ListPermissionsResponse *response;
    size_t of_group = 0;

    name.len = slice_find(name, '.');
    add_permissions(w, &contract, name);
    assert_int_equal(permission__list(&call).code, STATUS_OK);
    response = (const void *)call.response;
    for (size_t i = 0; i < response->n_groups; i++)
        for (size_t j = 0; j < response->groups[i]->n_permissions; j++) {
            const char *listed = response->groups[i]->permissions[j]->name;
            struct slice group = slice_from_cstr(response->groups[i]->kind);

            assert_true(strncmp(listed, group.data, group.len) == 0 && listed[group.len] == '.');
            of_group += slice_equal(group, name);
        }
    assert_true(of_group > 16);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        TEST(the_predefined_roles_are_there_and_fixed),
        TEST(a_role_is_created_read_and_deleted),
        TEST(a_name_alone_creates_a_role_that_permits_nothing),
        TEST(bad_roles_are_refused_at_their_fields),
        TEST(names_of_predefined_roles_are_taken),
        TEST(look_alikes_of_a_taken_name_are_taken_or_refused),
        TEST(a_clone_has_the_permissions_of_its_source),
        TEST(lists_show_the_predefined_roles_first_on_pages_of_any_size),
        TEST(a_page_that_ends_with_the_predefined_roles_is_the_last_when_there_are_no_others),
        TEST(an_edited_role_holds_at_once),
        TEST(a_role_in_use_cannot_be_deleted),
        TEST(a_role_that_tokens_have_stays_theirs),
        TEST(updates_follow_the_mask),
        TEST(a_cleared_assignable_to_follows_the_permissions),
        TEST(validate_only_makes_no_role),
        TEST(validate_only_deletes_no_role),
        TEST(a_group_of_permissions_holds_those_of_no_kind_too),
    };

    return cmocka_run_group_tests_name("roles", tests, NULL, NULL);
}
