/* Frames are not compressed: what a stream tells are small messages. */
#include "rpc/grpc/grpc_stream.h"

struct call_stream {
    struct frontend_stream stream; /* first */
    struct grpc_answer *answer;
};

static void begin(struct frontend_stream *stream)
{
    struct grpc_answer *answer = ((struct call_stream *)stream)->answer;

    answer->metadata = stream->frontend->call.answer_metadata;
    grpc__stream_head(answer);
}

static struct status write(struct frontend_stream *stream, struct arena *arena,
                           const ProtobufCMessage *message, bool is_heartbeat,
                           struct slice *ret_bytes)
{
    (void)is_heartbeat;
    return grpc__stream_frame(((struct call_stream *)stream)->answer, arena, message, ret_bytes);
}

static void end(struct frontend_stream *stream, struct status status)
{
    struct grpc_answer *answer = ((struct call_stream *)stream)->answer;

    stream->frontend->logged_status = (int)(stream->frontend->state == FRONTEND_STREAMING
                                                ? grpc__stream_end(answer, status)
                                                : grpc__answer_status(answer->exchange, answer,
                                                                      status));
}

/* Of messages that are told by many, none comes near the limit of a message's bytes. */
static enum stream_form form(const struct frontend_stream *stream)
{
    (void)stream;
    return STREAM_FORM_GRPC;
}

static const struct frontend_stream_writer writer = {
    .begin = begin, .write = write, .end = end, .form = form, .closed_status = STATUS_CANCELLED};

struct status grpc__call_stream(struct frontends *frontends, struct frontend_call *frontend,
                                struct grpc_answer *answer, int64_t deadline_us)
{
    struct call_stream *stream = arena_zalloc(frontend->exchange->arena, sizeof(*stream));

    if (stream == NULL)
        return status_out_of_memory();
    stream->answer = answer;
    stream->stream.writer = &writer;
    stream->stream.frontend = frontend;
    stream->stream.deadline_us = deadline_us;
    frontend_stream_dispatch(frontends, &stream->stream);
    return status_ok();
}
