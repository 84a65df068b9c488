/*
 * Fairness between connections, through real sockets: what one of them asks for, in however many
 * requests at once, does not keep the others waiting.
 */
#include <time.h>

#include "tests/support/http2_client.h"
#include "tests/support/http2_raw.h"

/* What /busy costs. */
#define BUSY_MS 5

static void be_busy(void)
{
    struct timespec now, until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += BUSY_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while (now.tv_sec < until.tv_sec ||
           (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec));
}

static atomic_int busy_begun;

/* /busy works on the loop before it answers, as a long list does. */
static void busy_begin(void *context, struct exchange *exchange)
{
    if (path_is(exchange, "/busy")) {
        atomic_fetch_add(&busy_begun, 1);
        be_busy();
    }
    test_begin(context, exchange);
}

static struct fixture *start_busy(struct settings settings)
{
    struct fixture *fixture;

    settings.workers = 1;
    atomic_store(&busy_begun, 0);
    fixture = fixture_start_with(settings, busy_begin);
    return fixture;
}

#define BUSY "\x82\x86\x04\5/busy\x01\1a"

/* 100 streams of /busy at once, whose answers fit. */
static int ask_for_busy(const struct fixture *fixture)
{
    static char bytes[100 * 32];
    size_t len = 0;
    int fd = client_connect(fixture);

    for (unsigned i = 0; i < 100; i++)
        len = raw_frame(bytes, len, NGHTTP2_HEADERS, 5, 2 * i + 1, SLICE(BUSY));
    client_send(fd, SLICE(PREFACE EMPTY_SETTINGS));
    client_send(fd, slice_make(bytes, len));
    return fd;
}

static void others_are_served_between_the_requests_of_one(void **state)
{
    struct fixture *fixture = start_busy(test_settings());
    int busy[4];
    int fd = client_connect(fixture);
    char answer[4096];

    (void)state;
    for (int i = 0; i < 4; i++)
        busy[i] = ask_for_busy(fixture);
    while (atomic_load(&busy_begun) == 0)
        sleep_ms(1);
    for (int i = 0; i < 5; i++) {
        client_send_text(fd, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
        client_read_until(fd, answer, sizeof(answer), "\r\n\r\n");
        assert_non_null(strstr(answer, " 204 "));
    }
    assert_in_range(atomic_load(&busy_begun), 1, 200); /* of 400 */
    for (int i = 0; i < 4; i++)
        close(busy[i]);
    close(fd);
    fixture_stop(fixture);
}

static void requests_of_streams_that_were_reset_do_not_run(void **state)
{
    struct fixture *fixture = start_busy(test_settings());
    static char bytes[100 * 48];
    size_t len = 0;
    int fd = client_connect(fixture);

    (void)state;
    client_send(fd, SLICE(PREFACE EMPTY_SETTINGS));
    for (unsigned i = 0; i < 100; i++) {
        len = raw_frame(bytes, len, NGHTTP2_HEADERS, 5, 2 * i + 1, SLICE(BUSY));
        len = raw_frame(bytes, len, NGHTTP2_RST_STREAM, 0, 2 * i + 1, SLICE("\0\0\0\10"));
    }
    len = raw_frame(bytes, len, NGHTTP2_HEADERS, 5, 201, SLICE("\x82\x86\x04\6/empty\x01\1a"));
    client_send(fd, slice_make(bytes, len));
    wait_for(&seen.completed, 1);
    assert_int_equal(atomic_load(&busy_begun), 0);
    close(fd);
    fixture_stop(fixture);
}

/* ---- work that gives way ---- */

/* Of /slow; "/slow?200" has as many. */
#define PARTS 20

struct parts {
    int left;
    int turns; /* after the exchange was closed */
};

static atomic_int parts_done;
static atomic_int turns_after_end;
static atomic_int begun_early; /* before the one before was done */

/* A part of the work of /slow, BUSY_MS long. */
static void work_on(struct exchange *exchange)
{
    struct parts *parts = exchange->state;

    if (exchange_is_closed(exchange)) {
        assert_int_equal(parts->turns++, 0);
        atomic_fetch_add(&turns_after_end, 1);
        return;
    }
    be_busy();
    atomic_fetch_add(&parts_done, 1);
    if (--parts->left > 0)
        exchange_give_way(exchange);
    else
        exchange_respond(exchange, 200, plain_headers, 1, SLICE("done"));
}

static void slow_closed(struct exchange *exchange, bool complete)
{
    (void)exchange;
    atomic_fetch_add(complete ? &seen.completed : &seen.cancelled, 1);
}

static const struct exchange_frontend slow_frontend = {
    .body_end = work_on, .closed = slow_closed, .turn = work_on};

static void slow_begin(void *context, struct exchange *exchange)
{
    struct parts *parts;
    uint64_t count;

    if (!path_is(exchange, "/slow")) {
        test_begin(context, exchange);
        return;
    }
    parts = arena_zalloc(exchange->arena, sizeof(*parts));
    assert_non_null(parts);
    parts->left = slice_to_u64(exchange->head.query, &count) ? (int)count : PARTS;
    if (atomic_load(&parts_done) != atomic_load(&seen.begun) * PARTS)
        atomic_fetch_add(&begun_early, 1);
    exchange->state = parts;
    exchange->frontend = &slow_frontend;
    atomic_fetch_add(&seen.begun, 1);
    exchange_accept_body(exchange, 0);
}

static struct fixture *start_slow(void)
{
    struct settings settings = test_settings();

    settings.workers = 1;
    atomic_store(&parts_done, 0);
    atomic_store(&turns_after_end, 0);
    atomic_store(&begun_early, 0);
    return fixture_start_with(settings, slow_begin);
}

#define SLOW "\x82\x86\x04\5/slow\x01\1a"
#define SLOWER "\x82\x86\x04\11/slow?200\x01\1a"

static int ask_for(const struct fixture *fixture, unsigned streams, struct slice head)
{
    static char bytes[100 * 32];
    size_t len = 0;
    int fd = client_connect(fixture);

    for (unsigned i = 0; i < streams; i++)
        len = raw_frame(bytes, len, NGHTTP2_HEADERS, 5, 2 * i + 1, head);
    client_send(fd, SLICE(PREFACE EMPTY_SETTINGS));
    client_send(fd, slice_make(bytes, len));
    return fd;
}

static void others_are_served_between_the_parts_of_one_request(void **state)
{
    struct fixture *fixture = start_slow();
    int slow = ask_for(fixture, 1, SLICE(SLOWER));
    int fd = client_connect(fixture);
    char answer[4096];

    (void)state;
    while (atomic_load(&parts_done) == 0)
        sleep_ms(1);
    client_send_text(fd, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\n");
    assert_non_null(strstr(answer, " 204 "));
    assert_in_range(atomic_load(&parts_done), 1, 199);
    wait_for(&seen.completed, 2);
    assert_int_equal(atomic_load(&parts_done), 200);
    close(slow);
    close(fd);
    fixture_stop(fixture);
}

/* Many that gave way, by what they cost now, come after one that is cheap. */
static void others_are_served_between_the_parts_of_many_requests(void **state)
{
    struct fixture *fixture = start_slow();
    int fd = client_connect(fixture);
    int slow[20];
    char answer[4096];

    (void)state;
    for (int i = 0; i < 20; i++)
        slow[i] = ask_for(fixture, 1, SLICE(SLOWER));
    while (atomic_load(&parts_done) < 20)
        sleep_ms(1);
    for (int i = 0; i < 10; i++) {
        client_send_text(fd, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
        client_read_until(fd, answer, sizeof(answer), "\r\n\r\n");
        assert_non_null(strstr(answer, " 204 "));
    }
    assert_in_range(atomic_load(&parts_done), 20, 2000); /* of 4,000 */
    for (int i = 0; i < 20; i++)
        close(slow[i]);
    close(fd);
    fixture_stop(fixture);
}

/* Else each of them would hold its memory until the last is done. */
static void a_request_that_gave_way_comes_before_the_next_of_its_connection(void **state)
{
    struct fixture *fixture = start_slow();
    int slow = ask_for(fixture, 3, SLICE(SLOW));

    (void)state;
    wait_for(&seen.completed, 3);
    assert_int_equal(atomic_load(&begun_early), 0);
    assert_int_equal(atomic_load(&parts_done), 3 * PARTS);
    close(slow);
    fixture_stop(fixture);
}

static void a_turn_is_owed_even_after_the_end(void **state)
{
    struct fixture *fixture = start_slow();
    int slow = ask_for(fixture, 1, SLICE(SLOWER));

    (void)state;
    while (atomic_load(&parts_done) == 0)
        sleep_ms(1);
    close(slow);
    wait_for(&seen.cancelled, 1);
    wait_for(&turns_after_end, 1);
    assert_in_range(atomic_load(&parts_done), 1, 199);
    fixture_stop(fixture);
}

/* Answers of a MiB to a peer that reads none: HTTP/1.1 and HTTP/2 with a shut window. */
static void no_further_request_begins_while_answers_are_unread(void **state)
{
    struct fixture *fixture = start_busy(test_settings());
    struct client *client = client_open(fixture, 1, false);
    int fd = client_connect(fixture);
    int begun;

    (void)state;
    for (int i = 0; i < 20; i++)
        http2_get(client, "/large");
    while (client_step(client, 200))
        ;
    assert_int_equal(atomic_load(&seen.begun), 1);
    begun = atomic_load(&seen.begun);
    for (int i = 0; i < 16; i++)
        client_send_text(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    sleep_ms(300);
    assert_in_range(atomic_load(&seen.begun) - begun, 1, 10); /* what the system takes is read */
    client_close(client);
    close(fd);
    fixture_stop(fixture);
}

static void what_waited_begins_once_answers_are_read(void **state)
{
    struct fixture *fixture = start_busy(test_settings());
    struct client *client = client_open(fixture, 0, true);
    int32_t ids[20];

    (void)state;
    for (int i = 0; i < 20; i++)
        ids[i] = http2_get(client, "/large");
    for (int i = 0; i < 20; i++) {
        client_until_closed(client, ids[i]);
        assert_int_equal(heard_of(client, ids[i])->bytes, 1 << 20);
    }
    client_close(client);
    fixture_stop(fixture);
}

/* What was accepted, and waits for its turn, is told so at the end. */
static void requests_that_wait_for_their_turn_are_answered_at_the_end(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    struct client *client;

    (void)state;
    settings.drain_timeout_ms = 100;
    fixture = start_busy(settings);
    client = client_open(fixture, 1, false);
    http2_get(client, "/large");
    http2_get(client, "/large");
    while (client_step(client, 200))
        ;
    assert_int_equal(atomic_load(&seen.begun), 1);
    server_stop(fixture->server);
    client_until_end(client);
    assert_int_equal(heard_of(client, 3)->status, 503);
    client_close(client);
    fixture_stop(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_are_served_between_the_requests_of_one),
        cmocka_unit_test(requests_of_streams_that_were_reset_do_not_run),
        cmocka_unit_test(others_are_served_between_the_parts_of_one_request),
        cmocka_unit_test(others_are_served_between_the_parts_of_many_requests),
        cmocka_unit_test(a_request_that_gave_way_comes_before_the_next_of_its_connection),
        cmocka_unit_test(a_turn_is_owed_even_after_the_end),
        cmocka_unit_test(no_further_request_begins_while_answers_are_unread),
        cmocka_unit_test(what_waited_begins_once_answers_are_read),
        cmocka_unit_test(requests_that_wait_for_their_turn_are_answered_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
