/* The table of settings, unfolded. */
#include "base/settings.h"

static const struct setting rows[] = {
#define X(name, smallest, largest, initial, text) {#name, smallest, largest, initial, text},
    SETTINGS(X)
#undef X
};

static const size_t offsets[] = {
#define X(name, smallest, largest, initial, text) offsetof(struct settings, name),
    SETTINGS(X)
#undef X
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct setting *settings_rows(size_t *ret_count)
{
    *ret_count = ROWS;
    return rows;
}

static void settings_store(struct settings *settings, size_t row, uint64_t value)
{
    memcpy((char *)settings + offsets[row], &value, sizeof(value));
}

struct settings settings_default(void)
{
    struct settings settings;

    for (size_t i = 0; i < ROWS; i++)
        settings_store(&settings, i, rows[i].initial);
    return settings;
}

static bool same_name(const char *name, struct slice given)
{
    for (size_t i = 0; i < given.len; i++) {
        char c = given.data[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (c == '-')
            c = '_';
        if (name[i] == '\0' || name[i] != c)
            return false;
    }
    return name[given.len] == '\0';
}

enum setting_result settings_set(struct settings *settings, struct slice name, struct slice value,
                                 const struct setting **ret_row)
{
    uint64_t number;

    for (size_t i = 0; i < ROWS; i++) {
        if (!same_name(rows[i].name, name))
            continue;
        *ret_row = &rows[i];
        if (!slice_to_u64(value, &number))
            return SETTING_NOT_A_NUMBER;
        if (number < rows[i].smallest || number > rows[i].largest)
            return SETTING_OUT_OF_RANGE;
        settings_store(settings, i, number);
        return SETTING_OK;
    }
    return SETTING_UNKNOWN;
}
