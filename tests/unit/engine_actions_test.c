/* Actions, clones and batches of the resource engine: their audit rows, bounds and failures. */
#include <ctype.h>

#include "proto/contract/contract_find.h"
#include "tests/support/engine.h"

static ProtobufCMessage *ids_request(struct world *w, const char *method, const char *first,
                                     const char *second)
{
    return world_make(w, method, "ids", first, "ids", second, NULL);
}

static void an_action_is_told_by_its_verb_and_written_once(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply reply = call_id(w, "DisableDevice", id);
    Datastream__Storage__V1__AuditRecord *row = last_audit(w);
    const char *etag;

    assert_field(w, reply, "status", "DISABLED");
    assert_string_equal(row->action, "DisabledDevice");
    assert_string_equal(row->description, "Disabled the device \"edge-1\".");
    assert_int_equal(row->n_changes, 1);
    assert_string_equal(row->changes[0]->path, "status");
    assert_string_equal(row->changes[0]->after, "\"DISABLED\"");
    etag = get_cstr(w, reply, "etag");
    assert_field(w, call_id(w, "DisableDevice", id), "etag", etag);
    assert_field(w, call_id(w, "EnableDevice", id), "status", "ENABLED");
    assert_string_equal(last_audit(w)->action, "EnabledDevice");
}

static void an_action_is_refused_when_the_object_has_changed(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    ProtobufCMessage *request = world_make(w, "DisableDevice", "id", id, NULL);

    assert_status(world_call_with(w, "DisableDevice", w->made.api_token, request,
                                  (struct call_extra){.if_match = "\"1\""}),
                  STATUS_ABORTED);
    assert_field(w, get_device(w, id), "status", "ENABLED");
}

static void a_clone_is_told_as_a_copy(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply copy;

    assert_ok(call_id(w, "DisableDevice", id));
    next_millisecond();
    copy = world_call(w, "CloneDevice", w->made.api_token,
                      world_make(w, "CloneDevice", "id", id, "name", " edge-2 ", NULL));
    assert_field(w, copy, "name", "edge-2");
    assert_field(w, copy, "status", "DISABLED");
    assert_string_not_equal(get_cstr(w, copy, "id"), id);
    assert_string_equal(last_audit(w)->description,
                        "Created the device \"edge-2\" as a copy of \"edge-1\".");
    assert_string_equal(last_audit(w)->object_name, "edge-2");
    assert_violation(world_call(w, "CloneDevice", w->made.api_token,
                                world_make(w, "CloneDevice", "id", id, "name", "e", NULL)),
                     "name");
}

static void a_clone_needs_the_permission_to_read(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    const char *role = make_role(w, "creates alone", "devices.create", NULL);
    struct slice token = token_value(w, make_token(w, "creator", role));

    assert_status(world_call(w, "CloneDevice", token,
                             world_make(w, "CloneDevice", "id", id, "name", "edge-2", NULL)),
                  STATUS_PERMISSION_DENIED);
}

static void a_batch_beyond_its_bytes_says_how_many_fit(void **state)
{
    struct world *w = *state;
    const struct method *create = world_method(w, "CreateDevice");
    const struct message_type *device = create->resource->message;
    const struct field *labels = message_field_by_name(device, SLICE("labels"));
    ProtobufCMessage *batch = world_make(w, "BatchGetDevices", NULL);
    struct reply reply;
    char value[256];

    memset(value, 'x', sizeof(value) - 1);
    value[255] = '\0';
    for (int i = 0; i < 80; i++) {
        ProtobufCMessage *request = world_make(w, "CreateDevice", "device.name",
                                               arena_printf(&w->arena, "large-%d", i).data, NULL);
        ProtobufCMessage *message = field_get_message(request, create->resource);
        size_t capacity = 0;

        for (int k = 0; k < 64; k++) {
            ProtobufCMessage *entry = message_new(&w->arena, labels->message);

            field_set_string(&w->arena, entry, message_field_by_number(labels->message, 1),
                             arena_printf(&w->arena, "k%d", k));
            field_set_string(&w->arena, entry, message_field_by_number(labels->message, 2),
                             slice_from_cstr(value));
            *(ProtobufCMessage **)field_append(&w->arena, message, labels, &capacity) = entry;
        }
        reply = world_call(w, "CreateDevice", w->made.api_token, request);
        assert_ok(reply);
        world_set(&w->arena, world_method(w, "BatchGetDevices")->input, batch, "ids",
                  get_cstr(w, reply, "id"));
    }
    reply = world_call(w, "BatchGetDevices", w->made.api_token, batch);
    assert_status(reply, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(reply.status.message.data,
                        "The objects together exceed 1 MiB: the first 61 of these ids fit.");
}

static const char *upper(struct world *w, const char *text)
{
    char *copy = arena_cstr(&w->arena, slice_from_cstr(text));

    for (char *at = copy; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return copy;
}

static void each_object_of_a_batch_has_an_audit_row(void **state)
{
    struct world *w = *state;
    const char *first = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    const char *second = get_cstr(w, create_device(w, "edge-2", NULL), "id");
    struct reply logs;

    assert_violation(world_call(w, "BatchDeleteDevices", w->made.api_token,
                                ids_request(w, "BatchDeleteDevices", first, upper(w, first))),
                     "ids[1]");
    assert_ok(world_call(w, "BatchDeleteDevices", w->made.api_token,
                         ids_request(w, "BatchDeleteDevices", first, second)));
    assert_status(get_device(w, first), STATUS_NOT_FOUND);
    logs = call_id(w, "ListDeviceActivityLogs", first);
    assert_field(w, logs, "activityLogs.0.action", "DeletedDevice");
    logs = call_id(w, "ListDeviceActivityLogs", second);
    assert_field(w, logs, "activityLogs.0.action", "DeletedDevice");
    assert_field(w, logs, "activityLogs.1.changes.0.path", "name");
}

static void a_batch_is_of_one_revision(void **state)
{
    struct world *w = *state;
    const char *first = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct reply second = create_device(w, "edge-2", NULL);
    struct reply both = world_call(
        w, "BatchGetDevices", w->made.api_token,
        ids_request(w, "BatchGetDevices", get_cstr(w, second, "id"), first));

    assert_field(w, both, "devices.0.name", "edge-2");
    assert_field(w, both, "devices.1.name", "edge-1");
    assert_field(w, both, "revision", get_cstr(w, second, "etag"));
}

#ifdef DATASTREAM_FAULTS

static void every_failed_allocation_is_answered(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *id = get_cstr(w, create_device(w, "edge-1", director), "id");
    const char *other = get_cstr(w, create_device(w, "edge-2", director), "id");
    unsigned long number;

    for (number = 1;
         call_failing(w, number, "DisableDevice", world_make(w, "DisableDevice", "id", id, NULL));
         number++)
        ;
    assert_true(number > 10);
    for (number = 1;
         call_failing(w, number, "CloneDevice",
                      world_make(w, "CloneDevice", "id", id, "name",
                                 arena_printf(&w->arena, "copy-%lu", number).data, NULL));
         number++)
        ;
    assert_true(number > 10);
    for (number = 1; call_failing(w, number, "GetDirectorUsage",
                                  world_make(w, "GetDirectorUsage", "id", director, NULL));
         number++)
        ;
    for (number = 1; call_failing(w, number, "ListDeviceActivityLogs",
                                  world_make(w, "ListDeviceActivityLogs", "id", id, NULL));
         number++)
        ;
    for (number = 1;
         call_failing(w, number, "BatchGetDevices", ids_request(w, "BatchGetDevices", id, other));
         number++)
        ;
    for (number = 1; call_failing(w, number, "BatchDeleteDevices",
                                  ids_request(w, "BatchDeleteDevices", id, other));
         number++)
        ;
    assert_true(number > 10);
}

#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_start, engine_end)
    const struct CMUnitTest tests[] = {
        TEST(an_action_is_told_by_its_verb_and_written_once),
        TEST(an_action_is_refused_when_the_object_has_changed),
        TEST(a_clone_is_told_as_a_copy),
        TEST(a_clone_needs_the_permission_to_read),
        TEST(a_batch_beyond_its_bytes_says_how_many_fit),
        TEST(each_object_of_a_batch_has_an_audit_row),
        TEST(a_batch_is_of_one_revision),
#ifdef DATASTREAM_FAULTS
        TEST(every_failed_allocation_is_answered),
#endif
    };
    const struct CMUnitTest late_tests[] = {
        TEST(an_action_is_told_by_its_verb_and_written_once),
        TEST(a_clone_is_told_as_a_copy),
        TEST(each_object_of_a_batch_has_an_audit_row),
        TEST(a_batch_is_of_one_revision),
    };
    int failures = cmocka_run_group_tests_name("engine actions", tests, NULL, NULL);

    for (engine_seed = 1; engine_seed <= LATE_SEEDS; engine_seed++)
        failures += cmocka_run_group_tests_name("engine actions over the late store", late_tests,
                                                NULL, NULL);
    return failures;
}
