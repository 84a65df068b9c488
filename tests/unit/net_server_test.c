/* The server around its connections: addresses, bounds, mailboxes, draining and its end. */
#include <arpa/inet.h>
#include <nghttp2/nghttp2.h>
#include <signal.h>
#include <sys/stat.h>

#include "rpc/net/address.h"
#include "tests/support/net.h"

static void nothing_begins(void *context, struct exchange *exchange)
{
    (void)context;
    (void)exchange;
    fail();
}

static struct status start_on(const char *listen, bool insecure, struct arena *arena,
                              struct server **ret_server)
{
    static struct settings settings;
    struct server_options options = {
        .settings = &settings,
        .listen = {listen},
        .listen_count = 1,
        .insecure_listen = insecure,
        .begin = nothing_begins,
    };

    settings = test_settings();
    return server_start(&options, arena, ret_server);
}

static void addresses_that_cannot_be_served_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *listen;
        enum status_code code;
    } cases[] = {
        {"", STATUS_INVALID_ARGUMENT},
        {"8080", STATUS_INVALID_ARGUMENT},
        {"127.0.0.1", STATUS_INVALID_ARGUMENT},
        {"127.0.0.1:", STATUS_INVALID_ARGUMENT},
        {"127.0.0.1:65536", STATUS_INVALID_ARGUMENT},
        {"127.0.0.1:-1", STATUS_INVALID_ARGUMENT},
        {"127.0.0.256:1", STATUS_INVALID_ARGUMENT},
        {"example.com:1", STATUS_INVALID_ARGUMENT},
        {"::1:80", STATUS_INVALID_ARGUMENT},
        {"[::g]:80", STATUS_INVALID_ARGUMENT},
        {"unix:", STATUS_INVALID_ARGUMENT},
        {"0.0.0.0:0", STATUS_FAILED_PRECONDITION},
        {":0", STATUS_FAILED_PRECONDITION},
        {"[::]:0", STATUS_FAILED_PRECONDITION},
        {"10.0.0.1:0", STATUS_FAILED_PRECONDITION},
        {"unix:/no/such/folder/socket", STATUS_UNAVAILABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server *server = NULL;
        struct status status;
        struct arena arena;

        arena_init(&arena, NULL, 65536);
        status = start_on(cases[i].listen, false, &arena, &server);
        if (status.code != cases[i].code)
            fail_msg("%s: wanted %s, got %s", cases[i].listen, status_code_name(cases[i].code),
                     status_code_name(status.code));
        assert_true(status.message.len > 10);
        assert_null(server);
        arena_done(&arena);
    }
}

static void addresses_say_which_port_was_bound(void **state)
{
    static const struct {
        const char *listen;
        bool insecure;
        const char *prefix;
    } cases[] = {
        {"127.0.0.1:0", false, "127.0.0.1:"},
        {"localhost:0", false, "127.0.0.1:"},
        {"[::1]:0", false, "[::1]:"},
        {"0.0.0.0:0", true, "0.0.0.0:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server *server = NULL;
        struct arena arena;
        const char *text;

        arena_init(&arena, NULL, 65536);
        assert_true(status_is_ok(start_on(cases[i].listen, cases[i].insecure, &arena, &server)));
        text = server_address(server, 0);
        assert_int_equal(strncmp(text, cases[i].prefix, strlen(cases[i].prefix)), 0);
        assert_true(strtoul(strrchr(text, ':') + 1, NULL, 10) > 0);
        assert_null(server_address(server, 1));
        assert_int_equal(server_loops(server), 2);
        server_free(server); /* without ever having run */
        arena_done(&arena);
    }
}

static void a_port_that_is_taken_is_unavailable(void **state)
{
    struct server *first = NULL;
    struct server *second = NULL;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 65536);
    assert_true(status_is_ok(start_on("127.0.0.1:0", false, &arena, &first)));
    assert_int_equal(start_on(server_address(first, 0), false, &arena, &second).code,
                     STATUS_UNAVAILABLE);
    server_free(first);
    arena_done(&arena);
}

static void *run_server(void *server)
{
    server_run(server);
    return NULL;
}

static void unix_sockets_serve_and_are_removed(void **state)
{
    struct settings settings = test_settings();
    char path[64];
    char listen_on[80];
    struct server_options options = {.settings = &settings, .listen_count = 1, .begin = test_begin};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct server *server = NULL;
    struct arena arena;
    pthread_t thread;
    char answer[4096];
    int fd;

    (void)state;
    memset(&seen, 0, sizeof(seen));
    snprintf(path, sizeof(path), "/tmp/net_server_test.%d", (int)getpid());
    snprintf(listen_on, sizeof(listen_on), "unix:%s", path);
    options.listen[0] = listen_on;
    arena_init(&arena, NULL, 65536);
    /* What a crash left behind is no obstacle. */
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    assert_true(status_is_ok(server_start(&options, &arena, &server)));
    assert_string_equal(server_address(server, 0), listen_on);
    assert_int_equal(pthread_create(&thread, NULL, run_server, server), 0);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    client_send_text(fd, "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_non_null(strstr(answer, "\r\n\r\nunix"));
    close(fd);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    client_send_text(fd, "GET /listener HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_non_null(strstr(answer, "\r\n\r\npublic unix http"));
    close(fd);
    server_stop(server);
    pthread_join(thread, NULL);
    server_free(server);
    assert_int_equal(access(path, F_OK), -1);
    arena_done(&arena);
}

/* Whatever the umask lets through. */
static void a_unix_socket_is_open_to_user_and_group_at_most(void **state)
{
    static const mode_t modes[] = {0600, 0660};
    struct settings settings = test_settings();
    struct server_options options = {.settings = &settings, .listen_count = 1, .begin = test_begin};
    char listen_on[80];
    struct arena arena;

    (void)state;
    snprintf(listen_on, sizeof(listen_on), "unix:/tmp/net_server_mode.%d", (int)getpid());
    options.listen[0] = listen_on;
    arena_init(&arena, NULL, 65536);
    for (size_t i = 0; i < 4; i++) {
        mode_t before = umask(i < 2 ? 0 : 077);
        struct server *server = NULL;
        struct stat facts;

        settings.unix_socket_group = i % 2;
        assert_true(status_is_ok(server_start(&options, &arena, &server)));
        umask(before);
        assert_int_equal(stat(listen_on + 5, &facts), 0);
        assert_int_equal(facts.st_mode & 07777, modes[i % 2]);
        server_stop(server);
        server_run(server);
        server_free(server);
    }
    arena_done(&arena);
}

static void the_peer_is_its_address_without_port(void **state)
{
    struct fixture *fixture = net_fixture_start(test_settings());
    int fd = client_connect(fixture);
    char answer[4096];

    (void)state;
    client_send_text(fd, "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_non_null(strstr(answer, "\r\n\r\n127.0.0.1"));
    close(fd);
    fixture_stop(fixture);
}

static void an_exchange_knows_the_listener_that_it_came_in_by(void **state)
{
    struct fixture *fixture = net_fixture_start(test_settings());
    int fd = client_connect(fixture);
    char answer[4096];

    (void)state;
    client_send_text(fd, "GET /listener HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_non_null(strstr(answer, "\r\n\r\npublic tcp http"));
    close(fd);
    fixture_stop(fixture);
}

static void an_ipv4_peer_of_a_listener_for_both_is_ipv4(void **state)
{
    static const struct {
        const char *address, *wanted;
    } rows[] = {{"::ffff:192.0.2.7", "192.0.2.7"}, {"2001:db8::7", "2001:db8::7"}, {"::1", "::1"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage storage = {.ss_family = AF_INET6};
        char text[64];

        assert_int_equal(
            inet_pton(AF_INET6, rows[i].address, &((struct sockaddr_in6 *)&storage)->sin6_addr), 1);
        address__format_peer(&storage, text, sizeof(text));
        assert_string_equal(text, rows[i].wanted);
    }
}

/* One request on a connection that stays open. */
static bool is_served(int fd)
{
    char answer[4096];

    client_send_text(fd, "GET /grpc HTTP/1.1\r\nHost: a\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\n0\r\n");
    return strstr(answer, "200 OK") != NULL;
}

static void connections_beyond_the_bound_are_closed_at_once(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int fds[3];
    int more;

    (void)state;
    settings.max_connections = 3;
    fixture = net_fixture_start(settings);
    for (int i = 0; i < 3; i++) {
        fds[i] = client_connect(fixture);
        assert_true(is_served(fds[i]));
    }
    more = client_connect(fixture);
    assert_true(client_sees_close(more));
    close(more);
    assert_int_equal(server_count(fixture->server).connections_refused, 1);
    assert_int_equal(server_count(fixture->server).connections_accepted, 3);
    assert_int_equal(server_count(fixture->server).requests, 3);
    close(fds[0]);
    while (server_count(fixture->server).connections_open == 3)
        sleep_ms(5);
    fds[0] = client_connect(fixture);
    assert_true(is_served(fds[0]));
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    fixture_stop(fixture);
}

/* New connections are refused, until another one is closed. */
static void expect_room(struct fixture *fixture)
{
    bool served = false;

    for (int i = 0; i < PATIENCE_MS / 5 && !served; i++) {
        int fd = client_connect(fixture);

        served = is_served(fd);
        close(fd);
        sleep_ms(5);
    }
    assert_true(served);
}

static void silent_connections_make_room_for_others(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int silent[9];

    (void)state;
    settings.max_connections = 9;
    settings.header_timeout_ms = 600000;
    fixture = net_fixture_start(settings);
    for (int i = 0; i < 9; i++)
        silent[i] = client_connect(fixture);
    while (server_count(fixture->server).connections_accepted < 9)
        sleep_ms(5);
    expect_room(fixture);
    for (int i = 0; i < 9; i++)
        close(silent[i]);
    fixture_stop(fixture);
}

/* Else whoever opens many and asks once on each keeps all others out until they are idle too long.
 */
static void idle_connections_make_room_for_others(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int busy, idle[8];

    (void)state;
    settings.max_connections = 9;
    fixture = net_fixture_start(settings);
    busy = client_connect(fixture);
    client_send_text(busy, "GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.begun, 1);
    for (int i = 0; i < 8; i++) {
        idle[i] = client_connect(fixture);
        assert_true(is_served(idle[i]));
    }
    expect_room(fixture);
    assert_int_equal(atomic_load(&seen.cancelled), 0); /* who waits for an answer is not idle */
    for (int i = 0; i < 8; i++)
        close(idle[i]);
    close(busy);
    fixture_stop(fixture);
}

#define LOOPS_MOST 3
#define SHARED 10

/* A connection whose answer has told by which loop it is served, or -1. */
struct shared {
    int fd;
    unsigned loop;
};

static void open_shared(struct fixture *fixture, struct shared *one)
{
    char answer[4096];
    const char *told;

    one->fd = client_connect(fixture);
    client_send_text(one->fd, "GET /loop HTTP/1.1\r\nHost: a\r\n\r\n");
    client_read_until(one->fd, answer, sizeof(answer), "loop ");
    told = strstr(answer, "loop ");
    assert_non_null(told);
    one->loop = (unsigned)strtoul(told + 5, NULL, 10);
    assert_in_range(one->loop, 0, server_loops(fixture->server) - 1);
}

/* Closes those of a loop, as the server has noticed at the end. */
static void close_shared(struct fixture *fixture, struct shared *all, unsigned loop)
{
    uint64_t left = 0;

    for (int i = 0; i < SHARED; i++) {
        if (all[i].fd >= 0 && all[i].loop == loop) {
            close(all[i].fd);
            all[i].fd = -1;
        }
        left += all[i].fd >= 0;
    }
    for (int i = 0; i < PATIENCE_MS && server_count(fixture->server).connections_open > left; i++)
        sleep_ms(1);
    assert_int_equal(server_count(fixture->server).connections_open, left);
}

static void expect_even_shares(const struct shared *all, unsigned loops)
{
    unsigned shares[LOOPS_MOST] = {0};

    for (int i = 0; i < SHARED; i++) {
        if (all[i].fd >= 0)
            shares[all[i].loop]++;
    }
    for (unsigned i = 0; i < loops; i++) {
        for (unsigned j = 0; j < loops; j++)
            assert_in_range(shares[i], 0, shares[j] + 1);
    }
}

static void expect_shares_of(unsigned loops)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    struct shared all[SHARED];

    settings.workers = loops;
    fixture = net_fixture_start(settings);
    for (int i = 0; i < SHARED; i++)
        all[i].fd = -1;
    for (int i = 0; i < SHARED; i++) {
        open_shared(fixture, &all[i]);
        expect_even_shares(all, loops);
    }
    for (unsigned loop = 0; loop < loops; loop++) {
        close_shared(fixture, all, loop);
        for (int i = 0; i < SHARED; i++) {
            if (all[i].fd < 0)
                open_shared(fixture, &all[i]);
        }
        expect_even_shares(all, loops);
    }
    for (int i = 0; i < SHARED; i++)
        close(all[i].fd);
    fixture_stop(fixture);
}

static void connections_are_shared_evenly_also_after_some_were_closed(void **state)
{
    (void)state;
    for (unsigned loops = 1; loops <= LOOPS_MOST; loops++)
        expect_shares_of(loops);
}

/* ---- mailboxes ---- */

#define POSTERS 4
#define POSTS 2000

struct numbered {
    struct loop_task task;
    int poster;
    int number;
};

static struct numbered numbered[POSTERS][POSTS];
static int expected[POSTERS];
static atomic_int arrived;
static struct loop *mail_loop;

static void on_numbered(struct loop_task *task)
{
    struct numbered *mail = (struct numbered *)task;

    assert_int_equal(mail->number, expected[mail->poster]);
    expected[mail->poster]++;
    atomic_fetch_add(&arrived, 1);
}

static void *post_all(void *argument)
{
    struct numbered *mails = argument;

    for (int i = 0; i < POSTS; i++)
        loop_post(mail_loop, &mails[i].task);
    return NULL;
}

static void keep_loop(void *context, struct exchange *exchange)
{
    (void)context;
    exchange->frontend = &test_frontend;
    exchange->state = arena_zalloc(exchange->arena, sizeof(struct test_call));
    atomic_fetch_add(&seen.begun, 1);
    mail_loop = exchange->loop;
    atomic_store(&seen.release, 1);
}

static void posts_of_one_thread_run_in_their_order(void **state)
{
    struct settings settings = test_settings();
    struct server_options options = {
        .settings = &settings, .listen = {"127.0.0.1:0"}, .listen_count = 1, .begin = keep_loop};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    pthread_t threads[POSTERS];
    int fd;

    (void)state;
    memset(&seen, 0, sizeof(seen));
    settings = test_settings();
    settings.drain_timeout_ms = 0; /* nobody answers that call */
    arena_init(&fixture->arena, NULL, 65536);
    assert_true(status_is_ok(server_start(&options, &fixture->arena, &fixture->server)));
    fixture->port = (uint16_t)strtoul(strrchr(server_address(fixture->server, 0), ':') + 1, NULL,
                                      10);
    assert_int_equal(pthread_create(&fixture->thread, NULL, run_server, fixture->server), 0);
    fd = client_connect(fixture);
    client_send_text(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.release, 1);
    for (int i = 0; i < POSTERS; i++) {
        for (int n = 0; n < POSTS; n++)
            numbered[i][n] = (struct numbered){.task.run = on_numbered, .poster = i, .number = n};
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, numbered[i]), 0);
    }
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    wait_for(&arrived, POSTERS * POSTS);
    close(fd);
    fixture_stop(fixture);
}

/* ---- draining ---- */

static void draining_lets_calls_finish_and_refuses_new_connections(void **state)
{
    struct fixture *fixture = net_fixture_start(test_settings());
    int running = client_connect(fixture);
    int idle = client_connect(fixture);
    char answer[4096];

    (void)state;
    assert_true(is_served(idle));
    client_send_text(running, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.ended, 2);
    server_stop(fixture->server);
    wait_for(&seen.draining, 1);
    assert_true(client_sees_close(idle));
    atomic_store(&seen.release, 1);
    client_read_until(running, answer, sizeof(answer), "late");
    assert_non_null(strstr(answer, "late"));
    assert_non_null(strstr(answer, "connection: close\r\n"));
    assert_true(client_sees_close(running));
    close(idle);
    close(running);
    fixture_stop(fixture);
    assert_int_equal(atomic_load(&seen.cancelled), 0);
}

static void calls_that_outlast_the_draining_are_cut(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    char answer[1024];
    int fd;

    (void)state;
    settings.drain_timeout_ms = 100;
    fixture = net_fixture_start(settings);
    fd = client_connect(fixture);
    client_send_text(fd, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.ended, 1);
    kill(getpid(), SIGTERM);
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_true(slice_starts_with(slice_from_cstr(answer), SLICE("HTTP/1.1 503 ")));
    assert_non_null(strstr(answer, "connection: close\r\n"));
    assert_non_null(strstr(answer, "shutting down before the answer"));
    close(fd);
    fixture_stop(fixture);
    assert_int_equal(atomic_load(&seen.cancelled), 1);
}

static void a_peer_that_keeps_sending_does_not_hold_up_the_end(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int sent = 0;
    int fd;

    (void)state;
    settings.drain_timeout_ms = 100;
    fixture = net_fixture_start(settings);
    fd = client_connect(fixture);
    client_send_text(fd, "POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    wait_for(&seen.begun, 1);
    kill(getpid(), SIGTERM);
    while (sent < 200 && send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
        sleep_ms(100);
        sent++;
    }
    assert_true(sent < 200); /* uploads behind other answers are read for longer */
    close(fd);
    fixture_stop(fixture);
}

static void a_second_signal_cuts_at_once(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int fd;

    (void)state;
    settings.drain_timeout_ms = 3600000;
    fixture = net_fixture_start(settings);
    fd = client_connect(fixture);
    client_send_text(fd, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.ended, 1);
    kill(getpid(), SIGTERM);
    wait_for(&seen.draining, 1);
    sleep_ms(20);
    assert_int_equal(atomic_load(&seen.cancelled), 0);
    kill(getpid(), SIGTERM);
    wait_for(&seen.cancelled, 1);
    close(fd);
    fixture_stop(fixture);
}

static void a_held_exchange_keeps_its_loop_until_it_is_released(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int fd;

    (void)state;
    settings.drain_timeout_ms = 0;
    fixture = net_fixture_start(settings);
    fd = client_connect(fixture);
    client_send_text(fd, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.ended, 1);
    server_stop(fixture->server);
    wait_for(&seen.cancelled, 1); /* cut, but the other thread still works for it */
    close(fd);
    atomic_store(&seen.release, 1);
    fixture_stop(fixture);
    assert_int_equal(atomic_load(&seen.posted), 1);
}

/* ---- the two steps of GOAWAY ---- */

struct goaways {
    int count;
    int32_t last_stream[4];
    int closed;
    uint32_t error; /* of the stream that closed last */
};

static int on_goaway(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct goaways *goaways = user_data;

    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY && goaways->count < 4)
        goaways->last_stream[goaways->count++] = frame->goaway.last_stream_id;
    return 0;
}

static int on_closed(nghttp2_session *session, int32_t id, uint32_t error, void *user_data)
{
    struct goaways *goaways = user_data;

    (void)session;
    (void)id;
    goaways->error = error;
    goaways->closed++;
    return 0;
}

static void session_flush(nghttp2_session *session, int fd)
{
    const uint8_t *data;
    ssize_t count;

    while ((count = nghttp2_session_mem_send(session, &data)) > 0)
        client_send(fd, slice_make(data, (size_t)count));
}

static int32_t session_get(nghttp2_session *session, const char *path)
{
    nghttp2_nv fields[] = {
        {(uint8_t *)":method", (uint8_t *)"GET", 7, 3, 0},
        {(uint8_t *)":path", (uint8_t *)(uintptr_t)path, 5, strlen(path), 0},
        {(uint8_t *)":scheme", (uint8_t *)"http", 7, 4, 0},
        {(uint8_t *)":authority", (uint8_t *)"a", 10, 1, 0},
    };

    return nghttp2_submit_request(session, NULL, fields, 4, NULL, NULL);
}

static nghttp2_session *session_make(struct goaways *goaways)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    nghttp2_option *option;

    assert_int_equal(nghttp2_option_new(&option), 0);
    nghttp2_option_set_no_auto_ping_ack(option, 1); /* the test decides when the trip ends */
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_goaway);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_closed);
    assert_int_equal(nghttp2_session_client_new2(&session, callbacks, goaways, option), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
    return session;
}

/* Reads until the counter has the value; false when the server closed before. */
static bool session_read(nghttp2_session *session, int fd, const int *counter, int wanted)
{
    uint8_t bytes[16384];

    while (*counter < wanted) {
        ssize_t count = recv(fd, bytes, sizeof(bytes), 0);

        if (count <= 0)
            return false;
        nghttp2_session_mem_recv(session, bytes, (size_t)count);
    }
    return true;
}

static void goaway_comes_in_two_steps_and_streams_between_them_are_served(void **state)
{
    static const char ping_ack[] = "\0\0\10\6\1\0\0\0\0draining";
    struct fixture *fixture = net_fixture_start(test_settings());
    struct goaways goaways = {0};
    nghttp2_session *session = session_make(&goaways);
    int fd = client_connect(fixture);

    (void)state;
    session_get(session, "/wait");
    session_flush(session, fd);
    wait_for(&seen.ended, 1);
    server_stop(fixture->server);
    wait_for(&seen.draining, 1);
    sleep_ms(100);                 /* GOAWAY is on its way, and this client has not read it */
    session_get(session, "/grpc"); /* so it may still ask */
    session_flush(session, fd);
    assert_true(session_read(session, fd, &goaways.closed, 1));
    assert_int_equal(goaways.count, 1);
    assert_int_equal(goaways.last_stream[0], INT32_MAX);
    client_send(fd, slice_make(ping_ack, sizeof(ping_ack) - 1));
    assert_true(session_read(session, fd, &goaways.count, 2));
    assert_int_equal(goaways.last_stream[1], 3);
    atomic_store(&seen.release, 1);
    assert_true(session_read(session, fd, &goaways.closed, 2));
    assert_true(client_sees_close(fd));
    assert_int_equal(atomic_load(&seen.completed), 2);
    nghttp2_session_del(session);
    close(fd);
    fixture_stop(fixture);
}

static void an_old_connection_is_asked_to_go_and_then_closed(void **state)
{
    struct settings settings = test_settings();
    struct goaways goaways = {0};
    nghttp2_session *session = session_make(&goaways);
    struct fixture *fixture;
    int fd;

    (void)state;
    settings.max_connection_age_ms = 100;
    settings.max_connection_age_grace_ms = 200;
    fixture = net_fixture_start(settings);
    fd = client_connect(fixture);
    session_get(session, "/never");
    session_flush(session, fd);
    assert_true(session_read(session, fd, &goaways.count, 1));
    assert_true(session_read(session, fd, &goaways.closed, 1)); /* when the grace is over */
    assert_int_equal(goaways.error, NGHTTP2_NO_ERROR);          /* answered, not reset */
    assert_true(client_sees_close(fd));
    assert_int_equal(atomic_load(&seen.draining), 0);
    nghttp2_session_del(session);
    close(fd);
    fixture_stop(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_cannot_be_served_are_refused_with_a_sentence),
        cmocka_unit_test(addresses_say_which_port_was_bound),
        cmocka_unit_test(a_port_that_is_taken_is_unavailable),
        cmocka_unit_test(unix_sockets_serve_and_are_removed),
        cmocka_unit_test(a_unix_socket_is_open_to_user_and_group_at_most),
        cmocka_unit_test(the_peer_is_its_address_without_port),
        cmocka_unit_test(an_exchange_knows_the_listener_that_it_came_in_by),
        cmocka_unit_test(an_ipv4_peer_of_a_listener_for_both_is_ipv4),
        cmocka_unit_test(connections_beyond_the_bound_are_closed_at_once),
        cmocka_unit_test(idle_connections_make_room_for_others),
        cmocka_unit_test(silent_connections_make_room_for_others),
        cmocka_unit_test(connections_are_shared_evenly_also_after_some_were_closed),
        cmocka_unit_test(posts_of_one_thread_run_in_their_order),
        cmocka_unit_test(draining_lets_calls_finish_and_refuses_new_connections),
        cmocka_unit_test(calls_that_outlast_the_draining_are_cut),
        cmocka_unit_test(a_peer_that_keeps_sending_does_not_hold_up_the_end),
        cmocka_unit_test(a_second_signal_cuts_at_once),
        cmocka_unit_test(a_held_exchange_keeps_its_loop_until_it_is_released),
        cmocka_unit_test(goaway_comes_in_two_steps_and_streams_between_them_are_served),
        cmocka_unit_test(an_old_connection_is_asked_to_go_and_then_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
