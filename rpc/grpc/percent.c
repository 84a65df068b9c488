/* Percent-encoding of status messages. */
#include "rpc/grpc/percent.h"

#include <assert.h>

#include "base/text.h"

struct slice grpc__message_text(struct arena *arena, struct slice text)
{
    char *copy;

    if (utf8_is_valid(text))
        return text;
    copy = arena_alloc(arena, text.len);
    if (copy == NULL)
        return SLICE_EMPTY;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = (char)((unsigned char)text.data[i] < 0x80 ? text.data[i] : '?');
    return slice_make(copy, text.len);
}

struct slice grpc__message_cut(struct slice text, size_t most)
{
    size_t len = most;

    if (text.len <= most)
        return text;
    while (len > 0 && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return slice_make(text.data, len);
}

static bool is_plain(struct slice text, size_t i)
{
    unsigned char byte = (unsigned char)text.data[i];

    if (byte == ' ')
        return i > 0 && i + 1 < text.len;
    return byte > ' ' && byte <= '~' && byte != '%';
}

struct slice grpc__message_encode(struct arena *arena, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t escapes = 0;
    char *encoded;
    char *at;

    for (size_t i = 0; i < text.len; i++)
        escapes += is_plain(text, i) ? 0 : 1;
    if (escapes == 0)
        return text;
    encoded = at = arena_alloc(arena, text.len + 2 * escapes);
    if (encoded == NULL)
        return SLICE_EMPTY;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (is_plain(text, i)) {
            *at++ = (char)byte;
            continue;
        }
        *at++ = '%';
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    assert((size_t)(at - encoded) == text.len + 2 * escapes);
    return slice_make(encoded, (size_t)(at - encoded));
}
