/* See rules_contract.h. */
#include "tests/support/rules_contract.h"

static void add_option(struct arena *arena, ProtobufCMessage *options, uint32_t number,
                       const ProtobufCMessage *value)
{
    struct slice body = message_pack(arena, value);
    ProtobufCMessageUnknownField *fields = arena_array(arena, options->n_unknown_fields + 1,
                                                       sizeof(*fields));
    uint8_t *data = arena_alloc(arena, body.len + 1);

    assert_true(body.len < 128);
    if (options->n_unknown_fields > 0)
        memcpy(fields, options->unknown_fields, options->n_unknown_fields * sizeof(*fields));
    data[0] = (uint8_t)body.len;
    memcpy(data + 1, body.data, body.len);
    fields[options->n_unknown_fields++] = (ProtobufCMessageUnknownField){
        number, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, body.len + 1, data};
    options->unknown_fields = fields;
}

static Google__Protobuf__DescriptorProto *rules_message(Google__Protobuf__FileDescriptorSet *set,
                                                        const char *name)
{
    for (size_t i = 0; i < set->n_file; i++)
        for (size_t j = 0; j < set->file[i]->n_message_type; j++)
            if (strcmp(set->file[i]->message_type[j]->name, name) == 0 &&
                strcmp(set->file[i]->package, "datastream.v1") == 0)
                return set->file[i]->message_type[j];
    fail_msg("no message %s", name);
    return NULL;
}

static void rules_give(struct arena *arena, Google__Protobuf__FileDescriptorSet *set,
                       const char *message, const char *name, Datastream__V1__FieldPolicy policy)
{
    Google__Protobuf__DescriptorProto *in = rules_message(set, message);

    for (size_t i = 0; i < in->n_field; i++)
        if (strcmp(in->field[i]->name, name) == 0) {
            if (in->field[i]->options == NULL) {
                in->field[i]->options = arena_alloc(arena, sizeof(*in->field[i]->options));
                google__protobuf__field_options__init(in->field[i]->options);
            }
            add_option(arena, &in->field[i]->options->base, FIELD_POLICY, &policy.base);
            return;
        }
    fail_msg("no field %s.%s", message, name);
}

static void rules_once_oneof(struct arena *arena, Google__Protobuf__FileDescriptorSet *set)
{
    Google__Protobuf__OneofDescriptorProto *oneof = rules_message(set, "Device")->oneof_decl[0];
    Datastream__V1__OneofPolicy policy = DATASTREAM__V1__ONEOF_POLICY__INIT;

    policy.once = 1;
    oneof->options = arena_alloc(arena, sizeof(*oneof->options));
    google__protobuf__oneof_options__init(oneof->options);
    add_option(arena, &oneof->options->base, ONEOF_POLICY, &policy.base);
}

struct slice rules_contract(struct arena *arena)
{
    static Datastream__V1__Condition tcp = DATASTREAM__V1__CONDITION__INIT;
    static Datastream__V1__Same mode = DATASTREAM__V1__SAME__INIT;
    static Datastream__V1__Condition *conditions[] = {&tcp};
    static Datastream__V1__Same *sames[] = {&mode};
    static char protocol[] = "protocol", tcp_name[] = "TCP", mode_name[] = "mode",
                description[] = "description", name[] = "name", udp[] = "UDP", port[] = "514";
    ProtobufCAllocator allocator = message_allocator(arena);
    Google__Protobuf__FileDescriptorSet *set =
        (void *)google__protobuf__file_descriptor_set__unpack(
            &allocator, embedded_contract().len, (const uint8_t *)embedded_contract().data);
    Datastream__V1__FieldPolicy policy = DATASTREAM__V1__FIELD_POLICY__INIT;
    Datastream__V1__FieldPolicy none = DATASTREAM__V1__FIELD_POLICY__INIT;

    tcp.field = protocol;
    tcp.value = tcp_name;
    mode.theirs = mode_name;
    mode.ours = description;
    rules_once_oneof(arena, set);
    policy.default_ = udp;
    rules_give(arena, set, "SyslogDevice", "protocol", policy);
    policy = none;
    policy.default_ = port;
    rules_give(arena, set, "SyslogDevice", "port", policy);
    policy = none;
    policy.required_when = conditions;
    policy.n_required_when = 1;
    rules_give(arena, set, "SyslogDevice", "workers", policy);
    policy = none;
    policy.exclusive = 1;
    policy.same = sames;
    policy.n_same = 1;
    rules_give(arena, set, "Device", "director_ids", policy);
    policy = none;
    policy.format = DATASTREAM__V1__FORMAT__VALUE__INTERVAL;
    rules_give(arena, set, "Device", "tags", policy);
    policy = none;
    policy.quotes = 1;
    rules_give(arena, set, "HttpDevice", "url", policy);
    policy = none;
    policy.once = 1;
    rules_give(arena, set, "Director", "address", policy);
    policy = none;
    policy.default_from = name;
    rules_give(arena, set, "Director", "description", policy);
    return message_pack(arena, &set->base);
}
