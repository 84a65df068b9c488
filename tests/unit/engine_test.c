/* The resource engine: what is created, read, referred to and deleted, and its life as a whole. */
#include "proto/message/message_equal.h"
#include "rpc/services/organization.h"
#include "tests/support/engine.h"

/* -- creating --------------------------------------------------------------------------------- */

static void a_name_alone_creates_a_device(void **state)
{
    struct world *w = *state;
    struct reply made = create_device(w, "edge-1", NULL);
    struct reply read;

    assert_ok(made);
    assert_field(w, made, "name", "edge-1");
    assert_field(w, made, "status", "ENABLED");
    assert_true(world_get(w, made, "etag").len > 0);
    assert_true(slice_starts_with(world_get(w, made, "createdBy"), SLICE("token:")));
    assert_string_equal(get_cstr(w, made, "createTime"), get_cstr(w, made, "updateTime"));
    read = get_device(w, get_cstr(w, made, "id"));
    assert_ok(read);
    for (size_t i = 0; i < made.type->field_count; i++)
        assert_true(field_equal(&w->arena, made.message, read.message, &made.type->fields[i]));
}

static void what_only_the_server_sets_is_ignored_in_a_request(void **state)
{
    struct world *w = *state;
    struct reply made = world_call(w, "CreateDevice", w->made.api_token,
                                   world_make(w, "CreateDevice", "device.name", "edge-1",
                                              "device.id", "00000000-0000-7000-8000-000000000000",
                                              "device.createdBy", "me", "device.createTime", "1",
                                              "device.etag", "77", NULL));

    assert_ok(made);
    assert_string_not_equal(get_cstr(w, made, "id"), "00000000-0000-7000-8000-000000000000");
    assert_string_not_equal(get_cstr(w, made, "createdBy"), "me");
    assert_string_not_equal(get_cstr(w, made, "createTime"), "1");
    assert_string_not_equal(get_cstr(w, made, "etag"), "77");
}

static void enums_left_out_get_their_default_at_any_depth(void **state)
{
    struct world *w = *state;
    struct reply made = world_call(
        w, "CreateDevice", w->made.api_token,
        world_make(w, "CreateDevice", "device.name", "edge-1", "device.syslog.port", "1514", NULL));

    assert_ok(made);
    assert_field(w, made, "syslog.protocol", "UDP");
    assert_field(w, made, "syslog.port", "1514");
}

static void violations_carry_paths_of_the_resource(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *path, *value, *violation;
    } rows[] = {
        {"device.name", "ab", "name"},
        {"device.name", "a\tname", "name"},
        {"device.name", "  ab  ", "name"},
        {"device.name", "", "name"},
        {"device.directorIds", "nonsense", "directorIds[0]"},
        {"device.directorIds", "0192f0c1-2345-7000-8000-00000000dead", "directorIds[0]"},
        {"device.syslog.port", "70000", "syslog.port"},
        {"device.tags", "", "tags[0]"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply reply = world_call(w, "CreateDevice", w->made.api_token,
                                        world_make(w, "CreateDevice", "device.name", "a name",
                                                   rows[i].path, rows[i].value, NULL));

        assert_violation(reply, rows[i].violation);
    }
    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize", "0");
}

static void a_director_is_reached_by_a_name_or_an_address(void **state)
{
    struct world *w = *state;

    assert_violation(world_call(w, "CreateDirector", w->made.api_token,
                                world_make(w, "CreateDirector", "director.name", "edge-1",
                                           "director.address", "not a host", NULL)),
                     "address");
    assert_ok(world_call(w, "CreateDirector", w->made.api_token,
                         world_make(w, "CreateDirector", "director.name", "edge-1",
                                    "director.address", "2001:db8::1", NULL)));
}

static void all_violations_come_at_once(void **state)
{
    struct world *w = *state;
    struct reply reply = world_call(w, "CreateDevice", w->made.api_token,
                                    world_make(w, "CreateDevice", "device.name", "x",
                                               "device.directorIds", "nonsense", "device.http.port",
                                               "0", NULL));

    assert_violation(reply, "name");
    assert_violation(reply, "http.port");
}

static void a_name_is_unique_without_regard_to_case(void **state)
{
    struct world *w = *state;
    struct reply again;

    assert_ok(create_device(w,
                            "Stra\xc3\x9f"
                            "e",
                            NULL));
    again = create_device(w, "  STRASSE ", NULL);
    assert_status(again, STATUS_ALREADY_EXISTS);
    assert_non_null(find_detail(again, DETAIL_RESOURCE_INFO, "STRASSE"));
    assert_non_null(find_detail(again, DETAIL_FIELD_VIOLATION, "name"));
    assert_int_equal(status_http(&again.status), 409);
    /* Another kind has names of its own. */
    assert_ok(create_director(w, "STRASSE"));
}

static void names_are_kept_trimmed(void **state)
{
    struct world *w = *state;

    assert_field(w, create_device(w, "  edge-1 ", NULL), "name", "edge-1");
}

static void validate_only_checks_everything_and_changes_nothing(void **state)
{
    struct world *w = *state;
    uint64_t before = store_revision(w->fixture.store);
    struct reply made = world_call(
        w, "CreateDevice", w->made.api_token,
        world_make(w, "CreateDevice", "device.name", "edge-1", "validateOnly", "true", NULL));

    assert_ok(made);
    assert_field(w, made, "name", "edge-1");
    assert_field(w, made, "etag", "");
    assert_int_equal(store_revision(w->fixture.store), before);
    assert_ok(create_device(w, "edge-1", NULL));
    made = world_call(
        w, "CreateDevice", w->made.api_token,
        world_make(w, "CreateDevice", "device.name", "EDGE-1", "validateOnly", "true", NULL));
    assert_status(made, STATUS_ALREADY_EXISTS);
}

static void validate_only_deletes_nothing(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "one"), "id");
    ProtobufCMessage *try = world_make(w, "DeleteDirector", "id", director, "validateOnly", "true",
                                       NULL);

    assert_ok(world_call(w, "DeleteDirector", w->made.api_token, try));
    assert_ok(call_id(w, "GetDirector", director));
    assert_ok(create_device(w, "edge-1", director));
    assert_status(world_call(w, "DeleteDirector", w->made.api_token, try),
                  STATUS_FAILED_PRECONDITION);
}

static void more_references_than_an_object_may_have_are_refused(void **state)
{
    struct world *w = *state;
    const struct message_type *type = world_method(w, "CreateDevice")->input;
    ProtobufCMessage *request = world_make(w, "CreateDevice", "device.name", "edge-1", NULL);

    for (int i = 0; i < 65; i++)
        world_set(&w->arena, type, request, "device.directorIds",
                  arena_printf(&w->arena, "0192f0c1-2345-7000-8000-%012d", i).data);
    assert_status(world_call(w, "CreateDevice", w->made.api_token, request),
                  STATUS_INVALID_ARGUMENT);
}

static void a_reference_given_twice_is_refused_in_whatever_case(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    char upper[40] = {0};
    struct reply reply;

    for (size_t i = 0; director[i] != '\0'; i++)
        upper[i] = (char)(director[i] >= 'a' ? director[i] - ('a' - 'A') : director[i]);
    assert_string_not_equal(upper, director);
    reply = world_call(w, "CreateDevice", w->made.api_token,
                       world_make(w, "CreateDevice", "device.name", "edge-1", "device.directorIds",
                                  upper, "device.directorIds", director, NULL));
    assert_status(reply, STATUS_INVALID_ARGUMENT);
    assert_non_null(find_detail(reply, DETAIL_FIELD_VIOLATION, "directorIds[1]"));
    assert_ok(create_device(w, "edge-1", upper));
}

/* -- reading ---------------------------------------------------------------------------------- */

static void unknown_ids_are_not_found(void **state)
{
    struct world *w = *state;
    static const char *const ids[] = {"nonsense", "0192f0c1-2345-7000-8000-00000000dead"};

    for (size_t i = 0; i < 2; i++) {
        assert_status(get_device(w, ids[i]), STATUS_NOT_FOUND);
        assert_status(call_id(w, "DeleteDevice", ids[i]), STATUS_NOT_FOUND);
        assert_status(world_call(w, "UpdateDevice", w->made.api_token,
                                 world_make(w, "UpdateDevice", "device.id", ids[i],
                                            "device.description", "x", NULL)),
                      STATUS_NOT_FOUND);
    }
}

static void another_organization_sees_nothing(void **state)
{
    struct world *w = *state;
    struct reply device = create_device(w, "edge-1", NULL);
    const char *id = get_cstr(w, device, "id");
    struct organization_created other;
    struct status status;

    assert_ok(device);
    status = organization_create(w->fixture.store, w->identities, w->contract, NULL, &w->arena,
                                 NULL, SLICE("Other"), SLICE("other@example.com"), NULL, true,
                                 &other);
    assert_int_equal(status.code, STATUS_ALREADY_EXISTS);
    status = organization_create(w->fixture.store, w->identities, w->contract, NULL, &w->arena,
                                 NULL, SLICE("Other"), SLICE("other@example.com"), NULL, false,
                                 &other);
    assert_int_equal(status.code, STATUS_OK);
    assert_status(
        world_call(w, "GetDevice", other.api_token, world_make(w, "GetDevice", "id", id, NULL)),
        STATUS_NOT_FOUND);
    assert_field(w, world_call(w, "ListDevices", other.api_token, NULL), "devices.0.id", "");
    /* Its reference would be one to nothing, and the name is free. */
    assert_violation(
        world_call(w, "CreateDevice", other.api_token,
                   world_make(w, "CreateDevice", "device.name", "edge-1", "device.directorIds",
                              get_cstr(w, create_director(w, "dir-1"), "id"), NULL)),
        "directorIds[0]");
    assert_ok(world_call(w, "CreateDevice", other.api_token,
                         world_make(w, "CreateDevice", "device.name", "edge-1", NULL)));
}

static void lists_page_in_the_order_of_creation(void **state)
{
    struct world *w = *state;
    const char *token = "";
    char name[32];
    int seen = 0;

    for (int i = 0; i < 7; i++) {
        snprintf(name, sizeof(name), "device-%d", i);
        assert_ok(create_device(w, name, NULL));
        next_millisecond();
    }
    for (int page = 0; page < 3; page++) {
        struct reply reply = world_call(
            w, "ListDevices", w->made.api_token,
            world_make(w, "ListDevices", "pageSize", "3", "pageToken", token, NULL));

        assert_ok(reply);
        assert_field(w, reply, "totalSize", "7");
        for (int i = 0; i < 3 && seen < 7; i++, seen++) {
            snprintf(name, sizeof(name), "device-%d", seen);
            assert_field(w, reply, arena_printf(&w->arena, "devices.%d.name", i).data, name);
            assert_true(
                world_get(w, reply, arena_printf(&w->arena, "devices.%d.etag", i).data).len > 0);
        }
        token = get_cstr(w, reply, "nextPageToken");
        assert_int_equal(strlen(token) == 0, page == 2);
        if (page == 0) /* the row that the token names may go */
            assert_ok(call_id(w, "DeleteDevice", get_cstr(w, reply, "devices.2.id")));
        if (page == 0)
            assert_ok(create_device(w, "device-7", NULL));
    }
}

static void altered_and_foreign_page_tokens_are_refused(void **state)
{
    struct world *w = *state;
    char *token;
    struct reply reply;

    for (int i = 0; i < 3; i++) {
        char name[32];

        snprintf(name, sizeof(name), "device-%d", i);
        assert_ok(create_device(w, name, NULL));
        assert_ok(create_director(w, name));
    }
    reply = world_call(w, "ListDevices", w->made.api_token,
                       world_make(w, "ListDevices", "pageSize", "1", NULL));
    token = arena_cstr(&w->arena, world_get(w, reply, "nextPageToken"));
    assert_violation(world_call(w, "ListDirectors", w->made.api_token,
                                world_make(w, "ListDirectors", "pageToken", token, NULL)),
                     "pageToken");
    token[10] = token[10] == 'A' ? 'B' : 'A';
    assert_violation(world_call(w, "ListDevices", w->made.api_token,
                                world_make(w, "ListDevices", "pageToken", token, NULL)),
                     "pageToken");
}

/* -- references ------------------------------------------------------------------------------- */

static void what_is_referred_to_cannot_be_deleted(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    struct reply device = create_device(w, "edge-1", director);
    const char *id = get_cstr(w, device, "id");
    struct reply reply = call_id(w, "DeleteDirector", director);
    const struct status_detail *detail;

    assert_status(reply, STATUS_FAILED_PRECONDITION);
    assert_int_equal(status_http(&reply.status), 409);
    detail = find_detail(reply, DETAIL_PRECONDITION_VIOLATION,
                         arena_printf(&w->arena, "devices/%s", id).data);
    assert_non_null(detail);
    assert_true(slice_equal(detail->kind, SLICE(PRECONDITION_REFERENCED)));
    assert_true(
        slice_equal(detail->description, SLICE("The device \"edge-1\" refers to the object.")));
    assert_ok(update_device(w, id, NULL, NULL, "directorIds"));
    assert_ok(call_id(w, "DeleteDirector", director));
    assert_status(call_id(w, "DeleteDirector", director), STATUS_NOT_FOUND);
}

static void blockers_that_may_not_be_read_are_counted(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *role = make_role(w, "Director keeper", "directors.delete", "directors.read", NULL);
    struct slice token = token_value(w, make_token(w, "keeper", role));
    const struct status_detail *detail;
    struct reply reply;

    assert_ok(create_device(w, "edge-1", director));
    assert_ok(create_device(w, "edge-2", director));
    reply = world_call(w, "DeleteDirector", token,
                       world_make(w, "DeleteDirector", "id", director, NULL));
    assert_status(reply, STATUS_FAILED_PRECONDITION);
    detail = find_detail(reply, DETAIL_PRECONDITION_VIOLATION,
                         arena_printf(&w->arena, "directors/%s", director).data);
    assert_non_null(detail);
    assert_true(slice_equal(detail->description, SLICE("2 objects refer to the object.")));
    for (detail = reply.status.details; detail != NULL; detail = detail->next)
        assert_false(slice_starts_with(detail->subject, SLICE("devices/")));
}

static void at_most_ten_blockers_are_named(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const struct status_detail *detail;
    struct reply reply;
    size_t named = 0;

    for (int i = 0; i < 12; i++) {
        char name[32];

        snprintf(name, sizeof(name), "device-%d", i);
        assert_ok(create_device(w, name, director));
    }
    reply = call_id(w, "DeleteDirector", director);
    assert_status(reply, STATUS_FAILED_PRECONDITION);
    for (detail = reply.status.details; detail != NULL; detail = detail->next)
        named += slice_starts_with(detail->subject, SLICE("devices/"));
    assert_int_equal(named, 10);
    detail = find_detail(reply, DETAIL_PRECONDITION_VIOLATION,
                         arena_printf(&w->arena, "directors/%s", director).data);
    assert_non_null(detail);
    assert_true(slice_equal(detail->description, SLICE("2 more objects refer to the object.")));
}

static void deleting_frees_name_and_references_and_counts_down(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *id = get_cstr(w, create_device(w, "edge-1", director), "id");

    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize", "1");
    assert_ok(call_id(w, "DeleteDevice", id));
    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize", "0");
    assert_ok(call_id(w, "DeleteDirector", director));
    assert_ok(create_device(w, "edge-1", NULL));
}

static void ids_in_capitals_are_the_same_ids(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    char *capitals = arena_cstr(&w->arena, slice_from_cstr(director));
    struct reply device;

    for (char *at = capitals; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'f')
            *at = (char)(*at - 'a' + 'A');
    device = create_device(w, "edge-1", capitals);
    assert_ok(device);
    assert_field(w, device, "directorIds.0", director);
    assert_status(call_id(w, "DeleteDirector", capitals), STATUS_FAILED_PRECONDITION);
}

/* -- one life --------------------------------------------------------------------------------- */

/* What every engine must make of the same requests, misses and conflicts or not. */
static void a_device_lives(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *other = get_cstr(w, create_director(w, "dir-2"), "id");
    struct reply device = create_device(w, "edge-1", director);
    const char *id = get_cstr(w, device, "id");

    assert_ok(device);
    assert_status(create_device(w, "EDGE-1", NULL), STATUS_ALREADY_EXISTS);
    assert_status(call_id(w, "DeleteDirector", director), STATUS_FAILED_PRECONDITION);
    assert_ok(update_device(w, id, "device.directorIds", other, "directorIds"));
    assert_ok(call_id(w, "DeleteDirector", director));
    assert_status(call_id(w, "DeleteDirector", other), STATUS_FAILED_PRECONDITION);
    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "devices.0.id", id);
    assert_ok(call_id(w, "DeleteDevice", id));
    assert_ok(call_id(w, "DeleteDirector", other));
    assert_field(w, world_call(w, "ListDirectors", w->made.api_token, NULL), "totalSize", "0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_start, engine_end)
    const struct CMUnitTest tests[] = {
        TEST(a_name_alone_creates_a_device),
        TEST(what_only_the_server_sets_is_ignored_in_a_request),
        TEST(enums_left_out_get_their_default_at_any_depth),
        TEST(violations_carry_paths_of_the_resource),
        TEST(a_director_is_reached_by_a_name_or_an_address),
        TEST(all_violations_come_at_once),
        TEST(a_name_is_unique_without_regard_to_case),
        TEST(names_are_kept_trimmed),
        TEST(validate_only_checks_everything_and_changes_nothing),
        TEST(validate_only_deletes_nothing),
        TEST(more_references_than_an_object_may_have_are_refused),
        TEST(a_reference_given_twice_is_refused_in_whatever_case),
        TEST(unknown_ids_are_not_found),
        TEST(another_organization_sees_nothing),
        TEST(lists_page_in_the_order_of_creation),
        TEST(altered_and_foreign_page_tokens_are_refused),
        TEST(what_is_referred_to_cannot_be_deleted),
        TEST(blockers_that_may_not_be_read_are_counted),
        TEST(at_most_ten_blockers_are_named),
        TEST(deleting_frees_name_and_references_and_counts_down),
        TEST(ids_in_capitals_are_the_same_ids),
        TEST(a_device_lives),
    };
    const struct CMUnitTest late_tests[] = {
        TEST(a_device_lives),
        TEST(what_is_referred_to_cannot_be_deleted),
        TEST(lists_page_in_the_order_of_creation),
    };
    int failures = cmocka_run_group_tests_name("engine", tests, NULL, NULL);

    for (engine_seed = 1; engine_seed <= LATE_SEEDS; engine_seed++)
        failures += cmocka_run_group_tests_name("engine over the late store", late_tests, NULL,
                                                NULL);
    return failures;
}
