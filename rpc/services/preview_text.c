/* The texts of API Preview: JSON laid out, and the commands around it. */
#include "rpc/services/preview_text.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "proto/json/json.h"
#include "proto/json/json_text.h"

/* -- the body ---------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 sequence that begins with `lead`; the text is known to be valid. */
static unsigned sequence_len(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xe0)
        return 2;
    return lead < 0xf0 ? 3 : 4;
}

static uint32_t code_point(const char *at, unsigned len)
{
    uint32_t point = len == 1 ? (unsigned char)at[0] : (unsigned char)at[0] & (0x7fU >> len);

    for (unsigned i = 1; i < len; i++)
        point = point << 6 | ((unsigned char)at[i] & 0x3fU);
    return point;
}

static void put_unit(struct json_text *text, uint32_t unit)
{
    char escape[JSON_ESCAPE_MOST];

    json_escape_unit((uint16_t)unit, escape);
    json_put(text, slice_make(escape, sizeof(escape)));
}

/* RFC 8259 section 7: a surrogate pair beyond the Basic Multilingual Plane. */
static void put_escaped(struct json_text *text, uint32_t point)
{
    if (point < 0x10000) {
        put_unit(text, point);
        return;
    }
    put_unit(text, 0xd800 + ((point - 0x10000) >> 10));
    put_unit(text, 0xdc00 + ((point - 0x10000) & 0x3ff));
}

/*
 * "'" ends the strings of Bash and, after a line's start, the here-strings of PowerShell; "$" and
 * "`" are kept out for the reader who changes the quotes.
 */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '\'' && byte != '$' && byte != '`';
}

/* A string from its quote on; returns what follows it. */
static size_t put_string(struct json_text *text, struct slice json, size_t at)
{
    size_t begin = at++;

    while (at < json.len && json.data[at] != '"') {
        unsigned len = sequence_len((unsigned char)json.data[at]);

        if (json.data[at] == '\\') {
            at += 2;
        } else if (is_plain((unsigned char)json.data[at])) {
            at++;
        } else {
            if (at + len > json.len)
                break;
            json_put(text, slice_make(json.data + begin, at - begin));
            put_escaped(text, code_point(json.data + at, len));
            at += len;
            begin = at;
        }
    }
    at = at < json.len ? at + 1 : json.len;
    json_put(text, slice_make(json.data + begin, at - begin));
    return at;
}

static void put_line(struct json_text *text, unsigned depth)
{
    json_put_literal(text, "\n");
    for (unsigned i = 0; i < depth; i++)
        json_put_literal(text, "  ");
}

static bool is_closing(char byte)
{
    return byte == '}' || byte == ']';
}

struct slice preview__body(struct arena *arena, struct slice json)
{
    struct json_text text = {.arena = arena};
    unsigned depth = 0;

    for (size_t at = 0; at < json.len;) {
        char byte = json.data[at];
        bool empty = at + 1 < json.len && is_closing(json.data[at + 1]);

        if (byte == '"') {
            at = put_string(&text, json, at);
            continue;
        }
        if ((byte == '{' || byte == '[') && empty) {
            json_put(&text, slice_make(json.data + at, 2));
            at += 2;
            continue;
        }
        assert(!is_closing(byte) || depth > 0); /* our own writer's text */
        if (is_closing(byte))
            put_line(&text, --depth);
        json_put(&text, slice_make(json.data + at, 1));
        if (byte == '{' || byte == '[')
            put_line(&text, ++depth);
        else if (byte == ',')
            put_line(&text, depth);
        else if (byte == ':')
            json_put_literal(&text, " ");
        at++;
    }
    return arena_failed(arena) ? SLICE_EMPTY : json_text_slice(&text);
}

/* -- the commands ------------------------------------------------------------------------------ */

struct slice preview__bash(struct arena *arena, struct slice verb, struct slice path,
                           struct slice body)
{
    bool fits = body.len <= PREVIEW_ARGUMENT_MOST;

    return arena_printf(arena,
                        "curl -X %.*s \"$BASE_URL%.*s\" \\\n"
                        "  -H \"Authorization: Bearer $API_TOKEN\" \\\n"
                        "  -H \"Content-Type: application/json\" \\\n"
                        "  %s%.*s%s",
                        SLICE_ARG(verb), SLICE_ARG(path),
                        fits ? "-d '" : "--data-binary @- <<'EOF'\n", SLICE_ARG(body),
                        fits ? "'" : "\nEOF");
}

struct slice preview__powershell(struct arena *arena, struct slice verb, struct slice path,
                                 struct slice body)
{
    return arena_printf(arena,
                        "$headers = @{\n"
                        "  \"Authorization\" = \"Bearer $API_TOKEN\"\n"
                        "}\n"
                        "$body = @'\n"
                        "%.*s\n"
                        "'@\n"
                        "Invoke-RestMethod -Method %.*s -Uri \"$BASE_URL%.*s\" `\n"
                        "  -Headers $headers `\n"
                        "  -ContentType \"application/json\" `\n"
                        "  -Body $body",
                        SLICE_ARG(body), SLICE_ARG(verb), SLICE_ARG(path));
}
