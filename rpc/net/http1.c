/* HTTP/1.1: the life of a connection's session, and the table. */
#include "rpc/net/http1.h"

#include <assert.h>
#include <stdlib.h>

#include "rpc/net/http1_read.h"
#include "rpc/net/http1_write.h"

static bool begin(struct connection *connection)
{
    const struct settings *settings = connection->loop->settings;
    struct http1 *http1 = calloc(1, sizeof(*http1));

    assert(connection->http1 == NULL);
    if (http1 == NULL)
        return false;
    http1->limits = (struct http1_limits){
        .line_bytes = (size_t)settings->max_request_line_bytes,
        .header_bytes = (size_t)settings->max_header_bytes,
        .header_count = (size_t)settings->max_header_count,
        .chunk_extension_bytes = (size_t)settings->max_chunk_extension_bytes,
    };
    connection->http1 = http1;
    connection->head_since_ms = connection->opened_ms;
    return true;
}

static void free_session(struct connection *connection)
{
    struct http1 *http1 = connection->http1;

    if (http1 == NULL)
        return;
    buffer__done(&http1->held);
    account_give(&connection->memory, http1->held_counted);
    free(http1);
    connection->http1 = NULL;
}

static bool is_finished(const struct connection *connection)
{
    const struct http1 *http1 = connection->http1;

    if (connection->stream_count > 0)
        return false;
    return http1->close || connection->peer_ended ||
           (connection->draining && connection->head_since_ms == 0);
}

/* A stream cannot be cut alone. */
static void reset_stream(struct stream *stream)
{
    connection__cut(stream->connection);
}

const struct protocol http1_protocol = {
    .begin = begin,
    .free = free_session,
    .read = http1__read,
    .read_end = http1__read_end,
    .resume = http1__resume,
    .write = http1__write,
    .is_finished = is_finished,
    .check_deadlines = http1__check_deadlines,
    .reset_stream = reset_stream,
    .uploads_whole = true,
};
