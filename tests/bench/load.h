/* What the clients of the benchmark share: sockets, ids to read, and how long answers took. */
#ifndef DATASTREAM_TESTS_BENCH_LOAD_H
#define DATASTREAM_TESTS_BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

#define LOAD_ID_LEN 36
#define LOAD_CONNECTIONS_MOST 1024

/* Ends the program with the sentence on stderr. */
void load_die(const char *what) __attribute__((noreturn));

double load_now_us(void);

/* A connection to 127.0.0.1 without Nagle's delay. */
int load_connect(unsigned short port);

/* Writes it all; the peer reads as fast as it is asked. */
void load_write(int fd, const void *bytes, size_t len);

/* Reads a file of ids, one a line; ends the program where one has another length. */
void load_read_ids(const char *path);

/* One of the ids, each as likely as the others and in the same order at each start. */
const char *load_random_id(void);

/* Makes room for the times of `total` answers. */
void load_expect(size_t total);
void load_note(double started_us);
/* One number (microseconds) a line. */
void load_write_latencies(const char *path);

#endif
