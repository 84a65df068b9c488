/* Digits and a unit. */
#include "rpc/grpc/timeout.h"

#define TIMEOUT_DIGITS_MOST 8

/* Milliseconds are value * times / per. */
static const struct {
    char unit;
    uint32_t times;
    uint32_t per;
} units[] = {
    {'H', 3600000, 1}, {'M', 60000, 1}, {'S', 1000, 1},
    {'m', 1, 1},       {'u', 1, 1000},  {'n', 1, 1000000},
};

bool grpc__timeout_parse(struct slice text, uint64_t *ret_ms)
{
    uint64_t value;

    if (text.len < 2 || text.len > TIMEOUT_DIGITS_MOST + 1 ||
        !slice_to_u64(slice_make(text.data, text.len - 1), &value))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].unit == text.data[text.len - 1]) {
            *ret_ms = (value * units[i].times + units[i].per - 1) / units[i].per;
            return true;
        }
    return false;
}
