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

/* -- json_record.c */

struct json_plan;

#endif
