/* See spoiled.h. */
#include "tests/support/spoiled.h"
#include "proto/contract/contract_find.h"

struct arena spoiled_arena;
Google__Protobuf__FileDescriptorSet *spoiled_set;

int spoiled_start(void **state)
{
    (void)state;
    arena_init(&spoiled_arena, NULL, LIMIT);
    spoiled_set = embedded_set(&spoiled_arena);
    return 0;
}

int spoiled_finish(void **state)
{
    (void)state;
    arena_done(&spoiled_arena);
    return 0;
}

/* -- finding what is to be spoiled */

Google__Protobuf__FileDescriptorProto *spoiled_file(const char *name)
{
    for (size_t i = 0; i < spoiled_set->n_file; i++)
        if (strcmp(spoiled_set->file[i]->name, name) == 0)
            return spoiled_set->file[i];
    fail_msg("no file %s", name);
    return NULL;
}

Google__Protobuf__FileDescriptorProto *device_file(void)
{
    return spoiled_file("datastream/v1/device.proto");
}

Google__Protobuf__MethodDescriptorProto *spoiled_method(const char *name)
{
    Google__Protobuf__ServiceDescriptorProto *service = device_file()->service[0];

    for (size_t i = 0; i < service->n_method; i++)
        if (strcmp(service->method[i]->name, name) == 0)
            return service->method[i];
    fail_msg("no method %s", name);
    return NULL;
}

Google__Protobuf__DescriptorProto *spoiled_message(const char *name)
{
    for (size_t f = 0; f < spoiled_set->n_file; f++) {
        Google__Protobuf__FileDescriptorProto *in = spoiled_set->file[f];

        for (size_t i = 0; strcmp(in->package, "datastream.v1") == 0 && i < in->n_message_type; i++)
            if (strcmp(in->message_type[i]->name, name) == 0)
                return in->message_type[i];
    }
    fail_msg("no message %s", name);
    return NULL;
}

Google__Protobuf__FieldDescriptorProto *spoiled_field(const char *in, const char *name)
{
    Google__Protobuf__DescriptorProto *from = spoiled_message(in);

    for (size_t i = 0; i < from->n_field; i++)
        if (strcmp(from->field[i]->name, name) == 0)
            return from->field[i];
    fail_msg("no field %s.%s", in, name);
    return NULL;
}

/* -- custom options */

void drop_option(ProtobufCMessage *options, uint32_t number)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < options->n_unknown_fields; i++)
        if (options->unknown_fields[i].tag != number)
            options->unknown_fields[kept++] = options->unknown_fields[i];
    options->n_unknown_fields = kept;
}

void add_option_bytes(ProtobufCMessage *options, uint32_t number, struct slice body)
{
    unsigned count = options->n_unknown_fields;
    ProtobufCMessageUnknownField *fields = arena_array(&spoiled_arena, count + 1, sizeof(*fields));
    uint8_t *data = arena_alloc(&spoiled_arena, body.len + 2);

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

void set_option(ProtobufCMessage *options, uint32_t number, const ProtobufCMessage *value)
{
    drop_option(options, number);
    add_option_bytes(options, number, message_pack(&spoiled_arena, value));
}

void set_policy(const char *name, Datastream__V1__MethodPolicy policy)
{
    set_option(&spoiled_method(name)->options->base, OPTION_METHOD_POLICY, &policy.base);
}

Datastream__V1__MethodPolicy policy_of(const char *permission, const char *kind,
                                       Datastream__V1__Operation__Value operation)
{
    Datastream__V1__MethodPolicy policy = DATASTREAM__V1__METHOD_POLICY__INIT;

    policy.permission = arena_cstr(&spoiled_arena, slice_from_cstr(permission));
    policy.kind = arena_cstr(&spoiled_arena, slice_from_cstr(kind));
    policy.operation = operation;
    return policy;
}

void set_resource(uint32_t number, const char *collection, const char *singular,
                  Datastream__V1__Area__Value area)
{
    Datastream__V1__ResourceKind kind = DATASTREAM__V1__RESOURCE_KIND__INIT;

    kind.number = number;
    kind.collection = arena_cstr(&spoiled_arena, slice_from_cstr(collection));
    kind.singular = arena_cstr(&spoiled_arena, slice_from_cstr(singular));
    kind.area = area;
    set_option(&spoiled_message("Device")->options->base, OPTION_RESOURCE, &kind.base);
}

struct status spoiled_load(const struct contract **ret_contract)
{
    return contract_load(message_pack(&spoiled_arena, &spoiled_set->base), &spoiled_arena,
                         ret_contract);
}

bool spoiled_contains(struct slice text, struct slice part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (memcmp(text.data + i, part.data, part.len) == 0)
            return true;
    return false;
}

void assert_each_is_refused(const struct spoiled *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct contract *contract = NULL;
        struct status status;

        arena_reset(&spoiled_arena);
        spoiled_set = embedded_set(&spoiled_arena);
        cases[i].spoil();
        status = spoiled_load(&contract);
        if (contract != NULL)
            fail_msg("wanted \"%s\", and it loads", cases[i].sentence);
        if (status.code != STATUS_FAILED_PRECONDITION ||
            !spoiled_contains(status.message, slice_from_cstr(cases[i].sentence)))
            fail_msg("wanted \"%s\", got %d, \"%.*s\"", cases[i].sentence, status.code,
                     SLICE_ARG(status.message));
    }
}

const struct field *loaded_field(const struct contract *contract, const char *type,
                                 const char *name)
{
    return message_field_by_proto_name(contract_message(contract, slice_from_cstr(type)),
                                       slice_from_cstr(name));
}
