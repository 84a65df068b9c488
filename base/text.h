/* Bytes as text: UTF-8 checks, base64, hexadecimal, decimal, joining. Pure. */
#ifndef DATASTREAM_BASE_TEXT_H
#define DATASTREAM_BASE_TEXT_H

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

/* Lower-case hexadecimal, in the arena. */
struct slice hex_encode(struct arena *arena, struct slice bytes);

/* A number's decimal digits, in the arena: cheaper than arena_printf, for what each call says. */
struct slice decimal_encode(struct arena *arena, uint64_t number);

/* The parts one behind the other, in the arena, with a NUL behind; empty when the arena failed. */
struct slice text_join(struct arena *arena, const struct slice *parts, size_t count);

#endif
