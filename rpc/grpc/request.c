/* Reading the request's message. */
#include "rpc/grpc/request.h"

static struct status unfold(struct arena *arena, const struct frame *frame, enum encoding encoding,
                            size_t most, struct slice *ret_bytes)
{
    if (!frame->compressed) {
        *ret_bytes = frame->bytes;
        return status_ok();
    }
    if (encoding == ENCODING_IDENTITY)
        return status_const(STATUS_INTERNAL,
                            SLICE("The message is marked as compressed, but grpc-encoding names "
                                  "no compression."));
    switch (compress_inflate(arena, encoding, frame->bytes, most, ret_bytes)) {
    case INFLATE_OK:
        return status_ok();
    case INFLATE_BAD:
        return status_const(STATUS_INTERNAL, SLICE("The compressed message does not unfold."));
    case INFLATE_TOO_LARGE:
        return status_make(arena, STATUS_RESOURCE_EXHAUSTED,
                           "The message has more than %zu bytes once unfolded.", most);
    case INFLATE_NO_MEMORY:
        break;
    }
    return status_out_of_memory();
}

static struct status walk_failed(struct arena *arena, enum walk_result result,
                                 const struct field *field)
{
    struct slice name = field == NULL ? SLICE("of a map") : field->name;

    switch (result) {
    case WALK_NO_MEMORY:
        return status_out_of_memory();
    case WALK_NUL:
        return status_invalid_field(arena, field == NULL ? SLICE_EMPTY : field->json_name,
                                    "must not hold U+0000.");
    case WALK_BAD_UTF8:
        return status_make(arena, STATUS_INTERNAL,
                           "The message does not parse: the string %.*s is not UTF-8.",
                           SLICE_ARG(name));
    case WALK_TOO_DEEP:
        return status_make(arena, STATUS_INTERNAL,
                           "The message does not parse: it is nested deeper than %d levels.",
                           MESSAGE_DEPTH_MOST);
    default:
        return status_const(STATUS_INTERNAL, SLICE("The message does not parse."));
    }
}

struct status grpc__request_read(struct arena *arena, const struct message_type *type,
                                 const struct frame *frame, enum encoding encoding, size_t most,
                                 ProtobufCMessage **ret_message)
{
    static const struct walk_options drop_unknown = {0};
    const struct field *field = NULL;
    ProtobufCMessage *message;
    struct slice bytes;
    enum walk_result walked;
    struct status status = unfold(arena, frame, encoding, most, &bytes);

    if (!status_is_ok(status))
        return status;
    walked = message_walk(arena, type, bytes, drop_unknown, &bytes, &field);
    if (walked != WALK_OK)
        return walk_failed(arena, walked, field);
    message = message_unpack(arena, type, bytes);
    if (message == NULL)
        return arena_failed(arena) ? status_out_of_memory()
                                   : walk_failed(arena, WALK_MALFORMED, NULL);
    *ret_message = message;
    return status_ok();
}
