/*
 * What one turn of a loop does, and in which order: the test steps the loop, and notes what each
 * connection hands to its transport.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/net/connection_serve.h"
#include "rpc/net/loop_run.h"

#define CONNECTIONS 9
#define LONG_BYTES ((size_t)1 << 20)
#define NOTES_MOST 512
#define STEPS_MOST 10000
#define PIPELINED 16

static const struct header plain[] = {{SLICE_INIT("content-type"), SLICE_INIT("text/plain")}};
static char long_body[LONG_BYTES];

static struct {
    struct settings settings;
    struct server_options options;
    struct loop loop;
    int fds[CONNECTIONS]; /* the peers' ends */
    struct connection *connections[CONNECTIONS];
    struct exchange *exchanges[CONNECTIONS]; /* in the order of the connections */
    bool answers_at_once;
    size_t begun;
    size_t ended;
    size_t notes[NOTES_MOST]; /* the connections that wrote, in their order */
    size_t note_count;
    size_t written[CONNECTIONS];
} world;

/* ---- the frontend: it begins, and answers when the test says so ---- */

static void on_closed(struct exchange *exchange, bool complete)
{
    (void)exchange;
    (void)complete;
    world.ended++;
}

static void on_body_end(struct exchange *exchange)
{
    if (world.answers_at_once)
        exchange_respond(exchange, 200, plain, 1, SLICE("short"));
}

static const struct exchange_frontend frontend = {.body_end = on_body_end, .closed = on_closed};

static size_t number_of(const struct connection *connection)
{
    size_t number = 0;

    while (number < CONNECTIONS && world.connections[number] != connection)
        number++;
    assert_in_range(number, 0, CONNECTIONS - 1);
    return number;
}

/* Requests name their connection: "/3". */
static void begin(void *context, struct exchange *exchange)
{
    size_t number = (size_t)(exchange->head.path.data[1] - '0');

    (void)context;
    exchange->frontend = &frontend;
    world.exchanges[number] = exchange;
    world.begun++;
    exchange_accept_body(exchange, 0);
}

/* ---- the transport: it has room for all ---- */

static bool note_write(struct transport *transport, struct slice bytes, size_t *ret_kept)
{
    size_t number = number_of(LIST_ELEMENT(transport, struct connection, transport));

    assert_in_range(world.note_count, 0, NOTES_MOST - 1);
    world.notes[world.note_count++] = number;
    world.written[number] += bytes.len;
    *ret_kept = 0;
    return true;
}

static struct transport_methods noting;

static void open_connection(size_t number)
{
    static const char name[PEER_MOST] = "unix";
    static const struct listener_profile listener = {.is_unix = true};
    struct connection *connection;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    atomic_fetch_add(&world.loop.open, 1);
    connection__open(&world.loop, pair[1], &listener, name, NULL);
    connection = LIST_ELEMENT(world.loop.connections.prev, struct connection, link);
    noting = *connection->transport.methods;
    noting.write = note_write;
    connection->transport.methods = &noting;
    world.connections[number] = connection;
    world.fds[number] = pair[0];
}

static void step_until(const size_t *count, size_t wanted)
{
    for (int i = 0; *count < wanted && i < STEPS_MOST; i++)
        loop_step(&world.loop);
    assert_int_equal(*count, wanted);
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    memset(&world, 0, sizeof(world));
    world.settings = settings_default();
    world.options.begin = begin;
    world.loop.settings = &world.settings;
    world.loop.options = &world.options;
    world.loop.memory_most = (size_t)256 << 20;
    assert_true(loop_init(&world.loop));
    for (size_t i = 0; i < CONNECTIONS; i++)
        open_connection(i);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONNECTIONS; i++)
        close(world.fds[i]);
    for (int i = 0; atomic_load(&world.loop.open) > 0 && i < STEPS_MOST; i++)
        loop_step(&world.loop);
    assert_int_equal(atomic_load(&world.loop.open), 0);
    assert_int_equal(world.ended, world.begun);
    assert_int_equal(world.loop.memory.used, 0);
    loop_release(&world.loop);
    return 0;
}

/* Has a request of each connection begin. */
static void ask_all(void)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        char request[] = "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n";

        request[5] = (char)('0' + i);
        assert_int_equal(write(world.fds[i], request, sizeof(request) - 1), sizeof(request) - 1);
    }
    step_until(&world.begun, CONNECTIONS);
    assert_int_equal(world.note_count, 0);
}

static void answer(size_t number, struct slice body)
{
    exchange_respond(world.exchanges[number], 200, plain, 1, body);
}

/* All but the last have much to write, and were answered first. */
static void a_short_answer_is_written_before_long_ones(void **state)
{
    (void)state;
    ask_all();
    for (size_t i = 0; i < CONNECTIONS - 1; i++)
        answer(i, slice_make(long_body, LONG_BYTES));
    answer(CONNECTIONS - 1, SLICE("short"));
    loop_step(&world.loop);
    assert_in_range(world.note_count, 1, NOTES_MOST);
    assert_int_equal(world.notes[0], CONNECTIONS - 1);
    step_until(&world.ended, CONNECTIONS);
}

/* Each its share, and none a second one before the others had theirs. */
static void long_answers_are_written_in_turns(void **state)
{
    (void)state;
    ask_all();
    for (size_t i = 0; i < CONNECTIONS; i++)
        answer(i, slice_make(long_body, LONG_BYTES));
    while (world.ended < CONNECTIONS) {
        size_t most = 0;
        size_t least = SIZE_MAX;

        loop_step(&world.loop);
        for (size_t i = 0; i < CONNECTIONS; i++) {
            most = world.written[i] > most ? world.written[i] : most;
            least = world.written[i] < least ? world.written[i] : least;
        }
        assert_in_range(most - least, 0, LONG_BYTES / 2);
    }
    for (size_t i = 0; i < CONNECTIONS; i++)
        assert_in_range(world.written[i], LONG_BYTES, LONG_BYTES + 1024);
}

/* Of pipelined requests those that could start soon, and the others once their turn comes. */
static void a_turn_reads_few_heads_ahead(void **state)
{
    static char requests[PIPELINED * 32];
    size_t len = 0;

    (void)state;
    world.answers_at_once = true;
    for (size_t i = 0; i < PIPELINED; i++)
        len += (size_t)snprintf(requests + len, sizeof(requests) - len,
                                "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    for (size_t i = 0; i < CONNECTIONS; i++)
        assert_int_equal(write(world.fds[i], requests, len), len);
    loop_step(&world.loop);
    assert_in_range(atomic_load(&world.loop.requests), CONNECTIONS, 64 + CONNECTIONS * 5);
    step_until(&world.ended, CONNECTIONS * PIPELINED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_short_answer_is_written_before_long_ones),
        TEST(long_answers_are_written_in_turns),
        TEST(a_turn_reads_few_heads_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
