/* The resource engine by two plain kinds, directors and devices, through the whole chain. */
#include "tests/unit/services_fixture.h"

#include "datastream/storage/v1/records.pb-c.h"
#include "storage/audit.h"

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

static struct reply create_director(struct world *w, const char *name)
{
    return world_call(w, "CreateDirector", w->made.api_token,
                      make(w, "CreateDirector", "director.name", name, NULL));
}

static struct reply create_device(struct world *w, const char *name, const char *director)
{
    ProtobufCMessage *request = make(w, "CreateDevice", "device.name", name, NULL);

    if (director != NULL)
        set(&w->arena, world_method(w, "CreateDevice")->input, request, "device.directorIds",
            director);
    return world_call(w, "CreateDevice", w->made.api_token, request);
}

static struct reply get_device(struct world *w, const char *id)
{
    return world_call(w, "GetDevice", w->made.api_token, make(w, "GetDevice", "id", id, NULL));
}

static struct reply call_id(struct world *w, const char *method, const char *id)
{
    return world_call(w, method, w->made.api_token, make(w, method, "id", id, NULL));
}

/* -- creating --------------------------------------------------------------------------------- */

static void a_name_alone_creates_a_device(void **state)
{
    struct world *w = *state;
    struct reply made = create_device(w, "edge-1", NULL);
    struct reply read;

    assert_ok(made);
    assert_field(w, made, "name", "edge-1");
    assert_field(w, made, "status", "ENABLED");
    assert_true(get(w, made, "etag").len > 0);
    assert_true(slice_starts_with(get(w, made, "createdBy"), SLICE("token:")));
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
                                   make(w, "CreateDevice", "device.name", "edge-1", "device.id",
                                        "00000000-0000-7000-8000-000000000000", "device.createdBy",
                                        "me", "device.createTime", "1", "device.etag", "77", NULL));

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
        make(w, "CreateDevice", "device.name", "edge-1", "device.syslog.port", "1514", NULL));

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
        struct reply reply = world_call(
            w, "CreateDevice", w->made.api_token,
            make(w, "CreateDevice", "device.name", "a name", rows[i].path, rows[i].value, NULL));

        assert_violation(reply, rows[i].violation);
    }
    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize", "");
}

static void all_violations_come_at_once(void **state)
{
    struct world *w = *state;
    struct reply reply = world_call(w, "CreateDevice", w->made.api_token,
                                    make(w, "CreateDevice", "device.name", "x",
                                         "device.directorIds", "nonsense", "device.http.port", "0",
                                         NULL));

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
        make(w, "CreateDevice", "device.name", "edge-1", "validateOnly", "true", NULL));

    assert_ok(made);
    assert_field(w, made, "name", "edge-1");
    assert_field(w, made, "etag", "");
    assert_int_equal(store_revision(w->fixture.store), before);
    assert_ok(create_device(w, "edge-1", NULL));
    made = world_call(
        w, "CreateDevice", w->made.api_token,
        make(w, "CreateDevice", "device.name", "EDGE-1", "validateOnly", "true", NULL));
    assert_status(made, STATUS_ALREADY_EXISTS);
}

static void more_references_than_an_object_may_have_are_refused(void **state)
{
    struct world *w = *state;
    const struct message_type *type = world_method(w, "CreateDevice")->input;
    ProtobufCMessage *request = make(w, "CreateDevice", "device.name", "edge-1", NULL);

    for (int i = 0; i < 65; i++)
        set(&w->arena, type, request, "device.directorIds",
            arena_printf(&w->arena, "0192f0c1-2345-7000-8000-%012d", i).data);
    assert_status(world_call(w, "CreateDevice", w->made.api_token, request),
                  STATUS_INVALID_ARGUMENT);
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
                                 make(w, "UpdateDevice", "device.id", ids[i], "device.description",
                                      "x", NULL)),
                      STATUS_NOT_FOUND);
    }
}

static void another_organization_sees_nothing(void **state)
{
    struct world *w = *state;
    struct reply device = create_device(w, "edge-1", NULL);
    const char *id = get_cstr(w, device, "id");
    struct organization_made other;
    struct status status;

    assert_ok(device);
    status = organization_create(w->fixture.store, w->identities, w->contract, &w->arena,
                                 SLICE("Other"), SLICE("other@example.com"), true, &other);
    assert_int_equal(status.code, STATUS_ALREADY_EXISTS);
    status = organization_create(w->fixture.store, w->identities, w->contract, &w->arena,
                                 SLICE("Other"), SLICE("other@example.com"), false, &other);
    assert_int_equal(status.code, STATUS_OK);
    assert_status(world_call(w, "GetDevice", other.api_token, make(w, "GetDevice", "id", id, NULL)),
                  STATUS_NOT_FOUND);
    assert_field(w, world_call(w, "ListDevices", other.api_token, NULL), "devices.0.id", "");
    /* Its reference would be one to nothing, and the name is free. */
    assert_violation(
        world_call(w, "CreateDevice", other.api_token,
                   make(w, "CreateDevice", "device.name", "edge-1", "device.directorIds",
                        get_cstr(w, create_director(w, "dir-1"), "id"), NULL)),
        "directorIds[0]");
    assert_ok(world_call(w, "CreateDevice", other.api_token,
                         make(w, "CreateDevice", "device.name", "edge-1", NULL)));
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
            make(w, "ListDevices", "pageSize", "3", "pageToken", token, NULL));

        assert_ok(reply);
        assert_field(w, reply, "totalSize", "7");
        for (int i = 0; i < 3 && seen < 7; i++, seen++) {
            snprintf(name, sizeof(name), "device-%d", seen);
            assert_field(w, reply, arena_printf(&w->arena, "devices.%d.name", i).data, name);
            assert_true(get(w, reply, arena_printf(&w->arena, "devices.%d.etag", i).data).len > 0);
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
                       make(w, "ListDevices", "pageSize", "1", NULL));
    token = arena_cstr(&w->arena, get(w, reply, "nextPageToken"));
    assert_violation(world_call(w, "ListDirectors", w->made.api_token,
                                make(w, "ListDirectors", "pageToken", token, NULL)),
                     "pageToken");
    token[10] = token[10] == 'A' ? 'B' : 'A';
    assert_violation(world_call(w, "ListDevices", w->made.api_token,
                                make(w, "ListDevices", "pageToken", token, NULL)),
                     "pageToken");
}

/* -- updating --------------------------------------------------------------------------------- */

static struct reply update_device(struct world *w, const char *id, const char *path,
                                  const char *value, const char *mask)
{
    const struct message_type *type = world_method(w, "UpdateDevice")->input;
    ProtobufCMessage *request = make(w, "UpdateDevice", "device.id", id, NULL);

    if (path != NULL)
        set(&w->arena, type, request, path, value);
    if (mask != NULL)
        set(&w->arena, type, request, "updateMask.paths", mask);
    return world_call(w, "UpdateDevice", w->made.api_token, request);
}

static void a_mask_touches_only_what_it_names(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply;

    assert_ok(update_device(w, id, "device.syslog.port", "1514", "syslog.port"));
    assert_ok(update_device(w, id, "device.syslog.address", "10.0.0.1", "syslog.address"));
    /* A body that holds more than the mask. */
    reply = world_call(w, "UpdateDevice", w->made.api_token,
                       make(w, "UpdateDevice", "device.id", id, "device.name", "edge-2",
                            "device.description", "new", "updateMask.paths", "description", NULL));
    assert_ok(reply);
    assert_field(w, reply, "name", "edge-1");
    assert_field(w, reply, "description", "new");
    assert_field(w, reply, "syslog.port", "1514");
    assert_field(w, reply, "syslog.address", "10.0.0.1");
    /* Named and left out: cleared. */
    reply = update_device(w, id, NULL, NULL, "syslog.port");
    assert_field(w, reply, "syslog.port", "");
    assert_field(w, reply, "syslog.address", "10.0.0.1");
    reply = update_device(w, id, NULL, NULL, "syslog");
    assert_field(w, reply, "syslog.address", "");
}

static void a_oneof_moves_to_the_member_that_the_mask_names(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply;

    assert_ok(update_device(w, id, "device.syslog.port", "1514", "syslog.port"));
    reply = update_device(w, id, "device.http.port", "8080", "http.port");
    assert_ok(reply);
    assert_field(w, reply, "http.port", "8080");
    assert_field(w, reply, "syslog.port", "");
    /* Clearing a member that is not set leaves the other alone. */
    assert_field(w, update_device(w, id, NULL, NULL, "tcp"), "http.port", "8080");
}

static void without_a_mask_the_populated_fields_count(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply;

    assert_ok(update_device(w, id, "device.description", "one", NULL));
    reply = update_device(w, id, "device.name", "edge-2", NULL);
    assert_ok(reply);
    assert_field(w, reply, "name", "edge-2");
    assert_field(w, reply, "description", "one");
}

static void a_star_replaces_everything_that_can_change(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply;

    assert_ok(update_device(w, id, "device.description", "one", NULL));
    reply = update_device(w, id, "device.name", "edge-2", "*");
    assert_ok(reply);
    assert_field(w, reply, "id", id);
    assert_field(w, reply, "description", "");
    assert_field(w, reply, "status", "ENABLED");
    assert_true(get(w, reply, "createTime").len > 0);
}

static void masks_that_name_nothing_are_refused(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    static const char *const masks[] = {
        "nonsense", "syslog.nonsense", "labels.a", "name.x", "createTime.seconds",
        "",         "syslog.",         "."};

    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
        assert_violation(update_device(w, id, NULL, NULL, masks[i]), "updateMask");
    /* Both kinds of names do, and what only the server sets is ignored. */
    assert_ok(update_device(w, id, NULL, NULL, "director_ids"));
    assert_ok(update_device(w, id, NULL, NULL, "directorIds"));
    assert_field(w, update_device(w, id, "device.createTime", "1", "createTime"), "createTime",
                 get_cstr(w, get_device(w, id), "createTime"));
}

static void immutable_fields_are_refused_when_they_differ(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_director(w, "dir-1"), "id");

    assert_ok(world_call(w, "UpdateDirector", w->made.api_token,
                         make(w, "UpdateDirector", "director.id", id, "director.mode", "MANAGED",
                              "director.description", "x", NULL)));
    assert_violation(world_call(w, "UpdateDirector", w->made.api_token,
                                make(w, "UpdateDirector", "director.id", id, "director.mode",
                                     "SELF_MANAGED", NULL)),
                     "mode");
    assert_violation(world_call(w, "UpdateDirector", w->made.api_token,
                                make(w, "UpdateDirector", "director.id", id, "director.mode",
                                     "SELF_MANAGED", "updateMask.paths", "mode", NULL)),
                     "mode");
}

static void the_whole_is_validated_after_the_merge(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");

    assert_violation(update_device(w, id, NULL, NULL, "name"), "name");
    assert_violation(update_device(w, id, "device.http.url", "/x", "http.url"), "http.port");
    assert_violation(update_device(w, id, "device.directorIds", "nonsense", "directorIds"),
                     "directorIds[0]");
}

static void a_change_moves_etag_and_update_time_and_nothing_does_not(void **state)
{
    struct world *w = *state;
    struct reply made = create_device(w, "edge-1", NULL);
    const char *id = get_cstr(w, made, "id");
    uint64_t before = store_revision(w->fixture.store);
    struct reply same = update_device(w, id, "device.name", "edge-1", NULL);
    struct reply changed;

    assert_ok(same);
    assert_string_equal(get_cstr(w, same, "etag"), get_cstr(w, made, "etag"));
    assert_int_equal(store_revision(w->fixture.store), before);
    changed = update_device(w, id, "device.description", "x", NULL);
    assert_string_not_equal(get_cstr(w, changed, "etag"), get_cstr(w, made, "etag"));
    assert_string_equal(get_cstr(w, changed, "etag"), get_cstr(w, get_device(w, id), "etag"));
    assert_string_equal(get_cstr(w, changed, "createTime"), get_cstr(w, made, "createTime"));
}

static void if_match_is_judged_by_the_stored_revision(void **state)
{
    struct world *w = *state;
    struct reply made = create_device(w, "edge-1", NULL);
    const char *id = get_cstr(w, made, "id");
    const char *etag = arena_printf(&w->arena, "\"%s\"", get_cstr(w, made, "etag")).data;
    struct reply reply;

    reply = world_call_with(
        w, "UpdateDevice", w->made.api_token,
        make(w, "UpdateDevice", "device.id", id, "device.description", "x", NULL),
        (struct call_extra){.if_match = etag});
    assert_ok(reply);
    reply = world_call_with(
        w, "UpdateDevice", w->made.api_token,
        make(w, "UpdateDevice", "device.id", id, "device.description", "y", NULL),
        (struct call_extra){.if_match = etag});
    assert_status(reply, STATUS_ABORTED);
    assert_int_equal(status_http(&reply.status), 412);
    reply = world_call_with(w, "DeleteDevice", w->made.api_token,
                            make(w, "DeleteDevice", "id", id, NULL),
                            (struct call_extra){.if_match = etag});
    assert_status(reply, STATUS_ABORTED);
    reply = world_call_with(w, "DeleteDevice", w->made.api_token,
                            make(w, "DeleteDevice", "id", id, NULL),
                            (struct call_extra){.if_match = "*"});
    assert_ok(reply);
}

static void a_rename_frees_the_old_name_and_takes_the_new(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");

    assert_ok(create_device(w, "edge-2", NULL));
    assert_status(update_device(w, id, "device.name", "EDGE-2", NULL), STATUS_ALREADY_EXISTS);
    assert_field(w, update_device(w, id, "device.name", "EDGE-1", NULL), "name", "EDGE-1");
    assert_ok(update_device(w, id, "device.name", "edge-3", NULL));
    assert_ok(create_device(w, "edge-1", NULL));
    assert_status(create_device(w, "edge-3", NULL), STATUS_ALREADY_EXISTS);
}

static void validate_only_updates_change_nothing(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply = world_call(w, "UpdateDevice", w->made.api_token,
                                    make(w, "UpdateDevice", "device.id", id, "device.name",
                                         "edge-2", "validateOnly", "true", NULL));

    assert_ok(reply);
    assert_field(w, reply, "name", "edge-2");
    assert_field(w, get_device(w, id), "name", "edge-1");
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
    assert_true(slice_equal(detail->description, SLICE("The device \"edge-1\" refers to it.")));
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
    reply = world_call(w, "DeleteDirector", token, make(w, "DeleteDirector", "id", director, NULL));
    assert_status(reply, STATUS_FAILED_PRECONDITION);
    detail = find_detail(reply, DETAIL_PRECONDITION_VIOLATION,
                         arena_printf(&w->arena, "directors/%s", director).data);
    assert_non_null(detail);
    assert_true(slice_equal(detail->description, SLICE("2 objects refer to it.")));
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
    assert_true(slice_equal(detail->description, SLICE("2 more objects refer to it.")));
}

static void deleting_frees_name_and_references_and_counts_down(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *id = get_cstr(w, create_device(w, "edge-1", director), "id");

    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize", "1");
    assert_ok(call_id(w, "DeleteDevice", id));
    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize", "");
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

/* -- audit ------------------------------------------------------------------------------------ */

/* The last audit row of the organization. */
static Datastream__Storage__V1__AuditRecord *last_audit(struct world *w)
{
    struct slice from = slice_make(&w->made.organization, sizeof(struct uuid));
    struct store_rows rows = read_rows(&w->fixture, FAMILY_AUDIT, from,
                                       key_prefix_end(&w->arena, from), true, 1);
    ProtobufCAllocator allocator = message_allocator(&w->arena);
    uint8_t mac[AUDIT_MAC_LEN];
    struct slice body;

    assert_int_equal(rows.count, 1);
    assert_true(audit_parse(rows.rows[0].value, mac, &body));
    return datastream__storage__v1__audit_record__unpack(&allocator, body.len,
                                                         (const uint8_t *)body.data);
}

static void changes_are_audited_with_their_paths(void **state)
{
    struct world *w = *state;
    struct reply made = create_device(w, "edge-1", NULL);
    const char *id = get_cstr(w, made, "id");
    Datastream__Storage__V1__AuditRecord *row = last_audit(w);

    assert_string_equal(row->action, "CreatedDevice");
    assert_string_equal(row->object_id, id);
    assert_string_equal(row->object_name, "edge-1");
    assert_int_equal(row->n_changes, 0);
    assert_ok(world_call(w, "UpdateDevice", w->made.api_token,
                         make(w, "UpdateDevice", "device.id", id, "device.description", "a \"b\"",
                              "device.tags", "t1", "device.tags", "t2", "device.status", "DISABLED",
                              NULL)));
    row = last_audit(w);
    assert_string_equal(row->action, "UpdatedDevice");
    assert_int_equal(row->n_changes, 3);
    for (size_t i = 0; i < row->n_changes; i++) {
        static const char *const wanted[][3] = {
            {"description", "", "\"a \\\"b\\\"\""},
            {"tags", "", "[\"t1\",\"t2\"]"},
            {"status", "\"ENABLED\"", "\"DISABLED\""},
        };

        assert_string_equal(row->changes[i]->path, wanted[i][0]);
        assert_string_equal(row->changes[i]->before, wanted[i][1]);
        assert_string_equal(row->changes[i]->after, wanted[i][2]);
    }
    assert_ok(update_device(w, id, "device.syslog.port", "1514", "syslog.port"));
    row = last_audit(w);
    assert_int_equal(row->n_changes, 1);
    assert_string_equal(row->changes[0]->path, "syslog");
    assert_int_equal(strlen(row->changes[0]->after), 7 + 64);
    assert_ok(update_device(w, id, "device.syslog.port", "1515", "syslog.port"));
    row = last_audit(w);
    assert_int_equal(row->n_changes, 1);
    assert_string_equal(row->changes[0]->path, "syslog.port");
    assert_string_equal(row->changes[0]->before, "1514");
    assert_string_equal(row->changes[0]->after, "1515");
    assert_ok(call_id(w, "DeleteDevice", id));
    assert_string_equal(last_audit(w)->action, "DeletedDevice");
}

/* -- two at a time ---------------------------------------------------------------------------- */

static void of_two_creations_with_one_name_one_wins(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 10; i++) {
        const char *name = arena_printf(&w->arena, "device-%d", i).data;
        ProtobufCMessage *request = make(w, "CreateDevice", "device.name", name, NULL);
        struct test_call calls[2];
        struct reply first, second;

        world_begin(w, &calls[0], "CreateDevice", w->made.api_token, request,
                    (struct call_extra){0});
        world_begin(w, &calls[1], "CreateDevice", w->made.api_token, request,
                    (struct call_extra){0});
        first = world_finish(&calls[0]);
        second = world_finish(&calls[1]);
        if (status_is_ok(first.status))
            assert_status(second, STATUS_ALREADY_EXISTS);
        else
            assert_status(first, STATUS_ALREADY_EXISTS);
        assert_true(status_is_ok(first.status) || status_is_ok(second.status));
    }
    assert_field(w, world_call(w, "ListDevices", w->made.api_token, NULL), "totalSize", "10");
}

static void a_reference_and_the_deletion_of_its_target_never_both_win(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 10; i++) {
        const char *name = arena_printf(&w->arena, "object-%d", i).data;
        const char *director = get_cstr(w, create_director(w, name), "id");
        ProtobufCMessage *create = make(w, "CreateDevice", "device.name", name,
                                        "device.directorIds", director, NULL);
        ProtobufCMessage *drop = make(w, "DeleteDirector", "id", director, NULL);
        struct test_call calls[2];
        struct reply created, dropped;

        world_begin(w, &calls[i % 2], i % 2 == 0 ? "CreateDevice" : "DeleteDirector",
                    w->made.api_token, i % 2 == 0 ? create : drop, (struct call_extra){0});
        world_begin(w, &calls[1 - i % 2], i % 2 == 0 ? "DeleteDirector" : "CreateDevice",
                    w->made.api_token, i % 2 == 0 ? drop : create, (struct call_extra){0});
        created = world_finish(&calls[0]);
        dropped = world_finish(&calls[1]);
        if (status_is_ok(created.status))
            assert_status(dropped, STATUS_FAILED_PRECONDITION);
        else
            assert_violation(created, "directorIds[0]");
        assert_true(status_is_ok(created.status) || status_is_ok(dropped.status));
    }
}

static void two_updates_of_one_device_both_hold(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct test_call calls[2];
    struct reply device;

    world_begin(w, &calls[0], "UpdateDevice", w->made.api_token,
                make(w, "UpdateDevice", "device.id", id, "device.description", "one", NULL),
                (struct call_extra){0});
    world_begin(w, &calls[1], "UpdateDevice", w->made.api_token,
                make(w, "UpdateDevice", "device.id", id, "device.tags", "two", NULL),
                (struct call_extra){0});
    assert_ok(world_finish(&calls[0]));
    assert_ok(world_finish(&calls[1]));
    device = get_device(w, id);
    assert_field(w, device, "description", "one");
    assert_field(w, device, "tags.0", "two");
}

/* -- faults ----------------------------------------------------------------------------------- */

#ifdef DATASTREAM_FAULTS

static void every_failed_allocation_is_answered(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *id = get_cstr(w, create_device(w, "edge-1", director), "id");
    unsigned long number;

    for (number = 1; call_failing(w, number, "CreateDevice",
                                  make(w, "CreateDevice", "device.name",
                                       arena_printf(&w->arena, "device-%lu", number).data,
                                       "device.directorIds", director, NULL));
         number++)
        ;
    assert_true(number > 10);
    for (number = 1; call_failing(w, number, "GetDevice", make(w, "GetDevice", "id", id, NULL));
         number++)
        ;
    for (number = 1; call_failing(w, number, "ListDevices", make(w, "ListDevices", NULL)); number++)
        ;
    for (number = 1; call_failing(w, number, "UpdateDevice",
                                  make(w, "UpdateDevice", "device.id", id, "device.description",
                                       arena_printf(&w->arena, "%lu", number).data, NULL));
         number++)
        ;
    assert_true(number > 10);
}

#endif

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
    assert_field(w, world_call(w, "ListDirectors", w->made.api_token, NULL), "totalSize", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        TEST(a_name_alone_creates_a_device),
        TEST(what_only_the_server_sets_is_ignored_in_a_request),
        TEST(enums_left_out_get_their_default_at_any_depth),
        TEST(violations_carry_paths_of_the_resource),
        TEST(all_violations_come_at_once),
        TEST(a_name_is_unique_without_regard_to_case),
        TEST(names_are_kept_trimmed),
        TEST(validate_only_checks_everything_and_changes_nothing),
        TEST(more_references_than_an_object_may_have_are_refused),
        TEST(unknown_ids_are_not_found),
        TEST(another_organization_sees_nothing),
        TEST(lists_page_in_the_order_of_creation),
        TEST(altered_and_foreign_page_tokens_are_refused),
        TEST(a_mask_touches_only_what_it_names),
        TEST(a_oneof_moves_to_the_member_that_the_mask_names),
        TEST(without_a_mask_the_populated_fields_count),
        TEST(a_star_replaces_everything_that_can_change),
        TEST(masks_that_name_nothing_are_refused),
        TEST(immutable_fields_are_refused_when_they_differ),
        TEST(the_whole_is_validated_after_the_merge),
        TEST(a_change_moves_etag_and_update_time_and_nothing_does_not),
        TEST(if_match_is_judged_by_the_stored_revision),
        TEST(a_rename_frees_the_old_name_and_takes_the_new),
        TEST(validate_only_updates_change_nothing),
        TEST(what_is_referred_to_cannot_be_deleted),
        TEST(blockers_that_may_not_be_read_are_counted),
        TEST(at_most_ten_blockers_are_named),
        TEST(deleting_frees_name_and_references_and_counts_down),
        TEST(ids_in_capitals_are_the_same_ids),
        TEST(changes_are_audited_with_their_paths),
        TEST(a_device_lives),
        TEST(of_two_creations_with_one_name_one_wins),
        TEST(a_reference_and_the_deletion_of_its_target_never_both_win),
        TEST(two_updates_of_one_device_both_hold),
#ifdef DATASTREAM_FAULTS
        TEST(every_failed_allocation_is_answered),
#endif
    };
    const struct CMUnitTest late_tests[] = {
        TEST(a_device_lives),
        TEST(what_is_referred_to_cannot_be_deleted),
        TEST(a_rename_frees_the_old_name_and_takes_the_new),
        TEST(lists_page_in_the_order_of_creation),
        TEST(of_two_creations_with_one_name_one_wins),
        TEST(a_reference_and_the_deletion_of_its_target_never_both_win),
        TEST(two_updates_of_one_device_both_hold),
    };
    int failures = cmocka_run_group_tests_name("engine", tests, NULL, NULL);

    for (seed = 1; seed <= LATE_SEEDS; seed++)
        failures += cmocka_run_group_tests_name("engine over the late store", late_tests, NULL,
                                                NULL);
    return failures;
}
