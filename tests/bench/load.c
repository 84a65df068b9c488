#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct {
    char (*ids)[LOAD_ID_LEN + 1];
    size_t id_count;
    uint64_t random;
    unsigned *latencies;
    size_t noted;
    size_t expected;
} load = {.random = 0x9e3779b97f4a7c15u};

void load_die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

double load_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int load_connect(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        load_die("A connection was refused.");
    return fd;
}

void load_write(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t written = write(fd, at, len);

        if (written <= 0)
            load_die("A connection broke while it was written to.");
        at += written;
        len -= (size_t)written;
    }
}

void load_read_ids(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[64];
    size_t room = 0;

    if (file == NULL)
        load_die("The file of ids cannot be opened.");
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strcspn(line, "\n") != LOAD_ID_LEN)
            load_die("A line of the file of ids is no id.");
        if (load.id_count == room) {
            room = room == 0 ? 4096 : 2 * room;
            load.ids = realloc(load.ids, room * sizeof(load.ids[0]));
            if (load.ids == NULL)
                load_die("Out of memory.");
        }
        memcpy(load.ids[load.id_count], line, LOAD_ID_LEN);
        load.ids[load.id_count++][LOAD_ID_LEN] = '\0';
    }
    fclose(file);
    if (load.id_count == 0)
        load_die("The file of ids is empty.");
}

const char *load_random_id(void)
{
    load.random ^= load.random << 13;
    load.random ^= load.random >> 7;
    load.random ^= load.random << 17;
    return load.ids[(load.random >> 11) % load.id_count];
}

void load_expect(size_t total)
{
    load.expected = total;
    load.latencies = calloc(total + 1, sizeof(load.latencies[0]));
    if (load.latencies == NULL)
        load_die("Out of memory.");
}

void load_note(double started_us)
{
    if (load.noted < load.expected)
        load.latencies[load.noted++] = (unsigned)(load_now_us() - started_us);
}

void load_write_latencies(const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        load_die("The file of latencies cannot be opened.");
    for (size_t i = 0; i < load.noted; i++)
        fprintf(file, "%u\n", load.latencies[i]);
    fclose(file);
    free(load.latencies);
}
