/* What validation says: a sentence with the JSON path of the place that it is about. */
#include "rpc/call/validate_report.h"

#include "base/text.h"
#include "rpc/call/call.h"
#include "rpc/call/validate.h"

/* Characters of a map's key that a path repeats. */
#define KEY_SHOWN_MOST 64

/* -- paths --------------------------------------------------------------------------------- */

/* As JSON writes it, quotes and escapes included; a long one is cut after a whole character. */
static struct slice quote_key(struct arena *arena, struct slice key)
{
    struct slice quoted;
    size_t len = key.len;

    if (len > KEY_SHOWN_MOST)
        for (len = KEY_SHOWN_MOST; len > 0 && ((unsigned char)key.data[len] & 0xc0) == 0x80; len--)
            continue;
    quoted = json_quote(arena, slice_make(key.data, len));
    if (len == key.len || quoted.len == 0)
        return quoted;
    return arena_printf(arena, "%.*s...\"", (int)quoted.len - 1, quoted.data);
}

static struct slice path_of(struct arena *arena, struct slice prefix, const struct place *place)
{
    struct slice before = prefix;
    struct slice path;

    if (place == NULL)
        return prefix;
    if (place->parent != NULL)
        before = path_of(arena, prefix, place->parent);
    path = arena_printf(arena, "%.*s%s%.*s", SLICE_ARG(before), before.len > 0 ? "." : "",
                        SLICE_ARG(place->field->json_name));
    if (place->has_index && place->map_key.data != NULL)
        return arena_printf(arena, "%.*s[%.*s]", SLICE_ARG(path),
                            SLICE_ARG(quote_key(arena, place->map_key)));
    if (place->has_index)
        return arena_printf(arena, "%.*s[%zu]", SLICE_ARG(path), place->index);
    return path;
}

void validate__report(struct validation *validation, const struct place *place, const char *format,
                      ...)
{
    struct slice sentence;
    va_list args;

    if (validation->violations->count >= VIOLATIONS_LOOKED_MOST) {
        validation->violations->count++;
        return;
    }
    va_start(args, format);
    sentence = arena_vprintf(validation->arena, format, args);
    va_end(args);
    violations_add(validation->violations, validation->arena,
                   path_of(validation->arena, validation->prefix, place), "%.*s",
                   SLICE_ARG(sentence));
}
