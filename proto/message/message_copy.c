/*
 * Deep copies: each message is copied as it lies in memory, then what it points to. Nothing is
 * packed on the way, so a copy costs what the message holds and not what its bytes would.
 */
#include "proto/message/message_copy.h"

#include <string.h>

#include "proto/message/message_fields.h"

static ProtobufCMessage *copy(struct arena *arena, const ProtobufCMessage *message);

static void *copy_bytes(struct arena *arena, const void *bytes, size_t len)
{
    void *to = len == 0 ? NULL : arena_alloc(arena, len);

    if (to != NULL)
        memcpy(to, bytes, len);
    return to;
}

/* What the value at `member` points to; a default is a constant, which all share. */
static void own_value(struct arena *arena, const ProtobufCFieldDescriptor *pb, void *member)
{
    if (pb->type == PROTOBUF_C_TYPE_STRING) {
        char **text = member;

        if (*text != NULL && *text != pb->default_value)
            *text = copy_bytes(arena, *text, strlen(*text) + 1);
    } else if (pb->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData *bytes = member;

        bytes->data = copy_bytes(arena, bytes->data, bytes->len);
    } else if (pb->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage **inner = member;

        if (*inner != NULL && *inner != pb->default_value)
            *inner = copy(arena, *inner);
    }
}

static bool points_elsewhere(const ProtobufCFieldDescriptor *pb)
{
    return pb->type == PROTOBUF_C_TYPE_STRING || pb->type == PROTOBUF_C_TYPE_BYTES ||
           pb->type == PROTOBUF_C_TYPE_MESSAGE;
}

static void own_list(struct arena *arena, const ProtobufCFieldDescriptor *pb,
                     ProtobufCMessage *message)
{
    size_t count = *(const size_t *)((char *)message + pb->quantifier_offset);
    size_t size = field__value_size(pb->type);
    char **list = (void *)((char *)message + pb->offset);

    *list = copy_bytes(arena, *list, count * size);
    for (size_t i = 0; *list != NULL && points_elsewhere(pb) && i < count; i++)
        own_value(arena, pb, *list + i * size);
}

/* Of a oneof's members the one that is set. */
static bool is_there(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *pb)
{
    return (pb->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
           *(const uint32_t *)((const char *)message + pb->quantifier_offset) == pb->id;
}

static void own_unknown(struct arena *arena, ProtobufCMessage *message)
{
    ProtobufCMessageUnknownField *fields = copy_bytes(arena, message->unknown_fields,
                                                      message->n_unknown_fields * sizeof(*fields));

    message->unknown_fields = fields;
    for (unsigned i = 0; fields != NULL && i < message->n_unknown_fields; i++)
        fields[i].data = copy_bytes(arena, fields[i].data, fields[i].len);
}

void message_own_field(struct arena *arena, ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *pb)
{
    if (pb->label == PROTOBUF_C_LABEL_REPEATED)
        own_list(arena, pb, message);
    else if (points_elsewhere(pb) && is_there(message, pb))
        own_value(arena, pb, (char *)message + pb->offset);
}

static ProtobufCMessage *copy(struct arena *arena, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    ProtobufCMessage *to = copy_bytes(arena, message, type->sizeof_message);

    if (to == NULL)
        return NULL;
    for (unsigned i = 0; i < type->n_fields; i++)
        message_own_field(arena, to, &type->fields[i]);
    if (to->n_unknown_fields > 0)
        own_unknown(arena, to);
    return to;
}

ProtobufCMessage *message_copy(struct arena *arena, const ProtobufCMessage *message)
{
    ProtobufCMessage *to = arena_failed(arena) ? NULL : copy(arena, message);

    return arena_failed(arena) ? NULL : to;
}
