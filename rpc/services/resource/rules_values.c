/* Rules of one object. The walk says which fields were written; the rest is not judged again. */
#include "rpc/services/resource/rules_values.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "proto/message/message_equal.h"
#include "rpc/call/formats.h"
#include "rpc/call/quotes.h"
#include "rpc/call/validate.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/struct_bounds.h"
#include "storage/keys.h"

static struct arena *arena_of(const struct rule_place *place)
{
    return place->change->call->arena;
}

static struct slice path_of(const struct rule_place *place)
{
    return spot_path(arena_of(place), place->spot);
}

static struct slice path_at(const struct rule_place *place, size_t index)
{
    return spot__path_at(arena_of(place), place->spot, index);
}

/* -- single fields ---------------------------------------------------------------------------- */

void rules__check_value(const struct rule_place *place, bool may_quote)
{
    const struct spot *parent = place->spot->parent;
    struct arena *arena = arena_of(place);

    validate_field(arena, place->message, place->spot->field,
                   parent == NULL ? SLICE_EMPTY : spot_path(arena, parent), may_quote,
                   place->change->call->now_ms, place->change->violations);
}

/* -- texts ------------------------------------------------------------------------------------ */

static void report(const struct rule_place *place, size_t index, struct slice description)
{
    violations_add(place->violations, arena_of(place),
                   place->spot->field->repeated ? path_at(place, index) : path_of(place), "%.*s",
                   SLICE_ARG(description));
}

static void check_text(const struct rule_place *place, size_t index, struct slice text,
                       bool may_quote)
{
    enum format format = (enum format)place->spot->field->format;
    struct format_violation violation = {0};

    if (may_quote && quote_is_whole(text, NULL))
        return;
    if (format != FORMAT_NONE && !format_check(arena_of(place), format, text, &violation)) {
        report(place, index, violation.description);
        return;
    }
    if (may_quote && format != FORMAT_PIPELINE_YAML &&
        !quotes_check(arena_of(place), text, &violation))
        report(place, index, violation.description);
}

void rules__check_texts(const struct rule_place *place, bool may_quote)
{
    const struct field *field = place->spot->field;
    size_t count;

    assert(field->pb->type == PROTOBUF_C_TYPE_STRING);
    if (!field_is_set(place->message, field))
        return;
    count = field->repeated ? field_count(place->message, field) : 1;
    for (size_t i = 0; i < count; i++)
        check_text(place, i,
                   field->repeated ? field_get_string_at(place->message, field, i)
                                   : field_get_string(place->message, field),
                   may_quote);
}

/* -- fields together -------------------------------------------------------------------------- */

/* A bool that is false is set too where a condition asks for it. */
static bool condition_holds(const ProtobufCMessage *message, const struct condition_on *condition)
{
    if (condition->value == NULL)
        return field_is_set(message, condition->field);
    return field_has_value(message, condition->field, condition->value);
}

void rules__check_required_when(const struct rule_place *place, bool judged)
{
    const struct change *change = place->change;
    const struct field *field = place->spot->field;

    if (field_is_set(place->message, field))
        return;
    for (size_t i = 0; i < field->required_when_count; i++) {
        const struct condition_on *condition = &field->required_when[i];
        const struct slice name = condition->field->json_name;

        if (!condition_holds(place->message, condition) ||
            !(judged || touched_has(change->touched, place->message, condition->field)))
            continue;
        if (condition->value == NULL)
            violations_add(place->violations, arena_of(place), path_of(place),
                           "is required when %.*s is set", SLICE_ARG(name));
        else
            violations_add(place->violations, arena_of(place), path_of(place),
                           "is required when %.*s is %.*s", SLICE_ARG(name),
                           SLICE_ARG(condition->value->text));
        return;
    }
}

static struct slice fold(struct arena *arena, struct slice text)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;

    return key_fold_name(arena, text, &trimmed, &folded) == NULL ? folded : text;
}

/* Whether two elements have the same in the field; ids and names without regard to case. */
static bool are_same(struct arena *arena, const ProtobufCMessage *a, const ProtobufCMessage *b,
                     const struct field *field)
{
    if (field->pb->type == PROTOBUF_C_TYPE_STRING &&
        (field->reference != NULL || slice_equal(field->name, SLICE("name"))))
        return slice_equal(fold(arena, field_get_string(a, field)),
                           fold(arena, field_get_string(b, field)));
    return field_equal(arena, a, b, field);
}

/* Whether one of the elements before has the same in the field. */
static bool is_repeated(const struct rule_place *place, const struct field *by, size_t index)
{
    const struct field *field = place->spot->field;
    const ProtobufCMessage *message = place->message;
    const ProtobufCMessage *item = *(ProtobufCMessage **)field_address(message, field, index);

    for (size_t i = 0; field_is_set(item, by) && i < index; i++)
        if (are_same(arena_of(place), item, *(ProtobufCMessage **)field_address(message, field, i),
                     by))
            return true;
    return false;
}

/* Bounded by the list's most items, which was judged before. */
void rules__check_unique_by(const struct rule_place *place)
{
    const struct field *field = place->spot->field;
    size_t count = field_count(place->message, field);

    if (field->rules != NULL && field->rules->has_item_count && count > field->rules->max_items)
        return;
    for (size_t i = 1; i < count; i++)
        if (is_repeated(place, field->unique_by, i))
            violations_add(place->violations, arena_of(place),
                           fields__path(arena_of(place), path_at(place, i), field->unique_by),
                           "must not be repeated");
}

void rules__check_struct_bounds(const struct rule_place *place)
{
    const struct field *field = place->spot->field;
    struct slice description = SLICE_EMPTY;

    if (field_is_set(place->message, field) &&
        !struct_bounds__hold(arena_of(place), field->struct_bounds,
                             field_get_message(place->message, field), &description))
        violations_add(place->violations, arena_of(place), path_of(place), "%.*s",
                       SLICE_ARG(description));
}

static void refuse_placeholder(const struct rule_place *place, const struct spot *spot,
                               struct slice text)
{
    if (slice_equal(text, SLICE(RULES_PLACEHOLDER)))
        violations_add(place->violations, arena_of(place), spot_path(arena_of(place), spot),
                       "must be the secret itself: " RULES_PLACEHOLDER
                       " only stands for it in a preview");
}

void rules__check_secret(const struct rule_place *place)
{
    const struct field *field = place->spot->field;
    const ProtobufCMessage *message = place->message;

    if (field->pb->type == PROTOBUF_C_TYPE_STRING && !field->repeated)
        refuse_placeholder(place, place->spot, field_get_string(message, field));
    for (size_t i = 0; field->map && i < field_count(message, field); i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, field, i);
        const struct field *key = message_field_by_number(field->message, 1);
        const struct spot at = {place->spot->parent, field, true, i, field_get_string(entry, key)};

        refuse_placeholder(place, &at,
                           field_get_string(entry, message_field_by_number(field->message, 2)));
    }
}
