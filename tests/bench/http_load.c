/*
 * Creates devices with distinct names, or reads devices by random ids, over keep-alive HTTP/1.1
 * connections that one thread serves, so that a server on another core is not charged for the
 * waking of threads. Prints how long each answer took.
 *
 *   http_load create PORT TOKEN CONNECTIONS TOTAL LATENCIES-FILE PREFIX [MEMBERS [keys]]
 *   http_load get PORT TOKEN CONNECTIONS TOTAL LATENCIES-FILE IDS-FILE
 *
 * Prints one line: seconds, and the id of the last device. LATENCIES-FILE gets one number
 * (microseconds) a line. MEMBERS are further members of each device's JSON object:
 * "directorIds":[...]. With `keys` each create has an Idempotency-Key of its own.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/load.h"

struct connection {
    int fd;
    double started_us;
    size_t len;
    char answer[16384];
};

static struct {
    bool creates;
    const char *token;
    const char *prefix;
    const char *members; /* empty for none */
    bool has_keys;
    size_t total;
    size_t sent;
    size_t answered;
    char last_id[LOAD_ID_LEN + 1];
} work;

static struct connection connections[LOAD_CONNECTIONS_MOST];

static int write_create(char *request, size_t size)
{
    char body[1024], key[128] = "";
    int len = snprintf(body, sizeof(body), "{\"name\":\"%s-%zu\"%s%s}", work.prefix, work.sent,
                       work.members[0] == '\0' ? "" : ",", work.members);

    if (work.has_keys)
        snprintf(key, sizeof(key), "Idempotency-Key: %.64s-%zu\r\n", work.prefix, work.sent);
    return snprintf(request, size,
                    "POST /api/v1/devices HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    "%s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                    work.token, key, len, body);
}

static void send_request(struct connection *connection)
{
    char request[2048];
    int len;

    if (work.sent == work.total)
        return;
    if (work.creates)
        len = write_create(request, sizeof(request));
    else
        len = snprintf(request, sizeof(request),
                       "GET /api/v1/devices/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                       "Bearer %s\r\n\r\n",
                       load_random_id(), work.token);
    if (len < 0 || (size_t)len >= sizeof(request))
        load_die("A request is too long.");
    work.sent++;
    connection->len = 0;
    connection->started_us = load_now_us();
    load_write(connection->fd, request, (size_t)len);
}

/* Whether the answer is whole; ends the program when it says anything but success. */
static bool is_answered(const struct connection *connection)
{
    const char *body = strstr(connection->answer, "\r\n\r\n");
    const char *length, *id;

    if (body == NULL)
        return false;
    length = strcasestr(connection->answer, "content-length:");
    if (length == NULL || length > body)
        load_die("An answer has no Content-Length.");
    body += 4;
    if (connection->len - (size_t)(body - connection->answer) < strtoul(length + 15, NULL, 10))
        return false;
    if (strncmp(connection->answer, work.creates ? "HTTP/1.1 201" : "HTTP/1.1 200", 12) != 0)
        load_die(connection->answer);
    id = strstr(body, "\"id\":\"");
    if (id != NULL)
        snprintf(work.last_id, sizeof(work.last_id), "%.36s", id + 6);
    return true;
}

static void on_readable(struct connection *connection)
{
    size_t room = sizeof(connection->answer) - 1 - connection->len;
    ssize_t got = read(connection->fd, connection->answer + connection->len, room);

    if (got <= 0)
        load_die("A connection was closed, or an answer is too long.");
    connection->len += (size_t)got;
    connection->answer[connection->len] = '\0';
    if (!is_answered(connection))
        return;
    load_note(connection->started_us);
    work.answered++;
    send_request(connection);
}

static void run(unsigned short port, size_t count)
{
    struct epoll_event events[64];
    int poll = epoll_create1(0);

    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};

        connections[i].fd = load_connect(port);
        epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    for (size_t i = 0; i < count; i++)
        send_request(&connections[i]);
    while (work.answered < work.total) {
        int ready = epoll_wait(poll, events, 64, 30000);

        if (ready <= 0)
            load_die("The server fell silent.");
        for (int i = 0; i < ready; i++)
            on_readable(events[i].data.ptr);
    }
    for (size_t i = 0; i < count; i++)
        close(connections[i].fd);
    close(poll);
}

int main(int argc, char **argv)
{
    size_t count;
    double start;

    if (argc < 8)
        return 2;
    work.creates = strcmp(argv[1], "create") == 0;
    work.token = argv[3];
    count = strtoul(argv[4], NULL, 10);
    work.total = strtoul(argv[5], NULL, 10);
    work.prefix = argv[7];
    work.members = argc > 8 ? argv[8] : "";
    work.has_keys = argc > 9;
    if (count < 1 || count > LOAD_CONNECTIONS_MOST)
        return 2;
    if (!work.creates)
        load_read_ids(argv[7]);
    load_expect(work.total);
    start = load_now_us();
    run((unsigned short)strtoul(argv[2], NULL, 10), count);
    printf("%.3f %s\n", (load_now_us() - start) / 1e6, work.last_id);
    load_write_latencies(argv[6]);
    return 0;
}
