/*
 * A client of HTTP/2 for the tests of rpc/net: nghttp2's session over a blocking socket, and what
 * it heard of each stream.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_HTTP2_CLIENT_H
#define DATASTREAM_TESTS_SUPPORT_HTTP2_CLIENT_H

#include <nghttp2/nghttp2.h>

#include "tests/support/net.h"

#define STREAMS_MOST 4096

/* What came for one stream. */
struct heard {
    int status;
    int headers_frames; /* HEADERS, trailers included */
    int data_frames;
    bool end_on_headers;
    bool end_on_data;
    bool closed;
    uint32_t error;
    size_t bytes;
    char body[256];
    char grpc_status[8];
    char content_type[64];
    char content_length[24];
};

struct client {
    nghttp2_session *session;
    int fd;
    struct heard streams[STREAMS_MOST];
    int goaways;
    int32_t last_stream[4];
    uint32_t goaway_error;
    char goaway_debug[64];
    bool ended; /* the server closed */
    /* The request body being sent. */
    size_t upload_left;
    size_t uploaded;
    bool never_ends;
};

struct heard *heard_of(struct client *client, int32_t id);

/* `window`: the stream window that the client gives; 0: the default. */
struct client *client_open(const struct fixture *fixture, uint32_t window, bool consumes);

void client_close(struct client *client);

void client_flush(struct client *client);

/* Sends what waits and reads what comes within `ms`. False: nothing came. */
bool client_step(struct client *client, int ms);

void client_until_closed(struct client *client, int32_t id);

void client_until_end(struct client *client);

#define NV(n, v)                                                                      \
    {                                                                                 \
        (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), 0 \
    }

/* A request without a body when `upload` is 0; `extra` may be NULL. */
int32_t http2_request(struct client *client, const char *method, const char *path, size_t upload,
                      const nghttp2_nv *extra, size_t extra_count);

int32_t http2_get(struct client *client, const char *path);

int http2_start_default(void **state);

int http2_stop(void **state);

#endif
