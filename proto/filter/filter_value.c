/* The value of a comparison, checked against the type of its field. */
#include "proto/filter/filter_value.h"

#include "base/uuid.h"
#include "proto/contract/contract_find.h"
#include "proto/filter/filter_field.h"
#include "proto/filter/filter_private.h"
#include "proto/filter/filter_refuse.h"
#include "proto/json/json_numbers.h"
#include "proto/json/json_wkt.h"

/* What is compared, for the functions below. */
struct check {
    struct filter_parser *parser;
    const struct field *field;
    const struct filter_name *name;
    const struct filter_value *value;
    struct filter_term *term;
};

static bool refuse_value(const struct check *check, const char *wanted)
{
    filter__refuse(check->parser, check->value->at, "must compare \"%.*s\" with %s",
                   SLICE_ARG(check->name->text), wanted);
    return false;
}

/* Types that have no order. */
static bool only_equal(const struct check *check)
{
    enum filter_operator op = check->term->op;

    if (op == FILTER_EQUAL || op == FILTER_HAS)
        return true;
    filter__refuse(check->parser, check->name->at,
                   "must compare \"%.*s\" with =, != or :", SLICE_ARG(check->name->text));
    return false;
}

/* -- scalars ---------------------------------------------------------------------------------- */

static bool check_reference(const struct check *check)
{
    struct uuid id;

    if (!only_equal(check))
        return false;
    if (check->value->wildcard || !(uuid_parse(check->value->text, &id) ||
                                    (check->value->text.len == 0 && !check->field->repeated)))
        return refuse_value(check, "an id in quotes");
    return true;
}

static bool check_text(const struct check *check)
{
    struct filter_term *term = check->term;
    bool equal = term->op == FILTER_EQUAL || term->op == FILTER_HAS;

    if (!check->value->quoted)
        return refuse_value(check, "a string in quotes");
    if (check->field->reference != NULL && !check_reference(check))
        return false;
    if (check->value->wildcard && !equal)
        return refuse_value(check, "a string without an asterisk at its end, or with = or :");
    term->comparison = FILTER_TEXT;
    term->prefix = check->value->wildcard;
    term->contains = term->op == FILTER_HAS && !term->prefix && !check->field->repeated &&
                     check->field->reference == NULL;
    term->text = check->parser->fold(check->parser->arena, check->value->text);
    return true;
}

static bool check_bool(const struct check *check)
{
    bool is_true = slice_equal(check->value->text, SLICE("true"));

    if (!only_equal(check))
        return false;
    if (check->value->quoted || !(is_true || slice_equal(check->value->text, SLICE("false"))))
        return refuse_value(check, "true or false");
    check->term->comparison = FILTER_SIGNED;
    check->term->number = is_true;
    return true;
}

/* "A, B, C". */
static struct slice list_values(struct arena *arena, const struct enum_type *type)
{
    struct slice list = SLICE_EMPTY;

    for (size_t i = 0; i < type->value_count && i < 32; i++)
        list = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(list), i == 0 ? "" : ", ",
                            SLICE_ARG(type->values[i].name));
    return list;
}

static bool check_enum(const struct check *check)
{
    const struct enum_type *type = check->field->enumeration;
    const struct enum_value *value = enum_value_by_name(type, check->value->text);

    if (!only_equal(check))
        return false;
    if (value == NULL || check->value->wildcard) {
        filter__refuse(check->parser, check->value->at, "must compare \"%.*s\" with one of %.*s",
                       SLICE_ARG(check->name->text),
                       SLICE_ARG(list_values(check->parser->arena, type)));
        return false;
    }
    check->term->comparison = FILTER_SIGNED;
    check->term->number = value->number;
    return true;
}

static bool check_integer(const struct check *check, int64_t least, int64_t most)
{
    check->term->comparison = FILTER_SIGNED;
    return (!check->value->quoted && json_number_int64(check->value->text, least, most,
                                                       &check->term->number) == NUMBER_OK) ||
           refuse_value(check, least == INT32_MIN ? "a whole number of 32 bits, without quotes"
                                                  : "a whole number of 64 bits, without quotes");
}

static bool check_unsigned(const struct check *check, uint64_t most)
{
    uint64_t number = 0;

    check->term->comparison = FILTER_UNSIGNED;
    if (check->value->quoted || json_number_uint64(check->value->text, most, &number) != NUMBER_OK)
        return refuse_value(check, "a whole number from 0, without quotes");
    check->term->number = (int64_t)number;
    return true;
}

static bool check_real(const struct check *check)
{
    check->term->comparison = FILTER_REAL;
    return (!check->value->quoted && json_number_double(check->parser->arena, check->value->text,
                                                        &check->term->real) == NUMBER_OK) ||
           refuse_value(check, "a number, without quotes");
}

/* -- messages --------------------------------------------------------------------------------- */

static bool check_time(const struct check *check)
{
    struct filter_term *term = check->term;

    term->comparison = FILTER_TIME;
    return (!check->value->wildcard &&
            json_timestamp_parse(check->value->text, &term->number, &term->nanos)) ||
           refuse_value(check, "a time such as \"2026-01-31T08:00:00Z\"");
}

static bool check_duration(const struct check *check)
{
    struct filter_term *term = check->term;

    term->comparison = FILTER_TIME;
    return (!check->value->wildcard &&
            json_duration_parse(check->value->text, &term->number, &term->nanos)) ||
           refuse_value(check, "a duration such as 90s or 1.5s");
}

static bool check_message(const struct check *check)
{
    const struct message_type *type = check->field->message;

    if (type->well_known == WELL_KNOWN_TIMESTAMP)
        return check_time(check);
    if (type->well_known == WELL_KNOWN_DURATION)
        return check_duration(check);
    if (type->well_known == WELL_KNOWN_NONE && type->field_count > 0)
        filter__refuse(
            check->parser, check->name->at,
            "must compare a field below \"%.*s\", such as %.*s.%.*s; %.*s:* asks whether "
            "it is set",
            SLICE_ARG(check->name->text), SLICE_ARG(check->name->text),
            SLICE_ARG(type->declared[0]->json_name), SLICE_ARG(check->name->text));
    else
        filter__refuse(check->parser, check->name->at,
                       "must not compare \"%.*s\"; %.*s:* asks whether it is set",
                       SLICE_ARG(check->name->text), SLICE_ARG(check->name->text));
    return false;
}

static bool check_scalar(const struct check *check)
{
    switch (check->field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        return check_text(check);
    case PROTOBUF_C_TYPE_BOOL:
        return check_bool(check);
    case PROTOBUF_C_TYPE_ENUM:
        return check_enum(check);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return check_integer(check, INT32_MIN, INT32_MAX);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return check_integer(check, INT64_MIN, INT64_MAX);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return check_unsigned(check, UINT32_MAX);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return check_unsigned(check, UINT64_MAX);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return check_real(check);
    case PROTOBUF_C_TYPE_MESSAGE:
        return check_message(check);
    case PROTOBUF_C_TYPE_BYTES:
        break;
    }
    filter__refuse(check->parser, check->name->at, "must not compare \"%.*s\", which holds bytes",
                   SLICE_ARG(check->name->text));
    return false;
}

/* Whether the comparison passes through a list, or ends in one: then it can only ask for ":". */
static bool meets_list(const struct filter_term *term)
{
    for (size_t i = 0; i < term->step_count; i++)
        if (term->steps[i].field->repeated && !term->steps[i].has_key)
            return true;
    return false;
}

bool filter__check(struct filter_parser *parser, const struct filter_name *name,
                   const struct filter_value *value, struct filter_term *term)
{
    const struct field *field = filter_term_field(term);
    const struct check check = {parser, field, name, value, term};

    if (!value->quoted && slice_equal(value->text, SLICE("*"))) {
        term->comparison = FILTER_IS_SET;
        if (term->op == FILTER_HAS)
            return true;
        filter__refuse(parser, value->at, "must ask whether \"%.*s\" is set by %.*s:*",
                       SLICE_ARG(name->text), SLICE_ARG(name->text));
        return false;
    }
    if (meets_list(term) && term->op != FILTER_HAS) {
        filter__refuse(parser, name->at, "must ask for an element of \"%.*s\" by : alone",
                       SLICE_ARG(name->text));
        return false;
    }
    if (!field->map)
        return check_scalar(&check);
    term->comparison = FILTER_KEY;
    term->text = value->text;
    return (value->quoted && !value->wildcard) || refuse_value(&check, "a key in quotes");
}
