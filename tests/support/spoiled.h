/* The embedded contract unpacked, to be spoiled in one place and loaded again. */
#ifndef DATASTREAM_TESTS_SUPPORT_SPOILED_H
#define DATASTREAM_TESTS_SUPPORT_SPOILED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "datastream/v1/options.pb-c.h"
#include "tests/support/shapes.h"

#define LIMIT ((size_t)64 << 20)

extern struct arena spoiled_arena;
extern Google__Protobuf__FileDescriptorSet *spoiled_set;

int spoiled_start(void **state);

int spoiled_finish(void **state);

Google__Protobuf__FileDescriptorProto *spoiled_file(const char *name);

Google__Protobuf__FileDescriptorProto *device_file(void);

Google__Protobuf__MethodDescriptorProto *spoiled_method(const char *name);

/* Of any file of the API. */
Google__Protobuf__DescriptorProto *spoiled_message(const char *name);

Google__Protobuf__FieldDescriptorProto *spoiled_field(const char *in, const char *name);

void drop_option(ProtobufCMessage *options, uint32_t number);

void add_option_bytes(ProtobufCMessage *options, uint32_t number, struct slice body);

void set_option(ProtobufCMessage *options, uint32_t number, const ProtobufCMessage *value);

void set_policy(const char *name, Datastream__V1__MethodPolicy policy);

Datastream__V1__MethodPolicy policy_of(const char *permission, const char *kind,
                                       Datastream__V1__Operation__Value operation);

void set_resource(uint32_t number, const char *collection, const char *singular,
                  Datastream__V1__Area__Value area);

/* A way to spoil the contract, and what its error says. */
struct spoiled {
    void (*spoil)(void);
    const char *sentence;
};

struct status spoiled_load(const struct contract **ret_contract);

bool spoiled_contains(struct slice text, struct slice part);

void assert_each_is_refused(const struct spoiled *cases, size_t count);

const struct field *loaded_field(const struct contract *contract, const char *type,
                                 const char *name);

#define TEST(name) cmocka_unit_test_setup_teardown(name, spoiled_start, spoiled_finish)

#endif
