/* Shared by the files that read messages from JSON, and by nobody else. */
#ifndef DATASTREAM_PROTO_JSON_JSON_READER_H
#define DATASTREAM_PROTO_JSON_JSON_READER_H

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

/*
 * -- json_read.c: what comes next, into a new message or into a field of one. The message is handed
 * out even when it is refused: it holds what was right in it.
 */
enum read_result json__read_message(struct json_reader *reader, const struct message_type *type,
                                    const struct json_place *place, ProtobufCMessage **ret_message);

/* The members of an object whose bracket was taken, up to and with the closing one. */
enum read_result json__read_members(struct json_reader *reader, const struct message_type *type,
                                    ProtobufCMessage *message, const struct json_place *place,
                                    bool skip_type);

/*
 * Goes on behind a member or element whose value was refused, so that all violations are reported
 * at once. The value began at `at`, at that depth. False where there is no going on: the text is
 * broken, or too much is wrong.
 */
bool json__read_on(struct json_reader *reader, const char *at, unsigned depth);

/* A singular field's value, not null (but where null is a value), presence marked. */
enum read_result json__read_singular(struct json_reader *reader, ProtobufCMessage *message,
                                     const struct field *field, const struct json_place *place);

/* -- json_read_list.c */
enum read_result json__read_list(struct json_reader *reader, ProtobufCMessage *message,
                                 const struct field *field, const struct json_place *place);
enum read_result json__read_map(struct json_reader *reader, ProtobufCMessage *message,
                                const struct field *field, const struct json_place *place);

/* -- json_read_scalar.c */

/* Stores a scalar or enum at `address`, a member or an element of the field. */
enum read_result json__read_scalar(struct json_reader *reader, const struct field *field,
                                   const struct json_place *place, void *address);

/*
 * The same from bare text. NULL when it was stored (or the arena failed), else a constant sentence
 * that says what is wrong.
 */
const char *json__parse_scalar(struct arena *arena, const struct field *field, struct slice text,
                               void *address);

/* -- json_read_wkt.c */

/* Whether the type is read by json__read_well_known. */
bool json__reads_specially(const struct message_type *type);
enum read_result json__read_well_known(struct json_reader *reader, const struct message_type *type,
                                       ProtobufCMessage *message, const struct json_place *place);

/* Timestamp, Duration or FieldMask from its string; as json__parse_scalar. */
const char *json__parse_well_known(struct arena *arena, const struct message_type *type,
                                   ProtobufCMessage *message, struct slice text);

#endif
