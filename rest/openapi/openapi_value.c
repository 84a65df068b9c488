/* Single values as JSON Schema. */
#include "rest/openapi/openapi_value.h"

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "rest/openapi/openapi_marks.h"
#include "rest/openapi/openapi_names.h"
#include "rest/openapi/openapi_quotes.h"

static bool mark_message(struct openapi *api, const struct message_type *type, enum schema_use use)
{
    for (size_t i = 0; i < api->contract->message_count; i++)
        if (api->contract->messages[i] == type) {
            api->messages[use][i] = true;
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

/* -- strings ---------------------------------------------------------------------------------- */

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
    else if (rules->uuid)
        openapi__member(api, SLICE("format"), SLICE("uuid"));
}

static bool is_name(const struct openapi *api, const struct field *field)
{
    for (size_t i = 0; i < api->contract->kind_count; i++)
        if (api->contract->kinds[i]->name == field)
            return true;
    return false;
}

/*
 * What key_fold_name refuses of a name: control characters, blanks other than the space, those that
 * turn the direction of text, private-use and annotation characters, and, since they are trimmed
 * and the rest may be too short, blanks at the ends. Characters that Unicode has not assigned, and
 * private-use ones beyond U+FFFF, are beyond what every dialect of regular expressions can say.
 */
#define NOT_IN_NAMES                                                                    \
    "\\u0000-\\u001f\\u007f-\\u00a0\\u061c\\u1680\\u2000-\\u200a\\u200e\\u200f\\u2028-" \
    "\\u202f\\u205f\\u2066-\\u2069\\u2800\\u3000\\ue000-\\uf8ff\\ufff9-\\ufffb"
#define NAME_PATTERN "^[^\\s" NOT_IN_NAMES "]([^" NOT_IN_NAMES "]*[^\\s" NOT_IN_NAMES "])?$"

static void put_string(struct openapi *api, const struct field *field, const struct rules *rules)
{
    openapi__member(api, SLICE("type"), SLICE("string"));
    if (field->secret)
        openapi__member(api, SLICE("format"), SLICE("password"));
    put_string_rules(api, field, rules);
    if (is_name(api, field) && (rules == NULL || rules->pattern.len == 0))
        openapi__member(api, SLICE("pattern"), SLICE(NAME_PATTERN));
    if (field->reference != NULL) {
        if (rules == NULL || !rules->uuid)
            openapi__member(api, SLICE("format"), SLICE("uuid"));
        openapi__member(api, SLICE("x-reference"), field->reference->collection);
    }
}

/* The values of an integer's `in`; 64 bits are strings in JSON. */
static void put_integers(struct openapi *api, const int64_t *integers, size_t count, bool is_text,
                         bool is_signed)
{
    openapi__key(api, SLICE("enum"));
    openapi__open(api, '[');
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = api->text.arena;
        struct slice text = is_signed ? arena_printf(arena, "%lld", (long long)integers[i])
                                      : decimal_encode(arena, (uint64_t)integers[i]);

        if (is_text)
            openapi__string(api, text);
        else
            openapi__raw(api, text);
    }
    openapi__close(api, ']');
}

static void put_integer_list(struct openapi *api, const struct rules *rules, bool is_text,
                             bool is_signed)
{
    if (rules != NULL && rules->integer_count > 0)
        put_integers(api, rules->integers, rules->integer_count, is_text, is_signed);
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
    put_integer_list(api, rules, false, true);
}

/* 64 bits are strings in JSON, of which a schema says no range. */
static void put_large_integer(struct openapi *api, const struct rules *rules, bool is_signed)
{
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__member(api, SLICE("format"), SLICE("int64"));
    openapi__member(api, SLICE("pattern"), is_signed ? SLICE("^-?[0-9]+$") : SLICE("^[0-9]+$"));
    put_integer_list(api, rules, true, is_signed);
}

/*
 * From 3.1 on an excluded limit is a member of its own; until 3.0 a flag beside the limit says so.
 */
static void put_limit(struct openapi *api, const struct real_limit *limit, struct slice inclusive,
                      struct slice exclusive)
{
    size_t from = api->text.len;

    if (!limit->is_given)
        return;
    if (!limit->is_excluded || api->version == OPENAPI_2_0) {
        openapi__key(api, inclusive);
        openapi__raw(api, limit->text);
        if (limit->is_excluded)
            openapi__flag(api, exclusive);
        return;
    }
    openapi__key(api, exclusive);
    openapi__raw(api, limit->text);
    /* A type stands before the limit, and thus a comma. */
    openapi__differs(api, from,
                     arena_printf(api->text.arena, ",\"%.*s\":%.*s,\"%.*s\":true",
                                  SLICE_ARG(inclusive), SLICE_ARG(limit->text),
                                  SLICE_ARG(exclusive)));
}

static void put_reals(struct openapi *api, struct slice list)
{
    openapi__key(api, SLICE("enum"));
    openapi__raw(api, arena_printf(api->text.arena, "[%.*s]", SLICE_ARG(list)));
}

static void put_real(struct openapi *api, const struct real_rules *rules)
{
    openapi__member(api, SLICE("type"), SLICE("number"));
    openapi__member(api, SLICE("format"), SLICE("double"));
    if (rules == NULL)
        return;
    put_limit(api, &rules->least, SLICE("minimum"), SLICE("exclusiveMinimum"));
    put_limit(api, &rules->most, SLICE("maximum"), SLICE("exclusiveMaximum"));
    if (rules->in_count > 0)
        put_reals(api, rules->in_text);
}

/* Of base64, which has four characters for each three bytes begun. */
static void put_bytes(struct openapi *api, const struct rules *rules)
{
    openapi__member(api, SLICE("type"), SLICE("string"));
    openapi__member(api, SLICE("format"), SLICE("byte"));
    if (rules == NULL || !rules->has_length || rules->max_length > INT32_MAX)
        return;
    openapi__key(api, SLICE("maxLength"));
    openapi__int(api, (int64_t)(rules->max_length + 2) / 3 * 4);
}

/* A text that may be one quote, which the rules of the field do not judge. */
static void put_quotable(struct openapi *api, const struct field *field, const struct rules *rules)
{
    openapi__member(api, SLICE("type"), SLICE("string"));
    if (field->secret)
        openapi__member(api, SLICE("format"), SLICE("password"));
    if (rules == NULL || !rules->has_length || rules->max_length > INT32_MAX)
        return;
    if (rules->min_length > 0) {
        openapi__key(api, SLICE("minLength"));
        openapi__int(api, rules->min_length < QUOTE_LENGTH_LEAST ? (int64_t)rules->min_length
                                                                 : QUOTE_LENGTH_LEAST);
    }
    openapi__key(api, SLICE("maxLength"));
    openapi__int(api, rules->max_length > QUOTE_LENGTH_MOST ? (int64_t)rules->max_length
                                                            : QUOTE_LENGTH_MOST);
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
        put_small_integer(api, rules, SLICE("int64"), 0, UINT32_MAX);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        put_large_integer(api, rules, true);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        put_large_integer(api, rules, false);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        put_real(api, rules == NULL ? NULL : rules->real);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        openapi__member(api, SLICE("type"), SLICE("boolean"));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(api, rules);
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
        break;
    case WELL_KNOWN_LIST_VALUE:
        openapi__member(api, SLICE("type"), SLICE("array"));
        openapi__key(api, SLICE("items"));
        openapi__open(api, '{');
        openapi__close(api, '}');
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

/* -- messages, lists and maps ------------------------------------------------------------------ */

bool openapi__is_component(const struct message_type *type)
{
    return type->well_known == WELL_KNOWN_NONE || type->well_known == WELL_KNOWN_EMPTY;
}

bool openapi__is_reference(const struct field *field)
{
    return field->enumeration != NULL ||
           (field->message != NULL && openapi__is_component(field->message));
}

void openapi__message(struct openapi *api, const struct message_type *type, enum schema_use use)
{
    struct slice name = openapi__schema_name(api, type, &use);

    if (openapi__is_component(type) && mark_message(api, type, use))
        openapi__ref(api, SLICE("schemas"), name);
    else
        put_well_known(api, type);
}

void openapi__enum_values(struct openapi *api, const struct enum_type *type)
{
    openapi__key(api, SLICE("enum"));
    openapi__open(api, '[');
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number != 0)
            openapi__string(api, type->values[i].name);
    openapi__close(api, ']');
}

void openapi__plain(struct openapi *api, const struct field *field, const struct rules *rules)
{
    if (field->message != NULL) {
        put_well_known(api, field->message);
    } else if (field->enumeration != NULL) {
        openapi__member(api, SLICE("type"), SLICE("string"));
        openapi__enum_values(api, field->enumeration);
    } else {
        put_scalar(api, field, rules);
    }
}

/* The members of one value's schema, be it the field's or an item's. */
static void put_value(struct openapi *api, const struct field *field, const struct rules *rules,
                      enum schema_use use)
{
    if (field->message != NULL) {
        openapi__message(api, field->message, use);
    } else if (field->enumeration != NULL) {
        mark_enum(api, field->enumeration);
        openapi__ref(api, SLICE("schemas"),
                     openapi__enum_name(api->text.arena, field->enumeration));
    } else if (use == USE_ANSWER && openapi__may_quote(api, field)) {
        put_quotable(api, field, rules);
    } else {
        put_scalar(api, field, rules);
    }
}

static void put_inner(struct openapi *api, struct slice name, const struct field *field,
                      const struct rules *rules, enum schema_use use)
{
    openapi__key(api, name);
    openapi__open(api, '{');
    put_value(api, field, rules, use);
    if (!openapi__is_reference(field))
        openapi__describe(api, field, rules, SLICE_EMPTY);
    openapi__close(api, '}');
}

static void put_count(struct openapi *api, struct slice name, uint64_t count)
{
    if (count == 0 || count > INT32_MAX)
        return;
    openapi__key(api, name);
    openapi__int(api, (int64_t)count);
}

void openapi__counts(struct openapi *api, const struct field *field)
{
    const struct rules *rules = field->rules;

    if (rules != NULL && rules->has_item_count) {
        put_count(api, field->map ? SLICE("minProperties") : SLICE("minItems"), rules->min_items);
        put_count(api, field->map ? SLICE("maxProperties") : SLICE("maxItems"), rules->max_items);
    }
    if (rules != NULL && rules->unique)
        openapi__flag(api, SLICE("uniqueItems"));
}

void openapi__field(struct openapi *api, const struct field *field, enum schema_use use)
{
    const struct rules *items = field->rules == NULL ? NULL : field->rules->items;
    /* Elements are replaced whole, also by a patch. */
    enum schema_use inner = use == USE_PATCH ? USE_CREATE : use;

    if (!field->repeated) {
        put_value(api, field, field->rules, use);
        return;
    }
    openapi__member(api, SLICE("type"), field->map ? SLICE("object") : SLICE("array"));
    openapi__counts(api, field);
    if (field->map)
        put_inner(api, SLICE("additionalProperties"), message_field_by_number(field->message, 2),
                  items, inner);
    else
        put_inner(api, SLICE("items"), field, items, inner);
}
