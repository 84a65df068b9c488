/*
 * Messages to proto3 JSON by descriptor, streamed into one text. Fields come in the order of their
 * declaration; what has no JSON form is refused, never bent. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_WRITE_H
#define DATASTREAM_PROTO_JSON_JSON_WRITE_H

#include "proto/json/json.h"
#include "proto/json/json_writer.h"

/*
 * Writes a message; the text lives in the arena. INTERNAL when a value has no JSON form (Timestamp
 * out of range, a field mask that does not round-trip, NaN in a Value, an Any of unknown type), or
 * out of memory.
 */
struct status json_write_message(struct arena *arena, const struct message_type *type,
                                 const ProtobufCMessage *message,
                                 const struct json_write_options *options, struct slice *ret_text);

/* The value of one field alone (response_body, audit); null where presence is kept and it is unset.
 */
struct status json_write_field(struct arena *arena, const ProtobufCMessage *message,
                               const struct field *field, const struct json_write_options *options,
                               struct slice *ret_text);

/* Notes that the value has no JSON form (INTERNAL); false. */
bool json__write_refuse(struct json_writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Each of these is false once something was refused. */
bool json__write_message(struct json_writer *writer, const struct message_type *type,
                         const ProtobufCMessage *message);

/* The value of a set field: scalar, message, list or map. */
bool json__write_value(struct json_writer *writer, const ProtobufCMessage *message,
                       const struct field *field);

/* One element of a list, or a singular field's value, which lies at `address`. */
bool json__write_element(struct json_writer *writer, const struct field *field,
                         const void *address);

/* A real, or the string that stands for what JSON's numbers lack. */
void json__put_float(struct json_text *text, float value);
void json__put_double(struct json_text *text, double value);

/* Writes a member's comma and name; false, and nothing is written, where the member is left out. */
bool json__begin_member(struct json_writer *writer, const ProtobufCMessage *message,
                        const struct field *field, size_t *count);

/* The text, or what was refused. */
struct status json__write_end(const struct json_writer *writer, struct slice *ret_text);

/* The members of a message without its braces; `*count` counts those already in the object. */
bool json__write_members(struct json_writer *writer, const struct message_type *type,
                         const ProtobufCMessage *message, size_t *count);

#endif
