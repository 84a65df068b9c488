/* The state of an HTTP/2 session: serving, draining, failed. It moves here alone. */
#include "rpc/net/http2_state.h"

struct stream *http2__find(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

int64_t http2__now(const struct connection *connection)
{
    return loop_now_ms(connection->loop);
}

static void move_to(struct http2 *http2, enum http2_state state)
{
    assert(state > http2->state);
    http2->state = state;
}

int http2__fail(struct connection *connection, uint32_t error, const char *reason)
{
    struct http2 *http2 = connection->http2;
    struct slice text = slice_from_cstr(reason);

    if (http2->state == HTTP2_FAILED)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    move_to(http2, HTTP2_FAILED);
    if (nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(http2->session), error,
                              (const uint8_t *)text.data, text.len) != 0)
        connection__cut(connection);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int http2__calm(struct connection *connection, const char *reason)
{
    return http2__fail(connection, NGHTTP2_ENHANCE_YOUR_CALM, reason);
}

void http2__shutdown(struct connection *connection)
{
    static const uint8_t opaque[8] = {'d', 'r', 'a', 'i', 'n', 'i', 'n', 'g'};
    struct http2 *http2 = connection->http2;

    if (http2->state != HTTP2_SERVING)
        return;
    move_to(http2, HTTP2_NOTICE);
    http2->notice_since_ms = http2__now(connection);
    connection__arm(connection, http2->notice_since_ms + HTTP2_NOTICE_MS);
    if (nghttp2_submit_shutdown_notice(http2->session) != 0 ||
        nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, opaque) != 0)
        connection__cut(connection);
}

void http2__finish_notice(struct connection *connection)
{
    struct http2 *http2 = connection->http2;

    if (http2->state != HTTP2_NOTICE)
        return;
    move_to(http2, HTTP2_LAST);
    if (nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(http2->session),
                              NGHTTP2_NO_ERROR, NULL, 0) != 0)
        connection__cut(connection);
    connection__touch(connection);
}

void http2__reset_stream(struct stream *stream)
{
    stream->overridden = true;
    stream->was_reset = true;
    if (nghttp2_submit_rst_stream(stream->connection->http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                  NGHTTP2_CANCEL) != 0)
        connection__cut(stream->connection);
    connection__touch(stream->connection);
}
