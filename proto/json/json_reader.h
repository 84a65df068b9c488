/* Shared by the files that read messages from JSON, and by nobody else. */
#ifndef DATASTREAM_PROTO_JSON_JSON_READER_H
#define DATASTREAM_PROTO_JSON_JSON_READER_H

#include "proto/json/json_place.h"

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
/* For null given to a map of secrets: one entry without a key, which says that all are to go. */
void json__put_blank_entry(struct json_reader *reader, ProtobufCMessage *message,
                           const struct field *map);
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
