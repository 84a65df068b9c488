/*
 * Unfolds the rules of numbers. The messages of all number types have the same members by number,
 * so that they are read by their descriptors.
 */
#include "proto/contract/contract_rules_numbers.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/contract/contract_rules.h"

/* Numbers of the members, as buf/validate/validate.proto gives them to each type. */
enum member {
    MEMBER_CONST = 1,
    MEMBER_LT = 2,
    MEMBER_LTE = 3,
    MEMBER_GT = 4,
    MEMBER_GTE = 5,
    MEMBER_IN = 6,
    MEMBER_NOT_IN = 7,
    MEMBER_FINITE = 8,
};

/* -- members ------------------------------------------------------------------------------- */

/* Where the only value of a member lies; NULL when it is not given. */
static const void *member_at(const ProtobufCMessage *from, enum member number)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        from->descriptor, number);
    const char *base = (const char *)from;

    if (field == NULL || !*(const protobuf_c_boolean *)(base + field->quantifier_offset))
        return NULL;
    return base + field->offset;
}

/* Where the first of a list lies. */
static const void *list_at(const ProtobufCMessage *from, enum member number, size_t *ret_count)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        from->descriptor, number);
    const char *base = (const char *)from;

    assert(field != NULL); /* all number types have both lists */
    *ret_count = *(const size_t *)(base + field->quantifier_offset);
    return *(void *const *)(base + field->offset);
}

/* -- integers ------------------------------------------------------------------------------ */

/* Numbers of 64 bits without a sign stand as their bits. */
struct range {
    ProtobufCType type;
    bool is_unsigned; /* of 64 bits */
    bool is_empty;
    int64_t type_least, type_most;
    int64_t least, most;
};

static bool is_less(const struct range *range, int64_t a, int64_t b)
{
    return range->is_unsigned ? (uint64_t)a < (uint64_t)b : a < b;
}

static int64_t integer_at(const void *at, ProtobufCType type, size_t index)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return ((const int32_t *)at)[index];
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return ((const uint32_t *)at)[index];
    default:
        return ((const int64_t *)at)[index];
    }
}

static struct range whole_range(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return (struct range){type, false, false, INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX};
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return (struct range){type, false, false, 0, UINT32_MAX, 0, UINT32_MAX};
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return (struct range){type, true, false, 0, -1, 0, -1};
    default:
        return (struct range){type, false, false, INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX};
    }
}

static void raise_least(struct range *range, int64_t value)
{
    if (is_less(range, range->least, value))
        range->least = value;
}

static void lower_most(struct range *range, int64_t value)
{
    if (is_less(range, value, range->most))
        range->most = value;
}

/* Narrows by one member; false when it is not given. */
static bool narrow(struct range *range, const ProtobufCMessage *from, enum member number)
{
    const void *at = member_at(from, number);
    int64_t value;

    if (at == NULL)
        return false;
    value = integer_at(at, range->type, 0);
    if ((number == MEMBER_GT && value == range->type_most) ||
        (number == MEMBER_LT && value == range->type_least))
        range->is_empty = true;
    else if (number == MEMBER_GT)
        raise_least(range, value + 1);
    else if (number == MEMBER_LT)
        lower_most(range, value - 1);
    if (number == MEMBER_GTE || number == MEMBER_CONST)
        raise_least(range, value);
    if (number == MEMBER_LTE || number == MEMBER_CONST)
        lower_most(range, value);
    return true;
}

/* NULL when the arena failed. */
static const int64_t *integers_of(struct arena *arena, const ProtobufCMessage *from,
                                  enum member number, ProtobufCType type, size_t *ret_count)
{
    const void *at = list_at(from, number, ret_count);
    int64_t *integers = arena_array(arena, *ret_count, sizeof(*integers));

    for (size_t i = 0; integers != NULL && i < *ret_count; i++)
        integers[i] = integer_at(at, type, i);
    return integers;
}

static bool is_among(const int64_t *integers, size_t count, int64_t integer)
{
    for (size_t i = 0; i < count; i++)
        if (integers[i] == integer)
            return true;
    return false;
}

/* Whether a value of `in` meets the other rules, where there is a list. */
static bool can_be_in(const struct range *range, const struct rules *rules)
{
    for (size_t i = 0; i < rules->integer_count; i++) {
        int64_t value = rules->integers[i];

        if (!is_less(range, value, range->least) && !is_less(range, range->most, value) &&
            !is_among(rules->not_integers, rules->not_integer_count, value))
            return true;
    }
    return rules->integer_count == 0;
}

static struct status take_integer(const struct rule_target *target, const ProtobufCMessage *from,
                                  struct rules *rules)
{
    ProtobufCType type = target->field->pb->type;
    struct arena *arena = target->build->arena;
    struct range range = whole_range(type);
    bool any = false;

    for (int number = MEMBER_CONST; number <= MEMBER_GTE; number++)
        any = narrow(&range, from, (enum member)number) || any;
    rules->integers = integers_of(arena, from, MEMBER_IN, type, &rules->integer_count);
    rules->not_integers = integers_of(arena, from, MEMBER_NOT_IN, type, &rules->not_integer_count);
    if (rules->integers == NULL || rules->not_integers == NULL)
        return status_out_of_memory();
    if (range.is_empty || is_less(&range, range.most, range.least) || !can_be_in(&range, rules))
        return contract__refuse_rule(target, "that no value can meet");
    if (range.is_unsigned) {
        rules->has_unsigned_range = any;
        rules->unsigned_least = (uint64_t)range.least;
        rules->unsigned_most = (uint64_t)range.most;
    } else {
        rules->has_range = any;
        rules->least = range.least;
        rules->most = range.most;
    }
    return status_ok();
}

/* -- floating-point numbers ------------------------------------------------------------------ */

static double real_at(const void *at, ProtobufCType type, size_t index)
{
    return type == PROTOBUF_C_TYPE_FLOAT ? (double)((const float *)at)[index]
                                         : ((const double *)at)[index];
}

/* The shortest text that reads back as the same value of the type. */
static struct slice real_text(struct arena *arena, ProtobufCType type, double value)
{
    bool is_float = type == PROTOBUF_C_TYPE_FLOAT;
    struct slice text = SLICE_EMPTY;

    for (int digits = is_float ? 6 : 15; digits <= 17; digits++) {
        text = arena_printf(arena, "%.*g", digits, value);
        if (text.data == NULL || (is_float ? (double)strtof(text.data, NULL) == value
                                           : strtod(text.data, NULL) == value))
            break;
    }
    return text;
}

/* The stricter of a limit and a member, where the member is given. */
static void limit_by(const struct rule_target *target, const ProtobufCMessage *from,
                     enum member number, bool is_least, struct real_limit *limit)
{
    ProtobufCType type = target->field->pb->type;
    const void *at = member_at(from, number);
    bool excludes = number == MEMBER_GT || number == MEMBER_LT;
    double value;

    if (at == NULL)
        return;
    value = real_at(at, type, 0);
    if (limit->is_given && (is_least ? value < limit->value : value > limit->value))
        return;
    if (limit->is_given && value == limit->value && !excludes)
        return;
    *limit = (struct real_limit){true, excludes, value,
                                 real_text(target->build->arena, type, value)};
}

/* NULL when the arena failed; "0.5, 1" of all to *ret_text. */
static const double *reals_of(const struct rule_target *target, const ProtobufCMessage *from,
                              enum member number, size_t *ret_count, struct slice *ret_text)
{
    ProtobufCType type = target->field->pb->type;
    struct arena *arena = target->build->arena;
    const void *at = list_at(from, number, ret_count);
    double *reals = arena_array(arena, *ret_count, sizeof(*reals));

    for (size_t i = 0; reals != NULL && i < *ret_count; i++) {
        reals[i] = real_at(at, type, i);
        *ret_text = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(*ret_text), i == 0 ? "" : ", ",
                                 SLICE_ARG(real_text(arena, type, reals[i])));
    }
    return reals;
}

static bool is_within(const struct real_rules *rules, double value)
{
    return (!rules->least.is_given || (rules->least.is_excluded ? value > rules->least.value
                                                                : value >= rules->least.value)) &&
           (!rules->most.is_given ||
            (rules->most.is_excluded ? value < rules->most.value : value <= rules->most.value));
}

/* What the sentences and the documents can write. */
static bool are_finite(const struct real_rules *rules)
{
    for (size_t i = 0; i < rules->in_count; i++)
        if (!isfinite(rules->in[i]))
            return false;
    for (size_t i = 0; i < rules->not_in_count; i++)
        if (!isfinite(rules->not_in[i]))
            return false;
    return isfinite(rules->least.value) && isfinite(rules->most.value);
}

static bool can_be_met(const struct real_rules *rules)
{
    const struct real_limit *least = &rules->least;
    const struct real_limit *most = &rules->most;

    if (least->is_given && most->is_given &&
        (least->is_excluded || most->is_excluded ? least->value >= most->value
                                                 : least->value > most->value))
        return false;
    for (size_t i = 0; i < rules->in_count; i++)
        if (is_within(rules, rules->in[i]))
            return true;
    return rules->in_count == 0;
}

static struct status take_real(const struct rule_target *target, const ProtobufCMessage *from,
                               struct rules *rules)
{
    struct real_rules *real = arena_zalloc(target->build->arena, sizeof(*real));
    const protobuf_c_boolean *finite = member_at(from, MEMBER_FINITE);

    if (real == NULL)
        return status_out_of_memory();
    real->is_finite = finite != NULL && *finite;
    for (int number = MEMBER_CONST; number <= MEMBER_GTE; number++) {
        if (number != MEMBER_LT && number != MEMBER_LTE)
            limit_by(target, from, (enum member)number, true, &real->least);
        if (number != MEMBER_GT && number != MEMBER_GTE)
            limit_by(target, from, (enum member)number, false, &real->most);
    }
    real->in = reals_of(target, from, MEMBER_IN, &real->in_count, &real->in_text);
    real->not_in = reals_of(target, from, MEMBER_NOT_IN, &real->not_in_count, &real->not_in_text);
    if (arena_failed(target->build->arena))
        return status_out_of_memory();
    if (!are_finite(real))
        return contract__refuse_rule(target, "with a number that is not finite");
    if (!can_be_met(real))
        return contract__refuse_rule(target, "that no value can meet");
    rules->real = real;
    return status_ok();
}

struct status contract__build_number_rules(const struct rule_target *target,
                                           const Buf__Validate__FieldRules *from,
                                           struct rules *rules)
{
    /* Whichever member of the oneof it is, it is a message at the same place. */
    const ProtobufCMessage *numbers = &from->int32->base;

    assert(from->type_case >= BUF__VALIDATE__FIELD_RULES__TYPE_FLOAT &&
           from->type_case <= BUF__VALIDATE__FIELD_RULES__TYPE_SFIXED64);
    return target->field->pb->type == PROTOBUF_C_TYPE_FLOAT ||
                   target->field->pb->type == PROTOBUF_C_TYPE_DOUBLE
               ? take_real(target, numbers, rules)
               : take_integer(target, numbers, rules);
}
