/* Unfolds the rules of google.protobuf.Timestamp and Duration. */
#include "proto/contract/contract_rules_moments.h"

#include <stdlib.h>
#include <time.h>

#include "proto/contract/contract_rules.h"

/* The members that both kinds of rules have; NULL where one is not given. */
struct limits {
    const struct rule_target *target;
    bool is_duration;
    const void *constant, *lt, *lte, *gt, *gte;
};

/* -- single moments ------------------------------------------------------------------------ */

static struct moment moment_of(const struct limits *limits, const void *from)
{
    const Google__Protobuf__Timestamp *time = from;
    const Google__Protobuf__Duration *duration = from;

    if (limits->is_duration)
        return (struct moment){duration->seconds, duration->nanos};
    return (struct moment){time->seconds, time->nanos};
}

static bool is_moment(const struct limits *limits, struct moment moment)
{
    return limits->is_duration ? moment_is_duration(moment) : moment_is_timestamp(moment);
}

static int compare(struct moment a, struct moment b)
{
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;
    return a.nanos < b.nanos ? -1 : a.nanos > b.nanos;
}

/* ".5" for half a second; empty for whole ones. */
static struct slice fraction_text(struct arena *arena, int32_t nanos)
{
    struct slice text;

    if (nanos == 0)
        return SLICE("");
    text = arena_printf(arena, ".%09d", (int)abs(nanos));
    while (text.len > 0 && text.data[text.len - 1] == '0')
        text.len--;
    return text;
}

static struct slice moment_text(const struct limits *limits, struct moment moment)
{
    struct arena *arena = limits->target->build->arena;
    struct slice fraction = fraction_text(arena, moment.nanos);
    time_t seconds = moment.seconds;
    struct tm parts;

    if (limits->is_duration)
        return arena_printf(arena, "%s%lld%.*ss", moment.seconds < 0 || moment.nanos < 0 ? "-" : "",
                            (long long)llabs(moment.seconds), SLICE_ARG(fraction));
    gmtime_r(&seconds, &parts);
    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d%.*sZ", parts.tm_year + 1900,
                        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                        SLICE_ARG(fraction));
}

/* -- limits -------------------------------------------------------------------------------- */

/* The stricter of a limit and a member, where the member is given. False for no moment. */
static bool limit_by(const struct limits *limits, const void *member, bool is_least,
                     bool is_excluded, struct moment_limit *limit)
{
    struct moment value;
    int order;

    if (member == NULL)
        return true;
    value = moment_of(limits, member);
    if (!is_moment(limits, value))
        return false;
    order = compare(value, limit->value) * (is_least ? 1 : -1);
    if (!limit->is_given || order > 0 || (order == 0 && is_excluded))
        *limit = (struct moment_limit){true, is_excluded, value, moment_text(limits, value)};
    return true;
}

static bool take_limits(const struct limits *limits, struct moment_rules *rules)
{
    return limit_by(limits, limits->constant, true, false, &rules->least) &&
           limit_by(limits, limits->constant, false, false, &rules->most) &&
           limit_by(limits, limits->gt, true, true, &rules->least) &&
           limit_by(limits, limits->gte, true, false, &rules->least) &&
           limit_by(limits, limits->lt, false, true, &rules->most) &&
           limit_by(limits, limits->lte, false, false, &rules->most);
}

static bool is_within(const struct moment_rules *rules, struct moment value)
{
    int above = rules->least.is_given ? compare(value, rules->least.value) : 1;
    int below = rules->most.is_given ? compare(rules->most.value, value) : 1;

    return above >= (rules->least.is_excluded ? 1 : 0) &&
           below >= (rules->most.is_excluded ? 1 : 0);
}

static bool can_be_met(const struct moment_rules *rules)
{
    if (rules->least.is_given && rules->most.is_given) {
        int order = compare(rules->least.value, rules->most.value);

        if (order > 0 || (order == 0 && (rules->least.is_excluded || rules->most.is_excluded)))
            return false;
    }
    for (size_t i = 0; i < rules->in_count; i++)
        if (is_within(rules, rules->in[i]))
            return true;
    return rules->in_count == 0 && !(rules->is_past && rules->is_future);
}

static struct status no_moment(const struct limits *limits)
{
    return contract__refuse_rule(limits->target, limits->is_duration ? "with what is no duration"
                                                                     : "with what is no timestamp");
}

static struct status settle(const struct limits *limits, const struct moment_rules *rules,
                            const struct moment_rules **ret_rules)
{
    if (arena_failed(limits->target->build->arena))
        return status_out_of_memory();
    if (!can_be_met(rules))
        return contract__refuse_rule(limits->target, "that no value can meet");
    *ret_rules = rules;
    return status_ok();
}

/* -- timestamps and durations -------------------------------------------------------------- */

struct status contract__build_timestamp_rules(const struct rule_target *target,
                                              const Buf__Validate__TimestampRules *from,
                                              const struct moment_rules **ret_rules)
{
    const struct limits limits = {target,    false,    from->const_, from->lt,
                                  from->lte, from->gt, from->gte};
    const struct limits distance = {.target = target, .is_duration = true};
    struct moment_rules *rules = arena_zalloc(target->build->arena, sizeof(*rules));

    if (rules == NULL)
        return status_out_of_memory();
    rules->is_past = from->has_lt_now && from->lt_now;
    rules->is_future = from->has_gt_now && from->gt_now;
    if (!take_limits(&limits, rules) ||
        !limit_by(&distance, from->within, false, false, &rules->within))
        return no_moment(&limits);
    if (compare(rules->within.value, (struct moment){0, 0}) < 0)
        return contract__refuse_rule(target, "that no value can meet");
    return settle(&limits, rules, ret_rules);
}

/* False for one that is no duration. */
static bool take_list(const struct limits *limits, Google__Protobuf__Duration *const *from,
                      size_t count, const struct moment **ret_list, size_t *ret_count,
                      struct slice *ret_text)
{
    struct arena *arena = limits->target->build->arena;
    struct moment *list = arena_array(arena, count, sizeof(*list));

    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = moment_of(limits, from[i]);
        if (!is_moment(limits, list[i]))
            return false;
        *ret_text = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(*ret_text), i == 0 ? "" : ", ",
                                 SLICE_ARG(moment_text(limits, list[i])));
    }
    *ret_list = list;
    *ret_count = list == NULL ? 0 : count;
    return true;
}

struct status contract__build_duration_rules(const struct rule_target *target,
                                             const Buf__Validate__DurationRules *from,
                                             const struct moment_rules **ret_rules)
{
    const struct limits limits = {target,    true,     from->const_, from->lt,
                                  from->lte, from->gt, from->gte};
    struct moment_rules *rules = arena_zalloc(target->build->arena, sizeof(*rules));

    if (rules == NULL)
        return status_out_of_memory();
    if (!take_limits(&limits, rules) ||
        !take_list(&limits, from->in, from->n_in, &rules->in, &rules->in_count, &rules->in_text) ||
        !take_list(&limits, from->not_in, from->n_not_in, &rules->not_in, &rules->not_in_count,
                   &rules->not_in_text))
        return no_moment(&limits);
    return settle(&limits, rules, ret_rules);
}
