/*
 * A message of every shape that the language has, in a file that is appended to the embedded
 * contract: each type plain, `optional`, repeated and in a oneof, recursion, maps, and an enum with
 * an alias. protoc-c never saw it, so its descriptor is made at load.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_SHAPES_H
#define DATASTREAM_TESTS_SUPPORT_SHAPES_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/embedded.h"
#include "proto/message/message.h"

/* Numbers of the fields: a group's base and the type's place in shape_types. */
enum { PLAIN = 1, OPTIONAL = 21, REPEATED = 41, CHOICE = 61, TEXT_TO_SHAPE = 81, INT_TO_TEXT = 82 };

struct shape_type {
    const char *name;
    int type; /* of FieldDescriptorProto */
};

extern const struct shape_type shape_types[17];
#define SHAPE_TYPES (sizeof(shape_types) / sizeof(shape_types[0]))

/* Places of some types in shape_types. */
enum {
    SHAPE_INT32 = 4,
    SHAPE_BOOL = 7,
    SHAPE_STRING = 8,
    SHAPE_MESSAGE = 9,
    SHAPE_BYTES = 10,
    SHAPE_ENUM = 12
};

/* "plain_int32": the name of a field, for failure messages too. */
const struct field *shape_field(const struct message_type *shape, uint32_t number);

Google__Protobuf__FieldDescriptorProto *shape_add_field(struct arena *arena,
                                                        Google__Protobuf__DescriptorProto *message,
                                                        const char *name, int number, int type);

void shape_add_map(struct arena *arena, Google__Protobuf__DescriptorProto *message,
                   const char *name, const char *entry_name, int number, int key, int value);

Google__Protobuf__FileDescriptorProto *shapes_file(struct arena *arena);

/* The embedded set, unpacked into the arena, with room for 8 more files. */
Google__Protobuf__FileDescriptorSet *embedded_set(struct arena *arena);

/* The embedded contract and the shapes. */
const struct contract *load_shapes(struct arena *arena);

const struct message_type *find_shape(const struct contract *contract);

#endif
