/*
 * What walks over objects look for, worked out once at start: so that each of them visits the
 * fields that it is for, and enters no message that has none of them.
 */
#include "proto/contract/contract_traits.h"

static bool is_set_once(const struct message_type *type, const struct field *field)
{
    return field->once || (field->oneof_member && type->oneofs[field->oneof].once);
}

static unsigned traits_of(const struct message_type *type, const struct field *field)
{
    const struct {
        bool has;
        enum trait trait;
    } rows[] = {
        {field->output_only, TRAIT_OUTPUT_ONLY},
        {field->input_only, TRAIT_INPUT_ONLY},
        {field->secret, TRAIT_SECRET},
        {field->default_value != NULL || field->default_from != NULL || field->derived_from != NULL,
         TRAIT_FILLED},
        {field->reference != NULL, TRAIT_REFERENCE},
        {field->pb->type == PROTOBUF_C_TYPE_STRING && !field->output_only, TRAIT_TEXT},
        {field->required_when_count > 0 || field->unique_by != NULL || field->struct_bounds != NULL,
         TRAIT_TOGETHER},
        {field->same_count > 0, TRAIT_SAME},
        {is_set_once(type, field), TRAIT_ONCE},
        {field->reverse != NULL, TRAIT_REVERSE},
    };
    unsigned traits = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].has)
            traits |= rows[i].trait;
    return traits;
}

/* Adds those of the messages in it; whether that changed anything. */
static bool add_inner(struct message_type *type)
{
    unsigned before = type->traits;

    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].message != NULL && !type->fields[i].output_only)
            type->traits |= type->fields[i].message->traits;
    return type->traits != before;
}

struct status contract__build_traits(struct build *build)
{
    bool changed = true;

    for (size_t i = 0; i < build->message_count; i++) {
        struct message_type *type = &build->messages[i].type;

        for (size_t j = 0; j < type->field_count; j++) {
            type->fields[j].traits = traits_of(type, &type->fields[j]);
            type->traits |= type->fields[j].traits;
        }
    }
    while (changed) { /* messages may hold each other */
        changed = false;
        for (size_t i = 0; i < build->message_count; i++)
            changed |= add_inner(&build->messages[i].type);
    }
    return status_ok();
}
