/* Flags, environment and file are three spellings of one table: the texts here and the settings. */
#include "rpc/program/options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/program/nearest.h"

#define FILE_BYTES_MOST (1 << 20)

static const struct option_row option_rows[] = {
    {"data-dir", OPTION_TEXT, offsetof(struct options, data_dir), "Store", FOR_STORES, "DIR",
     "directory of the embedded store; required"},
    {"key-file", OPTION_TEXT, offsetof(struct options, key_file), "Store", FOR_STORES, "FILE",
     "file with the key of the store (default: the data directory's name with .key appended)"},
    {"new-key-file", OPTION_TEXT, offsetof(struct options, new_key_file), "Store", FOR_ROTATE_KEY,
     "FILE", "key file that the store shall have from now on; created unless it exists"},
    {"data-keys", OPTION_FLAG, offsetof(struct options, data_keys), "Store", FOR_ROTATE_KEY, NULL,
     "give each organization a new data key and encrypt all secrets anew"},
    {"store", OPTION_TEXT, offsetof(struct options, store), "Store", FOR_SERVE, "ENGINE",
     "engine of the store (default rocksdb, the only one)"},
    {"organization", OPTION_TEXT, offsetof(struct options, organization), "Organization",
     FOR_CREATION, "NAME", "name of the organization; required"},
    {"owner-email", OPTION_TEXT, offsetof(struct options, owner_email), "Organization", FOR_OWNERS,
     "MAIL", "e-mail address of the organization's owner; required"},
    {"owner-password-file", OPTION_TEXT, offsetof(struct options, owner_password_file),
     "Organization", FOR_OWNERS, "FILE",
     "file with the owner's password (default: one is generated and printed)"},
    {"organization-id", OPTION_TEXT, offsetof(struct options, organization_id), "Organization",
     FOR_VERIFY_AUDIT | FOR_OWNER_RESET, "ID",
     "id of the organization that is meant (default: all, or the only one)"},
    {"listen", OPTION_LISTEN, 0, "Listening", FOR_SERVE, "ADDRESS",
     "HOST:PORT or unix:PATH; up to 8 times (default 127.0.0.1:8080)"},
    {"insecure-listen", OPTION_FLAG, offsetof(struct options, insecure_listen), "Listening",
     FOR_SERVE, NULL, "allow a plaintext listener that is not loopback"},
    {"public-url", OPTION_TEXT, offsetof(struct options, public_url), "Listening", FOR_SERVE, "URL",
     "scheme and authority at which browsers reach the server, such as https://data.example.com "
     "(default: those of each request)"},
    {"trusted-proxies", OPTION_TEXT, offsetof(struct options, trusted_proxies), "Listening",
     FOR_SERVE, "NETWORKS",
     "networks, with commas between, whose X-Forwarded-For, -Proto and -Host headers are believed; "
     "unix for a Unix socket's clients (default: none)"},
    {"version", OPTION_TEXT, offsetof(struct options, version), "Document", FOR_OPENAPI, "VERSION",
     "version of the OpenAPI document: 3.1, 3.0 or 2.0 (default 3.1)"},
    {"out", OPTION_TEXT, offsetof(struct options, out), "Files", FOR_PROTO, "DIR",
     "directory that the files are written to; required"},
    {"file", OPTION_TEXT, offsetof(struct options, file), "Files", FOR_VERIFY_AUDIT, "FILE",
     "file of an exported audit log, as NDJSON, that is verified in place of the store's rows"},
    {"allow-gaps", OPTION_FLAG, offsetof(struct options, allow_gaps), "Files", FOR_VERIFY_AUDIT,
     NULL, "rows may be missing between those of the file: it was exported with filters"},
    {"config", OPTION_TEXT, offsetof(struct options, config), "Configuration and log", FOR_ALL,
     "FILE", "configuration file with \"key = value\" lines (default: none)"},
    {"log-format", OPTION_LOG_FORMAT, 0, "Configuration and log", FOR_ALL, "FORMAT",
     "json or text (default json)"},
};
#define OPTION_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))

/* Environment and file spell names in their own way. */
enum place { PLACE_FLAG, PLACE_ENVIRONMENT, PLACE_FILE };

#define SETTINGS_MOST 128

/* Which options were said by a source that goes before the one being read. */
struct said {
    bool rows[OPTION_ROWS];
    bool settings[SETTINGS_MOST];
};

struct source {
    struct arena *arena;
    struct options *options;
    const struct said *before; /* said already: left alone */
    struct said *now;
    enum place place;
    unsigned line; /* of the configuration file */
};

const struct option_row *options__rows(size_t *ret_count)
{
    *ret_count = OPTION_ROWS;
    return option_rows;
}

static const char *const place_nouns[] = {
    [PLACE_FLAG] = "flag", [PLACE_ENVIRONMENT] = "environment variable", [PLACE_FILE] = "key"};
_Static_assert(sizeof(place_nouns) / sizeof(place_nouns[0]) == PLACE_FILE + 1,
               "each place has a noun");

/* A name as one writes it there: --data-dir, DATASTREAM_DATA_DIR, data_dir. */
static struct slice spell(const struct source *source, struct slice name)
{
    static const char *const prefixes[] = {
        [PLACE_FLAG] = "--", [PLACE_ENVIRONMENT] = "DATASTREAM_", [PLACE_FILE] = ""};
    size_t len = strlen(prefixes[source->place]);
    char *text = arena_alloc(source->arena, len + name.len);

    if (text == NULL)
        return SLICE_EMPTY;
    memcpy(text, prefixes[source->place], len);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (c == '-' || c == '_')
            c = source->place == PLACE_FLAG ? '-' : '_';
        if (source->place == PLACE_ENVIRONMENT && c >= 'a' && c <= 'z')
            c = (char)(c - ('a' - 'A'));
        text[len + i] = c;
    }
    return slice_make(text, len + name.len);
}

/* Where in the configuration file; empty for what is in no file. */
static struct slice place_in_file(const struct source *source)
{
    return source->place == PLACE_FILE
               ? arena_printf(source->arena, "%s, line %u: ", source->options->config, source->line)
               : SLICE_EMPTY;
}

static struct status value_refused(struct source *source, const char *name, const char *right,
                                   const char *value)
{
    return status_make(source->arena, STATUS_INVALID_ARGUMENT,
                       "%.*sThe %s %.*s must be %s, not \"%s\".", SLICE_ARG(place_in_file(source)),
                       place_nouns[source->place], SLICE_ARG(spell(source, slice_from_cstr(name))),
                       right, value);
}

/* Says what exists: the nearest option or setting, and what lists all. */
static struct status name_refused(struct source *source, struct slice name)
{
    struct nearest nearest = nearest__begin(name);
    struct slice meant = SLICE_EMPTY;
    size_t count;
    const struct setting *rows = settings_rows(&count);

    for (size_t i = 0; i < OPTION_ROWS; i++)
        nearest__offer(&nearest, slice_from_cstr(option_rows[i].name));
    for (size_t i = 0; i < count; i++)
        nearest__offer(&nearest, slice_from_cstr(rows[i].name));
    if (nearest.name.len > 0)
        meant = arena_printf(source->arena, " (did you mean %.*s?)",
                             SLICE_ARG(spell(source, nearest.name)));
    return status_make(
        source->arena, STATUS_INVALID_ARGUMENT,
        "%.*sUnknown %s %.*s%.*s. \"datastreamd help\" lists all flags and settings.",
        SLICE_ARG(place_in_file(source)), place_nouns[source->place],
        SLICE_ARG(spell(source, name)), SLICE_ARG(meant));
}

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

    assert(options->listen_count <= OPTIONS_LISTEN_MOST);
    switch (row->type) {
    case OPTION_TEXT:
        memcpy((char *)options + row->offset, &value, sizeof(value));
        return status_ok();
    case OPTION_LISTEN:
        if (options->listen_count == OPTIONS_LISTEN_MOST)
            return status_make(source->arena, STATUS_INVALID_ARGUMENT,
                               "%.*sThe %s %.*s must be given at most %d times.",
                               SLICE_ARG(place_in_file(source)), place_nouns[source->place],
                               SLICE_ARG(spell(source, SLICE("listen"))), OPTIONS_LISTEN_MOST);
        options->listen[options->listen_count++] = value;
        return status_ok();
    case OPTION_FLAG:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return value_refused(source, row->name, "true or false", value);
        *((bool *)((char *)options + row->offset)) = value[0] == 't';
        return status_ok();
    case OPTION_LOG_FORMAT:
        if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
            return value_refused(source, row->name, "json or text", value);
        options->log_format = value[0] == 'j' ? LOG_JSON : LOG_TEXT;
        return status_ok();
    }
    return status_ok();
}

static size_t setting_index(const struct setting *row)
{
    size_t count;
    size_t index = (size_t)(row - settings_rows(&count));

    assert(index < count && count <= SETTINGS_MOST);
    return index;
}

static struct status setting_set(struct source *source, struct slice name, const char *value)
{
    struct settings attempt = source->options->settings;
    const struct setting *row = NULL;
    enum setting_result result = settings_set(&attempt, name, slice_from_cstr(value), &row);

    assert((row == NULL) == (result == SETTING_UNKNOWN));
    if (result == SETTING_UNKNOWN)
        return name_refused(source, name);
    if (result != SETTING_OK)
        return value_refused(source, row->name,
                             arena_printf(source->arena, "a number from %llu to %llu",
                                          (unsigned long long)row->smallest,
                                          (unsigned long long)row->largest)
                                 .data,
                             value);
    if (source->before->settings[setting_index(row)])
        return status_ok();
    source->now->settings[setting_index(row)] = true;
    source->options->settings = attempt;
    return status_ok();
}

static bool is_setting(struct slice name)
{
    struct settings attempt = settings_default();
    const struct setting *row;

    return settings_set(&attempt, name, SLICE_EMPTY, &row) != SETTING_UNKNOWN;
}

static struct status set_by_name(struct source *source, struct slice name, const char *value)
{
    const struct option_row *row = option_find(name);

    assert(source->before != source->now); /* or what is said twice would count once */
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
            return status_make(
                source->arena, STATUS_INVALID_ARGUMENT,
                "\"%s\" is not a flag: flags begin with \"--\". \"datastreamd help\" "
                "lists all flags.",
                argv[i]);
        name = slice_from(flag, 2);
        equals = slice_find(name, '=');
        value = equals < name.len ? name.data + equals + 1 : NULL;
        name.len = equals;
        row = option_find(name);
        if (value == NULL && row != NULL && row->type == OPTION_FLAG)
            value = "true";
        if (row == NULL && !is_setting(name))
            return name_refused(source, name);
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

        assert(len < sizeof(variable)); /* a name that is cut would be another variable's */
        for (size_t j = 0; j < len; j++) {
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

static struct status read_line(struct source *source, struct slice line)
{
    size_t equals;
    char *value;

    assert(source->place == PLACE_FILE && source->line > 0);
    line = slice_trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return status_ok();
    equals = slice_find(line, '=');
    if (equals == line.len)
        return status_make(source->arena, STATUS_INVALID_ARGUMENT,
                           "%.*sThe line must read \"key = value\".",
                           SLICE_ARG(place_in_file(source)));
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
                           "The configuration file %s cannot be read: %s.", path, strerror(error));
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

    for (source->line = 1; rest.len > 0 && status_is_ok(status); source->line++) {
        size_t end = slice_find(rest, '\n');

        status = read_line(source, slice_make(rest.data, end));
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

struct status options__read(struct arena *arena, int argc, char **argv, struct options *ret_options)
{
    struct options options = {.settings = settings_default(), .store = "rocksdb"};
    struct said before = {0};
    struct said now = {0};
    struct source source = {arena, &options, &before, &now, PLACE_FLAG, 0};
    struct status status = read_flags(&source, argc, argv);

    said_add(&before, &now);
    if (status_is_ok(status)) {
        source.place = PLACE_ENVIRONMENT;
        status = read_environment(&source);
        said_add(&before, &now);
    }
    if (status_is_ok(status) && options.config != NULL) {
        source.place = PLACE_FILE;
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
        options.key_file_is_default = true;
    }
    if (arena_failed(arena))
        return status_out_of_memory();
    *ret_options = options;
    return status_ok();
}
