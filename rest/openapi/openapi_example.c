/* Made-up bodies: the required fields of a message, each valid by its rules. */
#include "rest/openapi/openapi_example.h"

#include "rest/openapi/openapi_schema.h"

#define EXAMPLE_DEPTH_MOST 8

static bool can_make(const struct message_type *type, unsigned depth);

static bool is_wanted(const struct field *field)
{
    return field->required && !field->output_only;
}

static bool can_make_field(const struct field *field, unsigned depth)
{
    const struct rules *rules = field->rules;

    if (rules != NULL && (rules->pattern.len > 0 || rules->cidr))
        return false;
    if (field->map || field->pb->type == PROTOBUF_C_TYPE_BYTES)
        return false;
    if (field->message == NULL)
        return true;
    if (field->message->well_known != WELL_KNOWN_NONE)
        return field->message->well_known == WELL_KNOWN_TIMESTAMP;
    return can_make(field->message, depth + 1);
}

static bool can_make(const struct message_type *type, unsigned depth)
{
    if (depth > EXAMPLE_DEPTH_MOST)
        return false;
    for (size_t i = 0; i < type->field_count; i++)
        if (is_wanted(&type->fields[i]) && !can_make_field(&type->fields[i], depth))
            return false;
    return true;
}

static struct slice text_for(struct openapi *api, const struct field *field,
                             const struct rules *rules)
{
    struct slice text;

    if (field->reference != NULL || (rules != NULL && rules->uuid))
        return SLICE("01890a5d-ac96-774b-bcce-b302099a8057");
    if (rules != NULL && rules->in_count > 0)
        return rules->in[0];
    if (rules != NULL && rules->email)
        return SLICE("someone@example.com");
    if (rules != NULL && (rules->hostname || rules->address))
        return SLICE("host.example.com");
    if (rules != NULL && rules->ip)
        return SLICE("192.0.2.1");
    if (field->example.len > 0)
        return field->example;
    text = arena_printf(api->text.arena, "%.*smy-%.*s", rules == NULL ? 0 : (int)rules->prefix.len,
                        rules == NULL ? "" : rules->prefix.data, SLICE_ARG(field->json_name));
    while (rules != NULL && rules->has_length && text.len < rules->min_length &&
           !arena_failed(api->text.arena))
        text = arena_printf(api->text.arena, "%.*s-x", SLICE_ARG(text));
    if (rules != NULL && rules->has_length && text.len > rules->max_length)
        text.len = (size_t)rules->max_length;
    return text;
}

static void put_message(struct openapi *api, const struct message_type *type,
                        const struct binding *binding);

static void put_number(struct openapi *api, const struct field *field, const struct rules *rules)
{
    int64_t value = 1;
    bool is_text = field->pb->type == PROTOBUF_C_TYPE_INT64 ||
                   field->pb->type == PROTOBUF_C_TYPE_UINT64 ||
                   field->pb->type == PROTOBUF_C_TYPE_SINT64 ||
                   field->pb->type == PROTOBUF_C_TYPE_FIXED64 ||
                   field->pb->type == PROTOBUF_C_TYPE_SFIXED64;

    if (rules != NULL && rules->has_range && rules->least > value)
        value = rules->least;
    if (rules != NULL && rules->has_range && rules->most < value)
        value = rules->most;
    if (is_text)
        openapi__string(api, arena_printf(api->text.arena, "%lld", (long long)value));
    else
        openapi__int(api, value);
}

static void put_enum(struct openapi *api, const struct enum_type *type)
{
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number != 0 || i + 1 == type->value_count) {
            openapi__string(api, type->values[i].name);
            return;
        }
}

static void put_one(struct openapi *api, const struct field *field, const struct rules *rules)
{
    if (field->message != NULL && field->message->well_known == WELL_KNOWN_TIMESTAMP)
        openapi__string(api, SLICE("2035-01-01T00:00:00Z"));
    else if (field->message != NULL)
        put_message(api, field->message, NULL);
    else if (field->enumeration != NULL)
        put_enum(api, field->enumeration);
    else if (field->pb->type == PROTOBUF_C_TYPE_STRING)
        openapi__string(api, text_for(api, field, rules));
    else if (field->pb->type == PROTOBUF_C_TYPE_BOOL)
        openapi__bool(api, true);
    else
        put_number(api, field, rules);
}

static void put_message(struct openapi *api, const struct message_type *type,
                        const struct binding *binding)
{
    openapi__open(api, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];

        if (!is_wanted(field) || openapi__is_in_path(binding, field))
            continue;
        openapi__key(api, field->json_name);
        if (field->repeated) {
            openapi__open(api, '[');
            put_one(api, field, field->rules == NULL ? NULL : field->rules->items);
            openapi__close(api, ']');
        } else {
            put_one(api, field, field->rules);
        }
    }
    openapi__close(api, '}');
}

/* A patch of one field that most messages have. */
static void put_patch(struct openapi *api, const struct message_type *type)
{
    const struct field *field = message_field_by_proto_name(type, SLICE("description"));

    if (field == NULL || field->repeated || field->pb->type != PROTOBUF_C_TYPE_STRING)
        return;
    openapi__key(api, SLICE("example"));
    openapi__open(api, '{');
    openapi__member(api, field->json_name, SLICE("What the object is for."));
    openapi__close(api, '}');
}

void openapi__example(struct openapi *api, const struct message_type *type, enum schema_use use,
                      const struct binding *binding)
{
    if (use == USE_PATCH) {
        put_patch(api, type);
    } else if (use == USE_CREATE && type->kind != NULL && type->kind->example.len > 0) {
        openapi__key(api, SLICE("example"));
        openapi__raw(api, type->kind->example);
    } else if (use == USE_CREATE && can_make(type, 0)) {
        openapi__key(api, SLICE("example"));
        put_message(api, type, binding);
    }
}
