/* Messages as bytes, over an arena. */
#include "proto/message/message.h"

#include <assert.h>

#include "proto/message/message_maps.h"

ProtobufCMessage *message_unpack(struct arena *arena, const struct message_type *type,
                                 struct slice bytes)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    ProtobufCMessage *message;

    if (arena_failed(arena))
        return NULL;
    message = protobuf_c_message_unpack(type->pb, &allocator, bytes.len,
                                        (const uint8_t *)bytes.data);
    if (message != NULL && type->holds_maps)
        message__keep_last_entries(arena, type, message);
    return arena_failed(arena) ? NULL : message;
}

struct slice message_pack(struct arena *arena, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, size);

    assert(message->descriptor != NULL &&
           message->descriptor->magic == PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC);
    if (bytes == NULL)
        return SLICE_EMPTY;
    return slice_make(bytes, protobuf_c_message_pack(message, bytes));
}
