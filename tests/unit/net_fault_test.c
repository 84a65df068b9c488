/*
 * Each allocation in an exchange's arena fails once: the request is answered 429 or cut, never
 * served as if nothing had happened, and the server goes on.
 */
#include <nghttp2/nghttp2.h>

#include "tests/support/net.h"

#ifdef DATASTREAM_FAULTS

static void fault_body(struct exchange *exchange, struct slice bytes)
{
    exchange_consume(exchange, bytes.len);
}

/* Allocates nothing itself. */
static void fault_end(struct exchange *exchange)
{
    uint64_t number;

    if (path_is(exchange, "/arm") && slice_to_u64(exchange->head.query, &number))
        arena_fault_set((unsigned long)number, false);
    exchange_respond(exchange, 200, plain_headers, 1, SLICE("served"));
}

static void fault_closed(struct exchange *exchange, bool complete)
{
    (void)exchange;
    atomic_fetch_add(complete ? &seen.completed : &seen.cancelled, 1);
}

static const struct exchange_frontend fault_frontend = {
    .body = fault_body,
    .body_end = fault_end,
    .closed = fault_closed,
};

static void fault_begin(void *context, struct exchange *exchange)
{
    (void)context;
    exchange->frontend = &fault_frontend;
    atomic_fetch_add(&seen.begun, 1);
    exchange_accept_body(exchange, 0);
}

static struct fixture *fault_start(void)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct server_options options = {
        .listen = {"127.0.0.1:0"},
        .listen_count = 1,
        .begin = fault_begin,
    };

    assert_non_null(fixture);
    memset(&seen, 0, sizeof(seen));
    fixture->settings = test_settings();
    fixture->settings.workers = 1; /* faults are set for one thread */
    options.settings = &fixture->settings;
    arena_init(&fixture->arena, NULL, 65536);
    assert_true(status_is_ok(server_start(&options, &fixture->arena, &fixture->server)));
    fixture->port = (uint16_t)strtoul(strrchr(server_address(fixture->server, 0), ':') + 1, NULL,
                                      10);
    assert_int_equal(pthread_create(&fixture->thread, NULL, fixture_thread, fixture), 0);
    return fixture;
}

/* The allocation `number` from now on fails; 0: none. False: an earlier fault struck this. */
static bool arm(const struct fixture *fixture, unsigned number)
{
    char request[128];
    char answer[4096];
    int fd = client_connect(fixture);

    snprintf(request, sizeof(request),
             "GET /arm?%u HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", number);
    client_send_text(fd, request);
    client_read_until(fd, answer, sizeof(answer), "served");
    close(fd);
    return strstr(answer, "200 OK") != NULL;
}

/* 200, 429, or 0 when the connection or stream was cut. */
static int ask_http1(const struct fixture *fixture)
{
    char answer[4096];
    int fd = client_connect(fixture);

    client_send_text(fd, "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nA: b\r\n"
                         "Content-Length: 3\r\n\r\nabc");
    client_read_until(fd, answer, sizeof(answer), NULL);
    close(fd);
    if (strstr(answer, " 429 ") != NULL)
        assert_non_null(strstr(answer, "\r\nretry-after: 1\r\n"));
    return strlen(answer) < 12 ? 0 : (int)strtol(answer + 9, NULL, 10);
}

struct outcome {
    int status;
    bool closed;
};

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user_data)
{
    (void)session;
    (void)frame;
    (void)value_len;
    (void)flags;
    if (slice_equal(slice_make(name, name_len), SLICE(":status")))
        ((struct outcome *)user_data)->status = (int)strtol((const char *)value, NULL, 10);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user_data)
{
    (void)session;
    (void)id;
    (void)error;
    ((struct outcome *)user_data)->closed = true;
    return 0;
}

static void flush(nghttp2_session *session, int fd)
{
    const uint8_t *data;
    ssize_t count;

    while ((count = nghttp2_session_mem_send(session, &data)) > 0)
        client_send(fd, slice_make(data, (size_t)count));
}

static int ask_http2(const struct fixture *fixture)
{
    nghttp2_nv fields[24] = {
        {(uint8_t *)":method", (uint8_t *)"GET", 7, 3, 0},
        {(uint8_t *)":path", (uint8_t *)"/x", 5, 2, 0},
        {(uint8_t *)":scheme", (uint8_t *)"http", 7, 4, 0},
        {(uint8_t *)":authority", (uint8_t *)"a", 10, 1, 0},
    };
    nghttp2_session_callbacks *callbacks;
    struct outcome outcome = {0};
    int fd = client_connect(fixture);
    nghttp2_session *session;
    uint8_t bytes[16384];
    ssize_t count;

    for (size_t i = 4; i < 24; i++) /* more than the first array of headers holds */
        fields[i] = (nghttp2_nv){(uint8_t *)"x-y", (uint8_t *)"z", 3, 1, 0};
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    assert_int_equal(nghttp2_session_client_new(&session, callbacks, &outcome), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
    nghttp2_submit_request(session, NULL, fields, 24, NULL, NULL);
    flush(session, fd);
    while (!outcome.closed && (count = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        nghttp2_session_mem_recv(session, bytes, (size_t)count);
    nghttp2_session_del(session);
    close(fd);
    return outcome.status;
}

/* Fails allocation after allocation until the request is served without reaching the fault. */
static void fail_each(int (*ask)(const struct fixture *fixture), unsigned least)
{
    struct fixture *fixture = fault_start();
    unsigned number = 1;

    for (;; number++) {
        int status;

        assert_true(arm(fixture, number));
        status = ask(fixture);
        if (status == 200)
            break;
        if (status != 0 && status != 429)
            fail_msg("allocation %u: %d", number, status);
        assert_true(arm(fixture, 0));
        assert_int_equal(ask(fixture), 200);
        assert_true(number < 200);
    }
    assert_true(number > least);                     /* the faults were where the request is */
    assert_true(arm(fixture, 0) || arm(fixture, 0)); /* a fault strikes once */
    fixture_stop(fixture);
}

static void every_allocation_of_an_http1_request_may_fail(void **state)
{
    (void)state;
    fail_each(ask_http1, 4);
}

static void every_allocation_of_an_http2_request_may_fail(void **state)
{
    (void)state;
    fail_each(ask_http2, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_an_http1_request_may_fail),
        cmocka_unit_test(every_allocation_of_an_http2_request_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    printf("needs a build with DATASTREAM_FAULTS\n");
    return 0;
}

#endif
