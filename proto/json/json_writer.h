/* Shared by the files that write messages as JSON, and by nobody else. */
#ifndef DATASTREAM_PROTO_JSON_JSON_WRITER_H
#define DATASTREAM_PROTO_JSON_JSON_WRITER_H

#include "proto/json/json.h"

/*
 * Messages within each other while writing. Three times what the reader takes: an object of a
 * google.protobuf.Struct is up to three messages. An Any may hide further ones from the walk over
 * the bytes.
 */
#define JSON_WRITE_DEPTH_MOST (3 * JSON_DEPTH_MOST)

struct json_writer {
    struct json_text text;
    const struct json_write_options *options;
    unsigned depth;
    struct status status; /* the first failure */
};

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

/* -- json_write_wkt.c */

/* A message whose type is well known with a JSON form of its own. */
bool json__write_well_known(struct json_writer *writer, const struct message_type *type,
                            const ProtobufCMessage *message);

/* Whether the type's JSON is not an object of its fields. */
bool json__is_special(const struct message_type *type);

/* -- json_record.c */

struct json_plan;

/* Writes a message from its bytes; see json_record.h. */
bool json__write_record(struct json_writer *writer, const struct json_plan *plan,
                        struct slice bytes);

#endif
