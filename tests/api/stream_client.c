/* Reading of chunked bodies and their lines. */
#include "stream_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One byte of the connection; -1 at its end. */
static int next_raw(struct api_stream *stream)
{
    if (stream->at == stream->len) {
        ssize_t got = read(stream->fd, stream->bytes, sizeof(stream->bytes));

        if (got <= 0)
            return -1;
        stream->at = 0;
        stream->len = (size_t)got;
    }
    return (unsigned char)stream->bytes[stream->at++];
}

/* The size of the next chunk; false at the last one. */
static bool enter_chunk(struct api_stream *stream)
{
    char size[20];
    size_t len = 0;
    int c;

    if (stream->in_chunk) { /* the line's end behind the one before */
        next_raw(stream);
        next_raw(stream);
    }
    while ((c = next_raw(stream)) >= 0 && c != '\n')
        if (len + 1 < sizeof(size))
            size[len++] = (char)c;
    size[len] = '\0';
    stream->chunk = strtoul(size, NULL, 16);
    stream->in_chunk = true;
    return c >= 0 && stream->chunk > 0;
}

/* One byte of the body; -1 at its end. */
static int next_byte(struct api_stream *stream)
{
    if (stream->ended || (stream->chunk == 0 && !enter_chunk(stream))) {
        stream->ended = true;
        return -1;
    }
    stream->chunk--;
    return next_raw(stream);
}

struct api_stream *api_stream_open(const struct api_server *server, const char *path,
                                   const char *token, const char *headers,
                                   const char *path_of_socket)
{
    struct api_stream *stream = calloc(1, sizeof(*stream));
    const char *length;
    size_t len = 0;
    int c = 0;

    if (stream == NULL)
        abort();
    stream->fd = path_of_socket == NULL ? api_connect(server) : connect_to_unix(path_of_socket);
    if (stream->fd < 0 || !api_write_request(stream->fd, "GET", path, token, headers, NULL))
        return stream;
    while ((len < 4 || memcmp(stream->head + len - 4, "\r\n\r\n", 4) != 0) &&
           (c = next_raw(stream)) >= 0 && len + 1 < sizeof(stream->head))
        stream->head[len++] = (char)c;
    sscanf(stream->head, "HTTP/1.1 %d", &stream->status);
    length = strstr(stream->head, "content-length: ");
    if (length != NULL) { /* as one chunk */
        stream->chunk = strtoul(length + 16, NULL, 10);
        stream->in_chunk = true;
    }
    return stream;
}

void api_stream_close(struct api_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream);
}

bool api_stream_line(struct api_stream *stream, char *line, size_t size)
{
    size_t len = 0;
    int c;

    while ((c = next_byte(stream)) >= 0 && c != '\n')
        if (len + 1 < size)
            line[len++] = (char)c;
    line[len] = '\0';
    return c >= 0 || len > 0;
}

static void take_field(const char *text, const char *key, char *value, size_t size)
{
    char pattern[40];
    const char *at;
    size_t len = 0;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", key);
    at = strstr(text, pattern);
    if (at != NULL)
        for (at += strlen(pattern); *at != '"' && *at != '\0' && len + 1 < size; at++)
            value[len++] = *at;
    value[len] = '\0';
}

static void take_json(struct api_change *change, const char *json)
{
    char number[24];

    snprintf(change->text, sizeof(change->text), "%s", json);
    take_field(json, "type", change->type, sizeof(change->type));
    take_field(json, "kind", change->kind, sizeof(change->kind));
    take_field(json, "id", change->id, sizeof(change->id));
    take_field(json, "revision", number, sizeof(number));
    change->revision = strtoull(number, NULL, 10);
    change->more = strstr(json, "\"moreInRevision\":true") != NULL;
    if (strncmp(json, "{\"error\":", 9) == 0)
        snprintf(change->type, sizeof(change->type), "ERROR");
}

/* The lines of an event up to the empty one behind it. */
static bool next_event(struct api_stream *stream, struct api_change *change)
{
    bool is_error = false;
    unsigned long long id = 0;
    char line[2048];
    bool any = false;

    while (api_stream_line(stream, line, sizeof(line)) && line[0] != '\0') {
        any = true;
        if (line[0] == ':')
            snprintf(change->type, sizeof(change->type), "HEARTBEAT");
        else if (strncmp(line, "id: ", 4) == 0)
            id = strtoull(line + 4, NULL, 10);
        else if (strncmp(line, "data: ", 6) == 0)
            take_json(change, line + 6);
        else if (strcmp(line, "event: error") == 0)
            is_error = true;
    }
    if (is_error)
        snprintf(change->type, sizeof(change->type), "ERROR");
    change->revision = id; /* what a client would resume from */
    return any;
}

bool api_stream_change(struct api_stream *stream, struct api_change *change)
{
    char line[2048];

    memset(change, 0, sizeof(*change));
    if (strstr(stream->head, "content-type: text/event-stream") != NULL)
        return next_event(stream, change);
    if (!api_stream_line(stream, line, sizeof(line)))
        return false;
    take_json(change, line);
    return true;
}

bool api_stream_next(struct api_stream *stream, struct api_change *change)
{
    do
        if (!api_stream_change(stream, change))
            return false;
    while (strcmp(change->type, "HEARTBEAT") == 0);
    return true;
}
