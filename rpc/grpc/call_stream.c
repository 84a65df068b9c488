/* Frames are not compressed: what a stream tells are small messages. */
#include "rpc/grpc/call_stream.h"

struct call_stream {
    struct face_stream stream; /* first */
    struct grpc_answer *answer;
};

static void begin(struct face_stream *stream)
{
    grpc__stream_head(((struct call_stream *)stream)->answer);
}

static struct status write(struct face_stream *stream, struct arena *arena,
                           const ProtobufCMessage *message, bool is_heartbeat,
                           struct slice *ret_bytes)
{
    (void)is_heartbeat;
    return grpc__stream_frame(((struct call_stream *)stream)->answer, arena, message, ret_bytes);
}

static void end(struct face_stream *stream, struct status status)
{
    struct grpc_answer *answer = ((struct call_stream *)stream)->answer;

    stream->face->logged_status = (int)(stream->begun ? grpc__stream_end(answer, status)
                                                      : grpc__answer_status(answer->exchange,
                                                                            answer, status));
}

static const struct face_stream_writer writer = {
    .begin = begin, .write = write, .end = end, .closed_status = STATUS_CANCELLED};

struct status grpc__call_stream(struct faces *faces, struct face_call *face,
                                struct grpc_answer *answer, int64_t deadline_us)
{
    struct call_stream *stream = arena_zalloc(face->exchange->arena, sizeof(*stream));

    if (stream == NULL)
        return status_out_of_memory();
    stream->answer = answer;
    stream->stream.writer = &writer;
    stream->stream.face = face;
    stream->stream.deadline_us = deadline_us;
    face_stream_dispatch(faces, &stream->stream);
    return status_ok();
}
