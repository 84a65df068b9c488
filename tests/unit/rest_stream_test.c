/*
 * Streaming methods over REST, between an exchange and a chain that are played: the words of NDJSON
 * and of Server-Sent Events, from the head to the end.
 */
#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "tests/support/played/rest.h"

static int group_setup(void **state)
{
    const struct contract *contract;

    (void)state;
    arena_init(&played_contract_arena, NULL, (size_t)256 << 20);
    if (!status_is_ok(contract_load(embedded_contract(), &played_contract_arena, &contract)))
        return -1;
    return start_rest(contract);
}

static int stream_setup(void **state)
{
    played_setup(state);
    stream_played.opens = true;
    return 0;
}

#define GET "GET /api/v1/changes"
#define CHANGE(revision)                                        \
    "{\"kind\":\"\",\"id\":\"\",\"revision\":\"" revision "\"," \
    "\"moreInRevision\":false}"

static void assert_body(struct slice wanted)
{
    if (!slice_equal(played_answer(), wanted))
        fail_msg("wanted %.*s\ngot %.*s", SLICE_ARG(wanted), SLICE_ARG(played_answer()));
}

/* A stream of two messages and a heartbeat, then more and an end. */
static void run_stream(struct slice accept)
{
    stream_played.messages = 2;
    stream_played.heartbeats = 1;
    if (accept.len > 0)
        played_add_header(SLICE("accept"), accept);
    played_add_header(SLICE("x-request-id"), SLICE("r1"));
    played_request(SLICE(GET "?kinds=devices"), SLICE_EMPTY);
    assert_int_equal(played()->answers, 1);
    assert_int_equal(played()->status, 200);
    assert_false(played()->ended);
}

static void end_stream(void)
{
    stream_played.end = status_const(STATUS_UNAVAILABLE, SLICE("over"));
    chain_played.call->ready(chain_played.call);
    assert_true(played()->ended);
    played_close_exchange();
}

#define PROBLEM                                                                   \
    "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503," \
    "\"detail\":\"over\",\"instance\":\"r1\",\"code\":14,\"message\":\"over\",\"details\":[]}"

static void a_message_is_a_line_and_so_is_the_end(void **state)
{
    (void)state;
    run_stream(SLICE_EMPTY);
    assert_sent(SLICE("content-type"), SLICE("application/x-ndjson"));
    assert_sent(SLICE("cache-control"), SLICE("no-store"));
    assert_body(SLICE(CHANGE("1") "\n" CHANGE("2") "\n" CHANGE("3") "\n"));
    end_stream();
    assert_body(SLICE(CHANGE("1") "\n" CHANGE("2") "\n" CHANGE("3") "\n{\"error\":" PROBLEM "}\n"));
}

static void a_message_is_an_event_and_a_heartbeat_is_none(void **state)
{
    (void)state;
    run_stream(SLICE("text/event-stream"));
    assert_sent(SLICE("content-type"), SLICE("text/event-stream"));
    assert_body(SLICE(
        "id: 1\ndata: " CHANGE("1") "\n\nid: 2\ndata: " CHANGE("2") "\n\n: heartbeat\nid: 3\n\n"));
    end_stream();
    assert_true(body_holds("\n\nevent: error\ndata: " PROBLEM "\n\n"));
}

/* Thousands of them sleep: no more than what the exchange has not taken yet. */
static void a_stream_that_waits_keeps_no_message(void **state)
{
    const struct arena *arena = played()->exchange->arena;
    const struct account *account = arena->account;

    (void)state;
    run_stream(SLICE_EMPTY);
    assert_in_range(account->used - arena->reserved, 0, 4096);
    end_stream();
    assert_int_equal(account->used, arena->reserved);
}

static void an_end_before_the_first_message_is_a_problem(void **state)
{
    (void)state;
    played_add_header(SLICE("accept"), SLICE("text/event-stream"));
    stream_played.end = status_const(STATUS_OUT_OF_RANGE, SLICE("too old"));
    played_request(SLICE(GET), SLICE_EMPTY);
    assert_problem(400);
    assert_true(body_holds("\"code\":11"));
    played_close_exchange();
}

static void head_is_the_head_alone(void **state)
{
    (void)state;
    stream_played.messages = 1;
    played_request(SLICE("HEAD /api/v1/changes"), SLICE_EMPTY);
    assert_int_equal(played()->status, 200);
    assert_sent(SLICE("content-type"), SLICE("application/x-ndjson"));
    assert_true(played()->ended);
    assert_int_equal(played_answer().len, 0);
    assert_int_equal(stream_played.pulled, 0);
    assert_int_equal(stream_played.cancels, 1);
    played_close_exchange();
}

static void the_last_event_id_goes_before_the_query(void **state)
{
    const struct field *from;

    (void)state;
    played_add_header(SLICE("last-event-id"), SLICE("18446744073709551615"));
    played_request(SLICE(GET "?fromRevision=7"), SLICE_EMPTY);
    from = message_field_by_name(chain_played.call->method->input, SLICE("fromRevision"));
    assert_true((uint64_t)field_get_int(chain_played.call->request, from) == UINT64_MAX);
    played_close_exchange();
}

static void a_last_event_id_that_is_none_is_400(void **state)
{
    (void)state;
    played_add_header(SLICE("last-event-id"), SLICE("-7"));
    played_request(SLICE(GET), SLICE_EMPTY);
    assert_problem(400);
    assert_true(body_holds("Last-Event-ID"));
    assert_int_equal(chain_played.runs, 0);
    played_close_exchange();
}

static void accept_may_exclude_every_way(void **state)
{
    (void)state;
    played_add_header(SLICE("accept"), SLICE("text/html, application/json;q=0"));
    played_request(SLICE(GET), SLICE_EMPTY);
    assert_problem(406);
    played_close_exchange();
}

static void a_stream_that_never_opens_is_504(void **state)
{
    (void)state;
    stream_played.opens = false;
    chain_played.run_waits = true;
    played_request(SLICE(GET), SLICE_EMPTY);
    assert_int_equal(played()->timeout_ms, played_settings.request_timeout_ms);
    played_timeout();
    assert_problem(504);
    assert_int_equal(stream_played.cancels, 1);
    played_close_exchange();
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, stream_setup, played_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_a_line_and_so_is_the_end),
        TEST(a_message_is_an_event_and_a_heartbeat_is_none),
        TEST(a_stream_that_waits_keeps_no_message),
        TEST(an_end_before_the_first_message_is_a_problem),
        TEST(head_is_the_head_alone),
        TEST(the_last_event_id_goes_before_the_query),
        TEST(a_last_event_id_that_is_none_is_400),
        TEST(accept_may_exclude_every_way),
        TEST(a_stream_that_never_opens_is_504),
    };

    return cmocka_run_group_tests(tests, group_setup, played_group_teardown);
}
