/* The rules of timestamps and durations, each with the sentence that says what is wanted. */
#include "rpc/call/validate_moment.h"

#include "rpc/call/validate.h"
#include "rpc/call/validate_report.h"

#define NANOS_A_MS 1000000
#define NANOS_A_S 1000000000

/* A moment under its rules, and where the sentences go. */
struct judged_moment {
    struct validation *validation;
    const struct place *place;
    struct moment moment;
};

static int compare(struct moment a, struct moment b)
{
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;
    return a.nanos < b.nanos ? -1 : a.nanos > b.nanos;
}

static bool is_among(const struct moment *moments, size_t count, struct moment moment)
{
    for (size_t i = 0; i < count; i++)
        if (compare(moments[i], moment) == 0)
            return true;
    return false;
}

static void want(const struct judged_moment *judged, const char *what, struct slice text)
{
    if (text.len == 0)
        validate__report(judged->validation, judged->place, "%s", what);
    else
        validate__report(judged->validation, judged->place, "%s %.*s", what, SLICE_ARG(text));
}

/* The words of a limit that is broken: times are before and after, durations less and more. */
static const char *limit_words(enum well_known which, bool is_least, bool is_excluded)
{
    if (which == WELL_KNOWN_DURATION && is_least)
        return is_excluded ? "must be more than" : "must be at least";
    if (which == WELL_KNOWN_DURATION)
        return is_excluded ? "must be less than" : "must be at most";
    if (is_least)
        return is_excluded ? "must be after" : "must not be before";
    return is_excluded ? "must be before" : "must not be after";
}

static void check_limits(const struct judged_moment *judged, enum well_known which,
                         const struct moment_rules *rules)
{
    const struct moment_limit *least = &rules->least;
    const struct moment_limit *most = &rules->most;
    int low = least->is_given ? compare(judged->moment, least->value) : 1;
    int high = most->is_given ? compare(most->value, judged->moment) : 1;
    bool is_low = low < (least->is_excluded ? 1 : 0);
    bool is_high = high < (most->is_excluded ? 1 : 0);

    if (!is_low && !is_high)
        return;
    if (least->is_given && most->is_given && compare(least->value, most->value) == 0)
        want(judged, "must be", least->text);
    else if (is_low)
        want(judged, limit_words(which, true, least->is_excluded), least->text);
    else
        want(judged, limit_words(which, false, most->is_excluded), most->text);
}

/* The distance of two timestamps. */
static struct moment distance(struct moment a, struct moment b)
{
    struct moment later = compare(a, b) > 0 ? a : b;
    struct moment earlier = compare(a, b) > 0 ? b : a;
    struct moment between = {later.seconds - earlier.seconds, later.nanos - earlier.nanos};

    if (between.nanos < 0) {
        between.seconds--;
        between.nanos += NANOS_A_S;
    }
    return between;
}

static void check_now(const struct judged_moment *judged, const struct moment_rules *rules)
{
    int64_t now_ms = judged->validation->now_ms;
    struct moment now = {now_ms / 1000, (int32_t)(now_ms % 1000) * NANOS_A_MS};

    if (now_ms == 0)
        return;
    if (rules->is_past && compare(judged->moment, now) >= 0)
        want(judged, "must be in the past", SLICE_EMPTY);
    if (rules->is_future && compare(judged->moment, now) <= 0)
        want(judged, "must be in the future", SLICE_EMPTY);
    if (rules->within.is_given && compare(distance(judged->moment, now), rules->within.value) > 0)
        validate__report(judged->validation, judged->place, "must be within %.*s of now",
                         SLICE_ARG(rules->within.text));
}

void validate__moment(struct validation *validation, const struct place *place,
                      enum well_known which, const struct moment_rules *rules, struct moment moment)
{
    const struct judged_moment judged = {validation, place, moment};

    check_limits(&judged, which, rules);
    check_now(&judged, rules);
    if (rules->in_count > 0 && !is_among(rules->in, rules->in_count, moment))
        want(&judged, "must be one of", rules->in_text);
    if (is_among(rules->not_in, rules->not_in_count, moment))
        want(&judged, "must be none of", rules->not_in_text);
}
