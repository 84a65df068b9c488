/*
 * proto3 JSON to messages by descriptor, in one pass without a tree: objects and their fields. What
 * the contract does not name is refused with the path of its place. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_READ_H
#define DATASTREAM_PROTO_JSON_JSON_READ_H

#include "proto/json/json.h"
#include "proto/json/json_reader.h"

/*
 * Reads one message from the whole of `text`. On failure INVALID_ARGUMENT with the JSON path of the
 * place and a precise sentence (unknown fields by name), or out of memory; *ret_message untouched
 * (but see ret_complete).
 */
struct status json_read_message(struct arena *arena, const struct message_type *type,
                                struct slice text, const struct json_read_options *options,
                                ProtobufCMessage **ret_message);

/*
 * Reads the value of one field of `message` (a body bound to a field): a message, scalar, list or
 * map; null clears it. Paths do not name the field itself: that is `path_prefix`. On failure the
 * field may hold a part of it.
 */
struct status json_read_field(struct arena *arena, ProtobufCMessage *message,
                              const struct field *field, struct slice text,
                              const struct json_read_options *options);

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
 * Goes on after a member or element whose value was refused, so that all violations are reported
 * at once. The value began at `at`, at that depth. False where there is no going on: the text is
 * broken, or too much is wrong.
 */
bool json__read_on(struct json_reader *reader, const char *at, unsigned depth);

/* A singular field's value, not null (but where null is a value), presence marked. */
enum read_result json__read_singular(struct json_reader *reader, ProtobufCMessage *message,
                                     const struct field *field, const struct json_place *place);

#endif
