/* One walk over the fields of a message that have a trait; each rule is a visitor of it. */
#include "rpc/services/resource/fields.h"

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/quotes.h"

/* Called for each field that has the trait; may clear or set it. */
typedef void field_visitor(ProtobufCMessage *message, const struct field *field, void *context);

static void visit(ProtobufCMessage *message, const struct message_type *type, enum trait trait,
                  field_visitor *each, void *context)
{
    if ((type->traits & trait) == 0)
        return;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        size_t count;

        if ((field->traits & trait) != 0)
            each(message, field, context);
        if (field->message == NULL || (field->message->traits & trait) == 0 ||
            field->message->well_known != WELL_KNOWN_NONE || !field_is_set(message, field))
            continue;
        count = field->repeated ? field_count(message, field) : 1;
        for (size_t n = 0; n < count; n++)
            visit(*(ProtobufCMessage **)field_address(message, field, n), field->message, trait,
                  each, context);
    }
}

static void clear(ProtobufCMessage *message, const struct field *field, void *context)
{
    (void)context;
    field_clear(message, field);
}

void fields__clear_output(ProtobufCMessage *message, const struct message_type *type)
{
    visit(message, type, TRAIT_OUTPUT_ONLY, clear, NULL);
}

/* A value that is wholly a quote is no secret. */
static bool is_secret(struct slice text)
{
    return text.len > 0 && !quote_is_whole(text, NULL);
}

bool fields__holds_secret(const ProtobufCMessage *message, const struct field *field)
{
    const struct field *value;

    if (!field_is_set(message, field))
        return false;
    if (!field->map)
        return is_secret(field_get_string(message, field));
    value = message_field_by_number(field->message, 2);
    for (size_t i = 0; i < field_count(message, field); i++)
        if (is_secret(
                field_get_string(*(ProtobufCMessage **)field_address(message, field, i), value)))
            return true;
    return false;
}

void fields__clear_input(ProtobufCMessage *message, const struct message_type *type)
{
    visit(message, type, TRAIT_INPUT_ONLY, clear, NULL);
}

struct slice fields__path(struct arena *arena, struct slice parent, const struct field *field)
{
    const struct slice parts[] = {parent, SLICE("."), field->json_name};

    return parent.len == 0 ? field->json_name : text_join(arena, parts, 3);
}
