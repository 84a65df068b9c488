/*
 * Protobuf bytes to JSON without a message in between, by plans that are compiled once from the
 * descriptors: for answers that show what is stored. A plan writes byte for byte what
 * json_write_message writes of the unpacked bytes with always_emit and hide_input_only. Bytes that
 * it does not cover (fields in parts, foreign wire types, duplicate keys of maps, deep nesting,
 * values without a JSON form) are unpacked and written by that. Pure.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_RECORD_H
#define DATASTREAM_PROTO_JSON_JSON_RECORD_H

#include "proto/json/json.h"
#include "proto/json/json_writer.h"

struct json_plan;

/*
 * Plans that share those of the messages within them. Zero-initialize but the arena, which keeps
 * them.
 */
struct json_plans {
    struct arena *arena;
    const struct contract *contract;
    struct json_plan *first;
};

/* Objects of an answer as protobuf bytes, which take the place of messages. */
struct json_records {
    const struct json_plan *plan;
    const struct field
        *field; /* the list of the answer that they are; NULL: the one is the answer */
    const struct slice *bodies;
    size_t count;
};

/*
 * Writes one message from its bytes. INTERNAL when the bytes do not parse or a value has no JSON
 * form, or out of memory.
 */
struct status json_write_record(struct arena *arena, const struct json_plan *plan,
                                struct slice bytes, struct slice *ret_text);

/* Writes a message from its bytes; see json_record.h. */
bool json__write_record(struct json_writer *writer, const struct json_plan *plan,
                        struct slice bytes);

#endif
