/* The reader's state, its place in the message, and its failures. Internal to proto/json/. */
#ifndef DATASTREAM_PROTO_JSON_JSON_PLACE_H
#define DATASTREAM_PROTO_JSON_JSON_PLACE_H

#include "proto/json/json.h"
#include "proto/json/json_scan.h"

/*
 * Where the reader is, as a chain on the C stack: it costs nothing until a path is wanted. A place
 * is a field, a map key or an unknown name (`name`), or an element.
 */
struct json_place {
    const struct json_place *up;
    enum { PLACE_FIELD, PLACE_NAME, PLACE_KEY, PLACE_INDEX } kind;
    const struct field *field;
    struct slice name;
    size_t index;
};

struct json_reader {
    struct arena *arena;
    struct json_scan scan;
    const struct json_read_options *options;
    struct json_paths *present;   /* NULL below a leaf */
    struct violations violations; /* values that are wrong at their place */
    struct status status;         /* what ended the reading */
};

enum read_result {
    READ_FAILED,
    READ_OK,
    READ_SKIPPED, /* an enum's unknown name that is ignored: there is no value */
};

/* Notes a violation at the place; READ_FAILED. */
enum read_result json__read_refuse(struct json_reader *reader, const struct json_place *place,
                                   const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Notes what the scanner refused, or that the arena failed; READ_FAILED. */
enum read_result json__read_broken(struct json_reader *reader, const struct json_place *place);

/* The caller's own text as sentences and paths repeat it: a long one is cut between characters. */
struct slice json__shown(struct arena *arena, struct slice text);

/* Refuses what comes next: `wanted` names what should have. */
enum read_result json__read_unexpected(struct json_reader *reader, const struct json_place *place,
                                       const char *wanted);

/* Whether null is a value of the field and not its absence. */
bool json__takes_null(const struct field *field);

/* Appends a name to a path, with a dot before it where the path is not empty. */
void json__put_name(struct json_text *text, struct slice name);

#endif
