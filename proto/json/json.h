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

struct json_write_options {
    const struct contract *contract;
    bool always_emit; /* fields without presence are written at their default too: our REST answers
                       */
    /* The same for fields of this message alone; may be NULL. */
    const struct message_type *always_emit_of;
    bool proto_names;
    /*
     * Input-only fields are left out when set, secret ones when unset (one that is set holds a
     * quote: secrets are cleared before an answer): our REST answers.
     */
    bool hide_input_only;
};

/* A message whose writing goes on in steps. Lives in the arena that it was begun with. */
struct json_steps;

/* Stored records that are written without unpacking: see json_record.h. */
struct json_records;

/* -- text, for what else writes JSON (problems, OpenAPI, logs) -------------------------------- */

/* A growing text in the arena; when the arena fails it stays as it is. Zero-initialize but the
 * arena. */
struct json_text {
    struct arena *arena;
    char *data;
    size_t len;
    size_t capacity;
};

#define json_put_literal(text, literal) json_put(text, SLICE(literal))

#endif
