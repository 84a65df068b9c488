/*
 * Logs are events with keys, one line each on standard error: JSON by default, or text. Never a
 * credential, never a body. Any thread may log; a line is written whole. A server starts a thread
 * that writes, so that a log that nobody reads holds up nobody.
 */
#ifndef DATASTREAM_BASE_LOG_H
#define DATASTREAM_BASE_LOG_H

#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

/* The macros below make them. */
struct log_field {
    const char *key; /* as JSON has it: ,"key": */
    size_t key_len;
    bool is_number;
    bool is_plain; /* the text is known to be at most 1,024 printable bytes that need no escape */
    struct slice text;
    int64_t number;
};

/* The key is a literal. */
#define LOG_KEY(k) .key = ",\"" k "\":", .key_len = sizeof(",\"" k "\":") - 1
#define LOG_STR(k, s) ((struct log_field){LOG_KEY(k), .text = (s)})
#define LOG_PLAIN(k, s) ((struct log_field){LOG_KEY(k), .is_plain = true, .text = (s)})
#define LOG_CSTR(k, s) ((struct log_field){LOG_KEY(k), .text = slice_from_cstr(s)})
#define LOG_INT(k, n) ((struct log_field){LOG_KEY(k), .is_number = true, .number = (int64_t)(n)})

/* Before other threads run. Events below `least` are dropped. */
void log_setup(enum log_format format, enum log_level least);

/*
 * From now on a thread of its own writes, from a queue of so many bytes (128 KiB at least); whoever
 * logs never waits. Lines that find no room are dropped and counted, and an event "log.dropped"
 * says so. What waits when the process dies of a failed assertion or another fatal signal is
 * written first. False, and nothing changes, when the system refuses the thread.
 */
bool log_start(size_t queue_bytes);

/*
 * Writes what waits and ends the thread; events are written at once again. A reader that stands
 * still is given 1 s; what it leaves is dropped, and so is every later event. No other thread may
 * log meanwhile.
 */
void log_stop(void);

/* Lines that were dropped since the start. */
uint64_t log_dropped(void);

/*
 * Writes a sentence to standard error unless its reader stands still; for a program's last words.
 */
void log_last_line(struct slice sentence);

/* Whether an event of this level would be written: to spare what it takes to make it. */
bool log_enabled(enum log_level level);

/*
 * From now on this thread's events wait until log_flush, 64 KiB of them or a warning; where memory
 * ended, none waits. A thread that ends must stop gathering first.
 */
void log_gather(bool gathers);

/* Writes what waits; costs nothing when nothing does. */
void log_flush(void);

/* Writes one event; values are escaped and cut at 1,024 bytes each. */
void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count);

/*
 * The part of what an outsider wrote where anything may stand, a credential too: up to the first
 * run of letters and digits that is long enough to be one.
 */
struct slice log_without_credential(struct slice text);

/* log_event(LOG_INFO, "commit", LOG_INT("revision", 7)); needs at least one field. */
#define log_event(level, event, ...)                                  \
    log_fields(level, event, (const struct log_field[]){__VA_ARGS__}, \
               sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
