/*
 * What a caller may set has a bound: how long, how many, how deep, which values, how many
 * references.
 */
#include "proto/contract/contract_check_bounds.h"

#include "proto/contract/contract_build.h"
#include "proto/contract/contract_checks.h"
#include "proto/contract/contract_find.h"

static struct status refuse(const struct contract_spot *spot, const char *why)
{
    return contract__error(spot->build, "%.*s.%.*s %s.", SLICE_ARG(spot->field->parent->full_name),
                           SLICE_ARG(spot->field->name), why);
}

/* -- single values ---------------------------------------------------------------------------- */

/* Those of the well-known shapes end by themselves: 36, 253, 254 characters and fewer. */
static bool is_text_bounded(const struct rules *rules)
{
    return rules != NULL && ((rules->has_length && rules->max_length != UINT64_MAX) ||
                             rules->in_count > 0 || rules->email || rules->hostname || rules->ip ||
                             rules->address || rules->uuid || rules->cidr);
}

/* Why one value of the field has no bound; NULL when it has one. */
static const char *value_fault(const struct field *field, const struct rules *rules,
                               bool is_reference, const struct struct_bounds *bounds)
{
    const struct message_type *type = field->message;

    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        return is_reference || is_text_bounded(rules)
                   ? NULL
                   : "holds strings without a bound: set max_len";
    case PROTOBUF_C_TYPE_BYTES:
        return is_text_bounded(rules) ? NULL : "holds bytes without a bound: set max_len";
    case PROTOBUF_C_TYPE_ENUM:
        return rules != NULL && rules->defined_only
                   ? NULL
                   : "accepts numbers that its enum does not have: set enum.defined_only";
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    default:
        return NULL;
    }
    switch (type->well_known) {
    case WELL_KNOWN_STRUCT:
    case WELL_KNOWN_VALUE:
    case WELL_KNOWN_LIST_VALUE:
        return bounds != NULL ? NULL : "holds free-form values without a bound: set struct_bounds";
    case WELL_KNOWN_ANY:
    case WELL_KNOWN_FIELD_MASK:
    case WELL_KNOWN_HTTP_BODY:
        return "has a type that cannot be bounded";
    case WELL_KNOWN_WRAPPER:
        return "has a wrapper, which cannot be bounded: use `optional`";
    default:
        return NULL;
    }
}

struct status contract__check_bounds(const struct contract_spot *spot)
{
    const struct field *field = spot->field;
    const struct rules *rules = field->rules;
    const struct field *value = field;
    const char *fault = NULL;

    if (spot->output || slice_equal(field->parent->full_name, SLICE("google.protobuf.Timestamp")))
        return status_ok();
    if (field->repeated &&
        (rules == NULL || !rules->has_item_count || rules->max_items == UINT64_MAX))
        return refuse(spot, field->map ? "is a map without a bound: set max_pairs"
                                       : "is a list without a bound: set max_items");
    if (field->map) {
        value = message_field_by_number(field->message, 2);
        fault = value_fault(message_field_by_number(field->message, 1), rules->keys, false, NULL);
    }
    if (fault == NULL)
        fault = value_fault(value, field->repeated ? rules->items : rules, field->reference != NULL,
                            field->struct_bounds);
    return fault == NULL ? status_ok() : refuse(spot, fault);
}

/* -- references and secrets ------------------------------------------------------------------- */

/* Whether a field, an item of it or an entry's value is one of what is counted. */
typedef bool is_counted(const struct field *field);

static bool is_reference(const struct field *field)
{
    return field->reference != NULL;
}

static bool is_secret(const struct field *field)
{
    return field->secret;
}

/* How many one message of the type may hold; of each oneof the member that has most. */
static uint64_t count_in(const struct message_type *type, is_counted *counts);

static uint64_t count_of(const struct field *field, is_counted *counts)
{
    uint64_t each = counts(field) ? 1 : 0;

    if (field->output_only)
        return 0;
    if (each == 0 && field->message != NULL && field->message->well_known == WELL_KNOWN_NONE)
        each = count_in(field->message, counts);
    if (each == 0 || !field->repeated)
        return each;
    /* The bounds were checked before: neither factor is near the type's end. */
    return each * field->rules->max_items;
}

static uint64_t count_in(const struct message_type *type, is_counted *counts)
{
    uint64_t count = 0;

    for (size_t i = 0; i < type->field_count; i++)
        if (!type->fields[i].oneof_member)
            count += count_of(&type->fields[i], counts);
    for (size_t i = 0; i < type->oneof_count; i++) {
        uint64_t most = 0;

        for (size_t k = 0; k < type->oneofs[i].field_count; k++) {
            uint64_t of_member = count_of(type->oneofs[i].fields[k], counts);

            most = of_member > most ? of_member : most;
        }
        count += most;
    }
    return count;
}

struct status contract__check_reference_count(const struct build *build, const struct kind *kind)
{
    uint64_t count = count_in(kind->message, is_reference);

    if (count <= KIND_REFERENCES_MOST)
        return status_ok();
    return contract__error(build,
                           "%.*s may hold %llu references, but a write holds %d: lower the bounds "
                           "of its lists.",
                           SLICE_ARG(kind->message->full_name), (unsigned long long)count,
                           KIND_REFERENCES_MOST);
}

struct status contract__check_secret_count(const struct build *build, const struct kind *kind)
{
    uint64_t count = count_in(kind->message, is_secret);

    if (count > 0 && kind->secrets_set == NULL)
        return contract__error(
            build,
            "%.*s has secrets, but no output-only field \"secrets_set\" that is a "
            "map<string, google.protobuf.Timestamp>.",
            SLICE_ARG(kind->message->full_name));
    if (count <= KIND_SECRETS_MOST)
        return status_ok();
    return contract__error(
        build,
        "%.*s may hold %llu secrets, but an object holds %d: lower the bounds of "
        "its maps.",
        SLICE_ARG(kind->message->full_name), (unsigned long long)count, KIND_SECRETS_MOST);
}
