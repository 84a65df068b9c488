/*
 * HTTP/2, the writing half. An answer is submitted at the end of the turn in which its head was
 * given, so that what was given together goes out together: one HEADERS frame with END_STREAM for
 * an answer without a body, HEADERS, DATA and trailers in one write for a whole one.
 */
#include "rpc/net/http2_write.h"

#include <stdlib.h>

#include "rpc/net/http2_state.h"

/* Smaller DATA frames, while more waits, are what a client with a tiny window provokes. */
#define USEFUL_BYTES 256
/* From an early answer to the reset of its stream. */
#define STOP_SENDING_MS 50

/*
 * Fields whose value differs from answer to answer. In HPACK's table they would push out those that
 * repeat, and nghttp2 walks all entries of one name to find that none is equal. (It leaves etag,
 * location, content-length and their like out by itself.)
 */
static bool is_unique(struct slice name)
{
    static const struct slice names[] = {
        SLICE_INIT("x-request-id"),
        SLICE_INIT("grpc-message"),
        SLICE_INIT("grpc-status-details-bin"),
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_equal(name, names[i]))
            return true;
    return false;
}

static nghttp2_nv field(struct slice name, struct slice value)
{
    uint8_t flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

    if (is_unique(name))
        flags |= NGHTTP2_NV_FLAG_NO_INDEX;
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.data, (uint8_t *)(uintptr_t)value.data, name.len,
                        value.len, flags};
}

/* Room for `count` fields in the loop's scratch; NULL when memory ended. */
static nghttp2_nv *fields_for(struct http2_shared *shared, size_t count)
{
    nghttp2_nv *grown;

    if (count <= shared->field_capacity)
        return shared->fields;
    count = count < 64 ? 64 : count;
    grown = realloc(shared->fields, count * sizeof(*grown));
    if (grown == NULL)
        return NULL;
    shared->fields = grown;
    shared->field_capacity = count;
    return grown;
}

static struct slice text_of_status(int status, char text[3])
{
    text[0] = (char)('0' + status / 100);
    text[1] = (char)('0' + status / 10 % 10);
    text[2] = (char)('0' + status % 10);
    return slice_make(text, 3);
}

/* Whether the fields go with a copy, since they are not the frontend's: status and length. */
static nghttp2_nv copied_field(struct slice name, struct slice value)
{
    nghttp2_nv nv = field(name, value);

    nv.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
    return nv;
}

static int submit_trailers(struct stream *stream)
{
    struct answer *answer = &stream->answer;
    nghttp2_nv *fields = fields_for(stream->exchange.loop->http2, answer->trailer_count);

    if (fields == NULL)
        return NGHTTP2_ERR_NOMEM;
    for (size_t i = 0; i < answer->trailer_count; i++)
        fields[i] = field(answer->trailers[i].name, answer->trailers[i].value);
    return nghttp2_submit_trailer(stream->connection->http2->session, stream->id, fields,
                                  answer->trailer_count);
}

/* How much of the body the next DATA frame takes; send_data then copies it. */
static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *unused, size_t most,
                         uint32_t *data_flags, nghttp2_data_source *source, void *user_data)
{
    struct stream *stream = source->ptr;
    struct answer *answer = &stream->answer;
    size_t count = answer->waiting < most ? answer->waiting : most;

    (void)session;
    (void)id;
    (void)unused;
    (void)user_data;
    if (count == 0 && answer->state != ANSWER_ENDED)
        return NGHTTP2_ERR_DEFERRED;
    *data_flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (count == answer->waiting && answer->state == ANSWER_ENDED) {
        *data_flags |= NGHTTP2_DATA_FLAG_EOF;
        if (answer->trailer_count > 0) {
            *data_flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            if (submit_trailers(stream) != 0)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)count;
}

static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head,
                     size_t length, nghttp2_data_source *source, void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct buffer *out = &connection->loop->out;
    struct stream *stream = source->ptr;

    (void)session;
    assert(frame->data.padlen == 0); /* no callback of ours selects padding */
    buffer__put(out, slice_make(head, 9));
    http_stream__take_body(stream, out, length);
    if (length >= USEFUL_BYTES || stream->answer.waiting == 0)
        http2_bounds__useful_frame(&connection->http2->bounds);
    if (out->failed)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return out->len >= WRITE_BYTES ? NGHTTP2_ERR_PAUSE : 0;
}

static int submit_answer(struct stream *stream)
{
    struct answer *answer = &stream->answer;
    nghttp2_nv *fields = fields_for(stream->exchange.loop->http2, answer->header_count + 3);
    bool whole = answer->state == ANSWER_ENDED && answer->waiting == 0 &&
                 answer->trailer_count == 0;
    nghttp2_data_provider provider = {{.ptr = stream}, read_body};
    struct buffer length = {0};
    char length_text[20];
    char status[3];
    size_t count = 0;

    if (fields == NULL)
        return NGHTTP2_ERR_NOMEM;
    answer->head_taken = true;
    fields[count++] = copied_field(SLICE(":status"), text_of_status(answer->status, status));
    fields[count++] = field(SLICE("date"), slice_make(answer->date, DATE_LEN));
    for (size_t i = 0; i < answer->header_count; i++)
        fields[count++] = field(answer->headers[i].name, answer->headers[i].value);
    if (http_stream__tells_length(stream)) {
        length = (struct buffer){.data = length_text, .capacity = sizeof(length_text)};
        buffer__put_decimal(&length, (uint64_t)answer->length);
        fields[count++] = copied_field(SLICE("content-length"),
                                       slice_make(length.data, length.len));
    }
    if (http_stream__is_bodyless(stream))
        whole = answer->state == ANSWER_ENDED;
    return nghttp2_submit_response(stream->connection->http2->session, stream->id, fields, count,
                                   whole ? NULL : &provider);
}

static int submit_continue(struct stream *stream)
{
    nghttp2_nv status = field(SLICE(":status"), SLICE("100"));

    return nghttp2_submit_headers(stream->connection->http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                  NULL, &status, 1, NULL);
}

void http2__run_stream(struct stream *stream)
{
    nghttp2_session *session = stream->connection->http2->session;
    struct answer *answer = &stream->answer;
    int result = 0;

    if (stream->was_reset)
        return;
    if (stream->continue_owed && answer->state == ANSWER_NONE)
        result = submit_continue(stream);
    stream->continue_owed = false;
    if (answer->state != ANSWER_NONE && !answer->head_taken)
        result = submit_answer(stream);
    else if (answer->head_taken && (answer->waiting > 0 || answer->state == ANSWER_ENDED))
        nghttp2_session_resume_data(session, stream->id); /* fails where it is not deferred */
    if (result != 0)
        connection__cut(stream->connection);
}

/*
 * An answer that came before the end of the request: the client is to stop sending (RFC 9113
 * section 8.1). Not before the answer's end is sent, or nghttp2 drops what waits; and not in the
 * same breath, since curl 7.88 forgets an answer whose stream is reset before it has read it.
 */
static void sent_end(struct stream *stream)
{
    struct loop *loop = stream->exchange.loop;

    stream->answer.end_taken = true;
    if (!stream->ended)
        timer__set(&loop->wheel, &stream->timer, loop_now_ms(loop) + STOP_SENDING_MS);
}

void http2__stop_sending(struct stream *stream)
{
    struct connection *connection = stream->connection;

    if (nghttp2_submit_rst_stream(connection->http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                  NGHTTP2_NO_ERROR) != 0)
        connection__cut(connection);
    connection__touch(connection);
}

/*
 * nghttp2 resets streams that run for what the client does to them, and not all of that passes
 * on_invalid_frame: a body of another length than was said does not.
 */
static void sent_reset(nghttp2_session *session, const nghttp2_frame *frame,
                       struct connection *connection)
{
    const struct stream *stream = http2__find(session, frame->hd.stream_id);
    uint32_t error = frame->rst_stream.error_code;

    if (stream == NULL || !stream->whole || error == NGHTTP2_NO_ERROR || error == NGHTTP2_CANCEL)
        return;
    if (!http2_bounds__reset(&connection->http2->bounds, connection->loop->settings,
                             http2__now(connection)))
        http2__calm(connection, "too many invalid frames");
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct http2 *http2 = connection->http2;
    struct stream *stream;

    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        http2_bounds__useful_frame(&http2->bounds);
        http2_bounds__sent(&http2->bounds);
        break;
    case NGHTTP2_DATA:
        http2_bounds__sent(&http2->bounds);
        break;
    case NGHTTP2_RST_STREAM:
        sent_reset(session, frame, connection);
        return 0;
    case NGHTTP2_GOAWAY:
        http2->failure_sent = http2->state == HTTP2_FAILED;
        return 0;
    default:
        return 0;
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    stream = http2__find(session, frame->hd.stream_id);
    if (stream != NULL)
        sent_end(stream);
    return 0;
}

/* The only place where a stream of HTTP/2 ends while its connection lives. */
static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *user_data)
{
    struct connection *connection = http2__connection(user_data);
    struct stream *stream = http2__find(session, id);

    (void)error;
    if (stream == NULL)
        return 0;
    if (stream->ended)
        http2_bounds__ended(&connection->http2->bounds, id);
    if (connection->http2->incoming == stream)
        connection->http2->incoming = NULL;
    http_stream__finish(stream, stream->answer.end_taken);
    return 0;
}

void http2__set_write_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
