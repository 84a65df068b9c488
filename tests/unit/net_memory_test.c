/*
 * Memory under slow readers: what one connection may hold is bounded, and under pressure the
 * largest holder goes, so that everybody else is served all the while.
 */
#include "tests/support/http2_client.h"

#define ANSWER_BYTES ((size_t)1 << 20)
#define HOLDERS 64

static struct fixture *start_small(void)
{
    struct settings settings = test_settings();

    settings.workers = 1;
    settings.max_memory_mib = 16;
    settings.max_write_buffer_bytes = 16 << 20; /* else unread answers hold back further requests */
    return net_fixture_start(settings);
}

/* Asks for an answer of ANSWER_BYTES over HTTP/1.1 and reads all of it; the status, 0 for none. */
static int ask_large(const struct fixture *fixture)
{
    static char text[2 * ANSWER_BYTES];
    int fd = client_connect(fixture);
    size_t len;

    client_send_text(fd, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    len = client_read_until(fd, text, sizeof(text), NULL);
    close(fd);
    if (len < 12)
        return 0;
    assert_true(strncmp(text + 9, "200", 3) != 0 || len > ANSWER_BYTES);
    return (int)strtol(text + 9, NULL, 10);
}

static void slow_readers_starve_nobody(void **state)
{
    struct fixture *fixture = start_small();
    struct client *holders[HOLDERS];

    (void)state;
    /* Each holds two MiB, together far more than there is. */
    for (size_t i = 0; i < HOLDERS; i++) {
        holders[i] = client_open(fixture, 1, false);
        http2_get(holders[i], "/large");
        http2_get(holders[i], "/large");
        while (heard_of(holders[i], 3)->status == 0)
            assert_true(client_step(holders[i], PATIENCE_MS));
        assert_int_equal(ask_large(fixture), 200);
        assert_in_range(server_count(fixture->server).memory_bytes, 0, 16 << 20);
    }
    assert_in_range(server_count(fixture->server).connections_shed, 1, HOLDERS);
    for (size_t i = 0; i < HOLDERS; i++)
        client_close(holders[i]);
    fixture_stop(fixture);
}

/* How much of it the sockets take is the system's to say; what is beyond waits with the server. */
static void slow_readers_of_http1_starve_nobody_either(void **state)
{
    struct fixture *fixture = start_small();
    int holders[HOLDERS];

    (void)state;
    for (size_t i = 0; i < HOLDERS; i++) {
        holders[i] = client_connect(fixture);
        for (int j = 0; j < 16; j++)
            client_send_text(holders[i], "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(ask_large(fixture), 200);
        assert_in_range(server_count(fixture->server).memory_bytes, 0, 16 << 20);
    }
    for (size_t i = 0; i < HOLDERS; i++)
        close(holders[i]);
    fixture_stop(fixture);
}

static void one_connection_holds_no_more_than_its_share(void **state)
{
    struct fixture *fixture = start_small();
    struct client *client = client_open(fixture, 1, false); /* a window of one byte */
    int served = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        http2_get(client, "/large");
    for (int i = 0; i < 20; i++) {
        while (heard_of(client, 2 * i + 1)->status == 0 && !heard_of(client, 2 * i + 1)->closed)
            assert_true(client_step(client, PATIENCE_MS));
        served += heard_of(client, 2 * i + 1)->status == 200;
    }
    assert_in_range(served, 1, 4); /* a quarter of 16 MiB */
    assert_int_equal(ask_large(fixture), 200);
    assert_int_equal(server_count(fixture->server).connections_shed, 0);
    client_close(client);
    fixture_stop(fixture);
}

/* Requests whose head alone needs memory, of callers that nobody knows. */
static void even_the_smallest_requests_are_bounded(void **state)
{
    struct settings settings = test_settings();
    struct client *clients[16];
    struct fixture *fixture;

    (void)state;
    settings.workers = 1;
    settings.max_memory_mib = 16;
    settings.max_concurrent_streams = 1000;
    fixture = net_fixture_start(settings);
    for (size_t i = 0; i < 16; i++) {
        clients[i] = client_open(fixture, 1, false);
        for (int j = 0; j < 300; j++)
            http2_get(clients[i], "/early");
        while (heard_of(clients[i], 599)->status == 0 && !heard_of(clients[i], 599)->closed &&
               !clients[i]->ended)
            client_step(clients[i], PATIENCE_MS);
        assert_in_range(server_count(fixture->server).memory_bytes, 0, 16 << 20);
        assert_int_equal(ask_large(fixture), 200);
    }
    assert_in_range(server_count(fixture->server).connections_shed, 1, 16);
    for (size_t i = 0; i < 16; i++)
        client_close(clients[i]);
    fixture_stop(fixture);
}

static void requests_beyond_the_share_may_be_tried_again(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    struct client *client;

    (void)state;
    settings.workers = 1;
    settings.max_memory_mib = 16;
    settings.max_concurrent_streams = 1000;
    fixture = net_fixture_start(settings);
    client = client_open(fixture, 1, false);
    for (int j = 0; j < 700; j++)
        http2_get(client, "/early");
    client_until_closed(client, 1399);
    assert_int_equal(heard_of(client, 1399)->error, NGHTTP2_REFUSED_STREAM);
    assert_int_equal(heard_of(client, 1)->status, 403);
    assert_int_equal(ask_large(fixture), 200);
    client_close(client);
    fixture_stop(fixture);
}

/* What is held once the turn is over in which a client read the last byte. */
static size_t settled_memory(const struct fixture *fixture, size_t most)
{
    for (int i = 0; i < PATIENCE_MS && server_count(fixture->server).memory_bytes > most; i++)
        sleep_ms(1);
    return server_count(fixture->server).memory_bytes;
}

/* What is kept of connections that asked for so much, one after the other, and for nothing now. */
static void expect_12_kib(int requests)
{
    enum { CLIENTS = 16 };
    struct fixture *fixture = start_small();
    struct client *clients[CLIENTS];

    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = client_open(fixture, 1, false);
        for (int j = 0; j < requests; j++) {
            int32_t id = http2_get(clients[i], "/empty");

            while (heard_of(clients[i], id)->status == 0)
                assert_true(client_step(clients[i], PATIENCE_MS));
            assert_int_equal(heard_of(clients[i], id)->status, 204);
        }
    }
    assert_int_equal(ask_large(fixture), 200); /* a turn after those */
    assert_in_range(settled_memory(fixture, CLIENTS * 12288), CLIENTS * 4096, CLIENTS * 12288);
    for (size_t i = 0; i < CLIENTS; i++)
        client_close(clients[i]);
    fixture_stop(fixture);
}

static void an_idle_connection_of_http2_holds_12_kib_at_most(void **state)
{
    (void)state;
    expect_12_kib(1);
}

/* Neither streams that closed nor the fields of answers pile up. */
static void nor_does_one_that_was_used_for_long_hold_more(void **state)
{
    (void)state;
    expect_12_kib(150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_readers_starve_nobody),
        cmocka_unit_test(slow_readers_of_http1_starve_nobody_either),
        cmocka_unit_test(one_connection_holds_no_more_than_its_share),
        cmocka_unit_test(even_the_smallest_requests_are_bounded),
        cmocka_unit_test(requests_beyond_the_share_may_be_tried_again),
        cmocka_unit_test(an_idle_connection_of_http2_holds_12_kib_at_most),
        cmocka_unit_test(nor_does_one_that_was_used_for_long_hold_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
