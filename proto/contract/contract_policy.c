/* What the options of fields say beyond single values: names resolved, texts read. */
#include "proto/contract/contract_policy.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "datastream/v1/options.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/contract_options.h"

/* The field that has the option. */
struct owner {
    const struct build *build;
    struct field *field;
    const Datastream__V1__FieldPolicy *policy;
};

static struct status refuse(const struct owner *owner, const char *option, const char *name,
                            const char *why)
{
    return contract__error(owner->build, "%.*s.%.*s has the option %s \"%s\", %s.",
                           SLICE_ARG(owner->field->parent->full_name),
                           SLICE_ARG(owner->field->name), option, name, why);
}

/* -- values ----------------------------------------------------------------------------------- */

/* A number as JSON writes it: no space, no plus, no leading zero, no other base. */
static bool is_json_number(const char *text, bool is_whole)
{
    const char *at = text + (text[0] == '-');

    if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
        return false;
    for (; *at != '\0'; at++)
        if ((*at < '0' || *at > '9') && (is_whole || strchr(".eE+-", *at) == NULL))
            return false;
    return true;
}

static bool read_integer(const char *text, int64_t least, int64_t most, int64_t *ret_number)
{
    char *end = NULL;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (!is_json_number(text, true) || *end != '\0' || errno != 0 || number < least ||
        number > most)
        return false;
    *ret_number = number;
    return true;
}

static bool read_unsigned(const char *text, uint64_t most, int64_t *ret_number)
{
    char *end = NULL;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (!is_json_number(text, true) || text[0] == '-' || *end != '\0' || errno != 0 ||
        number > most)
        return false;
    *ret_number = (int64_t)number;
    return true;
}

static bool read_real(const char *text, double most, double *ret_real)
{
    bool is_special = strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 ||
                      strcmp(text, "-Infinity") == 0;
    char *end = NULL;
    double real = strtod(text, &end);

    if (!is_special &&
        (!is_json_number(text, false) || *end != '\0' || real > most || real < -most))
        return false;
    *ret_real = real;
    return true;
}

static bool read_bool(struct slice text, int64_t *ret_number)
{
    if (!slice_equal(text, SLICE("true")) && !slice_equal(text, SLICE("false")))
        return false;
    *ret_number = text.len == 4;
    return true;
}

static bool read_enum(const struct enum_type *type, struct slice text, int64_t *ret_number)
{
    const struct enum_value *value = enum_value_by_name(type, text);

    if (value == NULL)
        return false;
    *ret_number = value->number;
    return true;
}

bool contract__read_value(const struct field *field, struct slice text,
                          struct field_value *ret_value)
{
    struct field_value value = {.text = text};
    bool is_read = false;

    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        is_read = true;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        is_read = read_bool(text, &value.number);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        is_read = read_enum(field->enumeration, text, &value.number);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        is_read = read_integer(text.data, INT32_MIN, INT32_MAX, &value.number);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        is_read = read_integer(text.data, INT64_MIN, INT64_MAX, &value.number);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        is_read = read_unsigned(text.data, UINT32_MAX, &value.number);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        is_read = read_unsigned(text.data, UINT64_MAX, &value.number);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        is_read = read_real(text.data, (double)FLT_MAX, &value.real);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        is_read = read_real(text.data, DBL_MAX, &value.real);
        break;
    default: /* messages have no values */
        break;
    }
    if (is_read)
        *ret_value = value;
    return is_read;
}

/* In the arena; NULL where it does not fit. `text` is a C string that lives as long. */
static const struct field_value *make_value(const struct owner *owner, const struct field *field,
                                            const char *text)
{
    struct field_value *value = arena_zalloc(owner->build->arena, sizeof(*value));

    if (value == NULL || !contract__read_value(field, slice_from_cstr(text), value))
        return NULL;
    return value;
}

/* -- options of fields ------------------------------------------------------------------------ */

static const struct field *beside(const struct owner *owner, const char *name)
{
    return message_field_by_proto_name(owner->field->parent, slice_from_cstr(name));
}

static struct status take_default(const struct owner *owner)
{
    const Datastream__V1__FieldPolicy *policy = owner->policy;
    struct field *field = owner->field;

    if (policy->default_[0] != '\0') {
        field->default_value = make_value(owner, field, policy->default_);
        if (field->default_value == NULL)
            return refuse(owner, "default", policy->default_, "which does not fit its type");
    }
    if (policy->default_from[0] == '\0')
        return status_ok();
    field->default_from = beside(owner, policy->default_from);
    return field->default_from != NULL ? status_ok()
                                       : refuse(owner, "default_from", policy->default_from,
                                                "which is not a field of the same message");
}

static const struct oneof *oneof_named(const struct message_type *type, const char *name)
{
    for (size_t i = 0; i < type->oneof_count; i++)
        if (slice_equal(type->oneofs[i].name, slice_from_cstr(name)))
            return &type->oneofs[i];
    return NULL;
}

/* "AZBLOB" of the member "azblob". */
static const struct enum_value *value_named_as(const struct owner *owner, struct slice member)
{
    char *name = arena_cstr(owner->build->arena, member);

    for (size_t i = 0; name != NULL && i < member.len; i++)
        if (name[i] >= 'a' && name[i] <= 'z')
            name[i] = (char)(name[i] - ('a' - 'A'));
    return name == NULL
               ? NULL
               : enum_value_by_name(owner->field->enumeration, slice_make(name, member.len));
}

static struct status take_member(const struct owner *owner, const struct field *member,
                                 struct derived_value *ret_value)
{
    const Datastream__V1__DerivedFrom *option = owner->policy->derived_from;
    const struct enum_value *value = NULL;
    const char *name = "";

    for (size_t i = 0; i < option->n_values; i++) {
        const Datastream__V1__MemberValue *given = option->values[i];

        if (!slice_equal(slice_from_cstr(given->member), member->name))
            continue;
        if ((given->value[0] == '\0') == (given->field[0] == '\0'))
            return refuse(owner, "derived_from", given->member,
                          "a member that needs either a value or a field");
        name = given->value;
        if (given->field[0] != '\0') {
            ret_value->field = member->message == NULL
                                   ? NULL
                                   : message_field_by_proto_name(member->message,
                                                                 slice_from_cstr(given->field));
            return ret_value->field != NULL && ret_value->field->enumeration != NULL
                       ? status_ok()
                       : refuse(owner, "derived_from", given->field,
                                "which is not an enum of the member");
        }
    }
    value = name[0] != '\0' ? enum_value_by_name(owner->field->enumeration, slice_from_cstr(name))
                            : value_named_as(owner, member->name);
    if (value == NULL)
        return refuse(owner, "derived_from", option->oneof,
                      "with a member that leads to no value of the enum");
    ret_value->number = value->number;
    return status_ok();
}

/* Each member that is listed is one of the oneof, and stands there once. */
static struct status check_listed(const struct owner *owner, const struct oneof *oneof)
{
    const Datastream__V1__DerivedFrom *option = owner->policy->derived_from;

    for (size_t i = 0; i < option->n_values; i++) {
        struct slice member = slice_from_cstr(option->values[i]->member);
        bool is_member = false;

        for (size_t k = 0; k < oneof->field_count; k++)
            is_member |= slice_equal(oneof->fields[k]->name, member);
        if (!is_member)
            return refuse(owner, "derived_from", option->values[i]->member,
                          "which is not a member of the oneof");
        for (size_t k = 0; k < i; k++)
            if (slice_equal(slice_from_cstr(option->values[k]->member), member))
                return refuse(owner, "derived_from", option->values[i]->member,
                              "a member that is listed twice");
    }
    return status_ok();
}

static struct status take_derived_from(const struct owner *owner)
{
    const Datastream__V1__DerivedFrom *option = owner->policy->derived_from;
    struct derived_from *derived;
    struct field *field = owner->field;
    struct status status;

    if (option == NULL)
        return status_ok();
    derived = arena_zalloc(owner->build->arena, sizeof(*derived));
    if (derived == NULL)
        return status_out_of_memory();
    derived->oneof = oneof_named(field->parent, option->oneof);
    if (derived->oneof == NULL || field->enumeration == NULL)
        return refuse(owner, "derived_from", option->oneof,
                      "but is not an enum of a message with a oneof of that name");
    status = check_listed(owner, derived->oneof);
    if (!status_is_ok(status))
        return status;
    if (option->none[0] != '\0') {
        const struct enum_value *none = enum_value_by_name(field->enumeration,
                                                           slice_from_cstr(option->none));

        if (none == NULL)
            return refuse(owner, "derived_from", option->none, "which is not a value of the enum");
        derived->none = none->number;
    }
    derived->values = arena_array(owner->build->arena, derived->oneof->field_count,
                                  sizeof(*derived->values));
    if (derived->values == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < derived->oneof->field_count; i++) {
        status = take_member(owner, derived->oneof->fields[i], &derived->values[i]);
        if (!status_is_ok(status))
            return status;
    }
    field->derived_from = derived;
    return status_ok();
}

static struct status take_reverse(const struct owner *owner)
{
    const Datastream__V1__ReverseReference *option = owner->policy->reverse;
    struct reverse_reference *reverse;
    const struct message_type *type;
    struct slice path;

    if (option == NULL)
        return status_ok();
    reverse = arena_zalloc(owner->build->arena, sizeof(*reverse));
    if (reverse == NULL)
        return status_out_of_memory();
    reverse->kind = contract_kind(owner->build->contract, slice_from_cstr(option->kind));
    if (reverse->kind == NULL)
        return refuse(owner, "reverse", option->kind, "which is not a resource kind");
    path = slice_from_cstr(option->field);
    for (type = reverse->kind->message; type != NULL; type = reverse->field->message) {
        size_t dot = slice_find(path, '.');

        reverse->field = message_field_by_proto_name(type, slice_make(path.data, dot));
        if (reverse->field == NULL)
            return refuse(owner, "reverse", option->field, "which is not a field of that kind");
        if (reverse->top == NULL)
            reverse->top = reverse->field;
        if (dot == path.len)
            break;
        path = slice_from(path, dot + 1);
    }
    if (type == NULL)
        return refuse(owner, "reverse", option->field, "which continues below a scalar");
    owner->field->reverse = reverse;
    return status_ok();
}

static struct status take_unique_by(const struct owner *owner)
{
    const char *name = owner->policy->unique_by;

    if (name[0] == '\0')
        return status_ok();
    if (owner->field->message != NULL)
        owner->field->unique_by = message_field_by_proto_name(owner->field->message,
                                                              slice_from_cstr(name));
    return owner->field->unique_by != NULL
               ? status_ok()
               : refuse(owner, "unique_by", name, "which is not a field of its elements");
}

static struct status take_same(const struct owner *owner)
{
    const Datastream__V1__FieldPolicy *policy = owner->policy;
    struct same_field *same;

    if (policy->n_same == 0)
        return status_ok();
    same = arena_array(owner->build->arena, policy->n_same, sizeof(*same));
    if (same == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < policy->n_same; i++) {
        const char *theirs = policy->same[i]->theirs;

        same[i].ours = slice_from_cstr(policy->same[i]->ours);
        if (owner->field->reference != NULL)
            same[i].theirs = message_field_by_proto_name(owner->field->reference->message,
                                                         slice_from_cstr(theirs));
        if (same[i].theirs == NULL)
            return refuse(owner, "same", theirs, "which is not a field of what it refers to");
    }
    owner->field->same = same;
    owner->field->same_count = policy->n_same;
    return status_ok();
}

static struct status take_required_when(const struct owner *owner)
{
    const Datastream__V1__FieldPolicy *policy = owner->policy;
    struct condition_on *conditions;

    if (policy->n_required_when == 0)
        return status_ok();
    conditions = arena_array(owner->build->arena, policy->n_required_when, sizeof(*conditions));
    if (conditions == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < policy->n_required_when; i++) {
        const Datastream__V1__Condition *option = policy->required_when[i];

        conditions[i].field = beside(owner, option->field);
        if (conditions[i].field == NULL)
            return refuse(owner, "required_when", option->field,
                          "which is not a field of the same message");
        if (option->value[0] == '\0')
            continue;
        conditions[i].value = make_value(owner, conditions[i].field, option->value);
        if (conditions[i].value == NULL)
            return refuse(owner, "required_when", option->value, "which does not fit the field");
    }
    owner->field->required_when = conditions;
    owner->field->required_when_count = policy->n_required_when;
    return status_ok();
}

static struct status take_credential(const struct owner *owner)
{
    const Datastream__V1__Credential *option = owner->policy->credential;
    struct credential_field *credential;

    if (option == NULL)
        return status_ok();
    credential = arena_zalloc(owner->build->arena, sizeof(*credential));
    if (credential == NULL)
        return status_out_of_memory();
    credential->prefix = slice_from_cstr(option->prefix);
    credential->masked = beside(owner, option->masked);
    if (credential->masked == NULL)
        return refuse(owner, "credential", option->masked,
                      "which is not a field of the same message");
    owner->field->credential = credential;
    return status_ok();
}

static struct status take_struct_bounds(const struct owner *owner)
{
    const Datastream__V1__StructBounds *option = owner->policy->struct_bounds;
    struct struct_bounds *bounds;

    if (option == NULL)
        return status_ok();
    bounds = arena_zalloc(owner->build->arena, sizeof(*bounds));
    if (bounds == NULL)
        return status_out_of_memory();
    *bounds = (struct struct_bounds){option->max_bytes, option->max_depth, option->max_values};
    owner->field->struct_bounds = bounds;
    return status_ok();
}

struct status contract__build_policy(const struct build *build, struct field *field,
                                     const void *policy)
{
    static struct status (*const options[])(const struct owner *owner) = {
        take_default, take_derived_from,  take_reverse,    take_unique_by,
        take_same,    take_required_when, take_credential, take_struct_bounds,
    };
    const struct owner owner = {build, field, policy};
    struct status status = status_ok();

    field->once = owner.policy->once;
    field->exclusive = owner.policy->exclusive;
    field->quotes = owner.policy->quotes;
    field->format = (enum field_format)owner.policy->format;
    field->example = slice_from_cstr(owner.policy->example);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && status_is_ok(status); i++)
        status = options[i](&owner);
    return status;
}

/* -- options of oneofs ------------------------------------------------------------------------ */

struct status contract__build_choices(const struct build *build,
                                      const struct build_message *message)
{
    for (size_t i = 0; i < message->type.oneof_count; i++) {
        const Google__Protobuf__OneofOptions *options = message->proto->oneof_decl[i]->options;
        const ProtobufCMessage *option = NULL;

        if (options == NULL)
            continue;
        if (!contract__option(build, &options->base, OPTION_ONEOF_POLICY,
                              &datastream__v1__oneof_policy__descriptor, &option))
            return contract__error(
                build, "%.*s.%.*s has an option (datastream.v1.choice) that cannot be read.",
                SLICE_ARG(message->type.full_name), SLICE_ARG(message->type.oneofs[i].name));
        if (option != NULL)
            message->type.oneofs[i].once = ((const Datastream__V1__OneofPolicy *)option)->once;
    }
    return status_ok();
}
