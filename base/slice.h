/*
 * A borrowed run of bytes. Bytes from outside travel as slices, never as C strings: they may hold
 * NUL, and their end is known without looking. A slice owns nothing; whoever hands one out says how
 * long the bytes live.
 */
#ifndef DATASTREAM_BASE_SLICE_H
#define DATASTREAM_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *data;
    size_t len;
};

/* A slice of a string literal, its NUL left out. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
/* The same as a constant initializer, for static tables. */
#define SLICE_INIT(literal)             \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
/* The empty slice; its data is NULL. */
#define SLICE_EMPTY ((struct slice){NULL, 0})
/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).data

static inline struct slice slice_make(const void *data, size_t len)
{
    return (struct slice){(const char *)data, len};
}

/* Only for strings that our own code or a library terminated; NULL gives the empty slice. */
static inline struct slice slice_from_cstr(const char *text)
{
    return text == NULL ? SLICE_EMPTY : slice_make(text, strlen(text));
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

static inline bool slice_ends_with(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}

/* The bytes from `from` (at most s.len) to the end. */
static inline struct slice slice_from(struct slice s, size_t from)
{
    return from == 0 ? s : slice_make(s.data + from, s.len - from);
}

/* Bytewise order, the shorter first when one is a prefix of the other: memcmp's sign. */
int slice_compare(struct slice a, struct slice b);

/* Equality that takes ASCII letters as equal in either case (RFC 9110 section 5.1). */
bool slice_equal_ignore_case(struct slice a, struct slice b);

/* Where `byte` first occurs, or s.len. */
size_t slice_find(struct slice s, char byte);

/*
 * How many bytes at the front are printable ASCII, looked at eight at a time: what follows them may
 * be more of these. For checks that need to look at the others only.
 */
size_t slice_plain_run(struct slice s);

/* Without the blanks and tabs at both ends (RFC 9110 section 5.6.3, OWS). */
struct slice slice_trim(struct slice s);

/*
 * Reads a decimal number of 1 to 20 digits, no sign, no blanks. False, and *ret_value untouched,
 * where the text is anything else or the value is beyond 64 bits.
 */
bool slice_to_u64(struct slice s, uint64_t *ret_value);

#endif
