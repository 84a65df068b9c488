/* The resource engine: updates and their masks, their audit, two calls at a time, failing
 * allocations. */
#include "proto/contract/contract_find.h"
#include "rpc/services/resource/mask.h"
#include "tests/support/engine.h"

/* -- updating --------------------------------------------------------------------------------- */

static void a_mask_touches_only_what_it_names(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply;

    assert_ok(update_device(w, id, "device.syslog.port", "1514", "syslog.port"));
    assert_ok(update_device(w, id, "device.syslog.address", "10.0.0.1", "syslog.address"));
    /* A body that holds more than the mask. */
    reply = world_call(w, "UpdateDevice", w->made.api_token,
                       world_make(w, "UpdateDevice", "device.id", id, "device.name", "edge-2",
                                  "device.description", "new", "updateMask.paths", "description",
                                  NULL));
    assert_ok(reply);
    assert_field(w, reply, "name", "edge-1");
    assert_field(w, reply, "description", "new");
    assert_field(w, reply, "syslog.port", "1514");
    assert_field(w, reply, "syslog.address", "10.0.0.1");
    /* Named and left out: cleared. */
    reply = update_device(w, id, NULL, NULL, "syslog.port");
    assert_field(w, reply, "syslog.port", "514");
    assert_field(w, reply, "syslog.address", "10.0.0.1");
    /* What is set once is not cleared. */
    assert_violation(update_device(w, id, NULL, NULL, "syslog"), "syslog");
}

static void a_oneof_that_is_set_once_keeps_its_member(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");

    assert_ok(update_device(w, id, "device.syslog.port", "1514", "syslog.port"));
    assert_violation(update_device(w, id, "device.http.port", "8080", "http.port"), "http");
    assert_field(w, get_device(w, id), "syslog.port", "1514");
    /* Clearing a member that is not set leaves the other alone. */
    assert_field(w, update_device(w, id, NULL, NULL, "tcp"), "syslog.port", "1514");
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

/* As over REST, where the mask is inferred from the body (AIP-134). */
static void without_a_mask_populated_fields_count_at_any_depth(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply;

    assert_ok(update_device(w, id, "device.syslog.protocol", "TCP", NULL));
    reply = update_device(w, id, "device.syslog.port", "1514", NULL);
    assert_field(w, reply, "syslog.protocol", "TCP");
    assert_field(w, reply, "syslog.port", "1514");
    reply = update_device(w, id, "device.syslog", "", NULL);
    assert_field(w, reply, "syslog.protocol", "UDP");
    assert_field(w, reply, "syslog.port", "514");
}

/* A run may be followed by another one of the same request. */
static void an_update_leaves_its_request_as_it_was(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    ProtobufCMessage *request = world_make(
        w, "UpdateDevice", "device.id", id, "device.syslog.protocol", "TCP", "device.createdBy",
        "me", "updateMask.paths", "*", "device.name", "edge-2", NULL);
    struct slice before = message_pack(&w->arena, request);
    struct reply reply = world_call(w, "UpdateDevice", w->made.api_token, request);

    assert_ok(reply);
    assert_field(w, reply, "syslog.port", "514");
    assert_true(slice_equal(message_pack(&w->arena, request), before));
}

/* What lies beside the path stays out, whether or not the message was there before. */
static void a_path_into_a_message_merges_nothing_beside_it(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    static const char *const ports[] = {"1514", "1515"};

    for (size_t i = 0; i < 2; i++) {
        struct reply reply = world_call(
            w, "UpdateDevice", w->made.api_token,
            world_make(w, "UpdateDevice", "device.id", id, "device.syslog.protocol", "TCP",
                       "device.syslog.port", ports[i], "updateMask.paths", "syslog.port", NULL));

        assert_ok(reply);
        assert_field(w, reply, "syslog.port", ports[i]);
        assert_field(w, reply, "syslog.protocol", "UDP");
    }
}

/* Two sources, each with a type, which is output-only. */
static ProtobufCMessage *restricted_director(struct world *w, const struct field *restriction)
{
    const struct message_type *type = restriction->message;
    const struct field *sources = message_field_by_name(type, SLICE("sources"));
    ProtobufCMessage *director = message_new(&w->arena,
                                             world_method(w, "UpdateDirector")->kind->message);
    ProtobufCMessage *inner = message_new(&w->arena, type);
    size_t capacity = 0;

    for (size_t i = 0; i < 2; i++) {
        ProtobufCMessage *source = message_new(&w->arena, sources->message);

        field_set_int(source, message_field_by_name(sources->message, SLICE("type")), 2);
        field_set_string(&w->arena, source,
                         message_field_by_name(sources->message, SLICE("address")),
                         SLICE("10.0.0.1"));
        *(ProtobufCMessage **)field_append(&w->arena, inner, sources, &capacity) = source;
    }
    field_set_message(director, restriction, inner);
    return director;
}

static unsigned merge_path(struct world *w, const char *path, const ProtobufCMessage *from,
                           ProtobufCMessage *to)
{
    const struct method *method = world_method(w, "UpdateDirector");
    ProtobufCMessage *request = world_make(w, "UpdateDirector", "updateMask.paths", path, NULL);
    struct violations violations = {0};
    struct touched touched = {0};

    mask__merge_request(&w->arena, method->kind->message, method->kind->id,
                        field_get_message(request, method->update_mask), from, to, &touched,
                        &violations);
    return (unsigned)violations.count;
}

static void output_only_fields_of_a_request_are_ignored_at_any_depth(void **state)
{
    static const char *const paths[] = {"access_restriction.sources", "access_restriction"};
    struct world *w = *state;
    const struct message_type *type = world_method(w, "UpdateDirector")->kind->message;
    struct field *restriction = (struct field *)message_field_by_name(type,
                                                                      SLICE("access_restriction"));
    const struct field *sources = message_field_by_name(restriction->message, SLICE("sources"));
    ProtobufCMessage *from = restricted_director(w, restriction);
    struct slice before = message_pack(&w->arena, from);
    ProtobufCMessage *to = NULL;

    for (size_t i = 0; i < 4; i++) { /* each source of each path */
        const ProtobufCMessage *merged, *source;

        to = message_new(&w->arena, type);
        assert_int_equal(merge_path(w, paths[i / 2], from, to), 0);
        merged = field_get_message(to, restriction);
        assert_int_equal(field_count(merged, sources), 2);
        source = *(ProtobufCMessage **)field_address(merged, sources, i % 2);
        assert_int_equal(
            field_get_int(source, message_field_by_name(sources->message, SLICE("type"))), 0);
    }
    assert_true(slice_equal(message_pack(&w->arena, from), before));
    /* Nor do they count where nothing may differ. */
    restriction->immutable = true;
    assert_int_equal(merge_path(w, "access_restriction", from, to), 0);
    assert_true(slice_equal(message_pack(&w->arena, from), before));
    field_set_int(field_get_message(from, restriction),
                  message_field_by_name(restriction->message, SLICE("enabled")), 1);
    assert_int_equal(merge_path(w, "access_restriction", from, to), 1);
    restriction->immutable = false;
}

static void an_update_needs_an_id(void **state)
{
    struct world *w = *state;

    assert_violation(world_call(w, "UpdateDevice", w->made.api_token,
                                world_make(w, "UpdateDevice", "device.name", "edge-2", NULL)),
                     "id");
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
    assert_true(world_get(w, reply, "createTime").len > 0);
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

static void a_mask_is_refused_in_the_names_of_json(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply = update_device(w, id, NULL, NULL, "director_ids.no_such");

    assert_status(reply, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(arena_cstr(&w->arena, reply.status.message), "\"directorIds.noSuch\""));
}

static void immutable_fields_are_refused_when_they_differ(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_director(w, "dir-1"), "id");

    assert_ok(world_call(w, "UpdateDirector", w->made.api_token,
                         world_make(w, "UpdateDirector", "director.id", id, "director.mode",
                                    "MANAGED", "director.description", "x", NULL)));
    assert_violation(world_call(w, "UpdateDirector", w->made.api_token,
                                world_make(w, "UpdateDirector", "director.id", id, "director.mode",
                                           "SELF_MANAGED", NULL)),
                     "mode");
    assert_violation(world_call(w, "UpdateDirector", w->made.api_token,
                                world_make(w, "UpdateDirector", "director.id", id, "director.mode",
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
        world_make(w, "UpdateDevice", "device.id", id, "device.description", "x", NULL),
        (struct call_extra){.if_match = etag});
    assert_ok(reply);
    reply = world_call_with(
        w, "UpdateDevice", w->made.api_token,
        world_make(w, "UpdateDevice", "device.id", id, "device.description", "y", NULL),
        (struct call_extra){.if_match = etag});
    assert_status(reply, STATUS_ABORTED);
    assert_int_equal(status_http(&reply.status), 412);
    reply = world_call_with(w, "DeleteDevice", w->made.api_token,
                            world_make(w, "DeleteDevice", "id", id, NULL),
                            (struct call_extra){.if_match = etag});
    assert_status(reply, STATUS_ABORTED);
    reply = world_call_with(w, "DeleteDevice", w->made.api_token,
                            world_make(w, "DeleteDevice", "id", id, NULL),
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
                                    world_make(w, "UpdateDevice", "device.id", id, "device.name",
                                               "edge-2", "validateOnly", "true", NULL));

    assert_ok(reply);
    assert_field(w, reply, "name", "edge-2");
    assert_field(w, get_device(w, id), "name", "edge-1");
}

/* -- audit ------------------------------------------------------------------------------------ */

/* The last audit row of the organization. */
static struct reply set_labels(struct world *w, const char *id, const char *key, const char *value)
{
    ProtobufCMessage *request = world_make(w, "UpdateDevice", "device.id", id, NULL);
    const struct method *method = world_method(w, "UpdateDevice");
    ProtobufCMessage *device = field_get_message(request, method->resource);
    const struct field *labels = message_field_by_name(method->resource->message, SLICE("labels"));
    ProtobufCMessage *entry = message_new(&w->arena, labels->message);
    size_t capacity = 0;

    field_set_string(&w->arena, entry, message_field_by_number(labels->message, 1),
                     slice_from_cstr(key));
    field_set_string(&w->arena, entry, message_field_by_number(labels->message, 2),
                     slice_from_cstr(value));
    *(ProtobufCMessage **)field_append(&w->arena, device, labels, &capacity) = entry;
    return world_call(w, "UpdateDevice", w->made.api_token, request);
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
    assert_int_equal(row->n_changes, 2); /* what it began with */
    assert_string_equal(row->changes[0]->path, "name");
    assert_string_equal(row->changes[0]->before, "");
    assert_string_equal(row->changes[0]->after, "\"edge-1\"");
    assert_string_equal(row->changes[1]->path, "status");
    assert_string_equal(row->changes[1]->after, "\"ENABLED\"");
    assert_ok(world_call(w, "UpdateDevice", w->made.api_token,
                         world_make(w, "UpdateDevice", "device.id", id, "device.description",
                                    "a \"b\"", "device.tags", "t1", "device.tags", "t2", NULL)));
    row = last_audit(w);
    assert_string_equal(row->action, "UpdatedDevice");
    assert_int_equal(row->n_changes, 2);
    for (size_t i = 0; i < row->n_changes; i++) {
        static const char *const wanted[][3] = {
            {"description", "", "\"a \\\"b\\\"\""},
            {"tags", "", "[\"t1\",\"t2\"]"},
        };

        assert_string_equal(row->changes[i]->path, wanted[i][0]);
        assert_string_equal(row->changes[i]->before, wanted[i][1]);
        assert_string_equal(row->changes[i]->after, wanted[i][2]);
    }
    assert_ok(update_device(w, id, "device.syslog.port", "1514", "syslog.port"));
    row = last_audit(w);
    assert_true(row->n_changes > 2); /* with the defaults of the settings that it creates */
    for (size_t i = 0; i < row->n_changes; i++) {
        const char *path = row->changes[i]->path;

        assert_string_equal(row->changes[i]->before, "");
        assert_int_equal(strncmp(path, "syslog.", 7), 0);
        if (strcmp(path, "syslog.protocol") == 0)
            assert_string_equal(row->changes[i]->after, "\"UDP\"");
        if (strcmp(path, "syslog.port") == 0)
            assert_string_equal(row->changes[i]->after, "1514");
    }
    assert_ok(update_device(w, id, "device.syslog.port", "1515", "syslog.port"));
    row = last_audit(w);
    assert_int_equal(row->n_changes, 1);
    assert_string_equal(row->changes[0]->path, "syslog.port");
    assert_string_equal(row->changes[0]->before, "1514");
    assert_string_equal(row->changes[0]->after, "1515");
    assert_ok(set_labels(w, id, "site", "cellar"));
    row = last_audit(w);
    assert_int_equal(row->n_changes, 1);
    assert_string_equal(row->changes[0]->path, "labels");
    assert_string_equal(row->changes[0]->before, "");
    assert_string_equal(row->changes[0]->after, "{\"site\":\"cellar\"}");
    assert_ok(call_id(w, "DeleteDevice", id));
    assert_string_equal(last_audit(w)->action, "DeletedDevice");
}

/* -- two at a time ---------------------------------------------------------------------------- */

static void of_two_creations_with_one_name_one_wins(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 10; i++) {
        const char *name = arena_printf(&w->arena, "device-%d", i).data;
        ProtobufCMessage *request = world_make(w, "CreateDevice", "device.name", name, NULL);
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
        ProtobufCMessage *create = world_make(w, "CreateDevice", "device.name", name,
                                              "device.directorIds", director, NULL);
        ProtobufCMessage *drop = world_make(w, "DeleteDirector", "id", director, NULL);
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
                world_make(w, "UpdateDevice", "device.id", id, "device.description", "one", NULL),
                (struct call_extra){0});
    world_begin(w, &calls[1], "UpdateDevice", w->made.api_token,
                world_make(w, "UpdateDevice", "device.id", id, "device.tags", "two", NULL),
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
                                  world_make(w, "CreateDevice", "device.name",
                                             arena_printf(&w->arena, "device-%lu", number).data,
                                             "device.directorIds", director, NULL));
         number++)
        ;
    assert_true(number > 10);
    for (number = 1;
         call_failing(w, number, "GetDevice", world_make(w, "GetDevice", "id", id, NULL)); number++)
        ;
    for (number = 1; call_failing(w, number, "ListDevices", world_make(w, "ListDevices", NULL));
         number++)
        ;
    for (number = 1;
         call_failing(w, number, "UpdateDevice",
                      world_make(w, "UpdateDevice", "device.id", id, "device.description",
                                 arena_printf(&w->arena, "%lu", number).data, NULL));
         number++)
        ;
    assert_true(number > 10);
}

#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_start, engine_end)
    const struct CMUnitTest tests[] = {
        TEST(a_mask_touches_only_what_it_names),
        TEST(a_oneof_that_is_set_once_keeps_its_member),
        TEST(without_a_mask_the_populated_fields_count),
        TEST(without_a_mask_populated_fields_count_at_any_depth),
        TEST(a_path_into_a_message_merges_nothing_beside_it),
        TEST(output_only_fields_of_a_request_are_ignored_at_any_depth),
        TEST(an_update_leaves_its_request_as_it_was),
        TEST(an_update_needs_an_id),
        TEST(a_star_replaces_everything_that_can_change),
        TEST(masks_that_name_nothing_are_refused),
        TEST(a_mask_is_refused_in_the_names_of_json),
        TEST(immutable_fields_are_refused_when_they_differ),
        TEST(the_whole_is_validated_after_the_merge),
        TEST(a_change_moves_etag_and_update_time_and_nothing_does_not),
        TEST(if_match_is_judged_by_the_stored_revision),
        TEST(a_rename_frees_the_old_name_and_takes_the_new),
        TEST(validate_only_updates_change_nothing),
        TEST(changes_are_audited_with_their_paths),
        TEST(of_two_creations_with_one_name_one_wins),
        TEST(a_reference_and_the_deletion_of_its_target_never_both_win),
        TEST(two_updates_of_one_device_both_hold),
#ifdef DATASTREAM_FAULTS
        TEST(every_failed_allocation_is_answered),
#endif
    };
    const struct CMUnitTest late_tests[] = {
        TEST(a_rename_frees_the_old_name_and_takes_the_new),
        TEST(of_two_creations_with_one_name_one_wins),
        TEST(a_reference_and_the_deletion_of_its_target_never_both_win),
        TEST(two_updates_of_one_device_both_hold),
    };
    int failures = cmocka_run_group_tests_name("engine updates", tests, NULL, NULL);

    for (engine_seed = 1; engine_seed <= LATE_SEEDS; engine_seed++)
        failures += cmocka_run_group_tests_name("engine updates over the late store", late_tests,
                                                NULL, NULL);
    return failures;
}
