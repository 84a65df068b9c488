/* Objects and enums as JSON Schema. */
#include "rest/openapi/openapi_schema.h"

#include "proto/contract/contract_find.h"
#include "proto/json/json_text.h"
#include "rest/openapi/openapi_example.h"
#include "rest/openapi/openapi_marks.h"
#include "rest/openapi/openapi_names.h"
#include "rest/openapi/openapi_value.h"

void openapi__message_schema(struct openapi *api, const struct message_type *type,
                             enum schema_use use)
{
    openapi__open(api, '{');
    openapi__message(api, type, use);
    openapi__close(api, '}');
}

void openapi__field_schema(struct openapi *api, const struct field *field, enum schema_use use)
{
    openapi__open(api, '{');
    openapi__field(api, field, use);
    openapi__close(api, '}');
}

void openapi__parameter_schema(struct openapi *api, const struct field *field)
{
    const struct rules *rules = field->rules;

    if (field->repeated) {
        openapi__member(api, SLICE("type"), SLICE("array"));
        if (api->version == OPENAPI_2_0)
            openapi__member(api, SLICE("collectionFormat"), SLICE("multi"));
        openapi__counts(api, field);
        openapi__key(api, SLICE("items"));
        openapi__open(api, '{');
        openapi__plain(api, field, rules == NULL ? NULL : rules->items);
        openapi__describe(api, field, rules == NULL ? NULL : rules->items, SLICE_EMPTY);
        openapi__close(api, '}');
    } else {
        openapi__plain(api, field, rules);
    }
}

/* -- properties ------------------------------------------------------------------------------- */

static bool is_required(const struct field *field, enum schema_use use)
{
    switch (use) {
    case USE_ANSWER:
        return openapi__is_always_there(field);
    case USE_CREATE:
        return field->required;
    case USE_PATCH:
        break;
    }
    return false;
}

static void put_default(struct openapi *api, const struct field *field)
{
    const struct field_value *value = field->default_value;

    openapi__key(api, SLICE("default"));
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_ENUM:
        for (size_t i = 0; i < field->enumeration->value_count; i++)
            if (field->enumeration->values[i].number == value->number) {
                openapi__string(api, field->enumeration->values[i].name);
                return;
            }
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_STRING:
        openapi__string(api, value->text);
        return;
    default:
        break;
    }
    openapi__raw(api, value->text);
}

/* Of values that JSON writes as text, number or word; others have no default (options.proto). */
static bool has_default(const struct field *field, enum schema_use use)
{
    return use == USE_CREATE && field->default_value != NULL && !field->repeated &&
           field->message == NULL && field->pb->type != PROTOBUF_C_TYPE_BYTES;
}

/* The comment, and the rules of the field's value, or of elements that are `$ref` alone. */
static void put_description(struct openapi *api, const struct field *field)
{
    const struct field *value = field->map ? message_field_by_number(field->message, 2) : field;
    const struct rules *rules = field->rules;

    if (field->repeated && rules != NULL)
        rules = openapi__is_reference(value) ? rules->items : NULL;
    openapi__describe(api, value, rules, field->comment);
}

/* What is said of a field beside its type; `order` is its place among its siblings. */
static void put_marks(struct openapi *api, const struct field *field, enum schema_use use,
                      size_t order)
{
    put_description(api, field);
    if (use != USE_ANSWER && field->secret) {
        if (!field->map && api->version != OPENAPI_2_0)
            openapi__flag(api, SLICE("writeOnly"));
        openapi__flag(api, SLICE("x-secret"));
    }
    if (has_default(field, use))
        put_default(api, field);
    if (use != USE_ANSWER && field->immutable)
        openapi__flag(api, SLICE("x-immutable"));
    if (use != USE_ANSWER && field->format == FIELD_FORMAT_PIPELINE_YAML)
        openapi__flag(api, SLICE("x-yaml"));
    if (use == USE_ANSWER && field->credential != NULL)
        openapi__flag(api, SLICE("x-shown-once"));
    openapi__key(api, SLICE("x-order"));
    openapi__int(api, (int64_t)order);
}

static bool is_reference_alone(const struct field *field)
{
    return !field->repeated && openapi__is_reference(field);
}

static void put_property(struct openapi *api, const struct field *field, enum schema_use use,
                         size_t order)
{
    openapi__key(api, field->json_name);
    openapi__open(api, '{');
    openapi__field(api, field, use);
    if (!is_reference_alone(field))
        put_marks(api, field, use, order);
    openapi__close(api, '}');
}

static bool is_wanted(const struct field *field, enum schema_use use, const struct binding *binding)
{
    return !openapi__leaves_out(use, field) && !openapi__is_in_path(binding, field);
}

static void put_required(struct openapi *api, const struct message_type *type, enum schema_use use,
                         const struct binding *binding)
{
    bool any = false;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];

        if (!is_required(field, use) || !is_wanted(field, use, binding))
            continue;
        if (!any) {
            openapi__key(api, SLICE("required"));
            openapi__open(api, '[');
        }
        any = true;
        openapi__string(api, field->json_name);
    }
    if (any)
        openapi__close(api, ']');
}

/* What would stand beside `$ref`, by the name of the property. */
static void put_field_marks(struct openapi *api, const struct message_type *type,
                            enum schema_use use, const struct binding *binding)
{
    bool any = false;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];

        if (!is_reference_alone(field) || !is_wanted(field, use, binding))
            continue;
        if (!any) {
            openapi__key(api, SLICE("x-fields"));
            openapi__open(api, '{');
        }
        any = true;
        openapi__key(api, field->json_name);
        openapi__open(api, '{');
        put_marks(api, field, use, i);
        openapi__close(api, '}');
    }
    if (any)
        openapi__close(api, '}');
}

/* "At most one of `syslog`, `http` is set." */
static struct slice oneof_sentence(struct arena *arena, const struct oneof *oneof)
{
    struct json_text words = {.arena = arena};

    json_put_literal(&words, "\n\nAt most one of ");
    for (size_t i = 0; i < oneof->field_count; i++) {
        json_put(&words, i == 0                        ? SLICE("`")
                         : i + 1 == oneof->field_count ? SLICE(" and `")
                                                       : SLICE(", `"));
        json_put(&words, oneof->fields[i]->json_name);
        json_put_literal(&words, "`");
    }
    json_put_literal(&words, " is set.");
    return json_text_slice(&words);
}

static void put_oneofs(struct openapi *api, const struct message_type *type)
{
    if (type->oneof_count == 0)
        return;
    openapi__key(api, SLICE("x-oneof"));
    openapi__open(api, '[');
    for (size_t o = 0; o < type->oneof_count; o++) {
        openapi__open(api, '[');
        for (size_t i = 0; i < type->oneofs[o].field_count; i++)
            openapi__string(api, type->oneofs[o].fields[i]->json_name);
        openapi__close(api, ']');
    }
    openapi__close(api, ']');
}

static struct slice object_description(struct arena *arena, const struct message_type *type)
{
    struct slice text = type->comment;

    for (size_t o = 0; o < type->oneof_count; o++)
        text = arena_printf(arena, "%.*s%.*s", SLICE_ARG(text),
                            SLICE_ARG(oneof_sentence(arena, &type->oneofs[o])));
    return text;
}

static void put_object(struct openapi *api, struct slice name, const struct message_type *type,
                       enum schema_use use, const struct binding *binding)
{
    openapi__key(api, name);
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("object"));
    openapi__text(api, SLICE("description"), object_description(api->text.arena, type));
    openapi__key(api, SLICE("properties"));
    openapi__open(api, '{');
    for (size_t i = 0; i < type->field_count; i++)
        if (is_wanted(type->declared[i], use, binding))
            put_property(api, type->declared[i], use, i);
    openapi__close(api, '}');
    put_required(api, type, use, binding);
    put_field_marks(api, type, use, binding);
    put_oneofs(api, type);
    if (api->version == OPENAPI_2_0)
        openapi__example(api, type, use, binding);
    openapi__close(api, '}');
}

/* -- enums ------------------------------------------------------------------------------------ */

static void put_enum(struct openapi *api, const struct enum_type *type)
{
    struct arena *arena = api->text.arena;

    openapi__key(api, openapi__enum_name(arena, type));
    openapi__open(api, '{');
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__text(api, SLICE("description"), type->comment);
    openapi__enum_values(api, type);
    openapi__key(api, SLICE("x-enum-varnames"));
    openapi__open(api, '[');
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number != 0)
            openapi__string(api, openapi__enum_constant(arena, type, &type->values[i]));
    openapi__close(api, ']');
    openapi__key(api, SLICE("x-enum-descriptions"));
    openapi__open(api, '[');
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number != 0)
            openapi__string(api, type->values[i].comment);
    openapi__close(api, ']');
    openapi__close(api, '}');
}

/* -- all of them ------------------------------------------------------------------------------ */

static void put_inputs(struct openapi *api)
{
    for (size_t i = 0; i < api->operation_count; i++) {
        const struct openapi_operation *operation = &api->operations[i];
        bool again = i > 0 && api->operations[i - 1].method == operation->method;
        bool is_parameters = api->version == OPENAPI_2_0 && operation->binding->takes_form;

        if (operation->binding->body_all && !again && !is_parameters)
            put_object(api, openapi__input_name(api->text.arena, operation->method),
                       operation->method->input, USE_CREATE, operation->binding);
    }
}

/* Writing a schema marks others: passes go on until one finds nothing new. */
void openapi__schemas(struct openapi *api)
{
    size_t count = api->contract->message_count;
    bool *written = arena_array(api->text.arena, SCHEMA_USES * count + 1, sizeof(written[0]));
    bool more = written != NULL;

    put_inputs(api);
    while (more) {
        more = false;
        for (size_t i = 0; i < SCHEMA_USES * count; i++) {
            const struct message_type *type = api->contract->messages[i % count];
            enum schema_use use = (enum schema_use)(i / count);

            if (written[i] || !api->messages[use][i % count])
                continue;
            written[i] = more = true;
            put_object(api, openapi__schema_name(api, type, &use), type, use, NULL);
        }
    }
    for (size_t i = 0; i < api->contract->enum_count; i++)
        if (api->enums[i])
            put_enum(api, api->contract->enums[i]);
}
