/* The commits of calls that change much: their limits, and their audit rows. */
#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "tests/support/stage.h"

static struct stage stage;

static int start(void **state)
{
    stage_start(&stage, *(const bool *)*state);
    put_facts(&stage.scene, 1, (struct facts_of){0});
    return 0;
}

static int end(void **state)
{
    (void)state;
    stage_end(&stage);
    return 0;
}

#define DEVICE_KIND 11

static void create_with(struct try *t, call_handler *handler)
{
    stage.handler = handler;
    try_init(t, &stage, stage_method(&stage, "CreateDevice"));
}

static struct status create_to_the_end(struct try *t)
{
    return try_call(t, 1, device_request(&stage, "edge"));
}

static struct status fill_too_much(struct call *call)
{
    call->response = message_new(call->arena, call->method->output);
    for (int i = 0; i <= COMMIT_OPERATIONS_MOST; i++)
        commit_put(&call->commit, FAMILY_RESOURCES, arena_printf(call->arena, "key %d", i),
                   SLICE("body"));
    return status_ok();
}

static void a_change_beyond_the_limits_is_refused(void **state)
{
    struct try t;

    (void)state;
    create_with(&t, fill_too_much);
    assert_code(create_to_the_end(&t), STATUS_INVALID_ARGUMENT);
    assert_false(is_there(&stage.scene.fixture, FAMILY_RESOURCES, SLICE("key 0")));
    try_done(&t);
}

/* Of two objects, the second of another organization. */
static struct status change_two_objects(struct call *call)
{
    const struct kind *kind = contract_kind(call_contract(call), SLICE("devices"));
    const struct uuid first = uuid_of(0x45);
    const struct uuid second = uuid_of(0x46);
    struct call_audit *row;

    call->response = message_new(call->arena, call->method->output);
    row = call_audit_add(call, "MovedDevice", kind, &first, SLICE("one"));
    if (row != NULL)
        call_note_change(call->arena, &row->changes, SLICE("name"), SLICE_EMPTY, SLICE("\"1\""));
    row = call_audit_add(call, "ReceivedDevice", kind, &second, SLICE("two"));
    if (row != NULL)
        row->organization = uuid_of(0x77);
    commit_put(&call->commit, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    return status_ok();
}

static void a_change_of_many_objects_has_an_audit_row_for_each(void **state)
{
    const struct uuid here = uuid_of(0x11);
    const struct uuid there = uuid_of(0x77);
    const struct uuid second = uuid_of(0x46);
    struct fixture *f = &stage.scene.fixture;
    Datastream__Storage__V1__AuditRecord *record;
    struct actor actor;
    struct try t;

    (void)state;
    create_with(&t, change_two_objects);
    assert_code(create_to_the_end(&t), STATUS_OK);
    actor = call_actor_of(&t.call);
    record = audit_record_of(&stage, DEVICE_KIND, uuid_of(0x45), 0);
    assert_non_null(record);
    assert_string_equal(record->action, "MovedDevice");
    assert_int_equal(record->n_changes, 1);
    assert_null(audit_record_of(&stage, DEVICE_KIND, second, 0));
    assert_true(is_there(f, FAMILY_AUDIT_BY_OBJECT,
                         key_audit_by_object(&f->arena, &there, DEVICE_KIND, &second, 1)));
    assert_int_equal(actor.type, ACTOR_TOKEN);
    assert_true(
        is_there(f, FAMILY_AUDIT_BY_ACTOR, key_audit_by_actor(&f->arena, &here, &actor, 1)));
    assert_true(
        is_there(f, FAMILY_AUDIT_BY_ACTOR, key_audit_by_actor(&f->arena, &there, &actor, 1)));
    try_done(&t);
}

static struct status fill_with_many_objects(struct call *call)
{
    struct uuid id = {{0}};

    call->response = message_new(call->arena, call->method->output);
    for (int i = 0; i < 100; i++) {
        commit_feed(&call->commit, &call->identity.organization, 1, &id, CHANGE_DELETED);
        for (int row = 0; row < 63; row++)
            commit_require_absent(&call->commit, FAMILY_RESOURCES,
                                  arena_printf(call->arena, "key %d %d", i, row));
    }
    return status_ok();
}

static void the_refusal_of_a_large_change_says_how_many_objects_fit(void **state)
{
    struct try t;

    (void)state;
    create_with(&t, fill_with_many_objects);
    assert_code(create_to_the_end(&t), STATUS_INVALID_ARGUMENT);
    assert_slice_equal(
        t.call.status.message,
        SLICE("The change is too large: of its 100 objects, 63 fit into one change."));
    try_done(&t);
}

#define OVER(f) cmocka_unit_test_prestate_setup_teardown(f, start, end, &late)

static int run(bool late)
{
    const struct CMUnitTest tests[] = {
        OVER(a_change_beyond_the_limits_is_refused),
        OVER(the_refusal_of_a_large_change_says_how_many_objects_fit),
        OVER(a_change_of_many_objects_has_an_audit_row_for_each),
    };

    return cmocka_run_group_tests_name(late ? "late" : "rocksdb", tests, NULL, NULL);
}

int main(void)
{
    int failed = run(false);

#ifdef DATASTREAM_FAULTS
    failed += run(true);
#endif
    return failed;
}
