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

/* The timestamp that was written last: the next one is often the same, or of the same day. */
struct json_moment {
    struct slice bytes; /* of its message, where it was read from bytes; borrowed */
    int64_t day_s;      /* when its day began */
    char text[48];      /* quoted; of whole pieces of JSON_PADDING bytes */
    size_t len;         /* 0: none was written yet */
};

struct json_writer {
    struct json_text text;
    struct json_moment moment;
    const struct json_write_options *options;
    unsigned depth;
    struct status status; /* the first failure */
};

/* -- json_record.c */

struct json_plan;

#endif
