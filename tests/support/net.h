/*
 * A server on loopback with a small frontend for the tests of rpc/net, and a blocking client. What
 * the frontend does is chosen by the request's path.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_NET_H
#define DATASTREAM_TESTS_SUPPORT_NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/net/server.h"

#define UNUSED __attribute__((unused))
/* Long enough that only a fault reaches it, sanitizers included. */
#define PATIENCE_MS 10000

/* What the frontend saw; all threads. */
struct seen {
    atomic_int begun;
    atomic_int ended;
    atomic_int completed;
    atomic_int cancelled;
    atomic_int timeouts;
    atomic_int writables;
    atomic_int posted;
    atomic_size_t body_bytes;
    atomic_size_t sent_bytes;
    atomic_int draining;
    atomic_int release; /* lets /wait answer */
};

extern struct seen seen;

struct test_call {
    struct exchange *exchange;
    char *body;
    size_t len;
    size_t left; /* of /flood */
    atomic_int closed_count;
    pthread_t thread;
    struct loop_task task;
};

extern const struct header plain_headers[];

bool path_is(const struct exchange *exchange, const char *path);

void sleep_ms(int ms);

extern const struct exchange_frontend test_frontend;

void test_begin(void *context, struct exchange *exchange);

struct fixture {
    struct settings settings;
    struct arena arena;
    struct server *server;
    pthread_t thread;
    uint16_t port;
};

void *fixture_thread(void *argument);

struct settings test_settings(void);

struct fixture *fixture_start_with(struct settings settings,
                                   void (*begin)(void *context, struct exchange *exchange));

struct fixture *net_fixture_start(struct settings settings);

/* Drains; at the end nothing is open, and each call was closed once. */
void fixture_stop(struct fixture *fixture);

/* Waits until a counter has the value. */
void wait_for(atomic_int *counter, int wanted);

int client_connect(const struct fixture *fixture);

void client_send(int fd, struct slice bytes);

void client_send_text(int fd, const char *text);

/* Reads until `text` holds `needle` or the peer closes; NUL-terminated. Returns the length. */
size_t client_read_until(int fd, char *text, size_t size, const char *needle);

/* Whether the peer closes within the patience; drops what it still sends. */
bool client_sees_close(int fd);

#endif
