/* Running calls: validation, reruns, commits, cancellation, and the helpers of handlers. */
#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain.h"
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

static struct slice device_key(struct arena *arena, const struct uuid *organization,
                               const struct uuid *id)
{
    return key_object(arena, organization, DEVICE_KIND, id);
}

static void note_revision(struct call *call, uint64_t revision)
{
    ((struct try *)(void *)call)->committed = revision;
}

/* As a handler that creates does it, without the rest of a device. */
static struct status create_device(struct call *call)
{
    const struct uuid id = uuid_of(0x44);
    const struct uuid *organization = &call->identity.organization;
    struct slice key = device_key(call->arena, organization, &id);
    struct call_audit *audit;

    call->response = message_new(call->arena, call->method->output);
    commit_require_absent(&call->commit, FAMILY_RESOURCES, key);
    commit_put(&call->commit, FAMILY_RESOURCES, key, SLICE("a device"));
    commit_feed(&call->commit, organization, DEVICE_KIND, &id, CHANGE_CREATED);
    audit = call_audit_add(call, "CreatedDevice",
                           contract_kind(call_contract(call), SLICE("devices")), &id,
                           SLICE("edge"));
    if (audit == NULL)
        return status_out_of_memory();
    audit->description = SLICE("Created the device.");
    call_note_change(call->arena, &audit->changes, SLICE("name"), SLICE_EMPTY, SLICE("\"edge\""));
    call_note_change(call->arena, &audit->changes, SLICE("tags"), SLICE("[]"), SLICE("[\"a\"]"));
    call->committed = note_revision;
    return status_ok();
}

static bool device_is_there(void)
{
    const struct uuid organization = uuid_of(0x11);
    const struct uuid id = uuid_of(0x44);
    struct fixture *f = &stage.scene.fixture;

    return is_there(f, FAMILY_RESOURCES, device_key(&f->arena, &organization, &id));
}

static void create_with(struct try *t, call_handler *handler)
{
    stage.handler = handler;
    try_init(t, &stage, stage_method(&stage, "CreateDevice"));
}

static struct status create_to_the_end(struct try *t)
{
    return try_call(t, 1, device_request(&stage, "edge"));
}

/* -- commits ------------------------------------------------------------------------------- */

static void a_change_is_committed_with_its_audit_row(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;
    struct try t;

    (void)state;
    create_with(&t, create_device);
    assert_code(create_to_the_end(&t), STATUS_OK);
    assert_non_null(t.call.response);
    assert_true(t.committed > 0 && t.committed == t.call.commit.revision);
    assert_true(device_is_there());
    record = audit_record_of(&stage, DEVICE_KIND, uuid_of(0x44), 0);
    assert_non_null(record);
    assert_string_equal(record->actor, "token:77777777-7777-7777-7777-777777770001");
    assert_string_equal(record->action, "CreatedDevice");
    assert_string_equal(record->method, "datastream.v1.DeviceService/CreateDevice");
    assert_string_equal(record->kind, "devices");
    assert_string_equal(record->object_id, "44444444-4444-4444-4444-444444444444");
    assert_string_equal(record->object_name, "edge");
    assert_string_equal(record->source_ip, "203.0.113.9");
    assert_string_equal(record->user_agent, "a test");
    assert_string_equal(record->request_id, "request-1");
    assert_int_equal(record->time_ms, t.call.now_ms);
    assert_int_equal(record->outcome, 0);
    assert_int_equal(record->n_changes, 2);
    assert_string_equal(record->changes[0]->path, "name");
    assert_string_equal(record->changes[0]->before, "");
    assert_string_equal(record->changes[0]->after, "\"edge\"");
    assert_string_equal(record->changes[1]->path, "tags");
    try_done(&t);
}

static void texts_of_outsiders_are_stored_as_utf8(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;
    char long_name[1000];
    struct try t;

    (void)state;
    memset(long_name, 'n', sizeof(long_name));
    create_with(&t, create_device);
    t.call.user_agent = SLICE("caf\xe9/1 \xff");
    t.call.request_id = slice_make(long_name, sizeof(long_name));
    assert_code(create_to_the_end(&t), STATUS_OK);
    record = audit_record_of(&stage, DEVICE_KIND, uuid_of(0x44), 0);
    assert_string_equal(record->user_agent, "caf?/1 ?");
    assert_int_equal(strlen(record->request_id), 512);
    try_done(&t);
}

static struct status only_answer(struct call *call)
{
    call->response = message_new(call->arena, call->method->output);
    call->committed = note_revision;
    return status_ok();
}

static void an_empty_commit_is_not_made(void **state)
{
    uint64_t before = store_revision(stage.scene.fixture.store);
    struct try t;

    (void)state;
    create_with(&t, only_answer);
    assert_code(create_to_the_end(&t), STATUS_OK);
    assert_int_equal(t.committed, 0);
    assert_int_equal(store_revision(stage.scene.fixture.store), before);
    try_done(&t);
}

static struct status refuse_after_filling(struct call *call)
{
    create_device(call);
    return status_const(STATUS_ALREADY_EXISTS, SLICE("There is one."));
}

static void what_a_handler_refuses_is_not_committed(void **state)
{
    struct try t;

    (void)state;
    create_with(&t, refuse_after_filling);
    assert_code(create_to_the_end(&t), STATUS_ALREADY_EXISTS);
    assert_null(t.call.response);
    assert_false(device_is_there());
    try_done(&t);
}

static struct status answer_nothing(struct call *call)
{
    (void)call;
    return status_ok();
}

static void an_answer_must_be_there(void **state)
{
    struct try t;

    (void)state;
    create_with(&t, answer_nothing);
    assert_code(create_to_the_end(&t), STATUS_INTERNAL);
    try_done(&t);
}

static void a_store_that_takes_no_changes_is_unavailable(void **state)
{
    struct try t;

    (void)state;
    chain_loop_free(stage.loop);
    stage.scene.fixture.options.read_only = true;
    fixture_reopen(&stage.scene.fixture);
    stage_restart_chain(&stage);
    create_with(&t, create_device);
    assert_code(create_to_the_end(&t), STATUS_UNAVAILABLE);
    assert_int_equal(t.committed, 0);
    try_done(&t);
}

/* -- conflicts ----------------------------------------------------------------------------- */

/* What another caller does while the handler runs, `times` times. */
struct meddler {
    unsigned times;
    void (*meddle)(void);
};

static struct status meddled_create(struct call *call)
{
    struct try *t = (void *)call;
    struct meddler *meddler = t->context;
    struct status status;
    struct slice key = SLICE("what the handler read");
    struct slice value;
    struct record record = {0};
    enum store_found found = store_get(call->view, FAMILY_RESOURCES, key, &value);

    if (found != STORE_FOUND)
        return call_store_status(found);
    assert_true(record_parse(value, &record));
    commit_require_revision(&call->commit, FAMILY_RESOURCES, key, record.revision);
    status = create_device(call);
    if (meddler->times > 0) {
        meddler->times--;
        meddler->meddle();
    }
    return status;
}

static void change_what_was_read(void)
{
    put(&stage.scene.fixture, FAMILY_RESOURCES, SLICE("what the handler read"), SLICE("new"));
}

static void revoke_the_caller(void)
{
    put_facts(&stage.scene, 1, (struct facts_of){.disabled = true});
}

static void take_the_permission(void)
{
    put_role(&stage.scene, uuid_of(0x22), "devices.read", NULL);
}

static void a_conflict_runs_the_handler_again(void **state)
{
    struct meddler meddler = {3, change_what_was_read};
    struct try t;

    (void)state;
    change_what_was_read();
    create_with(&t, meddled_create);
    t.context = &meddler;
    assert_code(create_to_the_end(&t), STATUS_OK);
    assert_true(t.call.runs >= 4);
    assert_true(device_is_there());
    assert_null(audit_record_of(&stage, DEVICE_KIND, uuid_of(0x44), 1));
    try_done(&t);
}

static void endless_conflicts_are_aborted(void **state)
{
    struct meddler meddler = {UINT32_MAX, change_what_was_read};
    struct try t;

    (void)state;
    change_what_was_read();
    create_with(&t, meddled_create);
    t.context = &meddler;
    assert_code(create_to_the_end(&t), STATUS_ABORTED);
    assert_int_equal(t.call.runs, 64);
    assert_false(device_is_there());
    try_done(&t);
}

static void a_caller_who_is_revoked_meanwhile_changes_nothing(void **state)
{
    static const struct {
        void (*meddle)(void);
        enum status_code wanted;
    } rows[] = {
        {revoke_the_caller, STATUS_UNAUTHENTICATED},
        {take_the_permission, STATUS_PERMISSION_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct meddler meddler = {1, rows[i].meddle};
        struct try t;

        put_role(&stage.scene, uuid_of(0x22), "devices.create", NULL);
        put_facts(&stage.scene, 1, (struct facts_of){.role = uuid_of(0x22)});
        change_what_was_read();
        create_with(&t, meddled_create);
        t.context = &meddler;
        assert_code(create_to_the_end(&t), rows[i].wanted);
        assert_false(device_is_there());
        try_done(&t);
    }
}

static void another_verb_of_a_known_path_asks_for_no_more_than_a_valid_token(void **state)
{
    struct try t;

    (void)state;
    put_role(&stage.scene, uuid_of(0x22), "devices.read", NULL);
    put_facts(&stage.scene, 1, (struct facts_of){.role = uuid_of(0x22)});
    create_with(&t, create_device);
    assert_code(try_open(&t, 1), STATUS_PERMISSION_DENIED);
    try_done(&t);
    create_with(&t, create_device);
    t.call.is_other_verb = true;
    assert_code(try_open(&t, 1), STATUS_OK);
    try_done(&t);
    create_with(&t, create_device);
    t.call.is_other_verb = true;
    assert_code(try_open_header(&t, NULL), STATUS_UNAUTHENTICATED);
    try_done(&t);
}

/* -- cancellation -------------------------------------------------------------------------- */

static struct status create_and_cancel(struct call *call)
{
    call->cancelled = true;
    return create_device(call);
}

static void a_cancelled_call_stops(void **state)
{
    struct try t;

    (void)state;
    create_with(&t, create_device);
    assert_code(try_open(&t, 1), STATUS_OK);
    t.call.cancelled = true;
    assert_code(try_dispatch(&t, device_request(&stage, "edge")), STATUS_CANCELLED);
    assert_int_equal(t.runs, 0);
    try_done(&t);
    create_with(&t, create_device);
    t.call.cancelled = true;
    assert_code(try_open(&t, 1), STATUS_CANCELLED);
    try_done(&t);
    assert_false(device_is_there());
}

/* The late engine may answer a conflict instead: then nothing was made. */
static void what_is_durable_is_answered_even_when_cancelled(void **state)
{
    struct status status;
    struct try t;

    (void)state;
    create_with(&t, create_and_cancel);
    status = create_to_the_end(&t);
    assert_code(status, device_is_there() ? STATUS_OK : STATUS_CANCELLED);
    assert_int_equal(device_is_there(), t.committed != 0);
    try_done(&t);
}

/* -- misses -------------------------------------------------------------------------------- */

/* Reads one key after the other, each known only by the one before. */
static struct status read_in_turn(struct call *call)
{
    struct slice key = SLICE("step 0");

    for (int i = 0; i < 5; i++) {
        struct slice value;
        struct record record;
        enum store_found found = store_get(call->view, FAMILY_RESOURCES, key, &value);

        if (found != STORE_FOUND)
            return call_store_status(found);
        assert_true(record_parse(value, &record));
        key = record.body;
    }
    call->response = message_new(call->arena, call->method->output);
    return status_ok();
}

static void a_missed_key_is_fetched_and_the_handler_run_again(void **state)
{
    bool late = *(const bool *)*state;
    struct try t;

    for (int i = 0; i < 5; i++)
        put(&stage.scene.fixture, FAMILY_RESOURCES, arena_printf(&stage.arena, "step %d", i),
            arena_printf(&stage.arena, "step %d", i + 1));
    create_with(&t, read_in_turn);
    assert_code(create_to_the_end(&t), STATUS_OK);
    assert_int_equal(t.runs, late ? 6 : 1);
    assert_int_equal(t.call.runs, 1);
    try_done(&t);
}

static struct status read_something_else(struct call *call)
{
    struct slice value;

    call->response = message_new(call->arena, call->method->output);
    store_get(call->view, FAMILY_RESOURCES,
              arena_printf(call->arena, "run %u", ((struct try *)(void *)call)->runs), &value);
    return status_ok();
}

static void endless_misses_end(void **state)
{
    bool late = *(const bool *)*state;
    struct try t;

    create_with(&t, read_something_else);
    assert_code(create_to_the_end(&t), late ? STATUS_UNAVAILABLE : STATUS_OK);
    try_done(&t);
}

/* -- validation ---------------------------------------------------------------------------- */

static struct status call_once(const char *method, ProtobufCMessage *request, unsigned *ret_runs)
{
    struct status status;
    struct try t;

    stage.handler = only_answer;
    try_init(&t, &stage, stage_method(&stage, method));
    status = try_call(&t, 1, request);
    if (!status_is_ok(status) && status.details != NULL) {
        assert_int_equal(status.details->type, DETAIL_FIELD_VIOLATION);
        status.message = arena_printf(&stage.arena, "%.*s %.*s", SLICE_ARG(status.details->subject),
                                      SLICE_ARG(status.details->description));
    }
    *ret_runs = t.runs;
    try_done(&t);
    return status;
}

static void an_invalid_request_reaches_no_handler(void **state)
{
    const struct method *list = stage_method(&stage, "ListDevices");
    ProtobufCMessage *request = message_new(&stage.arena, list->input);
    struct status status;
    unsigned runs;

    (void)state;
    field_set_int(request, list->page_size, 1001);
    status = call_once("ListDevices", request, &runs);
    assert_code(status, STATUS_INVALID_ARGUMENT);
    assert_slice_equal(status.message, SLICE("pageSize must be from 0 to 1000"));
    assert_int_equal(runs, 0);
    status = call_once("CreateDevice", empty_request(&stage, "CreateDevice"), &runs);
    assert_code(status, STATUS_INVALID_ARGUMENT);
    assert_slice_equal(status.message, SLICE("device is required"));
    assert_int_equal(runs, 0);
}

static void a_resource_is_left_to_its_handler(void **state)
{
    unsigned runs;

    (void)state;
    assert_code(call_once("CreateDevice", device_request(&stage, "x"), &runs), STATUS_OK);
    assert_int_equal(runs, 1);
}

/* -- purity -------------------------------------------------------------------------------- */

struct seen {
    int64_t now_ms;
    uint8_t random[64];
    unsigned looks;
    bool differed;
};

static struct status look_at_time_and_chance(struct call *call)
{
    struct try *t = (void *)call;
    struct seen *seen = t->context;

    if (seen->looks > 0 && (seen->now_ms != call->now_ms ||
                            memcmp(seen->random, call->random, sizeof(seen->random)) != 0))
        seen->differed = true;
    seen->now_ms = call->now_ms;
    memcpy(seen->random, call->random, sizeof(seen->random));
    if (++seen->looks < 3)
        change_what_was_read();
    return create_device(call);
}

static struct status conflict_twice(struct call *call)
{
    struct slice value;
    struct record record = {0};
    enum store_found found = store_get(call->view, FAMILY_RESOURCES, SLICE("what the handler read"),
                                       &value);

    if (found != STORE_FOUND)
        return call_store_status(found);
    assert_true(record_parse(value, &record));
    commit_require_revision(&call->commit, FAMILY_RESOURCES, SLICE("what the handler read"),
                            record.revision);
    return look_at_time_and_chance(call);
}

static void each_run_sees_the_same_time_and_chance(void **state)
{
    struct seen seen = {0};
    struct try t;

    (void)state;
    change_what_was_read();
    create_with(&t, conflict_twice);
    t.context = &seen;
    assert_code(create_to_the_end(&t), STATUS_OK);
    assert_true(seen.looks >= 3);
    assert_false(seen.differed);
    try_done(&t);
}

static void ids_sort_by_the_order_of_the_calls(void **state)
{
    struct uuid before = {{0}};

    (void)state;
    for (int i = 0; i < 50; i++) {
        struct uuid id;
        struct try t;

        create_with(&t, only_answer);
        assert_code(create_to_the_end(&t), STATUS_OK);
        id = uuid_make(t.call.now_ms, t.call.random);
        assert_true(memcmp(before.bytes, id.bytes, sizeof(id.bytes)) < 0);
        before = id;
        try_done(&t);
    }
}

/* -- memory -------------------------------------------------------------------------------- */

#ifdef DATASTREAM_FAULTS
static void forget_device(void)
{
    const struct uuid organization = uuid_of(0x11);
    const struct uuid id = uuid_of(0x44);
    struct fixture *f = &stage.scene.fixture;

    erase(f, FAMILY_RESOURCES, device_key(&f->arena, &organization, &id));
}

static void fill_the_answer(struct call *call, uint64_t revision)
{
    note_revision(call, revision);
    call_etag(call->arena, revision);
}

static struct status create_and_fill(struct call *call)
{
    struct status status = create_device(call);

    call->committed = fill_the_answer;
    return status;
}

/* Runs with allocation `number` failing; false when there was none of that number. */
static bool create_failing(unsigned long number, bool onward)
{
    ProtobufCMessage *request = device_request(&stage, "edge");
    struct status status;
    bool failed;
    struct try t;

    create_with(&t, create_and_fill);
    assert_code(try_open(&t, 1), STATUS_OK);
    arena_fault_set(number, onward);
    status = try_dispatch(&t, request);
    failed = arena_fault_count() >= number;
    arena_fault_set(0, false);
    assert_int_equal(device_is_there(), t.committed != 0);
    if (!failed)
        assert_code(status, STATUS_OK);
    else
        assert_code(status, device_is_there() ? STATUS_INTERNAL : STATUS_RESOURCE_EXHAUSTED);
    if (failed && device_is_there())
        assert_slice_equal(status.message, SLICE(STORED_TEXT));
    if (device_is_there())
        forget_device();
    try_done(&t);
    return failed;
}

static void without_memory_nothing_is_half_done(void **state)
{
    (void)state;
    for (int onward = 0; onward <= 1; onward++) {
        unsigned long number = 1;

        while (create_failing(number, onward))
            number++;
        assert_true(number > 20);
    }
}
#endif

/* -- helpers ------------------------------------------------------------------------------- */

static void if_match_compares_the_revision(void **state)
{
    static const struct {
        const char *value;
        bool matches;
    } rows[] = {
        {NULL, true},       {"\"42\"", true},          {"42", true},
        {"*", true},        {"\"41\", \"42\"", true},  {"\"41\",42", true},
        {"\"41\"", false},  {"W/\"42\"", false},       {"", false},
        {"\"042\"", false}, {"\"42", false},           {"\"41\", \"43\"", false},
        {"\"*\"", false},   {"\"a,42\"", false},       {"\"a,42,b\"", false},
        {"\"a, \"", false}, {"\"a,b\", \"42\"", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct status status;
        struct try t;

        create_with(&t, only_answer);
        t.call.if_match = slice_from_cstr(rows[i].value);
        status = call_check_etag(&t.call, 42);
        if (status_is_ok(status) != rows[i].matches)
            fail_msg("%s", rows[i].value);
        if (!rows[i].matches)
            assert_int_equal(status_http(&status), 412);
        try_done(&t);
    }
    assert_slice_equal(call_etag(&stage.arena, 42), SLICE("42"));
}

static void if_none_match_keeps_writes_from_what_it_names(void **state)
{
    static const struct {
        const char *if_match, *value;
        bool goes_on;
    } rows[] = {
        {NULL, "*", false},
        {NULL, "\"42\"", false},
        {NULL, "W/\"42\"", false},
        {NULL, "\"41\"", true},
        {NULL, "W/", true},
        {NULL, "\"41\", W/\"42\"", false},
        {"\"42\"", "\"41\"", true},
        {"\"42\"", "*", false},
        {NULL, "\"*\"", true},
        {"\"41\"", "\"41\"", false},
        {NULL, "\"zz\", \"42\"", false},
        {NULL, "\"a,42,b\"", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct status status;
        struct try t;

        create_with(&t, only_answer);
        t.call.if_match = slice_from_cstr(rows[i].if_match);
        t.call.if_none_match = slice_from_cstr(rows[i].value);
        status = call_check_etag(&t.call, 42);
        if (status_is_ok(status) != rows[i].goes_on)
            fail_msg("%s", rows[i].value);
        if (!rows[i].goes_on)
            assert_int_equal(status_http(&status), 412);
        try_done(&t);
    }
}

static void not_found_names_kind_and_id(void **state)
{
    const struct kind *kind = contract_kind(stage.scene.contract, SLICE("devices"));
    char endless[300];
    struct status status;
    struct try t;

    (void)state;
    memset(endless, 'i', sizeof(endless));
    create_with(&t, only_answer);
    status = call_not_found(&t.call, kind, SLICE("7"));
    assert_code(status, STATUS_NOT_FOUND);
    assert_slice_equal(status.message, SLICE("There is no device \"7\"."));
    assert_int_equal(status.details->type, DETAIL_RESOURCE_INFO);
    assert_slice_equal(status.details->subject, SLICE("7"));
    assert_slice_equal(status.details->kind, SLICE("devices"));
    status = call_not_found(&t.call, kind, slice_make(endless, sizeof(endless)));
    assert_slice_equal(status.message, SLICE("There is no device \"...\"."));
    try_done(&t);
}

static void actors_have_a_type_and_an_id(void **state)
{
    struct try t;

    (void)state;
    create_with(&t, only_answer);
    assert_slice_equal(call_actor(&t.call), SLICE("anonymous"));
    t.call.identity.type = IDENTITY_SYSTEM;
    assert_slice_equal(call_actor(&t.call), SLICE("system"));
    t.call.identity.type = IDENTITY_TOKEN;
    t.call.identity.id = uuid_of(0xab);
    assert_slice_equal(call_actor(&t.call), SLICE("token:abababab-abab-abab-abab-abababababab"));
    try_done(&t);
}

#define OVER(f) cmocka_unit_test_prestate_setup_teardown(f, start, end, &late)

static int run(bool late)
{
    const struct CMUnitTest tests[] = {
        OVER(a_change_is_committed_with_its_audit_row),
        OVER(texts_of_outsiders_are_stored_as_utf8),
        OVER(an_empty_commit_is_not_made),
        OVER(what_a_handler_refuses_is_not_committed),
        OVER(an_answer_must_be_there),
        OVER(a_conflict_runs_the_handler_again),
        OVER(endless_conflicts_are_aborted),
        OVER(a_caller_who_is_revoked_meanwhile_changes_nothing),
        OVER(another_verb_of_a_known_path_asks_for_no_more_than_a_valid_token),
        OVER(a_cancelled_call_stops),
        OVER(what_is_durable_is_answered_even_when_cancelled),
        OVER(a_missed_key_is_fetched_and_the_handler_run_again),
        OVER(endless_misses_end),
        OVER(an_invalid_request_reaches_no_handler),
        OVER(a_resource_is_left_to_its_handler),
        OVER(each_run_sees_the_same_time_and_chance),
        OVER(ids_sort_by_the_order_of_the_calls),
    };

    return cmocka_run_group_tests_name(late ? "late" : "rocksdb", tests, NULL, NULL);
}

static int run_once(void)
{
    static bool late = false;
    const struct CMUnitTest tests[] = {
        OVER(a_store_that_takes_no_changes_is_unavailable),
#ifdef DATASTREAM_FAULTS
        OVER(without_memory_nothing_is_half_done),
#endif
        OVER(if_match_compares_the_revision),
        OVER(if_none_match_keeps_writes_from_what_it_names),
        OVER(not_found_names_kind_and_id),
        OVER(actors_have_a_type_and_an_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    int failed = run_once() + run(false);

#ifdef DATASTREAM_FAULTS
    failed += run(true);
#endif
    return failed;
}
