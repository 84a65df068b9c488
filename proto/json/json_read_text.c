/*
 * Values from text that is not JSON: query parameters and path captures. Scalars and enums,
 * wrappers as their scalar, and the well-known types that are one string in JSON.
 */
#include "proto/json/json_read_text.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_read_scalar.h"
#include "proto/json/json_read_wkt.h"
#include "proto/json/json_reader.h"
#include "proto/message/message.h"

/* What the text may set; anything else has no textual form. */
static bool has_text_form(const struct field *field)
{
    if (field->map)
        return false;
    if (field->message == NULL)
        return true;
    switch (field->message->well_known) {
    case WELL_KNOWN_TIMESTAMP:
    case WELL_KNOWN_DURATION:
    case WELL_KNOWN_FIELD_MASK:
    case WELL_KNOWN_WRAPPER:
        return !field->repeated;
    default:
        return false;
    }
}

/* A message of the field's well-known type; *ret_wrong says what is wrong with the text. */
static ProtobufCMessage *parse_message(struct arena *arena, const struct message_type *type,
                                       struct slice text, const char **ret_wrong)
{
    ProtobufCMessage *message = message_new(arena, type);

    if (message == NULL)
        return NULL;
    if (type->well_known == WELL_KNOWN_WRAPPER) {
        const struct field *value = message_field_by_number(type, 1);

        *ret_wrong = json__parse_scalar(arena, value, text, field_address(message, value, 0));
        field_mark_set(message, value);
    } else {
        *ret_wrong = json__parse_well_known(arena, type, message, text);
    }
    return message;
}

/* Whether another member of the field's oneof is set. */
static bool oneof_is_taken(const ProtobufCMessage *message, const struct field *field)
{
    const struct oneof *oneof;

    if (!field->oneof_member)
        return false;
    oneof = &field->parent->oneofs[field->oneof];
    for (size_t i = 0; i < oneof->field_count; i++)
        if (oneof->fields[i] != field && field_is_set(message, oneof->fields[i]))
            return true;
    return false;
}

struct status json_read_text(struct arena *arena, ProtobufCMessage *message,
                             const struct field *field, struct slice text, struct slice path,
                             size_t *capacity)
{
    ProtobufCMessage *value = NULL;
    const char *wrong = NULL;
    void *address;

    assert(message->descriptor == field->parent->pb);
    if (!has_text_form(field))
        return status_invalid_field(arena, path, "cannot be set in a path or a query");
    if (oneof_is_taken(message, field))
        return status_invalid_field(arena, path,
                                    "must not be given together with another field of \"%.*s\"",
                                    SLICE_ARG(field->parent->oneofs[field->oneof].name));
    address = field->repeated ? field_append(arena, message, field, capacity)
                              : field_address(message, field, 0);
    if (address == NULL)
        return status_out_of_memory();
    if (field->message != NULL)
        value = parse_message(arena, field->message, text, &wrong);
    else
        wrong = json__parse_scalar(arena, field, text, address);
    if (wrong != NULL)
        return status_invalid_field(arena, path, "must be %s", wrong);
    if (arena_failed(arena))
        return status_out_of_memory();
    if (value != NULL)
        *(ProtobufCMessage **)address = value;
    if (!field->repeated)
        field_mark_set(message, field);
    return status_ok();
}
