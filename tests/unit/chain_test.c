/* Opening calls: who is let in, what everyone else is told, and what the token's log says of it. */
#include "tests/support/stage.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain.h"

static struct stage stage;

static struct status answer_empty(struct call *call)
{
    call->response = message_new(call->arena, call->method->output);
    return status_ok();
}

static int start(void **state)
{
    stage_start(&stage, *(const bool *)*state);
    stage.handler = answer_empty;
    return 0;
}

static int end(void **state)
{
    (void)state;
    stage_end(&stage);
    return 0;
}

static struct status open_with(const char *method, uint16_t token)
{
    struct status status;
    struct try t;

    try_init(&t, &stage, stage_method(&stage, method));
    status = try_open(&t, token);
    status.message = arena_copy(&stage.arena, status.message);
    try_done(&t);
    return status;
}

/* -- credentials --------------------------------------------------------------------------- */

static void the_scheme_is_bearer_in_any_case(void **state)
{
    static const struct {
        const char *front;
        bool opens;
        bool sent;
    } rows[] = {
        {"Bearer ", true, true},     {"bearer ", true, true},    {"BEARER    ", true, true},
        {" Bearer \t ", true, true}, {"Bearer\t", true, true},   {"Bearer", false, false},
        {"Basic ", false, false},    {"", false, false},         {"Bearer x", false, true},
        {"Token ", false, false},    {"BearerX ", false, false},
    };
    const struct value value = value_of(1);

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){0});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice header = arena_printf(&stage.arena, "%s%.*s", rows[i].front, TOKEN_VALUE_LEN,
                                           value.text);
        struct try t;

        try_init(&t, &stage, stage_method(&stage, "GetDevice"));
        if (status_is_ok(try_open_header(&t, header.data)) != rows[i].opens)
            fail_msg("\"%s\"", rows[i].front);
        if (call__sent_credentials(&t.call) != rows[i].sent)
            fail_msg("sent: \"%s\"", rows[i].front);
        try_done(&t);
    }
}

static void every_cause_has_the_same_answer(void **state)
{
    static const char *const headers[] = {NULL, "", "Bearer", "Bearer nonsense", "Basic YTpi"};

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.disabled = true});
    put_facts(&stage.scene, 2, (struct facts_of){.expire_ms = 1000});
    put_facts(&stage.scene, 3, (struct facts_of){.cidrs = {"10.0.0.0/8"}});
    for (uint16_t token = 1; token <= 4; token++) {
        struct status status = open_with("GetDevice", token);

        assert_code(status, STATUS_UNAUTHENTICATED);
        assert_slice_equal(status.message, SLICE("A valid API token is required."));
        assert_null(status.details);
    }
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct status status;
        struct try t;

        try_init(&t, &stage, stage_method(&stage, "GetDevice"));
        status = try_open_header(&t, headers[i]);
        assert_code(status, STATUS_UNAUTHENTICATED);
        assert_slice_equal(status.message, SLICE("A valid API token is required."));
        assert_null(status.details);
        try_done(&t);
    }
}

/* -- permissions --------------------------------------------------------------------------- */

static void what_the_role_lacks_is_named(void **state)
{
    struct status status;
    struct try t;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(7)}); /* API Reader */
    assert_code(open_with("GetDevice", 1), STATUS_OK);
    try_init(&t, &stage, stage_method(&stage, "CreateDevice"));
    status = try_open(&t, 1);
    assert_code(status, STATUS_PERMISSION_DENIED);
    assert_slice_equal(status.message, SLICE("Permission \"devices.create\" is required."));
    assert_non_null(status.details);
    assert_int_equal(status.details->type, DETAIL_ERROR_INFO);
    assert_slice_equal(status.details->subject, SLICE("PERMISSION_DENIED"));
    assert_slice_equal(status.details->kind, SLICE("permission"));
    assert_slice_equal(status.details->description, SLICE("devices.create"));
    try_done(&t);
}

static void allow_self_opens_without_the_permission(void **state)
{
    struct try t;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(8)}); /* API Verifier */
    put_facts(&stage.scene, 2, (struct facts_of){0});
    for (uint16_t token = 1; token <= 2; token++) {
        try_init(&t, &stage, stage_method(&stage, "DeleteApiToken"));
        assert_code(try_open(&t, token), STATUS_OK);
        assert_int_equal(call_may(&t.call), token == 2);
        try_done(&t);
    }
    assert_code(open_with("EnableApiToken", 1), STATUS_PERMISSION_DENIED);
}

static void access_goes_before_permissions(void **state)
{
    struct method method = *stage_method(&stage, "GetDevice");
    struct try t;

    (void)state;
    method.permission = NULL;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(8)});
    method.access = ACCESS_AUTHENTICATED;
    try_init(&t, &stage, &method);
    assert_code(try_open(&t, 1), STATUS_OK);
    assert_int_equal(t.call.identity.type, IDENTITY_TOKEN);
    try_done(&t);
    try_init(&t, &stage, &method);
    assert_code(try_open(&t, 2), STATUS_UNAUTHENTICATED);
    try_done(&t);
    method.access = ACCESS_PUBLIC;
    try_init(&t, &stage, &method);
    assert_code(try_open_header(&t, NULL), STATUS_OK);
    assert_int_equal(t.call.identity.type, IDENTITY_ANONYMOUS);
    assert_code(try_dispatch(&t, text_request(&stage, "GetDevice", "id", "x")), STATUS_OK);
    try_done(&t);
}

/* -- before the method runs ---------------------------------------------------------------- */

/* Opens, lets `change` happen, and runs. */
static struct status run_after(void (*change)(void))
{
    struct status status;
    struct try t;

    put_role(&stage.scene, uuid_of(0x22), "devices.read", NULL);
    put_facts(&stage.scene, 1,
              (struct facts_of){.role = uuid_of(0x22), .expire_ms = clock_wall_ms() + 60000});
    try_init(&t, &stage, stage_method(&stage, "GetDevice"));
    assert_code(try_open(&t, 1), STATUS_OK);
    change();
    status = try_dispatch(&t, text_request(&stage, "GetDevice", "id", "x"));
    assert_int_equal(t.runs, status_is_ok(status));
    try_done(&t);
    return status;
}

static void change_nothing(void)
{
    put(&stage.scene.fixture, FAMILY_RESOURCES, SLICE("a key"), SLICE("a body"));
}

static void change_token(void)
{
    put_facts(&stage.scene, 1, (struct facts_of){.disabled = true});
}

static void change_role(void)
{
    put_role(&stage.scene, uuid_of(0x22), "devices.create", NULL);
}

static void identity_is_judged_again_before_the_method_runs(void **state)
{
    (void)state;
    assert_code(run_after(change_nothing), STATUS_OK);
    assert_code(run_after(change_token), STATUS_UNAUTHENTICATED);
    assert_code(run_after(change_role), STATUS_PERMISSION_DENIED);
}

#ifdef DATASTREAM_FAULTS
static void pass_a_minute(void)
{
    clock_step_wall_ms(60001);
}

static void a_token_that_expired_meanwhile_is_refused(void **state)
{
    (void)state;
    assert_code(run_after(pass_a_minute), STATUS_UNAUTHENTICATED);
}
#endif

/* -- refusals in the log ------------------------------------------------------------------- */

static void a_refusal_is_written_at_once(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(7)});
    assert_code(open_with("CreateDevice", 1), STATUS_PERMISSION_DENIED);
    record = audit_record_wait(&stage, TOKEN_KIND, token_id(1), 0);
    assert_non_null(record);
    assert_string_equal(record->action, "DeniedCreateDevice");
    assert_string_equal(record->method, "datastream.v1.DeviceService/CreateDevice");
    assert_string_equal(record->actor, "token:77777777-7777-7777-7777-777777770001");
    assert_string_equal(record->kind, "api-tokens");
    assert_string_equal(record->object_id, "77777777-7777-7777-7777-777777770001");
    assert_string_equal(record->source_ip, "203.0.113.9");
    assert_string_equal(record->user_agent, "a test");
    assert_string_equal(record->request_id, "request-1");
    assert_string_equal(record->description, "Permission \"devices.create\" is required.");
    assert_int_equal(record->outcome, STATUS_PERMISSION_DENIED);
    assert_int_equal(record->count, 0);
}

static void a_use_from_outside_is_written(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.cidrs = {"10.0.0.0/8"}});
    assert_code(open_with("GetDevice", 1), STATUS_UNAUTHENTICATED);
    record = audit_record_wait(&stage, TOKEN_KIND, token_id(1), 0);
    assert_non_null(record);
    assert_string_equal(record->action, "DeniedGetDevice");
    assert_int_equal(record->outcome, STATUS_UNAUTHENTICATED);
}

static void a_use_of_a_token_that_is_disabled_or_expired_is_written(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.disabled = true});
    put_facts(&stage.scene, 2, (struct facts_of){.expire_ms = 1});
    for (uint8_t token = 1; token <= 2; token++) {
        assert_code(open_with("GetDevice", token), STATUS_UNAUTHENTICATED);
        record = audit_record_wait(&stage, TOKEN_KIND, token_id(token), 0);
        assert_non_null(record);
        assert_string_equal(record->action, "DeniedGetDevice");
        assert_int_equal(record->outcome, STATUS_UNAUTHENTICATED);
    }
}

static void equal_refusals_become_one_row(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(7)});
    for (int i = 0; i < 6; i++)
        assert_code(open_with("CreateDevice", 1), STATUS_PERMISSION_DENIED);
    assert_code(open_with("DeleteDevice", 1), STATUS_PERMISSION_DENIED); /* a window of its own */
    assert_non_null(audit_record_wait(&stage, TOKEN_KIND, token_id(1), 1));
    assert_null(audit_record_of(&stage, TOKEN_KIND, token_id(1), 2));
    chain_loop_free(stage.loop);
    stage.loop = NULL;
    record = audit_record_wait(&stage, TOKEN_KIND, token_id(1), 2);
    assert_non_null(record);
    assert_string_equal(record->action, "DeniedCreateDevice");
    assert_string_equal(record->source_ip, "203.0.113.9");
    assert_int_equal(record->outcome, STATUS_PERMISSION_DENIED);
    assert_int_equal(record->count, 5);
    assert_null(audit_record_of(&stage, TOKEN_KIND, token_id(1), 3));
}

static void refusals_for_two_reasons_are_two_rows(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.cidrs = {"10.0.0.0/8"}});
    assert_code(open_with("GetDevice", 1), STATUS_UNAUTHENTICATED);
    put_facts(&stage.scene, 1, (struct facts_of){.disabled = true});
    assert_code(open_with("GetDevice", 1), STATUS_UNAUTHENTICATED);
    record = audit_record_wait(&stage, TOKEN_KIND, token_id(1), 1);
    assert_non_null(record);
    assert_non_null(strstr(record->description, "disabled"));
}

#ifdef DATASTREAM_FAULTS
static void a_window_ends_after_a_minute(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(7)});
    for (int i = 0; i < 3; i++)
        assert_code(open_with("CreateDevice", 1), STATUS_PERMISSION_DENIED);
    clock_step_wall_ms(60001);
    assert_code(open_with("GetDevice", 1), STATUS_OK); /* any call looks after the windows */
    record = audit_record_wait(&stage, TOKEN_KIND, token_id(1), 1);
    assert_non_null(record);
    assert_int_equal(record->count, 2);
    assert_code(open_with("CreateDevice", 1), STATUS_PERMISSION_DENIED); /* the first again */
    assert_non_null(audit_record_wait(&stage, TOKEN_KIND, token_id(1), 2));
}

/* A loop that nobody calls any more still writes what it counted. */
static void a_window_ends_without_a_further_call(void **state)
{
    Datastream__Storage__V1__AuditRecord *record;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(7)});
    for (int i = 0; i < 3; i++)
        assert_code(open_with("CreateDevice", 1), STATUS_PERMISSION_DENIED);
    chain_loop_flush(stage.loop);
    clock_step_wall_ms(60001);
    chain_loop_flush(stage.loop);
    record = audit_record_wait(&stage, TOKEN_KIND, token_id(1), 1);
    assert_non_null(record);
    assert_int_equal(record->count, 2);
    assert_null(audit_record_of(&stage, TOKEN_KIND, token_id(1), 2));
}

static void *flush_on(void *stopped)
{
    while (!atomic_load((atomic_bool *)stopped))
        chain_loop_flush(stage.loop);
    return NULL;
}

/* How many refusals the token's rows stand for. */
static int refusals_told(struct uuid token)
{
    Datastream__Storage__V1__AuditRecord *record;
    int sum = 0;

    for (size_t i = 0; (record = audit_record_of(&stage, TOKEN_KIND, token, i)) != NULL; i++)
        sum += record->count == 0 ? 1 : record->count;
    return sum;
}

static void no_refusal_is_lost_or_told_twice_while_another_thread_flushes(void **state)
{
    atomic_bool stopped = false;
    pthread_t flusher;
    int sum = 0;

    (void)state;
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(7)});
    assert_int_equal(pthread_create(&flusher, NULL, flush_on, &stopped), 0);
    for (int i = 0; i < 90; i++) {
        assert_code(open_with("CreateDevice", 1), STATUS_PERMISSION_DENIED);
        if (i % 3 == 2)
            clock_step_wall_ms(60001);
    }
    atomic_store(&stopped, true);
    pthread_join(flusher, NULL);
    chain_loop_flush(stage.loop);
    for (int i = 0; i < 1000 && sum < 90; i++) {
        sum = refusals_told(token_id(1));
        if (sum < 90)
            usleep(5000);
    }
    assert_int_equal(sum, 90);
}
#endif

static void windows_are_bounded_and_those_that_go_are_written(void **state)
{
    (void)state;
    for (uint16_t token = 0; token < 1100; token++) {
        put_facts(&stage.scene, token, (struct facts_of){.role = predefined_id(8)});
        for (int i = 0; i < 2; i++)
            assert_code(open_with("GetDevice", token), STATUS_PERMISSION_DENIED);
    }
    /* the windows that had to go were written: both rows of the oldest are there */
    assert_non_null(audit_record_wait(&stage, TOKEN_KIND, token_id(0), 1));
}

/* -- memory -------------------------------------------------------------------------------- */

#ifdef DATASTREAM_FAULTS
/* Opens with allocation `number` failing; false when there was none of that number. */
static bool open_failing(const char *method, enum status_code wanted, unsigned long number,
                         bool onward)
{
    struct status status;
    bool failed;
    struct try t;

    try_init(&t, &stage, stage_method(&stage, method));
    put_facts(&stage.scene, 1, (struct facts_of){.role = predefined_id(7)}); /* not remembered */
    arena_fault_set(number, onward);
    status = try_open(&t, 1);
    failed = arena_fault_count() >= number;
    arena_fault_set(0, false);
    /* a refusal stands even where its row in the log found no memory */
    if (!failed || status.code == STATUS_PERMISSION_DENIED)
        assert_code(status, wanted);
    else if (status.code != STATUS_UNAVAILABLE)
        assert_code(status, STATUS_RESOURCE_EXHAUSTED);
    try_done(&t);
    return failed;
}

static void without_memory_no_call_opens(void **state)
{
    unsigned long number;

    (void)state;
    for (int onward = 0; onward <= 1; onward++) {
        for (number = 1; open_failing("GetDevice", STATUS_OK, number, onward); number++)
            continue;
        assert_true(number > 4);
        for (number = 1; open_failing("CreateDevice", STATUS_PERMISSION_DENIED, number, onward);
             number++)
            continue;
        assert_true(number > 8);
    }
}
#endif

/* -- making a chain ------------------------------------------------------------------------ */

static struct status new_chain(const struct handler_entry *rows, call_handler *const *operations)
{
    const struct chain_options options = {
        .contract = stage.scene.contract,
        .store = stage.scene.fixture.store,
        .identities = stage.scene.registry,
        .settings = &stage.settings,
        .handlers = rows,
        .operations = operations,
    };
    struct chain *chain;

    return chain_new(&options, &stage.arena, &chain);
}

static void a_method_without_a_handler_stops_the_start(void **state)
{
    call_handler *operations[OPERATIONS] = {NULL};
    struct handler_entry *rows = stage_handlers(&stage.arena, stage.scene.contract);
    struct handler_entry *out = rows;
    struct status status;

    (void)state;
    for (size_t i = OPERATION_CUSTOM + 1; i < OPERATIONS; i++)
        operations[i] = answer_empty;
    for (struct handler_entry *in = rows; in->method != NULL; in++)
        if (strstr(in->method, "DeviceService.") == NULL)
            *out++ = *in;
    *out = (struct handler_entry){0};
    assert_code(new_chain(rows, operations), STATUS_OK);
    status = new_chain(rows, NULL);
    assert_code(status, STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(status.message.data, "datastream.v1.DeviceService."));
}

static void a_handler_without_a_method_stops_the_start(void **state)
{
    struct handler_entry *rows = stage_handlers(&stage.arena, stage.scene.contract);
    struct status status;

    (void)state;
    rows[0].method = "datastream.v1.DeviceService.PaintDevice";
    status = new_chain(rows, NULL);
    assert_code(status, STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(status.message.data, "PaintDevice"));
}

#define OVER(f) cmocka_unit_test_prestate_setup_teardown(f, start, end, &late)
#define BOTH(X)                                                                                \
    X(the_scheme_is_bearer_in_any_case), X(every_cause_has_the_same_answer),                   \
        X(what_the_role_lacks_is_named), X(allow_self_opens_without_the_permission),           \
        X(access_goes_before_permissions), X(identity_is_judged_again_before_the_method_runs), \
        X(a_refusal_is_written_at_once), X(a_use_from_outside_is_written),                     \
        X(a_use_of_a_token_that_is_disabled_or_expired_is_written),                            \
        X(equal_refusals_become_one_row), X(refusals_for_two_reasons_are_two_rows)

static int run(bool late)
{
    const struct CMUnitTest tests[] = {
        BOTH(OVER),
#ifdef DATASTREAM_FAULTS
        OVER(a_token_that_expired_meanwhile_is_refused),
        OVER(a_window_ends_after_a_minute),
        OVER(a_window_ends_without_a_further_call),
        OVER(no_refusal_is_lost_or_told_twice_while_another_thread_flushes),
        OVER(without_memory_no_call_opens),
#endif
    };

    return cmocka_run_group_tests_name(late ? "late" : "rocksdb", tests, NULL, NULL);
}

static int run_once(void)
{
    static bool late = false;
    const struct CMUnitTest tests[] = {
        OVER(windows_are_bounded_and_those_that_go_are_written),
        OVER(a_method_without_a_handler_stops_the_start),
        OVER(a_handler_without_a_method_stops_the_start),
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
