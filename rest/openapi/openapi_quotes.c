/* Which texts may be answered as a quote (FieldPolicy.quotes, Kind.quotes, secrets). */
#include "rest/openapi/openapi_quotes.h"

static bool is_quoting(const struct openapi *api, const struct message_type *type)
{
    for (size_t i = 0; i < api->quoting_count; i++)
        if (api->quoting[i] == type)
            return true;
    return false;
}

static bool is_envelope(const struct kind *kind, const struct field *field)
{
    return kind != NULL &&
           (field == kind->name || field == kind->description || field == kind->labels);
}

/* The message and those in it, each of which is added once. */
static void add_quoting(struct openapi *api, const struct message_type *type)
{
    if (is_quoting(api, type) || api->quoting_count == api->contract->message_count)
        return;
    api->quoting[api->quoting_count++] = type;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];

        if (field->message != NULL && !field->output_only && !is_envelope(type->kind, field))
            add_quoting(api, field->message);
    }
}

void openapi__find_quoting(struct openapi *api)
{
    const struct contract *contract = api->contract;

    api->quoting = arena_array(api->text.arena, contract->message_count + 1,
                               sizeof(api->quoting[0]));
    if (api->quoting == NULL)
        return;
    for (size_t i = 0; i < contract->kind_count; i++)
        if (contract->kinds[i]->quotes)
            add_quoting(api, contract->kinds[i]->message);
    for (size_t i = 0; i < contract->message_count; i++)
        for (size_t f = 0; f < contract->messages[i]->field_count; f++) {
            const struct field *field = &contract->messages[i]->fields[f];

            if (field->message != NULL && (field->quotes || field->secret))
                add_quoting(api, field->message);
        }
}

bool openapi__may_quote(const struct openapi *api, const struct field *field)
{
    if (field->pb->type != PROTOBUF_C_TYPE_STRING || field->output_only || field->reference != NULL)
        return false;
    if (field->quotes || field->secret)
        return true;
    if (field->parent->map_entry && field->number == 1)
        return false;
    return is_quoting(api, field->parent) && !is_envelope(field->parent->kind, field);
}
