/* A client of streams for black-box tests: the lines of a chunked body, as they come. */
#ifndef DATASTREAM_TESTS_API_STREAM_CLIENT_H
#define DATASTREAM_TESTS_API_STREAM_CLIENT_H

#include "harness.h"

#define STREAM_HEAD_MOST 4096

struct api_stream {
    int fd;
    int status; /* 0: the connection ended before an answer */
    char head[STREAM_HEAD_MOST];
    /* The client's own. */
    char bytes[65536];
    size_t at, len;
    size_t chunk; /* bytes of the current one that are left */
    bool in_chunk, ended;
};

/*
 * GET of a stream, and its head. Over a Unix socket when `path_of_socket` is given: the system
 * keeps far less of an answer that is not taken than over TCP. What is not 200 is read as a stream
 * of lines too.
 */
struct api_stream *api_stream_open(const struct api_server *server, const char *path,
                                   const char *token, const char *headers,
                                   const char *path_of_socket);
void api_stream_close(struct api_stream *stream);

/*
 * The next line without its end, at most size - 1 bytes of it; false at the end of the body, or
 * when nothing came for 20 s.
 */
bool api_stream_line(struct api_stream *stream, char *line, size_t size);

/* What a line of NDJSON or an event of SSE told. */
struct api_change {
    char type[16]; /* "HEARTBEAT" for a comment of SSE, "ERROR" for the last word of a stream */
    char kind[32];
    char id[40];
    unsigned long long revision; /* 0 when it told none */
    bool more;
    char text[2048]; /* the JSON, of an error too */
};

/* The next of NDJSON or SSE, told apart by the Content-Type. False at the end. */
bool api_stream_change(struct api_stream *stream, struct api_change *change);

/* The same without heartbeats. */
bool api_stream_next(struct api_stream *stream, struct api_change *change);

#endif
