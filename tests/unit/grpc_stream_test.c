/* Streams of the gRPC frontend: reflection's conversation and the health watch, bounded and
 * drained. */
#include <limits.h>
#include <unistd.h>

#include "base/clock.h"
#include "proto/contract/contract_find.h"
#include "tests/support/played/grpc.h"

#define TALK "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#define TALK_ALPHA "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
#define WATCH "/grpc.health.v1.Health/Watch"

/* Requests of reflection, framed. */
static const struct slice list_services = SLICE_INIT("\0\0\0\0\2\x3a\0");
static const struct slice unknown_file = SLICE_INIT("\0\0\0\0\4\x1a\2no");
static const struct slice known_file = SLICE_INIT("\0\0\0\0\x1b\x1a\x19google/protobuf/any.proto");
static const struct slice watch_server = SLICE_INIT("\0\0\0\0\0");
static const struct slice watch_nobody = SLICE_INIT("\0\0\0\0\4\x0a\2no");
static const struct slice asks_nothing = SLICE_INIT("\0\0\0\0\6\x0a\4here");

static int stream_setup(void **state)
{
    played_setup(state);
    played_set_room(65536);
    played()->exchange->started_us = clock_monotonic_us();
    stream_played.opens = true;
    stream_played.wait_ms = 60000;
    played_frontends.draining = false;
    return 0;
}

/* drain__begin is once for all: each test that drains has a frontend of its own. */
static struct grpc *new_grpc(struct arena *arena)
{
    struct grpc *made = NULL;

    arena_init(arena, NULL, (size_t)64 << 20);
    assert_true(status_is_ok(grpc_new(&played_frontends, arena, &made)));
    return made;
}

static void begin_stream(struct slice path)
{
    played_begin(path);
    assert_int_equal(chain_played.opens, 1);
}

static const ProtobufCMessage *response(struct slice path, struct slice piece)
{
    const struct message_type *type = contract_method(played_frontends.contract, path)->output;

    assert_true(piece.len >= FRAME_PREFIX_LEN);
    assert_int_equal(piece.data[0], 0);
    assert_int_equal((unsigned char)piece.data[3] << 8 | (unsigned char)piece.data[4],
                     piece.len - FRAME_PREFIX_LEN);
    return message_unpack(played()->exchange->arena, type, slice_from(piece, FRAME_PREFIX_LEN));
}

/* The number of the answer's member of the oneof in the next piece; 0 for none. */
static uint32_t next_answer(struct slice path)
{
    const struct piece_sent *piece = take_piece();
    const struct message_type *type = contract_method(played_frontends.contract, path)->output;
    const ProtobufCMessage *message;

    assert_non_null(piece);
    message = response(path, piece->borrowed);
    assert_non_null(message);
    for (uint32_t number = 4; number <= 7; number++)
        if (field_is_set(message, message_field_by_number(type, number)))
            return number;
    return 0;
}

static void assert_ended(const char *code)
{
    struct slice got = header_value(played()->trailers, played()->trailer_count,
                                    SLICE("grpc-status"));

    assert_true(played()->ended);
    assert_int_equal(played()->answers, 1);
    assert_int_equal(played_sent(SLICE("grpc-status")).len, 0);
    if (!slice_equal(got, slice_from_cstr(code)))
        fail_msg("wanted grpc-status %s, got %.*s", code, SLICE_ARG(got));
}

/* -- reflection ------------------------------------------------------------------------------- */

static void requests_are_answered_as_they_come(void **state)
{
    static const struct slice paths[] = {SLICE_INIT(TALK), SLICE_INIT(TALK_ALPHA)};

    for (size_t i = 0; i < 2; i++)
        for (size_t size = 1; size <= known_file.len; size++) {
            stream_setup(state);
            begin_stream(paths[i]);
            assert_int_equal(played()->answers, 1); /* the head leaves before a request comes */
            played_send_pieces(list_services, size);
            assert_int_equal(next_answer(paths[i]), 6);
            played_send_pieces(unknown_file, size);
            assert_int_equal(next_answer(paths[i]), 7);
            played_send_pieces(known_file, size);
            assert_int_equal(next_answer(paths[i]), 4);
            played_send_pieces(asks_nothing, size);
            assert_int_equal(next_answer(paths[i]), 7);
            assert_false(played()->ended);
            played_body_end();
            assert_ended("0");
            assert_int_equal(played()->consumed, list_services.len + unknown_file.len +
                                                     known_file.len + asks_nothing.len);
            played_close_exchange();
            played_teardown(state);
        }
    stream_setup(state);
}

static void host_and_request_are_given_back(void **state)
{
    const struct message_type *type =
        contract_method(played_frontends.contract, SLICE(TALK))->output;
    const struct field *original = message_field_by_number(type, 2);
    const ProtobufCMessage *message;

    (void)state;
    begin_stream(SLICE(TALK));
    played_send_body(asks_nothing);
    message = response(SLICE(TALK), played()->last);
    assert_true(
        slice_equal(field_get_string(message, message_field_by_number(type, 1)), SLICE("here")));
    message = field_get_message(message, original);
    assert_true(slice_equal(
        field_get_string(message, message_field_by_number(original->message, 1)), SLICE("here")));
    played_close_exchange();
}

static void stream_without_a_request_ends_well(void **state)
{
    (void)state;
    begin_stream(SLICE(TALK));
    played_body_end();
    assert_ended("0");
    assert_int_equal(played()->piece_count, 0);
    played_close_exchange();
}

static void bad_requests_end_the_stream(void **state)
{
    static const struct {
        struct slice body;
        const char *code;
    } cases[] = {
        {SLICE_INIT("\2\0\0\0\2\x3a\0"), "13"},             /* flag */
        {SLICE_INIT("\1\0\0\0\2\x3a\0"), "13"},             /* compressed without an encoding */
        {SLICE_INIT("\0\0\0\0\2\x3a\5"), "13"},             /* does not parse */
        {SLICE_INIT("\0\0\0\0\3\x3a\1\xff"), "13"},         /* not UTF-8 */
        {SLICE_INIT("\0\0\0\0\3\x3a\1\0"), "3"},            /* U+0000 */
        {SLICE_INIT("\0\0\0\0\2\x3a"), "13"},               /* ends within a message */
        {SLICE_INIT("\0\0\0\x40\1"), "8"},                  /* 16,385 bytes */
        {SLICE_INIT("\0\0\0\0\2\x3a\0\xff\0\0\0\0"), "13"}, /* behind a good one */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stream_setup(state);
        begin_stream(SLICE(TALK));
        played_send_body(cases[i].body);
        assert_ended(cases[i].code);
        played_close_exchange();
        played_teardown(state);
    }
    stream_setup(state);
}

static void caller_must_be_known(void **state)
{
    (void)state;
    chain_played.open_status = status_const(STATUS_UNAUTHENTICATED, SLICE("Who are you?"));
    begin_stream(SLICE(TALK));
    assert_refused("16");
    assert_false(played()->accepted);
    played_close_exchange();
}

/* Sends `count` requests in one body, which pieces of 16 KiB cut anywhere. */
static void send_many(struct slice request, size_t count)
{
    char *many = arena_alloc(played()->exchange->arena, request.len * count);

    assert_non_null(many);
    for (size_t i = 0; i < count; i++)
        memcpy(many + i * request.len, request.data, request.len);
    played_send_pieces(slice_make(many, request.len * count), 16384);
}

static void slow_reader_holds_the_answers_and_the_credit(void **state)
{
    const size_t count = 3000;
    size_t answered = 0;

    (void)state;
    begin_stream(SLICE(TALK));
    send_many(known_file, count);
    played_body_end();
    assert_true(played()->waiting > played()->room);
    assert_true(played()->waiting < played()->room + 4096);
    assert_true(played()->consumed < count * known_file.len / 10);
    while (!played()->ended) {
        size_t before = played()->piece_count;

        while (take_piece() != NULL)
            answered++;
        played_turn();
        assert_true(played()->ended || played()->piece_count > before);
        assert_true(played()->waiting < played()->room + 4096);
    }
    while (take_piece() != NULL)
        answered++;
    assert_ended("0");
    assert_int_equal(answered, count);
    assert_int_equal(played()->consumed, count * known_file.len);
    played_close_exchange();
}

/* A client that leaves now this and now that waiting: what it has not taken stays as it was sent.
 */
static void answers_keep_their_bytes_until_they_are_taken(void **state)
{
    uint32_t luck = 7;

    (void)state;
    begin_stream(SLICE(TALK));
    for (unsigned i = 0; i < 1000; i++) {
        luck = luck * 1103515245 + 12345;
        played_send_pieces((luck >> 16) % 3 == 0   ? known_file
                           : (luck >> 16) % 3 == 1 ? unknown_file
                                                   : list_services,
                           7);
        for (unsigned takes = (luck >> 24) % 4; takes > 0; takes--)
            if (played()->piece_count - played()->taken > 1)
                take_piece();
        if (played()->waiting > played()->room / 2)
            while (take_piece() != NULL)
                continue;
    }
    while (take_piece() != NULL)
        continue;
    assert_int_equal(played()->piece_count, 1000);
    played_body_end();
    assert_ended("0");
    played_close_exchange();
}

static void stream_lasts_longer_than_the_servers_own_deadline(void **state)
{
    (void)state;
    begin_stream(SLICE(TALK));
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(played()->timeout_ms, 60000); /* the caller's next tick, and no end */
        played_timeout();
        assert_int_equal(stream_played.ticks, i);
    }
    assert_false(played()->ended);
    played_body_end();
    assert_ended("0");
    assert_int_equal(played()->timeout_ms, 0);
    played_close_exchange();
}

/* A deadline of 20 ms that passes. */
static void talk_until_late(struct slice request)
{
    played_add_header(SLICE("grpc-timeout"), SLICE("20m"));
    begin_stream(SLICE(TALK));
    assert_in_range(played()->timeout_ms, 1, 20);
    played_send_pieces(request, 100);
    pass_ms(25);
    played_timeout();
    assert_int_equal(stream_played.ticks, 0);
}

static void clients_deadline_ends_a_stream(void **state)
{
    (void)state;
    talk_until_late(SLICE_EMPTY);
    assert_ended("4");
    assert_false(played()->was_reset);
    assert_int_equal(stream_played.cancels, 1);
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 1);
}

static void clients_deadline_cuts_a_stream_that_it_does_not_read(void **state)
{
    (void)state;
    talk_until_late(list_services);
    assert_true(played()->was_reset);
    assert_false(played()->ended);
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 1);
}

/* -- the caller is judged as long as the stream lasts ------------------------------------------ */

static void caller_is_judged_before_each_answer(void **state)
{
    (void)state;
    begin_stream(SLICE(TALK));
    played_send_pieces(list_services, 100);
    assert_int_equal(played()->piece_count, 1);
    stream_played.admits = STREAM_END;
    stream_played.end = status_const(STATUS_UNAUTHENTICATED, SLICE("No longer."));
    played_send_pieces(list_services, 100);
    assert_int_equal(played()->piece_count, 1);
    assert_ended("16");
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 0);
}

static void caller_who_must_be_fetched_is_waited_for(void **state)
{
    (void)state;
    begin_stream(SLICE(TALK));
    stream_played.admits = STREAM_WAIT;
    played_send_pieces(list_services, 3);
    played_send_pieces(unknown_file, 3);
    assert_int_equal(played()->piece_count, 0);
    assert_int_equal(played()->consumed, 0);
    assert_int_equal(stream_played.admitted, 1);
    stream_played.admits = STREAM_MESSAGE;
    chain_played.call->ready(chain_played.call);
    assert_int_equal(next_answer(SLICE(TALK)), 6);
    assert_int_equal(next_answer(SLICE(TALK)), 7);
    played_body_end();
    assert_ended("0");
    assert_int_equal(stream_played.cancels, 1);
    played_close_exchange();
}

static void caller_who_may_no_longer_be_told_anything_ends_a_silent_stream(void **state)
{
    (void)state;
    begin_stream(SLICE(TALK));
    chain_played.call->status = status_const(STATUS_UNAUTHENTICATED, SLICE("No longer."));
    chain_played.call->finish(chain_played.call);
    assert_ended("16");
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 0);
}

static void caller_who_is_gone_before_the_stream_opens_gets_no_head(void **state)
{
    (void)state;
    stream_played.opens = false;
    chain_played.run_status = status_const(STATUS_UNAUTHENTICATED, SLICE("No longer."));
    begin_stream(SLICE(TALK));
    assert_refused("16");
    assert_false(played()->accepted);
    played_close_exchange();
}

static void closed_stream_leaves_nothing(void **state)
{
    (void)state;
    begin_stream(SLICE(TALK));
    send_many(known_file, 3000);
    played_send_pieces(slice_make(known_file.data, 9), 9);
    played_close_exchange(); /* teardown counts the holds, the sanitizer the memory */
}

static void draining_ends_a_conversation(void **state)
{
    (void)state;
    begin_stream(SLICE(TALK));
    played_send_pieces(list_services, 100);
    chain_played.call->status = status_const(STATUS_UNAVAILABLE, SLICE("The server ends."));
    chain_played.call->finish(chain_played.call); /* as chain_drain has it */
    assert_ended("14");
    played_close_exchange();
}

static void draining_of_a_stream_that_closed_meanwhile_does_nothing(void **state)
{
    struct grpc *shared = played_grpc;
    struct arena arena;

    (void)state;
    played_grpc = new_grpc(&arena);
    begin_stream(SLICE(WATCH));
    played_send_body(watch_server);
    grpc_drain(played_grpc);
    assert_false(played()->ended); /* not on this thread */
    played_close_exchange();
    assert_int_equal(played()->holds, 1);
    played_run_posted();
    assert_false(played()->ended);
    grpc_end(played_grpc);
    played_grpc = shared;
    arena_done(&arena);
}

/* -- the watch -------------------------------------------------------------------------------- */

static int64_t status_in(struct slice piece)
{
    const struct message_type *type =
        contract_method(played_frontends.contract, SLICE(WATCH))->output;

    return field_get_int(response(SLICE(WATCH), piece), message_field_by_number(type, 1));
}

static void watch_tells_the_status_and_stays_open(void **state)
{
    static const struct {
        struct slice body;
        int64_t wanted;
    } cases[] = {
        {SLICE_INIT("\0\0\0\0\0"), 1},
        {SLICE_INIT("\0\0\0\0\x1e\x0a\x1c"
                    "datastream.v1.DeviceService\0"),
         -1}, /* U+0000 */
        {SLICE_INIT("\0\0\0\0\x1d\x0a\x1b"
                    "datastream.v1.DeviceService"),
         1},
        {SLICE_INIT("\0\0\0\0\4\x0a\2no"), 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stream_setup(state);
        begin_stream(SLICE(WATCH));
        played_send_body(cases[i].body);
        if (cases[i].wanted < 0) {
            assert_refused("3");
        } else {
            assert_int_equal(played()->piece_count, 1);
            assert_int_equal(status_in(played()->last), cases[i].wanted);
            assert_int_equal(played()->timeout_ms, 0);
            assert_false(played()->ended);
        }
        played_close_exchange();
        played_teardown(state);
    }
    stream_setup(state);
}

static void clients_deadline_ends_a_watch(void **state)
{
    for (int reads = 0; reads < 2; reads++) {
        stream_setup(state);
        played_add_header(SLICE("grpc-timeout"), SLICE("2S"));
        begin_stream(SLICE(WATCH));
        played_send_body(watch_server);
        assert_in_range(played()->timeout_ms, 1, 2000);
        if (reads)
            take_piece();
        played_timeout();
        if (reads)
            assert_ended("4");
        assert_int_equal(played()->ended, reads);
        assert_int_equal(played()->was_reset, !reads); /* its message may be half written */
        played_close_exchange();
        played_teardown(state);
    }
    stream_setup(state);
}

static void draining_is_told_to_a_watch_before_it_ends(void **state)
{
    struct grpc *shared = played_grpc;

    for (int unknown = 0; unknown < 2; unknown++) {
        struct arena arena;

        stream_setup(state);
        played_grpc = new_grpc(&arena);
        begin_stream(SLICE(WATCH));
        played_send_body(unknown ? watch_nobody : watch_server);
        played_frontends.draining = true;
        grpc_drain(played_grpc);
        played_run_posted();
        assert_int_equal(played()->piece_count, unknown ? 1 : 2);
        assert_int_equal(status_in(played()->last), unknown ? 3 : 2);
        assert_ended("14");
        played_close_exchange();
        grpc_end(played_grpc);
        played_grpc = shared;
        arena_done(&arena);
        played_teardown(state);
    }
    stream_setup(state);
}

static void watch_of_a_draining_server_says_so_once(void **state)
{
    struct grpc *shared = played_grpc;
    struct arena arena;

    (void)state;
    played_grpc = new_grpc(&arena);
    played_frontends.draining = true;
    grpc_drain(played_grpc);
    begin_stream(SLICE(WATCH));
    played_send_body(watch_server);
    played_run_posted();
    assert_int_equal(played()->piece_count, 1);
    assert_int_equal(status_in(played()->last), 2);
    assert_ended("14");
    played_close_exchange();
    grpc_end(played_grpc);
    played_grpc = shared;
    arena_done(&arena);
}

#ifdef DATASTREAM_FAULTS
/*
 * How many allocations there were; the stream ends well only when those that fail were not among
 * them.
 */
static unsigned long stream_with_fault(struct slice path, struct slice body, unsigned long number,
                                       bool onward)
{
    unsigned long count;
    bool failed;

    arena_fault_set(number, onward);
    played_begin(path);
    played_send_pieces(body, 16384);
    if (played()->accepted && !played()->ended)
        played_body_end();
    count = arena_fault_count();
    failed = count >= number;
    arena_fault_set(0, false);
    if (failed && played()->ended) {
        struct slice code = played_sent(SLICE("grpc-status"));

        if (code.len == 0)
            code = header_value(played()->trailers, played()->trailer_count, SLICE("grpc-status"));
        assert_true(slice_equal(code, SLICE("8")));
    }
    assert_int_equal(played()->answers, 1);
    played_close_exchange();
    return count;
}

/* Among the thousands of allocations of the index, which the first call makes. */
#define WITHIN_INDEX 500

static void an_index_that_memory_ended_for_is_made_by_the_next_call(void **state)
{
    static const struct slice request = SLICE_INIT("\0\0\0\0\2\x3a\0");
    struct grpc *shared = played_grpc;
    struct arena arena;

    played_grpc = new_grpc(&arena);
    assert_int_equal(stream_with_fault(SLICE(TALK), request, WITHIN_INDEX, true), WITHIN_INDEX);
    played_teardown(state);
    stream_setup(state);
    assert_true(stream_with_fault(SLICE(TALK), request, ULONG_MAX, false) > WITHIN_INDEX);
    played_teardown(state);
    stream_setup(state);
    assert_true(stream_with_fault(SLICE(TALK), request, ULONG_MAX, false) < WITHIN_INDEX);
    grpc_end(played_grpc);
    played_grpc = shared;
    arena_done(&arena);
}

static void any_failed_allocation_ends_a_stream(void **state)
{
    static const struct {
        struct slice path, body;
    } cases[] = {
        {SLICE_INIT(TALK), SLICE_INIT("\0\0\0\0\2\x3a\0\0\0\0\0\4\x1a\2no")},
        {SLICE_INIT(WATCH), SLICE_INIT("\0\0\0\0\4\x0a\2no")},
    };

    for (size_t i = 0; i < 2; i++)
        for (int onward = 0; onward < 2; onward++) {
            unsigned long made = stream_with_fault(cases[i].path, cases[i].body, ULONG_MAX, false);

            assert_true(made > 0);
            for (unsigned long number = 1; number <= made + 1; number++) {
                unsigned long count;

                played_teardown(state);
                stream_setup(state);
                count = stream_with_fault(cases[i].path, cases[i].body, number, onward != 0);
                assert_true(number <= made ? count >= number : count == made);
            }
            played_teardown(state);
            stream_setup(state);
        }
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stream_setup, played_teardown)
    const struct CMUnitTest tests[] = {
        TEST(requests_are_answered_as_they_come),
        TEST(host_and_request_are_given_back),
        TEST(stream_without_a_request_ends_well),
        TEST(bad_requests_end_the_stream),
        TEST(caller_must_be_known),
        TEST(slow_reader_holds_the_answers_and_the_credit),
        TEST(answers_keep_their_bytes_until_they_are_taken),
        TEST(stream_lasts_longer_than_the_servers_own_deadline),
        TEST(clients_deadline_ends_a_stream),
        TEST(clients_deadline_cuts_a_stream_that_it_does_not_read),
        TEST(caller_is_judged_before_each_answer),
        TEST(caller_who_must_be_fetched_is_waited_for),
        TEST(caller_who_may_no_longer_be_told_anything_ends_a_silent_stream),
        TEST(caller_who_is_gone_before_the_stream_opens_gets_no_head),
        TEST(closed_stream_leaves_nothing),
        TEST(draining_ends_a_conversation),
        TEST(draining_of_a_stream_that_closed_meanwhile_does_nothing),
        TEST(watch_tells_the_status_and_stays_open),
        TEST(clients_deadline_ends_a_watch),
        TEST(draining_is_told_to_a_watch_before_it_ends),
        TEST(watch_of_a_draining_server_says_so_once),
#ifdef DATASTREAM_FAULTS
        TEST(an_index_that_memory_ended_for_is_made_by_the_next_call),
        TEST(any_failed_allocation_ends_a_stream),
#endif
    };

    return cmocka_run_group_tests(tests, played_group_setup, played_group_teardown);
}
