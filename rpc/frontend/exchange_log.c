/*
 * One write(2) a line to a file opened for appending, so that lines of several loops and processes
 * do not mix.
 */
#include "rpc/frontend/exchange_log.h"

#ifdef DATASTREAM_FAULTS

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

static int file = -1;

static void open_file(void)
{
    const char *path = getenv("DATASTREAM_EXCHANGE_LOG");

    if (path != NULL)
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void put_string(FILE *line, const char *key, struct slice text)
{
    fprintf(line, ",\"%s\":\"", key);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        char escape[JSON_ESCAPE_MOST];

        if (c == '"' || c == '\\' || c < 0x20)
            fwrite(escape, 1, json_escape(c, escape), line);
        else
            fputc(c, line);
    }
    fputc('"', line);
}

static void put_line(FILE *line, const struct frontend_call *frontend, int status)
{
    const struct request_head *head = &frontend->exchange->head;

    fprintf(line, "{\"frontend\":\"%s\",\"status\":%d", frontend->seen.is_rest ? "rest" : "grpc",
            status);
    put_string(line, "method", frontend->call.method->full_name);
    put_string(line, "http_method", head->method);
    put_string(line, "path", head->path);
    if (head->query.len > 0)
        put_string(line, "query", head->query);
    if (frontend->call.limited)
        fputs(",\"limited\":true", line);
    if (frontend->seen.is_rest)
        put_string(line, "type", frontend->seen.type);
    if (frontend->seen.body.data != NULL && frontend->seen.body.len <= EXCHANGE_LOG_BODY_MOST)
        put_string(line, "body", frontend->seen.body);
    fputs("}\n", line);
}

void exchange_log__write(const struct frontend_call *frontend, int status)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char *bytes = NULL;
    size_t len = 0;
    FILE *line;

    pthread_once(&once, open_file);
    if (file < 0)
        return;
    line = open_memstream(&bytes, &len);
    if (line == NULL)
        abort();
    put_line(line, frontend, status);
    if (fclose(line) != 0 || write(file, bytes, len) != (ssize_t)len)
        abort(); /* a checker would miss it */
    free(bytes);
}
#endif
