/* What a caller may not read is not shown by other means. */
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

/* May edit and create, and read nothing. */
static struct slice blind_editor(struct world *w)
{
    const char *role = make_role(w, "Blind editor", "api-tokens.edit", "api-tokens.create",
                                 "roles.edit", "roles.create", "roles.delete", "devices.edit",
                                 "devices.create", "directors.edit", "directors.delete", NULL);

    return token_value(w, make_token(w, "blind editor", role));
}

/* A device with a description that the editor must not see; its id. */
static const char *secretive_device(struct world *w)
{
    struct reply made = world_call(w, "CreateDevice", w->made.api_token,
                                   world_make(w, "CreateDevice", "device.name", "edge-1",
                                              "device.description", "hidden", NULL));

    assert_ok(made);
    return get_cstr(w, made, "id");
}

static void assert_only_named(struct world *w, struct reply reply)
{
    assert_ok(reply);
    assert_field(w, reply, "description", "");
    assert_field(w, reply, "createdBy", "");
    assert_field(w, reply, "createTime", "");
    assert_true(world_get(w, reply, "id").len > 0);
    assert_true(world_get(w, reply, "etag").len > 0);
}

static void an_editor_who_may_not_read_sees_what_the_patch_named(void **state)
{
    struct world *w = *state;
    struct slice editor = blind_editor(w);
    const char *id = secretive_device(w);
    struct reply reply = world_call(
        w, "UpdateDevice", editor,
        world_make(w, "UpdateDevice", "device.id", id, "device.name", "  edge-2 ", NULL));

    assert_only_named(w, reply);
    assert_field(w, reply, "name", "edge-2");
    assert_string_equal(get_cstr(w, reply, "etag"),
                        get_cstr(w,
                                 world_call(w, "GetDevice", w->made.api_token,
                                            world_make(w, "GetDevice", "id", id, NULL)),
                                 "etag"));
    reply = world_call(w, "UpdateDevice", editor,
                       world_make(w, "UpdateDevice", "device.id", id, "device.name", "edge-2",
                                  "updateMask.paths", "name", NULL));
    assert_only_named(w, reply); /* nothing changes */
    assert_field(w, reply, "name", "edge-2");
    reply = world_call(
        w, "UpdateDevice", w->made.api_token,
        world_make(w, "UpdateDevice", "device.id", id, "device.name", "edge-3", NULL));
    assert_field(w, reply, "description", "hidden");
}

static void a_validate_only_call_shows_no_more(void **state)
{
    struct world *w = *state;
    struct slice editor = blind_editor(w);
    const char *id = secretive_device(w);
    struct reply reply = world_call(w, "UpdateDevice", editor,
                                    world_make(w, "UpdateDevice", "device.id", id, "device.name",
                                               "edge-2", "validateOnly", "true", NULL));

    assert_ok(reply);
    assert_field(w, reply, "description", "");
    assert_field(w, reply, "name", "edge-2");
}

static void actions_show_no_more(void **state)
{
    static const char *const actions[] = {"DisableApiToken", "EnableApiToken",
                                          "RegenerateApiToken"};
    struct world *w = *state;
    struct slice editor = blind_editor(w);
    const char *role = make_role(w, "Editor of devices", "devices.edit", NULL);
    struct reply made = make_token(w, "hidden", role);
    const char *id = get_cstr(w, made, "id");

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        struct reply reply = world_call(w, actions[i], editor,
                                        world_make(w, actions[i], "id", id, NULL));

        assert_only_named(w, reply);
        assert_field(w, reply, "name", "");
        assert_field(w, reply, "roleId", "");
        assert_field(w, reply, "roleName", "");
        assert_field(w, reply, "maskedToken", "");
        assert_int_equal(world_get(w, reply, "token").len > 0, i == 2);
    }
}

static void a_role_is_cloned_only_by_who_may_read_it(void **state)
{
    struct world *w = *state;
    const char *role = make_role(w, "Editor of devices", "devices.edit", NULL);
    struct reply reply = world_call(
        w, "CreateRole", blind_editor(w),
        world_make(w, "CreateRole", "role.name", "copy", "role.cloneFrom", role, NULL));

    assert_status(reply, STATUS_PERMISSION_DENIED);
    assert_non_null(strstr(arena_cstr(&w->arena, reply.status.message), "roles.read"));
    assert_ok(
        world_call(w, "CreateRole", w->made.api_token,
                   world_make(w, "CreateRole", "role.name", "copy", "role.cloneFrom", role, NULL)));
}

static const char *violation(struct world *w, struct reply reply, const char *path)
{
    assert_violation(reply, path);
    return arena_cstr(&w->arena, find_detail(reply, DETAIL_FIELD_VIOLATION, path)->description);
}

static void errors_about_references_say_only_that_none_exists(void **state)
{
    struct world *w = *state;
    struct slice editor = blind_editor(w);
    const char *ids[] = {"0192f0c1-2345-7000-8000-00000000dead", "x", predefined(w, "Owner")};

    for (size_t i = 0; i < 3; i++)
        assert_string_equal(
            violation(w,
                      world_call(w, "CreateApiToken", editor,
                                 world_make(w, "CreateApiToken", "apiToken.name", "abc",
                                            "apiToken.roleId", ids[i], NULL)),
                      "roleId"),
            "must refer to an existing role");
    assert_string_equal(violation(w,
                                  world_call(w, "CreateApiToken", w->made.api_token,
                                             world_make(w, "CreateApiToken", "apiToken.name", "abc",
                                                        "apiToken.roleId", ids[2], NULL)),
                                  "roleId"),
                        "must refer to a role that may be assigned to API tokens");
    assert_string_equal(violation(w,
                                  world_call(w, "CreateDevice", editor,
                                             world_make(w, "CreateDevice", "device.name", "abc",
                                                        "device.directorIds", ids[0], NULL)),
                                  "directorIds[0]"),
                        "must refer to an existing director");
}

static void the_guard_names_no_permission_of_a_role_that_may_not_be_read(void **state)
{
    struct world *w = *state;
    struct reply reply = world_call(w, "CreateApiToken", blind_editor(w),
                                    world_make(w, "CreateApiToken", "apiToken.name", "abc",
                                               "apiToken.roleId", predefined(w, "API Reader"),
                                               NULL));

    assert_guarded(reply);
    assert_null(strstr(arena_cstr(&w->arena, reply.status.message), ".read"));
    assert_int_equal(find_detail(reply, DETAIL_ERROR_INFO, "MINT_GUARD")->kind.len, 0);
}

static void blockers_that_may_not_be_read_are_counted(void **state)
{
    struct world *w = *state;
    struct slice editor = blind_editor(w);
    struct reply director = world_call(
        w, "CreateDirector", w->made.api_token,
        world_make(w, "CreateDirector", "director.name", "main", NULL));
    const char *id = get_cstr(w, director, "id");
    struct reply reply;

    assert_ok(world_call(w, "CreateDevice", w->made.api_token,
                         world_make(w, "CreateDevice", "device.name", "hidden-device",
                                    "device.directorIds", id, NULL)));
    reply = world_call(w, "DeleteDirector", editor,
                       world_make(w, "DeleteDirector", "id", id, NULL));
    assert_status(reply, STATUS_FAILED_PRECONDITION);
    for (const struct status_detail *d = reply.status.details; d != NULL; d = d->next)
        assert_null(strstr(arena_cstr(&w->arena, d->description), "hidden-device"));
    assert_non_null(strstr(arena_cstr(&w->arena, reply.status.message), "1 other object"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_editor_who_may_not_read_sees_what_the_patch_named),
        TEST(a_validate_only_call_shows_no_more),
        TEST(actions_show_no_more),
        TEST(a_role_is_cloned_only_by_who_may_read_it),
        TEST(errors_about_references_say_only_that_none_exists),
        TEST(the_guard_names_no_permission_of_a_role_that_may_not_be_read),
        TEST(blockers_that_may_not_be_read_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
