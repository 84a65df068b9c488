/*
 * A growing JSON text in an arena. It only ever appends; when the arena fails it stays as it is,
 * and whoever finishes the text asks the arena once.
 */
#include "proto/json/json_text.h"

#include "base/text.h"
#include <assert.h>

#include "proto/json/json_scan.h"

/* Half of what a small answer needs: most texts grow once or twice. */
#define TEXT_FIRST 1024

bool json__grow(struct json_text *text, size_t need)
{
    size_t capacity = text->capacity == 0 ? TEXT_FIRST : text->capacity;
    char *grown;

    assert(text->len <= text->capacity && need > text->capacity - text->len);
    if (need > SIZE_MAX / 4 - text->len) {
        arena_fail(text->arena);
        return false;
    }
    while (capacity - text->len < need)
        capacity *= 2;
    grown = arena_alloc(text->arena, capacity);
    if (grown == NULL)
        return false;
    if (text->len > 0)
        memcpy(grown, text->data, text->len);
    text->data = grown;
    text->capacity = capacity;
    return true;
}

void json_put(struct json_text *text, struct slice bytes)
{
    if (bytes.len > 0 && json__reserve(text, bytes.len))
        json__append(text, bytes.data, bytes.len);
}

/* What stands after the backslash of bytes that have a short form of their own; 0 for others. */
static char short_escape_of(unsigned char byte)
{
    switch (byte) {
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

static void put_escape(struct json_text *text, unsigned char byte)
{
    char bytes[JSON_ESCAPE_MOST] = {'\\', short_escape_of(byte)};

    json_put(text, slice_make(bytes, bytes[1] != '\0' ? 2 : json_escape(byte, bytes)));
}

/* The rest of a string, from the first byte on that needs an escape, and the closing quote. */
static void put_escaped(struct json_text *text, struct slice value)
{
    size_t at = 0;

    while (at < value.len) {
        size_t run = json__plain_run(value.data + at, value.len - at);

        json_put(text, slice_make(value.data + at, run));
        at += run;
        if (at < value.len)
            put_escape(text, (unsigned char)value.data[at++]);
    }
    json__put_char(text, '"');
}

void json_put_string(struct json_text *text, struct slice value)
{
    size_t run;

    /* The usual string needs no escape: room for all of it at once. */
    if (!json__reserve(text, value.len + 2))
        return;
    text->data[text->len++] = '"';
    run = json__copy_run(text->data + text->len, value.data, value.len);
    text->len += run;
    if (run < value.len)
        put_escaped(text, slice_from(value, run));
    else
        text->data[text->len++] = '"';
}

void json_put_int(struct json_text *text, int64_t value)
{
    char digits[20]; /* the longest is -9223372036854775808 */
    char *at = digits + sizeof(digits);
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        *--at = '-';
    assert(at >= digits);
    json_put(text, slice_make(at, (size_t)(digits + sizeof(digits) - at)));
}

struct slice json_text_slice(const struct json_text *text)
{
    return slice_make(text->data, text->len);
}
