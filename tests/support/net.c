/* See net.h. */
#include "tests/support/net.h"

struct seen seen;

const struct header plain_headers[] = {
    {SLICE_INIT("content-type"), SLICE_INIT("text/plain")},
};
static const struct header grpc_headers[] = {
    {SLICE_INIT("content-type"), SLICE_INIT("application/grpc")},
};
static const struct header grpc_trailers[] = {
    {SLICE_INIT("grpc-status"), SLICE_INIT("0")},
    {SLICE_INIT("grpc-message"), SLICE_INIT("fine")},
};
static const struct header grpc_error[] = {
    {SLICE_INIT("content-type"), SLICE_INIT("application/grpc")},
    {SLICE_INIT("grpc-status"), SLICE_INIT("5")},
};

static char flood_bytes[65536];

bool path_is(const struct exchange *exchange, const char *path)
{
    return slice_equal(exchange->head.path, slice_from_cstr(path));
}

void sleep_ms(int ms)
{
    poll(NULL, 0, ms);
}

static void join_body(struct exchange *exchange, struct slice bytes)
{
    struct test_call *call = exchange->state;
    char *joined = arena_alloc(exchange->arena, call->len + bytes.len);

    assert_non_null(joined);
    if (call->len > 0)
        memcpy(joined, call->body, call->len);
    memcpy(joined + call->len, bytes.data, bytes.len);
    call->body = joined;
    call->len += bytes.len;
}

static void frontend_body(struct exchange *exchange, struct slice bytes)
{
    if (path_is(exchange, "/echo") || path_is(exchange, "/grpc") || path_is(exchange, "/later"))
        join_body(exchange, bytes);
    atomic_fetch_add(&seen.body_bytes, bytes.len);
    if (!path_is(exchange, "/hoard"))
        exchange_consume(exchange, bytes.len);
}

static void send_flood(struct exchange *exchange)
{
    struct test_call *call = exchange->state;
    bool more = true;

    while (more && call->left > 0) {
        size_t count = call->left < sizeof(flood_bytes) ? call->left : sizeof(flood_bytes);

        call->left -= count;
        atomic_fetch_add(&seen.sent_bytes, count);
        more = exchange_send_body(exchange, slice_make(flood_bytes, count));
    }
    if (call->left == 0 && more)
        exchange_send_end(exchange, NULL, 0);
}

static void posted_answer(struct loop_task *task)
{
    struct test_call *call = (struct test_call *)((char *)task - offsetof(struct test_call, task));

    atomic_fetch_add(&seen.posted, 1);
    exchange_respond(call->exchange, 200, plain_headers, 1, SLICE("late"));
    exchange_release(call->exchange);
}

static void *answer_later(void *argument)
{
    struct test_call *call = argument;

    while (atomic_load(&seen.release) == 0)
        sleep_ms(5);
    loop_post(call->exchange->loop, &call->task);
    return NULL;
}

/* A body of a MiB in the exchange's own memory; 503 where there is none. */
static void answer_large(struct exchange *exchange)
{
    char *body = arena_zalloc(exchange->arena, (size_t)1 << 20);

    if (body == NULL)
        exchange_respond(exchange, 503, plain_headers, 1, SLICE("no memory"));
    else
        exchange_respond(exchange, 200, plain_headers, 1, slice_make(body, (size_t)1 << 20));
}

/* "public tcp http": the facts of the listener, and the scheme that the client is left to use. */
static struct slice listener_text(struct exchange *exchange)
{
    const struct listener_profile *listener = exchange->listener;

    return arena_printf(exchange->arena, "%s %s%s%s %.*s",
                        listener->role == LISTENER_PUBLIC ? "public" : "admin",
                        listener->is_unix ? "unix" : "tcp", listener->is_tls ? " tls" : "",
                        listener->is_proxied ? " proxied" : "", SLICE_ARG(exchange->scheme));
}

/* Answers from another thread, once the test lets it. */
static void answer_from_thread(struct exchange *exchange)
{
    struct test_call *call = exchange->state;

    call->exchange = exchange;
    call->task.run = posted_answer;
    exchange_hold(exchange);
    assert_int_equal(pthread_create(&call->thread, NULL, answer_later, call), 0);
    pthread_detach(call->thread);
}

static void frontend_body_end(struct exchange *exchange)
{
    struct test_call *call = exchange->state;
    struct slice body = slice_make(call->body, call->len);

    atomic_fetch_add(&seen.ended, 1);
    if (path_is(exchange, "/echo") || path_is(exchange, "/later")) {
        exchange_respond(exchange, 200, plain_headers, 1, body);
    } else if (path_is(exchange, "/grpc")) {
        exchange_send_head(exchange, 200, grpc_headers, 1);
        exchange_send_body(exchange, body);
        exchange_send_end(exchange, grpc_trailers, 2);
    } else if (path_is(exchange, "/parts")) {
        exchange_send_head(exchange, 200, plain_headers, 1);
        exchange_send_body(exchange, SLICE("one"));
        exchange_send_body(exchange, SLICE("two"));
        exchange_send_end(exchange, grpc_trailers, 2);
    } else if (path_is(exchange, "/status-only")) {
        exchange_send_head(exchange, 200, grpc_error, 2);
        exchange_send_end(exchange, NULL, 0);
    } else if (path_is(exchange, "/empty")) {
        exchange_respond(exchange, 204, NULL, 0, SLICE_EMPTY);
    } else if (path_is(exchange, "/unchanged")) {
        exchange_respond(exchange, 304, NULL, 0, SLICE_EMPTY);
    } else if (path_is(exchange, "/flood")) {
        call->left = (size_t)32 << 20;
        exchange_send_head(exchange, 200, plain_headers, 1);
        send_flood(exchange);
    } else if (path_is(exchange, "/large")) {
        answer_large(exchange);
    } else if (path_is(exchange, "/half") || path_is(exchange, "/public")) {
        exchange_send_head(exchange, 200, plain_headers, 1);
        exchange_send_body(exchange, SLICE("half"));
    } else if (path_is(exchange, "/reset")) {
        exchange_reset(exchange);
    } else if (path_is(exchange, "/wait")) {
        answer_from_thread(exchange);
    } else if (path_is(exchange, "/peer")) {
        exchange_respond(exchange, 200, plain_headers, 1, exchange->peer);
    } else if (path_is(exchange, "/listener")) {
        exchange_respond(exchange, 200, plain_headers, 1, listener_text(exchange));
    } else if (path_is(exchange, "/loop")) {
        exchange_respond(exchange, 200, plain_headers, 1,
                         arena_printf(exchange->arena, "loop %u", loop_index(exchange->loop)));
    } else if (path_is(exchange, "/timeout")) {
        exchange_set_timeout(exchange, 50);
    } else if (!path_is(exchange, "/never") && !path_is(exchange, "/hoard")) {
        exchange_respond(exchange, 404, plain_headers, 1, SLICE("no such test"));
    }
}

static void frontend_writable(struct exchange *exchange)
{
    atomic_fetch_add(&seen.writables, 1);
    send_flood(exchange);
}

static void frontend_timeout(struct exchange *exchange)
{
    atomic_fetch_add(&seen.timeouts, 1);
    if (path_is(exchange, "/later")) {
        exchange_accept_body(exchange, 0);
        return;
    }
    exchange_respond(exchange, 504, plain_headers, 1, SLICE("too late"));
}

static void frontend_closed(struct exchange *exchange, bool complete)
{
    struct test_call *call = exchange->state;

    assert_int_equal(atomic_fetch_add(&call->closed_count, 1), 0);
    assert_true(exchange_is_closed(exchange));
    atomic_fetch_add(complete ? &seen.completed : &seen.cancelled, 1);
}

const struct exchange_frontend test_frontend = {
    frontend_body, frontend_body_end, frontend_writable, frontend_timeout, frontend_closed,
};

/* /later?300 accepts the body after 300 ms. */
static uint64_t wait_of(const struct exchange *exchange)
{
    uint64_t ms;

    return slice_to_u64(exchange->head.query, &ms) ? ms : 50;
}

void test_begin(void *context, struct exchange *exchange)
{
    struct test_call *call = arena_zalloc(exchange->arena, sizeof(*call));

    (void)context;
    assert_non_null(call);
    exchange->frontend = &test_frontend;
    exchange->state = call;
    atomic_fetch_add(&seen.begun, 1);
    if (!path_is(exchange, "/public"))
        exchange_claim(exchange);
    if (path_is(exchange, "/early")) {
        exchange_respond(exchange, 403, plain_headers, 1, SLICE("no"));
        return;
    }
    if (path_is(exchange, "/later"))
        exchange_set_timeout(exchange, wait_of(exchange));
    else if (path_is(exchange, "/small"))
        exchange_accept_body(exchange, 10);
    else if (!path_is(exchange, "/unaccepted") && !path_is(exchange, "/unaccepted-head"))
        exchange_accept_body(exchange, 0);
    if (path_is(exchange, "/unaccepted-head"))
        exchange_send_head(exchange, 200, plain_headers, 1);
    if (path_is(exchange, "/converse"))
        exchange_send_head(exchange, 200, grpc_headers, 1);
}

static void test_draining(void *context)
{
    (void)context;
    atomic_store(&seen.draining, 1);
}

void *fixture_thread(void *argument)
{
    server_run(((struct fixture *)argument)->server);
    return NULL;
}

struct settings test_settings(void)
{
    struct settings settings = settings_default();

    settings.workers = 2;
    settings.drain_timeout_ms = 3000;
    settings.max_source_connections_percent = 100; /* all clients of a test are one source */
    return settings;
}

struct fixture *fixture_start_with(struct settings settings,
                                   void (*begin)(void *context, struct exchange *exchange))
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct server_options options = {
        .listen = {"127.0.0.1:0"},
        .listen_count = 1,
        .begin = begin,
        .draining = test_draining,
    };
    struct status status;

    assert_non_null(fixture);
    memset(&seen, 0, sizeof(seen));
    fixture->settings = settings;
    options.settings = &fixture->settings;
    arena_init(&fixture->arena, NULL, 65536);
    status = server_start(&options, &fixture->arena, &fixture->server);
    assert_true(status_is_ok(status));
    fixture->port = (uint16_t)strtoul(strrchr(server_address(fixture->server, 0), ':') + 1, NULL,
                                      10);
    assert_int_equal(pthread_create(&fixture->thread, NULL, fixture_thread, fixture), 0);
    return fixture;
}

struct fixture *net_fixture_start(struct settings settings)
{
    return fixture_start_with(settings, test_begin);
}

void fixture_stop(struct fixture *fixture)
{
    server_stop(fixture->server);
    pthread_join(fixture->thread, NULL);
    assert_int_equal(server_count(fixture->server).connections_open, 0);
    assert_int_equal(server_count(fixture->server).memory_bytes, 0);
    assert_int_equal(atomic_load(&seen.begun),
                     atomic_load(&seen.completed) + atomic_load(&seen.cancelled));
    server_free(fixture->server);
    arena_done(&fixture->arena);
    free(fixture);
}

void wait_for(atomic_int *counter, int wanted)
{
    for (int i = 0; i < PATIENCE_MS / 5 && atomic_load(counter) < wanted; i++)
        sleep_ms(5);
    assert_int_equal(atomic_load(counter), wanted);
}

int client_connect(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int at_once =
        1; /* else a second small write waits 40 ms for the peer to acknowledge the first */

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return fd;
}

void client_send(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);

        if (sent <= 0)
            return; /* the server closed: what it answered tells */
        bytes = slice_from(bytes, (size_t)sent);
    }
}

void client_send_text(int fd, const char *text)
{
    client_send(fd, slice_from_cstr(text));
}

size_t client_read_until(int fd, char *text, size_t size, const char *needle)
{
    size_t len = 0;

    text[0] = '\0';
    while (len + 1 < size && (needle == NULL || strstr(text, needle) == NULL)) {
        ssize_t count = recv(fd, text + len, size - 1 - len, 0);

        if (count < 0)
            assert_int_not_equal(errno, EAGAIN);
        if (count <= 0)
            break;
        len += (size_t)count;
        text[len] = '\0';
    }
    return len;
}

bool client_sees_close(int fd)
{
    char bytes[4096];
    ssize_t count;

    while ((count = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        ;
    return count == 0 || errno == ECONNRESET;
}
