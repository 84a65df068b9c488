/* Intervals. */
#include "rpc/call/interval.h"

static const struct interval_unit {
    char suffix;
    uint32_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

#define UNITS (sizeof(units) / sizeof(units[0]))

/* False where the digits are none; a number beyond 64 bits is UINT64_MAX. */
static bool digits(struct slice text, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (value > (UINT64_MAX - 9) / 10)
            value = UINT64_MAX;
        else
            value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_value = value;
    return text.len > 0;
}

bool interval_parse(struct arena *arena, struct slice text, uint32_t *ret_seconds,
                    struct format_violation *ret_violation)
{
    struct slice number = text;
    uint32_t unit = 1;
    uint64_t value = 0;

    for (size_t i = 0; text.len > 0 && i < UNITS; i++) {
        if (text.data[text.len - 1] == units[i].suffix) {
            unit = units[i].seconds;
            number.len--;
        }
    }
    if (text.len > 0 && !digits(number, &value))
        return format__refuse(arena, ret_violation, (struct text_place){0}, true,
                              "must be a number of seconds, or a number with s, m, h or d after "
                              "it, such as 90 or 15m");
    if (value > INTERVAL_SECONDS_MOST / unit)
        return format__refuse(arena, ret_violation, (struct text_place){0}, true,
                              "must be at most 30 days");
    value *= unit;
    *ret_seconds = value <= 1 ? 0 : (uint32_t)value;
    return true;
}

bool interval__check(struct arena *arena, struct slice text, struct format_violation *ret_violation)
{
    uint32_t seconds;

    return interval_parse(arena, text, &seconds, ret_violation);
}
