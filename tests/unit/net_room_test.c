/*
 * Room for new connections, through real sockets: who has to go when the table, a source's part of
 * it, or the process's descriptors are used up.
 */
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "rpc/net/source.h"
#include "tests/support/net.h"

/* From an address of loopback; -1 when the server closed before it answered. */
static int connect_from(const struct fixture *fixture, const char *address)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(inet_pton(AF_INET, address, &own.sin_addr), 1);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static bool is_served(int fd)
{
    char answer[4096];

    client_send_text(fd, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\n");
    return strstr(answer, " 204 ") != NULL;
}

/* New connections are refused at first, until others are closed. */
static void expect_room(const struct fixture *fixture, const char *address)
{
    bool served = false;

    for (int i = 0; i < PATIENCE_MS / 5 && !served; i++) {
        int fd = connect_from(fixture, address);

        served = is_served(fd);
        close(fd);
        sleep_ms(5);
    }
    assert_true(served);
}

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define EMPTY_SETTINGS "\0\0\0\4\0\0\0\0\0"

static void who_shows_no_credentials_makes_room_for_others(void **state)
{
    static const struct {
        const char *what;
        struct slice bytes;
    } rows[] = {
        {"half a request line", SLICE_INIT("GET /em")},
        {"half a head", SLICE_INIT("GET /empty HTTP/1.1\r\nHost: a\r\n")},
        {"half a preface", SLICE_INIT("PRI * HT")},
        {"HEADERS that do not end", SLICE_INIT(PREFACE EMPTY_SETTINGS "\0\0\1\1\0\0\0\0\1\x82")},
        {"a public stream", SLICE_INIT("GET /public HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"a public stream of HTTP/2",
         SLICE_INIT(PREFACE EMPTY_SETTINGS "\0\0\xe\1\5\0\0\0\1\x82\x86\x04\7/public\x01\1a")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings = test_settings();
        struct fixture *fixture;
        int fds[9];

        settings.max_connections = 9;
        settings.header_timeout_ms = 600000;
        fixture = net_fixture_start(settings);
        for (int n = 0; n < 9; n++) {
            fds[n] = client_connect(fixture);
            client_send(fds[n], rows[i].bytes);
        }
        while (server_count(fixture->server).connections_accepted < 9)
            sleep_ms(5);
        sleep_ms(50);
        print_message("%s\n", rows[i].what);
        expect_room(fixture, "127.0.0.1");
        for (int n = 0; n < 9; n++)
            close(fds[n]);
        fixture_stop(fixture);
    }
}

static void who_showed_credentials_stays(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int fds[9];
    int more;

    (void)state;
    settings.max_connections = 9;
    fixture = net_fixture_start(settings);
    for (int n = 0; n < 9; n++) {
        fds[n] = client_connect(fixture);
        client_send_text(fds[n], "GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
        wait_for(&seen.begun, n + 1);
    }
    for (int i = 0; i < 20; i++) {
        more = client_connect(fixture);
        assert_true(client_sees_close(more));
        close(more);
    }
    assert_int_equal(atomic_load(&seen.cancelled), 0);
    for (int n = 0; n < 9; n++)
        close(fds[n]);
    fixture_stop(fixture);
}

static void a_source_holds_its_part_and_others_come_in(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int fds[10];
    int more;

    (void)state;
    settings.max_connections = 20;
    settings.max_source_connections_percent = 50;
    fixture = net_fixture_start(settings);
    for (int n = 0; n < 10; n++) {
        fds[n] = connect_from(fixture, "127.0.0.1");
        client_send_text(fds[n], "GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
        wait_for(&seen.begun, n + 1);
    }
    more = connect_from(fixture, "127.0.0.1");
    assert_true(client_sees_close(more));
    close(more);
    assert_int_equal(server_count(fixture->server).connections_refused, 1);
    more = connect_from(fixture, "127.0.0.2");
    assert_true(is_served(more));
    close(more);
    close(fds[0]);
    expect_room(fixture, "127.0.0.1"); /* its place is free again */
    for (int n = 1; n < 10; n++)
        close(fds[n]);
    fixture_stop(fixture);
}

/* A source whose connections are idle makes room for itself; those of others stay. */
static void a_full_source_closes_its_own_idle_connections(void **state)
{
    struct settings settings = test_settings();
    struct fixture *fixture;
    int silent[10];
    int other;

    (void)state;
    settings.max_connections = 20;
    settings.max_source_connections_percent = 50;
    settings.header_timeout_ms = 600000;
    fixture = net_fixture_start(settings);
    other = connect_from(fixture, "127.0.0.2");
    assert_true(is_served(other));
    for (int n = 0; n < 10; n++)
        silent[n] = connect_from(fixture, "127.0.0.1");
    expect_room(fixture, "127.0.0.1");
    assert_true(is_served(other));
    for (int n = 0; n < 10; n++)
        close(silent[n]);
    close(other);
    fixture_stop(fixture);
}

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage storage = {.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET};
    void *to = storage.ss_family == AF_INET ? (void *)&((struct sockaddr_in *)&storage)->sin_addr
                                            : (void *)&((struct sockaddr_in6 *)&storage)->sin6_addr;

    assert_int_equal(inet_pton(storage.ss_family, text, to), 1);
    return storage;
}

static void a_source_is_an_ipv4_address_or_a_64_of_ipv6(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"::1", "0.0.0.0", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage one = address_of(rows[i].one);
        struct sockaddr_storage other = address_of(rows[i].other);
        struct sources sources;
        struct source *first, *second;

        sources__init(&sources, 1);
        assert_true(source__enter(&sources, &one, &first));
        assert_int_equal(source__enter(&sources, &other, &second), !rows[i].same);
        assert_int_equal(first == second, rows[i].same);
        assert_true(source__is_pressed(first));
        source__leave(first);
        assert_false(source__is_pressed(first));
        assert_true(source__enter(&sources, &one, &first));
        sources__done(&sources);
    }
}

static void a_unix_socket_has_no_source(void **state)
{
    struct sockaddr_storage unix_peer = {.ss_family = AF_UNIX};
    struct sources sources;
    struct source *source;

    (void)state;
    sources__init(&sources, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(source__enter(&sources, &unix_peer, &source));
        assert_null(source);
    }
    assert_false(source__is_pressed(NULL));
    source__leave(NULL);
    sources__done(&sources);
}

/* A process of its own, whose descriptors are few; it serves until `until` is closed. */
static pid_t serve_with_few_descriptors(int *ret_until, struct fixture *ret_fixture)
{
    int tell[2], until[2];
    pid_t child;

    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(until), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit few = {64, 64};
        struct settings settings = test_settings();
        struct fixture *fixture;
        char byte;

        close(until[1]);
        setrlimit(RLIMIT_NOFILE, &few);
        settings.header_timeout_ms = 600000;
        fixture = net_fixture_start(settings);
        if (write(tell[1], &fixture->port, sizeof(fixture->port)) != sizeof(fixture->port) ||
            read(until[0], &byte, 1) < 0)
            _exit(1);
        _exit(0);
    }
    close(tell[1]);
    close(until[0]);
    assert_int_equal(read(tell[0], &ret_fixture->port, sizeof(ret_fixture->port)),
                     sizeof(ret_fixture->port));
    close(tell[0]);
    *ret_until = until[1];
    return child;
}

static void few_descriptors_and_many_silent_connections_leave_somebody_served(void **state)
{
    struct fixture fixture = {0};
    int silent[300];
    int until, status;
    pid_t child = serve_with_few_descriptors(&until, &fixture);

    (void)state;
    for (int i = 0; i < 300; i++)
        silent[i] = client_connect(&fixture);
    for (int i = 0; i < 5; i++)
        expect_room(&fixture, "127.0.0.1");
    for (int i = 0; i < 300; i++)
        close(silent[i]);
    close(until);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_descriptors_and_many_silent_connections_leave_somebody_served),
        cmocka_unit_test(who_shows_no_credentials_makes_room_for_others),
        cmocka_unit_test(who_showed_credentials_stays),
        cmocka_unit_test(a_source_holds_its_part_and_others_come_in),
        cmocka_unit_test(a_full_source_closes_its_own_idle_connections),
        cmocka_unit_test(a_source_is_an_ipv4_address_or_a_64_of_ipv6),
        cmocka_unit_test(a_unix_socket_has_no_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
