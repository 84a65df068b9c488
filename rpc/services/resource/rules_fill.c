/* Values that nobody sent: defaults, what a oneof says, secrets that are kept. */
#include "rpc/services/resource/rules_fill.h"

#include <assert.h>

#include "rpc/services/resource/mask.h"
#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/seal.h"

static void fill_default(struct arena *arena, ProtobufCMessage *message, const struct field *field)
{
    if (field->default_value != NULL)
        field_set_value(arena, message, field, field->default_value);
    else if (field->default_from != NULL)
        field_set_string(arena, message, field, field_get_string(message, field->default_from));
}

/* The value for the member that is set. */
static int32_t derive(const ProtobufCMessage *message, const struct derived_from *derived)
{
    for (size_t i = 0; i < derived->oneof->field_count; i++) {
        const struct field *member = derived->oneof->fields[i];

        if (!field_is_set(message, member))
            continue;
        if (derived->values[i].field == NULL)
            return derived->values[i].number;
        return (int32_t)field_get_int(field_get_message(message, member), derived->values[i].field);
    }
    return derived->none;
}

void rules__admit(const struct change *change, ProtobufCMessage *message, const struct field *field)
{
    if (change->clears_input && field->input_only)
        field_clear(message, field);
    if (field->secret)
        seal__admit_field(change->call->arena, message, field);
}

void rules__fill(const struct change *change, ProtobufCMessage *message, const struct field *field,
                 bool judged)
{
    if (field->derived_from != NULL)
        field_set_int(message, field, derive(message, field->derived_from));
    else if (judged && !field->output_only && !field->repeated && !field_is_set(message, field))
        fill_default(change->call->arena, message, field);
}

static bool is_named(const struct touched *touched, const ProtobufCMessage *message,
                     const struct field *field)
{
    return !touched->whole && touched_has(touched, message, field);
}

/* A oneof that has got another member has no place for it. */
static bool has_place(const ProtobufCMessage *message, const struct field *field)
{
    const struct oneof *oneof;

    if (!field->oneof_member)
        return true;
    oneof = &field->parent->oneofs[field->oneof];
    for (size_t i = 0; i < oneof->field_count; i++)
        if (field_is_set(message, oneof->fields[i]))
            return false;
    return true;
}

/* Of a map whose message was replaced as a whole: what it holds now goes over what it held. */
static void keep_entries(struct arena *arena, const struct field *map,
                         const ProtobufCMessage *before, ProtobufCMessage *after)
{
    ProtobufCMessage *given = message_new(arena, map->parent);

    if (given == NULL)
        return;
    field_copy(given, after, map);
    field_copy(after, before, map);
    mask__merge_secrets(arena, map, given, after);
}

void rules__keep_secret(const struct change *change, const ProtobufCMessage *before,
                        ProtobufCMessage *after, const struct field *field)
{
    assert(field->secret && before->descriptor == after->descriptor);
    if (!field_is_set(before, field) || is_named(change->touched, after, field))
        return;
    if (field->map)
        keep_entries(change->call->arena, field, before, after);
    else if (!field_is_set(after, field) && has_place(after, field))
        field_copy(after, before, field);
}
