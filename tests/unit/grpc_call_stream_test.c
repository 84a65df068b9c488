/*
 * Streaming methods of the contract over gRPC, between an exchange and a chain that are played:
 * what is sent when, how a slow client holds it back, and every way to end.
 */
#include "tests/support/played/grpc.h"

#include <unistd.h>

#include "base/clock.h"
#include "proto/contract/contract_find.h"

#define WATCH "/datastream.v1.ChangeService/Watch"

static const struct slice empty_request = SLICE_INIT("\0\0\0\0\0");

static int stream_setup(void **state)
{
    played_setup(state);
    played_set_room(65536);
    stream_played.opens = true;
    return 0;
}

static void watch(void)
{
    played_begin(SLICE(WATCH));
    played_send_body(empty_request);
}

static uint32_t big_endian(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The client takes what waits: whole frames, of which each tells the next revision. */
static void take_messages(unsigned *told)
{
    const struct message_type *type =
        contract_method(played_frontends.contract, SLICE(WATCH))->output;
    const struct field *revision = message_field_by_name(type, SLICE("revision"));
    const struct piece_sent *piece;

    while ((piece = take_piece()) != NULL) {
        struct slice rest = slice_make(piece->copy, piece->borrowed.len);

        while (rest.len > 0) {
            struct arena arena;
            ProtobufCMessage *message;
            uint32_t len;

            assert_true(rest.len >= FRAME_PREFIX_LEN && rest.data[0] == 0);
            len = big_endian(rest.data + 1);
            assert_true(rest.len >= FRAME_PREFIX_LEN + len);
            arena_init(&arena, NULL, 1 << 16);
            message = message_unpack(&arena, type, slice_make(rest.data + FRAME_PREFIX_LEN, len));
            assert_non_null(message);
            assert_int_equal(field_get_int(message, revision), ++*told);
            arena_done(&arena);
            rest = slice_from(rest, FRAME_PREFIX_LEN + len);
        }
    }
}

static struct slice trailer(struct slice name)
{
    return header_value(played()->trailers, played()->trailer_count, name);
}

static void assert_ended(struct slice code)
{
    assert_true(played()->ended);
    assert_int_equal(played()->answers, 1);
    assert_true(slice_equal(trailer(SLICE("grpc-status")), code));
}

static void messages_follow_the_head_and_trailers_follow_them(void **state)
{
    unsigned told = 0;

    (void)state;
    stream_played.messages = 3;
    stream_played.heartbeats = 1;
    watch();
    assert_int_equal(played()->answers, 1);
    assert_int_equal(played()->status, 200);
    assert_int_equal(played_sent(SLICE("grpc-status")).len, 0);
    take_messages(&told);
    assert_int_equal(told, 4);
    assert_false(played()->ended);
    stream_played.messages = 2;
    stream_played.end = status_const(STATUS_UNAVAILABLE, SLICE("over"));
    chain_played.call->ready(chain_played.call);
    take_messages(&told);
    assert_int_equal(told, 6);
    assert_ended(SLICE("14"));
    assert_true(slice_equal(trailer(SLICE("grpc-message")), SLICE("over")));
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 0);
}

static void a_stream_that_has_nothing_yet_sends_its_head(void **state)
{
    (void)state;
    watch();
    assert_int_equal(played()->answers, 1);
    assert_int_equal(played()->piece_count, 0);
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 1);
}

static void an_end_before_the_first_message_is_one_block(void **state)
{
    (void)state;
    stream_played.end = status_const(STATUS_OUT_OF_RANGE, SLICE("too old"));
    watch();
    assert_refused("11");
    played_close_exchange();
}

static void a_full_exchange_holds_the_stream_until_it_is_writable(void **state)
{
    unsigned told = 0;

    (void)state;
    played_set_room(1000);
    stream_played.messages = 100000;
    watch();
    for (int i = 0; i < 200; i++) {
        unsigned pulled = stream_played.pulled;

        assert_true(played()->waiting > 1000 && played()->waiting < 1000 + 20000);
        chain_played.call->ready(chain_played.call); /* has no effect while it is full */
        assert_int_equal(stream_played.pulled, pulled);
        take_messages(&told);
        assert_int_equal(told, pulled);
        played_turn();
        assert_true(stream_played.pulled > pulled);
    }
    played_close_exchange();
}

/* What a client has not taken stays as it was, however its pieces are taken. */
static void bytes_that_wait_are_left_alone(void **state)
{
    unsigned told = 0;

    (void)state;
    played_set_room(30000);
    for (int i = 0; i < 400; i++) {
        stream_played.messages = 37;
        if (i == 0)
            watch();
        else
            chain_played.call->ready(chain_played.call);
        if (i % 7 == 6) {
            take_messages(&told);
            played_turn();
        }
    }
    take_messages(&told);
    assert_int_equal(told, stream_played.pulled);
    played_close_exchange();
}

static void a_tick_comes_in_the_time_that_the_stream_says(void **state)
{
    (void)state;
    watch();
    assert_int_equal(played()->timeout_ms, 1000);
    stream_played.heartbeats = 1;
    played_timeout();
    assert_int_equal(stream_played.ticks, 1);
    assert_int_equal(stream_played.pulled, 1);
    assert_int_equal(played()->timeout_ms, 1000);
    played_close_exchange();
}

/* A deadline of 20 ms that counts from when the call came. */
static void watch_until_late(void)
{
    played()->exchange->started_us = clock_monotonic_us();
    played_add_header(SLICE("grpc-timeout"), SLICE("20m"));
    watch();
    assert_in_range(played()->timeout_ms, 1, 20);
    pass_ms(25);
}

static void the_deadline_ends_a_stream_by_trailers(void **state)
{
    (void)state;
    watch_until_late();
    played_timeout();
    assert_ended(SLICE("4"));
    assert_false(played()->was_reset);
    assert_int_equal(stream_played.ticks, 0);
    assert_int_equal(stream_played.cancels, 1);
    played_close_exchange();
}

static void the_deadline_resets_a_stream_whose_message_waits(void **state)
{
    (void)state;
    stream_played.messages = 1;
    watch_until_late();
    played_timeout();
    assert_true(played()->was_reset);
    assert_false(played()->ended);
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 1);
}

/* The timer runs on: trailers that wait for a client do so until its deadline at most. */
static void the_deadline_resets_a_stream_whose_end_waits(void **state)
{
    (void)state;
    stream_played.messages = 1;
    stream_played.end = status_const(STATUS_UNAVAILABLE, SLICE("over"));
    watch_until_late();
    assert_true(played()->ended);
    played_timeout();
    assert_true(played()->was_reset);
    played_close_exchange();
}

static void a_message_beyond_the_bound_ends_the_stream(void **state)
{
    const uint64_t bound = played_settings.max_message_bytes;

    for (int larger = 0; larger < 2; larger++) {
        stream_setup(state);
        played_settings.max_message_bytes = larger ? 1 : 2; /* a small revision takes two bytes */
        stream_played.messages = 1;
        stream_played.end = status_const(STATUS_OUT_OF_RANGE, SLICE("over"));
        watch();
        if (larger) {
            assert_refused("8");
            assert_int_equal(stream_played.cancels, 1);
        } else {
            assert_int_equal(played()->piece_count, 1);
            assert_ended(SLICE("11"));
        }
        played_close_exchange();
        played_settings.max_message_bytes = bound;
        played_teardown(state);
    }
    stream_setup(state);
}

/* However soon the next tick would have come. */
static void an_end_that_waits_has_until_the_deadline(void **state)
{
    (void)state;
    stream_played.messages = 1;
    stream_played.end = status_const(STATUS_UNAVAILABLE, SLICE("over"));
    played()->exchange->started_us = clock_monotonic_us();
    played_add_header(SLICE("grpc-timeout"), SLICE("1H"));
    watch();
    assert_true(played()->ended);
    assert_true(played()->timeout_ms > 3000000);
    played_close_exchange();
}

static void a_client_that_leaves_cancels(void **state)
{
    unsigned told = 0;

    (void)state;
    stream_played.messages = 5;
    watch();
    take_messages(&told);
    played_close_exchange();
    assert_int_equal(stream_played.cancels, 1);
    assert_false(played()->ended);
}

static void two_requests_are_refused(void **state)
{
    (void)state;
    played_begin(SLICE(WATCH));
    played_send_body(SLICE("\0\0\0\0\0\0\0\0\0\0"));
    assert_refused("12");
    assert_int_equal(chain_played.runs, 0);
    played_close_exchange();
}

#ifdef DATASTREAM_FAULTS
/* Whatever allocation fails, the stream goes on or ends with what can still be said. */
static void failed_allocations_end_the_stream(void **state)
{
    bool failed = true;

    for (unsigned long number = 1; failed; number++) {
        unsigned told = 0;

        if (number > 1)
            stream_setup(state);
        stream_played.messages = 2;
        played_begin(SLICE(WATCH));
        played_send_pieces(empty_request, 5);
        arena_fault_arm(played()->exchange->arena, number, true);
        played_body_end();
        failed = played()->exchange->arena->fault_count >= number;
        take_messages(&told);
        assert_true(told == 2 || (played()->ended && played()->answers == 1));
        played_close_exchange();
        if (failed)
            played_teardown(state);
    }
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, stream_setup, played_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_follow_the_head_and_trailers_follow_them),
        TEST(a_stream_that_has_nothing_yet_sends_its_head),
        TEST(an_end_before_the_first_message_is_one_block),
        TEST(a_full_exchange_holds_the_stream_until_it_is_writable),
        TEST(bytes_that_wait_are_left_alone),
        TEST(a_tick_comes_in_the_time_that_the_stream_says),
        TEST(the_deadline_ends_a_stream_by_trailers),
        TEST(the_deadline_resets_a_stream_whose_message_waits),
        TEST(the_deadline_resets_a_stream_whose_end_waits),
        TEST(a_message_beyond_the_bound_ends_the_stream),
        TEST(an_end_that_waits_has_until_the_deadline),
        TEST(a_client_that_leaves_cancels),
        TEST(two_requests_are_refused),
#ifdef DATASTREAM_FAULTS
        TEST(failed_allocations_end_the_stream),
#endif
    };

    return cmocka_run_group_tests(tests, played_group_setup, played_group_teardown);
}
