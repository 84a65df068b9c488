/* Which methods a server answers before its setup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypto/sha256.h"
#include "proto/contract/embedded.h"
#include "rpc/call/setup_gate.h"

static struct arena arena;
static const struct contract *contract;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)256 << 20);
    return status_is_ok(contract_load(embedded_contract(), &arena, &contract)) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static bool is_open(struct slice method)
{
    return slice_starts_with(method, SLICE("datastream.v1.SetupService.")) ||
           slice_starts_with(method, SLICE("grpc.health."));
}

static void a_shut_server_answers_setup_and_health_alone(void **state)
{
    struct setup_gate gate = {.required = true};
    size_t opened = 0;

    (void)state;
    for (size_t i = 0; i < contract->method_count; i++) {
        const struct method *method = contract->methods[i];
        struct status status = setup_gate__judge(&gate, &arena, method);

        opened += status_is_ok(status);
        if (status_is_ok(status) != is_open(method->full_name))
            fail_msg("%.*s", SLICE_ARG(method->full_name));
        if (status_is_ok(status))
            continue;
        assert_int_equal(status.code, STATUS_UNAVAILABLE);
        assert_true(slice_equal(status.details->subject, SLICE("SETUP_REQUIRED")));
    }
    assert_true(opened >= 3); /* setup, health check and its watch */
}

static void everything_is_answered_after_the_setup(void **state)
{
    struct setup_gate gate = {.required = true};

    (void)state;
    setup_gate_open(&gate);
    assert_false(setup_gate_is_required(&gate));
    assert_false(setup_gate_is_required(NULL));
    for (size_t i = 0; i < contract->method_count; i++)
        assert_true(status_is_ok(setup_gate__judge(&gate, &arena, contract->methods[i])));
}

static void count(void *context)
{
    ++*(int *)context;
}

static void the_gate_opens_once(void **state)
{
    int opened = 0;
    struct setup_gate gate = {.required = true, .done = count, .context = &opened};

    (void)state;
    setup_gate_open(&gate);
    setup_gate_open(&gate);
    assert_int_equal(opened, 1);
}

static void one_token_is_accepted(void **state)
{
    struct setup_gate gate = {.required = true};

    (void)state;
    assert_true(sha256(SLICE("dsu_right"), gate.hash));
    assert_true(setup_gate_accepts(&gate, SLICE("dsu_right")));
    assert_false(setup_gate_accepts(&gate, SLICE("dsu_wrong")));
    assert_false(setup_gate_accepts(&gate, SLICE_EMPTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shut_server_answers_setup_and_health_alone),
        cmocka_unit_test(everything_is_answered_after_the_setup),
        cmocka_unit_test(the_gate_opens_once),
        cmocka_unit_test(one_token_is_accepted),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
