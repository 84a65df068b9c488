/* Bytes as text: UTF-8 checks, base64, hexadecimal, decimal, strings of JSON, joining. Pure. */
#ifndef DATASTREAM_BASE_TEXT_H
#define DATASTREAM_BASE_TEXT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* Well-formed UTF-8 (Unicode 3.9, table 3-7): no overlong forms, no surrogates, nothing past
 * U+10FFFF. */
bool utf8_is_valid(struct slice text);

/* Code points of valid UTF-8. */
size_t utf8_length(struct slice text);

/* Writes a code point (not a surrogate) as 1 to 4 bytes and returns how many. */
size_t utf8_encode(uint32_t code_point, char bytes[4]);

/* Standard base64, padded or not, in the arena. */
struct slice base64_encode(struct arena *arena, struct slice bytes, bool pad);

/* The same in the URL alphabet, unpadded. */
struct slice base64url_encode(struct arena *arena, struct slice bytes);

/*
 * Reads either alphabet, padded or not; slack bits are accepted. False for anything else, or when
 * the arena failed.
 */
bool base64_decode(struct arena *arena, struct slice text, struct slice *ret_bytes);

/* The value of a hexadecimal digit, 0 to 15; -1 for any other character, and for capitals too. */
static inline int hex_value_lower(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The same in either case. */
static inline int hex_value(char c)
{
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : hex_value_lower(c);
}

/* The lower-case digit of a value from 0 to 15. */
static inline char hex_digit(unsigned value)
{
    return "0123456789abcdef"[value];
}

/* Writes a byte as two digits, and no NUL. */
static inline void hex_put(char to[2], uint8_t byte)
{
    to[0] = hex_digit(byte >> 4);
    to[1] = hex_digit(byte & 15U);
}

/* Lower-case hexadecimal, in the arena. */
struct slice hex_encode(struct arena *arena, struct slice bytes);

/* Decimal digits of the largest number. */
#define DECIMAL_MOST 20

/* A number's decimal digits, at the end of `to`. */
struct slice decimal_put(char to[DECIMAL_MOST], uint64_t number);

/* A number's decimal digits, in the arena: cheaper than arena_printf, for what each call says. */
struct slice decimal_encode(struct arena *arena, uint64_t number);

/* Bytes of the longest escape: "\u001f". */
#define JSON_ESCAPE_MOST 6

/* Writes a UTF-16 code unit as a string of JSON may (RFC 8259 section 7): "\u20ac". */
void json_escape_unit(uint16_t unit, char to[JSON_ESCAPE_MOST]);

/*
 * Writes a byte (of Latin-1, beyond ASCII) as a string of JSON may, and returns how many bytes that
 * took: a quote and a backslash after a backslash, any other as json_escape_unit does.
 */
size_t json_escape(unsigned char byte, char to[JSON_ESCAPE_MOST]);

/* UTF-8 as a string of JSON, in its quotes and with what must be escaped; in the arena. */
struct slice json_quote(struct arena *arena, struct slice text);

/*
 * The parts one after the other, in the arena, with a NUL after them; empty when the arena failed.
 */
struct slice text_join(struct arena *arena, const struct slice *parts, size_t count);

#endif
