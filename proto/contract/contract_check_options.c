/*
 * Where each option of a field may stand, and beside what: one row for each option. A row's check
 * answers with the end of a sentence that says why the option may not be there, or with NULL.
 */
#include "proto/contract/contract_check_options.h"

#include "datastream/v1/options.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_checks.h"
#include "proto/contract/contract_find.h"

#define PREFIX_LENGTH 4

static bool is_number(const struct field *field)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_MESSAGE:
        return false;
    default:
        return true;
    }
}

static bool is_type(const struct field *field, ProtobufCType type)
{
    return field->pb->type == type;
}

static bool is_single_string(const struct field *field)
{
    return !field->repeated && is_type(field, PROTOBUF_C_TYPE_STRING);
}

static bool is_enum_value_known(const struct field *field)
{
    const struct enum_value *zero = enum_value_by_number(field->enumeration, 0);

    return zero != NULL && slice_ends_with(zero->name, SLICE("UNSPECIFIED"));
}

/* -- single options --------------------------------------------------------------------------- */

static const char *wrong_secret(const struct contract_spot *spot)
{
    const struct field *field = spot->field;
    const struct field *value = field->map ? message_field_by_number(field->message, 2) : NULL;

    if (spot->below_list)
        return "is below a list or a map";
    if (!is_single_string(field) && (value == NULL || !is_single_string(value)))
        return "is neither a string nor a map from string to string";
    if (spot->output)
        return "is output-only";
    if (field->indexed || field->computed || field->default_value != NULL ||
        field->reference != NULL || field->credential != NULL)
        return "is indexed, computed, a reference, a credential or has a default too";
    return NULL;
}

static const char *wrong_indexed(const struct contract_spot *spot)
{
    const struct field *field = spot->field;

    if (!contract__spot_is_direct(spot))
        return "is not directly in the resource";
    if (field->repeated || is_type(field, PROTOBUF_C_TYPE_BYTES) ||
        (field->message != NULL && field->message->well_known != WELL_KNOWN_TIMESTAMP))
        return "is not a single number, bool, enum, string or timestamp";
    if (field->number > 0xffffff)
        return "has a number beyond 16777215, for which keys have no room";
    if (field->secret || field->computed || field->reverse != NULL || field->input_only)
        return "is secret, computed, reverse or input-only too";
    return NULL;
}

static bool is_set_by_method(const struct contract_spot *spot)
{
    const struct contract *contract = spot->build->contract;

    for (size_t i = 0; i < contract->method_count; i++) {
        const struct method *method = contract->methods[i];

        if (method->kind == spot->kind && method->operation == OPERATION_SET &&
            method->written != NULL && method->written->length == 1 &&
            method->written->path[0] == spot->field)
            return true;
    }
    return false;
}

/* Handlers of the kind's own write it: they know what they compute. */
static bool has_own_update(const struct contract_spot *spot)
{
    const struct contract *contract = spot->build->contract;

    for (size_t i = 0; i < contract->method_count; i++)
        if (contract->methods[i]->kind == spot->kind &&
            contract->methods[i]->operation == OPERATION_UPDATE)
            return false;
    return true;
}

static const char *wrong_computed(const struct contract_spot *spot)
{
    if (!contract__spot_is_direct(spot))
        return "is not directly in the resource";
    if (!spot->field->output_only && !is_set_by_method(spot) && !has_own_update(spot))
        return "is neither output-only nor written by a SET method";
    return NULL;
}

static bool excludes_zero(const struct rules *rules)
{
    const struct real_rules *real = rules->real;

    if (real != NULL)
        return (real->least.is_given && real->least.value > 0) ||
               (real->most.is_given && real->most.value < 0);
    return (rules->has_range && (rules->least > 0 || rules->most < 0)) ||
           (rules->has_unsigned_range && rules->unsigned_least > 0);
}

/* Whether a caller can say the zero of the type: by presence, or because it means "left out". */
static bool is_zero_said(const struct field *field)
{
    const struct rules *rules = field->rules;

    if (field->has_presence || is_type(field, PROTOBUF_C_TYPE_STRING))
        return true;
    if (is_type(field, PROTOBUF_C_TYPE_ENUM))
        return is_enum_value_known(field);
    if (field->default_value->number == 0 && field->default_value->real == 0)
        return true;
    return is_number(field) && rules != NULL && excludes_zero(rules);
}

static const char *wrong_default(const struct contract_spot *spot)
{
    const struct field *field = spot->field;

    if (field->repeated || field->message != NULL || is_type(field, PROTOBUF_C_TYPE_BYTES))
        return "is not a single bool, number, string or enum";
    if (field->required || spot->output || field->secret)
        return "is required, output-only or secret too";
    if (field->oneof_member)
        return "is in a oneof";
    if (!is_zero_said(field))
        return "is not `optional`, and its zero is a value of its own";
    return NULL;
}

static const char *wrong_default_from(const struct contract_spot *spot)
{
    const struct field *field = spot->field;

    if (!is_single_string(field) || !is_single_string(field->default_from))
        return "is not a single string like the field that it names";
    if (field->default_value != NULL)
        return "has a default too";
    if (field->default_from == field)
        return "names itself";
    if (field->required || spot->output || field->secret || field->oneof_member)
        return "is required, output-only, secret or in a oneof too";
    return NULL;
}

static const char *wrong_once(const struct contract_spot *spot)
{
    if (spot->field->repeated)
        return "is a list or a map";
    if (spot->output || spot->field->immutable)
        return "is output-only or immutable too";
    if (spot->below_list)
        return "is below a list or a map";
    return NULL;
}

static const char *wrong_format(const struct contract_spot *spot)
{
    if (spot->field->format > FIELD_FORMAT_ROUTE_FILTER)
        return "the format is unknown";
    if (!is_type(spot->field, PROTOBUF_C_TYPE_STRING))
        return "is neither a string nor a list of strings";
    return NULL;
}

/* Whether texts lie in the field; messages are looked into as deep as resources go. */
static bool has_text(const struct field *field, unsigned depth)
{
    const struct message_type *type = field->message;

    if (type == NULL)
        return is_type(field, PROTOBUF_C_TYPE_STRING);
    if (type->well_known == WELL_KNOWN_STRUCT || type->well_known == WELL_KNOWN_VALUE ||
        type->well_known == WELL_KNOWN_LIST_VALUE)
        return true;
    for (size_t i = 0; type->well_known == WELL_KNOWN_NONE && depth > 0 && i < type->field_count;
         i++)
        if ((!type->map_entry || type->fields[i].number == 2) &&
            has_text(&type->fields[i], depth - 1))
            return true;
    return false;
}

static const char *wrong_quotes(const struct contract_spot *spot)
{
    if (spot->field->reference != NULL)
        return "is a reference";
    return has_text(spot->field, 16) ? NULL : "holds no string";
}

static bool is_prefix(struct slice prefix)
{
    if (prefix.len != PREFIX_LENGTH || prefix.data[PREFIX_LENGTH - 1] != '_')
        return false;
    for (size_t i = 0; i + 1 < prefix.len; i++)
        if (prefix.data[i] < 'a' || prefix.data[i] > 'z')
            return false;
    return true;
}

static bool is_prefix_of_another(const struct contract_spot *spot)
{
    for (size_t i = 0; i < spot->build->message_count; i++) {
        const struct message_type *type = &spot->build->messages[i].type;

        for (size_t k = 0; k < type->field_count; k++)
            if (&type->fields[k] != spot->field && type->fields[k].credential != NULL &&
                slice_equal(type->fields[k].credential->prefix, spot->field->credential->prefix))
                return true;
    }
    return false;
}

/* Whether as many as an object may have are declared before it. */
static bool is_one_too_many(const struct field *field)
{
    const struct message_type *type = field->parent;
    size_t before = 0;

    for (size_t i = 0; i < type->field_count && type->declared[i] != field; i++)
        before += type->declared[i]->credential != NULL;
    return before >= KIND_CREDENTIALS_MOST;
}

static const char *wrong_credential(const struct contract_spot *spot)
{
    const struct field *field = spot->field;
    const struct field *masked = field->credential->masked;

    if (!contract__spot_is_direct(spot) || !is_single_string(field) || !field->output_only ||
        !field->has_presence)
        return "is not an output-only string with presence directly in a resource";
    if (field->reference != NULL || field->secret || field->indexed || field->computed ||
        field->once || field->exclusive || field->quotes || field->format != FIELD_FORMAT_NONE ||
        field->default_value != NULL || field->default_from != NULL ||
        field->derived_from != NULL || field->reverse != NULL || field->unique_by != NULL ||
        field->same_count > 0 || field->required_when_count > 0 || field->struct_bounds != NULL)
        return "has another option too";
    if (!is_prefix(field->credential->prefix))
        return "its prefix is not three lower-case letters and \"_\"";
    if (is_prefix_of_another(spot))
        return "its prefix belongs to another credential";
    if (is_one_too_many(field))
        return "its message has two credentials before it, and an object has no more";
    if (masked == field || !is_single_string(masked) || !masked->output_only)
        return "its `masked` is not an output-only string";
    return NULL;
}

static bool is_free_form(const struct field *field)
{
    const struct field *value = field;

    if (field->map)
        value = message_field_by_number(field->message, 2);
    return value->message != NULL && (value->message->well_known == WELL_KNOWN_STRUCT ||
                                      value->message->well_known == WELL_KNOWN_VALUE ||
                                      value->message->well_known == WELL_KNOWN_LIST_VALUE);
}

static const char *wrong_struct_bounds(const struct contract_spot *spot)
{
    const struct struct_bounds *bounds = spot->field->struct_bounds;

    if (!is_free_form(spot->field))
        return "is not a google.protobuf.Struct, ListValue or Value";
    if (bounds->max_bytes == 0 || bounds->max_depth == 0 || bounds->max_values == 0)
        return "one of its three bounds is missing";
    return NULL;
}

/* -- all -------------------------------------------------------------------------------------- */

static bool has_secret(const struct field *field)
{
    return field->secret;
}

static bool has_indexed(const struct field *field)
{
    return field->indexed;
}

static bool has_computed(const struct field *field)
{
    return field->computed;
}

static bool has_default(const struct field *field)
{
    return field->default_value != NULL;
}

static bool has_default_from(const struct field *field)
{
    return field->default_from != NULL;
}

static bool has_once(const struct field *field)
{
    return field->once;
}

static bool has_format(const struct field *field)
{
    return field->format != FIELD_FORMAT_NONE;
}

static bool has_quotes(const struct field *field)
{
    return field->quotes;
}

static bool has_credential(const struct field *field)
{
    return field->credential != NULL;
}

static bool has_struct_bounds(const struct field *field)
{
    return field->struct_bounds != NULL;
}

static bool has_relation(const struct field *field)
{
    return field->derived_from != NULL || field->reverse != NULL || field->exclusive ||
           field->unique_by != NULL || field->same_count > 0 || field->required_when_count > 0;
}

static const struct {
    const char *name;
    bool (*is_given)(const struct field *field);
    const char *(*wrong)(const struct contract_spot *spot);
    bool of_resources; /* has no meaning elsewhere */
} options[] = {
    {"secret", has_secret, wrong_secret, false},
    {"indexed", has_indexed, wrong_indexed, true},
    {"computed", has_computed, wrong_computed, true},
    {"default", has_default, wrong_default, true},
    {"default_from", has_default_from, wrong_default_from, true},
    {"once", has_once, wrong_once, true},
    {"format", has_format, wrong_format, false},
    {"quotes", has_quotes, wrong_quotes, true},
    {"credential", has_credential, wrong_credential, true},
    {"struct_bounds", has_struct_bounds, wrong_struct_bounds, false},
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

static struct status refuse(const struct build *build, const struct field *field,
                            const char *option, const char *why)
{
    return contract__error(build, "%.*s.%.*s has the option %s, but %s.",
                           SLICE_ARG(field->parent->full_name), SLICE_ARG(field->name), option,
                           why);
}

struct status contract__check_options(const struct contract_spot *spot)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *why = options[i].is_given(spot->field) ? options[i].wrong(spot) : NULL;

        if (why != NULL)
            return refuse(spot->build, spot->field, options[i].name, why);
    }
    return status_ok();
}

struct status contract__check_elsewhere(const struct build *build, const struct field *field)
{
    const struct contract_spot spot = {.build = build, .field = field, .top = field};

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!options[i].is_given(field))
            continue;
        if (options[i].of_resources)
            return refuse(build, field, options[i].name, "is not in a resource");
        if (options[i].wrong(&spot) != NULL)
            return refuse(build, field, options[i].name, options[i].wrong(&spot));
    }
    return has_relation(field)
               ? refuse(build, field, "that relates it to others", "is not in a resource")
               : status_ok();
}
