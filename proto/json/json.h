/*
 * proto3 JSON by descriptor, both ways, in one pass without a tree (protobuf.dev, ProtoJSON). Pure:
 * no socket, no store, no clock.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_H
#define DATASTREAM_PROTO_JSON_JSON_H

#include "base/status.h"
#include "proto/contract/contract.h"

/* Objects and arrays within each other, the outermost counted as 1. */
#define JSON_DEPTH_MOST 100

struct json_read_options {
    const struct contract *contract; /* resolves the types of Any */
    bool ignore_unknown;             /* the conformance suite's option; the API refuses them */
    /*
     * When not NULL, the leaf paths that are present (proto names, dots), for an inferred field
     * mask: maps, lists and well-known types are leaves, and so is an empty object; null counts as
     * present. Relative to the message that is read, or to the value of json_read_field.
     * Zero-initialize.
     */
    struct json_paths *present;
    /*
     * When not NULL, set to whether the text was read to its end, violations or not: then all that
     * is right in it was kept, and json_read_message hands it out even with violations. Elements
     * that were refused are empty.
     */
    bool *ret_complete;
    /* Put in front of the paths of violations ("device" gives "device.name"); empty for none. */
    struct slice path_prefix;
};

struct json_path {
    struct json_path *next;
    struct slice path;
};

struct json_paths {
    struct json_path *first, **tail; /* tail may be NULL while empty */
    size_t count;
};

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
 * Sets a singular scalar, enum or well-known-type field, or appends to a repeated one, from text
 * that is not JSON but a query or path value: "true", "12", an enum's name or number, base64 of
 * either alphabet, the JSON string of a Timestamp and its like (wrappers as their scalar). `path`
 * names the place in violations. Messages, maps and repeated messages: INVALID_ARGUMENT.
 * `*capacity` as field_append's.
 */
struct status json_read_text(struct arena *arena, ProtobufCMessage *message,
                             const struct field *field, struct slice text, struct slice path,
                             size_t *capacity);

struct json_write_options {
    const struct contract *contract;
    bool always_emit; /* fields without presence are written at their default too: our REST answers
                       */
    /* The same for fields of this message alone; may be NULL. */
    const struct message_type *always_emit_of;
    bool proto_names;
    /*
     * Input-only fields are left out when set, secret ones when unset (one that is set holds a quote:
     * secrets are cleared before an answer): our REST answers.
     */
    bool hide_input_only;
};

/*
 * Writes a message; the text lives in the arena. INTERNAL when a value has no JSON form (Timestamp
 * out of range, a field mask that does not round-trip, NaN in a Value, an Any of unknown type), or
 * out of memory.
 */
struct status json_write_message(struct arena *arena, const struct message_type *type,
                                 const ProtobufCMessage *message,
                                 const struct json_write_options *options, struct slice *ret_text);

/* A message whose writing goes on in steps. Lives in the arena that it was begun with. */
struct json_steps;

/* Stored records that are written without unpacking: see json_record.h. */
struct json_records;

/*
 * The same in steps, for answers whose writing would hold the loop up: each writes about `most` further
 * bytes, and ends between two elements of a list of `message`. `records`, unless NULL, are written in
 * place of the message, or of one of its lists, which is empty in it (json_record.h). What was passed is
 * borrowed until the last step. NULL when the arena failed.
 */
struct json_steps *json_steps_begin(struct arena *arena, const struct message_type *type,
                                    const ProtobufCMessage *message,
                                    const struct json_write_options *options,
                                    const struct json_records *records);

/* True: it was the last step, and *ret_status and, where that is OK, *ret_text are the result. */
bool json_steps_next(struct json_steps *steps, size_t most, struct status *ret_status,
                     struct slice *ret_text);

/* The value of one field alone (response_body, audit); null where presence is kept and it is unset.
 */
struct status json_write_field(struct arena *arena, const ProtobufCMessage *message,
                               const struct field *field, const struct json_write_options *options,
                               struct slice *ret_text);

/* -- text, for what else writes JSON (problems, OpenAPI, logs) -------------------------------- */

/* A growing text in the arena; when the arena fails it stays as it is. Zero-initialize but the
 * arena. */
struct json_text {
    struct arena *arena;
    char *data;
    size_t len;
    size_t capacity;
};

/* Appends the bytes as they are; nothing once the arena failed (json_text_slice tells). */
void json_put(struct json_text *text, struct slice bytes);
#define json_put_literal(text, literal) json_put(text, SLICE(literal))
/* A quoted and escaped string; `value` must be UTF-8. */
void json_put_string(struct json_text *text, struct slice value);
void json_put_int(struct json_text *text, int64_t value);
struct slice json_text_slice(const struct json_text *text);

#endif
