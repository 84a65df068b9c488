/* Messages as bytes, over an arena. */
#include "proto/message/message.h"

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
