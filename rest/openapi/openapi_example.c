/* Made-up bodies: the required fields of a message, each valid by its rules. */
#include "rest/openapi/openapi_example.h"

#include "proto/contract/contract_find.h"
#include "rest/openapi/openapi_names.h"

#define EXAMPLE_DEPTH_MOST 8

static bool can_make(const struct message_type *type, unsigned depth);

static bool is_wanted(const struct field *field)
{
    return field->required && !field->output_only;
}

static bool can_make_field(const struct field *field, unsigned depth)
{
    const struct rules *rules = field->rules;

    if (rules != NULL && (rules->pattern.len > 0 || rules->cidr) && field->example.len == 0)
        return false;
    if (field->map || field->pb->type == PROTOBUF_C_TYPE_BYTES)
        return false;
    if (field->message == NULL)
        return true;
    if (field->message->well_known != WELL_KNOWN_NONE)
        return field->message->well_known == WELL_KNOWN_TIMESTAMP ||
               field->message->well_known == WELL_KNOWN_DURATION;
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

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len && slice_equal(slice_from(text, text.len - end.len), end);
}

static bool is_id(const struct field *field)
{
    return field->reference != NULL || slice_equal(field->name, SLICE("id")) ||
           slice_equal(field->name, SLICE("ids")) || ends_with(field->name, SLICE("_id")) ||
           ends_with(field->name, SLICE("_ids"));
}

static struct slice text_for(struct openapi *api, const struct field *field,
                             const struct rules *rules)
{
    struct slice text;

    if ((is_id(field) && field->example.len == 0) || (rules != NULL && rules->uuid))
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

static bool is_unsigned_large(const struct field *field)
{
    return field->pb->type == PROTOBUF_C_TYPE_UINT64 || field->pb->type == PROTOBUF_C_TYPE_FIXED64;
}

static bool is_large(const struct field *field)
{
    return is_unsigned_large(field) || field->pb->type == PROTOBUF_C_TYPE_INT64 ||
           field->pb->type == PROTOBUF_C_TYPE_SINT64 || field->pb->type == PROTOBUF_C_TYPE_SFIXED64;
}

static uint64_t unsigned_for(const struct rules *rules)
{
    if (rules->integer_count > 0)
        return (uint64_t)rules->integers[0];
    if (rules->has_unsigned_range && rules->unsigned_least > 1)
        return rules->unsigned_least;
    return rules->has_unsigned_range && rules->unsigned_most < 1 ? rules->unsigned_most : 1;
}

static int64_t integer_for(const struct rules *rules)
{
    if (rules->integer_count > 0)
        return rules->integers[0];
    if (rules->has_range && rules->least > 1)
        return rules->least;
    return rules->has_range && rules->most < 1 ? rules->most : 1;
}

static void put_integer(struct openapi *api, const struct field *field, const struct rules *rules)
{
    static const struct rules none = {0};
    struct arena *arena = api->text.arena;
    struct slice text;

    rules = rules == NULL ? &none : rules;
    text = is_unsigned_large(field)
               ? arena_printf(arena, "%llu", (unsigned long long)unsigned_for(rules))
               : arena_printf(arena, "%lld", (long long)integer_for(rules));
    if (is_large(field))
        openapi__string(api, text);
    else
        openapi__raw(api, text);
}

static double real_for(const struct real_rules *rules)
{
    const struct real_limit *least = &rules->least;
    const struct real_limit *most = &rules->most;

    if (rules->in_count > 0)
        return rules->in[0];
    if (least->is_given && most->is_given)
        return least->value + (most->value - least->value) / 2;
    if (least->is_given)
        return least->is_excluded ? least->value + 1 : least->value;
    if (most->is_given)
        return most->is_excluded ? most->value - 1 : most->value;
    return 1;
}

static void put_real(struct openapi *api, const struct rules *rules)
{
    double value = rules == NULL || rules->real == NULL ? 1 : real_for(rules->real);

    openapi__raw(api, arena_printf(api->text.arena, "%.15g", value));
}

static struct slice time_for(const struct rules *rules)
{
    const struct moment_rules *moment = rules == NULL ? NULL : rules->moment;

    if (moment != NULL && moment->least.is_given && !moment->least.is_excluded)
        return moment->least.text;
    if (moment != NULL && moment->most.is_given && !moment->most.is_excluded)
        return moment->most.text;
    return moment != NULL && moment->is_past ? SLICE("2024-01-01T00:00:00Z")
                                             : SLICE("2035-01-01T00:00:00Z");
}

static struct slice duration_for(struct arena *arena, const struct rules *rules)
{
    const struct moment_rules *moment = rules == NULL ? NULL : rules->moment;

    if (moment != NULL && moment->in_count > 0)
        return slice_make(moment->in_text.data, slice_find(moment->in_text, ','));
    if (moment != NULL && moment->least.is_given)
        return moment->least.is_excluded
                   ? arena_printf(arena, "%llds", (long long)moment->least.value.seconds + 1)
                   : moment->least.text;
    return moment != NULL && moment->most.is_given && !moment->most.is_excluded ? moment->most.text
                                                                                : SLICE("1s");
}

static void put_enum(struct openapi *api, const struct enum_type *type)
{
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number != 0 || i + 1 == type->value_count) {
            openapi__string(api, type->values[i].name);
            return;
        }
}

static void put_scalar(struct openapi *api, const struct field *field, const struct rules *rules)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        openapi__string(api, text_for(api, field, rules));
        break;
    case PROTOBUF_C_TYPE_BOOL:
        openapi__bool(api, true);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        put_real(api, rules);
        break;
    default:
        put_integer(api, field, rules);
        break;
    }
}

static void put_one(struct openapi *api, const struct field *field, const struct rules *rules)
{
    if (field->message != NULL && field->message->well_known == WELL_KNOWN_TIMESTAMP)
        openapi__string(api, time_for(rules));
    else if (field->message != NULL && field->message->well_known == WELL_KNOWN_DURATION)
        openapi__string(api, duration_for(api->text.arena, rules));
    else if (field->message != NULL)
        put_message(api, field->message, NULL);
    else if (field->enumeration != NULL)
        put_enum(api, field->enumeration);
    else
        put_scalar(api, field, rules);
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

static const struct field *text_field(const struct message_type *type, struct slice name)
{
    const struct field *field = message_field_by_proto_name(type, name);

    return field == NULL || field->repeated || field->output_only ||
                   field->pb->type != PROTOBUF_C_TYPE_STRING
               ? NULL
               : field;
}

/* A patch of the description, or of the name where the message has none. */
static void put_patch(struct openapi *api, const struct message_type *type)
{
    const struct field *field = text_field(type, SLICE("description"));
    struct slice text = SLICE("What the object is for.");

    if (field == NULL) {
        field = text_field(type, SLICE("name"));
        if (field == NULL || !can_make_field(field, 0))
            return;
        text = text_for(api, field, field->rules);
    }
    openapi__key(api, SLICE("example"));
    openapi__open(api, '{');
    openapi__member(api, field->json_name, text);
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
