/*
 * Options that relate a field to other fields, oneofs and kinds. As in contract_check_options.c a
 * check answers with the end of a sentence, or with NULL.
 */
#include "proto/contract/contract_check_relations.h"

#include "proto/contract/contract_build.h"
#include "proto/contract/contract_checks.h"
#include "proto/contract/contract_find.h"

static bool is_single(const struct field *field)
{
    return !field->repeated && field->message == NULL;
}

static bool is_string(const struct field *field)
{
    return field->pb->type == PROTOBUF_C_TYPE_STRING;
}

/* -- references ------------------------------------------------------------------------------- */

size_t contract__fields_referring(const struct field *top, const struct kind *kind)
{
    const struct message_type *type = top->message;
    size_t count = top->reference == kind ? 1 : 0;

    if (type == NULL || type->well_known != WELL_KNOWN_NONE)
        return count;
    for (size_t i = 0; i < type->field_count; i++)
        count += contract__fields_referring(&type->fields[i], kind);
    return count;
}

static const char *wrong_reference(const struct contract_spot *spot)
{
    return spot->field->map ? "is a map" : NULL;
}

static const char *wrong_exclusive(const struct contract_spot *spot)
{
    if (spot->field->reference == NULL)
        return "is not a reference";
    if (contract__fields_referring(spot->top, spot->field->reference) > 1)
        return "another field below the same field of the resource refers to the same kind";
    return NULL;
}

static const char *wrong_reverse(const struct contract_spot *spot)
{
    const struct field *field = spot->field;
    const struct reverse_reference *reverse = field->reverse;

    if (!contract__spot_is_direct(spot) || !field->output_only || field->map || !is_string(field))
        return "is not an output-only string or list of strings directly in the resource";
    if (field->repeated && (field->rules == NULL || !field->rules->has_item_count ||
                            field->rules->max_items == UINT64_MAX))
        return "is a list without max_items";
    if (reverse->field->reference != spot->kind)
        return "the field that it names does not refer to this kind";
    if (!field->repeated && !reverse->field->exclusive)
        return "is a single string, and the field that it names is not exclusive";
    if (contract__fields_referring(reverse->top, spot->kind) > 1)
        return "two references below the field that it names refer to this kind";
    return NULL;
}

/* What `theirs` and `ours` are compared as. */
static int class_of(const struct field *field)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
        return PROTOBUF_C_TYPE_STRING;
    case PROTOBUF_C_TYPE_BOOL:
        return PROTOBUF_C_TYPE_BOOL;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_TYPE_DOUBLE;
    case PROTOBUF_C_TYPE_BYTES:
        return PROTOBUF_C_TYPE_BYTES;
    default:
        return PROTOBUF_C_TYPE_INT64;
    }
}

static const char *wrong_same(const struct contract_spot *spot)
{
    const struct field *field = spot->field;

    for (size_t i = 0; i < field->same_count; i++) {
        const struct field *theirs = field->same[i].theirs;
        const struct field *ours = message_field_by_proto_name(spot->kind->message,
                                                               field->same[i].ours);

        if (ours == NULL || !is_single(ours))
            return "`ours` is not a single scalar directly in the resource";
        if (!is_single(theirs))
            return "`theirs` is not a single scalar";
        if (class_of(theirs) != class_of(ours))
            return "`theirs` and `ours` cannot be compared";
        if (!theirs->immutable && !theirs->once &&
            (theirs->derived_from == NULL || !theirs->derived_from->oneof->once))
            return "`theirs` may change after it was set";
    }
    return NULL;
}

/* -- fields beside ---------------------------------------------------------------------------- */

static bool is_member_required(const struct field *field)
{
    return field->required || (field->rules != NULL && field->rules->required);
}

static const char *wrong_derived_from(const struct contract_spot *spot)
{
    const struct derived_from *derived = spot->field->derived_from;

    if (!spot->field->output_only || spot->field->repeated)
        return "is not a single output-only enum";
    for (size_t i = 0; i < derived->oneof->field_count; i++) {
        const struct field *field = derived->values[i].field;

        if (field == NULL)
            continue;
        if (field->repeated || field->enumeration != spot->field->enumeration)
            return "a field of a member that it names has another enum";
        if (!is_member_required(field))
            return "a field of a member that it names is not required";
    }
    return NULL;
}

static const char *wrong_unique_by(const struct contract_spot *spot)
{
    if (!spot->field->repeated || spot->field->map || spot->field->message == NULL)
        return "is not a list of messages";
    return is_single(spot->field->unique_by) ? NULL : "its elements have no such single field";
}

/* A field that is set by any other value than this one is refused. */
static bool is_never_set(const struct field *field)
{
    const struct rules *rules = field->rules;

    if (rules == NULL)
        return false;
    if (field->repeated)
        return rules->has_item_count && rules->max_items == 0;
    if (rules->has_length)
        return rules->max_length == 0;
    return rules->has_range && rules->least == 0 && rules->most == 0 && !field->has_presence;
}

static const char *wrong_required_when(const struct contract_spot *spot)
{
    const struct field *field = spot->field;

    if (is_member_required(field))
        return "is required anyway";
    if (spot->output)
        return "is output-only";
    if (is_never_set(field))
        return "its own rules refuse every value that would set it";
    for (size_t i = 0; i < field->required_when_count; i++) {
        if (field->required_when[i].field == field)
            return "its condition is the field itself";
        if (field->required_when[i].value != NULL && field->required_when[i].field->repeated)
            return "its condition asks for the value of a list or a map";
    }
    return NULL;
}

/* -- all -------------------------------------------------------------------------------------- */

struct status contract__check_relations(const struct contract_spot *spot)
{
    const struct field *field = spot->field;
    const struct {
        const char *name;
        bool is_given;
        const char *(*wrong)(const struct contract_spot *spot);
    } options[] = {
        {"reference", field->reference != NULL, wrong_reference},
        {"exclusive", field->exclusive, wrong_exclusive},
        {"reverse", field->reverse != NULL, wrong_reverse},
        {"same", field->same_count > 0, wrong_same},
        {"derived_from", field->derived_from != NULL, wrong_derived_from},
        {"unique_by", field->unique_by != NULL, wrong_unique_by},
        {"required_when", field->required_when_count > 0, wrong_required_when},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *why = options[i].is_given ? options[i].wrong(spot) : NULL;

        if (why != NULL)
            return contract__error(spot->build, "%.*s.%.*s has the option %s, but %s.",
                                   SLICE_ARG(field->parent->full_name), SLICE_ARG(field->name),
                                   options[i].name, why);
    }
    return status_ok();
}

struct status contract__check_choice(const struct contract_spot *spot, const struct oneof *oneof)
{
    const char *why = NULL;

    if (!oneof->once || oneof->field_count == 0)
        return status_ok();
    if (spot->below_list)
        why = "is below a list or a map";
    for (size_t i = 0; i < oneof->field_count; i++)
        if (spot->output || oneof->fields[i]->output_only)
            why = "a member is output-only";
    return why == NULL ? status_ok()
                       : contract__error(spot->build, "%.*s.%.*s has the option once, but %s.",
                                         SLICE_ARG(oneof->fields[0]->parent->full_name),
                                         SLICE_ARG(oneof->name), why);
}
