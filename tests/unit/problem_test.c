/* Problems: the document, gathered violations, and each kind of detail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rest/problem.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void check(int http, const struct status *status, struct slice wanted)
{
    struct slice got = problem__write(&arena, http, status, SLICE("r-1"));

    if (!slice_equal(got, wanted))
        fail_msg("wanted %.*s\ngot    %.*s", SLICE_ARG(wanted), SLICE_ARG(got));
}

static void a_problem_is_also_the_status(void **state)
{
    struct status status = status_const(STATUS_NOT_FOUND, SLICE("There is no \"x\"."));

    (void)state;
    check(404, &status,
          SLICE("{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                "\"detail\":\"There is no \\\"x\\\".\",\"instance\":\"r-1\",\"code\":5,"
                "\"message\":\"There is no \\\"x\\\".\",\"details\":[]}"));
}

static void violations_are_gathered_in_one_detail(void **state)
{
    struct violations violations = {0};
    struct status status;

    (void)state;
    violations_add(&violations, &arena, SLICE("name"), "too short");
    violations_add(&violations, &arena, SLICE("tags[1]"), "empty");
    status = violations_status(&violations, &arena);
    status.message = SLICE("m");
    status_add_detail(&arena, &status, DETAIL_ERROR_INFO, SLICE("BAD"), SLICE_EMPTY, SLICE_EMPTY);
    check(400, &status,
          SLICE("{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                "\"detail\":\"m\",\"instance\":\"r-1\",\"code\":3,\"message\":\"m\",\"details\":["
                "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":["
                "{\"field\":\"name\",\"description\":\"too short\"},"
                "{\"field\":\"tags[1]\",\"description\":\"empty\"}]},"
                "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"BAD\","
                "\"domain\":\"datastream\"}]}"));
}

static void every_detail_has_its_type(void **state)
{
    struct status status = status_const(STATUS_FAILED_PRECONDITION, SLICE("m"));

    (void)state;
    status_add_detail(&arena, &status, DETAIL_PRECONDITION_VIOLATION, SLICE("devices/1"),
                      SLICE(PRECONDITION_REFERENCED), SLICE("device one"));
    status_add_detail(&arena, &status, DETAIL_RESOURCE_INFO, SLICE("7"), SLICE("directors"),
                      SLICE("in use"));
    status_add_detail(&arena, &status, DETAIL_PRECONDITION_VIOLATION, SLICE("devices/2"),
                      SLICE(PRECONDITION_REFERENCED), SLICE("device two"));
    status_add_detail(&arena, &status, DETAIL_ERROR_INFO, SLICE("NO"), SLICE("permission"),
                      SLICE("devices.read"));
    assert_int_equal(status_http(&status), 409);
    check(
        409, &status,
        SLICE("{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,\"detail\":\"m\","
              "\"instance\":\"r-1\",\"code\":9,\"message\":\"m\",\"details\":["
              "{\"@type\":\"type.googleapis.com/google.rpc.PreconditionFailure\",\"violations\":["
              "{\"type\":\"REFERENCED\",\"subject\":\"devices/1\",\"description\":\"device one\"},"
              "{\"type\":\"REFERENCED\",\"subject\":\"devices/2\",\"description\":\"device two\"}]}"
              ",{\"@type\":\"type.googleapis.com/google.rpc.ResourceInfo\","
              "\"resourceType\":\"directors\",\"resourceName\":\"7\",\"description\":\"in use\"},"
              "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"NO\","
              "\"domain\":\"datastream\",\"metadata\":{\"permission\":\"devices.read\"}}]}"));
}

static void a_retry_is_a_duration_and_whole_seconds(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
        int64_t seconds;
    } cases[] = {
        {0, "\"0s\"", 0}, {1500, "\"1.500s\"", 2}, {2000, "\"2s\"", 2}, {7, "\"0.007s\"", 1}};
    struct status none = status_const(STATUS_UNAVAILABLE, SLICE("m"));

    (void)state;
    assert_int_equal(problem__retry_after(&none), -1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct status_detail detail = {.type = DETAIL_RETRY_INFO, .retry_ms = cases[i].ms};
        struct status status = {STATUS_UNAVAILABLE, SLICE_INIT("m"), &detail};
        struct slice text = problem__write(&arena, 503, &status, SLICE("r"));

        assert_int_equal(problem__retry_after(&status), cases[i].seconds);
        if (memmem(text.data, text.len, cases[i].text, strlen(cases[i].text)) == NULL)
            fail_msg("wanted %s in %.*s", cases[i].text, SLICE_ARG(text));
    }
}

static void without_memory_there_is_a_constant(void **state)
{
    struct status status = status_out_of_memory();
    struct slice text = problem__no_memory();
    struct arena small;

    (void)state;
    arena_init(&small, NULL, 1 << 20);
    arena_fail(&small);
    assert_int_equal(problem__write(&small, 429, &status, SLICE("r")).len, 0);
    arena_done(&small);
    assert_int_equal(status_http(&status), 429);
    assert_non_null(memmem(text.data, text.len, status.message.data, status.message.len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_is_also_the_status),
        cmocka_unit_test(violations_are_gathered_in_one_detail),
        cmocka_unit_test(every_detail_has_its_type),
        cmocka_unit_test(a_retry_is_a_duration_and_whole_seconds),
        cmocka_unit_test(without_memory_there_is_a_constant),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
