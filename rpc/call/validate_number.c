/* The rules of numbers, each with the sentence that says what is wanted. */
#include "rpc/call/validate_number.h"

#include <math.h>

#include "rpc/call/validate.h"
#include "rpc/call/validate_report.h"

static void want(const struct judged *judged, const char *what)
{
    validate__report(judged->validation, judged->place, "%s%s", judged->subject, what);
}

/* -- integers ------------------------------------------------------------------------------ */

static bool is_among(const int64_t *integers, size_t count, int64_t integer)
{
    for (size_t i = 0; i < count; i++)
        if (integers[i] == integer)
            return true;
    return false;
}

static struct slice integer_text(const struct judged *judged, int64_t integer)
{
    struct arena *arena = judged->validation->arena;

    if (judged->field->pb->type == PROTOBUF_C_TYPE_UINT64 ||
        judged->field->pb->type == PROTOBUF_C_TYPE_FIXED64)
        return arena_printf(arena, "%llu", (unsigned long long)integer);
    return arena_printf(arena, "%lld", (long long)integer);
}

static struct slice integer_list(const struct judged *judged, const int64_t *integers, size_t count)
{
    struct slice list = SLICE_EMPTY;

    for (size_t i = 0; i < count; i++)
        list = arena_printf(judged->validation->arena, "%.*s%s%.*s", SLICE_ARG(list),
                            i == 0 ? "" : ", ", SLICE_ARG(integer_text(judged, integers[i])));
    return list;
}

static void want_list(const struct judged *judged, const char *what, struct slice list)
{
    validate__report(judged->validation, judged->place, "%s%s %.*s", judged->subject, what,
                     SLICE_ARG(list));
}

static void check_lists(const struct judged *judged, int64_t value)
{
    const struct rules *rules = judged->rules;

    if (rules->integer_count > 0 && !is_among(rules->integers, rules->integer_count, value))
        want_list(judged, "must be one of",
                  integer_list(judged, rules->integers, rules->integer_count));
    if (is_among(rules->not_integers, rules->not_integer_count, value))
        want_list(judged, "must not be", integer_text(judged, value));
}

/* The sentence of a range; an end of the type itself is not told. */
static void want_range(const struct judged *judged, int64_t least, bool is_lowest, int64_t most,
                       bool is_highest)
{
    struct slice from = integer_text(judged, least);
    struct slice to = integer_text(judged, most);

    if (least == most)
        want_list(judged, "must be", from);
    else if (is_highest)
        want_list(judged, "must be at least", from);
    else if (is_lowest)
        want_list(judged, "must be at most", to);
    else
        validate__report(judged->validation, judged->place, "%smust be from %.*s to %.*s",
                         judged->subject, SLICE_ARG(from), SLICE_ARG(to));
}

void validate__integer(const struct judged *judged, int64_t value)
{
    const struct rules *rules = judged->rules;
    int64_t type_least = INT64_MIN;
    int64_t type_most = INT64_MAX;

    switch (judged->field->pb->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        type_least = INT32_MIN;
        type_most = INT32_MAX;
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        type_least = 0;
        type_most = UINT32_MAX;
        break;
    default:
        break;
    }
    if (rules->has_range && (value < rules->least || value > rules->most))
        want_range(judged, rules->least, rules->least <= type_least, rules->most,
                   rules->most >= type_most);
    check_lists(judged, value);
}

void validate__unsigned(const struct judged *judged, uint64_t value)
{
    const struct rules *rules = judged->rules;

    if (rules->has_unsigned_range &&
        (value < rules->unsigned_least || value > rules->unsigned_most))
        want_range(judged, (int64_t)rules->unsigned_least, rules->unsigned_least == 0,
                   (int64_t)rules->unsigned_most, rules->unsigned_most == UINT64_MAX);
    check_lists(judged, (int64_t)value);
}

/* -- floating-point numbers ------------------------------------------------------------------ */

static bool is_real_among(const double *reals, size_t count, double real)
{
    for (size_t i = 0; i < count; i++)
        if (reals[i] == real)
            return true;
    return false;
}

static bool is_below(const struct real_limit *least, double value)
{
    return least->is_given && (least->is_excluded ? value <= least->value : value < least->value);
}

static bool is_above(const struct real_limit *most, double value)
{
    return most->is_given && (most->is_excluded ? value >= most->value : value > most->value);
}

static void check_real_range(const struct judged *judged, double value)
{
    const struct real_limit *least = &judged->rules->real->least;
    const struct real_limit *most = &judged->rules->real->most;
    bool is_low = is_below(least, value);

    if (!is_low && !is_above(most, value))
        return;
    if (least->is_given && most->is_given && least->value == most->value)
        want_list(judged, "must be", least->text);
    else if (least->is_given && most->is_given && !least->is_excluded && !most->is_excluded)
        validate__report(judged->validation, judged->place, "%smust be from %.*s to %.*s",
                         judged->subject, SLICE_ARG(least->text), SLICE_ARG(most->text));
    else if (is_low)
        want_list(judged, least->is_excluded ? "must be greater than" : "must be at least",
                  least->text);
    else
        want_list(judged, most->is_excluded ? "must be less than" : "must be at most", most->text);
}

void validate__real(const struct judged *judged, double value)
{
    const struct real_rules *rules = judged->rules->real;

    if (rules == NULL)
        return;
    if (isnan(value)) {
        want(judged, "must be a number");
        return;
    }
    if (rules->is_finite && isinf(value))
        want(judged, "must be finite");
    check_real_range(judged, value);
    if (rules->in_count > 0 && !is_real_among(rules->in, rules->in_count, value))
        want_list(judged, "must be one of", rules->in_text);
    if (is_real_among(rules->not_in, rules->not_in_count, value))
        want_list(judged, "must be none of", rules->not_in_text);
}
