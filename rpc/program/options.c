/* Flags, environment and file are three spellings of one table: the texts here and the settings. */
#include "rpc/program/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MOST (1 << 20)

enum option_type { OPTION_TEXT, OPTION_LISTEN, OPTION_FLAG, OPTION_LOG_FORMAT };

struct option_row {
    const char *name; /* with dashes, as a flag */
    enum option_type type;
    size_t offset;
    const char *text;
};

static const struct option_row option_rows[] = {
    {"data-dir", OPTION_TEXT, offsetof(struct options, data_dir),
     "directory of the embedded store"},
    {"key-file", OPTION_TEXT, offsetof(struct options, key_file),
     "file with the store's key; DATA-DIR.key by default"},
    {"config", OPTION_TEXT, offsetof(struct options, config), "configuration file"},
    {"listen", OPTION_LISTEN, 0,
     "HOST:PORT or unix:PATH; may be repeated; 127.0.0.1:8080 by default"},
    {"insecure-listen", OPTION_FLAG, offsetof(struct options, insecure_listen),
     "allow a plaintext listener that is not loopback"},
    {"log-format", OPTION_LOG_FORMAT, 0, "json or text"},
    {"organization", OPTION_TEXT, offsetof(struct options, organization),
     "init, organization-add: the organization's name"},
    {"owner-email", OPTION_TEXT, offsetof(struct options, owner_email),
     "init, organization-add: who owns it"},
    {"organization-id", OPTION_TEXT, offsetof(struct options, organization_id),
     "verify-audit: one organization instead of all"},
    {"version", OPTION_TEXT, offsetof(struct options, version),
     "openapi: 3.1, 3.0 or 2.0; 3.1 by default"},
    {"out", OPTION_TEXT, offsetof(struct options, out),
     "proto: the directory that the files go to"},
    {"store", OPTION_TEXT, offsetof(struct options, store), "the store's engine: rocksdb"},
};
#define OPTION_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))

/* Which options were said by a source that goes before the one being read. */
struct said {
    bool rows[OPTION_ROWS];
    bool settings[128];
};

struct source {
    struct arena *arena;
    struct options *options;
    const struct said *before; /* said already: left alone */
    struct said *now;
    const char *place; /* "flag", "environment variable", "configuration key" */
};

static bool name_matches(const char *name, struct slice given)
{
    for (size_t i = 0; i < given.len; i++) {
        char c = given.data[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (c == '_')
            c = '-';
        if (name[i] == '\0' || name[i] != c)
            return false;
    }
    return name[given.len] == '\0';
}

static const struct option_row *option_find(struct slice name)
{
    for (size_t i = 0; i < OPTION_ROWS; i++)
        if (name_matches(option_rows[i].name, name))
            return &option_rows[i];
    return NULL;
}

static struct status option_set(struct source *source, const struct option_row *row,
                                const char *value)
{
    struct options *options = source->options;

    switch (row->type) {
    case OPTION_TEXT:
        memcpy((char *)options + row->offset, &value, sizeof(value));
        return status_ok();
    case OPTION_LISTEN:
        if (options->listen_count == OPTIONS_LISTEN_MOST)
            return status_make(source->arena, STATUS_INVALID_ARGUMENT,
                               "The %s listen may be given %d times at most.", source->place,
                               OPTIONS_LISTEN_MOST);
        options->listen[options->listen_count++] = value;
        return status_ok();
    case OPTION_FLAG:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            break;
        *((bool *)((char *)options + row->offset)) = value[0] == 't';
        return status_ok();
    case OPTION_LOG_FORMAT:
        if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
            break;
        options->log_format = value[0] == 'j' ? LOG_JSON : LOG_TEXT;
        return status_ok();
    }
    return status_make(source->arena, STATUS_INVALID_ARGUMENT, "The %s %s can't be \"%s\".",
                       source->place, row->name, value);
}

static size_t setting_index(const struct setting *row)
{
    size_t count;

    return (size_t)(row - settings_rows(&count));
}

static struct status setting_set(struct source *source, struct slice name, const char *value)
{
    struct settings attempt = source->options->settings;
    const struct setting *row = NULL;
    enum setting_result result = settings_set(&attempt, name, slice_from_cstr(value), &row);

    if (result == SETTING_UNKNOWN)
        return status_make(source->arena, STATUS_INVALID_ARGUMENT, "The %s %.*s is not known.",
                           source->place, SLICE_ARG(name));
    if (result != SETTING_OK)
        return status_make(source->arena, STATUS_INVALID_ARGUMENT,
                           "The %s %s must be a number from %llu to %llu, not \"%s\".",
                           source->place, row->name, (unsigned long long)row->smallest,
                           (unsigned long long)row->largest, value);
    if (source->before->settings[setting_index(row)])
        return status_ok();
    source->now->settings[setting_index(row)] = true;
    source->options->settings = attempt;
    return status_ok();
}

static struct status set_by_name(struct source *source, struct slice name, const char *value)
{
    const struct option_row *row = option_find(name);

    if (row == NULL)
        return setting_set(source, name, value);
    if (source->before->rows[row - option_rows])
        return status_ok();
    source->now->rows[row - option_rows] = true;
    return option_set(source, row, value);
}

static struct status read_flags(struct source *source, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        struct slice flag = slice_from_cstr(argv[i]);
        const struct option_row *row;
        struct slice name;
        const char *value;
        struct status status;
        size_t equals;

        if (!slice_starts_with(flag, SLICE("--")))
            return status_make(source->arena, STATUS_INVALID_ARGUMENT,
                               "\"%s\" is not a flag; flags begin with --.", argv[i]);
        name = slice_from(flag, 2);
        equals = slice_find(name, '=');
        value = equals < name.len ? name.data + equals + 1 : NULL;
        name.len = equals;
        row = option_find(name);
        if (value == NULL && row != NULL && row->type == OPTION_FLAG)
            value = "true";
        if (value == NULL && i + 1 < argc)
            value = argv[++i];
        if (value == NULL)
            return status_make(source->arena, STATUS_INVALID_ARGUMENT, "The flag %s needs a value.",
                               argv[i]);
        status = set_by_name(source, name, value);
        if (!status_is_ok(status))
            return status;
    }
    return status_ok();
}

/* Only variables that name an option or setting: DATASTREAM_ is a common prefix. */
static struct status read_environment(struct source *source)
{
    struct status status = status_ok();
    size_t count;
    const struct setting *rows = settings_rows(&count);

    for (size_t i = 0; i < OPTION_ROWS + count && status_is_ok(status); i++) {
        const char *name = i < OPTION_ROWS ? option_rows[i].name : rows[i - OPTION_ROWS].name;
        char variable[96];
        const char *value;
        size_t len = (size_t)snprintf(variable, sizeof(variable), "DATASTREAM_%s", name);

        for (size_t j = 0; j < len && j < sizeof(variable); j++) {
            if (variable[j] >= 'a' && variable[j] <= 'z')
                variable[j] = (char)(variable[j] - ('a' - 'A'));
            if (variable[j] == '-')
                variable[j] = '_';
        }
        value = getenv(variable);
        if (value != NULL)
            status = set_by_name(source, slice_from_cstr(name), value);
    }
    return status;
}

static struct status read_line(struct source *source, struct slice line, unsigned number)
{
    size_t equals;
    char *value;

    line = slice_trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return status_ok();
    equals = slice_find(line, '=');
    if (equals == line.len)
        return status_make(source->arena, STATUS_INVALID_ARGUMENT,
                           "Line %u of the configuration file is not \"key = value\".", number);
    value = arena_cstr(source->arena, slice_trim(slice_from(line, equals + 1)));
    if (value == NULL)
        return status_out_of_memory();
    return set_by_name(source, slice_trim(slice_make(line.data, equals)), value);
}

/* The whole file; a part of it would leave bounds unset that its author relies on. */
static struct status read_bytes(struct arena *arena, const char *path, struct slice *ret_bytes)
{
    FILE *file = fopen(path, "rb");
    int error = file == NULL ? errno : 0;
    char *bytes = arena_alloc(arena, FILE_BYTES_MOST + 1);
    size_t len = 0;

    if (file != NULL) {
        len = bytes == NULL ? 0 : fread(bytes, 1, FILE_BYTES_MOST + 1, file);
        error = ferror(file) ? errno : 0;
        fclose(file);
    }
    if (error != 0)
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "The configuration file %s can't be read: %s.", path, strerror(error));
    if (len > FILE_BYTES_MOST)
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "The configuration file %s is larger than %d bytes.", path,
                           FILE_BYTES_MOST);
    *ret_bytes = slice_make(bytes, len);
    return bytes == NULL ? status_out_of_memory() : status_ok();
}

static struct status read_file(struct source *source, const char *path)
{
    struct slice rest = SLICE_EMPTY;
    struct status status = read_bytes(source->arena, path, &rest);

    for (unsigned number = 1; rest.len > 0 && status_is_ok(status); number++) {
        size_t end = slice_find(rest, '\n');

        status = read_line(source, slice_make(rest.data, end), number);
        rest = slice_from(rest, end < rest.len ? end + 1 : end);
    }
    return status;
}

static void said_add(struct said *all, const struct said *more)
{
    for (size_t i = 0; i < sizeof(all->rows) / sizeof(all->rows[0]); i++)
        all->rows[i] |= more->rows[i];
    for (size_t i = 0; i < sizeof(all->settings) / sizeof(all->settings[0]); i++)
        all->settings[i] |= more->settings[i];
}

struct status options_read(struct arena *arena, int argc, char **argv, struct options *ret_options)
{
    struct options options = {.settings = settings_default(), .store = "rocksdb"};
    struct said before = {0};
    struct said now = {0};
    struct source source = {arena, &options, &before, &now, "flag"};
    struct status status = read_flags(&source, argc, argv);

    said_add(&before, &now);
    if (status_is_ok(status)) {
        source.place = "environment variable for";
        status = read_environment(&source);
        said_add(&before, &now);
    }
    if (status_is_ok(status) && options.config != NULL) {
        source.place = "configuration key";
        status = read_file(&source, options.config);
    }
    if (!status_is_ok(status))
        return status;
    if (options.listen_count == 0)
        options.listen[options.listen_count++] = "127.0.0.1:8080";
    if (options.key_file == NULL && options.data_dir != NULL) {
        struct slice dir = slice_from_cstr(options.data_dir);

        while (dir.len > 1 && dir.data[dir.len - 1] == '/')
            dir.len--;
        options.key_file = arena_printf(arena, "%.*s.key", SLICE_ARG(dir)).data;
    }
    if (arena_failed(arena))
        return status_out_of_memory();
    *ret_options = options;
    return status_ok();
}

void options_print(void)
{
    size_t count;
    const struct setting *rows = settings_rows(&count);

    for (size_t i = 0; i < OPTION_ROWS; i++)
        printf("  --%-28s %s\n", option_rows[i].name, option_rows[i].text);
    for (size_t i = 0; i < count; i++) {
        char flag[64];
        size_t len = (size_t)snprintf(flag, sizeof(flag), "%s", rows[i].name);

        for (size_t j = 0; j < len; j++)
            if (flag[j] == '_')
                flag[j] = '-';
        printf("  --%-28s %s (%llu to %llu; %llu)\n", flag, rows[i].text,
               (unsigned long long)rows[i].smallest, (unsigned long long)rows[i].largest,
               (unsigned long long)rows[i].initial);
    }
}
