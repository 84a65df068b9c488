/* Where the reader is, and the failures that name the place. */
#include "proto/json/json_place.h"
#include "proto/json/json_text.h"

/* Paths are put together on the stack, and only longer ones grow in the arena. */
#define PATH_USUAL 256
/* Bytes of a name or a key that are repeated. */
#define SHOWN_MOST 128

struct slice json__shown(struct arena *arena, struct slice text)
{
    size_t len = SHOWN_MOST;

    if (text.len <= len)
        return text;
    while (((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return arena_printf(arena, "%.*s...", (int)len, text.data);
}

void json__put_name(struct json_text *text, struct slice name)
{
    if (text->len > 0)
        json_put_literal(text, ".");
    json_put(text, name);
}

static void put_place(struct json_text *text, const struct json_place *place)
{
    if (place == NULL)
        return;
    put_place(text, place->up);
    switch (place->kind) {
    case PLACE_FIELD:
        json__put_name(text, place->field->json_name);
        break;
    case PLACE_NAME:
        json__put_name(text, json__shown(text->arena, place->name));
        break;
    case PLACE_KEY:
        json_put_literal(text, "[");
        json_put_string(text, json__shown(text->arena, place->name));
        json_put_literal(text, "]");
        break;
    case PLACE_INDEX:
        json_put_literal(text, "[");
        json_put_int(text, (int64_t)place->index);
        json_put_literal(text, "]");
        break;
    }
}

static struct slice place_path(const struct json_reader *reader, const struct json_place *place)
{
    char usual[PATH_USUAL];
    struct json_text text = {reader->arena, usual, 0, sizeof(usual)};

    json_put(&text, reader->options->path_prefix);
    put_place(&text, place);
    return arena_copy(reader->arena, json_text_slice(&text));
}

enum read_result json__read_refuse(struct json_reader *reader, const struct json_place *place,
                                   const char *format, ...)
{
    struct slice path = place_path(reader, place);
    struct slice sentence;
    va_list args;

    va_start(args, format);
    sentence = arena_vprintf(reader->arena, format, args);
    va_end(args);
    if (!status_is_ok(reader->status))
        return READ_FAILED;
    if (path.len > 0)
        violations_add(&reader->violations, reader->arena, path, "%.*s", SLICE_ARG(sentence));
    else
        reader->status = status_make(reader->arena, STATUS_INVALID_ARGUMENT, "The JSON text %.*s.",
                                     SLICE_ARG(sentence));
    return READ_FAILED;
}

enum read_result json__read_broken(struct json_reader *reader, const struct json_place *place)
{
    const struct json_scan *scan = &reader->scan;
    size_t line, column;

    if (scan->error == NULL || arena_failed(reader->arena)) {
        reader->status = status_out_of_memory();
        return READ_FAILED;
    }
    if (scan->at == scan->start)
        return json__read_refuse(reader, place, "must be valid JSON (%s)", scan->error);
    json_scan__place(scan, &line, &column);
    return json__read_refuse(reader, place, "must be valid JSON (line %zu, column %zu: %s)", line,
                             column, scan->error);
}

enum read_result json__read_unexpected(struct json_reader *reader, const struct json_place *place,
                                       const char *wanted)
{
    enum json_kind kind = json_scan__kind(&reader->scan);

    if (kind == JSON_NOTHING) {
        json_scan__skip(&reader->scan);
        return json__read_broken(reader, place);
    }
    return json__read_refuse(reader, place, "must be %s, not %s", wanted, json__kind_name(kind));
}

bool json__takes_null(const struct field *field)
{
    if (field->message != NULL)
        return field->message->well_known == WELL_KNOWN_VALUE;
    return field->enumeration != NULL && field->enumeration->is_null_value;
}
