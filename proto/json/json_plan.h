/*
 * What a plan holds, for the files that compile and run it alone: for each field its key with
 * quotes and colon, what stands where the bytes lack it, and how its value is read and written.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_PLAN_H
#define DATASTREAM_PROTO_JSON_JSON_PLAN_H

#include "proto/json/json_record.h"
#include "proto/json/json_writer.h"
#include "proto/message/wire.h"

/* Fields of a message, and the largest field number: of what has more, values are unpacked. */
#define PLAN_FIELDS_MOST 64
#define PLAN_NUMBERS_MOST 256

/* Enum values from 0 on whose texts are kept; others are looked up. */
#define PLAN_ENUM_MOST 128

enum plan_value {
    PLAN_INT32,
    PLAN_SINT32,
    PLAN_UINT32,
    PLAN_INT64,
    PLAN_SINT64,
    PLAN_UINT64,
    PLAN_FLOAT,
    PLAN_DOUBLE,
    PLAN_BOOL,
    PLAN_ENUM,
    PLAN_STRING,
    PLAN_BYTES,
    PLAN_MESSAGE,
    PLAN_TIMESTAMP,
    PLAN_DURATION,
    PLAN_UNPACKED, /* a message whose JSON is special, or that has no plan */
};

enum plan_shape { PLAN_SINGLE, PLAN_LIST, PLAN_MAP };

struct plan_field {
    const struct field *field;
    struct slice key;    /* ,"name": with the comma; JSON_PADDING bytes follow it */
    struct slice absent; /* the same with the default; empty: the member is left out */
    struct slice empty;  /* the default alone; empty for messages */
    enum plan_value value;
    enum plan_shape shape;
    enum wire_type wire;
    uint64_t mask; /* of a scalar's bits that count: the low half of an int32 and its like */
    bool hidden;   /* never written */
    bool left_out_at_zero;           /* a scalar whose default stands for nothing */
    unsigned oneof;                  /* its bit in a set of oneofs; 0: in none */
    const struct json_plan *message; /* of PLAN_MESSAGE: the message, or the entry of a map */
    const struct slice *enum_texts;  /* of PLAN_ENUM: quoted names from 0 on, padded as the key */
    size_t enum_count;
};

struct json_plan {
    struct json_plan *next;
    const struct message_type *type;
    const struct contract *contract;
    struct plan_field *fields; /* in the order of declaration */
    size_t field_count;
    /*
     * What stands for absent fields one after the other, and where each begins and the last ends;
     * JSON_PADDING bytes follow it.
     */
    const char *absents;
    uint32_t *absent_at;
    bool covered;                         /* false: values of the type are unpacked */
    uint8_t by_number[PLAN_NUMBERS_MOST]; /* place among the fields, from 1; 0 for none */
};

/*
 * The plan of a type, compiled where there is none yet; at start alone. NULL when the arena failed.
 */
const struct json_plan *json_plan_of(struct json_plans *plans, const struct message_type *type);

#endif
