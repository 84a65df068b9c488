/*
 * What the help and docs/configuration.md say of settings beyond their table: subjects and units.
 */
#include "rpc/program/help_words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/slice.h"

/* The settings of a subject: from this row of the table to the next subject's. */
static const struct subject {
    const char *first;
    const char *title;
} setting_subjects[] = {
    {"workers", "Connections"},
    {"max_header_bytes", "Sizes of requests"},
    {"max_pipelined_requests", "HTTP/1.1 and HTTP/2"},
    {"header_timeout_ms", "Times"},
    {"max_failed_sign_ins", "Sign-in"},
    {"feed_keep_ms", "Change feed"},
    {"maintenance_interval_ms", "Maintenance, log and caches"},
};
#define SETTING_SUBJECTS (sizeof(setting_subjects) / sizeof(setting_subjects[0]))

/* What a setting's name says of its unit. */
static const struct unit {
    const char *suffix;
    const char *value;    /* stands for the value in the help */
    uint64_t scale;       /* in base units */
    const char *names[5]; /* base unit and larger ones, for steps[] */
    uint64_t steps[5];
} units[] = {
    {"_ms", "MS", 1, {"ms", "s", "min", "h", "d"}, {1, 1000, 60000, 3600000, 86400000}},
    {"_bytes_per_second", "BYTES", 1, {"bytes/s", "KiB/s", "MiB/s"}, {1, 1 << 10, 1 << 20}},
    {"_bytes", "BYTES", 1, {"bytes", "KiB", "MiB", "GiB"}, {1, 1 << 10, 1 << 20, 1 << 30}},
    {"_kib", "KIB", 1 << 10, {"bytes", "KiB", "MiB", "GiB"}, {1, 1 << 10, 1 << 20, 1 << 30}},
    {"_mib", "MIB", 1 << 20, {"bytes", "KiB", "MiB", "GiB"}, {1, 1 << 10, 1 << 20, 1 << 30}},
    {"_percent", "PERCENT", 1, {"%"}, {1}},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

static const struct unit *unit_of(const char *name)
{
    for (size_t i = 0; i < UNITS; i++)
        if (slice_ends_with(slice_from_cstr(name), slice_from_cstr(units[i].suffix)))
            return &units[i];
    return NULL;
}

/* "10 s", "64 KiB", "16": in the largest unit that divides it. */
void help__quantity(const char *name, uint64_t value, char *to, size_t size)
{
    const struct unit *unit = unit_of(name);
    size_t step = 0;

    if (unit == NULL) {
        snprintf(to, size, "%" PRIu64, value);
        return;
    }
    value *= unit->scale;
    for (size_t i = 1; value > 0 && i < 5 && unit->names[i] != NULL; i++) {
        assert(unit->steps[i] > unit->steps[i - 1]);
        if (value % unit->steps[i] == 0)
            step = i;
    }
    snprintf(to, size, "%" PRIu64 " %s", value / unit->steps[step], unit->names[step]);
}

const char *help__value(const char *name)
{
    const struct unit *unit = unit_of(name);

    return unit == NULL ? "N" : unit->value;
}

const char *help__subject(const char *name)
{
    for (size_t i = 0; i < SETTING_SUBJECTS; i++)
        if (strcmp(name, setting_subjects[i].first) == 0)
            return setting_subjects[i].title;
    return NULL;
}
