/* Formats an event into one buffer and writes it with one call, so that lines never mix. */
#include "base/log.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MOST 8192
#define VALUE_MOST 1024

static enum log_format log_as = LOG_JSON;
static enum log_level log_least = LOG_INFO;

struct line {
    char bytes[LINE_MOST];
    size_t len;
};

void log_setup(enum log_format format, enum log_level least)
{
    log_as = format;
    log_least = least;
}

bool log_enabled(enum log_level level)
{
    return level >= log_least;
}

static void put(struct line *line, const char *bytes, size_t len)
{
    size_t room = LINE_MOST - 2 - line->len; /* the end of the object and of the line */

    if (len > room)
        len = room;
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void put_cstr(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* A JSON string; bytes beyond ASCII pass, and what is not UTF-8 in a log line is the reader's to
 * see. */
static void put_quoted(struct line *line, struct slice text)
{
    put(line, "\"", 1);
    for (size_t i = 0; i < text.len && i < VALUE_MOST; i++) {
        unsigned char c = (unsigned char)text.data[i];
        char escaped[8];

        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            put(line, escaped, 2);
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(escaped, sizeof(escaped), "\\u%04x", c);
            put(line, escaped, 6);
        } else {
            put(line, text.data + i, 1);
        }
    }
    put(line, "\"", 1);
}

static void put_key(struct line *line, const char *key)
{
    if (log_as == LOG_JSON) {
        put_cstr(line, ",\"");
        put_cstr(line, key);
        put_cstr(line, "\":");
    } else {
        put_cstr(line, " ");
        put_cstr(line, key);
        put_cstr(line, "=");
    }
}

static void put_start(struct line *line, enum log_level level, const char *event)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    int64_t now = clock_wall_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm utc;
    char stamp[40];
    size_t len;

    gmtime_r(&seconds, &utc);
    len = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
    len += (size_t)snprintf(stamp + len, sizeof(stamp) - len, ".%03dZ", (int)(now % 1000));
    if (log_as == LOG_JSON) {
        put_cstr(line, "{\"time\":\"");
        put(line, stamp, len);
        put_cstr(line, "\",\"level\":\"");
        put_cstr(line, names[level]);
        put_cstr(line, "\",\"event\":\"");
        put_cstr(line, event);
        put_cstr(line, "\"");
    } else {
        put(line, stamp, len);
        put_cstr(line, " ");
        put_cstr(line, names[level]);
        put_cstr(line, " ");
        put_cstr(line, event);
    }
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count)
{
    struct line line;
    ssize_t written;

    if (!log_enabled(level))
        return;
    line.len = 0;
    put_start(&line, level, event);
    for (size_t i = 0; i < count; i++) {
        char number[24];

        put_key(&line, fields[i].key);
        if (fields[i].is_number) {
            snprintf(number, sizeof(number), "%lld", (long long)fields[i].number);
            put_cstr(&line, number);
        } else {
            put_quoted(&line, fields[i].text);
        }
    }
    if (log_as == LOG_JSON)
        line.bytes[line.len++] = '}';
    line.bytes[line.len++] = '\n';
    written = write(STDERR_FILENO, line.bytes, line.len);
    (void)written; /* a log that can't be written has nowhere to say so */
}
