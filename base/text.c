/* UTF-8, base64 and hexadecimal. */
#include "base/text.h"

#include <assert.h>
#include <stddef.h>

/* Byte classes of table 3-7: how many continuation bytes follow, and the bounds of the first. */
struct lead {
    unsigned char following;
    unsigned char least;
    unsigned char most;
};

static bool lead_of(unsigned char byte, struct lead *ret_lead)
{
    if (byte >= 0xc2 && byte <= 0xdf)
        *ret_lead = (struct lead){1, 0x80, 0xbf};
    else if (byte == 0xe0)
        *ret_lead = (struct lead){2, 0xa0, 0xbf};
    else if (byte == 0xed)
        *ret_lead = (struct lead){2, 0x80, 0x9f};
    else if (byte >= 0xe1 && byte <= 0xef)
        *ret_lead = (struct lead){2, 0x80, 0xbf};
    else if (byte == 0xf0)
        *ret_lead = (struct lead){3, 0x90, 0xbf};
    else if (byte >= 0xf1 && byte <= 0xf3)
        *ret_lead = (struct lead){3, 0x80, 0xbf};
    else if (byte == 0xf4)
        *ret_lead = (struct lead){3, 0x80, 0x8f};
    else
        return false;
    return true;
}

/* Goes past vectors of ASCII. Most text is that alone, and long where time matters. */
static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end)
{
    uint64_t words[4];

    for (; end - at >= (ptrdiff_t)sizeof(words); at += sizeof(words)) {
        memcpy(words, at, sizeof(words));
        if (((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    return at;
}

bool utf8_is_valid(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    const unsigned char *end;

    if (text.len == 0)
        return true;
    end = at + text.len;
    while (at < end) {
        struct lead lead;
        uint64_t word;

        if (end - at >= 8) {
            memcpy(&word, at, 8);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at = skip_ascii(at + 8, end);
                continue;
            }
        }
        if (*at < 0x80) {
            at++;
            continue;
        }
        if (!lead_of(*at, &lead) || end - at <= lead.following)
            return false;
        if (at[1] < lead.least || at[1] > lead.most)
            return false;
        for (unsigned i = 2; i <= lead.following; i++)
            if ((at[i] & 0xc0) != 0x80)
                return false;
        at += lead.following + 1;
    }
    return true;
}

size_t utf8_length(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

size_t utf8_encode(uint32_t code_point, char bytes[4])
{
    assert(code_point <= 0x10ffff);
    if (code_point < 0x80) {
        bytes[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        bytes[0] = (char)(0xc0 | code_point >> 6);
        bytes[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        bytes[0] = (char)(0xe0 | code_point >> 12);
        bytes[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    bytes[0] = (char)(0xf0 | code_point >> 18);
    bytes[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    bytes[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    bytes[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}

static const char standard_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct slice encode(struct arena *arena, struct slice bytes, const char *alphabet, bool pad)
{
    const unsigned char *in = (const unsigned char *)bytes.data;
    char *text;
    size_t at = 0;

    if (bytes.len > SIZE_MAX / 2) {
        arena_fail(arena);
        return SLICE_EMPTY;
    }
    text = arena_alloc(arena, bytes.len / 3 * 4 + 5);
    if (text == NULL)
        return SLICE_EMPTY;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)in[i] << 16;

        if (left > 1)
            group |= (uint32_t)in[i + 1] << 8;
        if (left > 2)
            group |= in[i + 2];
        text[at++] = alphabet[group >> 18];
        text[at++] = alphabet[group >> 12 & 63];
        if (left > 1)
            text[at++] = alphabet[group >> 6 & 63];
        if (left > 2)
            text[at++] = alphabet[group & 63];
    }
    while (pad && at % 4 != 0)
        text[at++] = '=';
    assert(at < bytes.len / 3 * 4 + 5);
    text[at] = '\0';
    return slice_make(text, at);
}

struct slice base64_encode(struct arena *arena, struct slice bytes, bool pad)
{
    return encode(arena, bytes, standard_alphabet, pad);
}

struct slice base64url_encode(struct arena *arena, struct slice bytes)
{
    return encode(arena, bytes, url_alphabet, false);
}

/* The six bits of a character of either alphabet; -1 for any other. */
static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    if (c == '/' || c == '_')
        return 63;
    return -1;
}

/* The text without its padding; false where the padding does not fill the last group. */
static bool strip_padding(struct slice *text)
{
    size_t pads = 0;

    while (pads < 2 && text->len > 0 && text->data[text->len - 1] == '=') {
        text->len--;
        pads++;
    }
    return (pads == 0 || (text->len + pads) % 4 == 0) && text->len % 4 != 1;
}

bool base64_decode(struct arena *arena, struct slice text, struct slice *ret_bytes)
{
    unsigned char *bytes;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t at = 0;

    if (!strip_padding(&text))
        return false;
    bytes = arena_alloc(arena, text.len / 4 * 3 + 4);
    if (bytes == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.data[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[at++] = (unsigned char)(bits >> bit_count);
        }
    }
    bytes[at] = '\0';
    *ret_bytes = slice_make(bytes, at);
    return true;
}

struct slice hex_encode(struct arena *arena, struct slice bytes)
{
    char *text;

    if (bytes.len > SIZE_MAX / 4) {
        arena_fail(arena);
        return SLICE_EMPTY;
    }
    text = arena_alloc(arena, bytes.len * 2 + 1);
    if (text == NULL)
        return SLICE_EMPTY;
    for (size_t i = 0; i < bytes.len; i++)
        hex_put(text + 2 * i, (uint8_t)bytes.data[i]);
    text[2 * bytes.len] = '\0';
    return slice_make(text, 2 * bytes.len);
}

struct slice decimal_put(char to[DECIMAL_MOST], uint64_t number)
{
    size_t at = DECIMAL_MOST;

    do {
        to[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return slice_make(to + at, DECIMAL_MOST - at);
}

struct slice decimal_encode(struct arena *arena, uint64_t number)
{
    char digits[DECIMAL_MOST];

    return arena_copy(arena, decimal_put(digits, number));
}

void json_escape_unit(uint16_t unit, char to[JSON_ESCAPE_MOST])
{
    memcpy(to, "\\u", 2);
    hex_put(to + 2, (uint8_t)(unit >> 8));
    hex_put(to + 4, (uint8_t)(unit & 0xff));
}

size_t json_escape(unsigned char byte, char to[JSON_ESCAPE_MOST])
{
    if (byte != '"' && byte != '\\') {
        json_escape_unit(byte, to);
        return JSON_ESCAPE_MOST;
    }
    to[0] = '\\';
    to[1] = (char)byte;
    return 2;
}

struct slice json_quote(struct arena *arena, struct slice text)
{
    char *quoted, *at;

    if (text.len > SIZE_MAX / 8) {
        arena_fail(arena);
        return SLICE_EMPTY;
    }
    quoted = at = arena_alloc(arena, JSON_ESCAPE_MOST * text.len + 2);
    if (quoted == NULL)
        return SLICE_EMPTY;
    *at++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte < 0x20 || byte == '"' || byte == '\\')
            at += json_escape(byte, at);
        else
            *at++ = (char)byte;
    }
    *at++ = '"';
    return slice_make(quoted, (size_t)(at - quoted));
}

struct slice text_join(struct arena *arena, const struct slice *parts, size_t count)
{
    size_t len = 0;
    char *text, *at;

    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    text = at = arena_alloc(arena, len + 1);
    if (text == NULL)
        return SLICE_EMPTY;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(at, parts[i].data, parts[i].len);
        at += parts[i].len;
    }
    *at = '\0';
    return slice_make(text, len);
}
