/* How long a request's body may take: by a clock that the test steps, and through real sockets. */
#include "rpc/net/body_clock.h"
#include "tests/support/http2_client.h"

static const struct settings steps = {.body_timeout_ms = 1000, .min_body_bytes_per_second = 100};

static void a_body_may_be_silent_for_its_timeout(void **state)
{
    struct body_clock clock;

    (void)state;
    body_clock_start(&clock, 5000);
    assert_int_equal(body_clock__due_ms(&clock, &steps), 6000);
    body_clock_excuse(&clock, 9000); /* we did not read */
    assert_int_equal(body_clock__due_ms(&clock, &steps), 10000);
}

static void a_body_that_drips_is_bounded_as_a_whole(void **state)
{
    struct body_clock clock;
    int64_t now = 0;

    (void)state;
    body_clock_start(&clock, now);
    while (now < body_clock__due_ms(&clock, &steps) && now < 60000) {
        now += 900;
        body_clock_piece(&clock, now, 1);
    }
    assert_int_equal(now, 1800); /* 1,010 ms for one byte, looked at after the second */
}

static void a_body_at_the_least_rate_goes_on(void **state)
{
    struct body_clock clock;
    int64_t now = 0;

    (void)state;
    body_clock_start(&clock, now);
    for (int i = 0; i < 10000; i++) {
        now += 500;
        assert_true(now < body_clock__due_ms(&clock, &steps));
        body_clock_piece(&clock, now, 50);
    }
}

static void bytes_that_are_dropped_buy_no_time(void **state)
{
    struct body_clock clock;

    (void)state;
    body_clock_start(&clock, 0);
    for (int i = 1; i <= 9; i++)
        body_clock_piece(&clock, i * 100, 0);
    assert_int_equal(body_clock__due_ms(&clock, &steps), 1000);
}

static void without_a_rate_only_pauses_are_bounded(void **state)
{
    const struct settings settings = {.body_timeout_ms = 1000};
    struct body_clock clock;

    (void)state;
    body_clock_start(&clock, 0);
    for (int i = 1; i <= 100; i++)
        body_clock_piece(&clock, i * 900, 1);
    assert_int_equal(body_clock__due_ms(&clock, &settings), 91000);
}

static struct fixture *start_impatient(void)
{
    struct settings settings = test_settings();

    settings.body_timeout_ms = 200;
    return net_fixture_start(settings);
}

/* Sends `piece` every 50 ms, well within the timeout of one; false: until the patience ended. */
static bool drip(int fd, struct slice piece, char *answer, size_t size)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    size_t len = 0;

    answer[0] = '\0';
    for (int i = 0; i < PATIENCE_MS / 50; i++) {
        while (poll(&poller, 1, 50) > 0) {
            ssize_t count = recv(fd, answer + len, size - 1 - len, 0);

            if (count <= 0)
                return true;
            len += (size_t)count;
            answer[len] = '\0';
        }
        client_send(fd, piece);
    }
    return false;
}

static void a_dripping_body_of_http1_is_408(void **state)
{
    static const char *const heads[] = {
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
    struct fixture *fixture = start_impatient();
    char answer[4096];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int fd = client_connect(fixture);

        client_send_text(fd, heads[i]);
        drip(fd, i == 0 ? SLICE("x") : SLICE("1\r\nx\r\n"), answer, sizeof(answer));
        assert_non_null(strstr(answer, " 408 "));
        close(fd);
    }
    fixture_stop(fixture);
}

static void a_dripping_body_of_http2_is_408(void **state)
{
    struct fixture *fixture = start_impatient();
    struct client *client = client_open(fixture, 0, true);
    int32_t id;

    (void)state;
    client->never_ends = true;
    id = http2_request(client, "POST", "/echo", 1, NULL, 0);
    for (int i = 0; i < PATIENCE_MS / 50 && heard_of(client, id)->status == 0; i++) {
        client_step(client, 50);
        client->upload_left = 1;
        nghttp2_session_resume_data(client->session, id);
    }
    assert_int_equal(heard_of(client, id)->status, 408);
    client_close(client);
    fixture_stop(fixture);
}

/* Answered 403 by its head; the chunks that still come are dropped for a while, not for ever. */
static void a_chunked_body_after_an_early_answer_is_not_drained_without_end(void **state)
{
    struct fixture *fixture = start_impatient();
    int fd = client_connect(fixture);
    char answer[4096];

    (void)state;
    client_send_text(fd, "POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_true(drip(fd, SLICE("1\r\nx\r\n"), answer, sizeof(answer)));
    assert_non_null(strstr(answer, " 403 "));
    close(fd);
    fixture_stop(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_may_be_silent_for_its_timeout),
        cmocka_unit_test(a_body_that_drips_is_bounded_as_a_whole),
        cmocka_unit_test(a_body_at_the_least_rate_goes_on),
        cmocka_unit_test(bytes_that_are_dropped_buy_no_time),
        cmocka_unit_test(without_a_rate_only_pauses_are_bounded),
        cmocka_unit_test(a_dripping_body_of_http1_is_408),
        cmocka_unit_test(a_dripping_body_of_http2_is_408),
        cmocka_unit_test(a_chunked_body_after_an_early_answer_is_not_drained_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
