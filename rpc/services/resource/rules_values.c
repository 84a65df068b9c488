/* Rules of one object. The walk says which fields were written; the rest is not judged again. */
#include "rpc/services/resource/rules_values.h"

#include "proto/contract/contract_find.h"
#include "proto/message/message_equal.h"
#include "rpc/call/formats.h"
#include "rpc/call/quotes.h"
#include "rpc/call/validate.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/quote_references.h"
#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/rules_once.h"
#include "rpc/services/resource/struct_bounds.h"
#include "storage/keys.h"

/* -- single fields ---------------------------------------------------------------------------- */

static bool is_envelope(const struct kind *kind, const struct field *field)
{
    return field == kind->name || field == kind->description || field == kind->labels;
}

static void check_written(const struct change *change, const struct message_type *type,
                          const ProtobufCMessage *message, struct slice path, bool quotes)
{
    struct arena *arena = change->call->arena;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];
        bool may_quote = quotes && !is_envelope(change->kind, field);

        if (touched_has(change->touched, message, field))
            validate_field(arena, message, field, path, may_quote, change->call->now_ms,
                           change->violations);
        else if (field->message != NULL && !field->repeated && !field->output_only &&
                 field->message->well_known == WELL_KNOWN_NONE && field_is_set(message, field))
            check_written(change, field->message, field_get_message(message, field),
                          fields__path(arena, path, field), may_quote || field->quotes);
    }
}

void rules__check_values(const struct change *change)
{
    check_written(change, change->kind->message, change->after, SLICE_EMPTY, change->kind->quotes);
}

/* What the walk over an object is for: its own rules, and the references that others read. */
struct judging {
    const struct change *change;
    struct references_collection *references;
};

static const struct change *change_of(const struct walk *walk)
{
    return ((const struct judging *)walk->context)->change;
}

/* -- texts ------------------------------------------------------------------------------------ */

/* Where texts are judged. */
struct texts {
    struct walk *walk;
    const struct change *change;
    const struct spot *spot;
};

static void report(const struct texts *texts, size_t index, struct slice description)
{
    struct arena *arena = texts->walk->arena;

    violations_add(texts->change->violations, arena,
                   texts->spot->field->repeated ? spot__path_at(arena, texts->spot, index)
                                                : spot_path(arena, texts->spot),
                   "%.*s", SLICE_ARG(description));
}

static void check_text(const struct texts *texts, size_t index, struct slice text, bool may_quote)
{
    enum format format = (enum format)texts->spot->field->format;
    struct format_violation violation = {0};

    if (may_quote && quote_is_whole(text, NULL))
        return;
    if (format != FORMAT_NONE && !format_check(texts->walk->arena, format, text, &violation)) {
        report(texts, index, violation.description);
        return;
    }
    if (may_quote && format != FORMAT_PIPELINE_YAML &&
        !quotes_check(texts->walk->arena, text, &violation))
        report(texts, index, violation.description);
}

static void check_texts(struct walk *walk, const struct spot *spot, ProtobufCMessage *message)
{
    const struct field *field = spot->field;
    const struct texts texts = {walk, change_of(walk), spot};
    bool may_quote = quotes__are_allowed(texts.change->kind, spot);
    size_t count;

    if (field->pb->type != PROTOBUF_C_TYPE_STRING || field->output_only ||
        (field->format == FIELD_FORMAT_NONE && !may_quote) || !field_is_set(message, field))
        return;
    count = field->repeated ? field_count(message, field) : 1;
    for (size_t i = 0; i < count; i++)
        check_text(&texts, i,
                   field->repeated ? field_get_string_at(message, field, i)
                                   : field_get_string(message, field),
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

static void check_required_when(struct walk *walk, const struct spot *spot,
                                const ProtobufCMessage *message, bool judged)
{
    const struct change *change = change_of(walk);
    const struct field *field = spot->field;

    if (field->required_when_count == 0 || field_is_set(message, field))
        return;
    for (size_t i = 0; i < field->required_when_count; i++) {
        const struct condition_on *condition = &field->required_when[i];
        const struct slice name = condition->field->json_name;

        if (!condition_holds(message, condition) ||
            !(judged || touched_has(walk->touched, message, condition->field)))
            continue;
        if (condition->value == NULL)
            violations_add(change->violations, walk->arena, spot_path(walk->arena, spot),
                           "is required when %.*s is set", SLICE_ARG(name));
        else
            violations_add(change->violations, walk->arena, spot_path(walk->arena, spot),
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

/* Bounded by the list's most items, which was judged before. */
static void check_unique_by(struct walk *walk, const struct spot *spot,
                            const ProtobufCMessage *message)
{
    const struct change *change = change_of(walk);
    const struct field *field = spot->field;
    const struct field *by = field->unique_by;
    size_t count = field_count(message, field);

    if (field->rules != NULL && field->rules->has_item_count && count > field->rules->max_items)
        return;
    for (size_t i = 1; i < count; i++) {
        const ProtobufCMessage *item = *(ProtobufCMessage **)field_address(message, field, i);

        for (size_t j = 0; field_is_set(item, by) && j < i; j++) {
            const ProtobufCMessage *other = *(ProtobufCMessage **)field_address(message, field, j);

            if (!are_same(walk->arena, item, other, by))
                continue;
            violations_add(change->violations, walk->arena,
                           fields__path(walk->arena, spot__path_at(walk->arena, spot, i), by),
                           "must not be repeated");
            break;
        }
    }
}

static void check_struct_bounds(struct walk *walk, const struct spot *spot,
                                const ProtobufCMessage *message)
{
    const struct change *change = change_of(walk);
    const struct field *field = spot->field;
    struct slice description = SLICE_EMPTY;

    if (!struct_bounds__hold(walk->arena, field->struct_bounds, field_get_message(message, field),
                             &description))
        violations_add(change->violations, walk->arena, spot_path(walk->arena, spot), "%.*s",
                       SLICE_ARG(description));
}

static void refuse_placeholder(struct walk *walk, const struct spot *spot, struct slice text)
{
    const struct change *change = change_of(walk);

    if (slice_equal(text, SLICE(RULES_PLACEHOLDER)))
        violations_add(change->violations, walk->arena, spot_path(walk->arena, spot),
                       "must be the secret itself: " RULES_PLACEHOLDER
                       " only stands for it in a preview");
}

/* A secret, or the secrets of a map. */
static void check_secret(struct walk *walk, const struct spot *spot, ProtobufCMessage *message)
{
    const struct field *field = spot->field;

    if (field->pb->type == PROTOBUF_C_TYPE_STRING && !field->repeated)
        refuse_placeholder(walk, spot, field_get_string(message, field));
    for (size_t i = 0; field->map && i < field_count(message, field); i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, field, i);
        const struct field *key = message_field_by_number(field->message, 1);
        const struct spot at = {spot->parent, field, true, i, field_get_string(entry, key)};

        refuse_placeholder(walk, &at,
                           field_get_string(entry, message_field_by_number(field->message, 2)));
    }
}

static void visit(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                  const struct field *field, bool judged)
{
    const struct judging *judging = walk->context;

    if (judged && field->secret)
        check_secret(walk, spot, message);
    if (judged)
        check_texts(walk, spot, message);
    check_required_when(walk, spot, message, judged);
    if (judged && field->unique_by != NULL)
        check_unique_by(walk, spot, message);
    if (judged && field->struct_bounds != NULL && field_is_set(message, field))
        check_struct_bounds(walk, spot, message);
    if ((field->traits & REFERENCES_TRAITS) != 0)
        references__note(judging->references, spot, message, judged);
}

void rules__check_object(const struct change *change, struct references_collection *references)
{
    struct judging judging = {change, references};
    struct walk walk = {.arena = change->call->arena,
                        .traits = TRAIT_SECRET | TRAIT_TOGETHER | REFERENCES_TRAITS,
                        .touched = change->touched,
                        .visit = visit,
                        .context = &judging,
                        .free_form = true};

    walk__object(&walk, change->kind->message, change->after);
    rules__check_once(change);
}
