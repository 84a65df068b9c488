/*
 * The queue between those who log and standard error: bounded bytes, and a thread of its own that
 * writes them. Whoever puts lines never waits for the reader of the log; lines that find no room
 * are dropped, counted, and a line says so once there is room again. Internal to base/log.c.
 *
 * Threads: put and dropped from any; start and stop from one, while no other thread puts.
 */
#ifndef DATASTREAM_BASE_LOG_QUEUE_H
#define DATASTREAM_BASE_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_NOTICE_MOST 512

/* Formats the line that tells of lost lines, at most LOG_NOTICE_MOST bytes; returns its length. */
typedef size_t log_notice(char *to, uint64_t lines, uint64_t total);

/* False, with nothing started, when there is no memory or no thread. */
bool log_queue__start(size_t bytes, log_notice *notice);

/*
 * Waits until everything is written, as long as each second sees some of it written, for 10 s at
 * most. False when the reader stands still: then the thread is left behind, and what is put
 * afterwards is dropped.
 */
bool log_queue__stop(void);

/* Takes whole lines. Never waits for the reader. */
void log_queue__put(const char *lines, size_t len);

/* Lines that were lost since the start. */
uint64_t log_queue__dropped(void);

/*
 * For a signal handler of a process that is about to die: lets the thread write what waits, for 1 s
 * at most. Async-signal-safe.
 */
void log_queue__last_words(void);

/*
 * Writes to standard error as far as its reader takes bytes within `timeout_ms`; false when not all
 * was written. Async-signal-safe.
 */
bool log_queue__write(const char *bytes, size_t len, int timeout_ms);

#endif
