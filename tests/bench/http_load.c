/*
 * Creates devices with distinct names over keep-alive HTTP/1.1 connections, one thread each, and
 * prints how long each answer took: to fill a store, and to measure durable creates.
 *
 *   http_load PORT TOKEN CONNECTIONS TOTAL PREFIX [LATENCIES-FILE [MEMBERS [keys]]]
 *
 * Prints one line: seconds, and the id of the last device. The file gets one number (microseconds)
 * a line. MEMBERS are further members of each device's JSON object: `"directorIds":[...]`.
 * With `keys` each create has an Idempotency-Key of its own.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct {
    unsigned short port;
    const char *token;
    int total;
    const char *prefix;
    const char *members; /* empty for none */
    int has_keys;
    atomic_int next;
    atomic_int failed;
    unsigned *latencies; /* by number */
    char last_id[40];
} load;

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int open_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load.port)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

/* Reads one answer whose head and body fit the buffer; false when it is not 201. */
static int read_answer(int fd, char *bytes, size_t size)
{
    size_t len = 0;
    char *body = NULL;
    size_t want = 0;

    while (body == NULL || (size_t)(bytes + len - body) < want) {
        ssize_t got = read(fd, bytes + len, size - len - 1);

        if (got <= 0)
            return 0;
        len += (size_t)got;
        bytes[len] = '\0';
        if (body == NULL && (body = strstr(bytes, "\r\n\r\n")) != NULL) {
            const char *length = strcasestr(bytes, "content-length:");

            body += 4;
            want = length == NULL ? 0 : strtoul(length + 15, NULL, 10);
        }
    }
    return strncmp(bytes, "HTTP/1.1 201", 12) == 0;
}

static void *work(void *context)
{
    char request[4096], answer[8192], body[1024], key[128] = "";
    int fd = open_connection();
    int number;

    (void)context;
    while ((number = atomic_fetch_add(&load.next, 1)) < load.total) {
        int body_len = snprintf(body, sizeof(body), "{\"name\":\"%s-%d\"%s%s}", load.prefix, number,
                                load.members[0] == '\0' ? "" : ",", load.members);
        const char *id;
        double start;
        int len;

        if (load.has_keys)
            snprintf(key, sizeof(key), "Idempotency-Key: %.64s-%d\r\n", load.prefix, number);
        len = snprintf(request, sizeof(request),
                       "POST /api/v1/devices HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                       "%s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                       load.token, key, body_len, body);
        start = now_us();
        if (write(fd, request, (size_t)len) != len || !read_answer(fd, answer, sizeof(answer))) {
            atomic_fetch_add(&load.failed, 1);
            break;
        }
        load.latencies[number] = (unsigned)(now_us() - start);
        id = strstr(answer, "\"id\":\"");
        if (number == load.total - 1 && id != NULL)
            snprintf(load.last_id, sizeof(load.last_id), "%.36s", id + 6);
    }
    close(fd);
    return NULL;
}

static void write_latencies(const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        exit(1);
    for (int i = 0; i < load.total; i++)
        fprintf(file, "%u\n", load.latencies[i]);
    fclose(file);
}

int main(int argc, char **argv)
{
    pthread_t threads[256];
    int connections;
    double start;

    if (argc < 6)
        return 2;
    load.port = (unsigned short)strtoul(argv[1], NULL, 10);
    load.token = argv[2];
    connections = (int)strtol(argv[3], NULL, 10);
    load.total = (int)strtol(argv[4], NULL, 10);
    load.prefix = argv[5];
    load.members = argc > 7 ? argv[7] : "";
    load.has_keys = argc > 8;
    load.latencies = calloc((size_t)load.total, sizeof(unsigned));
    if (load.latencies == NULL || connections < 1 || connections > 256)
        return 2;
    start = now_us();
    for (int i = 0; i < connections; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    printf("%.3f %s\n", (now_us() - start) / 1e6, load.last_id);
    if (argc > 6)
        write_latencies(argv[6]);
    free(load.latencies);
    return atomic_load(&load.failed) != 0;
}
