/*
 * Formats an event into one line. A thread that asked for it gathers its lines and writes many with
 * one call: an event loop flushes once a turn. All others, and warnings and errors anywhere, go at
 * once, into the queue where there is one; a line is never split, so lines of different threads do
 * not mix.
 */
#include "base/log.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/log_queue.h"
#include "base/text.h"

#define LINE_MOST 8192
#define VALUE_MOST 1024
#define GATHERED_MOST 65536

static enum log_format log_as = LOG_JSON;
static enum log_level log_least = LOG_INFO;

/* Where lines go: to standard error at once, or into the queue. */
static atomic_bool is_queued;

struct line {
    char *bytes;
    size_t len;
};

/*
 * Lines that wait, and the second that was formatted last. Each thread of the process has one,
 * those of libraries too, and its bytes are cleared when the thread starts: so it is small.
 */
static _Thread_local struct {
    char *bytes; /* GATHERED_MOST of them while the thread gathers, else NULL */
    size_t len;
    int64_t second;
    char stamp[20]; /* "2026-01-31T23:59:59" and a NUL */
} waiting;

void log_setup(enum log_format format, enum log_level least)
{
    log_as = format;
    log_least = least;
}

bool log_enabled(enum log_level level)
{
    return level >= log_least;
}

void log_gather(bool gathers)
{
    if (gathers && waiting.bytes == NULL)
        waiting.bytes = malloc(GATHERED_MOST);
    if (gathers)
        return;
    log_flush();
    free(waiting.bytes);
    waiting.bytes = NULL;
}

static void write_lines(const char *lines, size_t len)
{
    ssize_t written;

    if (atomic_load_explicit(&is_queued, memory_order_relaxed)) {
        log_queue__put(lines, len);
        return;
    }
    written = write(STDERR_FILENO, lines, len);
    (void)written; /* a log that cannot be written has nowhere to say so */
}

void log_flush(void)
{
    if (waiting.len == 0)
        return;
    write_lines(waiting.bytes, waiting.len);
    waiting.len = 0;
}

static void put(struct line *line, const char *bytes, size_t len)
{
    size_t room = LINE_MOST - 2 - line->len; /* the end of the object and of the line */

    if (len > room)
        len = room;
    if (len > 0)
        memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

#define PUT_LITERAL(line, text) put(line, text, sizeof(text) - 1)

static void put_cstr(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_number(struct line *line, int64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        PUT_LITERAL(line, "-");
    put(line, digits + at, sizeof(digits) - at);
}

static void put_escaped(struct line *line, unsigned char c)
{
    char escape[JSON_ESCAPE_MOST];

    put(line, escape, json_escape(c, escape));
}

#define EACH(byte) (UINT64_MAX / 255 * (byte))

/* The high bit of each byte that is 0. It may also be set above such a byte. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH(0x01)) & ~word & EACH(0x80);
}

/* Whether all of it is printable ASCII that needs no escape: so are nearly all values. */
static bool is_plain(struct slice text)
{
    size_t i = 0;
    uint64_t word;

    for (; text.len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, text.data + i, sizeof(word));
        /* A byte below 0x20 borrows from its high bit; the others are found by what they equal. */
        if (((word | (word - EACH(0x20))) & EACH(0x80)) != 0 ||
            (zero_bytes(word ^ EACH('"')) | zero_bytes(word ^ EACH('\\')) |
             zero_bytes(word ^ EACH(0x7f))) != 0)
            return false;
    }
    for (; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            return false;
    }
    return true;
}

/* What is written of a value: its first bytes, no character cut in two. */
static size_t cut(struct slice text)
{
    size_t len = VALUE_MOST;

    if (text.len <= VALUE_MOST)
        return text.len;
    while (len > 0 && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static void put_plain(struct line *line, struct slice text)
{
    PUT_LITERAL(line, "\"");
    put(line, text.data, text.len);
    PUT_LITERAL(line, "\"");
}

/* A JSON string. Bytes beyond ASCII pass where they are UTF-8; else each is escaped as if Latin-1.
 */
static void put_quoted(struct line *line, struct slice text)
{
    size_t len = cut(text);
    unsigned char most;
    size_t clean = 0; /* where the run of plain bytes began */

    if (is_plain(slice_make(text.data, len))) {
        put_plain(line, slice_make(text.data, len));
        return;
    }
    PUT_LITERAL(line, "\"");
    most = utf8_is_valid(slice_make(text.data, len)) ? 0xff : 0x7e;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c >= 0x20 && c <= most && c != 0x7f && c != '"' && c != '\\')
            continue;
        put(line, text.data + clean, i - clean);
        put_escaped(line, c);
        clean = i + 1;
    }
    if (len > clean)
        put(line, text.data + clean, len - clean);
    PUT_LITERAL(line, "\"");
}

static void put_key(struct line *line, const struct log_field *field)
{
    assert(field->key_len > 4 && field->key[0] == ',');
    if (log_as == LOG_JSON) {
        put(line, field->key, field->key_len);
    } else {
        PUT_LITERAL(line, " ");
        put(line, field->key + 2, field->key_len - 4); /* without comma, quotes and colon */
        PUT_LITERAL(line, "=");
    }
}

static void put_stamp(struct line *line)
{
    int64_t now = clock_wall_ms();
    int64_t second = now / 1000;
    unsigned ms = (unsigned)(now % 1000);
    const char fraction[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
                             (char)('0' + ms % 10), 'Z'};

    if (second != waiting.second) {
        time_t seconds = (time_t)second;
        struct tm utc;

        gmtime_r(&seconds, &utc);
        strftime(waiting.stamp, sizeof(waiting.stamp), "%Y-%m-%dT%H:%M:%S", &utc);
        waiting.second = second;
    }
    put(line, waiting.stamp, sizeof(waiting.stamp) - 1);
    put(line, fraction, sizeof(fraction));
}

static void put_start(struct line *line, enum log_level level, const char *event)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};

    if (log_as == LOG_JSON) {
        PUT_LITERAL(line, "{\"time\":\"");
        put_stamp(line);
        PUT_LITERAL(line, "\",\"level\":\"");
        put_cstr(line, names[level]);
        PUT_LITERAL(line, "\",\"event\":\"");
        put_cstr(line, event);
        PUT_LITERAL(line, "\"");
    } else {
        put_stamp(line);
        PUT_LITERAL(line, " ");
        put_cstr(line, names[level]);
        PUT_LITERAL(line, " ");
        put_cstr(line, event);
    }
}

static void put_event(struct line *line, enum log_level level, const char *event,
                      const struct log_field *fields, size_t count)
{
    put_start(line, level, event);
    for (size_t i = 0; i < count; i++) {
        put_key(line, &fields[i]);
        if (fields[i].is_number)
            put_number(line, fields[i].number);
        else if (fields[i].is_plain)
            put_plain(line, fields[i].text);
        else
            put_quoted(line, fields[i].text);
    }
    if (log_as == LOG_JSON)
        line->bytes[line->len++] = '}';
    line->bytes[line->len++] = '\n';
}

static void log_at_once(enum log_level level, const char *event, const struct log_field *fields,
                        size_t count)
{
    char bytes[LINE_MOST];
    struct line line = {bytes, 0};

    put_event(&line, level, event, fields, count);
    write_lines(line.bytes, line.len);
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count)
{
    struct line line;

    if (!log_enabled(level))
        return;
    if (waiting.bytes == NULL) {
        log_at_once(level, event, fields, count);
        return;
    }
    if (waiting.len > GATHERED_MOST - LINE_MOST)
        log_flush();
    line = (struct line){waiting.bytes + waiting.len, 0};
    put_event(&line, level, event, fields, count);
    waiting.len += line.len;
    if (level >= LOG_WARNING)
        log_flush();
}

/* -- the queue ----------------------------------------------------------------------------- */

static size_t notice_dropped(char *to, uint64_t lines, uint64_t total)
{
    const struct log_field fields[] = {LOG_INT("lines", lines), LOG_INT("total", total)};
    struct line line = {to, 0};

    put_event(&line, LOG_WARNING, "log.dropped", fields, 2);
    return line.len;
}

/*
 * A failed assertion, of ours or of a library's, and a broken access: what waits is written, what
 * this thread gathered too, then the signal does what it does.
 */
static void on_fatal(int number)
{
    log_queue__last_words();
    if (waiting.len > 0)
        log_queue__write(waiting.bytes, waiting.len, 100);
    waiting.len = 0;
    raise(number);
}

/* Sanitizers have handlers of their own for broken accesses. */
static void catch_fatal(void)
{
    static const int numbers[] = {
        SIGABRT,
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        SIGSEGV,
        SIGBUS,
        SIGILL,
        SIGFPE,
#endif
    };
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}

bool log_start(size_t queue_bytes)
{
    log_flush();
    if (!log_queue__start(queue_bytes, notice_dropped))
        return false;
    atomic_store(&is_queued, true);
    catch_fatal();
    return true;
}

void log_stop(void)
{
    if (!atomic_load(&is_queued))
        return;
    log_flush();
    if (log_queue__stop())
        atomic_store(&is_queued, false);
}

uint64_t log_dropped(void)
{
    return log_queue__dropped();
}

void log_last_line(struct slice sentence)
{
    log_queue__write(sentence.data, sentence.len, 1000);
}

/* -- texts --------------------------------------------------------------------------------- */

/* Longer than any word or UUID, shorter than the random part of a token. */
#define CREDENTIAL_RUN 40

struct slice log_without_credential(struct slice text)
{
    size_t run = 0;

    for (size_t i = 0; i < text.len; i++) {
        run = ascii_is_letter_or_digit(text.data[i]) ? run + 1 : 0;
        if (run == CREDENTIAL_RUN)
            return slice_make(text.data, i + 1 - run);
    }
    return text;
}
