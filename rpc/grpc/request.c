/* Reading the request's message. */
#include "rpc/grpc/request.h"
#include "proto/message/message_texts.h"
#include "proto/message/message_walk.h"

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
    switch (compress__inflate(arena, encoding, frame->bytes, most, ret_bytes)) {
    case INFLATE_OK:
        return status_ok();
    case INFLATE_BAD:
        return status_const(STATUS_INTERNAL,
                            SLICE("The compressed message cannot be decompressed."));
    case INFLATE_TOO_LARGE:
        return status_make(arena, STATUS_RESOURCE_EXHAUSTED,
                           "The message exceeds %zu bytes after decompression.", most);
    case INFLATE_NO_MEMORY:
        break;
    }
    return status_out_of_memory();
}

/* Violations within a resource are told from the resource on. */
static struct slice within_resource(const struct method *method, struct slice path)
{
    const struct field *resource = method->resource;

    if (resource == NULL || path.len <= resource->json_name.len ||
        !slice_starts_with(path, resource->json_name) || path.data[resource->json_name.len] != '.')
        return path;
    return slice_from(path, resource->json_name.len + 1);
}

static struct status walk_failed(struct arena *arena, enum walk_result result, struct slice path)
{
    switch (result) {
    case WALK_NO_MEMORY:
        return status_out_of_memory();
    case WALK_NUL:
        return status_invalid_field(arena, path, "must not contain U+0000");
    case WALK_BAD_UTF8:
        return status_make(arena, STATUS_INTERNAL,
                           "The message cannot be parsed: the string %.*s is not UTF-8.",
                           SLICE_ARG(path));
    case WALK_TOO_DEEP:
        return status_make(
            arena, STATUS_INTERNAL,
            "The message cannot be parsed: messages are nested deeper than %d levels.",
            MESSAGE_DEPTH_MOST);
    default:
        return status_const(STATUS_INTERNAL, SLICE("The message cannot be parsed."));
    }
}

struct status grpc__request_read(struct arena *arena, const struct method *method,
                                 const struct frame *frame, enum encoding encoding, size_t most,
                                 ProtobufCMessage **ret_message)
{
    struct slice path = SLICE_EMPTY;
    const struct walk_options drop_unknown = {.ret_path = &path};
    const struct message_type *type = method->input;
    const struct field *field;
    ProtobufCMessage *message;
    struct slice bytes;
    enum walk_result walked;
    struct status status = unfold(arena, frame, encoding, most, &bytes);

    if (!status_is_ok(status))
        return status;
    message = type->text_levels > 0 ? message_read_texts(arena, type, bytes) : NULL;
    if (message != NULL) {
        *ret_message = message;
        return status;
    }
    walked = message_walk(arena, type, bytes, drop_unknown, &bytes, &field);
    if (walked != WALK_OK)
        return arena_failed(arena) ? status_out_of_memory()
                                   : walk_failed(arena, walked, within_resource(method, path));
    message = message_unpack(arena, type, bytes);
    if (message == NULL)
        return arena_failed(arena) ? status_out_of_memory()
                                   : walk_failed(arena, WALK_MALFORMED, SLICE_EMPTY);
    *ret_message = message;
    return status_ok();
}
