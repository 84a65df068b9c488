/*
 * A pull scanner over JSON text (RFC 8259, strict), for the files of the JSON codec alone. It makes
 * no tree: the reader asks what comes next and takes it. Pure.
 *
 * Beyond the grammar it refuses bytes that are not UTF-8, lone surrogates, U+0000 (a C string would
 * end there, so this server takes it nowhere) and more nesting than JSON_DEPTH_MOST.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_SCAN_H
#define DATASTREAM_PROTO_JSON_JSON_SCAN_H

#include "base/arena.h"

enum json_kind {
    JSON_NOTHING, /* the end, or a byte that begins no value */
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_scan {
    struct arena *arena; /* decoded strings live here */
    const char *start;
    const char *at;
    const char *end;
    unsigned depth;    /* objects and arrays that are open */
    const char *error; /* a constant sentence, once something was refused at `at`; else NULL */
};

/* A string's content: borrowed from the text, or, where it had escapes, decoded in the arena. */
struct json_string {
    struct slice text;
    bool decoded; /* then a NUL follows the text */
};

/* Begins at the first byte of `text`, which is borrowed. Sets the error when it is not UTF-8. */
void json_scan__begin(struct json_scan *scan, struct arena *arena, struct slice text);

/* True when only blanks are left; else sets the error. */
bool json_scan__end(struct json_scan *scan);

/* Skips blanks and tells what comes next; consumes nothing of it. */
enum json_kind json_scan__kind(struct json_scan *scan);

/*
 * Each of these takes what json_scan__kind announced. False with the error set when the text breaks
 * the grammar; false without one when the arena failed.
 */
bool json_scan__string(struct json_scan *scan, struct json_string *ret_string);
bool json_scan__number(struct json_scan *scan, struct slice *ret_number);
bool json_scan__word(struct json_scan *scan); /* true, false or null */

/* Takes the opening bracket of the object or array that comes next. */
bool json_scan__open(struct json_scan *scan);

/*
 * To the next member: true with its name, the value being next. False when the object ended (its
 * bracket is taken), or on an error. `*count` is the caller's, 0 at first: how many members were
 * begun. A name that is the `likely` one is that very slice; it needs no escapes, or is empty where
 * no name is likely.
 */
bool json_scan__member(struct json_scan *scan, size_t *count, struct slice likely,
                       struct json_string *ret_name);

/* The same for the elements of an array. */
bool json_scan__element(struct json_scan *scan, size_t *count);

/* Takes any value, checked as strictly as one that is read; of values nothing is kept. */
bool json_scan__skip(struct json_scan *scan);

/* Whether the whole text is a number by JSON's grammar. */
bool json_scan__is_number(struct slice text);

/* Line and column (bytes), from 1, of where the scanner stands. */
void json_scan__place(const struct json_scan *scan, size_t *ret_line, size_t *ret_column);

/* "an object", "a string" and so on, for sentences. */
const char *json__kind_name(enum json_kind kind);

/* How many bytes from `at` on are neither a control character, a quote nor a backslash. */
size_t json__plain_run(const char *at, size_t len);

/*
 * The same, and copies them to `to`, which has room for `len` bytes. What stands there after the
 * run is of no meaning.
 */
size_t json__copy_run(char *to, const char *at, size_t len);

#endif
