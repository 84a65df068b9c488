/* The walk is as deep as JSON may nest, which its reader bounds. */
#include "rest/partial.h"

#include <assert.h>

static void mend_value(struct arena *arena, const struct field *field, void *address)
{
    if (field->pb->type == PROTOBUF_C_TYPE_STRING) {
        const char **text = address;

        if (*text == NULL)
            *text = protobuf_c_empty_string;
    } else if (field->message != NULL) {
        ProtobufCMessage **message = address;

        if (*message == NULL)
            *message = message_new(arena, field->message);
        if (*message != NULL)
            partial__mend(arena, field->message, *message);
    }
}

static bool is_selected(const ProtobufCMessage *message, const struct field *field)
{
    uint32_t member;

    assert(field->oneof_member && field->oneof < field->parent->oneof_count);
    memcpy(&member, (const char *)message + field->parent->oneofs[field->oneof].case_offset,
           sizeof(member));
    return member == field->number;
}

void partial__mend(struct arena *arena, const struct message_type *type, ProtobufCMessage *message)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        size_t count = 1;

        if (field->repeated)
            count = field_count(message, field);
        else if (field->oneof_member ? !is_selected(message, field)
                                     : field->message != NULL && !type->map_entry &&
                                           field_get_message(message, field) == NULL)
            continue;
        else if (!field->oneof_member && field->has_presence && !field_is_set(message, field))
            continue;
        for (size_t n = 0; n < count && !arena_failed(arena); n++)
            mend_value(arena, field, field_address(message, field, n));
    }
}
