/*
 * Messages in memory: protobuf-c over an arena, and access to fields by descriptor. A message that
 * was made here needs no freeing; it goes with the arena. Strings of messages are C strings, never
 * NULL in required places: an unset one is empty.
 */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_H

#include "proto/contract/arena_allocator.h"
#include "proto/message/message_copy.h"
#include "proto/message/message_fields.h"
#include "proto/message/message_pack.h"

/*
 * protobuf-c's unpack into the arena; of map entries with one key the last is kept. For bytes from
 * outside only after message_walk; NULL when they do not parse or the arena failed (arena_failed
 * tells which).
 */
ProtobufCMessage *message_unpack(struct arena *arena, const struct message_type *type,
                                 struct slice bytes);

enum walk_result {
    WALK_OK,
    WALK_MALFORMED, /* truncated, bad tag, bad varint, field number 0, unbalanced group */
    WALK_TOO_DEEP,  /* deeper than MESSAGE_DEPTH_MOST */
    WALK_BAD_UTF8,  /* a string field is not UTF-8 */
    WALK_NUL,       /* a string field holds U+0000 */
    WALK_NO_MEMORY,
};

/* Levels of nesting, the outermost message counted as 1. */
#define MESSAGE_DEPTH_MOST 100

struct walk_options {
    bool keep_unknown; /* stored records and the conformance testee; requests drop them */
    bool allow_nul;    /* the conformance testee */
    /*
     * NULL, or where the JSON path of the field that caused a failure is put ("syslog.address"; of
     * a map's key or value the map's), in the arena; empty where there is no such field.
     */
    struct slice *ret_path;
};

#endif
