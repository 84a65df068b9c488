/* Messages, enums and rules as JSON Schema. */
#include "rest/openapi/openapi_private.h"

/* -- JSON ------------------------------------------------------------------------------------- */

static void separate(struct openapi *api)
{
    if (api->comma)
        json_put_literal(&api->text, ",");
    api->comma = true;
}

void openapi__open(struct openapi *api, char bracket)
{
    separate(api);
    json_put(&api->text, slice_make(&bracket, 1));
    api->comma = false;
}

void openapi__close(struct openapi *api, char bracket)
{
    json_put(&api->text, slice_make(&bracket, 1));
    api->comma = true;
}

void openapi__key(struct openapi *api, struct slice name)
{
    separate(api);
    json_put_string(&api->text, name);
    json_put_literal(&api->text, ":");
    api->comma = false;
}

void openapi__string(struct openapi *api, struct slice value)
{
    separate(api);
    json_put_string(&api->text, value);
}

void openapi__int(struct openapi *api, int64_t value)
{
    separate(api);
    json_put_int(&api->text, value);
}

void openapi__bool(struct openapi *api, bool value)
{
    separate(api);
    json_put(&api->text, value ? SLICE("true") : SLICE("false"));
}

void openapi__member(struct openapi *api, struct slice name, struct slice value)
{
    openapi__key(api, name);
    openapi__string(api, value);
}

void openapi__text(struct openapi *api, struct slice name, struct slice value)
{
    if (value.len > 0)
        openapi__member(api, name, value);
}

void openapi__ref(struct openapi *api, struct slice prefix, struct slice name)
{
    openapi__open(api, '{');
    openapi__member(api, SLICE("$ref"),
                    arena_printf(api->text.arena, "%.*s%.*s", SLICE_ARG(prefix), SLICE_ARG(name)));
    openapi__close(api, '}');
}

/* -- names ------------------------------------------------------------------------------------ */

/* "datastream.v1.TokenStatus.Value" is "TokenStatus.Value" in the document. */
static struct slice short_name(struct slice full_name)
{
    struct slice own = SLICE("datastream.v1.");

    return slice_starts_with(full_name, own) ? slice_from(full_name, own.len) : full_name;
}

static bool mark_message(struct openapi *api, const struct message_type *type, bool patch)
{
    for (size_t i = 0; i < api->contract->message_count; i++)
        if (api->contract->messages[i] == type) {
            (patch ? api->patches : api->messages)[i] = true;
            return true;
        }
    return false;
}

static void mark_enum(struct openapi *api, const struct enum_type *type)
{
    for (size_t i = 0; i < api->contract->enum_count; i++)
        if (api->contract->enums[i] == type)
            api->enums[i] = true;
}

static struct slice patch_name(struct openapi *api, const struct message_type *type)
{
    return arena_printf(api->text.arena, "%.*sPatch", SLICE_ARG(short_name(type->full_name)));
}

/* -- values ----------------------------------------------------------------------------------- */

static void put_string_rules(struct openapi *api, const struct field *field,
                             const struct rules *rules)
{
    uint64_t least = rules != NULL && rules->has_length ? rules->min_length : 0;

    if (least == 0 && field->required)
        least = 1; /* an empty string is an absent one */
    if (least > 0) {
        openapi__key(api, SLICE("minLength"));
        openapi__int(api, (int64_t)least);
    }
    if (rules == NULL)
        return;
    if (rules->has_length && rules->max_length <= INT64_MAX) {
        openapi__key(api, SLICE("maxLength"));
        openapi__int(api, (int64_t)rules->max_length);
    }
    if (rules->pattern.len > 0)
        openapi__member(api, SLICE("pattern"),
                        arena_printf(api->text.arena, "^(?:%.*s)$", SLICE_ARG(rules->pattern)));
    else if (slice_equal(rules->prefix, SLICE("/")))
        openapi__member(api, SLICE("pattern"), SLICE("^/"));
    if (rules->in_count > 0) {
        openapi__key(api, SLICE("enum"));
        openapi__open(api, '[');
        for (size_t i = 0; i < rules->in_count; i++)
            openapi__string(api, rules->in[i]);
        openapi__close(api, ']');
    }
    if (rules->email)
        openapi__member(api, SLICE("format"), SLICE("email"));
    else if (rules->hostname)
        openapi__member(api, SLICE("format"), SLICE("hostname"));
    else if (rules->uuid)
        openapi__member(api, SLICE("format"), SLICE("uuid"));
    else if (rules->ip)
        openapi__member(api, SLICE("format"), SLICE("ip"));
    else if (rules->cidr)
        openapi__member(api, SLICE("format"), SLICE("cidr"));
}

static bool is_name(const struct openapi *api, const struct field *field)
{
    for (size_t i = 0; i < api->contract->kind_count; i++)
        if (api->contract->kinds[i]->name == field)
            return true;
    return false;
}

/*
 * What key_fold_name refuses of a name: control characters, those that turn the direction of text,
 * and, since they are trimmed and the rest may be too short, blanks at the ends. Characters that
 * Unicode has not assigned are beyond what every dialect of regular expressions can say.
 */
#define NOT_IN_NAMES \
    "\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069"
#define NAME_PATTERN "^[^\\s" NOT_IN_NAMES "]([^" NOT_IN_NAMES "]*[^\\s" NOT_IN_NAMES "])?$"

static void put_string(struct openapi *api, const struct field *field, const struct rules *rules)
{
    openapi__member(api, SLICE("type"), SLICE("string"));
    put_string_rules(api, field, rules);
    if (is_name(api, field) && (rules == NULL || rules->pattern.len == 0))
        openapi__member(api, SLICE("pattern"), SLICE(NAME_PATTERN));
    if (field->reference != NULL) {
        if (rules == NULL || !rules->uuid)
            openapi__member(api, SLICE("format"), SLICE("uuid"));
        openapi__member(api, SLICE("x-reference"), field->reference->collection);
    }
}

static void put_small_integer(struct openapi *api, const struct rules *rules, struct slice format,
                              int64_t least, int64_t most)
{
    if (rules != NULL && rules->has_range) {
        least = rules->least > least ? rules->least : least;
        most = rules->most < most ? rules->most : most;
    }
    openapi__member(api, SLICE("type"), SLICE("integer"));
    openapi__member(api, SLICE("format"), format);
    openapi__key(api, SLICE("minimum"));
    openapi__int(api, least);
    openapi__key(api, SLICE("maximum"));
    openapi__int(api, most);
}

/* 64 bits are strings in JSON. */
static void put_large_integer(struct openapi *api, bool is_signed)
{
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__member(api, SLICE("format"), is_signed ? SLICE("int64") : SLICE("uint64"));
    openapi__member(api, SLICE("pattern"), is_signed ? SLICE("^-?[0-9]+$") : SLICE("^[0-9]+$"));
}

static void put_scalar(struct openapi *api, const struct field *field, const struct rules *rules)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        put_small_integer(api, rules, SLICE("int32"), INT32_MIN, INT32_MAX);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        put_small_integer(api, rules, SLICE("uint32"), 0, UINT32_MAX);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        put_large_integer(api, true);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        put_large_integer(api, false);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        openapi__member(api, SLICE("type"), SLICE("number"));
        return;
    case PROTOBUF_C_TYPE_BOOL:
        openapi__member(api, SLICE("type"), SLICE("boolean"));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        openapi__member(api, SLICE("type"), SLICE("string"));
        openapi__member(api, SLICE("contentEncoding"), SLICE("base64"));
        return;
    case PROTOBUF_C_TYPE_STRING:
        put_string(api, field, rules);
        return;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_MESSAGE:
        return; /* the caller's */
    }
}

/* Messages whose JSON is special. */
static void put_well_known(struct openapi *api, const struct message_type *type)
{
    switch (type->well_known) {
    case WELL_KNOWN_TIMESTAMP:
        openapi__member(api, SLICE("type"), SLICE("string"));
        openapi__member(api, SLICE("format"), SLICE("date-time"));
        break;
    case WELL_KNOWN_DURATION:
        openapi__member(api, SLICE("type"), SLICE("string"));
        openapi__member(api, SLICE("pattern"), SLICE("^-?[0-9]+(\\.[0-9]{1,9})?s$"));
        break;
    case WELL_KNOWN_FIELD_MASK:
        openapi__member(api, SLICE("type"), SLICE("string"));
        openapi__member(api, SLICE("description"), SLICE("Paths of fields, joined by commas."));
        break;
    case WELL_KNOWN_LIST_VALUE:
        openapi__member(api, SLICE("type"), SLICE("array"));
        break;
    case WELL_KNOWN_WRAPPER:
        put_scalar(api, &type->fields[0], NULL);
        break;
    case WELL_KNOWN_VALUE:
        break; /* any JSON */
    default:
        openapi__member(api, SLICE("type"), SLICE("object"));
        break;
    }
}

static void put_ref(struct openapi *api, struct slice name)
{
    openapi__member(api, SLICE("$ref"),
                    arena_printf(api->text.arena, "#/components/schemas/%.*s", SLICE_ARG(name)));
}

static void put_message(struct openapi *api, const struct message_type *type, bool patch)
{
    if (type->well_known != WELL_KNOWN_NONE || !mark_message(api, type, patch))
        put_well_known(api, type);
    else
        put_ref(api, patch ? patch_name(api, type) : short_name(type->full_name));
}

void openapi__message_schema(struct openapi *api, const struct message_type *type, bool patch)
{
    openapi__open(api, '{');
    put_message(api, type, patch);
    openapi__close(api, '}');
}

/* The members of one value's schema, be it the field's or an item's. */
static void put_value(struct openapi *api, const struct field *field, const struct rules *rules)
{
    if (field->message != NULL) {
        put_message(api, field->message, false);
    } else if (field->enumeration != NULL) {
        mark_enum(api, field->enumeration);
        put_ref(api, short_name(field->enumeration->full_name));
    } else {
        put_scalar(api, field, rules);
    }
}

static void put_inner(struct openapi *api, struct slice name, const struct field *field,
                      const struct rules *rules)
{
    openapi__key(api, name);
    openapi__open(api, '{');
    put_value(api, field, rules);
    openapi__close(api, '}');
}

static void put_count(struct openapi *api, struct slice name, uint64_t count)
{
    if (count == 0 || count > INT32_MAX)
        return;
    openapi__key(api, name);
    openapi__int(api, (int64_t)count);
}

static void put_field(struct openapi *api, const struct field *field)
{
    const struct rules *rules = field->rules;
    const struct rules *items = rules == NULL ? NULL : rules->items;

    if (!field->repeated) {
        put_value(api, field, rules);
        return;
    }
    openapi__member(api, SLICE("type"), field->map ? SLICE("object") : SLICE("array"));
    if (rules != NULL && rules->has_item_count) {
        put_count(api, field->map ? SLICE("minProperties") : SLICE("minItems"), rules->min_items);
        put_count(api, field->map ? SLICE("maxProperties") : SLICE("maxItems"), rules->max_items);
    }
    if (rules != NULL && rules->unique) {
        openapi__key(api, SLICE("uniqueItems"));
        openapi__bool(api, true);
    }
    if (field->map && rules != NULL && rules->keys != NULL)
        put_inner(api, SLICE("propertyNames"), message_field_by_number(field->message, 1),
                  rules->keys);
    if (field->map)
        put_inner(api, SLICE("additionalProperties"), message_field_by_number(field->message, 2),
                  items);
    else
        put_inner(api, SLICE("items"), field, items);
}

void openapi__field_schema(struct openapi *api, const struct field *field)
{
    openapi__open(api, '{');
    put_field(api, field);
    openapi__close(api, '}');
}

/* -- objects ---------------------------------------------------------------------------------- */

bool openapi__is_in_path(const struct binding *binding, const struct field *field)
{
    for (size_t i = 0; binding != NULL && i < binding->template.variable_count; i++)
        if (binding->variables[i].count == 1 && binding->variables[i].steps[0] == field)
            return true;
    return false;
}

/* The field's schema with what stands beside it; keywords beside $ref count since OpenAPI 3.1. */
static void put_property(struct openapi *api, const struct field *field)
{
    openapi__key(api, field->json_name);
    openapi__open(api, '{');
    put_field(api, field);
    openapi__text(api, SLICE("description"), field->comment);
    if (field->output_only) {
        openapi__key(api, SLICE("readOnly"));
        openapi__bool(api, true);
    } else if (field->input_only || field->secret) {
        openapi__key(api, SLICE("writeOnly"));
        openapi__bool(api, true);
    }
    if (field->immutable) {
        openapi__key(api, SLICE("x-immutable"));
        openapi__bool(api, true);
    }
    openapi__close(api, '}');
}

static bool is_required(const struct field *field, const struct binding *binding)
{
    return field->required && !field->output_only && !openapi__is_in_path(binding, field);
}

static void put_required(struct openapi *api, const struct message_type *type,
                         const struct binding *binding)
{
    bool any = false;

    for (size_t i = 0; i < type->field_count; i++)
        any = any || is_required(type->declared[i], binding);
    if (!any)
        return;
    openapi__key(api, SLICE("required"));
    openapi__open(api, '[');
    for (size_t i = 0; i < type->field_count; i++)
        if (is_required(type->declared[i], binding))
            openapi__string(api, type->declared[i]->json_name);
    openapi__close(api, ']');
}

static void put_required_one(struct openapi *api, const struct field *field)
{
    openapi__open(api, '{');
    openapi__key(api, SLICE("required"));
    openapi__open(api, '[');
    openapi__string(api, field->json_name);
    openapi__close(api, ']');
    openapi__close(api, '}');
}

/* One member of each oneof, or none. */
static void put_oneofs(struct openapi *api, const struct message_type *type)
{
    if (type->oneof_count == 0)
        return;
    openapi__key(api, SLICE("allOf"));
    openapi__open(api, '[');
    for (size_t o = 0; o < type->oneof_count; o++) {
        const struct oneof *oneof = &type->oneofs[o];

        openapi__open(api, '{');
        openapi__text(api, SLICE("description"), oneof->comment);
        openapi__key(api, SLICE("oneOf"));
        openapi__open(api, '[');
        for (size_t i = 0; i < oneof->field_count; i++)
            put_required_one(api, oneof->fields[i]);
        openapi__open(api, '{');
        openapi__key(api, SLICE("not"));
        openapi__open(api, '{');
        openapi__key(api, SLICE("anyOf"));
        openapi__open(api, '[');
        for (size_t i = 0; i < oneof->field_count; i++)
            put_required_one(api, oneof->fields[i]);
        openapi__close(api, ']');
        openapi__close(api, '}');
        openapi__close(api, '}');
        openapi__close(api, ']');
        openapi__close(api, '}');
    }
    openapi__close(api, ']');
}

void openapi__object_schema(struct openapi *api, const struct message_type *type, bool patch,
                            const struct binding *binding)
{
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("object"));
    openapi__text(api, SLICE("description"), type->comment);
    openapi__key(api, SLICE("properties"));
    openapi__open(api, '{');
    for (size_t i = 0; i < type->field_count; i++)
        if (!openapi__is_in_path(binding, type->declared[i]))
            put_property(api, type->declared[i]);
    openapi__close(api, '}');
    if (!patch)
        put_required(api, type, binding);
    put_oneofs(api, type);
    openapi__close(api, '}');
}

static void put_enum(struct openapi *api, const struct enum_type *type)
{
    struct json_text words = {.arena = api->text.arena};

    json_put(&words, type->comment);
    openapi__key(api, short_name(type->full_name));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__key(api, SLICE("enum"));
    openapi__open(api, '[');
    for (size_t i = 0; i < type->value_count; i++) {
        const struct enum_value *value = &type->values[i];

        openapi__string(api, value->name);
        if (value->comment.len > 0) {
            json_put(&words, words.len > 0 ? SLICE("\n\n`") : SLICE("`"));
            json_put(&words, value->name);
            json_put_literal(&words, "`: ");
            json_put(&words, value->comment);
        }
    }
    openapi__close(api, ']');
    openapi__text(api, SLICE("description"), json_text_slice(&words));
    openapi__close(api, '}');
}

/* Writing a schema marks others: passes go on until one finds nothing new. */
void openapi__schemas(struct openapi *api)
{
    size_t count = api->contract->message_count;
    bool *written = arena_array(api->text.arena, 2 * count + 1, sizeof(written[0]));
    bool more = written != NULL;

    while (more) {
        more = false;
        for (size_t i = 0; i < 2 * count; i++) {
            bool patch = i >= count;
            const struct message_type *type = api->contract->messages[i % count];

            if (written[i] || !(patch ? api->patches : api->messages)[i % count])
                continue;
            written[i] = more = true;
            openapi__key(api, patch ? patch_name(api, type) : short_name(type->full_name));
            openapi__object_schema(api, type, patch, NULL);
        }
    }
    for (size_t i = 0; i < api->contract->enum_count; i++)
        if (api->enums[i])
            put_enum(api, api->contract->enums[i]);
}
