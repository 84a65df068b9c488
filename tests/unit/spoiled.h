/* The embedded contract unpacked, to be spoiled in one place and loaded again. */
#ifndef DATASTREAM_TESTS_UNIT_SPOILED_H
#define DATASTREAM_TESTS_UNIT_SPOILED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "datastream/v1/options.pb-c.h"
#include "shapes.h"

#define LIMIT ((size_t)64 << 20)

static struct arena arena;
static Google__Protobuf__FileDescriptorSet *set;

static inline int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, LIMIT);
    set = embedded_set(&arena);
    return 0;
}

static inline int finish(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* -- finding what is to be spoiled */

static inline Google__Protobuf__FileDescriptorProto *file(const char *name)
{
    for (size_t i = 0; i < set->n_file; i++)
        if (strcmp(set->file[i]->name, name) == 0)
            return set->file[i];
    fail_msg("no file %s", name);
    return NULL;
}

static inline Google__Protobuf__FileDescriptorProto *device_file(void)
{
    return file("datastream/v1/device.proto");
}

static inline Google__Protobuf__MethodDescriptorProto *method(const char *name)
{
    Google__Protobuf__ServiceDescriptorProto *service = device_file()->service[0];

    for (size_t i = 0; i < service->n_method; i++)
        if (strcmp(service->method[i]->name, name) == 0)
            return service->method[i];
    fail_msg("no method %s", name);
    return NULL;
}

/* Of any file of the API. */
static inline Google__Protobuf__DescriptorProto *message(const char *name)
{
    for (size_t f = 0; f < set->n_file; f++) {
        Google__Protobuf__FileDescriptorProto *in = set->file[f];

        for (size_t i = 0; strcmp(in->package, "datastream.v1") == 0 && i < in->n_message_type; i++)
            if (strcmp(in->message_type[i]->name, name) == 0)
                return in->message_type[i];
    }
    fail_msg("no message %s", name);
    return NULL;
}

static inline Google__Protobuf__FieldDescriptorProto *field(const char *in, const char *name)
{
    Google__Protobuf__DescriptorProto *from = message(in);

    for (size_t i = 0; i < from->n_field; i++)
        if (strcmp(from->field[i]->name, name) == 0)
            return from->field[i];
    fail_msg("no field %s.%s", in, name);
    return NULL;
}

/* -- custom options */

static inline void drop_option(ProtobufCMessage *options, uint32_t number)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < options->n_unknown_fields; i++)
        if (options->unknown_fields[i].tag != number)
            options->unknown_fields[kept++] = options->unknown_fields[i];
    options->n_unknown_fields = kept;
}

static inline void add_option_bytes(ProtobufCMessage *options, uint32_t number, struct slice body)
{
    unsigned count = options->n_unknown_fields;
    ProtobufCMessageUnknownField *fields = arena_array(&arena, count + 1, sizeof(*fields));
    uint8_t *data = arena_alloc(&arena, body.len + 2);

    assert_true(body.len < 16384);
    if (count > 0)
        memcpy(fields, options->unknown_fields, count * sizeof(*fields));
    data[0] = (uint8_t)(body.len | 0x80);
    data[1] = (uint8_t)(body.len >> 7);
    if (body.len > 0)
        memcpy(data + 2, body.data, body.len);
    fields[count] = (ProtobufCMessageUnknownField){number, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
                                                   body.len + 2, data};
    options->unknown_fields = fields;
    options->n_unknown_fields = count + 1;
}

static inline void set_option(ProtobufCMessage *options, uint32_t number,
                              const ProtobufCMessage *value)
{
    drop_option(options, number);
    add_option_bytes(options, number, message_pack(&arena, value));
}

static inline void set_policy(const char *name, Datastream__V1__MethodPolicy policy)
{
    set_option(&method(name)->options->base, OPTION_METHOD_POLICY, &policy.base);
}

static inline Datastream__V1__MethodPolicy policy_of(const char *permission, const char *kind,
                                                     Datastream__V1__Operation__Value operation)
{
    Datastream__V1__MethodPolicy policy = DATASTREAM__V1__METHOD_POLICY__INIT;

    policy.permission = arena_cstr(&arena, slice_from_cstr(permission));
    policy.kind = arena_cstr(&arena, slice_from_cstr(kind));
    policy.operation = operation;
    return policy;
}

static inline void set_resource(uint32_t number, const char *collection, const char *singular,
                                Datastream__V1__Area__Value area)
{
    Datastream__V1__ResourceKind kind = DATASTREAM__V1__RESOURCE_KIND__INIT;

    kind.number = number;
    kind.collection = arena_cstr(&arena, slice_from_cstr(collection));
    kind.singular = arena_cstr(&arena, slice_from_cstr(singular));
    kind.area = area;
    set_option(&message("Device")->options->base, OPTION_RESOURCE, &kind.base);
}

/* A way to spoil the contract, and what its error says. */
struct spoiled {
    void (*spoil)(void);
    const char *sentence;
};

static inline struct status load(const struct contract **ret_contract)
{
    return contract_load(message_pack(&arena, &set->base), &arena, ret_contract);
}

static inline bool contains(struct slice text, struct slice part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (memcmp(text.data + i, part.data, part.len) == 0)
            return true;
    return false;
}

static inline void assert_each_is_refused(const struct spoiled *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct contract *contract = NULL;
        struct status status;

        arena_reset(&arena);
        set = embedded_set(&arena);
        cases[i].spoil();
        status = load(&contract);
        if (contract != NULL)
            fail_msg("wanted \"%s\", and it loads", cases[i].sentence);
        if (status.code != STATUS_FAILED_PRECONDITION ||
            !contains(status.message, slice_from_cstr(cases[i].sentence)))
            fail_msg("wanted \"%s\", got %d, \"%.*s\"", cases[i].sentence, status.code,
                     SLICE_ARG(status.message));
    }
}

static inline const struct field *loaded_field(const struct contract *contract, const char *type,
                                               const char *name)
{
    return message_field_by_proto_name(contract_message(contract, slice_from_cstr(type)),
                                       slice_from_cstr(name));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

#endif
